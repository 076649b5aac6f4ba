//! Sorts whose order nobody sees are dropped, and so are sort keys that decide nothing.
//!
//! An order is seen at the top of the query, by a limit, by a window, and by aggregates such as
//! `array_agg`. A join, a union, a filter of a subquery, or a sum of integers does not see it; a
//! sum of floats does, as it rounds. A key that is constant, that came before, or that follows
//! on keys which tell all rows apart decides nothing. Where a key cannot be NULL, it does not matter
//! whether NULLs come first.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result, ScalarValue};
use datafusion::logical_expr::{Distinct, Expr, Limit, LogicalPlan, Sort, SortExpr};

use crate::PassContext;
use crate::grouping::{is_float_sum, is_order_blind};
use crate::property::cardinality::cardinality;
use crate::property::keys::unique_within;
use crate::property::{is_volatile, known};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if !has_sorts(&plan)? {
        return Ok(Transformed::no(plan));
    }
    without_unseen(plan, true, cx)
}

fn has_sorts(plan: &LogicalPlan) -> Result<bool> {
    use datafusion::common::tree_node::TreeNodeRecursion;
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::Sort(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Walks down with the knowledge whether the order of the rows is seen above.
fn without_unseen(
    plan: LogicalPlan,
    seen: bool,
    cx: &PassContext,
) -> Result<Transformed<LogicalPlan>> {
    let here = match plan {
        LogicalPlan::Sort(sort) => sorted(sort, seen, cx)?,
        other => Transformed::no(other),
    };
    if here.transformed && !matches!(&here.data, LogicalPlan::Sort(sort) if sort.fetch.is_none()) {
        // What took the sort's place may be a sort again.
        return Ok(Transformed::yes(without_unseen(here.data, seen, cx)?.data));
    }
    here.transform_data(|plan| {
        let below = sees_order(&plan, seen)?;
        plan.map_children(|child| without_unseen(child, below, cx))?.transform_data(|plan| {
            // One value comes out of a subquery, whatever the order.
            plan.map_subqueries(|plan| without_unseen(plan, false, cx))
        })
    })
}

/// Whether a relation passes the order of its input on, or reads it.
fn sees_order(plan: &LogicalPlan, seen: bool) -> Result<bool> {
    Ok(match plan {
        LogicalPlan::Projection(projection) => seen || projection.expr.iter().any(is_volatile),
        LogicalPlan::Filter(filter) => seen && is_volatile(&filter.predicate),
        LogicalPlan::SubqueryAlias(_) | LogicalPlan::Subquery(_) => seen,
        LogicalPlan::Sort(sort) => sort.fetch.is_some() && sort.expr.is_empty(),
        LogicalPlan::Aggregate(aggregate) => {
            let schema = aggregate.input.schema();
            let mut sees = false;
            for expr in &aggregate.aggr_expr {
                let expr = expr.clone().unalias_nested().data;
                sees |= is_float_sum(&expr, schema)? || !is_order_blind(&expr);
            }
            sees
        }
        LogicalPlan::Distinct(Distinct::All(_)) | LogicalPlan::Union(_) => false,
        LogicalPlan::Join(join) => !matches!(
            join.join_type,
            JoinType::Inner
                | JoinType::Left
                | JoinType::Right
                | JoinType::Full
                | JoinType::LeftSemi
                | JoinType::RightSemi
                | JoinType::LeftAnti
                | JoinType::RightAnti
                | JoinType::LeftMark
                | JoinType::RightMark
        ),
        // Limits, windows, DISTINCT ON, and whatever is not known here.
        _ => true,
    })
}

fn sorted(sort: Sort, seen: bool, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let Sort { expr, input, fetch } = sort;
    if expr.iter().any(|sort| is_volatile(&sort.expr)) {
        return Ok(Transformed::no(LogicalPlan::Sort(Sort { expr, input, fetch })));
    }
    if let Some(fetch) = fetch {
        let fetch = ScalarValue::Int64(Some(i64::try_from(fetch).unwrap_or(i64::MAX)));
        let fetch = Some(Box::new(Expr::Literal(fetch, None)));
        let input = Arc::new(LogicalPlan::Sort(Sort { expr, input, fetch: None }));
        return Ok(Transformed::yes(LogicalPlan::Limit(Limit { skip: None, fetch, input })));
    }
    if !seen || cardinality(&input).is_at_most_one() {
        return Ok(Transformed::yes(Arc::unwrap_or_clone(input)));
    }
    if let Some(unique) = unique_within(&input, &BTreeSet::new()) {
        unique.rely(cx);
        return Ok(Transformed::yes(Arc::unwrap_or_clone(input)));
    }
    let given = expr.clone();
    let expr = deciding(expr, &input, cx);
    if expr.is_empty() || is_sorted_by(&input, &expr) {
        return Ok(Transformed::yes(Arc::unwrap_or_clone(input)));
    }
    let changed = expr != given;
    let sort = Sort { expr, input, fetch };
    Ok(Transformed::new_transformed(LogicalPlan::Sort(sort), changed))
}

/// The keys that decide something.
fn deciding(keys: Vec<SortExpr>, input: &LogicalPlan, cx: &PassContext) -> Vec<SortExpr> {
    let facts = known(input);
    let mut kept: Vec<SortExpr> = Vec::new();
    let mut ordinals = BTreeSet::new();
    for mut key in keys {
        let mut bare = &key.expr;
        while let Expr::Alias(alias) = bare {
            bare = &alias.expr;
        }
        let constant = match bare {
            Expr::Literal(..) => true,
            Expr::Column(column) => facts.constants.contains_key(column),
            _ => false,
        };
        if constant || kept.iter().any(|other| other.expr == key.expr) {
            continue;
        }
        if let Some(unique) = unique_within(input, &ordinals) {
            unique.rely(cx);
            break;
        }
        // Where no NULL is, they sort neither first nor last.
        if key.nulls_first == key.asc && !facts.is_nullable(&key.expr, input.schema(), cx) {
            key.nulls_first = !key.asc;
        }
        if let Expr::Column(column) = &key.expr {
            ordinals.extend(input.schema().maybe_index_of_column(column));
        }
        kept.push(key);
    }
    kept
}

/// Whether the rows come in this order already, out of a limit on a sort.
fn is_sorted_by(plan: &LogicalPlan, keys: &[SortExpr]) -> bool {
    match plan {
        LogicalPlan::Limit(limit) => is_sorted_by(&limit.input, keys),
        LogicalPlan::Sort(sort) => sort.expr.starts_with(keys),
        _ => false,
    }
}
