//! `EXISTS`, `IN (SELECT …)` and `= ANY (SELECT …)` become semi, anti and mark joins.
//!
//! `NOT IN` becomes an anti join that is marked null-aware; the mark is part of the meaning.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::{InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator};
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;

use crate::PassContext;
use crate::property::has_subqueries;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !has_subqueries(&plan)? {
        return Ok(Transformed::no(plan));
    }
    all_to_in(plan)?
        .transform_data(|plan| cx.optimize(RewriteSetComparison::new(), plan))?
        .transform_data(|plan| cx.optimize(DecorrelatePredicateSubquery::new(), plan))
}

/// `x <> ALL (SELECT …)` as a conjunct of a filter is `x NOT IN (SELECT …)`. Elsewhere the mark
/// of `NOT IN` would lose its NULL.
fn all_to_in(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|plan| {
        let LogicalPlan::Filter(Filter { predicate, input, .. }) = plan else {
            return Ok(Transformed::no(plan));
        };
        let mut changed = false;
        let conjuncts = split_conjunction_owned(predicate).into_iter();
        let predicate = conjunction(conjuncts.map(|conjunct| match conjunct {
            Expr::SetComparison(SetComparison {
                expr,
                subquery,
                op: Operator::NotEq,
                quantifier: SetQuantifier::All,
            }) if subquery.outer_ref_columns.is_empty() => {
                changed = true;
                Expr::InSubquery(InSubquery::new(expr, subquery, true))
            }
            other => other,
        }));
        let plan = match predicate {
            Some(predicate) => LogicalPlan::Filter(Filter::try_new(predicate, input)?),
            None => Arc::unwrap_or_clone(input),
        };
        Ok(Transformed::new_transformed(plan, changed))
    })
}
