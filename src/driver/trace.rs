//! What every pass did to a plan, as text: for `planc explain` and for golden cases.

use datafusion::execution::context::SessionState;
use planc_ir::{Diagnostic, Plan};
use serde::Serialize;
use similar::TextDiff;

/// A plan's way to its canonical form.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// The plan as the front end made it.
    pub planned: String,
    /// Every step of every pass, in order.
    pub steps: Vec<TraceStep>,
    /// The canonical plan, with its types.
    pub canonical: String,
}

/// One pass in one round.
#[derive(Debug, Clone, Serialize)]
pub struct TraceStep {
    /// The pass.
    pub pass: &'static str,
    /// Why it is in the list.
    pub reason: &'static str,
    /// 0 for the passes that run once, then the round from 1.
    pub round: usize,
    /// Whether the plan changed.
    pub fired: bool,
    /// The lines that changed, `-` before and `+` after, with the lines around them.
    pub diff: String,
    /// The plan behind the pass, where it fired.
    pub plan: String,
}

impl Trace {
    /// Brings a plan to its canonical form and writes down every step.
    ///
    /// # Errors
    ///
    /// As [`planc_passes::canonicalize`].
    pub fn of(plan: Plan, state: &SessionState) -> Result<(Trace, Plan), Diagnostic> {
        let planned = plan.logical.display_indent().to_string();
        let mut steps = Vec::new();
        let mut before = planned.clone();
        let canonical = planc_passes::canonicalize(plan, state, &mut |step| {
            let (mut diff, mut plan) = (String::new(), String::new());
            if step.fired {
                plan = step.plan.display_indent().to_string();
                diff = changed_lines(&before, &plan);
                before.clone_from(&plan);
            }
            let (pass, reason) = (step.name, step.reason);
            steps.push(TraceStep {
                pass,
                reason,
                round: step.round,
                fired: step.fired,
                diff,
                plan,
            });
        })?;
        let text = canonical.logical.display_indent_schema().to_string();
        Ok((Trace { planned, steps, canonical: text }, canonical))
    }

    /// The steps that changed something, as text with what changed.
    pub fn text(&self) -> String {
        let mut text = format!("== as planned\n{}\n", self.planned);
        for step in self.steps.iter().filter(|step| step.fired) {
            let round =
                if step.round == 0 { String::new() } else { format!(" (round {})", step.round) };
            text.push_str(&format!("\n== {}{round}\n   {}\n", step.pass, step.reason));
            // A pass may report a change of what the text does not show.
            text.push_str(&step.diff);
        }
        text.push_str(&format!("\n== canonical\n{}\n", self.canonical));
        text
    }
}

/// The changed lines of two texts with the lines around them, `-` before and `+` after.
pub fn changed_lines(before: &str, after: &str) -> String {
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    let diff = TextDiff::from_lines(&before, &after);
    let mut unified = diff.unified_diff();
    let hunks: Vec<String> = unified
        .context_radius(2)
        .iter_hunks()
        .map(|hunk| hunk.to_string().lines().skip(1).map(|line| format!("{line}\n")).collect())
        .collect();
    hunks.join("…\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_with_the_lines_around_them() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj";
        assert_eq!(changed_lines(before, before), "");
        let after = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk";
        assert_eq!(changed_lines(before, after), " a\n-b\n+B\n c\n d\n…\n i\n j\n+k\n");
    }
}
