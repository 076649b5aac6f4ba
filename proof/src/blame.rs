//! Which pass is at fault: the plan behind every pass is run.

use planc_ir::{Plan, code};

use crate::check::{Checker, FaultKind, comparison};
use crate::engine::Failure;
use crate::world::World;

/// The first pass behind which the fault is there, with its round, and the plans around it.
pub fn blame(checker: &Checker, world: &World, text: &str, kind: FaultKind) -> String {
    let Ok(plan) = checker.engine.plan(world, text) else { return "the front end".to_owned() };
    let mut steps = vec![("as planned".to_owned(), plan.logical.clone())];
    let mut last_round = Vec::new();
    let mut round = 0;
    let mut watch = |step: &planc_passes::Step| {
        if step.round != round {
            round = step.round;
            last_round.clear();
        }
        if step.fired {
            last_round.push(step.name);
            steps.push((format!("{} in round {}", step.name, step.round), step.plan.clone()));
        }
    };
    let done = planc_passes::canonicalize(plan.clone(), checker.engine.state(), &mut watch);
    match (kind, done) {
        (FaultKind::Circle, _) => format!("the last round fired {}", last_round.join(", ")),
        (FaultKind::Broken, Err(found)) if found.code == code::INTERNAL => found.message,
        (FaultKind::Broken, Err(found)) => {
            let last =
                steps.last().map(|(name, plan)| format!("{name}\n{}", plan.display_indent()));
            format!("{}; the last to fire: {}", found.message, last.unwrap_or_default())
        }
        (FaultKind::Unstable | FaultKind::Drifts, Ok(canonical)) => {
            let mut fired = Vec::new();
            let again = Plan { logical: canonical.logical, ..plan };
            let _ = planc_passes::canonicalize(again, checker.engine.state(), &mut |step| {
                if step.fired {
                    fired.push(step.name);
                }
            });
            format!("once more fired {}", fired.join(", "))
        }
        (FaultKind::WrongRows | FaultKind::NewError | FaultKind::WrongSchema, _) => {
            let how = comparison(text);
            let run = |plan| checker.block_on(checker.engine.run_plain(plan, world));
            let Some(Ok(direct)) = steps.first().map(|(_, plan)| run(plan)) else {
                return "unknown".to_owned();
            };
            for pair in steps.windows(2) {
                let [(_, before), (name, after)] = pair else { continue };
                let wrong = match run(after) {
                    Ok(rows) => {
                        direct.schema_difference(&rows).is_some() || !direct.same(&rows, how)
                    }
                    Err(Failure::Failed(_)) => true,
                    Err(Failure::Unplanned(_) | Failure::Broken(_)) => false,
                };
                if wrong {
                    let (before, after) = (before.display_indent(), after.display_indent());
                    return format!("{name}\nbefore\n{before}\nafter\n{after}");
                }
            }
            "no single pass".to_owned()
        }
        _ => "no pass".to_owned(),
    }
}
