//! What a rule's upstream keeps it from: rules that failed, and cycles.

use planc_ir::{Diagnostic, code};

use super::{Compiler, Outcome};
use crate::driver::graph::Graph;

impl Compiler<'_> {
    /// The name of a rule that this one reads and that has no artifact.
    pub(super) fn broken_upstream(
        &self,
        index: usize,
        outcomes: &[Option<Outcome>],
        graph: &Graph,
    ) -> Option<&str> {
        let mut upstream = graph.upstream([index]).into_iter().filter(|other| *other != index);
        let broken = upstream.find(|other| {
            let outcome = outcomes.get(*other).and_then(Option::as_ref);
            outcome.is_none_or(|outcome| outcome.record.digest.is_none())
        })?;
        self.rules.get(broken).map(|rule| rule.name.as_str())
    }

    pub(super) fn cyclic(&self, index: usize, graph: &Graph) -> Diagnostic {
        let name = |rule: &usize| self.rules.get(*rule).map_or("", |rule| rule.name.as_str());
        let place = |read: &usize| {
            let text = self.rules.get(index).map_or("", |rule| &rule.text);
            planc_frontend::sql::table_place(text, name(read))
        };
        if let Some(cycle) = graph.cycle(index) {
            // One report a cycle: on the first of its rules.
            let first = cycle.iter().min().copied().unwrap_or(index);
            let next = cycle.get(1).and_then(place);
            if first != index {
                let message =
                    format!("not checked: it is on the cycle that `{}` reports", name(&first));
                return Diagnostic::new(code::UPSTREAM_FAILED, message).at(next);
            }
            let path: Vec<&str> = cycle.iter().map(name).collect();
            let message = format!("the rule reads itself: {}", path.join(" → "));
            return Diagnostic::new(code::RULE_CYCLE, message)
                .at(next)
                .help("let one of these rules read the sources instead");
        }
        let mut upstream = graph.upstream([index]).into_iter();
        let cyclic = upstream.find(|rule| graph.cycle(*rule).is_some());
        let message = format!(
            "not checked: it reads `{}`, which has errors",
            cyclic.as_ref().map_or("", name)
        );
        Diagnostic::new(code::UPSTREAM_FAILED, message)
    }
}
