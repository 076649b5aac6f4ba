//! Rebuilds long chains of `AND`, `OR` and `UNION ALL` as shallow trees.
//!
//! The parser makes `a OR b OR c …` a tree as deep as the chain is long, and most walks over
//! syntax trees and plans recurse. The three operators are associative with bag semantics and
//! three-valued logic, so a balanced tree means the same. Short chains stay as they are.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Query, SetExpr, SetOperator, SetQuantifier, Spanned, Values, VisitMut,
    VisitorMut,
};
use sqlparser::tokenizer::Span as SqlSpan;

/// Chains of at most this many links are left alone.
const LONG: usize = 64;

/// Longer chains of other operators are refused: nothing shallow means the same.
const LONGEST: usize = 1_500;

/// Balances every long chain of a query.
///
/// # Errors
/// The place of a chain of another operator with too many links.
pub(crate) fn balance(query: &mut Query) -> Result<(), SqlSpan> {
    match query.visit(&mut Balance) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(place) => Err(place),
    }
}

struct Balance;

impl VisitorMut for Balance {
    type Break = SqlSpan;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlSpan> {
        if links(query.body.as_ref(), set_left) > LONG {
            let body = std::mem::replace(query.body.as_mut(), no_rows());
            *query.body = balanced_set(body);
            if links(query.body.as_ref(), set_left) > LONGEST {
                return ControlFlow::Break(
                    rightmost(query.body.as_ref(), set_left, set_right).span(),
                );
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlSpan> {
        if links(expr, expr_left) > LONG {
            let chain = std::mem::replace(expr, nothing());
            *expr = balanced_expr(chain);
            if links(expr, expr_left) > LONGEST {
                return ControlFlow::Break(rightmost(expr, expr_left, expr_right).span());
            }
        }
        ControlFlow::Continue(())
    }
}

fn links<T>(node: &T, left: fn(&T) -> Option<&T>) -> usize {
    std::iter::successors(Some(node), |node| left(node)).count()
}

/// The right operand of the deepest link that is still allowed: a small node near the fault.
fn rightmost<T>(node: &T, left: fn(&T) -> Option<&T>, right: fn(&T) -> Option<&T>) -> &T {
    right(node).or_else(|| left(node)).unwrap_or(node)
}

fn expr_left(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::BinaryOp { left, .. } => Some(left),
        _ => None,
    }
}

fn expr_right(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::BinaryOp { right, .. } => Some(right),
        _ => None,
    }
}

fn set_left(body: &SetExpr) -> Option<&SetExpr> {
    match body {
        SetExpr::SetOperation { left, .. } => Some(left),
        _ => None,
    }
}

fn set_right(body: &SetExpr) -> Option<&SetExpr> {
    match body {
        SetExpr::SetOperation { right, .. } => Some(right),
        _ => None,
    }
}

fn balanced_expr(chain: Expr) -> Expr {
    let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = &chain else {
        return chain;
    };
    let op = op.clone();
    let mut operands = Vec::new();
    let mut rest = chain;
    loop {
        match rest {
            Expr::BinaryOp { left, op: link, right } if link == op => {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                break;
            }
        }
    }
    operands.reverse();
    let join = |left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: op.clone(),
        right: Box::new(right),
    };
    halved(operands, &join).unwrap_or_else(nothing)
}

fn balanced_set(chain: SetExpr) -> SetExpr {
    let union_all = |op: &SetOperator, quantifier: &SetQuantifier| {
        matches!((op, quantifier), (SetOperator::Union, SetQuantifier::All))
    };
    let mut operands = Vec::new();
    let mut rest = chain;
    loop {
        match rest {
            SetExpr::SetOperation { left, op, set_quantifier, right }
                if union_all(&op, &set_quantifier) =>
            {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                break;
            }
        }
    }
    operands.reverse();
    let join = |left, right| SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(left),
        right: Box::new(right),
    };
    halved(operands, &join).unwrap_or_else(no_rows)
}

fn halved<T>(mut operands: Vec<T>, join: &dyn Fn(T, T) -> T) -> Option<T> {
    if operands.len() < 2 {
        return operands.pop();
    }
    let right = operands.split_off(operands.len() / 2);
    Some(join(halved(operands, join)?, halved(right, join)?))
}

fn nothing() -> Expr {
    Expr::Tuple(Vec::new())
}

fn no_rows() -> SetExpr {
    SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() })
}
