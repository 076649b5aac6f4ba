//! `SELECT DISTINCT` becomes `GROUP BY` over all columns, `DISTINCT ON` a first value.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    cx.optimize(ReplaceDistinctWithAggregate::new(), plan)
}
