//! Scalar functions: by planc's own names, or by the specification's and Ibis's meanings.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{BinaryExpr, Like};
use datafusion::logical_expr::{Between, Expr, Operator};
use planc_ir::code;
use planc_ir::substrait::{Form, Meaning, meaning};

use super::call::{Argument, Call, constant_text};
use super::expr::comparable;
use super::{Lowering, cast, type_of};
use crate::substrait::Producer;
use crate::substrait::decode::Home;
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;

impl Lowering<'_> {
    /// The expression that a call means.
    pub(super) fn scalar(&mut self, call: Call, schema: &DFSchema) -> Result<Expr> {
        if call.home == Home::Planc {
            return self.own(&call);
        }
        if let Home::Official(file) = &call.home
            && !file.starts_with("functions_")
        {
            return Err(call.unknown());
        }
        if let Some(expr) = self.comparison(&call, schema)? {
            return Ok(expr);
        }
        if let Some(expr) = self.arithmetic(&call, schema)? {
            return Ok(expr);
        }
        if let Some(expr) = self.text(&call, schema)? {
            return Ok(expr);
        }
        self.time(&call, schema)
    }

    /// A function of planc's URN: an operator, a form, or DataFusion's function of this name.
    fn own(&mut self, call: &Call) -> Result<Expr> {
        let args = call.all_values()?;
        let found = meaning(planc_ir::substrait::URN, &call.name, &[]);
        match found {
            Ok(None) => self.function(&call.name, args).map_err(|_| call.unknown()),
            Ok(Some(Meaning::Operator(op))) => binary_chain(op, args, call),
            Ok(Some(Meaning::Form(form))) => self.form(form, args, call),
            _ => Err(call.unknown()),
        }
    }

    fn form(&mut self, form: Form, args: Vec<Expr>, call: &Call) -> Result<Expr> {
        let boxed = |expr: &Expr| Box::new(expr.clone());
        Ok(match (form, args.as_slice()) {
            (Form::Not, [a]) => Expr::Not(boxed(a)),
            (Form::Negative, [a]) => Expr::Negative(boxed(a)),
            (Form::IsNull, [a]) => Expr::IsNull(boxed(a)),
            (Form::IsNotNull, [a]) => Expr::IsNotNull(boxed(a)),
            (Form::IsTrue, [a]) => Expr::IsTrue(boxed(a)),
            (Form::IsFalse, [a]) => Expr::IsFalse(boxed(a)),
            (Form::IsNotTrue, [a]) => Expr::IsNotTrue(boxed(a)),
            (Form::IsNotFalse, [a]) => Expr::IsNotFalse(boxed(a)),
            (Form::Between, [a, b, c]) => {
                Expr::Between(Between::new(boxed(a), false, boxed(b), boxed(c)))
            }
            (Form::Like | Form::ILike, [a, b]) => {
                let ignoring_case = form == Form::ILike;
                Expr::Like(Like::new(false, boxed(a), boxed(b), None, ignoring_case))
            }
            (Form::SimilarTo, [a, b]) => {
                Expr::SimilarTo(Like::new(false, boxed(a), boxed(b), None, false))
            }
            _ => return Err(call.unknown()),
        })
    }

    fn comparison(&mut self, call: &Call, schema: &DFSchema) -> Result<Option<Expr>> {
        let op = match call.name.as_str() {
            "equal" | "=" => Some(Operator::Eq),
            "not_equal" | "!=" => Some(Operator::NotEq),
            "lt" | "<" => Some(Operator::Lt),
            "lte" | "<=" => Some(Operator::LtEq),
            "gt" | ">" => Some(Operator::Gt),
            "gte" | ">=" => Some(Operator::GtEq),
            "is_distinct_from" => Some(Operator::IsDistinctFrom),
            "is_not_distinct_from" => Some(Operator::IsNotDistinctFrom),
            _ => None,
        };
        if let Some(op) = op {
            call.only_options(&[])?;
            let args = call.all_values()?;
            let [left, right] = args.as_slice() else { return Err(call.arity()) };
            comparable(&type_of(left, schema)?, &type_of(right, schema)?)?;
            if op == Operator::NotEq && self.source.producer == Producer::DuckDb {
                not_a_pattern(left, right, schema)?;
            }
            return binary_chain(op, args, call).map(Some);
        }
        let logical = match call.name.as_str() {
            "and" => Some(Operator::And),
            "or" => Some(Operator::Or),
            _ => None,
        };
        if let Some(op) = logical {
            let args = self.booleans(call, schema)?;
            return match args.as_slice() {
                [] => Ok(Some(datafusion::prelude::lit(op == Operator::And))),
                [one] => Ok(Some(one.clone())),
                _ => binary_chain(op, args, call).map(Some),
            };
        }
        let args = match call.name.as_str() {
            "not" | "xor" | "is_true" | "is_false" | "is_not_true" | "is_not_false" => {
                self.booleans(call, schema)?
            }
            "is_null" | "is_not_null" | "between" | "coalesce" | "nullif" | "is_nan"
            | "is_infinite" | "is_finite" => {
                call.only_options(&[])?;
                call.all_values()?
            }
            _ => return Ok(None),
        };
        let boxed = |expr: &Expr| Box::new(expr.clone());
        Ok(Some(match (call.name.as_str(), args.as_slice()) {
            ("not", [a]) => Expr::Not(boxed(a)),
            ("xor", [_, _]) => {
                self.repaired(Repair::Expression);
                binary_chain(Operator::NotEq, args, call)?
            }
            ("is_null", [a]) => Expr::IsNull(boxed(a)),
            ("is_not_null", [a]) => Expr::IsNotNull(boxed(a)),
            ("is_true", [a]) => Expr::IsTrue(boxed(a)),
            ("is_false", [a]) => Expr::IsFalse(boxed(a)),
            ("is_not_true", [a]) => Expr::IsNotTrue(boxed(a)),
            ("is_not_false", [a]) => Expr::IsNotFalse(boxed(a)),
            ("between", [a, low, high]) => {
                let found = type_of(a, schema)?;
                comparable(&found, &type_of(low, schema)?)?;
                comparable(&found, &type_of(high, schema)?)?;
                Expr::Between(Between::new(boxed(a), false, boxed(low), boxed(high)))
            }
            ("coalesce", []) if self.source.producer.is_ibis() => {
                let message = "ibis-substrait drops the arguments of coalesce";
                return Err(Fault::new(code::LOST_ARGUMENT, message)
                    .help("make the bundle with `planc-ibis`, which writes it as a case"));
            }
            ("coalesce", [_, ..]) => self.function("coalesce", args)?,
            ("nullif", [a, b]) => {
                comparable(&type_of(a, schema)?, &type_of(b, schema)?)?;
                self.function("nullif", args)?
            }
            ("is_nan", [_]) => self.function("isnan", args)?,
            ("is_infinite", [a]) => {
                self.repaired(Repair::Expression);
                let float = cast(a.clone(), DataType::Float64);
                let size = self.function("abs", vec![float])?;
                size.eq(datafusion::prelude::lit(f64::INFINITY))
            }
            ("is_finite", [a]) => {
                self.repaired(Repair::Expression);
                let float = cast(a.clone(), DataType::Float64);
                let size = self.function("abs", vec![float.clone()])?;
                let nan = self.function("isnan", vec![float])?;
                Expr::Not(Box::new(nan.or(size.eq(datafusion::prelude::lit(f64::INFINITY)))))
            }
            _ => return Err(call.arity()),
        }))
    }

    fn booleans(&mut self, call: &Call, schema: &DFSchema) -> Result<Vec<Expr>> {
        call.only_options(&[])?;
        let args = call.all_values()?;
        for arg in &args {
            let found = type_of(arg, schema)?;
            if !matches!(found, DataType::Boolean | DataType::Null) {
                let name = &call.name;
                return Err(invalid(format_args!("{name} has an operand of the type {found}")));
            }
        }
        Ok(args)
    }

    fn time(&mut self, call: &Call, schema: &DFSchema) -> Result<Expr> {
        if call.name == "extract" {
            return self.extract(call, schema);
        }
        Err(call.unknown())
    }

    /// `extract(PART, value)`: the part of a date or timestamp.
    fn extract(&mut self, call: &Call, schema: &DFSchema) -> Result<Expr> {
        call.only_options(&[])?;
        let (part, rest) = match call.arguments.as_slice() {
            [Argument::Enum(part), rest @ ..] => (part.clone(), rest),
            [Argument::Value(part), rest @ ..] => {
                let part = constant_text(part).ok_or_else(|| call.unknown())?;
                (part.to_ascii_uppercase(), rest)
            }
            [] => return Err(call.arity()),
        };
        let value = match rest {
            [Argument::Value(value)] => value,
            // The part may be counted from one.
            [Argument::Enum(base), Argument::Value(value)] if base == "ONE" => value,
            [Argument::Value(value), Argument::Value(zone)]
                if constant_text(zone).is_some_and(|zone| zone == "UTC") =>
            {
                value
            }
            _ => return Err(unsupported("extract with other arguments than part and value")),
        };
        let found = type_of(value, schema)?;
        if !matches!(found, DataType::Date32 | DataType::Timestamp(..)) {
            return Err(call.unknown());
        }
        let part = match part.as_str() {
            "YEAR" => "year",
            "MONTH" => "month",
            "DAY" => "day",
            "QUARTER" => "quarter",
            "HOUR" if found != DataType::Date32 => "hour",
            "MINUTE" if found != DataType::Date32 => "minute",
            other => {
                return Err(unsupported(format_args!("the part {other} of a date or time")));
            }
        };
        self.repaired(Repair::DatePart);
        let part = datafusion::prelude::lit(part);
        let expr = self.function("date_part", vec![part, value.clone()])?;
        self.fitted_integer(expr, call, schema)
    }

    /// An integer, of the type that the plan says.
    pub(super) fn fitted_integer(
        &mut self,
        expr: Expr,
        call: &Call,
        schema: &DFSchema,
    ) -> Result<Expr> {
        let found = type_of(&expr, schema)?;
        Ok(match &call.wanted {
            Some(wanted) if wanted.is_integer() && *wanted != found => {
                self.repaired(Repair::ResultType);
                cast(expr, wanted.clone())
            }
            _ => expr,
        })
    }
}

/// DuckDB writes NOT LIKE as an inequality, too. They mean the same where the text on the right
/// has nothing of a pattern.
fn not_a_pattern(left: &Expr, right: &Expr, schema: &DFSchema) -> Result<()> {
    let texts = type_of(left, schema)? == DataType::Utf8;
    let plain = constant_text(right).is_some_and(|text| !text.contains(['%', '_', '\\']));
    if !texts || plain {
        return Ok(());
    }
    let message = "DuckDB writes an inequality of texts and NOT LIKE alike";
    Err(Fault::new(code::LOST_ARGUMENT, message)
        .help("say NOT (x LIKE …), which it writes as it is, or write the rule in SQL"))
}

/// Applies a binary operator, from left to right where there are more than two operands.
pub(super) fn binary_chain(op: Operator, operands: Vec<Expr>, call: &Call) -> Result<Expr> {
    let chain = matches!(op, Operator::And | Operator::Or | Operator::StringConcat);
    if operands.len() < 2 || (operands.len() > 2 && !chain) {
        return Err(call.arity());
    }
    let joined = operands.into_iter().reduce(|left, right| {
        Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
    });
    joined.ok_or_else(|| call.arity())
}
