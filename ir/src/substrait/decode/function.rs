//! Calls of functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{
    AggregateFunction, Between, BinaryExpr, Case, Exists, HigherOrderFunction, InList, InSubquery,
    Like, NullTreatment, ScalarFunction, WindowFunction, WindowFunctionParams,
};
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, Operator, TryCast, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition,
};
use substrait::proto::aggregate_function::AggregationInvocation;
use substrait::proto::aggregate_rel::Measure;
use substrait::proto::expression::window_function::bound::Kind;
use substrait::proto::expression::window_function::{Bound, BoundsType};
use substrait::proto::expression::{ScalarFunction as ScalarCall, WindowFunction as WindowCall};
use substrait::proto::function_argument::ArgType;
use substrait::proto::{AggregationPhase, FunctionArgument, FunctionOption, Type};

use super::names::Columns;
use super::{Decoder, Result, malformed, unknown};
use crate::substrait::extension::{self, marker, option};
use crate::substrait::functions::{Form, Meaning, meaning};

/// Chains of AND and OR of more operands become balanced trees, so that no walk over the plan
/// goes as deep as a chain is long.
const LONGEST_CHAIN: usize = 128;

/// What a call refers to.
struct Target {
    /// The operator, form or function of the tables; none for a function by its own name.
    meaning: Option<Meaning>,
    /// DataFusion's name of the function.
    name: String,
    own: OwnOptions,
}

/// planc's options of a call.
#[derive(Default)]
struct OwnOptions {
    ignore_nulls: bool,
    groups: bool,
    aggregate: bool,
}

/// What stands behind the arguments of a window function.
#[derive(Default)]
struct Extra {
    filter: Option<Box<Expr>>,
    lower: Option<ScalarValue>,
    upper: Option<ScalarValue>,
}

impl Decoder<'_> {
    fn target(&self, anchor: u32, options: &[FunctionOption]) -> Result<Target> {
        let declared = self.functions.get(&anchor);
        let declared = declared
            .ok_or_else(|| malformed(format_args!("no function has the anchor {anchor}")))?;
        let mut given = Vec::new();
        for option in options {
            let [value] = option.preference.as_slice() else {
                return Err(unknown(format_args!("several values of the option {}", option.name)));
            };
            given.push((option.name.as_str(), value.as_str()));
        }
        let found = meaning(&declared.urn, &declared.name, &given).map_err(|_| {
            unknown(format_args!("the function {} of {}", declared.name, declared.urn))
        })?;
        let mut own = OwnOptions::default();
        if declared.urn == extension::URN {
            for (name, value) in given {
                match (name, value) {
                    (option::NULLS, option::IGNORE) => own.ignore_nulls = true,
                    (option::FRAME, option::GROUPS) => own.groups = true,
                    (option::KIND, option::AGGREGATE) => own.aggregate = true,
                    _ => return Err(unknown(format_args!("the option {name} = {value}"))),
                }
            }
        }
        let name = match found {
            Some(Meaning::Scalar(name) | Meaning::Aggregate(name) | Meaning::Window(name)) => name,
            Some(Meaning::Form(Form::CountRows)) => "count",
            _ => declared.name.split_once(':').map_or(declared.name.as_str(), |(base, _)| base),
        };
        Ok(Target { meaning: found, name: name.to_owned(), own })
    }

    /// The name of one of planc's own functions.
    pub(super) fn own_function(&self, anchor: u32) -> Result<String> {
        let target = self.target(anchor, &[])?;
        match target.meaning {
            None => Ok(target.name),
            Some(_) => Err(malformed(format_args!("{} is no table function", target.name))),
        }
    }

    pub(super) fn scalar_call(&mut self, call: &ScalarCall, input: &Columns) -> Result<Expr> {
        let target = self.target(call.function_reference, &call.options)?;
        let mut args = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            let Some(ArgType::Value(value)) = &argument.arg_type else {
                return Err(unknown(format_args!(
                    "an argument of {} that is no value",
                    target.name
                )));
            };
            args.push(self.expression(value, input)?);
        }
        match target.meaning {
            Some(Meaning::Operator(op)) => operator(op, args),
            Some(Meaning::Form(form)) => self.form(form, args),
            Some(Meaning::Scalar(_)) | None => {
                let takes_lambda = args.iter().any(|arg| matches!(arg, Expr::Lambda(_)));
                let scalar = self.available.scalar(&target.name).filter(|_| !takes_lambda);
                let expr = match (scalar, self.available.higher_order(&target.name)) {
                    (Some(func), _) => Expr::ScalarFunction(ScalarFunction::new_udf(func, args)),
                    (None, Some(func)) => {
                        Expr::HigherOrderFunction(HigherOrderFunction::new(func, args))
                    }
                    (None, None) => return Err(no_function(&target.name)),
                };
                self.check(&expr, input, call.output_type.as_ref())?;
                Ok(expr)
            }
            Some(_) => Err(malformed(format_args!("{} is no scalar function", target.name))),
        }
    }

    /// A function must return today what it returned when the plan was written.
    fn check(&mut self, expr: &Expr, input: &Columns, declared: Option<&Type>) -> Result<()> {
        let declared = declared.ok_or_else(|| malformed("a function has no output type"))?;
        let (wanted, _) = self.data_type(declared)?;
        let found = expr.get_type(input)?;
        if found == wanted {
            return Ok(());
        }
        let name = expr.schema_name();
        Err(unknown(format_args!("{name} that returns {wanted}; here it returns {found}")))
    }

    fn form(&mut self, form: Form, args: Vec<Expr>) -> Result<Expr> {
        let wrong = || malformed(format_args!("{form:?} has wrong arguments"));
        let count = args.len();
        let mut args = args.into_iter();
        let mut next = || args.next().map(Box::new).ok_or_else(wrong);
        let (least, most) = match form {
            Form::Between => (3, 3),
            Form::Like | Form::ILike | Form::SimilarTo | Form::SimilarToIgnoringCase => (2, 3),
            Form::CaseOf => (3, usize::MAX),
            Form::WithMetadata if count % 2 == 1 => (3, usize::MAX),
            _ => (1, 1),
        };
        if !(least..=most).contains(&count) {
            return Err(wrong());
        }
        Ok(match form {
            Form::Not => negated(*next()?),
            Form::Negative => Expr::Negative(next()?),
            Form::IsNull => Expr::IsNull(next()?),
            Form::IsNotNull => Expr::IsNotNull(next()?),
            Form::IsTrue => Expr::IsTrue(next()?),
            Form::IsFalse => Expr::IsFalse(next()?),
            Form::IsNotTrue => Expr::IsNotTrue(next()?),
            Form::IsNotFalse => Expr::IsNotFalse(next()?),
            Form::Between => Expr::Between(Between::new(next()?, false, next()?, next()?)),
            Form::Like | Form::ILike | Form::SimilarTo | Form::SimilarToIgnoringCase => {
                let (expr, pattern) = (next()?, next()?);
                let escape = match args.next() {
                    None => None,
                    Some(Expr::Literal(ScalarValue::Utf8(Some(text)), _)) => {
                        let mut characters = text.chars();
                        match (characters.next(), characters.next()) {
                            (Some(escape), None) => Some(escape),
                            _ => return Err(wrong()),
                        }
                    }
                    Some(_) => return Err(wrong()),
                };
                let ignoring_case = matches!(form, Form::ILike | Form::SimilarToIgnoringCase);
                let like = Like::new(false, expr, pattern, escape, ignoring_case);
                match form {
                    Form::Like | Form::ILike => Expr::Like(like),
                    _ => Expr::SimilarTo(like),
                }
            }
            Form::CaseOf => {
                let base = next()?;
                let pairs = (count - 1) / 2;
                let branches =
                    (0..pairs).map(|_| Ok((next()?, next()?))).collect::<Result<Vec<_>>>()?;
                Expr::Case(Case::new(Some(base), branches, args.next().map(Box::new)))
            }
            Form::WithMetadata => {
                let inner = *next()?;
                let texts = args.map(|arg| match arg {
                    Expr::Literal(ScalarValue::Utf8(Some(text)), None) => Ok(text),
                    _ => Err(wrong()),
                });
                return with_metadata(inner, texts.collect::<Result<Vec<_>>>()?).ok_or_else(wrong);
            }
            Form::CountRows => return Err(wrong()),
        })
    }

    pub(super) fn measure(&mut self, measure: &Measure, input: &Columns) -> Result<Expr> {
        let call = measure.measure.as_ref();
        let call = call.ok_or_else(|| malformed("a measure has no function"))?;
        let target = self.target(call.function_reference, &call.options)?;
        phase(call.phase)?;
        if target.own.groups || target.own.aggregate {
            return Err(malformed("an aggregate function has an option of window functions"));
        }
        let (mut args, extra) = self.arguments(&call.arguments, input)?;
        if extra.filter.is_some() || extra.lower.is_some() || extra.upper.is_some() {
            return Err(malformed("an aggregate function has arguments of a window function"));
        }
        match target.meaning {
            Some(Meaning::Aggregate(_)) | None => {}
            Some(Meaning::Form(Form::CountRows)) => args = vec![one()],
            Some(_) => return Err(malformed(format_args!("{} is no aggregate", target.name))),
        }
        let func = self.available.aggregate(&target.name);
        let func = func.ok_or_else(|| no_function(&target.name))?;
        let filter = measure.filter.as_ref();
        let filter = filter.map(|filter| self.expression(filter, input)).transpose()?;
        let expr = Expr::AggregateFunction(AggregateFunction::new_udf(
            func,
            args,
            distinct(call.invocation)?,
            filter.map(Box::new),
            self.sorts(&call.sorts, input)?,
            target.own.ignore_nulls.then_some(NullTreatment::IgnoreNulls),
        ));
        self.check(&expr, input, call.output_type.as_ref())?;
        Ok(expr)
    }

    pub(super) fn window_call(&mut self, call: &WindowCall, input: &Columns) -> Result<Expr> {
        let target = self.target(call.function_reference, &call.options)?;
        phase(call.phase)?;
        let (mut args, extra) = self.arguments(&call.arguments, input)?;
        let aggregate = || self.available.aggregate(&target.name);
        let aggregate = || aggregate().map(WindowFunctionDefinition::AggregateUDF);
        let window = self.available.window(&target.name);
        let window = window.map(WindowFunctionDefinition::WindowUDF);
        let fun = match target.meaning {
            Some(Meaning::Form(Form::CountRows)) => {
                args = vec![one()];
                aggregate()
            }
            Some(Meaning::Aggregate(_)) => aggregate(),
            Some(Meaning::Window(_)) => window,
            None if target.own.aggregate => aggregate(),
            None => window.or_else(aggregate),
            Some(_) => None,
        };
        let fun = fun.ok_or_else(|| no_function(&target.name))?;
        let units = match BoundsType::try_from(call.bounds_type) {
            Ok(BoundsType::Unspecified) if target.own.groups => WindowFrameUnits::Groups,
            Ok(BoundsType::Rows) if !target.own.groups => WindowFrameUnits::Rows,
            Ok(BoundsType::Range) if !target.own.groups => WindowFrameUnits::Range,
            _ => return Err(malformed("a window function has no bounds type")),
        };
        let unbounded = ScalarValue::UInt64(None);
        let lower = bound(units, call.lower_bound.as_ref(), extra.lower)?
            .unwrap_or(WindowFrameBound::Preceding(unbounded.clone()));
        let upper = bound(units, call.upper_bound.as_ref(), extra.upper)?
            .unwrap_or(WindowFrameBound::Following(unbounded));
        let expr = Expr::from(WindowFunction {
            fun,
            params: WindowFunctionParams {
                args,
                partition_by: self.expressions(&call.partitions, input)?,
                order_by: self.sorts(&call.sorts, input)?,
                window_frame: WindowFrame::new_bounds(units, lower, upper),
                filter: extra.filter,
                null_treatment: target.own.ignore_nulls.then_some(NullTreatment::IgnoreNulls),
                distinct: distinct(call.invocation)?,
            },
        });
        self.check(&expr, input, call.output_type.as_ref())?;
        Ok(expr)
    }

    /// The arguments, and behind them planc's own with their markers.
    fn arguments(
        &mut self,
        arguments: &[FunctionArgument],
        input: &Columns,
    ) -> Result<(Vec<Expr>, Extra)> {
        let mut values = Vec::new();
        let mut extra = Extra::default();
        let mut pending: Option<&str> = None;
        for argument in arguments {
            match (&argument.arg_type, pending.take()) {
                (Some(ArgType::Enum(name)), None) => pending = Some(name),
                (Some(ArgType::Value(value)), None) => values.push(self.expression(value, input)?),
                (Some(ArgType::Value(value)), Some(marker::FILTER)) => {
                    extra.filter = Some(Box::new(self.expression(value, input)?));
                }
                (Some(ArgType::Value(value)), Some(which @ (marker::LOWER | marker::UPPER))) => {
                    let Expr::Literal(value, _) = self.expression(value, input)? else {
                        return Err(malformed("the bound of a frame is no literal"));
                    };
                    let slot =
                        if which == marker::LOWER { &mut extra.lower } else { &mut extra.upper };
                    *slot = Some(value);
                }
                _ => return Err(unknown("an argument that is no value")),
            }
        }
        match pending {
            Some(name) => Err(malformed(format_args!("nothing follows {name}"))),
            None => Ok((values, extra)),
        }
    }
}

/// A bound of a frame; none for one that is unbounded.
fn bound(
    units: WindowFrameUnits,
    bound: Option<&Bound>,
    literal: Option<ScalarValue>,
) -> Result<Option<WindowFrameBound>> {
    let Some(kind) = bound.and_then(|bound| bound.kind.as_ref()) else { return Ok(None) };
    let offset = |offset: i64| match (literal, units) {
        (Some(value), _) => Ok(value),
        (None, WindowFrameUnits::Range) => Err(unknown("a RANGE offset without type")),
        (None, _) => u64::try_from(offset)
            .map(|offset| ScalarValue::UInt64(Some(offset)))
            .map_err(|_| malformed("an offset is negative")),
    };
    Ok(match kind {
        Kind::Unbounded(_) => None,
        Kind::CurrentRow(_) => Some(WindowFrameBound::CurrentRow),
        Kind::Preceding(preceding) => Some(WindowFrameBound::Preceding(offset(preceding.offset)?)),
        Kind::Following(following) => Some(WindowFrameBound::Following(offset(following.offset)?)),
    })
}

/// A literal or a cast with these keys and values as the metadata of its field.
fn with_metadata(inner: Expr, texts: Vec<String>) -> Option<Expr> {
    let mut metadata = BTreeMap::new();
    let mut texts = texts.into_iter();
    while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
        metadata.insert(key, value);
    }
    let field = |field: &FieldRef| {
        let field = field.as_ref().clone();
        Arc::new(field.with_metadata(metadata.clone().into_iter().collect()))
    };
    match inner {
        Expr::Literal(value, None) => Some(Expr::Literal(value, Some(metadata.into()))),
        Expr::Cast(cast) => {
            let field = field(&cast.field);
            Some(Expr::Cast(Cast::new_from_field(cast.expr, field)))
        }
        Expr::TryCast(cast) => {
            let field = field(&cast.field);
            Some(Expr::TryCast(TryCast::new_from_field(cast.expr, field)))
        }
        _ => None,
    }
}

/// Applies a binary operator, from left to right where there are more than two operands.
pub(super) fn operator(op: Operator, mut operands: Vec<Expr>) -> Result<Expr> {
    let chain = matches!(op, Operator::And | Operator::Or | Operator::StringConcat);
    if operands.len() < 2 || (operands.len() > 2 && !chain) {
        return Err(malformed(format_args!("{op} has {} operands", operands.len())));
    }
    let binary =
        |left, right| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    if operands.len() > LONGEST_CHAIN {
        while operands.len() > 1 {
            let mut halved = Vec::with_capacity(operands.len().div_ceil(2));
            let mut rest = operands.into_iter();
            while let Some(left) = rest.next() {
                halved.push(match rest.next() {
                    Some(right) => binary(left, right),
                    None => left,
                });
            }
            operands = halved;
        }
    }
    operands.into_iter().reduce(binary).ok_or_else(|| malformed("an operator has no operands"))
}

/// `NOT` of a predicate, as its negated form where it has one.
fn negated(expr: Expr) -> Expr {
    match expr {
        Expr::Like(like) if !like.negated => Expr::Like(Like { negated: true, ..like }),
        Expr::SimilarTo(like) if !like.negated => Expr::SimilarTo(Like { negated: true, ..like }),
        Expr::Between(between) if !between.negated => {
            Expr::Between(Between { negated: true, ..between })
        }
        Expr::InList(list) if !list.negated => Expr::InList(InList { negated: true, ..list }),
        Expr::Exists(exists) if !exists.negated => Expr::Exists(Exists { negated: true, ..exists }),
        Expr::InSubquery(subquery) if !subquery.negated => {
            Expr::InSubquery(InSubquery { negated: true, ..subquery })
        }
        other => Expr::Not(Box::new(other)),
    }
}

fn one() -> Expr {
    Expr::Literal(ScalarValue::Int64(Some(1)), None)
}

pub(super) fn no_function(name: &str) -> super::Fault {
    unknown(format_args!("the function {name}"))
}

fn distinct(invocation: i32) -> Result<bool> {
    match AggregationInvocation::try_from(invocation) {
        Ok(AggregationInvocation::Distinct) => Ok(true),
        Ok(AggregationInvocation::All | AggregationInvocation::Unspecified) => Ok(false),
        Err(_) => Err(malformed("an aggregate function has no such invocation")),
    }
}

fn phase(phase: i32) -> Result<()> {
    match AggregationPhase::try_from(phase) {
        Ok(AggregationPhase::InitialToResult | AggregationPhase::Unspecified) => Ok(()),
        _ => Err(unknown("a part of an aggregation")),
    }
}
