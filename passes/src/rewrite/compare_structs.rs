//! Pairs are equal where their parts are.
//!
//! `(a, b) = (c, d)` compares structs, in which NULL equals NULL and whose comparison is never
//! NULL: it is `a IS NOT DISTINCT FROM c AND b IS NOT DISTINCT FROM d`. An `IN` list of pairs is
//! a chain of such. Floats are left alone, since structs compare zeros by their sign.

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Cast, InList};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator, binary_expr};

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::{chain, negate};
use crate::property::{is_exact_equality, is_volatile};

/// Longer lists stay lists.
const MOST_LISTED: usize = 32;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        expr.transform_up(|expr| match by_parts(&expr, place) {
            Some(new) => Ok(Transformed::yes(new)),
            None => Ok(Transformed::no(expr)),
        })
    })
}

fn by_parts(expr: &Expr, place: &Place) -> Option<Expr> {
    use Operator::*;
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Eq | NotEq | IsDistinctFrom | IsNotDistinctFrom) =>
        {
            let equal = equal(left, right, place)?;
            let negated = matches!(op, NotEq | IsDistinctFrom);
            Some(if negated { negate(equal) } else { equal })
        }
        Expr::InList(InList { expr, list, negated }) if list.len() <= MOST_LISTED => {
            let each = list.iter().map(|item| equal(expr, item, place));
            let found = chain(Or, each.collect::<Option<Vec<_>>>()?);
            Some(if *negated { negate(found) } else { found })
        }
        _ => None,
    }
}

fn equal(left: &Expr, right: &Expr, place: &Place) -> Option<Expr> {
    let (left, right) = (parts(left)?, parts(right)?);
    if left.len() != right.len() || left.iter().chain(&right).any(is_volatile) {
        return None;
    }
    let pairs = left.into_iter().zip(right).map(|(left, right)| {
        let types = [&left, &right].map(|part| part.get_type(place.schema().as_ref()).ok());
        let [Some(a), Some(b)] = types else { return None };
        (a == b && is_exact_equality(&a))
            .then(|| binary_expr(left, Operator::IsNotDistinctFrom, right))
    });
    let pairs = pairs.collect::<Option<Vec<_>>>()?;
    (!pairs.is_empty()).then(|| chain(Operator::And, pairs))
}

/// Whether the fields are named by their places.
fn is_numbered(fields: &Fields) -> bool {
    fields.iter().enumerate().all(|(at, field)| *field.name() == format!("c{at}"))
}

/// Whether a struct was made without names of its own.
fn is_unnamed(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_unnamed(&alias.expr),
        Expr::ScalarFunction(call) => call.func.name() == "struct",
        Expr::Literal(ScalarValue::Struct(value), _) => is_numbered(value.fields()),
        Expr::Cast(cast) => is_unnamed(&cast.expr),
        _ => false,
    }
}

/// The fields of a struct that stands in the query.
fn parts(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Alias(alias) => parts(&alias.expr),
        Expr::ScalarFunction(call) if call.func.name() == "struct" => Some(call.args.clone()),
        Expr::ScalarFunction(call) if call.func.name() == "named_struct" => {
            Some(call.args.iter().skip(1).step_by(2).cloned().collect())
        }
        Expr::Literal(ScalarValue::Struct(value), _) if value.len() == 1 && value.is_valid(0) => {
            let fields = value.columns().iter();
            let fields = fields.map(|column| ScalarValue::try_from_array(column, 0).ok());
            fields.map(|value| Some(Expr::Literal(value?, None))).collect()
        }
        Expr::Cast(cast) => {
            let DataType::Struct(fields) = cast.field.data_type() else { return None };
            let parts = parts(&cast.expr)?;
            if parts.len() != fields.len() || !cast.field.metadata().is_empty() {
                return None;
            }
            // Fields are cast by their names, so that other names may change places.
            if !is_numbered(fields) || !is_unnamed(&cast.expr) {
                return None;
            }
            let parts = parts.into_iter().zip(fields).map(|(part, field)| {
                Expr::Cast(Cast::new(Box::new(part), field.data_type().clone()))
            });
            Some(parts.collect())
        }
        _ => None,
    }
}
