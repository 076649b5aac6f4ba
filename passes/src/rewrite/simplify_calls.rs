//! Calls of aggregate functions that mean the same are written in the same way.
//!
//! `COUNT` of what is never NULL counts rows. `DISTINCT` changes no minimum, and no call whose
//! argument is unique within the groups. An `ORDER BY` changes only what reads the order. A
//! call over `CASE WHEN p THEN x END` is one over `x` filtered by `p`, as NULLs are ignored
//! (`x` must not be able to fail, since a filter does not protect it). In a group, which always
//! has rows, the sum of `CASE WHEN p THEN 1 ELSE 0 END` is a count, and the greatest value of a
//! key, of what follows from the keys, or of a constant is that value. The sum of a multiple is a multiple of the sum. Without groups, a filter that all calls share filters the
//! rows; with groups it must not, for groups would vanish.

mod nulls;
mod sums;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, Case};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, Filter, LogicalPlan, and};

use crate::PassContext;
use crate::grouping::{Defined, Grouping, is_order_blind, restored};
use crate::property::keys::unique_within;
use crate::property::{
    Determined, Known, is_exact_equality, is_fallible, is_lossless_cast, is_volatile, known,
};
use sums::summed;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) => {
            let Some(grouping) = Grouping::of(aggregate).filter(|g| !g.calls.is_empty()) else {
                return Ok(Transformed::no(node));
            };
            let keys = grouping.keys.len();
            match simplified(grouping, cx)? {
                Some((grouping, map)) if map.is_empty() && grouping.keys.len() == keys => {
                    Ok(Transformed::yes(grouping.build()?))
                }
                Some((grouping, map)) => {
                    let plan = grouping.build()?;
                    Ok(Transformed::yes(restored(plan, &aggregate.schema, &map)?))
                }
                None => Ok(Transformed::no(node)),
            }
        }
        _ => Ok(Transformed::no(node)),
    })
}

type Simplified = (Grouping, HashMap<Column, Expr>);

fn simplified(mut grouping: Grouping, cx: &PassContext) -> Result<Option<Simplified>> {
    let facts = known(&grouping.input);
    let mut map = HashMap::new();
    let mut calls = Vec::with_capacity(grouping.calls.len());
    let mut changed = false;
    for Defined { column, expr } in std::mem::take(&mut grouping.calls) {
        let Expr::AggregateFunction(call) = expr else {
            calls.push(Defined { column, expr });
            continue;
        };
        if let Some(key) = dependent(&call, &grouping, cx) {
            grouping.keys.push(Defined { column, expr: key });
            changed = true;
            continue;
        }
        if let Some(value) = value_of_group(&call, &grouping, &facts) {
            map.insert(column, value);
            changed = true;
            continue;
        }
        if let Some((parts, total)) = summed(&call, &grouping, &facts, cx)? {
            calls.extend(parts);
            map.insert(column, total);
            changed = true;
            continue;
        }
        let before = call.clone();
        let call = simpler(call, &grouping, &facts, cx)?;
        changed |= call != before;
        calls.push(Defined { column, expr: Expr::AggregateFunction(call) });
    }
    grouping.calls = calls;
    if grouping.keys.is_empty() {
        changed |= share_filter(&mut grouping)?;
        changed |= nulls::settled(&mut grouping, cx)?;
    }
    Ok(changed.then_some((grouping, map)))
}

/// The column of which a call gives the one value that it has in a group: it follows from the
/// keys, and can be one of them.
fn dependent(call: &AggregateFunction, grouping: &Grouping, cx: &PassContext) -> Option<Expr> {
    let AggregateFunctionParams { args, filter, .. } = &call.params;
    let ([Expr::Column(column)], None) = (args.as_slice(), filter) else { return None };
    let schema = grouping.input.schema();
    let exact = |column: &Column| schema.data_type(column).is_ok_and(is_exact_equality);
    if !matches!(call.func.name(), "min" | "max") || !exact(column) {
        return None;
    }
    let keys: HashSet<Column> =
        grouping.keys.iter().filter_map(|key| key.expr.try_as_col()).cloned().collect();
    if keys.contains(column) || keys.is_empty() || !keys.iter().all(exact) {
        return None;
    }
    let determined = Determined::by(&grouping.input, keys);
    determined.columns.contains(column).then(|| {
        determined.reliance.iter().for_each(|constraint| constraint.note(cx));
        Expr::Column(column.clone())
    })
}

/// The one value that the call can give in a group.
fn value_of_group(call: &AggregateFunction, grouping: &Grouping, facts: &Known) -> Option<Expr> {
    let AggregateFunctionParams { args, filter, .. } = &call.params;
    if grouping.keys.is_empty() || filter.is_some() {
        return None;
    }
    let [arg] = args.as_slice() else { return None };
    if call.func.name() == "count" && matches!(arg, Expr::Literal(value, _) if value.is_null()) {
        return Some(Expr::Literal(ScalarValue::Int64(Some(0)), None));
    }
    if !matches!(call.func.name(), "min" | "max") {
        return None;
    }
    if let Some(key) = grouping.keys.iter().find(|key| key.expr == *arg) {
        return (!is_volatile(arg)).then(|| Expr::Column(key.column.clone()));
    }
    match arg {
        Expr::Literal(..) => Some(arg.clone()),
        Expr::Column(column) => {
            facts.constants.get(column).map(|value| Expr::Literal(value.clone(), None))
        }
        _ => None,
    }
}

fn simpler(
    mut call: AggregateFunction,
    grouping: &Grouping,
    facts: &Known,
    cx: &PassContext,
) -> Result<AggregateFunction> {
    let name = call.func.name().to_owned();
    let schema = grouping.input.schema();
    let params = &mut call.params;
    if params.args.iter().any(is_volatile) || params.filter.as_deref().is_some_and(is_volatile) {
        return Ok(call);
    }
    if let Some(filter) = params.filter.take() {
        let always = matches!(*filter, Expr::Literal(ScalarValue::Boolean(Some(true)), _));
        params.filter = (!always).then_some(filter);
    }
    if matches!(name.as_str(), "min" | "max" | "bool_and" | "bool_or" | "bit_and" | "bit_or") {
        params.distinct = false;
    }
    let whole = Expr::AggregateFunction(call.clone());
    let params = &mut call.params;
    let floats = name != "count" && whole.get_type(schema.as_ref())?.is_floating();
    if is_order_blind(&whole) && (!floats || matches!(name.as_str(), "min" | "max")) {
        params.order_by.clear();
    }
    if let [arg] = params.args.as_mut_slice()
        && matches!(
            name.as_str(),
            "count" | "sum" | "avg" | "min" | "max" | "var" | "var_pop" | "stddev" | "stddev_pop"
        )
        && let Some((condition, value)) = conditional(arg)
        && !is_fallible(&value, schema.as_ref())
        && value.get_type(schema.as_ref())? == arg.get_type(schema.as_ref())?
    {
        *arg = value;
        params.filter = Some(Box::new(match params.filter.take() {
            Some(filter) => and(*filter, condition),
            None => condition,
        }));
    }
    if name == "sum"
        && !params.distinct
        && !grouping.keys.is_empty()
        && let [arg] = params.args.as_mut_slice()
        && let Some(condition) = counted(arg)
        && params.filter.is_none()
    {
        call.func = datafusion::functions_aggregate::count::count_udaf();
        call.params.args = vec![one()];
        call.params.filter = condition.map(Box::new);
        return Ok(call);
    }
    if name == "count" {
        if let [arg] = params.args.as_mut_slice()
            && let Expr::Cast(cast) = arg
            && let from = cast.expr.get_type(schema.as_ref())?
            && is_lossless_cast(&from, cast.field.data_type())
        {
            // As many values are counted before the cast, and as many different ones.
            let counted = cast.expr.as_ref().clone();
            *arg = counted;
        }
        if !params.distinct {
            params.args.retain(|arg| facts.is_nullable(arg, schema, cx));
            if params.args.is_empty() {
                params.args.push(one());
            }
        }
        params.null_treatment = None;
    }
    if params.distinct
        && let [Expr::Column(column)] = params.args.as_slice()
        && let Some(unique) = unique_in_groups(column, grouping)
    {
        unique.rely(cx);
        params.distinct = false;
    }
    Ok(call)
}

/// The set that makes the values of a column differ within every group.
fn unique_in_groups(
    column: &Column,
    grouping: &Grouping,
) -> Option<crate::property::keys::UniqueSet> {
    let schema = grouping.input.schema();
    let keys = grouping.keys.iter().filter_map(|key| key.expr.try_as_col());
    let ordinals: BTreeSet<usize> =
        keys.chain([column]).filter_map(|column| schema.maybe_index_of_column(column)).collect();
    unique_within(&grouping.input, &ordinals)
}

/// The condition and the value of `CASE WHEN p THEN x END`.
fn conditional(expr: &Expr) -> Option<(Expr, Expr)> {
    if let Expr::Cast(cast) = expr {
        // NULL stays NULL in another type.
        let (condition, value) = conditional(&cast.expr)?;
        let cast = Cast { expr: Box::new(value), ..cast.clone() };
        return Some((condition, Expr::Cast(cast)));
    }
    let Expr::Case(Case { expr: None, when_then_expr, else_expr }) = expr else { return None };
    let otherwise = else_expr.as_deref();
    let nothing = otherwise.is_none_or(|e| matches!(e, Expr::Literal(v, _) if v.is_null()));
    match when_then_expr.as_slice() {
        [(when, then)] if nothing => Some((when.as_ref().clone(), then.as_ref().clone())),
        _ => None,
    }
}

/// For an argument whose sum over a group is a count: under which condition a row counts.
fn counted(expr: &Expr) -> Option<Option<Expr>> {
    let is = |expr: &Expr, number| matches!(expr, Expr::Literal(ScalarValue::Int64(Some(value)), _) if *value == number);
    if is(expr, 1) {
        return Some(None);
    }
    let Expr::Case(Case { expr: None, when_then_expr, else_expr: Some(otherwise) }) = expr else {
        return None;
    };
    match when_then_expr.as_slice() {
        [(when, then)] if is(then, 1) && is(otherwise, 0) => Some(Some(when.as_ref().clone())),
        _ => None,
    }
}

pub(super) fn one() -> Expr {
    Expr::Literal(ScalarValue::Int64(Some(1)), None)
}

/// Moves the filter that all calls have below an aggregate without keys.
fn share_filter(grouping: &mut Grouping) -> Result<bool> {
    let filter_of = |defined: &Defined| match &defined.expr {
        Expr::AggregateFunction(call) => call.params.filter.as_deref().cloned(),
        _ => None,
    };
    let Some(shared) = grouping.calls.first().and_then(filter_of) else { return Ok(false) };
    if is_volatile(&shared) || grouping.calls.iter().any(|c| filter_of(c).as_ref() != Some(&shared))
    {
        return Ok(false);
    }
    for defined in &mut grouping.calls {
        if let Expr::AggregateFunction(call) = &mut defined.expr {
            call.params.filter = None;
        }
    }
    let input = Filter::try_new(shared, Arc::clone(&grouping.input))?;
    grouping.input = Arc::new(LogicalPlan::Filter(input));
    Ok(true)
}
