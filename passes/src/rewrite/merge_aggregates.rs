//! An aggregate of an aggregate is one aggregate, where its groups are unions of groups.
//!
//! The sum of sums is the sum (of exact numbers; floats round along the way), the greatest of
//! the greatest is the greatest. The sum of counts is the count only where groups have rows: in
//! an aggregate with keys. `DISTINCT` of keys needs no groups before. A count over the distinct
//! pairs of key and value is a count of distinct values. The same holds for parts that are
//! aggregated on each input of a union and again above it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, Cast, Expr, ExprSchemable, LogicalPlan, Projection, Union,
};

use crate::PassContext;
use crate::grouping::{
    Defined, Grouping, aliased, call, is_count_star, is_multiplicity_blind, plain_call, restored,
    substituted,
};
use crate::property::{is_lossless_cast, is_volatile, known};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) => match merged(aggregate, cx)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(node)),
        },
        _ => Ok(Transformed::no(node)),
    })
}

fn merged(aggregate: &Aggregate, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let Some(outer) = Grouping::of(aggregate) else { return Ok(None) };
    match aggregate.input.as_ref() {
        LogicalPlan::Union(union) => over_union(aggregate, outer, union),
        input => {
            let Some(inner) = inner(input) else { return Ok(None) };
            match over_distinct(aggregate, &outer, &inner, cx)? {
                Some(plan) => Ok(Some(plan)),
                None => over_aggregate(aggregate, outer, inner, cx),
            }
        }
    }
}

/// An aggregate, perhaps below a projection that computes nothing volatile.
struct Inner {
    grouping: Grouping,
    /// The columns of the whole relation over those of the aggregate.
    outputs: HashMap<Column, Expr>,
}

fn inner(plan: &LogicalPlan) -> Option<Inner> {
    let (grouping, outputs) = match plan {
        LogicalPlan::Aggregate(aggregate) => {
            let grouping = Grouping::of(aggregate)?;
            let own = grouping.keys.iter().chain(&grouping.calls);
            let outputs: HashMap<Column, Expr> =
                own.map(|d: &Defined| (d.column.clone(), Expr::Column(d.column.clone()))).collect();
            (grouping, outputs)
        }
        LogicalPlan::Projection(projection) => {
            let LogicalPlan::Aggregate(aggregate) = projection.input.as_ref() else { return None };
            let grouping = Grouping::of(aggregate)?;
            let columns = projection.schema.columns().into_iter();
            let exprs = projection.expr.iter().map(|expr| expr.clone().unalias_nested().data);
            (grouping, columns.zip(exprs).collect())
        }
        _ => return None,
    };
    let volatile = grouping.keys.iter().chain(&grouping.calls).any(|d| is_volatile(&d.expr))
        || outputs.values().any(is_volatile);
    (!volatile).then_some(Inner { grouping, outputs })
}

impl Inner {
    /// The expression below the aggregate that a column stands for, where it reads keys only.
    fn key(&self, expr: &Expr) -> Result<Option<Expr>> {
        let above = substituted(expr.clone(), &self.outputs)?;
        let keys: HashSet<&Column> = self.grouping.keys.iter().map(|key| &key.column).collect();
        if !above.column_refs().iter().all(|column| keys.contains(*column)) {
            return Ok(None);
        }
        let map = self.grouping.keys.iter().map(|k| (k.column.clone(), k.expr.clone())).collect();
        substituted(above, &map).map(Some)
    }

    /// The call that a column stands for.
    fn call(&self, expr: &Expr) -> Option<&Expr> {
        let Expr::Column(column) = expr else { return None };
        let Some(Expr::Column(below)) = self.outputs.get(column) else { return None };
        let calls = &self.grouping.calls;
        calls.iter().find(|defined| defined.column == *below).map(|defined| &defined.expr)
    }
}

/// The call over the rows that stands for a call over the results of calls.
fn composed(
    outer: &Expr,
    inner: &Expr,
    has_rows: bool,
    schema: &LogicalPlan,
) -> Result<Option<Expr>> {
    let Some((name, _)) = plain_call(outer) else { return Ok(None) };
    let Some(AggregateFunction { func, params }) = call(inner) else { return Ok(None) };
    let exact = || -> Result<bool> { Ok(!inner.get_type(schema.schema().as_ref())?.is_floating()) };
    let fits = match (name, func.name()) {
        ("sum", "sum") => !params.distinct && exact()?,
        ("sum", "count") => !params.distinct && has_rows,
        ("min", "min") | ("max", "max") => true,
        ("bool_and", "bool_and") | ("bool_or", "bool_or") => true,
        _ => false,
    };
    Ok(fits.then(|| inner.clone()))
}

fn over_aggregate(
    aggregate: &Aggregate,
    outer: Grouping,
    inner: Inner,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    if inner.grouping.keys.is_empty() {
        return Ok(None);
    }
    let has_rows = !outer.keys.is_empty();
    let mut keys = Vec::with_capacity(outer.keys.len());
    for key in outer.keys {
        let Some(expr) = inner.key(&key.expr)? else { return Ok(None) };
        keys.push(Defined { column: key.column, expr });
    }
    // The one key that the outer aggregate does not group by.
    let rest: Vec<&Expr> = inner.grouping.keys.iter().map(|key| &key.expr).collect();
    let covered = keys.iter().all(|key| rest.contains(&&key.expr));
    let rest: Vec<&Expr> =
        rest.into_iter().filter(|own| !keys.iter().any(|key| key.expr == **own)).collect();
    let value = match rest.as_slice() {
        [value] if covered => Some(*value),
        _ => None,
    };
    let mut calls = Vec::with_capacity(outer.calls.len());
    for defined in outer.calls {
        let argument = plain_call(&defined.expr).and_then(|(_, argument)| inner.call(argument));
        let expr = match argument {
            Some(below) => composed(&defined.expr, below, has_rows, &inner.grouping.input)?,
            None if is_multiplicity_blind(&defined.expr) => inner.key(&defined.expr)?,
            None => over_value(&defined.expr, &inner, value, cx)?,
        };
        let Some(expr) = expr else { return Ok(None) };
        calls.push(Defined { column: defined.column, expr });
    }
    rebuilt(aggregate, Grouping { input: inner.grouping.input, keys, calls }).map(Some)
}

/// Counts and sums over a DISTINCT of the keys and one more column.
fn over_distinct(
    aggregate: &Aggregate,
    outer: &Grouping,
    inner: &Inner,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    let multiple = outer.calls.iter().any(|defined| !is_multiplicity_blind(&defined.expr));
    if !multiple || !inner.grouping.is_distinct() {
        return Ok(None);
    }
    let mut keys = Vec::with_capacity(outer.keys.len());
    for key in &outer.keys {
        let Some(expr) = inner.key(&key.expr)? else { return Ok(None) };
        keys.push(Defined { column: key.column.clone(), expr });
    }
    let grouped = |key: &Defined| keys.iter().any(|own| own.expr == key.expr);
    let rest: Vec<&Defined> = inner.grouping.keys.iter().filter(|key| !grouped(key)).collect();
    // Every outer key must be one of the inner ones, and one more remains.
    let plain = keys.iter().all(|own| inner.grouping.keys.iter().any(|key| key.expr == own.expr));
    let [value] = rest.as_slice() else { return Ok(None) };
    if !plain {
        return Ok(None);
    }
    let mut calls = Vec::with_capacity(outer.calls.len());
    for defined in &outer.calls {
        let Some((name, argument)) = plain_call(&defined.expr) else { return Ok(None) };
        let Some(call) = call(&defined.expr) else { return Ok(None) };
        let input = &inner.grouping.input;
        let argument = if is_count_star(&defined.expr) {
            if known(input).is_nullable(&value.expr, input.schema(), cx) {
                return Ok(None);
            }
            value.expr.clone()
        } else {
            match inner.key(argument)? {
                Some(argument) if is_one_to_one(&argument, &value.expr, input)? => argument,
                _ => return Ok(None),
            }
        };
        if !matches!(name, "count" | "sum" | "avg" | "min" | "max") {
            return Ok(None);
        }
        let mut call = call.clone();
        call.params.distinct = !matches!(name, "min" | "max");
        call.params.args = vec![argument];
        if call.params.distinct
            && name != "count"
            && Expr::AggregateFunction(call.clone())
                .get_type(inner.grouping.input.schema().as_ref())?
                .is_floating()
        {
            return Ok(None);
        }
        let expr = Expr::AggregateFunction(call);
        calls.push(Defined { column: defined.column.clone(), expr });
    }
    let input = Arc::clone(&inner.grouping.input);
    rebuilt(aggregate, Grouping { input, keys, calls }).map(Some)
}

/// Whether an expression is another one, perhaps in a wider type.
fn is_one_to_one(expr: &Expr, of: &Expr, input: &LogicalPlan) -> Result<bool> {
    if expr == of {
        return Ok(true);
    }
    let Expr::Cast(cast) = expr else { return Ok(false) };
    let from = of.get_type(input.schema().as_ref())?;
    Ok(*cast.expr == *of && is_lossless_cast(&from, cast.field.data_type()))
}

/// A call over the groups of an aggregate that has one key more than the outer one: a count of
/// that key counts its distinct values, whatever else is aggregated.
fn over_value(
    outer: &Expr,
    inner: &Inner,
    value: Option<&Expr>,
    cx: &PassContext,
) -> Result<Option<Expr>> {
    let (Some(value), Some((name, argument))) = (value, plain_call(outer)) else {
        return Ok(None);
    };
    let input = &inner.grouping.input;
    let argument = if is_count_star(outer) {
        let nullable = known(input).is_nullable(value, input.schema(), cx);
        (!nullable).then(|| value.clone())
    } else {
        inner.key(argument)?
    };
    let (Some(argument), Some(call)) = (argument, call(outer)) else { return Ok(None) };
    if !is_one_to_one(&argument, value, input)? || !matches!(name, "count" | "sum") {
        return Ok(None);
    }
    let mut call = call.clone();
    call.params.distinct = true;
    call.params.args = vec![argument];
    let call = Expr::AggregateFunction(call);
    let rounds = name != "count" && call.get_type(input.schema().as_ref())?.is_floating();
    Ok((!rounds).then_some(call))
}

fn over_union(
    aggregate: &Aggregate,
    outer: Grouping,
    union: &Union,
) -> Result<Option<LogicalPlan>> {
    if outer.calls.is_empty() {
        return Ok(None);
    }
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in &union.inputs {
        match inner(input) {
            Some(inner) if inner.grouping.keys.is_empty() && !outer.keys.is_empty() => {
                return Ok(None);
            }
            Some(inner) => inputs.push((inner, input.schema().columns())),
            None => return Ok(None),
        }
    }
    // A count of an aggregate without keys is a row, so that the sum has one too.
    let has_rows =
        !outer.keys.is_empty() || inputs.iter().any(|(inner, _)| inner.grouping.keys.is_empty());
    let columns = union.schema.columns();
    let mut exprs: Vec<Vec<Expr>> = vec![Vec::new(); inputs.len()];
    let mut names: Vec<Column> = Vec::new();
    let mut rows = Vec::new();
    let own = |expr: &Expr, have: &[Column]| -> Result<Expr> {
        let map = columns.iter().cloned().zip(have.iter().cloned().map(Expr::Column)).collect();
        substituted(expr.clone(), &map)
    };
    // What the keys read, in each input.
    let mut read: Vec<Column> = Vec::new();
    for key in &outer.keys {
        read.extend(key.expr.column_refs().into_iter().cloned());
    }
    read.sort();
    read.dedup();
    for column in read {
        for ((inner, have), exprs) in inputs.iter().zip(&mut exprs) {
            let expr = own(&Expr::Column(column.clone()), have)?;
            let Some(expr) = inner.key(&expr)? else { return Ok(None) };
            exprs.push(expr);
        }
        names.push(column);
    }
    for defined in &outer.calls {
        let Some((_, argument @ Expr::Column(column))) = plain_call(&defined.expr) else {
            return Ok(None);
        };
        let mut function: Option<AggregateFunction> = None;
        for ((inner, have), exprs) in inputs.iter().zip(&mut exprs) {
            let Some(below) = inner.call(&own(argument, have)?) else { return Ok(None) };
            let input = &inner.grouping.input;
            let Some(composed) = composed(&defined.expr, below, has_rows, input)? else {
                return Ok(None);
            };
            let (Some((_, argument)), Some(call)) = (plain_call(&composed), call(&composed)) else {
                return Ok(None);
            };
            if function.as_ref().is_some_and(|function| function.func != call.func) {
                return Ok(None);
            }
            exprs.push(argument.clone());
            let mut call = call.clone();
            call.params.args = vec![Expr::Column(column.clone())];
            function = Some(call);
        }
        if names.contains(column) {
            return Ok(None);
        }
        names.push(column.clone());
        let Some(function) = function else { return Ok(None) };
        let column = defined.column.clone();
        rows.push(Defined { column, expr: Expr::AggregateFunction(function) });
    }
    let mut branches = Vec::with_capacity(inputs.len());
    let mut types: Option<Vec<_>> = None;
    for ((inner, _), exprs) in inputs.into_iter().zip(exprs) {
        let named = exprs.into_iter().zip(&names);
        let named = named.map(|(expr, column)| aliased(expr, column)).collect();
        let branch = Projection::try_new(named, inner.grouping.input)?;
        let own: Vec<_> = branch.schema.fields().iter().map(|f| f.data_type().clone()).collect();
        if types.as_ref().is_some_and(|types| *types != own) {
            return Ok(None);
        }
        types = Some(own);
        branches.push(Arc::new(LogicalPlan::Projection(branch)));
    }
    let input = Arc::new(LogicalPlan::Union(Union::try_new(branches)?));
    rebuilt(aggregate, Grouping { input, keys: outer.keys, calls: rows }).map(Some)
}

/// The aggregate in the place of `old`: a sum of sums of decimals is wider than the sum.
fn rebuilt(old: &Aggregate, grouping: Grouping) -> Result<LogicalPlan> {
    let plan = grouping.build()?;
    let mut map = HashMap::new();
    for (before, after) in old.schema.fields().iter().zip(plan.schema().iter()) {
        let column = Column::from((after.0, after.1));
        if before.data_type() != after.1.data_type() {
            let cast =
                Cast::new(Box::new(Expr::Column(column.clone())), before.data_type().clone());
            map.insert(column, Expr::Cast(cast));
        }
    }
    if map.is_empty() { Ok(plan) } else { restored(plan, &old.schema, &map) }
}
