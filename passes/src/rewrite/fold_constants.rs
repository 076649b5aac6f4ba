//! Constant folding and boolean identities, with no query start time.
//!
//! DataFusion's simplifier does the work, but not everywhere that it would:
//! - it writes an operand twice (`BETWEEN`, `CASE` of booleans), so what is volatile is kept
//!   from it;
//! - it turns a `CASE` of booleans into `AND` and `OR`, which evaluate both sides, so a `CASE`
//!   that guards an expression that can fail is kept from it;
//! - it takes a cast off a column that is compared with a literal even where the cast rounds
//!   (`CAST(d AS INT) = 5` becomes `d = 5.00`), so such casts are kept from it;
//! - it factors `OR`s by the order in which they are written, so chains of `AND` and `OR` are
//!   left to `normalize_conditions`;
//! - it makes an `IN` list of few floats equalities, which take -0.0 for 0.0 as the list does
//!   not, so such lists are kept from it;
//! - it takes aggregate functions apart, which is for a pass of its own to decide;
//! - it orders the sides of a comparison by the names of columns; planc orders them by place.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Cast, InList, TryCast};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::OptimizerConfig;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::connective;
use crate::property::{is_guard, is_lossless_cast};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, fold)
}

fn fold(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    if is_plain(&expr) {
        return Ok(Transformed::no(expr));
    }
    if must_stay(&expr, place)? {
        return expr.map_children(|child| fold(child, place));
    }
    let shielded = shield(expr, place)?;
    let context = SimplifyContext::builder()
        .with_schema(std::sync::Arc::clone(place.schema()))
        .with_config_options(place.cx.options())
        .with_query_execution_start_time(None)
        .build();
    let simplifier = ExprSimplifier::new(context).with_canonicalize(false);
    let before = shielded.data.clone();
    let after = simplifier.simplify(shielded.data)?;
    let changed = after != before;
    let after = if shielded.transformed { unshield(after)? } else { after };
    Ok(Transformed::new_transformed(after, changed))
}

/// Expressions in which nothing can be folded: most of them.
fn is_plain(expr: &Expr) -> bool {
    let atom = |expr: &Expr| {
        matches!(expr, Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::Literal(..))
    };
    let comparison = |op: Operator| {
        use Operator::*;
        matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
    };
    match expr {
        Expr::Alias(alias) => is_plain(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if comparison(*op) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(left), Expr::Column(right)) => left != right,
                (Expr::Column(_), Expr::Literal(value, _)) => {
                    !value.is_null() && value.data_type() != DataType::Boolean
                }
                _ => false,
            }
        }
        expr => atom(expr),
    }
}

/// Whether the simplifier must not see this expression as a whole.
fn must_stay(expr: &Expr, place: &Place) -> Result<bool> {
    if matches!(expr, Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::Not(_))
        || connective(expr).is_some()
    {
        return Ok(true);
    }
    expr.exists(|expr| {
        Ok(expr.is_volatile_node()
            || match expr {
                Expr::Case(case) => is_guard(case, place.schema()),
                Expr::InList(within) => {
                    let data_type = within.expr.get_type(place.schema().as_ref());
                    data_type.is_ok_and(|data_type| data_type.is_floating())
                }
                _ => false,
            })
    })
}

/// The name under which a cast is hidden from the simplifier.
const SHIELD: &str = "\u{1}as it stands";

/// Hides casts that change values where they are compared with literals.
fn shield(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    let hide = |operand, others: &[&Expr]| hidden(operand, others, place);
    expr.transform_up(|expr| match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
            let left = hide(left, &[&right]);
            let right = hide(right, &[&left.data]);
            let changed = left.transformed || right.transformed;
            let binary = BinaryExpr { left: left.data, op, right: right.data };
            Ok(Transformed::new_transformed(Expr::BinaryExpr(binary), changed))
        }
        Expr::InList(InList { expr, list, negated }) => {
            let expr = hide(expr, &list.iter().collect::<Vec<_>>());
            let within = InList { expr: expr.data, list, negated };
            Ok(Transformed::new_transformed(Expr::InList(within), expr.transformed))
        }
        other => Ok(Transformed::no(other)),
    })
}

/// The operand with the first of its casts hidden that changes values.
fn hidden(operand: Box<Expr>, literals: &[&Expr], place: &Place) -> Transformed<Box<Expr>> {
    if changes_values(&operand, literals, place) {
        return Transformed::yes(Box::new(operand.alias(SHIELD)));
    }
    match *operand {
        Expr::Cast(Cast { expr, field }) => hidden(expr, literals, place)
            .update_data(|expr| Box::new(Expr::Cast(Cast { expr, field }))),
        Expr::TryCast(TryCast { expr, field }) => hidden(expr, literals, place)
            .update_data(|expr| Box::new(Expr::TryCast(TryCast { expr, field }))),
        other => Transformed::no(Box::new(other)),
    }
}

fn unshield(expr: Expr) -> Result<Expr> {
    expr.transform_up(|expr| match expr {
        Expr::Alias(alias) if alias.name == SHIELD => Ok(Transformed::yes(*alias.expr)),
        other => Ok(Transformed::no(other)),
    })
    .data()
}

/// Whether `operand` is a cast that may make different values equal, or these literals are
/// finer than the type below the cast.
fn changes_values(operand: &Expr, literals: &[&Expr], place: &Place) -> bool {
    let (inner, to) = match operand {
        Expr::Cast(cast) => (&cast.expr, cast.field.data_type()),
        Expr::TryCast(cast) => (&cast.expr, cast.field.data_type()),
        _ => return false,
    };
    if matches!(**inner, Expr::Literal(..)) {
        return false;
    }
    let Ok(from) = inner.get_type(place.schema().as_ref()) else { return true };
    let text = matches!(to, DataType::Utf8) && from.is_integer();
    let same = |literal: &&Expr| match literal {
        Expr::Literal(value, _) => comes_back(value, &from),
        _ => false,
    };
    let times = match (&from, to) {
        (DataType::Timestamp(from, a), DataType::Timestamp(to, b)) => {
            a == b && to >= from && literals.iter().all(same)
        }
        _ => false,
    };
    !(text || times || is_lossless_cast(&from, to))
}

/// Whether a literal survives the way to another type and back.
fn comes_back(value: &ScalarValue, to: &DataType) -> bool {
    let there = value.cast_to(to);
    there.and_then(|there| there.cast_to(&value.data_type())).is_ok_and(|back| back == *value)
}
