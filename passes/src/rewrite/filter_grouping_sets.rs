//! Conditions on `GROUPING()` and on keys pick grouping sets.
//!
//! Each set has one grouping id, so a condition that reads nothing else holds for all rows of a
//! set or for none; and one that is not TRUE for NULL passes no row of a set without the key.
//! Where one set is left it is a plain grouping, in which the keys of the other sets are NULL;
//! where none is, no rows are.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan};
use datafusion::optimizer::OptimizerConfig;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::prelude::lit;

use super::order_grouping_sets::sets;
use crate::PassContext;
use crate::grouping::{aliased, restored, substituted};
use crate::property::{Outcomes, is_volatile, outcomes};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|node| match &node {
        LogicalPlan::Filter(filter) => {
            let aggregate = match filter.input.as_ref() {
                LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
                other => other,
            };
            let LogicalPlan::Aggregate(aggregate) = aggregate else {
                return Ok(Transformed::no(node));
            };
            match picked(filter, aggregate, cx)? {
                Some(plan) => Ok(Transformed::yes(plan)),
                None => Ok(Transformed::no(node)),
            }
        }
        _ => Ok(Transformed::no(node)),
    })
}

fn picked(filter: &Filter, aggregate: &Aggregate, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let [Expr::GroupingSet(grouping)] = aggregate.group_expr.as_slice() else { return Ok(None) };
    let schema = filter.input.schema();
    let columns = schema.columns();
    let is_id = |column: &&Column| column.name == Aggregate::INTERNAL_GROUPING_ID;
    let (Some(place), Some(sets)) = (columns.iter().position(|c| is_id(&c)), sets(grouping)) else {
        return Ok(None);
    };
    let keys = distinct_keys(grouping);
    let in_order = keys.len() == place
        && keys.iter().zip(schema.fields()).all(|(key, field)| match key {
            Expr::Column(column) => column.name == *field.name(),
            other => other.schema_name().to_string() == *field.name(),
        });
    let repeats =
        |(at, set): (usize, &Vec<Expr>)| sets.iter().take(at).any(|other| same_keys(set, other));
    if !in_order || keys.len() > 32 || sets.iter().enumerate().any(repeats) {
        return Ok(None);
    }
    let conjuncts = split_conjunction_owned(filter.predicate.clone());
    if conjuncts.iter().any(is_volatile) {
        return Ok(None);
    }
    let mut kept = Vec::new();
    for set in &sets {
        // The first key has the highest bit, which says that the key is not in the set.
        let id = keys.iter().fold(0u64, |id, key| id << 1 | u64::from(!set.contains(key)));
        let id = ScalarValue::UInt64(Some(id)).cast_to(schema.field(place).data_type())?;
        let Some(column) = columns.get(place) else { return Ok(None) };
        let own = conjuncts.iter().map(|conjunct| of_set(conjunct, column, &id, cx));
        let own = own.collect::<Result<Vec<Expr>>>()?;
        let missing = keys.iter().zip(&columns).filter(|(key, _)| !set.contains(key));
        let missing: HashSet<&Column> = missing.map(|(_, column)| column).collect();
        let padded = |column: &Column| {
            if missing.contains(column) { Outcomes::NULL } else { Outcomes::ANY }
        };
        if own.iter().all(|conjunct| outcomes(conjunct, &padded).has(Outcomes::TRUE)) {
            kept.push((set, id, own));
        }
    }
    match kept.as_slice() {
        [] => {
            let never = Filter::try_new(lit(false), Arc::clone(&filter.input))?;
            Ok(Some(LogicalPlan::Filter(never)))
        }
        [(set, id, own)] => {
            let Some(plan) = single(aggregate, set, id, &keys, schema)? else { return Ok(None) };
            filtered(plan, own.iter().filter(|conjunct| !is_true(conjunct)).cloned()).map(Some)
        }
        all if all.len() == sets.len() => {
            // What holds for every set says nothing.
            let rest = conjuncts
                .iter()
                .enumerate()
                .filter(|(at, _)| !all.iter().all(|(_, _, own)| own.get(*at).is_some_and(is_true)));
            let rest: Vec<Expr> = rest.map(|(_, conjunct)| conjunct.clone()).collect();
            if rest.len() == conjuncts.len() {
                return Ok(None);
            }
            filtered(filter.input.as_ref().clone(), rest).map(Some)
        }
        _ => Ok(None),
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

/// The keys of all sets, in the order in which they come out.
fn distinct_keys(grouping: &GroupingSet) -> Vec<Expr> {
    let mut keys: Vec<Expr> = Vec::new();
    for key in grouping.distinct_expr() {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

fn same_keys(one: &[Expr], other: &[Expr]) -> bool {
    one.iter().all(|key| other.contains(key)) && other.iter().all(|key| one.contains(key))
}

/// A condition where the grouping id is this one.
fn of_set(condition: &Expr, column: &Column, id: &ScalarValue, cx: &PassContext) -> Result<Expr> {
    let refs = condition.column_refs();
    if !refs.contains(column) {
        return Ok(condition.clone());
    }
    let alone = refs.len() == 1;
    let map = HashMap::from([(column.clone(), lit(id.clone()))]);
    let condition = substituted(condition.clone(), &map)?;
    if !alone {
        return Ok(condition);
    }
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(DFSchema::empty()))
        .with_config_options(cx.options())
        .with_query_execution_start_time(None)
        .build();
    ExprSimplifier::new(context).simplify(condition)
}

/// The grouping by one of the sets, under the columns of all.
fn single(
    aggregate: &Aggregate,
    set: &[Expr],
    id: &ScalarValue,
    keys: &[Expr],
    schema: &DFSchema,
) -> Result<Option<LogicalPlan>> {
    let columns = schema.columns();
    let mut map = HashMap::new();
    let mut own = Vec::new();
    for ((key, column), field) in keys.iter().zip(&columns).zip(schema.fields()) {
        if set.contains(key) {
            own.push(aliased(key.clone(), column));
        } else {
            map.insert(column.clone(), lit(ScalarValue::try_new_null(field.data_type())?));
        }
    }
    if let Some(column) = columns.get(keys.len()) {
        map.insert(column.clone(), lit(id.clone()));
    }
    let calls = aggregate.aggr_expr.iter().zip(columns.iter().skip(keys.len() + 1));
    let calls: Vec<Expr> =
        calls.map(|(call, column)| aliased(call.clone().unalias_nested().data, column)).collect();
    if own.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    let plan =
        LogicalPlan::Aggregate(Aggregate::try_new(Arc::clone(&aggregate.input), own, calls)?);
    restored(plan, schema, &map).map(Some)
}

fn filtered(plan: LogicalPlan, conjuncts: impl IntoIterator<Item = Expr>) -> Result<LogicalPlan> {
    match conjunction(conjuncts) {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?)),
        None => Ok(plan),
    }
}
