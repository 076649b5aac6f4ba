//! Keys and calls of an aggregate stand in an order of their own and once each; constant keys
//! are no keys.
//!
//! A key with one value throughout splits no group, whether it is written as a literal or
//! fixed by a filter below. The last key must stay: without one, no rows give one row instead
//! of none. It becomes a literal, the same for all such aggregates. A key that is computed from
//! other keys splits no group either, and is computed above. A projection gives every
//! column back in its place.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ExprSchema, JoinType, Result, ScalarValue};
use datafusion::logical_expr::{Expr, Limit, LogicalPlan};
use planc_ir::key::expression_key;

use crate::PassContext;
use crate::grouping::{Defined, Grouping, restored, substituted};
use crate::property::{
    has_subqueries, is_exact_equality, is_volatile, known, shared_constants, subquery_of,
};

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let subqueries = has_subqueries(&plan)?;
    below(plan, true, subqueries)
}

/// `is_ordered`: whether the reader counts the columns, rather than to name them.
fn below(
    plan: LogicalPlan,
    is_ordered: bool,
    subqueries: bool,
) -> Result<Transformed<LogicalPlan>> {
    let counts = match &plan {
        LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) => false,
        LogicalPlan::Join(join) if join.join_type == JoinType::LeftMark => true,
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Join(_) => is_ordered,
        _ => true,
    };
    let within = match subqueries {
        true => plan.map_subqueries(|plan| below(plan, true, true))?,
        false => Transformed::no(plan),
    };
    let inputs = within
        .transform_data(|plan| plan.map_children(|child| below(child, counts, subqueries)))?;
    let moved = inputs.transformed && !counts;
    let inputs = match moved {
        true => inputs.map_data(LogicalPlan::recompute_schema)?,
        false => inputs,
    };
    inputs.transform_data(|node| {
        let LogicalPlan::Aggregate(aggregate) = &node else { return Ok(Transformed::no(node)) };
        let Some(grouping) = Grouping::of(aggregate) else { return Ok(Transformed::no(node)) };
        match ordered(grouping)? {
            Some((plan, map)) if map.is_empty() && !is_ordered => Ok(Transformed::yes(plan)),
            Some((plan, map)) => Ok(Transformed::yes(restored(plan, &aggregate.schema, &map)?)),
            None => Ok(Transformed::no(node)),
        }
    })
}

type Rewritten = (LogicalPlan, HashMap<Column, Expr>);

fn ordered(mut grouping: Grouping) -> Result<Option<Rewritten>> {
    let mut map = HashMap::new();
    let mut changed = constant_keys(&mut grouping, &mut map)?;
    if grouping.is_distinct()
        && grouping.keys.iter().all(|key| matches!(key.expr, Expr::Literal(..)))
    {
        // One row where there is any.
        let fetch = Some(Box::new(Expr::Literal(ScalarValue::Int64(Some(1)), None)));
        for key in grouping.keys {
            map.entry(key.column).or_insert(key.expr);
        }
        let limit = Limit { skip: None, fetch, input: grouping.input };
        return Ok(Some((LogicalPlan::Limit(limit), map)));
    }
    changed |= computed_keys(&mut grouping, &mut map)?;
    let input = Arc::clone(&grouping.input);
    for list in [&mut grouping.keys, &mut grouping.calls] {
        changed |= order(list, &input, &mut map)?;
    }
    if !changed {
        return Ok(None);
    }
    Ok(Some((grouping.build()?, map)))
}

/// Takes constant keys out, and says what they stand for.
fn constant_keys(grouping: &mut Grouping, map: &mut HashMap<Column, Expr>) -> Result<bool> {
    let constants = match grouping.input.as_ref() {
        LogicalPlan::Union(union) => shared_constants(union),
        input => known(input).constants,
    };
    let constant = |expr: &Expr| match expr {
        Expr::Literal(..) => Some(expr.clone()),
        Expr::Column(column) => {
            constants.get(column).map(|value| Expr::Literal(value.clone(), None))
        }
        _ => None,
    };
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for key in std::mem::take(&mut grouping.keys) {
        match constant(&key.expr) {
            Some(value) => dropped.push(Defined { column: key.column, expr: value }),
            None => kept.push(key),
        }
    }
    let any = Expr::Literal(ScalarValue::Boolean(Some(true)), None);
    let mut changed = !dropped.is_empty();
    if kept.is_empty()
        && let Some(last) = dropped.first().cloned()
    {
        changed = dropped.len() > 1 || last.expr != any;
        kept.push(Defined { column: last.column.clone(), expr: any.clone() });
        if last.expr == any {
            dropped.remove(0);
        }
    }
    grouping.keys = kept;
    map.extend(dropped.into_iter().map(|key| (key.column, key.expr)));
    Ok(changed)
}

/// Takes out keys that are computed from other ones, and says how. Equal values of those must be
/// one value.
fn computed_keys(grouping: &mut Grouping, map: &mut HashMap<Column, Expr>) -> Result<bool> {
    let schema = Arc::clone(grouping.input.schema());
    let plain: HashMap<Column, Expr> = grouping
        .keys
        .iter()
        .filter_map(|key| match &key.expr {
            Expr::Column(own) if schema.data_type(own).is_ok_and(is_exact_equality) => {
                Some((own.clone(), Expr::Column(key.column.clone())))
            }
            _ => None,
        })
        .collect();
    let computed = |key: &Defined| {
        let refs = key.expr.column_refs();
        !matches!(key.expr, Expr::Column(_))
            && !refs.is_empty()
            && refs.iter().all(|column| plain.contains_key(*column))
            && !is_volatile(&key.expr)
            && !key.expr.exists(|expr| Ok(subquery_of(expr).is_some())).unwrap_or(true)
    };
    let (gone, kept): (Vec<Defined>, Vec<Defined>) =
        std::mem::take(&mut grouping.keys).into_iter().partition(computed);
    grouping.keys = kept;
    let changed = !gone.is_empty();
    for Defined { column, expr } in gone {
        map.insert(column, substituted(expr, &plain)?);
    }
    Ok(changed)
}

/// Sorts by what the expressions say, and lets one column stand for equal ones.
fn order(
    list: &mut Vec<Defined>,
    input: &LogicalPlan,
    map: &mut HashMap<Column, Expr>,
) -> Result<bool> {
    let mut keyed = Vec::with_capacity(list.len());
    for defined in list.drain(..) {
        keyed.push((expression_key(&defined.expr, &[input.schema()])?, defined));
    }
    let sorted = keyed.is_sorted_by_key(|(key, _)| *key);
    // Equal ones keep their order, so that the first stands for the others.
    keyed.sort_by_key(|(key, _)| *key);
    let mut changed = !sorted;
    let mut last = None;
    for (key, defined) in keyed {
        match list.last() {
            Some(first) if last == Some(key) && !is_volatile(&defined.expr) => {
                map.insert(defined.column, Expr::Column(first.column.clone()));
                changed = true;
            }
            _ => list.push(defined),
        }
        last = Some(key);
    }
    Ok(changed)
}
