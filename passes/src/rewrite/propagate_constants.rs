//! A column that has one value is that value.
//!
//! Above a filter `a = 5`, and in the other operands of the same condition, `a` is written 5:
//! in projections, sort keys, arguments, conditions. Only for types in which equal values are
//! interchangeable, and only where the result cannot fail: `10 / (5 - a)` must not become a
//! constant that fails without any row. What ties a subquery to the query around it stays, for
//! decorrelation knows it by its columns.

use std::collections::HashMap;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::{chain, operands, operands_of};
use crate::property::{Known, is_fallible, is_volatile};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        if place.is_join_key || !expr.any_column_refs() {
            return Ok(Transformed::no(expr));
        }
        if place.is_condition {
            return condition(expr, place);
        }
        let constants = place.constants();
        if constants.is_empty() {
            return Ok(Transformed::no(expr));
        }
        replaced(expr, constants, place)
    })
}

/// The operands of a condition know each other's constants.
fn condition(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    if place.constants().is_empty()
        && !operands_of(&expr, Operator::And).into_iter().any(says_value)
    {
        return Ok(Transformed::no(expr));
    }
    let mut parts = operands(expr, Operator::And);
    let mut changed = false;
    for at in 0..parts.len() {
        let mut said = Known::default();
        for (_, other) in parts.iter().enumerate().filter(|(n, _)| *n != at) {
            if says_value(other) {
                said.assume(other, place.schema());
            }
        }
        let mut constants = said.constants;
        for (column, value) in place.constants() {
            constants.insert(column.clone(), value.clone());
        }
        if constants.is_empty() {
            continue;
        }
        let Some(part) = parts.get_mut(at) else { continue };
        let new = replaced(part.clone(), &constants, place)?;
        if new.transformed {
            changed = true;
            *part = new.data;
        }
    }
    Ok(Transformed::new_transformed(chain(Operator::And, parts), changed))
}

fn says_value(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            matches!(**left, Expr::Literal(..)) || matches!(**right, Expr::Literal(..))
        }
        Expr::Not(inner) => matches!(**inner, Expr::Column(_)),
        _ => false,
    }
}

fn replaced(
    expr: Expr,
    constants: &HashMap<Column, ScalarValue>,
    place: &Place,
) -> Result<Transformed<Expr>> {
    if !expr.column_refs().iter().any(|column| constants.contains_key(*column))
        || is_volatile(&expr)
        || expr.contains_outer()
    {
        return Ok(Transformed::no(expr));
    }
    let new = expr.clone().transform(|expr| match expr {
        Expr::Column(column) => Ok(match constants.get(&column) {
            Some(value) => Transformed::yes(Expr::Literal(value.clone(), None)),
            None => Transformed::no(Expr::Column(column)),
        }),
        other => Ok(Transformed::no(other)),
    });
    let new = new.data()?;
    if is_fallible(&new, place.schema().as_ref()) {
        return Ok(Transformed::no(expr));
    }
    Ok(Transformed::yes(new))
}
