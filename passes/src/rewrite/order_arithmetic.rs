//! Arithmetic in one order.
//!
//! Signed integers wrap in DataFusion, so `+ - *` on them obey every law of a ring, overflow
//! included: sums are written as terms with their coefficients, `2 * a + b - 3`, factors in
//! order. A constant beside an equality goes to the other side (`a + 1 = 5` is `a = 4`); beside
//! `<` it must stay, because a sum that wraps is out of order. A term that cancels itself out
//! must not be NULL, or everything stays.
//!
//! Of decimals and floats only the two operands of one `+` or `*` change places: another
//! grouping would change scale, rounding or overflow.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::rank;
use crate::property::is_volatile;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        if !expr.exists(|expr| Ok(is_arithmetic(expr)))? || is_volatile(&expr) {
            return Ok(Transformed::no(expr));
        }
        let before = expr.clone();
        let after = order(expr, place)?;
        let changed = after != before;
        Ok(Transformed::new_transformed(after, changed))
    })
}

fn is_arithmetic(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => {
            matches!(binary.op, Operator::Plus | Operator::Minus | Operator::Multiply)
        }
        Expr::Negative(_) => true,
        _ => false,
    }
}

fn order(expr: Expr, place: &Place) -> Result<Expr> {
    let expr = if is_arithmetic(&expr) {
        match bits(&expr, place) {
            Some(bits) => return ring(expr, bits, place),
            None => expr.map_children(|child| Ok(Transformed::yes(order(child, place)?))).data()?,
        }
    } else {
        expr.map_children(|child| Ok(Transformed::yes(order(child, place)?))).data()?
    };
    match expr {
        Expr::BinaryExpr(binary) if matches!(binary.op, Operator::Plus | Operator::Multiply) => {
            Ok(Expr::BinaryExpr(commute(binary, place)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_equality(op) => {
            Ok(solve(left, op, right, place))
        }
        other => Ok(other),
    }
}

fn is_equality(op: Operator) -> bool {
    use Operator::*;
    matches!(op, Eq | NotEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// The width of a signed integer expression all of whose operands have its type.
fn bits(expr: &Expr, place: &Place) -> Option<u32> {
    let width = |expr: &Expr| match expr.get_type(place.schema().as_ref()).ok()? {
        DataType::Int8 => Some(8),
        DataType::Int16 => Some(16),
        DataType::Int32 => Some(32),
        DataType::Int64 => Some(64),
        _ => None,
    };
    match expr {
        Expr::BinaryExpr(binary) => {
            let left = width(&binary.left)?;
            (width(&binary.right)? == left).then_some(left)
        }
        expr => width(expr),
    }
}

fn commute(binary: BinaryExpr, place: &Place) -> BinaryExpr {
    let type_of = |expr: &Expr| expr.get_type(place.schema().as_ref()).ok();
    let number = |expr: &Expr| type_of(expr).is_some_and(|t| t.is_floating() || t.is_decimal());
    let BinaryExpr { left, op, right } = binary;
    let literal = |expr: &Expr| matches!(expr, Expr::Literal(..));
    let turn = !literal(&right) && number(&left) && number(&right) && {
        literal(&left) || rank(&right, place.schema()) < rank(&left, place.schema())
    };
    let (left, right) = if turn { (right, left) } else { (left, right) };
    BinaryExpr { left, op, right }
}

/// Terms with their coefficients, and a constant.
#[derive(Default)]
struct Sum {
    terms: Vec<(Expr, i128)>,
    constant: i128,
}

impl Sum {
    fn add(&mut self, other: Sum, factor: i128, bits: u32) {
        self.constant = wrap(self.constant + wrap(other.constant * factor, bits), bits);
        for (term, count) in other.terms {
            let count = wrap(count * factor, bits);
            match self.terms.iter_mut().find(|(known, _)| *known == term) {
                Some((_, total)) => *total = wrap(*total + count, bits),
                None => self.terms.push((term, count)),
            }
        }
    }
}

/// The number modulo 2^bits, as a signed integer of that width.
fn wrap(number: i128, bits: u32) -> i128 {
    let shift = 128 - bits;
    (number << shift) >> shift
}

fn number(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Literal(ScalarValue::Int8(Some(v)), None) => Some((*v).into()),
        Expr::Literal(ScalarValue::Int16(Some(v)), None) => Some((*v).into()),
        Expr::Literal(ScalarValue::Int32(Some(v)), None) => Some((*v).into()),
        Expr::Literal(ScalarValue::Int64(Some(v)), None) => Some((*v).into()),
        _ => None,
    }
}

fn literal(number: i128, bits: u32) -> Expr {
    // Numbers are wrapped to the width, so these do not truncate.
    let value = match bits {
        8 => ScalarValue::Int8(Some(number as i8)),
        16 => ScalarValue::Int16(Some(number as i16)),
        32 => ScalarValue::Int32(Some(number as i32)),
        _ => ScalarValue::Int64(Some(number as i64)),
    };
    Expr::Literal(value, None)
}

fn ring(expr: Expr, bits: u32, place: &Place) -> Result<Expr> {
    let sum = sum(expr.clone(), bits, place)?;
    let cancelled = |(term, count): &(Expr, i128)| *count == 0 && place.is_nullable(term);
    if sum.terms.iter().any(cancelled) {
        return expr.map_children(|child| Ok(Transformed::yes(order(child, place)?))).data();
    }
    Ok(written(sum, bits, place))
}

fn sum(expr: Expr, bits: u32, place: &Place) -> Result<Sum> {
    if let Some(constant) = number(&expr) {
        return Ok(Sum { terms: Vec::new(), constant });
    }
    match expr {
        Expr::Alias(alias) => sum(*alias.expr, bits, place),
        Expr::Negative(inner) => {
            let mut total = Sum::default();
            total.add(sum(*inner, bits, place)?, -1, bits);
            Ok(total)
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Plus | Operator::Minus),
            right,
        }) => {
            let mut total = sum(*left, bits, place)?;
            let factor = if op == Operator::Plus { 1 } else { -1 };
            total.add(sum(*right, bits, place)?, factor, bits);
            Ok(total)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            product(sum(*left, bits, place)?, sum(*right, bits, place)?, bits, place)
        }
        other => Ok(Sum { terms: vec![(order(other, place)?, 1)], constant: 0 }),
    }
}

fn product(left: Sum, right: Sum, bits: u32, place: &Place) -> Result<Sum> {
    let mut total = Sum::default();
    match (left.terms.is_empty(), right.terms.is_empty()) {
        (true, _) => total.add(right, left.constant, bits),
        (_, true) => total.add(left, right.constant, bits),
        _ => {
            let mut factors = Vec::new();
            let mut count = 1;
            for side in [left, right] {
                let single = side.constant == 0 && side.terms.len() == 1;
                match side.terms.as_slice() {
                    // The factors of a product, and its coefficient.
                    [(term, times)] if single => {
                        count = wrap(count * times, bits);
                        factors.extend(factors_of(term));
                    }
                    _ => factors.push(written(side, bits, place)),
                }
            }
            factors.sort_by_cached_key(|factor| rank(factor, place.schema()));
            let times = |left: Expr, right| {
                Expr::BinaryExpr(BinaryExpr::new(
                    Box::new(left),
                    Operator::Multiply,
                    Box::new(right),
                ))
            };
            if let Some(term) = factors.into_iter().reduce(times) {
                total.terms.push((term, count));
            }
        }
    }
    Ok(total)
}

fn factors_of(term: &Expr) -> Vec<Expr> {
    match term {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            let mut factors = factors_of(left);
            factors.extend(factors_of(right));
            factors
        }
        other => vec![other.clone()],
    }
}

/// Positive terms in order, then negative ones, then the constant.
fn written(sum: Sum, bits: u32, place: &Place) -> Expr {
    let Sum { mut terms, mut constant } = sum;
    terms.retain(|(_, count)| *count != 0);
    terms.sort_by_cached_key(|(term, _)| rank(term, place.schema()));
    let least = -(1i128 << (bits - 1));
    // The smallest number has no opposite.
    let (negative, positive): (Vec<_>, Vec<_>) =
        terms.into_iter().partition(|(_, count)| *count < 0 && *count != least);
    let binary = |left: Expr, op, right: Expr| {
        Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
    };
    let times = |term: Expr, count: i128| match count {
        1 => term,
        count => binary(term, Operator::Multiply, literal(count, bits)),
    };
    let positive = positive.into_iter().map(|(term, count)| times(term, count));
    let mut written = positive.reduce(|left, right| binary(left, Operator::Plus, right));
    for (term, count) in negative {
        written = Some(match written {
            Some(left) => binary(left, Operator::Minus, times(term, -count)),
            None if constant != 0 => {
                let left = literal(std::mem::take(&mut constant), bits);
                binary(left, Operator::Minus, times(term, -count))
            }
            None if count == -1 => Expr::Negative(Box::new(term)),
            None => times(term, count),
        });
    }
    match written {
        None => literal(constant, bits),
        Some(written) if constant == 0 => written,
        Some(written) if constant < 0 && constant != least => {
            binary(written, Operator::Minus, literal(-constant, bits))
        }
        Some(written) => binary(written, Operator::Plus, literal(constant, bits)),
    }
}

/// `a + 1 = 5` is `a = 4`, `-a = 5` is `a = -5`: both sides wrap alike.
fn solve(left: Box<Expr>, op: Operator, right: Box<Expr>, place: &Place) -> Expr {
    let as_it_is = |left, right| Expr::BinaryExpr(BinaryExpr { left, op, right });
    let (Some(value), true) = (number(&right), is_arithmetic(&left)) else {
        return as_it_is(left, right);
    };
    let Some(bits) = bits(&left, place) else { return as_it_is(left, right) };
    let Ok(mut sum) = sum(left.as_ref().clone(), bits, place) else {
        return as_it_is(left, right);
    };
    if sum.terms.is_empty() || sum.terms.iter().any(|(_, count)| *count == 0) {
        return as_it_is(left, right);
    }
    let mut value = wrap(value - std::mem::take(&mut sum.constant), bits);
    if sum.terms.iter().all(|(_, count)| *count < 0) {
        value = wrap(-value, bits);
        for (_, count) in &mut sum.terms {
            *count = wrap(-*count, bits);
        }
    }
    as_it_is(Box::new(written(sum, bits, place)), Box::new(literal(value, bits)))
}
