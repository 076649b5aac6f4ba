//! Casts that change nothing are dropped: to the type that an expression has, through a wider
//! type on the way to another, and on both sides of a comparison.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
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

fn is_comparison(op: Operator) -> bool {
    use Operator::*;
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}
