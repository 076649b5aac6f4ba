//! One rule against one catalog: the order in which faults are looked for.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use planc_ir::{Catalog, Diagnostic, Plan, Severity, Span, code};
use sqlparser::ast::Query;

use super::judge::Judge;
use super::keys::{self, Keys};
use super::parameters::{ParameterTypes, type_parameters};
use super::place::Places;
use super::provider::Provider;
use super::resolve::Resolution;
use super::{
    Parsed, Planned, empty_subquery, foreign, lint, locate, mend, refusal, resolve, structure,
};

/// The rule that is planned, and what it is planned with.
struct Work<'a> {
    parsed: &'a Parsed,
    query: &'a Query,
    catalog: &'a Catalog,
    state: &'a SessionState,
    places: &'a Places<'a>,
    /// What tables tell DataFusion of their keys.
    keys: Keys,
}

pub(crate) fn plan(parsed: &Parsed, catalog: &Catalog, state: &SessionState) -> Planned {
    let Some(query) = &parsed.query else {
        return Planned { plan: None, diagnostics: Vec::new() };
    };
    let places = Places::new(&parsed.text, parsed.translated.as_deref());
    let mut query = query.clone();
    let mut diagnostics = type_parameters(&mut query, &parsed.params, &places);
    diagnostics.extend(lint::invisible_text::lint(&parsed.text));
    diagnostics.extend(lint::lint(&query, state, &places));
    diagnostics.extend(empty_subquery::check(&query, &places));
    if parsed.translated.is_some() {
        diagnostics.extend(foreign::functions::check(&query, &parsed.dialect, &places));
        diagnostics.extend(foreign::functions::lost(&parsed.text, &parsed.dialect));
    }
    let resolution = resolve::resolve(&query, catalog, state, &places);
    let keys = Keys::default();
    let mut work = Work { parsed, query: &query, catalog, state, places: &places, keys };
    let mut plan = None;
    if diagnostics.iter().any(Diagnostic::is_error) {
        // What only planc refuses: DataFusion is not asked.
        diagnostics.extend(resolution.found);
    } else {
        let doubtful = resolution.found.iter().any(Diagnostic::is_error);
        match work.judged(doubtful) {
            Ok(logical) => {
                diagnostics.extend(accepted(resolution.found));
                diagnostics.extend(work.warnings(&logical));
                plan = Some(Plan { logical, relied_on: work.keys.relied_on() });
            }
            Err(error) => diagnostics.extend(work.refused(error, resolution)),
        }
    }
    forget_translations_of_the_unknown(&mut diagnostics);
    settle(&mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        plan = None;
    }
    Planned { plan, diagnostics }
}

impl<'a> Work<'a> {
    fn judge<'c>(&self, catalog: &'c Catalog) -> Judge<'c>
    where
        'a: 'c,
    {
        self.judge_with(catalog, self.keys.clone())
    }

    fn judge_with<'c>(&self, catalog: &'c Catalog, keys: Keys) -> Judge<'c>
    where
        'a: 'c,
    {
        let types = Arc::new(ParameterTypes { params: self.parsed.params.clone() });
        Judge { provider: Provider { catalog, state: self.state, types, keys } }
    }

    /// DataFusion's plan, or its refusal. What it refuses for columns beside the groups it is
    /// asked again over tables that tell their keys.
    fn judged(&mut self, doubtful: bool) -> Result<LogicalPlan> {
        let plan = |keys: &Keys| {
            let judge = self.judge_with(self.catalog, keys.clone());
            let logical = judge.plan(self.query)?;
            if doubtful {
                judge.physical(&logical)?;
            }
            Ok(logical)
        };
        let error = match plan(&Keys::default()) {
            Err(error) if refusal::is_of(&error, code::UNGROUPED_COLUMN) => error,
            judged => return judged,
        };
        let declared = Keys::declared(self.catalog, &self.parsed.lookups);
        if declared.is_empty() {
            return Err(error);
        }
        let judged = plan(&declared);
        if judged.is_err() {
            self.keys = declared;
            return judged;
        }
        let needed = declared.needed(|fewer| plan(fewer).is_ok());
        let written_out = keys::written_out(plan(&needed)?, self.catalog);
        self.keys = needed;
        written_out
    }

    fn known(&self) -> structure::Known<'_> {
        structure::Known { state: self.state, catalog: self.catalog, keys: &self.keys }
    }

    fn warnings(&self, logical: &LogicalPlan) -> Vec<Diagnostic> {
        let mut found = lint::lint_plan(logical, self.query, self.places);
        if self.parsed.translated.is_some() {
            let (dialect, text) = (&self.parsed.dialect, &self.parsed.text);
            found.extend(foreign::division::check(logical, dialect, text));
            found.extend(foreign::types::check(logical, dialect, text));
        }
        found
    }

    /// What is wrong with a query that DataFusion refuses; at least one error.
    fn refused(&self, error: DataFusionError, resolution: Resolution) -> Vec<Diagnostic> {
        let Resolution { mut found, shape, missing } = resolution;
        let mut suspects = shape;
        suspects.extend(structure::suspects(self.query, self.known(), self.places));
        if !found.iter().any(Diagnostic::is_error) {
            // DataFusion's word on two columns of one name has no fix, the resolver's has.
            let explained = self.explained(error, suspects).into_iter().map(|mut fault| {
                let twin = found.iter().find(|f| f.code == fault.code && f.span == fault.span);
                if let Some(twin) = twin.filter(|_| fault.fixes.is_empty()) {
                    fault.fixes.clone_from(&twin.fixes);
                }
                fault
            });
            let mut explained: Vec<Diagnostic> = explained.collect();
            // What stands where it cannot stand needs no other name.
            let misplaced: Vec<Option<Span>> = explained
                .iter()
                .filter(|fault| fault.code == code::MISPLACED_AGGREGATE)
                .map(|fault| fault.span)
                .collect();
            explained.retain(|fault| {
                fault.code != code::DUPLICATE_OUTPUT || !misplaced.contains(&fault.span)
            });
            found.retain(|f| {
                !explained.iter().any(|fault| fault.code == f.code && fault.span == f.span)
            });
            found.extend(explained);
            return found;
        }
        // Wrong names are taken to be of any type, and typing goes on.
        let (query, catalog) = mend::mended(self.query, self.catalog, &missing);
        if let Err(error) = self.judge(&catalog).plan(&query) {
            let searched = locate::faults(&self.judge(&catalog), &query, error, self.places);
            found.extend(searched.into_iter().filter(mend::survives));
            found.extend(suspects.into_iter().filter(|s| s.code != code::UNGROUPED_COLUMN));
        }
        found
    }

    /// Suspects that fit the error, or what the search finds.
    fn explained(&self, error: DataFusionError, suspects: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let fits = suspects.iter().any(|suspect| refusal::is_of(&error, suspect.code));
        if fits {
            return suspects;
        }
        if let Some(outer) = structure::outer_column(self.query, &error, self.known(), self.places)
        {
            return vec![outer];
        }
        let mut found = locate::faults(&self.judge(self.catalog), self.query, error, self.places);
        found.retain(|fault| {
            let same = |suspect: &Diagnostic| suspect.code == fault.code;
            fault.code == code::TYPE_MISMATCH && fault.span.is_some() || !suspects.iter().any(same)
        });
        // A column beside the groups may be allowed by a key; the others are faults by themselves.
        found.extend(suspects.into_iter().filter(|s| s.code != code::UNGROUPED_COLUMN));
        found
    }
}

/// The resolver's findings on a query that DataFusion plans: none of its errors is one.
fn accepted(found: Vec<Diagnostic>) -> impl Iterator<Item = Diagnostic> {
    found.into_iter().filter_map(|mut finding| match finding.code {
        code::DUPLICATE_ALIAS => {
            finding.severity = Severity::Warning;
            Some(finding)
        }
        _ => (!finding.is_error()).then_some(finding),
    })
}

/// A function that does not exist needs no comparison.
fn forget_translations_of_the_unknown(diagnostics: &mut Vec<Diagnostic>) {
    let unknown: Vec<_> =
        diagnostics.iter().filter(|d| d.code == code::UNKNOWN_FUNCTION).map(|d| d.span).collect();
    let overlaps = |a: Option<Span>, b: Option<Span>| match (a, b) {
        (Some(a), Some(b)) => a.start < b.end && b.start < a.end,
        _ => true,
    };
    diagnostics.retain(|d| {
        d.code != code::UNVERIFIED_TRANSLATION
            || !unknown.iter().any(|span| overlaps(*span, d.span))
    });
}

/// Sorts by place, and keeps one of several reports on the same place with the same code.
fn settle(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    diagnostics.dedup_by(|later, earlier| {
        later.code == earlier.code && later.span == earlier.span && later.span.is_some()
            || later == earlier
    });
    debug_assert!(diagnostics.iter().all(|d| d.code != code::INTERNAL || d.span.is_none()));
}
