//! Expressions.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue, Spans};
use datafusion::logical_expr::expr::{
    Case, Exists, InList, InSubquery, ScalarFunction, SetComparison, TryCast,
};
use datafusion::logical_expr::{Expr, Subquery};
use planc_ir::code;
use planc_ir::substrait::{comparison as operator, quantifier};
use substrait::proto::expression::cast::FailureBehavior;
use substrait::proto::expression::field_reference::{ReferenceType, RootType};
use substrait::proto::expression::reference_segment;
use substrait::proto::expression::subquery::SubqueryType;
use substrait::proto::expression::subquery::set_predicate::PredicateOp;
use substrait::proto::expression::{self as e, FieldReference, RexType};
use substrait::proto::r#type::Kind;
use substrait::proto::{Expression, Rel};

use super::call::constant_text;
use super::{Lowering, cast, column, type_of};
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;
use crate::substrait::{Fact, Producer};

impl Lowering<'_> {
    pub(super) fn expressions(
        &mut self,
        exprs: &[Expression],
        schema: &DFSchema,
    ) -> Result<Vec<Expr>> {
        let mut lowered = Vec::with_capacity(exprs.len());
        for (at, expr) in exprs.iter().enumerate() {
            let step = format!("expressions[{at}]");
            lowered.push(self.step(step, |l| l.expression(expr, schema))?);
        }
        Ok(lowered)
    }

    pub(super) fn expression(&mut self, expr: &Expression, schema: &DFSchema) -> Result<Expr> {
        let kind = expr.rex_type.as_ref();
        match kind.ok_or_else(|| invalid("an expression says nothing"))? {
            RexType::Literal(literal) => Ok(Expr::Literal(self.literal(literal)?, None)),
            RexType::Selection(reference) => self.reference(reference, schema),
            RexType::ScalarFunction(call) => self.scalar_call(call, schema),
            RexType::WindowFunction(call) => self.window_call(call, schema),
            RexType::IfThen(case) => self.case(case, schema),
            RexType::SwitchExpression(switch) => self.switch(switch, schema),
            RexType::SingularOrList(list) => {
                let value = self.required(list.value.as_deref(), schema)?;
                let options = self.expressions(&list.options, schema)?;
                if options.is_empty() {
                    return match self.source.producer.is_ibis() {
                        true => Ok(datafusion::prelude::lit(false)),
                        false => Err(invalid("a list of options is empty")),
                    };
                }
                let wanted = type_of(&value, schema)?;
                for option in &options {
                    comparable(&wanted, &type_of(option, schema)?)?;
                }
                Ok(Expr::InList(InList::new(Box::new(value), options, false)))
            }
            RexType::Cast(cast) => self.cast(cast, schema),
            RexType::Subquery(subquery) => {
                let kind = subquery.subquery_type.as_ref();
                let kind = kind.ok_or_else(|| invalid("a subquery says nothing"))?;
                self.step("subquery", |l| l.subquery(kind, schema))
            }
            other => {
                let text = format!("{other:?}");
                let name = text.split('(').next().unwrap_or_default();
                Err(unsupported(format_args!("planc reads no {name} expression")))
            }
        }
    }

    pub(super) fn required(
        &mut self,
        expr: Option<&Expression>,
        schema: &DFSchema,
    ) -> Result<Expr> {
        self.expression(expr.ok_or_else(|| invalid("an expression lacks an operand"))?, schema)
    }

    fn reference(&mut self, reference: &FieldReference, schema: &DFSchema) -> Result<Expr> {
        let Some(ReferenceType::DirectReference(segment)) = &reference.reference_type else {
            return Err(unsupported("a reference by a mask"));
        };
        let Some(reference_segment::ReferenceType::StructField(field)) = &segment.reference_type
        else {
            return Err(unsupported("a reference into a list or map"));
        };
        let ordinal = usize::try_from(field.field).unwrap_or(usize::MAX);
        let (mut expr, mut data_type) = match &reference.root_type {
            None if self.source.producer.is_ibis() => {
                let message = "ibis-substrait drops the expression of which a field is taken";
                return Err(Fault::new(code::LOST_ARGUMENT, message)
                    .help("compute the struct in a `.mutate()` first"));
            }
            None | Some(RootType::RootReference(_)) => {
                let expr = column(schema, ordinal)?;
                let data_type = type_of(&expr, schema)?;
                (expr, data_type)
            }
            Some(RootType::OuterReference(outer)) => {
                let steps = usize::try_from(outer.steps_out).unwrap_or(usize::MAX);
                let at = self.outer.len().checked_sub(steps);
                let around = at.and_then(|at| self.outer.get(at));
                let around = around.ok_or_else(|| invalid("there is no query so far out"))?;
                let Expr::Column(column) = column(around, ordinal)? else {
                    return Err(invalid("a column is none"));
                };
                let (_, field) = around.qualified_field(ordinal);
                let field = Arc::clone(field);
                let data_type = field.data_type().clone();
                (Expr::OuterReferenceColumn(field, column), data_type)
            }
            Some(_) => return Err(unsupported("a reference into an expression")),
        };
        let mut child = field.child.as_deref();
        while let Some(segment) = child {
            let Some(reference_segment::ReferenceType::StructField(field)) =
                &segment.reference_type
            else {
                return Err(unsupported("a reference into a list or map"));
            };
            let DataType::Struct(fields) = &data_type else {
                return Err(invalid(format_args!("there is no field within a {data_type}")));
            };
            let at = usize::try_from(field.field).unwrap_or(usize::MAX);
            let inner = fields.get(at).cloned();
            let inner = inner.ok_or_else(|| invalid(format_args!("a struct has no field {at}")))?;
            self.repaired(Repair::NestedField);
            let name = datafusion::prelude::lit(inner.name().as_str());
            expr = self.function("get_field", vec![expr, name])?;
            data_type = inner.data_type().clone();
            child = field.child.as_deref();
        }
        Ok(expr)
    }

    fn case(&mut self, case: &e::IfThen, schema: &DFSchema) -> Result<Expr> {
        let mut branches = Vec::with_capacity(case.ifs.len());
        for clause in &case.ifs {
            let when = clause.r#if.as_ref();
            let when = when.ok_or_else(|| invalid("a case lacks a condition"))?;
            let when = self.condition(when, schema)?;
            let then = self.required(clause.then.as_ref(), schema)?;
            branches.push((Box::new(when), Box::new(then)));
        }
        if branches.is_empty() {
            return Err(invalid("a case has no branches"));
        }
        let otherwise = case.r#else.as_deref();
        let otherwise = otherwise.map(|expr| self.expression(expr, schema)).transpose()?;
        Ok(Expr::Case(Case::new(None, branches, otherwise.map(Box::new))))
    }

    fn switch(&mut self, switch: &e::SwitchExpression, schema: &DFSchema) -> Result<Expr> {
        let base = self.required(switch.r#match.as_deref(), schema)?;
        let wanted = type_of(&base, schema)?;
        let mut branches = Vec::with_capacity(switch.ifs.len());
        for branch in &switch.ifs {
            let when = branch.r#if.as_ref().ok_or_else(|| invalid("a branch has no value"))?;
            let when = self.literal(when)?;
            comparable(&wanted, &when.data_type())?;
            let then = self.required(branch.then.as_ref(), schema)?;
            branches.push((Box::new(Expr::Literal(when, None)), Box::new(then)));
        }
        if branches.is_empty() {
            return Err(invalid("a switch has no branches"));
        }
        let otherwise = switch.r#else.as_deref();
        let otherwise = otherwise.map(|expr| self.expression(expr, schema)).transpose()?;
        Ok(Expr::Case(Case::new(Some(Box::new(base)), branches, otherwise.map(Box::new))))
    }

    fn cast(&mut self, encoded: &e::Cast, schema: &DFSchema) -> Result<Expr> {
        let wanted = encoded.r#type.as_ref().ok_or_else(|| invalid("a cast has no type"))?;
        let length = match &wanted.kind {
            Some(Kind::Varchar(t)) => Some((t.length, false)),
            Some(Kind::FixedChar(t)) => Some((t.length, true)),
            _ => None,
        };
        let (wanted, _) = self.data_type(wanted)?;
        let inner = self.required(encoded.input.as_deref(), schema)?;
        let inner = match length {
            Some((length, fixed)) => self.bounded(inner, length, fixed, schema)?,
            None => inner,
        };
        let found = type_of(&inner, schema)?;
        self.checked_cast(&inner, &found, &wanted)?;
        match FailureBehavior::try_from(encoded.failure_behavior) {
            Ok(FailureBehavior::ReturnNull) => {
                Ok(Expr::TryCast(TryCast::new(Box::new(inner), wanted)))
            }
            Ok(FailureBehavior::ThrowException | FailureBehavior::Unspecified) => {
                if found == wanted { Ok(inner) } else { Ok(cast(inner, wanted)) }
            }
            Err(_) => Err(invalid("a cast has no such failure behaviour")),
        }
    }

    /// A text of a bounded length: as in SQL, a longer text is cut, and nothing else fits that is
    /// longer.
    fn bounded(
        &mut self,
        inner: Expr,
        length: i32,
        fixed: bool,
        schema: &DFSchema,
    ) -> Result<Expr> {
        let length = usize::try_from(length).unwrap_or(0);
        if let Some(text) = constant_text(&inner) {
            let written = text.chars().count();
            if written == length || written < length && !fixed {
                return Ok(inner);
            }
        }
        // DuckDB knows no lengths, and older versions write some that mean nothing.
        if self.source.producer == Producer::DuckDb {
            return Ok(inner);
        }
        let widest = match type_of(&inner, schema)? {
            DataType::Utf8 if !fixed && length > 0 => {
                let length = i64::try_from(length).unwrap_or(i64::MAX);
                return self.function("left", vec![inner, datafusion::prelude::lit(length)]);
            }
            DataType::Int8 => 4,
            DataType::Int16 => 6,
            DataType::Int32 => 11,
            DataType::Int64 => 20,
            DataType::Date32 => 14,
            _ => usize::MAX,
        };
        match !fixed && widest <= length {
            true => Ok(inner),
            false => Err(unsupported(
                "a cast to a text of a bounded length, which pads it or may not hold it",
            )
            .help("cast to a string, and take the characters that are wanted")),
        }
    }

    /// Casts that engines make differently are refused.
    fn checked_cast(&self, inner: &Expr, found: &DataType, wanted: &DataType) -> Result<()> {
        let fractional =
            found.is_floating() || matches!(found, DataType::Decimal128(_, scale) if *scale > 0);
        if fractional && wanted.is_integer() && !is_whole(inner) {
            let message =
                format!("a cast of {found} to {wanted} rounds in one engine and cuts in another");
            return Err(Fault::new(code::ENGINES_DIFFER, message)
                .help("say it: `.round(0)`, `.floor()` or `.ceil()` before the cast"));
        }
        let literal = matches!(inner, Expr::Literal(..) | Expr::Negative(_));
        let coarser = match (found, wanted) {
            (DataType::Decimal128(_, found), DataType::Decimal128(_, wanted)) => found > wanted,
            (found, DataType::Decimal128(..)) => found.is_floating(),
            _ => false,
        };
        if self.source.producer.is_ibis()
            && coarser
            && !literal
            && !self.facts.contains(&Fact::OwnCasts)
        {
            let message = format!("{found} becomes {wanted}, and digits may be lost");
            return Err(Fault::new(code::LOST_DIGITS, message).help(
                "ibis-substrait casts operands to each other's types; cast both to float64 or \
                 to one decimal first",
            ));
        }
        // Only a decimal that is literally there can be seen to lose digits.
        if let DataType::Decimal128(_, scale) = wanted {
            let digits = lost_digits(inner, *scale);
            if digits {
                let message = format!("a literal loses digits where it becomes {wanted}");
                return Err(Fault::new(code::LOST_DIGITS, message)
                    .help("cast the other side to a decimal with enough digits first"));
            }
        }
        let instant = |t: &DataType| matches!(t, DataType::Timestamp(..) | DataType::Date32);
        let differs = found.is_numeric() && instant(wanted)
            || instant(found) && wanted.is_numeric()
            || matches!(wanted, DataType::Utf8)
                && (found.is_floating() || matches!(found, DataType::Timestamp(..)));
        if differs {
            let message =
                format!("a cast of {found} to {wanted} gives other values in each engine");
            return Err(Fault::new(code::ENGINES_DIFFER, message)
                .help("say it with functions: of dates, of texts, or by rounding first"));
        }
        if found.is_nested() && found != wanted {
            let message = format!("a cast of {found} to {wanted}");
            return Err(unsupported(message).help("cast its fields or items one by one"));
        }
        Ok(())
    }

    fn subquery(&mut self, kind: &SubqueryType, schema: &DFSchema) -> Result<Expr> {
        match kind {
            SubqueryType::Scalar(scalar) => {
                let subquery = self.query(scalar.input.as_deref(), schema, Some(1))?;
                Ok(Expr::ScalarSubquery(subquery))
            }
            SubqueryType::InPredicate(predicate) => {
                let [needle] = predicate.needles.as_slice() else {
                    return Err(unsupported("IN with several needles"));
                };
                let expr = self.expression(needle, schema)?;
                let subquery = self.query(predicate.haystack.as_deref(), schema, Some(1))?;
                let found = subquery.subquery.schema().field(0).data_type().clone();
                comparable(&type_of(&expr, schema)?, &found)?;
                Ok(Expr::InSubquery(InSubquery::new(Box::new(expr), subquery, false)))
            }
            SubqueryType::SetPredicate(predicate) => {
                if predicate.predicate_op != PredicateOp::Exists as i32 {
                    return Err(unsupported("a set predicate other than EXISTS"));
                }
                let subquery = self.query(predicate.tuples.as_deref(), schema, None)?;
                Ok(Expr::Exists(Exists { subquery, negated: false }))
            }
            SubqueryType::SetComparison(comparison) => {
                let quantifier = quantifier(comparison.reduction_op)
                    .ok_or_else(|| invalid("a set comparison has no quantifier"))?;
                let op = operator(comparison.comparison_op)
                    .ok_or_else(|| invalid("a set comparison has no operator"))?;
                let expr = self.required(comparison.left.as_deref(), schema)?;
                let subquery = self.query(comparison.right.as_deref(), schema, Some(1))?;
                let expr = Box::new(expr);
                Ok(Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }))
            }
        }
    }

    fn query(
        &mut self,
        rel: Option<&Rel>,
        around: &DFSchema,
        width: Option<usize>,
    ) -> Result<Subquery> {
        let rel = rel.ok_or_else(|| invalid("a subquery has no relation"))?;
        self.outer.push(around.clone());
        let plan = self.relation(rel)?;
        self.outer.pop();
        let found = plan.schema().fields().len();
        if width.is_some_and(|width| width != found) {
            return Err(invalid(format_args!("a subquery for a value has {found} columns")));
        }
        let outer_ref_columns = plan.all_out_ref_exprs();
        Ok(Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() })
    }

    /// A call of DataFusion's function of this name.
    pub(super) fn function(&self, name: &str, args: Vec<Expr>) -> Result<Expr> {
        let function = self.state.scalar_functions().get(name).cloned();
        let function =
            function.ok_or_else(|| unsupported(format_args!("there is no function {name}")))?;
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, args)))
    }
}

/// Whether values of both types can be compared without one being read as the other.
pub(super) fn comparable(a: &DataType, b: &DataType) -> Result<()> {
    let temporal = |t: &DataType| matches!(t, DataType::Date32 | DataType::Timestamp(..));
    let alike = a == b
        || a.is_null()
        || b.is_null()
        || a.is_numeric() && b.is_numeric()
        || temporal(a) && temporal(b)
        || matches!(
            (a, b),
            (DataType::Time32(_) | DataType::Time64(_), DataType::Time32(_) | DataType::Time64(_))
        )
        || matches!(
            (a, b),
            (
                DataType::Binary | DataType::FixedSizeBinary(_),
                DataType::Binary | DataType::FixedSizeBinary(_)
            )
        )
        || a.is_nested() && b.is_nested();
    match alike {
        true => Ok(()),
        false => Err(Fault::new(code::TYPE_MISMATCH, format!("{a} is compared with {b}"))),
    }
}

/// True for what can only be a whole number, or null.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            ("floor" | "ceil" | "trunc" | "signum", [_]) => true,
            ("round", [_]) => true,
            ("round", [_, Expr::Literal(digits, _)]) => {
                matches!(digits, ScalarValue::Int32(Some(n)) if *n <= 0)
                    || matches!(digits, ScalarValue::Int64(Some(n)) if *n <= 0)
            }
            _ => false,
        },
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => value.fract() == 0.0,
        Expr::Literal(ScalarValue::Float32(Some(value)), _) => value.fract() == 0.0,
        Expr::Negative(inner) => is_whole(inner),
        Expr::Cast(cast) => is_whole(&cast.expr),
        _ => false,
    }
}

/// Whether a literal has more digits behind its point than this many.
fn lost_digits(expr: &Expr, scale: i8) -> bool {
    let factor = 10f64.powi(i32::from(scale));
    match expr {
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => {
            let scaled = value * factor;
            (scaled - scaled.round()).abs() > 1e-9 * scaled.abs().max(1.0)
        }
        Expr::Literal(ScalarValue::Float32(Some(value)), _) => {
            let scaled = f64::from(*value) * factor;
            (scaled - scaled.round()).abs() > 1e-6 * scaled.abs().max(1.0)
        }
        Expr::Literal(ScalarValue::Decimal128(Some(value), _, digits), _) if *digits > scale => {
            let lost = 10i128.checked_pow(u32::from((digits - scale).unsigned_abs()));
            lost.is_none_or(|lost| value % lost != 0)
        }
        Expr::Negative(inner) => lost_digits(inner, scale),
        _ => false,
    }
}
