//! Taking an aggregate apart: its keys and calls, each with the column that it defines.
//!
//! Rewrites of aggregates change the parts and build them again. Who reads the aggregate finds
//! its columns under their old names, in their old order: [`restored`] sees to that.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, WindowFunction};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Filter, LogicalPlan, Projection, WindowFunctionDefinition,
};

use crate::property::{Outcomes, is_fallible, outcomes};

/// An expression and the column that it defines.
#[derive(Debug, Clone)]
pub(crate) struct Defined {
    pub(crate) column: Column,
    pub(crate) expr: Expr,
}

/// An aggregate with plain keys.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub(crate) input: Arc<LogicalPlan>,
    pub(crate) keys: Vec<Defined>,
    pub(crate) calls: Vec<Defined>,
}

impl Grouping {
    /// The parts of an aggregate; `None` with grouping sets, or where a key comes twice (the
    /// output has it once).
    pub(crate) fn of(aggregate: &Aggregate) -> Option<Self> {
        let Aggregate { input, group_expr, aggr_expr, schema, .. } = aggregate;
        if matches!(group_expr.as_slice(), [Expr::GroupingSet(_)])
            || schema.fields().len() != group_expr.len() + aggr_expr.len()
        {
            return None;
        }
        let mut defined = schema
            .columns()
            .into_iter()
            .zip(group_expr.iter().chain(aggr_expr))
            .map(|(column, expr)| Defined { column, expr: expr.clone().unalias_nested().data });
        let keys = defined.by_ref().take(group_expr.len()).collect();
        Some(Grouping { input: Arc::clone(input), keys, calls: defined.collect() })
    }

    /// The aggregate; with neither keys nor calls there is none.
    pub(crate) fn build(self) -> Result<LogicalPlan> {
        let named = |defined: Vec<Defined>| defined.into_iter().map(|d| aliased(d.expr, &d.column));
        let keys = named(self.keys).collect();
        let calls = named(self.calls).collect();
        Ok(LogicalPlan::Aggregate(Aggregate::try_new(self.input, keys, calls)?))
    }

    /// Whether only keys come out, as of DISTINCT.
    pub(crate) fn is_distinct(&self) -> bool {
        self.calls.is_empty() && !self.keys.is_empty()
    }
}

/// An expression under a column's name.
pub(crate) fn aliased(expr: Expr, column: &Column) -> Expr {
    match &expr {
        Expr::Column(own) if own == column => expr,
        _ => expr.alias_qualified(column.relation.clone(), &column.name),
    }
}

/// Replaces columns by what they stand for.
pub(crate) fn substituted(expr: Expr, map: &HashMap<Column, Expr>) -> Result<Expr> {
    let replaced = expr.transform_up(|expr| match &expr {
        Expr::Column(column) => match map.get(column) {
            Some(to) if *to != expr => Ok(Transformed::yes(to.clone())),
            _ => Ok(Transformed::no(expr)),
        },
        _ => Ok(Transformed::no(expr)),
    })?;
    Ok(replaced.data)
}

/// The plan under the columns of `schema`: each is what `map` says, or passed on.
pub(crate) fn restored(
    plan: LogicalPlan,
    schema: &DFSchema,
    map: &HashMap<Column, Expr>,
) -> Result<LogicalPlan> {
    let exprs = schema.columns().into_iter().map(|column| match map.get(&column) {
        Some(expr) => aliased(expr.clone(), &column),
        None => Expr::Column(column),
    });
    Ok(LogicalPlan::Projection(Projection::try_new(exprs.collect(), Arc::new(plan))?))
}

/// The call of an aggregate function.
pub(crate) fn call(expr: &Expr) -> Option<&AggregateFunction> {
    match expr {
        Expr::AggregateFunction(call) => Some(call),
        _ => None,
    }
}

/// The call and its one argument, where it has no FILTER, DISTINCT or ORDER BY.
pub(crate) fn plain_call(expr: &Expr) -> Option<(&str, &Expr)> {
    let AggregateFunction { func, params } = call(expr)?;
    let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment: _ } = params;
    match args.as_slice() {
        [arg] if !distinct && filter.is_none() && order_by.is_empty() => Some((func.name(), arg)),
        _ => None,
    }
}

/// Whether this is `COUNT(*)`, which DataFusion plans as the count of a literal.
pub(crate) fn is_count_star(expr: &Expr) -> bool {
    matches!(plain_call(expr), Some(("count", Expr::Literal(value, _))) if !value.is_null())
}

/// The columns without which a row does not count for an aggregate: it ignores NULL, and its
/// argument is NULL where one of them is.
pub(crate) fn strict_columns(expr: &Expr) -> Vec<Column> {
    let Some(AggregateFunction { func, params }) = call(expr) else { return Vec::new() };
    let ([arg], true) = (params.args.as_slice(), params.order_by.is_empty()) else {
        return Vec::new();
    };
    if !is_order_blind_function(func.name()) {
        return Vec::new();
    }
    let mut columns: Vec<Column> = arg.column_refs().into_iter().cloned().collect();
    columns.retain(|null| {
        let of = |column: &Column| if column == null { Outcomes::NULL } else { Outcomes::ANY };
        outcomes(arg, &of) == Outcomes::NULL
    });
    columns.sort();
    columns
}

/// Whether an aggregate gives the same however often a row comes.
pub(crate) fn is_multiplicity_blind(expr: &Expr) -> bool {
    call(expr).is_some_and(|call| {
        let name = call.func.name();
        matches!(name, "min" | "max" | "bool_and" | "bool_or" | "bit_and" | "bit_or")
            || (call.params.distinct && call.params.order_by.is_empty() && is_order_blind(expr))
    })
}

/// Whether an aggregate gives the same in whatever order the rows come, but for the rounding
/// of floats.
pub(crate) fn is_order_blind(expr: &Expr) -> bool {
    call(expr).is_some_and(|call| is_order_blind_function(call.func.name()))
}

/// Whether a call adds floats, which rounds by the order of the rows.
pub(crate) fn is_float_sum(expr: &Expr, schema: &DFSchema) -> Result<bool> {
    let adds = call(expr).is_some_and(|call| !matches!(call.func.name(), "count" | "min" | "max"));
    Ok(adds && expr.get_type(schema)?.is_floating())
}

/// The rows of a relation on which all of these hold.
pub(crate) fn filtered(
    input: &Arc<LogicalPlan>,
    conjuncts: impl IntoIterator<Item = Expr>,
) -> Result<Arc<LogicalPlan>> {
    Ok(match conjunction(conjuncts) {
        Some(predicate) => {
            Arc::new(LogicalPlan::Filter(Filter::try_new(predicate, Arc::clone(input))?))
        }
        None => Arc::clone(input),
    })
}

/// The aggregate that a window function computes over its frame, as a call over a group.
pub(crate) fn over_group(call: &WindowFunction) -> Option<Expr> {
    let WindowFunctionDefinition::AggregateUDF(func) = &call.fun else { return None };
    let params = &call.params;
    Some(Expr::AggregateFunction(AggregateFunction::new_udf(
        Arc::clone(func),
        params.args.clone(),
        params.distinct,
        params.filter.clone(),
        Vec::new(),
        params.null_treatment,
    )))
}

/// Whether computing the arguments or the FILTER of a call, or a plain expression, can fail.
pub(crate) fn is_fallible_input(expr: &Expr, schema: &DFSchema) -> bool {
    match call(expr) {
        Some(call) => {
            let filter = call.params.filter.as_deref();
            call.params.args.iter().chain(filter).any(|expr| is_fallible(expr, schema))
        }
        None => is_fallible(expr, schema),
    }
}

/// As [`is_order_blind`], of the function of this name.
pub(crate) fn is_order_blind_function(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "sum"
            | "avg"
            | "min"
            | "max"
            | "bool_and"
            | "bool_or"
            | "bit_and"
            | "bit_or"
            | "bit_xor"
            | "var"
            | "var_pop"
            | "stddev"
            | "stddev_pop"
    )
}
