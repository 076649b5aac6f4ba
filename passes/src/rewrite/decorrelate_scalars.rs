//! Correlated scalar subqueries become left joins. Uncorrelated ones stay: only they fail at a second row.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;

use crate::PassContext;
use crate::property::has_subqueries;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !has_subqueries(&plan)? {
        return Ok(Transformed::no(plan));
    }
    cx.optimize(ScalarSubqueryToJoin::new(), plan)
}
