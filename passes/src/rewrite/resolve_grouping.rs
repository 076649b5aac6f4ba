//! `GROUPING(a)` becomes bit arithmetic over the internal grouping id.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    cx.analyze(&ResolveGroupingFunction::new(), plan)
}
