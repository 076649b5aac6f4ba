//! `planc test`: the project's golden cases, and its declared constraints against the data.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use planc_backend::Limits;

use super::console::{Console, counted, milliseconds};
use super::{Exit, Global, load_project};
use crate::driver::{Verdict, block_on, check_constraints, load_catalog};
use crate::golden::{Surroundings, run_file};

#[derive(Args)]
pub(crate) struct TestArgs {
    /// Files of golden cases; all of golden/**/*.md in the project when none is named
    files: Vec<PathBuf>,
    /// Runs the case under this heading only
    #[arg(long, value_name = "HEADING")]
    case: Option<String>,
    /// Writes the outputs as they are now; what a case asserts stays
    #[arg(long)]
    bless: bool,
    /// Checks every declared constraint against all data of its source
    #[arg(long, conflicts_with_all = ["files", "case", "bless"])]
    constraints: bool,
}

pub(crate) fn run(global: &Global, args: &TestArgs, console: &Console) -> Exit {
    if args.constraints { constraints(global, console) } else { golden(global, args, console) }
}

fn golden(global: &Global, args: &TestArgs, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => Some(project),
        // Cases stand on their own, so named files need no project.
        Err(_) if !args.files.is_empty() && global.project.is_none() => None,
        Err(report) => return console.fail(&[report]),
    };
    let around = match project.as_ref().map(Surroundings::of) {
        Some(Ok(around)) => around,
        Some(Err(report)) => return console.fail(&[report]),
        None => Surroundings::default(),
    };
    let files = match (args.files.as_slice(), &project) {
        ([], Some(project)) => project.golden_files(),
        (files, _) => files.to_vec(),
    };
    if files.is_empty() {
        return console.usage(
            "the project has no golden cases",
            Some(
                "write them into golden/*.md: a table, a query, and what must come out".to_owned(),
            ),
        );
    }
    let clock = Instant::now();
    let (mut cases, mut failed) = (0, 0);
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    for path in &files {
        let file = path.strip_prefix(&here).unwrap_or(path).display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return console.usage(format_args!("`{file}`: {error}"), None),
        };
        let case = args.case.as_deref();
        let report = block_on(async { Ok(run_file(path, &text, case, &around).await) });
        let report = match report {
            Ok(report) => report,
            Err(error) => return console.finding("planc test", error),
        };
        cases += report.cases;
        if args.bless {
            match report.bless(path, &text) {
                Ok(written) => {
                    for path in written {
                        console.say(format_args!("{}: written", path.display()));
                    }
                }
                Err(error) => return console.usage(format_args!("`{file}`: {error}"), None),
            }
        }
        for failure in report.failures.iter().filter(|f| !(args.bless && f.blessable)) {
            failed += 1;
            let of = if failure.case.is_empty() { "" } else { ": " };
            console.say(format_args!(
                "{file}:{}: {}{of}{}",
                failure.line,
                failure.case,
                failure.message.trim_end()
            ));
            if !failure.case.is_empty() {
                let accept = if failure.blessable { " (--bless accepts it)" } else { "" };
                let case = failure.case.replace('"', "\\\"");
                console.say(format_args!("  again: planc test {file} --case \"{case}\"{accept}"));
            }
        }
    }
    if let (0, 0, Some(case)) = (cases, failed, &args.case) {
        return console.usage(format_args!("there is no case `{case}`"), None);
    }
    console.note(format_args!(
        "{} in {}: {}, in {}",
        counted(cases, "case"),
        counted(files.len(), "file"),
        if failed == 0 { "all hold".to_owned() } else { counted(failed, "finding") },
        milliseconds(clock.elapsed())
    ));
    if failed > 0 { Exit::Findings } else { Exit::Clean }
}

fn constraints(global: &Global, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let (catalog, notes) = match load_catalog(&project) {
        Ok(loaded) => loaded,
        Err(reports) => return console.fail(&reports),
    };
    console.notes(&notes);
    let spinner = console.spinner("checking constraints".to_owned());
    let verdicts = check_constraints(&project, &catalog, &Limits::default());
    spinner.finish_and_clear();
    let verdicts = match verdicts {
        Ok(verdicts) => verdicts,
        Err(error) => return console.finding("planc test", error),
    };
    let (mut held, mut unchecked, mut broken) = (0, 0, Vec::new());
    for (constraint, verdict) in verdicts {
        match verdict {
            Verdict::Holds => {
                held += 1;
                console.say(format_args!("{constraint} holds"));
            }
            Verdict::Unchecked(why) => {
                unchecked += 1;
                console.say(format_args!("{constraint} was not checked: {why}"));
            }
            Verdict::Broken(finding) => {
                console.say(format_args!("{constraint} is broken"));
                broken.push(finding);
            }
        }
    }
    let failed = broken.len();
    if !broken.is_empty() {
        console.notes(&[project.report(broken)]);
    }
    console.note(format_args!(
        "{}: {held} hold, {failed} broken, {unchecked} not checked",
        counted(held + failed + unchecked, "constraint")
    ));
    if failed > 0 { Exit::Findings } else { Exit::Clean }
}
