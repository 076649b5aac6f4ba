//! String and date functions in one spelling.
//!
//! `trim` is `ltrim` of `rtrim`; what is trimmed, upper or lower already stays so; `concat` and
//! `||` are flattened (they differ over NULL, so neither becomes the other where an operand
//! can be NULL); `left(s, n)` is `substr(s, 1, n)`; the parts that `extract` and `date_trunc`
//! name are written in lower case.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::{string, unicode};
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        expr.transform_up(|expr| match expr {
            Expr::ScalarFunction(call) => Ok(function(call, place)),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
                Ok(concatenation(*left, *right, place))
            }
            other => Ok(Transformed::no(other)),
        })
    })
}

fn call(func: Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction { func, args })
}

fn is_text(expr: &Expr, place: &Place) -> bool {
    matches!(expr.get_type(place.schema().as_ref()), Ok(DataType::Utf8))
}

fn function(ScalarFunction { func, mut args }: ScalarFunction, place: &Place) -> Transformed<Expr> {
    let name = func.name().to_owned();
    match (name.as_str(), args.as_mut_slice()) {
        ("date_part" | "date_trunc", [Expr::Literal(ScalarValue::Utf8(Some(part)), _), _]) => {
            let lower = part.to_lowercase();
            if *part == lower {
                return Transformed::no(call(func, args));
            }
            *part = lower;
            Transformed::yes(call(func, args))
        }
        ("upper" | "lower" | "btrim" | "ltrim" | "rtrim", [arg]) => match trimmed(&name, arg) {
            Some(new) => Transformed::yes(new),
            None => Transformed::no(call(func, args)),
        },
        ("btrim" | "ltrim" | "rtrim", [_, Expr::Literal(ScalarValue::Utf8(Some(set)), _)])
            if set == " " =>
        {
            args.truncate(1);
            Transformed::yes(call(func, args))
        }
        ("reverse", [Expr::ScalarFunction(inner)]) if inner.func.name() == "reverse" => {
            match inner.args.as_slice() {
                [arg] if is_text(arg, place) => Transformed::yes(arg.clone()),
                _ => Transformed::no(call(func, args)),
            }
        }
        ("left", [text, Expr::Literal(ScalarValue::Int64(Some(count)), _)])
            if *count >= 0 && is_text(text, place) =>
        {
            let args = vec![text.clone(), lit(1i64), lit(*count)];
            Transformed::yes(call(unicode::substr(), args))
        }
        ("substr", [text, Expr::Literal(ScalarValue::Int64(Some(start)), _)])
            if *start <= 1 && is_text(text, place) =>
        {
            Transformed::yes(text.clone())
        }
        ("concat", _) => {
            let nested = |arg: &Expr| matches!(arg, Expr::ScalarFunction(inner) if inner.func.name() == "concat");
            if !args.iter().any(nested) {
                return Transformed::no(call(func, args));
            }
            let flat = args.into_iter().flat_map(|arg| match arg {
                Expr::ScalarFunction(inner) if inner.func.name() == "concat" => inner.args,
                other => vec![other],
            });
            Transformed::yes(call(func, flat.collect()))
        }
        _ => Transformed::no(call(func, args)),
    }
}

/// A function of one string over another that has done the work, or half of it.
fn trimmed(outer: &str, arg: &Expr) -> Option<Expr> {
    let Expr::ScalarFunction(inner) = arg else { return None };
    let [innermost] = inner.args.as_slice() else { return None };
    match (outer, inner.func.name()) {
        (outer, inner) if outer == inner => Some(arg.clone()),
        ("ltrim" | "rtrim", "btrim") => Some(arg.clone()),
        ("btrim", "ltrim" | "rtrim") | ("ltrim", "rtrim") | ("rtrim", "ltrim") => {
            Some(call(string::btrim(), vec![innermost.clone()]))
        }
        _ => None,
    }
}

/// `a || (b || c)` leans to the left; without NULLs it is `concat`.
fn concatenation(left: Expr, right: Expr, place: &Place) -> Transformed<Expr> {
    let plain = |expr: &Expr| is_text(expr, place) && !place.is_nullable(expr);
    if plain(&left) && plain(&right) {
        return Transformed::yes(call(string::concat(), vec![left, right]));
    }
    let join = |left: Expr, right: Expr| {
        Expr::BinaryExpr(BinaryExpr::new(Box::new(left), Operator::StringConcat, Box::new(right)))
    };
    match right {
        Expr::BinaryExpr(inner) if inner.op == Operator::StringConcat => {
            Transformed::yes(join(join(left, *inner.left), *inner.right))
        }
        right => Transformed::no(join(left, right)),
    }
}
