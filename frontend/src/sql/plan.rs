//! One rule against one catalog: the order in which faults are looked for.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::planner::SqlToRel;
use planc_ir::{Catalog, Diagnostic, Plan, Span, code};
use sqlparser::ast::{Query, Statement};

use super::parameters::{ParameterTypes, type_parameters};
use super::place::Places;
use super::provider::Provider;
use super::{Parsed, Planned, checks, empty_subquery, foreign, lint, locate, resolve};

pub(crate) fn plan(parsed: &Parsed, catalog: &Catalog, state: &SessionState) -> Planned {
    let Some(query) = &parsed.query else {
        return Planned { plan: None, diagnostics: Vec::new() };
    };
    let places = Places::new(&parsed.text, parsed.translated.as_deref());
    let mut query = query.clone();
    let mut diagnostics = type_parameters(&mut query, &parsed.params, &places);
    diagnostics.extend(lint::lint(&query, state, &places));
    diagnostics.extend(empty_subquery::check(&query, &places));
    diagnostics.extend(resolve::resolve(&query, catalog, state, &places));
    if parsed.translated.is_some() {
        diagnostics.extend(foreign::functions::check(&query, &parsed.dialect, &places));
    }
    let types = Arc::new(ParameterTypes { params: parsed.params.clone() });
    let judge = Judge { provider: Provider { catalog, state, types } };
    let mut plan = None;
    if !diagnostics.iter().any(Diagnostic::is_error) {
        match judge.plan(&query) {
            Ok(logical) => {
                diagnostics.extend(lint::lint_plan(&logical, &query, &places));
                if parsed.translated.is_some() {
                    diagnostics.extend(foreign::division::check(
                        &logical,
                        &parsed.dialect,
                        &parsed.text,
                    ));
                }
                plan = Some(Plan::new(logical));
            }
            Err(error) => diagnostics.extend(locate::faults(&judge, &query, error, &places)),
        }
    }
    // A function that does not exist needs no comparison.
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
    settle(&mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        plan = None;
    }
    Planned { plan, diagnostics }
}

/// DataFusion's word on a query.
pub(crate) struct Judge<'a> {
    pub(crate) provider: Provider<'a>,
}

impl Judge<'_> {
    /// Plans the query and checks all that DataFusion checks before it runs one; returns the
    /// plan as it was before type coercion.
    pub(crate) fn plan(&self, query: &Query) -> Result<LogicalPlan> {
        let statement = Statement::Query(Box::new(query.clone()));
        let plan = SqlToRel::new(&self.provider).sql_statement_to_plan(statement)?;
        let plan = self.provider.types.without_casts(plan)?;
        let state = self.provider.state;
        let analyzer = state.analyzer();
        let typed = analyzer.execute_and_check(plan.clone(), state.config_options(), |_, _| {})?;
        checks::check(&typed)?;
        Ok(plan)
    }
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
