//! A mark that only filters is a semi join, or an anti join.
//!
//! A mark join adds a column that says whether a row has a partner. Where the column itself,
//! or its negation, is a conjunct, rows pass by it; nothing else needs to know it then, for it
//! is TRUE, or FALSE, on all of them. A mark that nobody reads is not computed.

use std::collections::HashMap;

use datafusion::common::{Column, JoinType, Result, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, binary_expr};
use std::sync::Arc;

use super::inner_to_semi::read_elsewhere;
use super::outer_to_inner::take_in;
use crate::block::{Block, Semi, Surroundings, reads_any};
use crate::property::{is_fallible, is_volatile};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while let Some(input) = block.inputs.get(place) {
        let Some(mark) = mark_of(input) else {
            place += 1;
            continue;
        };
        let negated = Expr::Not(Box::new(Expr::Column(mark.clone())));
        let own = Expr::Column(mark.clone());
        let truth = if block.conjuncts.contains(&own) {
            Some(true)
        } else if block.conjuncts.contains(&negated) {
            Some(false)
        } else {
            None
        };
        if truth.is_none() && is_read(block, &mark, around)? {
            place += 1;
            continue;
        }
        let LogicalPlan::Join(join) = block.inputs.remove(place) else { break };
        let Join { left, right, on, filter, .. } = join;
        if let Some(truth) = truth {
            block.conjuncts.retain(|conjunct| *conjunct != own && *conjunct != negated);
            let known = Expr::Literal(ScalarValue::Boolean(Some(truth)), None);
            let map = HashMap::from([(mark, known)]);
            read_elsewhere(block, &map)?;
            block.stand_in(&map, around);
            let pairs = on.into_iter();
            let pairs =
                pairs.map(|(l, r)| binary_expr(l, datafusion::logical_expr::Operator::Eq, r));
            let on = pairs.chain(filter.into_iter().flat_map(split_conjunction_owned)).collect();
            let right = Arc::unwrap_or_clone(right);
            block.semis.push(Semi { right, on, anti: !truth, null_aware: false });
        }
        take_in(block, Arc::unwrap_or_clone(left), vec![], around)?;
        fired = true;
    }
    Ok(fired)
}

/// The column that a join adds, where it marks its left rows and can be taken apart.
fn mark_of(plan: &LogicalPlan) -> Option<Column> {
    let LogicalPlan::Join(join) = plan else { return None };
    let plain = join.join_type == JoinType::LeftMark
        && join.null_equality == datafusion::common::NullEquality::NullEqualsNothing;
    let exprs = join.on.iter().flat_map(|(left, right)| [left, right]).chain(&join.filter);
    let mut schema = join.left.schema().as_ref().clone();
    schema.merge(join.right.schema());
    let safe = exprs.into_iter().all(|e| !is_volatile(e) && !is_fallible(e, &schema));
    let lateral = matches!(join.right.as_ref(), LogicalPlan::Subquery(_));
    (plain && safe && !lateral).then(|| join.schema.columns().pop()).flatten()
}

fn is_read(block: &Block, mark: &Column, around: &Surroundings) -> Result<bool> {
    let alone = std::iter::once(mark.clone()).collect();
    let on = block.semis.iter().flat_map(|semi| &semi.on);
    let on = on.chain(block.lefts.iter().flat_map(|left| &left.on));
    let mut all = on.chain(&block.conjuncts).chain(&block.after).chain(&block.fallible);
    if all.any(|expr| reads_any(expr, &alone)) {
        return Ok(true);
    }
    Ok(block.read_outside(around)?.is_none_or(|read| read.contains(mark)))
}
