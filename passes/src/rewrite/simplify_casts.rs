//! Casts that change nothing are dropped: to the type that an expression has, through a wider
//! type on the way to another, and on both sides of a comparison.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Cast};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::property::is_lossless_cast;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| expr.transform_up(|expr| simplify(expr, place)))
}

fn simplify(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    match expr {
        Expr::Cast(cast) if cast.field.metadata().is_empty() => cast_of(cast, place),
        Expr::TryCast(cast)
            if cast.field.metadata().is_empty()
                && !cast.field.data_type().is_nested()
                && type_of(&cast.expr, place).as_ref() == Some(cast.field.data_type()) =>
        {
            Ok(Transformed::yes(*cast.expr))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            Ok(compared(*left, op, *right, place))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn type_of(expr: &Expr, place: &Place) -> Option<DataType> {
    expr.get_type(place.schema().as_ref()).ok()
}

fn cast_of(cast: Cast, place: &Place) -> Result<Transformed<Expr>> {
    let to = cast.field.data_type();
    let from = type_of(&cast.expr, place);
    if from.as_ref() == Some(to) && !to.is_nested() {
        return Ok(Transformed::yes(*cast.expr));
    }
    // A number that takes a wider exact type on its way is the same number when it arrives.
    if let Expr::Cast(inner) = cast.expr.as_ref()
        && inner.field.metadata().is_empty()
        && let Some(first) = type_of(&inner.expr, place)
        && is_exact(&first)
        && is_exact(inner.field.data_type())
        && is_exact(to)
        && is_lossless_cast(&first, inner.field.data_type())
    {
        let cast = Cast { expr: inner.expr.clone(), field: cast.field };
        return Ok(Transformed::yes(Expr::Cast(cast)));
    }
    Ok(Transformed::no(Expr::Cast(cast)))
}

/// Integers and decimals.
fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_decimal()
}

/// `CAST(a AS T) < CAST(b AS T)` is `a < b` where both have one type that fits into T.
fn compared(left: Expr, op: Operator, right: Expr, place: &Place) -> Transformed<Expr> {
    if let Some(new) = whole(&left, op, &right, place) {
        return Transformed::yes(new);
    }
    let fits = match (&left, &right) {
        (Expr::Cast(a), Expr::Cast(b)) => {
            let (from, other) = (type_of(&a.expr, place), type_of(&b.expr, place));
            from == other
                && a.field.data_type() == b.field.data_type()
                && from.is_some_and(|from| is_lossless_cast(&from, a.field.data_type()))
        }
        _ => false,
    };
    match (left, right) {
        (Expr::Cast(a), Expr::Cast(b)) if fits => {
            Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(a.expr, op, b.expr)))
        }
        (left, right) => {
            Transformed::no(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
        }
    }
}

/// An integer cast to a fractional type and compared with a literal of that type.
fn whole(left: &Expr, op: Operator, right: &Expr, place: &Place) -> Option<Expr> {
    let (Expr::Cast(cast), Expr::Literal(value, _)) = (left, right) else {
        let swapped = matches!(left, Expr::Literal(..)).then(|| op.swap()).flatten()?;
        return match right {
            Expr::Cast(_) => whole(right, swapped, left, place),
            _ => None,
        };
    };
    let from = type_of(&cast.expr, place).filter(DataType::is_integer)?;
    let (low, high) = match value {
        // Integers up to here are floats of their own, and larger ones round to larger floats.
        ScalarValue::Float64(Some(v)) if v.abs() < 4_503_599_627_370_496.0 => {
            (v.floor() as i64, v.ceil() as i64)
        }
        ScalarValue::Decimal128(Some(v), _, scale)
            if is_lossless_cast(&from, cast.field.data_type()) =>
        {
            let unit = 10i128.checked_pow(u32::try_from(*scale).ok()?)?;
            let low = v.div_euclid(unit);
            let high = if v.rem_euclid(unit) == 0 { low } else { low + 1 };
            (i64::try_from(low).ok()?, i64::try_from(high).ok()?)
        }
        _ => return None,
    };
    let number = match op {
        Operator::Gt | Operator::LtEq => low,
        Operator::Lt | Operator::GtEq => high,
        Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
            if low == high =>
        {
            low
        }
        _ => return None,
    };
    let number = ScalarValue::Int64(Some(number)).cast_to(&from).ok().filter(|n| !n.is_null())?;
    let literal = Box::new(Expr::Literal(number, None));
    Some(Expr::BinaryExpr(BinaryExpr { left: cast.expr.clone(), op, right: literal }))
}

fn is_comparison(op: Operator) -> bool {
    use Operator::*;
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}
