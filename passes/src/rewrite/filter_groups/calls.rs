//! Conditions on the results of calls that hold for rows.

use std::sync::Arc;

use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Filter, LogicalPlan, Operator, binary_expr,
};
use datafusion::prelude::lit;

use super::{filtered, movable};
use crate::PassContext;
use crate::grouping::{Defined, Grouping, is_count_star, plain_call, restored, strict_columns};
use crate::property::{is_exact_equality, known, rejects_null};

/// The groups without those that a condition on a call rejects, as far as it says something of
/// the rows.
pub(super) fn decided(
    filter: &Filter,
    grouping: &Grouping,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    if grouping.keys.is_empty() {
        return with_rows(filter, grouping, cx);
    }
    if let Some(plan) = extreme(filter, grouping)? {
        return Ok(Some(plan));
    }
    let Some((first, others)) = grouping.calls.split_first() else { return Ok(None) };
    // Rows that no call counts only keep groups alive that the condition rejects.
    let mut shared = strict_columns(&first.expr);
    for other in others {
        let own = strict_columns(&other.expr);
        shared.retain(|column| own.contains(column));
    }
    let rejects = |call: &Defined| {
        let null = std::iter::once(call.column.clone()).collect();
        let counts =
            matches!(&call.expr, Expr::AggregateFunction(call) if call.func.name() == "count");
        !counts && split_conjunction(&filter.predicate).iter().any(|part| rejects_null(part, &null))
    };
    if shared.is_empty() || !grouping.calls.iter().any(rejects) {
        return Ok(None);
    }
    let (schema, facts) = (grouping.input.schema(), known(&grouping.input));
    let open: Vec<Expr> = shared.into_iter().map(Expr::Column).collect();
    let open: Vec<Expr> =
        open.into_iter().filter(|column| facts.is_nullable(column, schema, cx)).collect();
    if open.is_empty() {
        return Ok(None);
    }
    let there = open.into_iter().map(|column| Expr::IsNotNull(Box::new(column)));
    let input = filtered(grouping.input.as_ref().clone(), there.collect())?;
    let plan = Grouping { input: Arc::new(input), ..grouping.clone() }.build()?;
    Ok(Some(LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new(plan))?)))
}

/// A literal that a column of the calls is compared with.
fn compared(conjunct: &Expr) -> Option<(&Column, Operator, &Expr)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = conjunct else { return None };
    match (left.as_ref(), right.as_ref()) {
        (Expr::Column(column), literal @ Expr::Literal(..)) => Some((column, *op, literal)),
        _ => None,
    }
}

/// Everything in a group of one call that is not above the bound does not count for the
/// greatest value, and without the rest there is no group.
fn extreme(filter: &Filter, grouping: &Grouping) -> Result<Option<LogicalPlan>> {
    let [called] = grouping.calls.as_slice() else { return Ok(None) };
    let Some((name, argument)) = plain_call(&called.expr) else { return Ok(None) };
    let schema = grouping.input.schema();
    let own = argument.get_type(schema.as_ref())?;
    let conjuncts = split_conjunction(&filter.predicate);
    let place = conjuncts.iter().position(|conjunct| {
        compared(conjunct).is_some_and(|(column, op, literal)| {
            let way = match op {
                Operator::Gt | Operator::GtEq => "max",
                Operator::Lt | Operator::LtEq => "min",
                _ => return false,
            };
            let typed = matches!(literal, Expr::Literal(value, _)
                if value.data_type() == own && !value.is_null());
            *column == called.column && way == name && typed
        })
    });
    let Some((_, op, literal)) = place.and_then(|at| conjuncts.get(at)).and_then(|c| compared(c))
    else {
        return Ok(None);
    };
    let condition = binary_expr(argument.clone(), op, literal.clone());
    if !is_exact_equality(&own) || !movable(&condition, schema.as_ref()) {
        return Ok(None);
    }
    let input = filtered(grouping.input.as_ref().clone(), vec![condition])?;
    let plan = Grouping { input: Arc::new(input), ..grouping.clone() }.build()?;
    let rest = conjuncts.iter().enumerate().filter(|(at, _)| Some(*at) != place);
    filtered(plan, rest.map(|(_, conjunct)| (*conjunct).clone()).collect()).map(Some)
}

/// An aggregate over everything, if there are rows, is one with a constant key.
fn with_rows(
    filter: &Filter,
    grouping: &Grouping,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    let counts = |column: &Column| {
        grouping.calls.iter().any(|call| call.column == *column && is_count_star(&call.expr))
    };
    let asks = |conjunct: &&Expr| {
        compared(conjunct).is_some_and(|(column, op, literal)| {
            let zero = matches!(literal, Expr::Literal(ScalarValue::Int64(Some(0)), _));
            counts(column) && op == Operator::Gt && zero
        })
    };
    let (asked, rest): (Vec<&Expr>, Vec<&Expr>) =
        split_conjunction(&filter.predicate).into_iter().partition(asks);
    if asked.is_empty() {
        return Ok(None);
    }
    let mut grouping = grouping.clone();
    grouping.keys.push(Defined { column: Column::from_name(cx.fresh()), expr: lit(true) });
    let mut plan = grouping.build()?;
    if let Some(predicate) = conjunction(rest.into_iter().cloned()) {
        plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?);
    }
    restored(plan, filter.input.schema(), &std::collections::HashMap::new()).map(Some)
}
