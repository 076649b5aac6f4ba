//! The algebra of predicates: negation, sets of values, implication, order.

mod implies;
mod negate;
mod order;
mod range;
mod values;

use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

pub(crate) use implies::{Logic, contradicts, implies};
pub(crate) use negate::negate;
pub(crate) use order::rank;
pub(crate) use range::Range;

/// The operands of a chain of `AND` or `OR`, from left to right.
pub(crate) fn operands(expr: Expr, op: Operator) -> Vec<Expr> {
    let mut found = Vec::new();
    // A loop down the left side: chains are built that way, and can be long.
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::BinaryExpr(binary) if binary.op == op => {
                pending.push(*binary.right);
                pending.push(*binary.left);
            }
            Expr::Alias(alias) => pending.push(*alias.expr),
            other => found.push(other),
        }
    }
    found
}

/// The operands of a chain, by reference.
pub(crate) fn operands_of(expr: &Expr, op: Operator) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::BinaryExpr(binary) if binary.op == op => {
                pending.push(&binary.right);
                pending.push(&binary.left);
            }
            Expr::Alias(alias) => pending.push(&alias.expr),
            other => found.push(other),
        }
    }
    found
}

/// The operator of a chain of `AND` or `OR`.
pub(crate) fn connective(expr: &Expr) -> Option<Operator> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => Some(*op),
        _ => None,
    }
}

/// A chain of the operands, leaning to the left; none is the operator's neutral literal.
pub(crate) fn chain(op: Operator, operands: impl IntoIterator<Item = Expr>) -> Expr {
    let join = |left, right| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    let neutral = || datafusion::prelude::lit(op == Operator::And);
    operands.into_iter().reduce(join).unwrap_or_else(neutral)
}

/// The other of `AND` and `OR`.
pub(crate) fn dual(op: Operator) -> Operator {
    if op == Operator::And { Operator::Or } else { Operator::And }
}

#[cfg(test)]
mod tests;
