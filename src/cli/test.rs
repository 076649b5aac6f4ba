//! `planc test`: the declared constraints against the data.

use clap::Args;
use planc_backend::Limits;

use super::console::Console;
use super::{Exit, Global, load_project};
use crate::driver::{Verdict, check_constraints, load_catalog};

#[derive(Args)]
pub(crate) struct TestArgs {
    /// Checks every declared constraint against all data of its source
    #[arg(long)]
    constraints: bool,
}

pub(crate) fn run(global: &Global, args: &TestArgs, console: &Console) -> Exit {
    if args.constraints { constraints(global, console) } else { Exit::Clean }
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
        "{} constraints: {held} hold, {failed} broken, {unchecked} not checked",
        held + failed + unchecked
    ));
    if failed > 0 { Exit::Findings } else { Exit::Clean }
}
