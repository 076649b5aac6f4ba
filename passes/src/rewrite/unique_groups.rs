//! An aggregate whose groups are single rows is a projection.
//!
//! Where the keys hold a unique set of the input, every row is a group of its own: a sum is
//! the value, in the sum's type, a count is one, or none for NULL. The same holds without keys
//! for an input that always has exactly one row, and for windows whose partitions are single
//! rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{
    Aggregate, Case, Expr, ExprSchemable, LogicalPlan, Projection, Window, WindowFrameBound,
    WindowFunctionDefinition,
};

use crate::PassContext;
use crate::grouping::{Defined, Grouping, aliased, is_count_star, over_group, restored};
use crate::property::cardinality::cardinality;
use crate::property::is_volatile;
use crate::property::keys::unique_within;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::Aggregate(aggregate) => match projection(aggregate, cx)? {
            Some(plan) => Ok(Transformed::yes(LogicalPlan::Projection(plan))),
            None => Ok(Transformed::no(node)),
        },
        LogicalPlan::Window(window) => match window_of_rows(window, cx)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(node)),
        },
        _ => Ok(Transformed::no(node)),
    })
}

/// A window without the functions whose partitions are single rows.
fn window_of_rows(window: &Window, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let schema = window.input.schema();
    let first = window.schema.fields().len() - window.window_expr.len();
    let columns = window.schema.columns().into_iter().skip(first);
    let fields = window.schema.fields().iter().skip(first);
    let mut map = HashMap::new();
    let mut rest = Vec::new();
    for ((expr, column), field) in window.window_expr.iter().zip(columns).zip(fields) {
        let value = match expr.clone().unalias_nested().data {
            Expr::WindowFunction(call) if !call.params.partition_by.is_empty() => {
                match value_of_row(&call, field.data_type(), schema)? {
                    Some(value) => partition_of_row(&call, &window.input, cx).then_some(value),
                    None => None,
                }
            }
            _ => None,
        };
        match value {
            Some(value) => {
                map.insert(column, value);
            }
            None => rest.push(expr.clone()),
        }
    }
    if map.is_empty() {
        return Ok(None);
    }
    let input = Arc::clone(&window.input);
    let plan = if rest.is_empty() {
        Arc::unwrap_or_clone(input)
    } else {
        LogicalPlan::Window(Window::try_new(rest, input)?)
    };
    restored(plan, &window.schema, &map).map(Some)
}

/// Whether the partitions are single rows.
fn partition_of_row(call: &WindowFunction, input: &LogicalPlan, cx: &PassContext) -> bool {
    let columns = call.params.partition_by.iter().filter_map(|key| key.try_as_col());
    let ordinals: BTreeSet<usize> =
        columns.filter_map(|column| input.schema().maybe_index_of_column(column)).collect();
    unique_within(input, &ordinals).is_some_and(|unique| {
        unique.rely(cx);
        true
    })
}

/// What a window function gives for a partition of one row, which its frame must hold.
fn value_of_row(
    call: &WindowFunction,
    data_type: &DataType,
    schema: &DFSchema,
) -> Result<Option<Expr>> {
    let params = &call.params;
    let frame = &params.window_frame;
    let holds = !matches!(frame.start_bound, WindowFrameBound::Following(_))
        && !matches!(frame.end_bound, WindowFrameBound::Preceding(_));
    let volatile = is_volatile(&Expr::WindowFunction(Box::new(call.clone())));
    if volatile || params.null_treatment.is_some() {
        return Ok(None);
    }
    match &call.fun {
        WindowFunctionDefinition::AggregateUDF(_) if holds && params.order_by.len() < 2 => {
            match over_group(call) {
                Some(call) => of_one_row(&call, data_type, schema),
                None => Ok(None),
            }
        }
        WindowFunctionDefinition::WindowUDF(func)
            if matches!(func.name(), "row_number" | "rank" | "dense_rank") =>
        {
            let one = ScalarValue::UInt64(Some(1)).cast_to(data_type)?;
            Ok(Some(Expr::Literal(one, None)))
        }
        _ => Ok(None),
    }
}

fn projection(aggregate: &Aggregate, cx: &PassContext) -> Result<Option<Projection>> {
    let Some(grouping) = Grouping::of(aggregate) else { return Ok(None) };
    if grouping.keys.iter().chain(&grouping.calls).any(|d| is_volatile(&d.expr)) {
        return Ok(None);
    }
    let schema = grouping.input.schema();
    let mut exprs = Vec::new();
    for Defined { column, expr } in &grouping.keys {
        exprs.push(aliased(expr.clone(), column));
    }
    for (Defined { column, expr }, field) in
        grouping.calls.iter().zip(aggregate.schema.fields().iter().skip(grouping.keys.len()))
    {
        match of_one_row(expr, field.data_type(), schema)? {
            Some(value) => exprs.push(aliased(value, column)),
            None => return Ok(None),
        }
    }
    if grouping.keys.is_empty() {
        if !cardinality(&grouping.input).is_one() {
            return Ok(None);
        }
    } else {
        let columns = grouping.keys.iter().filter_map(|key| key.expr.try_as_col());
        let ordinals: BTreeSet<usize> =
            columns.filter_map(|column| schema.maybe_index_of_column(column)).collect();
        match unique_within(&grouping.input, &ordinals) {
            Some(unique) => unique.rely(cx),
            None => return Ok(None),
        }
    }
    Projection::try_new(exprs, Arc::clone(&grouping.input)).map(Some)
}

/// What a call gives for one row.
fn of_one_row(expr: &Expr, data_type: &DataType, schema: &DFSchema) -> Result<Option<Expr>> {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else {
        return Ok(None);
    };
    let [arg] = params.args.as_slice() else { return Ok(None) };
    let literal = |value| Box::new(Expr::Literal(ScalarValue::Int64(Some(value)), None));
    let filter = params.filter.clone();
    let value = match func.name() {
        "count" => {
            let there = Box::new(Expr::IsNotNull(Box::new(arg.clone())));
            let counts = match (filter, is_count_star(expr)) {
                (None, true) => return Ok(Some(*literal(1))),
                (Some(filter), true) => filter,
                (Some(filter), false) => {
                    let there = there.as_ref().clone();
                    Box::new(datafusion::logical_expr::and(*filter, there))
                }
                (None, false) => there,
            };
            let otherwise = Some(literal(0));
            return Ok(Some(Expr::Case(Case::new(None, vec![(counts, literal(1))], otherwise))));
        }
        // The sum of -0.0 is 0.0.
        "sum" | "avg" if data_type.is_floating() => return Ok(None),
        "sum" | "min" | "max" | "bool_and" | "bool_or" => arg.clone(),
        "avg" if *data_type == arg.get_type(schema)? => arg.clone(),
        _ => return Ok(None),
    };
    let value = if *data_type == value.get_type(schema)? {
        value
    } else {
        value.cast_to(data_type, schema)?
    };
    Ok(Some(match filter {
        Some(filter) => Expr::Case(Case::new(None, vec![(filter, Box::new(value))], None)),
        None => value,
    }))
}
