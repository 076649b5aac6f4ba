//! `planc maintain`: upkeep of a rule's Delta output, or of the table of runs.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;
use planc_backend::upkeep::{Kept, Upkeep, Vacuum, maintain};
use planc_backend::{Limits, Session};

use super::console::Console;
use super::run::parse_duration;
use super::{Exit, Global, load_project};
use crate::driver::block_on;
use crate::project::Project;
use crate::project::outputs::{Output, parse_bytes};
use crate::project::rules::Rule;

#[derive(Args)]
pub(crate) struct MaintainArgs {
    /// The rule whose output it is
    #[arg(value_name = "RULE", required_unless_present = "runs", conflicts_with = "runs")]
    rule: Option<String>,
    /// The table of runs that [runs] names, instead of a rule's output
    #[arg(long)]
    runs: bool,
    /// Put small files together
    #[arg(long)]
    optimize: bool,
    /// The size of the files that --optimize makes: 128M [default: the table's]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, requires = "optimize")]
    target_size: Option<usize>,
    /// Remove files that no retained version needs
    #[arg(long)]
    vacuum: bool,
    /// How long --vacuum keeps what is not current: 168h [default: the table's; never less]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "vacuum")]
    retention: Option<Duration>,
    /// Only say what --vacuum would remove
    #[arg(long, requires = "vacuum")]
    dry_run: bool,
    /// Write a checkpoint of the log
    #[arg(long)]
    checkpoint: bool,
}

pub(crate) fn run(global: &Global, args: &MaintainArgs, console: &Console) -> Exit {
    if !(args.optimize || args.vacuum || args.checkpoint) {
        let help = "choose some of --optimize, --vacuum and --checkpoint".to_owned();
        return console.usage("there is nothing to do", Some(help));
    }
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let table = match &args.rule {
        Some(name) => output_of(&project, name, console),
        None => table_of_runs(&project, console),
    };
    let Table { name, at, rule } = match table {
        Ok(table) => table,
        Err(exit) => return exit,
    };
    let size = args.target_size.and_then(|size| NonZeroU64::new(size as u64));
    let upkeep = Upkeep {
        optimize: args.optimize.then_some(size),
        vacuum: args.vacuum.then_some(Vacuum { retention: args.retention, dry_run: args.dry_run }),
        checkpoint: args.checkpoint,
    };
    let spinner = console.spinner(format!("maintaining {name}"));
    let kept = block_on(async {
        let session = Session::new(&project.settings(), &Limits::default())?;
        maintain(&session, &at, &upkeep).await
    });
    spinner.finish_and_clear();
    match kept {
        Ok(kept) => {
            say(&name, args.dry_run, &kept, console);
            Exit::Clean
        }
        Err(error) => {
            let report = match rule {
                Some(rule) => rule.report(vec![error]),
                None => project.report(vec![error]),
            };
            console.notes(&[report]);
            Exit::Findings
        }
    }
}

/// A table to keep up.
struct Table {
    /// What messages call it.
    name: String,
    at: String,
    /// Whose output it is; none for the table of runs.
    rule: Option<Rule>,
}

fn output_of(project: &Project, name: &str, console: &Console) -> Result<Table, Exit> {
    let rules = project.rules().map_err(|report| console.fail(&[report]))?;
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        let names = rules.iter().map(|rule| rule.name.as_str());
        let help = planc_ir::suggest::did_you_mean(name, names);
        return Err(console.usage(format_args!("there is no rule `{name}`"), help));
    };
    match project.output(rule) {
        Ok(Some(Output::Delta { at, .. })) => {
            Ok(Table { name: name.to_owned(), at, rule: Some(rule.clone()) })
        }
        Ok(_) => Err(console.usage(format_args!("`{name}` writes no Delta table"), None)),
        Err(error) => Err(console.fail(&[rule.report(vec![error])])),
    }
}

fn table_of_runs(project: &Project, console: &Console) -> Result<Table, Exit> {
    match project.runs_table() {
        Ok(Some(at)) => Ok(Table { name: "runs".to_owned(), at, rule: None }),
        Ok(None) => {
            let help = "name one in planc.toml: [runs] delta = \"data/runs\"".to_owned();
            Err(console.usage("the project has no table of runs", Some(help)))
        }
        Err(error) => Err(console.fail(&[project.report(vec![error])])),
    }
}

fn say(rule: &str, dry_run: bool, kept: &Kept, console: &Console) {
    if let Some((from, to)) = kept.optimized {
        console.note(format_args!("{rule}: {from} files put together into {to}"));
    }
    if let Some(files) = &kept.vacuumed {
        let done = if dry_run { "would be removed" } else { "removed" };
        console.note(format_args!("{rule}: {} files {done}", files.len()));
        for file in files.iter().filter(|_| dry_run) {
            console.say(file);
        }
    }
    if let Some(version) = kept.checkpoint {
        console.note(format_args!("{rule}: checkpoint of version {version}"));
    }
}
