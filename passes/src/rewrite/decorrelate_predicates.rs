//! `EXISTS`, `IN (SELECT …)` and `= ANY (SELECT …)` become semi, anti and mark joins.
//!
//! `NOT IN` becomes an anti join that is marked null-aware; the mark is part of the meaning.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;

use crate::PassContext;
use crate::property::has_subqueries;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !has_subqueries(&plan)? {
        return Ok(Transformed::no(plan));
    }
    cx.optimize(RewriteSetComparison::new(), plan)?
        .transform_data(|plan| cx.optimize(DecorrelatePredicateSubquery::new(), plan))
}
