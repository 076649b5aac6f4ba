//! Numbers, and dates with intervals.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, Operator};

use super::call::{Call, constant};
use super::scalar::binary_chain;
use super::{Lowering, cast, type_of};
use crate::substrait::fault::{Result, invalid, unsupported};
use crate::substrait::repair::Repair;

/// What DataFusion does where Substrait leaves a choice.
const DONE: &[(&str, &[&str])] = &[
    ("overflow", &["SILENT"]),
    ("rounding", &["TIE_TO_EVEN"]),
    ("on_domain_error", &["NAN", "NONE"]),
    ("on_division_by_zero", &["IEEE"]),
    ("division_type", &["TRUNCATE"]),
    ("on_log_zero", &["MINUS_INFINITY"]),
];

/// Halves are rounded away from zero.
const ROUNDED: &[(&str, &[&str])] = &[("rounding", &["TIE_AWAY_FROM_ZERO"])];

impl Lowering<'_> {
    pub(super) fn arithmetic(&mut self, call: &Call, schema: &DFSchema) -> Result<Option<Expr>> {
        let op = match call.name.as_str() {
            "add" | "+" => Some(Operator::Plus),
            "subtract" | "-" => Some(Operator::Minus),
            "multiply" | "*" => Some(Operator::Multiply),
            "divide" | "/" => Some(Operator::Divide),
            "modulus" | "modulo" | "%" => Some(Operator::Modulo),
            _ => None,
        };
        if let Some(op) = op {
            let args = call.all_values()?;
            if op == Operator::Minus
                && let [arg] = args.as_slice()
            {
                return Ok(Some(Expr::Negative(Box::new(arg.clone()))));
            }
            return self.operator(op, args, call, schema).map(Some);
        }
        let name = match call.name.as_str() {
            "negate" | "abs" | "sqrt" | "exp" | "ln" | "log10" | "log2" | "ceil" | "floor"
            | "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "atan2" | "sinh" | "cosh"
            | "tanh" | "radians" | "degrees" | "power" => call.name.as_str(),
            "sign" => "signum",
            "logb" => "log",
            "round" => "round",
            "bitwise_and" | "bitwise_or" | "bitwise_xor" => {
                let op = match call.name.as_str() {
                    "bitwise_and" => Operator::BitwiseAnd,
                    "bitwise_or" => Operator::BitwiseOr,
                    _ => Operator::BitwiseXor,
                };
                call.only_options(&[])?;
                return binary_chain(op, call.all_values()?, call).map(Some);
            }
            _ => return Ok(None),
        };
        call.only_options(if name == "round" { ROUNDED } else { DONE })?;
        let mut args = call.all_values()?;
        for arg in &args {
            let found = type_of(arg, schema)?;
            if !found.is_numeric() && !found.is_null() {
                return Err(call.unknown());
            }
        }
        let floats = call.wanted.as_ref().is_some_and(DataType::is_floating);
        let expr = match (name, args.len()) {
            ("negate", 1) => {
                return Ok(args.pop().map(|arg| Expr::Negative(Box::new(arg))));
            }
            ("abs" | "signum" | "ceil" | "floor", 1) => self.function(name, args)?,
            ("round", 1) => self.function(name, args)?,
            ("round", 2) => {
                let digits = args.pop().ok_or_else(|| call.arity())?;
                let Some(digits) = constant(&digits) else {
                    return Err(unsupported("a number of digits to round to that is computed"));
                };
                args.push(datafusion::prelude::lit(digits));
                self.function(name, args)?
            }
            ("log", 2) => {
                // DataFusion has the base first.
                self.repaired(Repair::Renamed);
                args.reverse();
                let args = args.into_iter().map(|arg| cast(arg, DataType::Float64)).collect();
                self.function(name, args)?
            }
            ("power" | "atan2", 2) if floats => {
                let args = args.into_iter().map(|arg| cast(arg, DataType::Float64)).collect();
                self.function(name, args)?
            }
            ("power" | "atan2", 2) => self.function(name, args)?,
            (_, 1) => {
                let found = args.first().map(|arg| type_of(arg, schema)).transpose()?;
                if found.is_some_and(|found| !found.is_floating()) {
                    args = args.into_iter().map(|arg| cast(arg, DataType::Float64)).collect();
                }
                self.function(name, args)?
            }
            _ => return Err(call.arity()),
        };
        if name != call.name {
            self.repaired(Repair::Renamed);
        }
        let found = type_of(&expr, schema)?;
        let whole = matches!(name, "ceil" | "floor" | "signum" | "round");
        Ok(Some(match &call.wanted {
            // What is cast from a float to an integer is whole.
            Some(wanted)
                if wanted.is_integer() && found != *wanted && (whole || found.is_integer()) =>
            {
                self.repaired(Repair::ResultType);
                cast(expr, wanted.clone())
            }
            _ => expr,
        }))
    }

    fn operator(
        &mut self,
        op: Operator,
        mut args: Vec<Expr>,
        call: &Call,
        schema: &DFSchema,
    ) -> Result<Expr> {
        let [left, right] = args.as_slice() else { return Err(call.arity()) };
        let (left, right) = (type_of(left, schema)?, type_of(right, schema)?);
        let integers = left.is_integer() && right.is_integer();
        let done: &[(&str, &[&str])] = match op {
            Operator::Divide if integers => &[
                ("overflow", &["ERROR"]),
                ("on_domain_error", &["ERROR"]),
                ("on_division_by_zero", &["ERROR"]),
            ],
            _ => DONE,
        };
        call.only_options(done)?;
        let instant = |t: &DataType| matches!(t, DataType::Date32 | DataType::Timestamp(..));
        let interval = |t: &DataType| matches!(t, DataType::Interval(_));
        let dates = match op {
            Operator::Plus => {
                instant(&left) && interval(&right) || interval(&left) && instant(&right)
            }
            Operator::Minus => instant(&left) && interval(&right),
            _ => false,
        };
        // A date has no hours, and DataFusion drops those of an interval.
        let days = |expr: &Expr| match expr {
            Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
                interval.nanoseconds == 0
            }
            _ => false,
        };
        if dates && [&left, &right].contains(&&DataType::Date32) && !args.iter().any(days) {
            return Err(unsupported("a date and an interval with hours, or a computed one"));
        }
        let numbers = |t: &DataType| t.is_numeric() || t.is_null();
        if !(dates || numbers(&left) && numbers(&right)) {
            return Err(call.unknown());
        }
        if self.source.producer.is_ibis() {
            args = args.into_iter().map(plain_integer).collect();
        }
        if let Some(wanted) = call.wanted.clone() {
            if op == Operator::Divide
                && let DataType::Decimal128(_, digits) = wanted
                && let [a, b] = args.as_slice()
                && let DataType::Decimal128(_, found) =
                    type_of(&binary_chain(op, vec![a.clone(), b.clone()], call)?, schema)?
                && digits > found
            {
                return Err(unsupported("a quotient with more digits than DataFusion computes"));
            }
            if op == Operator::Divide && wanted.is_floating() && !left.is_floating() {
                self.repaired(Repair::TrueDivision);
                args = args.into_iter().map(|arg| cast(arg, DataType::Float64)).collect();
            } else if wanted.is_integer() && integers {
                // The result is of a wider type than the operands: so is the computation.
                args = widened(args, &[left, right], &wanted);
            } else if wanted.is_integer() && !integers {
                return Err(invalid(format_args!(
                    "{} of {left} and {right} gives {wanted}",
                    call.name
                )));
            }
        }
        binary_chain(op, args, call)
    }
}

/// A whole number that ibis-substrait casts to the decimal beside it, as it was written: what it
/// is computed with decides about the digits.
fn plain_integer(expr: Expr) -> Expr {
    match &expr {
        Expr::Cast(cast) if matches!(*cast.expr, Expr::Literal(..)) => {
            let decimal = matches!(cast.field.data_type(), DataType::Decimal128(..));
            match constant(&cast.expr).filter(|_| decimal) {
                Some(value) => datafusion::prelude::lit(value),
                None => expr,
            }
        }
        _ => expr,
    }
}

fn widened(args: Vec<Expr>, found: &[DataType], wanted: &DataType) -> Vec<Expr> {
    let width = |t: &DataType| t.primitive_width().unwrap_or(0);
    let each = args.into_iter().zip(found);
    each.map(|(arg, found)| {
        if width(found) < width(wanted) && found != wanted {
            cast(arg, wanted.clone())
        } else {
            arg
        }
    })
    .collect()
}
