//! Strings.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{Case, Like};
use datafusion::logical_expr::{Expr, Operator};
use datafusion::prelude::lit;

use super::call::{Call, constant, constant_text};
use super::scalar::binary_chain;
use super::{Lowering, type_of};
use crate::substrait::Producer;
use crate::substrait::fault::{Result, unsupported};
use crate::substrait::repair::Repair;

/// What Ibis takes for white space.
const WHITE: &str = " \t\n\r\u{b}\u{c}";

impl Lowering<'_> {
    pub(super) fn text(&mut self, call: &Call, schema: &DFSchema) -> Result<Option<Expr>> {
        let known = matches!(
            call.name.as_str(),
            "like"
                | "concat"
                | "||"
                | "upper"
                | "lower"
                | "char_length"
                | "length"
                | "substring"
                | "left"
                | "right"
                | "trim"
                | "ltrim"
                | "rtrim"
                | "lpad"
                | "rpad"
                | "replace"
                | "reverse"
                | "repeat"
                | "starts_with"
                | "ends_with"
                | "contains"
                | "strpos"
                | "capitalize"
                | "string_split"
        );
        if !known {
            return Ok(None);
        }
        let args = call.all_values()?;
        let first = args.first().ok_or_else(|| call.arity())?;
        let found = type_of(first, schema)?;
        if !matches!(found, DataType::Utf8 | DataType::Null) {
            return Err(call.unknown());
        }
        call.only_options(&[
            ("case_sensitivity", &["CASE_SENSITIVE", "CASE_INSENSITIVE"]),
            ("char_set", &["UTF8"]),
            ("null_handling", &["ACCEPT_NULLS", "IGNORE_NULLS"]),
        ])?;
        let blind = call.option("case_sensitivity", &["CASE_SENSITIVE", "CASE_INSENSITIVE"])
            == Some("CASE_INSENSITIVE");
        if blind && call.name != "like" {
            return Err(unsupported(format_args!("{} without regard to case", call.name)));
        }
        let ibis = self.source.producer.is_ibis();
        let expr = match (call.name.as_str(), args.as_slice()) {
            ("like", [value, pattern]) => {
                if constant_text(pattern).is_none_or(|pattern| pattern.contains('\\')) {
                    return Err(unsupported(
                        "a LIKE pattern that is computed or holds a backslash, \
                         which escapes in some engines only",
                    ));
                }
                let (value, pattern) = (Box::new(value.clone()), Box::new(pattern.clone()));
                Expr::Like(Like::new(false, value, pattern, None, blind))
            }
            // DuckDB's leaves nulls out.
            ("concat", [_, _, ..]) if self.source.producer == Producer::DuckDb => {
                self.function("concat", args)?
            }
            ("concat" | "||", [_, _, ..]) => {
                match call.option("null_handling", &["ACCEPT_NULLS", "IGNORE_NULLS"]) {
                    Some("IGNORE_NULLS") => self.function("concat", args)?,
                    _ => binary_chain(Operator::StringConcat, args, call)?,
                }
            }
            ("upper" | "lower" | "reverse", [_]) => self.function(&call.name, args)?,
            ("starts_with" | "ends_with" | "contains", [_, _]) => {
                self.function(&call.name, args)?
            }
            ("char_length" | "length", [_]) => {
                let expr = self.function("character_length", args)?;
                self.fitted_integer(expr, call, schema)?
            }
            ("substring", [value, start, length @ ..]) if length.len() < 2 => {
                self.substring(value, start, length.first(), ibis)?
            }
            ("left" | "right", [value, count]) => {
                let count = not_negative(count)?;
                self.function(&call.name, vec![value.clone(), lit(count)])?
            }
            ("trim" | "ltrim" | "rtrim", [value, characters @ ..]) if characters.len() < 2 => {
                let name = if call.name == "trim" { "btrim" } else { call.name.as_str() };
                let mut args = vec![value.clone()];
                match characters.first() {
                    Some(characters) => args.push(characters.clone()),
                    None if ibis => {
                        self.repaired(Repair::Strip);
                        args.push(lit(WHITE));
                    }
                    None => {}
                }
                self.function(name, args)?
            }
            ("lpad" | "rpad", [value, length, padding @ ..]) if padding.len() < 2 => {
                let mut args = vec![value.clone(), lit(not_negative(length)?)];
                if let Some(padding) = padding.first() {
                    args.push(not_empty(padding)?);
                }
                self.function(&call.name, args)?
            }
            ("replace", [value, from, to]) => {
                let args = vec![value.clone(), not_empty(from)?, to.clone()];
                self.function("replace", args)?
            }
            ("repeat", [value, count]) => {
                self.function("repeat", vec![value.clone(), lit(not_negative(count)?)])?
            }
            ("strpos", [_, _]) => {
                let expr = self.function("strpos", args)?;
                let expr = if ibis {
                    self.repaired(Repair::StringPosition);
                    expr - lit(1_i32)
                } else {
                    expr
                };
                self.fitted_integer(expr, call, schema)?
            }
            ("capitalize", [value]) => {
                self.repaired(Repair::Expression);
                let first = self.function("substr", vec![value.clone(), lit(1_i64), lit(1_i64)])?;
                let rest = self.function("substr", vec![value.clone(), lit(2_i64)])?;
                let parts =
                    vec![self.function("upper", vec![first])?, self.function("lower", vec![rest])?];
                binary_chain(Operator::StringConcat, parts, call)?
            }
            ("string_split", [value, separator]) => {
                self.repaired(Repair::Renamed);
                let separator = not_empty(separator)?;
                let parts = self.function("string_to_array", vec![value.clone(), separator])?;
                // The parts of an empty text are one empty part.
                let empty = self.function("make_array", vec![lit("")])?;
                let branch = (Box::new(value.clone().eq(lit(""))), Box::new(empty));
                Expr::Case(Case::new(None, vec![branch], Some(Box::new(parts))))
            }
            _ => return Err(call.arity()),
        };
        Ok(Some(expr))
    }

    fn substring(
        &mut self,
        value: &Expr,
        start: &Expr,
        length: Option<&Expr>,
        ibis: bool,
    ) -> Result<Expr> {
        let first = if ibis { 0 } else { 1 };
        let start = constant(start).filter(|start| *start >= first);
        let start = start.ok_or_else(|| {
            unsupported("a substring whose start is computed, or lies before the first character")
        })?;
        let start = if ibis {
            self.repaired(Repair::Substring);
            start + 1
        } else {
            start
        };
        let mut args = vec![value.clone(), lit(start)];
        if let Some(length) = length {
            args.push(lit(not_negative(length)?));
        }
        self.function("substr", args)
    }
}

/// A number of characters that is literally there and not below 0: engines differ below.
fn not_negative(expr: &Expr) -> Result<i64> {
    constant(expr)
        .filter(|count| *count >= 0)
        .ok_or_else(|| unsupported("a number of characters that is computed, or below 0"))
}

/// A text that is literally there and not empty: engines differ on the empty one.
fn not_empty(expr: &Expr) -> Result<Expr> {
    match constant_text(expr) {
        Some(text) if !text.is_empty() => Ok(expr.clone()),
        _ => Err(unsupported("a search text that is computed, or empty")),
    }
}
