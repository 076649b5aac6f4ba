//! The build side of joins that stand outside a region: outer joins, mark joins, and those
//! whose condition keeps them where they are.

use std::sync::Arc;

use datafusion::common::{JoinConstraint, JoinType, Result};
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Projection};

use super::estimate::Estimate;

/// The join with the smaller input on the left, where the engine builds its hash table. The
/// columns keep their order.
pub(crate) fn smaller_left(join: Join, left: &Estimate, right: &Estimate) -> Result<LogicalPlan> {
    if left.rows <= right.rows || join.null_aware || !join.join_type.supports_swap() {
        return Ok(LogicalPlan::Join(join));
    }
    let columns = join.schema.columns();
    let kind = join.join_type.swap();
    let on = join.on.into_iter().map(|(left, right)| (right, left)).collect();
    let swapped = Join::try_new(
        join.right,
        join.left,
        on,
        join.filter,
        kind,
        JoinConstraint::On,
        join.null_equality,
        false,
    )?;
    let swapped = LogicalPlan::Join(swapped);
    match kind {
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
            let columns = columns.into_iter().map(Expr::Column).collect();
            Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(swapped))?))
        }
        _ => Ok(swapped),
    }
}
