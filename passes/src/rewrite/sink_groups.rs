//! Groups of a left join along a key are joined with the groups of its right side.
//!
//! `SELECT d.k, count(e.x) FROM d LEFT JOIN e ON d.k = e.k GROUP BY d.k` with a unique `d.k` has
//! one group for each row of `d`: that of its partners. So it is `d` joined with the groups of
//! `e`, where no partner counts zero. A scalar subquery for each row of `d` says the same.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, ExprSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::{Case, Expr, Join, JoinConstraint, LogicalPlan};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::block::columns_of;
use crate::grouping::{
    Defined, Grouping, call, is_count_star, is_fallible_input, is_float_sum,
    is_order_blind_function, restored,
};
use crate::property::keys::unique_within;
use crate::property::{Outcomes, is_exact_equality, is_volatile, outcomes};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) => {
            match (Grouping::of(aggregate), aggregate.input.as_ref()) {
                (Some(grouping), LogicalPlan::Join(join)) => match sunk(&grouping, join, cx)? {
                    Some((plan, map)) => {
                        Ok(Transformed::yes(restored(plan, &aggregate.schema, &map)?))
                    }
                    None => Ok(Transformed::no(node)),
                },
                _ => Ok(Transformed::no(node)),
            }
        }
        _ => Ok(Transformed::no(node)),
    })
}

type Sunk = (LogicalPlan, HashMap<Column, Expr>);

fn sunk(grouping: &Grouping, join: &Join, cx: &PassContext) -> Result<Option<Sunk>> {
    let plain = join.join_type == JoinType::Left
        && join.filter.is_none()
        && !join.on.is_empty()
        && join.null_equality == NullEquality::NullEqualsNothing;
    if !plain || grouping.calls.is_empty() {
        return Ok(None);
    }
    let (left, right) = (columns_of(&join.left), columns_of(&join.right));
    let schema = join.left.schema();
    let mut map = HashMap::new();
    let mut ordinals = BTreeSet::new();
    for Defined { column, expr } in &grouping.keys {
        let Expr::Column(key) = expr else { return Ok(None) };
        let exact = schema.data_type(key).is_ok_and(is_exact_equality);
        let Some(ordinal) = schema.maybe_index_of_column(key).filter(|_| exact) else {
            return Ok(None);
        };
        ordinals.insert(ordinal);
        map.insert(column.clone(), expr.clone());
    }
    // The right side by what it is joined on: each row on the left meets one of these groups.
    let mut keys = Vec::new();
    let mut on = Vec::new();
    for (outer, inner) in &join.on {
        let Expr::Column(key) = inner else { return Ok(None) };
        let exact = join.right.schema().data_type(key).is_ok_and(is_exact_equality);
        let reads_left = outer.column_refs().iter().all(|column| left.contains(*column));
        if !exact || !right.contains(key) || !reads_left || is_volatile(outer) {
            return Ok(None);
        }
        if !keys.iter().any(|known: &Defined| known.column == *key) {
            keys.push(Defined { column: key.clone(), expr: inner.clone() });
        }
        on.push((outer.clone(), inner.clone()));
    }
    let Some((_, matched)) = on.first().cloned() else { return Ok(None) };
    let mut calls = Vec::new();
    for Defined { column, expr } in &grouping.calls {
        let Some(unmatched) = without_partner(expr, &right) else { return Ok(None) };
        // It is computed for rows without a partner as well, and sums of floats round by order.
        let below = join.right.schema();
        if is_fallible_input(expr, below) || is_float_sum(expr, below)? {
            return Ok(None);
        }
        let own = Column::from_name(cx.fresh());
        let there = Box::new(Expr::IsNotNull(Box::new(matched.clone())));
        let value = match unmatched {
            Some(number) => {
                let branch = vec![(there, Box::new(Expr::Column(own.clone())))];
                Expr::Case(Case::new(None, branch, Some(Box::new(lit(number)))))
            }
            None => Expr::Column(own.clone()),
        };
        map.insert(column.clone(), value);
        calls.push(Defined { column: own, expr: of_partners(expr, &keys) });
    }
    let Some(unique) = unique_within(&join.left, &ordinals) else { return Ok(None) };
    unique.rely(cx);
    let groups = Grouping { input: Arc::clone(&join.right), keys, calls }.build()?;
    let plan = LogicalPlan::Join(Join::try_new(
        Arc::clone(&join.left),
        Arc::new(groups),
        on,
        None,
        JoinType::Left,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    )?);
    Ok(Some((plan, map)))
}

/// A partner's key is not NULL, so that its count is that of the partners.
fn of_partners(expr: &Expr, keys: &[Defined]) -> Expr {
    let mut expr = expr.clone();
    if let Expr::AggregateFunction(call) = &mut expr
        && call.func.name() == "count"
        && !call.params.distinct
        && let [arg] = call.params.args.as_mut_slice()
        && keys.iter().any(|key| key.expr == *arg)
    {
        *arg = lit(1_i64);
    }
    expr
}

/// What a call gives for the one row that a left join makes without a partner: a number, or
/// NULL. `None` where that is not known, or where the call reads other columns.
fn without_partner(expr: &Expr, right: &HashSet<Column>) -> Option<Option<i64>> {
    let own = call(expr)?;
    let reads_right = expr.column_refs().iter().all(|column| right.contains(*column));
    let null = |column: &Column| {
        if right.contains(column) { Outcomes::NULL } else { Outcomes::ANY }
    };
    let name = own.func.name();
    if !reads_right || is_volatile(expr) || !is_order_blind_function(name) {
        return None;
    }
    let filter = own.params.filter.as_deref().map(|filter| outcomes(filter, &null));
    let passes = filter.is_none_or(|found| found.has(Outcomes::TRUE));
    if is_count_star(expr) {
        return match filter {
            None => Some(Some(1)),
            Some(_) if !passes => Some(Some(0)),
            Some(_) => None,
        };
    }
    let [arg] = own.params.args.as_slice() else { return None };
    let ignored = !passes || outcomes(arg, &null) == Outcomes::NULL;
    ignored.then_some((name == "count").then_some(0))
}
