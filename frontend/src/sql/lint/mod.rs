//! Warnings: queries that DataFusion plans and that probably mean something else.
//!
//! Each module is one code. What they need of the catalog the resolver collects (see
//! `resolve::joins`); here stands what the syntax tree and the plan tell.

mod constant_predicate;
mod date_field;
mod ignored_clause;
mod implicit_cast;
pub(crate) mod invisible_text;
mod limit_without_order;
mod lossy_cast;
mod mixed_values;
mod null_comparison;
mod run_failure;
mod typed;
mod volatile_function;
mod window_without_order;

use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use planc_ir::Diagnostic;
use sqlparser::ast::Query;

use super::place::Places;

/// The warnings that a query's syntax gives cause for.
pub(crate) fn lint(query: &Query, state: &SessionState, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = limit_without_order::lint(query, places);
    found.extend(null_comparison::lint(query, places));
    found.extend(volatile_function::lint(query, state, places));
    found.extend(ignored_clause::lint(query, state, places));
    found.extend(constant_predicate::lint(query, places));
    found.extend(window_without_order::lint(query, places));
    found.extend(date_field::lint(query, places));
    found.extend(mixed_values::lint(query, places));
    found.extend(run_failure::lint(query, places));
    found
}

/// The warnings that need types.
pub(crate) fn lint_plan(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = implicit_cast::lint(plan, query, places);
    found.extend(lossy_cast::lint(plan, query, places));
    found.extend(run_failure::lint_plan(plan, query, places));
    found
}
