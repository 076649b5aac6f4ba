//! Sums of sums and of multiples.
//!
//! 64-bit integers wrap, so that a sum over rows is linear, overflow included: `sum(2 * a + 1)`
//! is `2 * sum(a) + count(a)`, the sum of a constant over everything a multiple of the count, and `sum(a + b)` is `sum(a) + sum(b)` where neither is NULL.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, BinaryExpr, Case};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, binary_expr};
use datafusion::prelude::lit;

use super::one;
use crate::PassContext;
use crate::grouping::{Defined, Grouping};
use crate::property::{Known, is_volatile};

/// `a * 2 + b - 3` as terms with factors, and a constant.
#[derive(Default)]
struct Linear {
    terms: Vec<(i64, Expr)>,
    constant: i64,
}

impl Linear {
    fn add(&mut self, expr: &Expr, factor: i64, schema: &DFSchema) {
        let integer = |expr: &Expr| expr.get_type(schema).is_ok_and(|t| t == DataType::Int64);
        match expr {
            Expr::Alias(alias) => self.add(&alias.expr, factor, schema),
            Expr::Literal(ScalarValue::Int64(Some(value)), _) => {
                self.constant = self.constant.wrapping_add(value.wrapping_mul(factor));
            }
            Expr::Negative(inner) => self.add(inner, factor.wrapping_neg(), schema),
            // The difference of two dates is an integer, too.
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if integer(left) && integer(right) => {
                match (left.as_ref(), op, right.as_ref()) {
                    (left, Operator::Plus, right) => {
                        self.add(left, factor, schema);
                        self.add(right, factor, schema);
                    }
                    (left, Operator::Minus, right) => {
                        self.add(left, factor, schema);
                        self.add(right, factor.wrapping_neg(), schema);
                    }
                    (other, Operator::Multiply, Expr::Literal(ScalarValue::Int64(Some(by)), _))
                    | (Expr::Literal(ScalarValue::Int64(Some(by)), _), Operator::Multiply, other) =>
                    {
                        self.add(other, factor.wrapping_mul(*by), schema);
                    }
                    _ => self.terms.push((factor, expr.clone())),
                }
            }
            _ => self.terms.push((factor, expr.clone())),
        }
    }
}

/// The calls of which a sum is a linear combination, and that.
pub(super) fn summed(
    call: &AggregateFunction,
    grouping: &Grouping,
    facts: &Known,
    cx: &PassContext,
) -> Result<Option<(Vec<Defined>, Expr)>> {
    let schema = grouping.input.schema();
    let params = &call.params;
    let [arg] = params.args.as_slice() else { return Ok(None) };
    let plain = call.func.name() == "sum" && !params.distinct && params.order_by.is_empty();
    let worth = matches!(arg, Expr::BinaryExpr(_) | Expr::Negative(_) | Expr::Literal(..));
    if !plain
        || !worth
        || is_volatile(arg)
        || params.filter.as_deref().is_some_and(is_volatile)
        || arg.get_type(schema.as_ref())? != DataType::Int64
    {
        return Ok(None);
    }
    let mut linear = Linear::default();
    linear.add(arg, 1, schema);
    let Linear { terms, constant } = linear;
    // A term that is NULL makes the whole NULL, and no other may be counted then.
    let mut nullable = terms.iter().filter(|(_, term)| facts.is_nullable(term, schema, cx));
    let whole = terms.len() == 1 || nullable.next().is_none();
    if terms.is_empty() && grouping.keys.is_empty() && constant != 0 {
        return Ok(Some(of_constant(call, constant, cx)));
    }
    let rows = !grouping.keys.is_empty() && params.filter.is_none();
    let idle = match terms.as_slice() {
        [] => !rows || constant == 1 || constant == 0,
        [(1, _)] => constant == 0,
        _ => terms.iter().any(|(factor, _)| *factor == 0),
    };
    if !whole || idle {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let mut total: Option<Expr> = None;
    let mut include = |expr: Expr, factor: i64, func| {
        let column = Column::from_name(cx.fresh());
        let mut call = call.clone();
        call.func = func;
        call.params.args = vec![expr];
        parts.push(Defined { column: column.clone(), expr: Expr::AggregateFunction(call) });
        let own = match factor {
            1 => Expr::Column(column),
            factor => binary_expr(Expr::Column(column), Operator::Multiply, lit(factor)),
        };
        let before = total.take();
        total = Some(match before {
            Some(before) => binary_expr(before, Operator::Plus, own),
            None => own,
        });
    };
    let counted = match terms.as_slice() {
        [(_, term)] => term.clone(),
        _ => one(),
    };
    for (factor, term) in terms {
        include(term, factor, std::sync::Arc::clone(&call.func));
    }
    if constant != 0 {
        include(counted, constant, count_udaf());
    }
    Ok(total.map(|total| (parts, total)))
}

/// The sum of a constant over all rows: a multiple of their number, or NULL where there are none.
fn of_constant(call: &AggregateFunction, constant: i64, cx: &PassContext) -> (Vec<Defined>, Expr) {
    let column = Column::from_name(cx.fresh());
    let mut call = call.clone();
    call.func = count_udaf();
    call.params.args = vec![one()];
    let own = Expr::Column(column.clone());
    let none = own.clone().eq(lit(0_i64));
    let some = match constant {
        1 => own,
        factor => binary_expr(own, Operator::Multiply, lit(factor)),
    };
    let null = Box::new(lit(ScalarValue::Int64(None)));
    let total = Case::new(None, vec![(Box::new(none), null)], Some(Box::new(some)));
    (vec![Defined { column, expr: Expr::AggregateFunction(call) }], Expr::Case(total))
}
