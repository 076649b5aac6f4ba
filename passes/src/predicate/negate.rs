//! `NOT`, pushed to where it ends.
//!
//! All of this holds with NULL: de Morgan's laws do in three-valued logic, and a comparison
//! with NULL is NULL either way. Arrow compares floats by a total order, so that `NOT (a > b)`
//! is `a <= b` for NaN too.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{BinaryExpr, Case};
use datafusion::logical_expr::{Expr, Operator};

use super::dual;

/// The negation of a predicate, with `NOT` as deep as it goes.
pub(crate) fn negate(expr: Expr) -> Expr {
    match expr {
        Expr::Alias(alias) => negate(*alias.expr),
        Expr::Not(expr) => *expr,
        Expr::Literal(ScalarValue::Boolean(Some(value)), metadata) => {
            Expr::Literal(ScalarValue::Boolean(Some(!value)), metadata)
        }
        Expr::Literal(ScalarValue::Boolean(None), metadata) => {
            Expr::Literal(ScalarValue::Boolean(None), metadata)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let (left, right) = (negate(*left), negate(*right));
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), dual(op), Box::new(right)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op.negate() {
            Some(op) => Expr::BinaryExpr(BinaryExpr { left, op, right }),
            None => Expr::Not(Box::new(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
        },
        Expr::IsNull(expr) | Expr::IsUnknown(expr) => Expr::IsNotNull(expr),
        Expr::IsNotNull(expr) | Expr::IsNotUnknown(expr) => Expr::IsNull(expr),
        Expr::IsTrue(expr) => Expr::IsNotTrue(expr),
        Expr::IsNotTrue(expr) => Expr::IsTrue(expr),
        Expr::IsFalse(expr) => Expr::IsNotFalse(expr),
        Expr::IsNotFalse(expr) => Expr::IsFalse(expr),
        Expr::InList(mut within) => {
            within.negated = !within.negated;
            Expr::InList(within)
        }
        Expr::Between(mut between) => {
            between.negated = !between.negated;
            Expr::Between(between)
        }
        Expr::Like(mut like) => {
            like.negated = !like.negated;
            Expr::Like(like)
        }
        Expr::SimilarTo(mut like) => {
            like.negated = !like.negated;
            Expr::SimilarTo(like)
        }
        Expr::Exists(mut exists) => {
            exists.negated = !exists.negated;
            Expr::Exists(exists)
        }
        Expr::InSubquery(mut within) => {
            within.negated = !within.negated;
            Expr::InSubquery(within)
        }
        Expr::Case(case) if has_open_branch(&case) => {
            let negated = |branch: Box<Expr>| Box::new(negate(*branch));
            let Case { expr, when_then_expr, else_expr } = case;
            let branches = when_then_expr.into_iter();
            Expr::Case(Case {
                expr,
                when_then_expr: branches.map(|(when, then)| (when, negated(then))).collect(),
                else_expr: else_expr.map(negated),
            })
        }
        other => Expr::Not(Box::new(other)),
    }
}

/// Whether some branch is no literal. DataFusion writes a `CASE` of literals the way it likes.
fn has_open_branch(case: &Case) -> bool {
    let branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
    branches.into_iter().any(|branch| !matches!(**branch, Expr::Literal(..)))
}
