//! Constant folding and boolean identities, with no query start time.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let folded = cx.optimize(SimplifyExpressions::new(), plan)?;
    if !folded.transformed {
        return Ok(folded);
    }
    // The type of `round(d, 1)` depends on its constant, and schemas are not derived anew.
    folded.transform_data(|plan| {
        plan.transform_up_with_subqueries(|node| Ok(Transformed::yes(node.recompute_schema()?)))
    })
}
