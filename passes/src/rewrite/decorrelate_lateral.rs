//! `LATERAL` joins become plain joins.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !plan.exists(|node| Ok(matches!(node, LogicalPlan::Subquery(_))))? {
        return Ok(Transformed::no(plan));
    }
    let joined = cx.optimize(DecorrelateLateralJoin::new(), plan)?;
    if joined.transformed {
        joined.data.apply(|node| {
            resolved(node, cx)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(joined)
}

/// A lateral relation that reads another one than its neighbour is joined where that one is out
/// of sight.
fn resolved(node: &LogicalPlan, cx: &PassContext) -> Result<()> {
    let LogicalPlan::Join(join) = node else { return Ok(()) };
    let seen = |column: &&Column| {
        join.left.schema().is_column_from_schema(column)
            || join.right.schema().is_column_from_schema(column)
    };
    let exprs = join.on.iter().flat_map(|(left, right)| [left, right]).chain(&join.filter);
    let mut refs = exprs.flat_map(|expr| expr.column_refs());
    match refs.find(|column| !seen(column)) {
        Some(column) => cx.refuse(format!("a lateral relation reads {column} from further away")),
        None => Ok(()),
    }
}
