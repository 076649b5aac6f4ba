//! `planc init`: a project to start from.

use std::path::{Path, PathBuf};

use clap::Args;
use planc_ir::{Diagnostic, code};

use super::Exit;
use super::console::Console;
use super::demo::FOLDER;
use crate::project::FILE;

#[derive(Args)]
pub(crate) struct InitArgs {
    /// The folder [default: this one, or planc-demo with --demo]
    folder: Option<PathBuf>,
    /// A small real project: the TPC-H tables as Delta tables, and rules over them
    #[arg(long)]
    demo: bool,
}

const PROJECT: &str = r#"# A planc project: `planc check` lints its rules, `planc compile` makes artifacts of them,
# `planc run RULE` replays one.

[project]
name = "my-rules"
dialect = "datafusion"          # or duckdb, spark, snowflake, bigquery, postgresql, …
rules = ["rules/**/*.sql"]

# One table for each source that the rules read:
#
# [sources.orders]
# delta = "data/orders"         # a path or a URL; parquet, csv, json and arrow work too
"#;

const RULE: &str = "-- A rule is one query. Its name is its path: this one is `hello`.
SELECT 1 AS id, 'world' AS name
";

pub(crate) fn run(args: &InitArgs, console: &Console) -> Exit {
    if args.demo {
        let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
        return match super::demo::make(&folder, console) {
            Ok(_) => {
                console.say(format_args!(
                    "made {}: try `planc demo` to see it work",
                    folder.display()
                ));
                Exit::Clean
            }
            Err(exit) => exit,
        };
    }
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    match empty_project(&folder) {
        Ok(()) => {
            console.say(format_args!("made {}", folder.join(FILE).display()));
            console.say("next: name your tables in it, run `planc lock`, then `planc check`");
            Exit::Clean
        }
        Err(error) => console.finding(FILE, error),
    }
}

fn empty_project(folder: &Path) -> Result<(), Diagnostic> {
    if folder.join(FILE).exists() {
        let message = format!("`{}` is already a project", folder.display());
        return Err(Diagnostic::new(code::PROJECT_FOLDER, message));
    }
    let failed = |error: std::io::Error| {
        Diagnostic::new(
            code::PROJECT_FOLDER,
            format!("`{}` cannot be written: {error}", folder.display()),
        )
    };
    std::fs::create_dir_all(folder.join("rules")).map_err(failed)?;
    let rule = folder.join("rules/hello.sql");
    if !rule.exists() {
        std::fs::write(rule, RULE).map_err(failed)?;
    }
    std::fs::write(folder.join(FILE), PROJECT).map_err(failed)
}
