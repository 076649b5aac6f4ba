//! `planc explain RULE --replay`: how a rule would run on today's data.

use std::collections::BTreeMap;

use datafusion::physical_plan::displayable;

use super::Exit;
use super::console::Console;
use super::explain::find;
use crate::driver::{Compiler, RunOptions, Runner, Selected};
use crate::project::Project;

/// Prints the order of the rule's joins with the estimates, and its physical plan. Tables are
/// opened; no row is read.
pub(crate) fn replay(
    project: &Project,
    compiler: &Compiler,
    name: &str,
    params: BTreeMap<String, String>,
    console: &Console,
) -> Exit {
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let (index, rule) = match find(compiler, &compiled, name) {
        Ok(found) => found,
        Err(help) => return console.usage(format_args!("there is no rule `{name}`"), help),
    };
    let options = RunOptions { params, ..RunOptions::default() };
    let runner = match Runner::new(project, compiler, &compiled.outcomes, options) {
        Ok(runner) => runner,
        Err(error) => return console.finding("planc explain", error),
    };
    match runner.replay_of(index) {
        Ok(replay) => {
            for choice in &replay.order {
                console.say(format_args!("== join order\n{choice}\n"));
            }
            let physical = displayable(replay.physical.as_ref()).indent(false).to_string();
            console.say(format_args!("== physical plan\n{}", physical.trim_end()));
            Exit::Clean
        }
        Err(findings) => {
            console.notes(&[rule.report(findings)]);
            Exit::Findings
        }
    }
}
