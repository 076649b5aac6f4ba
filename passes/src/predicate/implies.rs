//! Which predicate follows from which, and which exclude each other.
//!
//! Both speak of TRUE only: `implies(p, q)` says that q is TRUE on every row where p is. They
//! are for conditions, where NULL counts as FALSE.

use std::collections::HashSet;

use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, Operator};

use super::{Range, connective, negate, operands_of};
use crate::property::{is_volatile, rejects_null};

/// What decides: the columns' types.
#[derive(Clone, Copy)]
pub(crate) struct Logic<'a> {
    pub(crate) schema: &'a DFSchema,
}

/// Whether `q` is TRUE wherever `p` is. Neither may be volatile.
pub(crate) fn implies(p: &Expr, q: &Expr, logic: Logic) -> bool {
    if p == q {
        return true;
    }
    if let (Some(p), Some(q)) = (Range::of(p, logic.schema), Range::of(q, logic.schema))
        && p.operand == q.operand
    {
        return p.is_within(&q);
    }
    match (connective(p), connective(q)) {
        (_, Some(Operator::And)) => {
            operands_of(q, Operator::And).iter().all(|q| implies(p, q, logic))
        }
        (Some(Operator::Or), _) => {
            operands_of(p, Operator::Or).iter().all(|p| implies(p, q, logic))
        }
        (Some(Operator::And), _)
            if operands_of(p, Operator::And).iter().any(|p| implies(p, q, logic)) =>
        {
            true
        }
        (_, Some(Operator::Or)) => {
            operands_of(q, Operator::Or).iter().any(|q| implies(p, q, logic))
        }
        _ => match q {
            Expr::IsNotNull(operand) => needs(p, operand),
            _ => false,
        },
    }
}

/// Whether `p` and `q` cannot both be TRUE. Neither may be volatile.
pub(crate) fn contradicts(p: &Expr, q: &Expr, logic: Logic) -> bool {
    if let (Some(p), Some(q)) = (Range::of(p, logic.schema), Range::of(q, logic.schema))
        && p.operand == q.operand
    {
        return p.is_apart(&q);
    }
    match (connective(p), connective(q)) {
        (Some(Operator::Or), _) => {
            operands_of(p, Operator::Or).iter().all(|p| contradicts(p, q, logic))
        }
        (_, Some(Operator::Or)) => {
            operands_of(q, Operator::Or).iter().all(|q| contradicts(p, q, logic))
        }
        (Some(Operator::And), _) => {
            operands_of(p, Operator::And).iter().any(|p| contradicts(p, q, logic))
        }
        (_, Some(Operator::And)) => {
            operands_of(q, Operator::And).iter().any(|q| contradicts(p, q, logic))
        }
        _ => {
            let null = |null: &Expr, other: &Expr| match null {
                Expr::IsNull(operand) => needs(other, operand),
                _ => false,
            };
            null(p, q) || null(q, p) || (!is_volatile(p) && negate(p.clone()) == *q)
        }
    }
}

/// Whether the predicate is not TRUE where the operand is NULL.
fn needs(predicate: &Expr, operand: &Expr) -> bool {
    if let Expr::Column(column) = operand {
        return rejects_null(predicate, &HashSet::from([Column::clone(column)]));
    }
    match predicate {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
            *binary.left == *operand || *binary.right == *operand
        }
        Expr::InList(within) => *within.expr == *operand,
        Expr::Like(like) => *like.expr == *operand,
        Expr::IsNotNull(inner) => **inner == *operand,
        _ => false,
    }
}

fn is_comparison(op: Operator) -> bool {
    use Operator::*;
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}
