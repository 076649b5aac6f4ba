//! Grouping sets are written in one way.
//!
//! `ROLLUP` and `CUBE` stand for lists of sets; the sets have no order, and neither have the keys
//! within a set. One set alone is an ordinary grouping. Where `GROUPING()` is read, the place of
//! a key counts, and nothing is moved.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use planc_ir::key::expression_key;

use crate::PassContext;
use crate::grouping::{aliased, restored};
use crate::property::is_volatile;

/// A cube over more keys stays a cube.
const MOST_KEYS: usize = 6;

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !has_sets(&plan)? || reads_id(&plan)? {
        return Ok(Transformed::no(plan));
    }
    plan.transform_down_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) => match ordered(aggregate)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(node)),
        },
        _ => Ok(Transformed::no(node)),
    })
}

fn has_sets(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::Aggregate(aggregate)
            if matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Whether anything reads which set a row is of.
fn reads_id(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            let refs = expr.column_refs();
            found |= refs.iter().any(|column| column.name == Aggregate::INTERNAL_GROUPING_ID);
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(found)
}

/// The sets of keys that a grouping stands for.
pub(crate) fn sets(grouping: &GroupingSet) -> Option<Vec<Vec<Expr>>> {
    match grouping {
        GroupingSet::GroupingSets(sets) => Some(sets.clone()),
        GroupingSet::Rollup(keys) => {
            Some((0..=keys.len()).filter_map(|n| Some(keys.get(..n)?.to_vec())).collect())
        }
        GroupingSet::Cube(keys) if keys.len() <= MOST_KEYS => {
            let subset = |mask: u32| {
                let keys = keys.iter().enumerate();
                keys.filter(move |(place, _)| mask >> place & 1 == 1).map(|(_, key)| key.clone())
            };
            Some((0..1u32 << keys.len()).map(|mask| subset(mask).collect()).collect())
        }
        GroupingSet::Cube(_) => None,
    }
}

fn ordered(aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
    let [Expr::GroupingSet(grouping)] = aggregate.group_expr.as_slice() else { return Ok(None) };
    let Some(sets) = sets(grouping) else { return Ok(None) };
    let input = &aggregate.input;
    if sets.iter().flatten().chain(&aggregate.aggr_expr).any(is_volatile) {
        return Ok(None);
    }
    let mut keyed = Vec::with_capacity(sets.len());
    for set in sets {
        let mut keys = Vec::with_capacity(set.len());
        for key in set {
            keys.push((expression_key(&key, &[input.schema()])?, key));
        }
        keys.sort_by_key(|(key, _)| *key);
        if keys.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
            return Ok(None);
        }
        keyed.push(keys);
    }
    let of = |set: &Vec<(planc_ir::key::PlanKey, Expr)>| -> Vec<_> {
        set.iter().map(|(key, _)| *key).collect()
    };
    // The longest set first: its keys are the first to come out.
    keyed.sort_by_cached_key(|set| (std::cmp::Reverse(set.len()), of(set)));
    let mut sets: Vec<Vec<Expr>> =
        keyed.into_iter().map(|set| set.into_iter().map(|(_, key)| key).collect()).collect();
    let schema = &aggregate.schema;
    let calls =
        schema.columns().into_iter().skip(schema.fields().len() - aggregate.aggr_expr.len());
    let calls: Vec<Expr> = aggregate
        .aggr_expr
        .iter()
        .zip(calls)
        .map(|(expr, column)| aliased(expr.clone().unalias_nested().data, &column))
        .collect();
    let mut map = HashMap::new();
    let group_expr = if sets.len() == 1 {
        for (column, field) in schema.columns().into_iter().zip(schema.fields()) {
            if column.name == Aggregate::INTERNAL_GROUPING_ID {
                let id = ScalarValue::new_zero(field.data_type())?;
                map.insert(column, Expr::Literal(id, None));
            }
        }
        sets.remove(0)
    } else {
        vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))]
    };
    if group_expr == aggregate.group_expr {
        return Ok(None);
    }
    if group_expr.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    let built = LogicalPlan::Aggregate(Aggregate::try_new(Arc::clone(input), group_expr, calls)?);
    restored(built, schema, &map).map(Some)
}
