//! Calls of functions: standard where the meaning is the same, else of planc's own URN.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{
    AggregateFunction, AggregateFunctionParams, HigherOrderFunction, NullTreatment, WindowFunction,
    WindowFunctionParams,
};
use datafusion::logical_expr::{
    Expr, ScalarUDF, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use substrait::proto::aggregate_function::AggregationInvocation;
use substrait::proto::expression::window_function::bound::{
    CurrentRow, Following, Kind, Preceding, Unbounded,
};
use substrait::proto::expression::window_function::{Bound, BoundsType};
use substrait::proto::expression::{RexType, ScalarFunction, WindowFunction as WindowCall};
use substrait::proto::function_argument::ArgType;
use substrait::proto::{
    AggregateFunction as AggregateCall, AggregationPhase, Expression, FunctionArgument,
    FunctionOption,
};

use super::{Encoder, Result, broken, refuse};
use crate::key::Scope;
use crate::substrait::extension::{self, marker, option};
use crate::substrait::functions::{Form, Meaning, OWN, STANDARD, standard};

/// An anchor and the options that fix the meaning.
struct Target {
    anchor: u32,
    options: Vec<FunctionOption>,
}

impl<'a> Encoder<'a> {
    /// A call whose operands are expressions of the plan and whose type is that of `expr`.
    pub(super) fn call(
        &mut self,
        meaning: Meaning,
        operands: &[&'a Expr],
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        let (result, nullable) = self.result_of(expr, scope)?;
        let types = self.types_of(operands.iter().copied(), scope)?;
        let arguments = self.expressions(operands.iter().copied(), scope)?;
        self.call_with(meaning, arguments, &types, &result, nullable)
    }

    /// A call with operands that are encoded already.
    pub(super) fn call_with(
        &mut self,
        meaning: Meaning,
        arguments: Vec<Expression>,
        types: &[DataType],
        result: &DataType,
        nullable: bool,
    ) -> Result<RexType> {
        match self.standard_target(meaning, types, result) {
            Some(target) => self.scalar_call(target, arguments, result, nullable),
            None => self.own_call(meaning, arguments, result, nullable),
        }
    }

    /// A call of planc's own function.
    pub(super) fn own_call(
        &mut self,
        meaning: Meaning,
        arguments: Vec<Expression>,
        result: &DataType,
        nullable: bool,
    ) -> Result<RexType> {
        let own = OWN.iter().find(|(known, _)| *known == meaning);
        let Some((_, name)) = own else {
            return Err(refuse(format_args!("{meaning:?}")));
        };
        let target = self.own_target(name, Vec::new());
        self.scalar_call(target, arguments, result, nullable)
    }

    pub(super) fn scalar_function(
        &mut self,
        func: &Arc<ScalarUDF>,
        args: &'a [Expr],
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        record(&mut self.called.scalar, func.name(), func)?;
        let (result, nullable) = self.result_of(expr, scope)?;
        let types = self.types_of(args, scope)?;
        let arguments = self.expressions(args, scope)?;
        let named = |meaning: &Meaning| matches!(meaning, Meaning::Scalar(n) if *n == func.name());
        let target = self.target(named, func.name(), &types, &result, Vec::new());
        self.scalar_call(target, arguments, &result, nullable)
    }

    /// A function that takes lambdas among its arguments.
    pub(super) fn higher_order(
        &mut self,
        function: &'a HigherOrderFunction,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        let HigherOrderFunction { func, args } = function;
        record(&mut self.called.higher_order, func.name(), func)?;
        let (result, nullable) = self.result_of(expr, scope)?;
        let mut parameters = function.lambda_parameters(scope).map_err(broken)?.into_iter();
        let mut arguments = Vec::with_capacity(args.len());
        for arg in args {
            arguments.push(match arg {
                Expr::Lambda(lambda) => {
                    let fields = parameters.next().unwrap_or_default();
                    self.lambda(lambda, &fields, scope)?
                }
                value => self.expression(value, scope)?,
            });
        }
        let target = self.own_target(func.name(), Vec::new());
        self.scalar_call(target, arguments, &result, nullable)
    }

    pub(super) fn aggregate_function(
        &mut self,
        function: &'a AggregateFunction,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<AggregateCall> {
        let AggregateFunction { func, params } = function;
        let AggregateFunctionParams { args, distinct, filter: _, order_by, null_treatment } =
            params;
        record(&mut self.called.aggregate, func.name(), func)?;
        let (result, nullable) = self.result_of(expr, scope)?;
        let own = ignores_nulls(*null_treatment);
        let rows = !distinct && own.is_empty() && counts_rows(func.name(), args);
        let args = if rows { &[] } else { args.as_slice() };
        let types = self.types_of(args, scope)?;
        let named = |meaning: &Meaning| match meaning {
            Meaning::Form(Form::CountRows) => rows,
            Meaning::Aggregate(name) => *name == func.name(),
            _ => false,
        };
        let target = self.target(named, func.name(), &types, &result, own);
        Ok(AggregateCall {
            function_reference: target.anchor,
            arguments: values(self.expressions(args, scope)?),
            options: target.options,
            output_type: Some(self.data_type(&result, nullable)?),
            phase: AggregationPhase::InitialToResult as i32,
            sorts: self.sorts(order_by, scope)?,
            invocation: invocation(*distinct),
            ..AggregateCall::default()
        })
    }

    pub(super) fn window_function(
        &mut self,
        function: &'a WindowFunction,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<WindowCall> {
        let WindowFunction { fun, params } = function;
        let WindowFunctionParams {
            args,
            partition_by,
            order_by,
            window_frame,
            filter,
            null_treatment,
            distinct,
        } = params;
        let (result, nullable) = self.result_of(expr, scope)?;
        let mut own = ignores_nulls(*null_treatment);
        let mut aggregate = false;
        match fun {
            WindowFunctionDefinition::AggregateUDF(func) => {
                record(&mut self.called.aggregate, func.name(), func)?;
                aggregate = true;
            }
            WindowFunctionDefinition::WindowUDF(func) => {
                record(&mut self.called.window, func.name(), func)?;
            }
        }
        if aggregate && BOTH_KINDS.contains(&fun.name()) {
            own.push(function_option(option::KIND, option::AGGREGATE));
        }
        let frame = self.frame(window_frame)?;
        own.extend(frame.option);
        let mut extra = frame.offsets;
        if let Some(filter) = filter {
            extra.push(argument(ArgType::Enum(marker::FILTER.to_owned())));
            extra.push(argument(ArgType::Value(self.expression(filter, scope)?)));
        }
        let rows = aggregate
            && !distinct
            && own.is_empty()
            && extra.is_empty()
            && counts_rows(fun.name(), args);
        let args = if rows { &[] } else { args.as_slice() };
        let types = self.types_of(args, scope)?;
        let named = |meaning: &Meaning| match meaning {
            Meaning::Form(Form::CountRows) => rows,
            Meaning::Aggregate(name) => aggregate && *name == fun.name(),
            Meaning::Window(name) => !aggregate && *name == fun.name(),
            _ => false,
        };
        let target = if extra.is_empty() {
            self.target(named, fun.name(), &types, &result, own)
        } else {
            self.own_target(fun.name(), own)
        };
        let mut arguments = values(self.expressions(args, scope)?);
        arguments.extend(extra);
        Ok(WindowCall {
            function_reference: target.anchor,
            arguments,
            options: target.options,
            output_type: Some(self.data_type(&result, nullable)?),
            phase: AggregationPhase::InitialToResult as i32,
            sorts: self.sorts(order_by, scope)?,
            invocation: invocation(*distinct),
            partitions: self.expressions(partition_by, scope)?,
            bounds_type: frame.units as i32,
            lower_bound: Some(frame.lower),
            upper_bound: Some(frame.upper),
            ..WindowCall::default()
        })
    }

    fn frame(&mut self, frame: &WindowFrame) -> Result<Frame> {
        let mut offsets = Vec::new();
        let mut bound = |bound: &WindowFrameBound, lower: bool| -> Result<Bound> {
            let preceding = |offset| Kind::Preceding(Preceding { offset });
            let following = |offset| Kind::Following(Following { offset });
            let (value, kind): (_, fn(i64) -> Kind) = match bound {
                WindowFrameBound::CurrentRow => {
                    return Ok(Bound { kind: Some(Kind::CurrentRow(CurrentRow {})) });
                }
                WindowFrameBound::Preceding(value) => (value, preceding),
                WindowFrameBound::Following(value) => (value, following),
            };
            let before = matches!(bound, WindowFrameBound::Preceding(_));
            if value.is_null() {
                return match before == lower {
                    true => Ok(Bound { kind: Some(Kind::Unbounded(Unbounded {})) }),
                    false => Err(refuse("a frame that starts at its end")),
                };
            }
            // Offsets of ROWS and GROUPS are positive counts in the standard; all others are
            // typed literals beside the arguments.
            let counted = match (frame.units, value) {
                (WindowFrameUnits::Range, _) => None,
                (_, ScalarValue::UInt64(Some(n))) => i64::try_from(*n).ok().filter(|n| *n > 0),
                _ => None,
            };
            if counted.is_none() {
                let marker = if lower { marker::LOWER } else { marker::UPPER };
                offsets.push(argument(ArgType::Enum(marker.to_owned())));
                let literal = RexType::Literal(self.literal(value, false)?);
                offsets.push(argument(ArgType::Value(Expression { rex_type: Some(literal) })));
            }
            Ok(Bound { kind: Some(kind(counted.unwrap_or(0))) })
        };
        let lower = bound(&frame.start_bound, true)?;
        let upper = bound(&frame.end_bound, false)?;
        let groups = || function_option(option::FRAME, option::GROUPS);
        let (units, option) = match frame.units {
            WindowFrameUnits::Rows => (BoundsType::Rows, None),
            WindowFrameUnits::Range => (BoundsType::Range, None),
            WindowFrameUnits::Groups => (BoundsType::Unspecified, Some(groups())),
        };
        Ok(Frame { units, lower, upper, option, offsets })
    }

    fn types_of(
        &self,
        exprs: impl IntoIterator<Item = &'a Expr>,
        scope: &Scope<'a>,
    ) -> Result<Vec<DataType>> {
        exprs.into_iter().map(|expr| self.type_in(expr, scope)).collect()
    }

    /// The official function where there is one and no option of planc's is needed, else
    /// planc's by DataFusion's name.
    fn target(
        &mut self,
        named: impl Fn(&Meaning) -> bool,
        name: &str,
        types: &[DataType],
        result: &DataType,
        own: Vec<FunctionOption>,
    ) -> Target {
        let meaning = STANDARD.iter().map(|line| line.meaning).find(&named);
        let standard = match (own.is_empty(), meaning) {
            (true, Some(meaning)) => self.standard_target(meaning, types, result),
            _ => None,
        };
        standard.unwrap_or_else(|| self.own_target(name, own))
    }

    fn standard_target(
        &mut self,
        meaning: Meaning,
        types: &[DataType],
        result: &DataType,
    ) -> Option<Target> {
        let (line, name) = standard(meaning, types, result)?;
        let options =
            line.options.iter().map(|(name, value)| function_option(name, value)).collect();
        Some(Target { anchor: self.function(&line.urn(), name), options })
    }

    fn own_target(&mut self, name: &str, options: Vec<FunctionOption>) -> Target {
        Target { anchor: self.function(extension::URN, format!("{name}:any")), options }
    }

    fn scalar_call(
        &mut self,
        target: Target,
        arguments: Vec<Expression>,
        result: &DataType,
        nullable: bool,
    ) -> Result<RexType> {
        Ok(RexType::ScalarFunction(ScalarFunction {
            function_reference: target.anchor,
            arguments: values(arguments),
            options: target.options,
            output_type: Some(self.data_type(result, nullable)?),
            ..ScalarFunction::default()
        }))
    }
}

/// The window functions of DataFusion that are aggregate functions too.
pub(crate) const BOTH_KINDS: &[&str] = &["first_value", "last_value", "nth_value"];

struct Frame {
    units: BoundsType,
    lower: Bound,
    upper: Bound,
    option: Option<FunctionOption>,
    offsets: Vec<FunctionArgument>,
}

/// Keeps the function that a name stands for in this plan.
fn record<F: PartialEq>(
    called: &mut HashMap<String, Arc<F>>,
    name: &str,
    func: &Arc<F>,
) -> Result<()> {
    match called.entry(name.to_owned()) {
        Entry::Vacant(free) => {
            free.insert(Arc::clone(func));
            Ok(())
        }
        Entry::Occupied(known) if known.get().as_ref() == func.as_ref() => Ok(()),
        Entry::Occupied(_) => Err(refuse(format_args!("a plan with two functions {name}"))),
    }
}

fn counts_rows(name: &str, args: &[Expr]) -> bool {
    let one = |expr: &Expr| {
        matches!(expr, Expr::Literal(ScalarValue::Int64(Some(1)), metadata)
            if metadata.as_ref().is_none_or(|metadata| metadata.is_empty()))
    };
    name == "count" && matches!(args, [only] if one(only))
}

fn ignores_nulls(treatment: Option<NullTreatment>) -> Vec<FunctionOption> {
    match treatment {
        Some(NullTreatment::IgnoreNulls) => vec![function_option(option::NULLS, option::IGNORE)],
        Some(NullTreatment::RespectNulls) | None => Vec::new(),
    }
}

fn invocation(distinct: bool) -> i32 {
    let invocation =
        if distinct { AggregationInvocation::Distinct } else { AggregationInvocation::All };
    invocation as i32
}

fn function_option(name: &str, value: &str) -> FunctionOption {
    FunctionOption { name: name.to_owned(), preference: vec![value.to_owned()] }
}

fn argument(arg_type: ArgType) -> FunctionArgument {
    FunctionArgument { arg_type: Some(arg_type) }
}

fn values(expressions: Vec<Expression>) -> Vec<FunctionArgument> {
    expressions.into_iter().map(|value| argument(ArgType::Value(value))).collect()
}
