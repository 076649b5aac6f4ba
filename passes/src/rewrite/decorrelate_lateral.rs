//! `LATERAL` joins become plain joins.
//!
//! A lateral relation may read another one than its neighbour, `a, (b CROSS JOIN LATERAL (… a.x …))`.
//! DataFusion's rule leaves the condition at the inner join, where `a` is out of sight. An inner
//! join keeps the same rows with a condition above it, so the condition goes up to the first join
//! that sees all of its columns. From below any other join it cannot go up: that is refused.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan};
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !plan.exists(|node| Ok(matches!(node, LogicalPlan::Subquery(_))))? {
        return Ok(Transformed::no(plan));
    }
    let joined = cx.optimize(DecorrelateLateralJoin::new(), plan)?;
    if !joined.transformed {
        return Ok(joined);
    }
    let lifted = joined.data.transform_up(lift)?.data;
    lifted.apply(|node| {
        resolved(node, cx)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(Transformed::yes(lifted))
}

/// Lifts what an inner join's condition reads from further away into a filter above the join, and
/// takes up such filters from below.
fn lift(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Join(join) = node else { return Ok(Transformed::no(node)) };
    if join.join_type != JoinType::Inner {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    let (left, from_left) = lifted_from(&join.left);
    let (right, from_right) = lifted_from(&join.right);
    let own = join.filter.clone().map(split_conjunction_owned).unwrap_or_default();
    // What comes from below decided first which rows there are.
    let conditions = from_left.into_iter().chain(from_right).chain(own);
    let (near, far): (Vec<Expr>, Vec<Expr>) = conditions.partition(|condition| {
        condition
            .column_refs()
            .into_iter()
            .all(|column| sees(&left, column) || sees(&right, column))
    });
    if far.is_empty() && Arc::ptr_eq(&left, &join.left) && Arc::ptr_eq(&right, &join.right) {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    let joined = LogicalPlan::Join(Join { left, right, filter: conjunction(near), ..join });
    Ok(Transformed::yes(match conjunction(far) {
        Some(far) => LogicalPlan::Filter(Filter::try_new(far, Arc::new(joined))?),
        None => joined,
    }))
}

/// The input of a join without the filter that was lifted from it, and the filter's conditions.
fn lifted_from(input: &Arc<LogicalPlan>) -> (Arc<LogicalPlan>, Vec<Expr>) {
    match input.as_ref() {
        LogicalPlan::Filter(filter)
            if filter.predicate.column_refs().iter().any(|column| !sees(&filter.input, column)) =>
        {
            (Arc::clone(&filter.input), split_conjunction_owned(filter.predicate.clone()))
        }
        _ => (Arc::clone(input), Vec::new()),
    }
}

fn sees(input: &LogicalPlan, column: &Column) -> bool {
    input.schema().is_column_from_schema(column)
}

/// Refuses what no join in sight could decide.
fn resolved(node: &LogicalPlan, cx: &PassContext) -> Result<()> {
    if !matches!(node, LogicalPlan::Join(_) | LogicalPlan::Filter(_)) {
        return Ok(());
    }
    let inputs = node.inputs();
    let seen = |column: &&Column| inputs.iter().any(|input| sees(input, column));
    let exprs = node.expressions();
    let mut columns = exprs.iter().flat_map(|expr| expr.column_refs());
    match columns.find(|column| !seen(column)) {
        Some(column) => cx.refuse(format!("a lateral relation reads {column} from further away")),
        None => Ok(()),
    }
}
