//! `planc explain RULE --replay`: how a rule would run on today's data.

use std::collections::BTreeMap;

use datafusion::physical_plan::displayable;

use super::Exit;
use super::console::Console;
use crate::driver::{Compiler, RunOptions, Runner, Selected, Selection, select};
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
    let names: Vec<(&str, &str)> =
        compiler.rules.iter().map(|rule| (rule.name.as_str(), rule.path.as_str())).collect();
    let index = match select(&[name.to_owned()], &names, &compiled.graph) {
        Selection::Rules(found) => found.into_iter().next(),
        Selection::Unknown(name, nearest) => {
            let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            return console.usage(format_args!("there is no rule `{name}`"), help);
        }
    };
    let Some((index, rule)) = index.and_then(|index| Some((index, compiler.rules.get(index)?)))
    else {
        return Exit::Failed;
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
