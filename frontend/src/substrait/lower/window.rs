//! Window functions, and where they may stand.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowFunctionDefinition,
};
use planc_ir::code;
use substrait::proto::expression::WindowFunction as WindowCall;
use substrait::proto::expression::window_function::bound::Kind;
use substrait::proto::expression::window_function::{Bound, BoundsType};

use super::aggregate::whole;
use super::call::Call;
use super::{Lowering, cast, type_of};
use crate::substrait::Fact;
use crate::substrait::decode::Home;
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;
use crate::substrait::walk;

impl Lowering<'_> {
    pub(super) fn window_call(&mut self, call: &WindowCall, schema: &DFSchema) -> Result<Expr> {
        whole(call.phase)?;
        #[allow(deprecated, reason = "plans of older producers use them")]
        let arguments = self.arguments(&call.arguments, &call.args, schema)?;
        let declared = self.declared(call.function_reference)?;
        let options = Call::new(&declared, arguments, &call.options)?;
        let ibis = self.source.producer.is_ibis();
        self.lost_in_a_window(&options)?;
        let partition_by = self.expressions(&call.partitions, schema)?;
        let order_by = self.sorts(&call.sorts, schema)?;
        let distinct = walk::is_distinct(call.invocation);
        let (fun, args) = self.window_function(options, ibis, schema)?;
        let frame = self.frame(call, ibis, &order_by, schema)?;
        let expr = Expr::from(WindowFunction {
            fun,
            params: WindowFunctionParams {
                args,
                partition_by,
                order_by,
                window_frame: frame,
                filter: None,
                null_treatment: None,
                distinct,
            },
        });
        let found = type_of(&expr, schema)?;
        let wanted = call.output_type.as_ref().map(|t| self.data_type(t)).transpose()?;
        match wanted {
            Some((wanted, _)) if wanted != found && wanted.is_integer() && found.is_integer() => {
                self.repaired(Repair::ResultType);
                Ok(cast(expr, wanted))
            }
            _ => Ok(expr),
        }
    }

    /// Ibis's producer drops what a window function's aggregate says besides its argument.
    fn lost_in_a_window(&self, call: &Call) -> Result<()> {
        if !self.source.producer.is_ibis() {
            return Ok(());
        }
        let lost = match call.name.as_str() {
            "count" if !call.is_empty() => Fact::PlainCounts,
            "std_dev" | "variance" => Fact::SampleSpread,
            _ => return Ok(()),
        };
        if self.facts.contains(&lost) {
            return Ok(());
        }
        let what = match lost {
            Fact::PlainCounts => "whether a count over a window is of distinct values",
            _ => "whether a deviation over a window is of a sample",
        };
        Err(Fault::new(code::LOST_ARGUMENT, format!("ibis-substrait does not write {what}"))
            .help("make the bundle with `planc-ibis`, which says it"))
    }

    fn window_function(
        &mut self,
        call: Call,
        ibis: bool,
        schema: &DFSchema,
    ) -> Result<(WindowFunctionDefinition, Vec<Expr>)> {
        let name = match call.name.as_str() {
            "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile"
            | "lead" | "lag" | "first_value" | "last_value" | "nth_value" => call.name.clone(),
            "std_dev" | "variance" if ibis => {
                let name = if call.name == "std_dev" { "stddev" } else { "var" };
                let function = self.state.aggregate_functions().get(name).cloned();
                let function = function.ok_or_else(|| call.unknown())?;
                let args = call.all_values()?;
                return Ok((WindowFunctionDefinition::AggregateUDF(function), args));
            }
            _ => {
                let chosen = self.aggregate_function(call, schema)?;
                if chosen.zero.is_some() {
                    return Err(unsupported("such a sum over a window"));
                }
                let function = self.state.aggregate_functions().get(chosen.name).cloned();
                let function =
                    function.ok_or_else(|| unsupported("such a function over a window"))?;
                return Ok((WindowFunctionDefinition::AggregateUDF(function), chosen.args));
            }
        };
        if call.home != Home::Planc {
            call.only_options(&[("ignore_nulls", &["FALSE"])])?;
        }
        let function = self.state.window_functions().get(&name).cloned();
        let function = function.ok_or_else(|| call.unknown())?;
        let args = call.all_values()?;
        Ok((WindowFunctionDefinition::WindowUDF(function), args))
    }

    fn frame(
        &mut self,
        call: &WindowCall,
        ibis: bool,
        order_by: &[SortExpr],
        schema: &DFSchema,
    ) -> Result<WindowFrame> {
        let lower = self.bound(call.lower_bound.as_ref(), true, ibis)?;
        let upper = self.bound(call.upper_bound.as_ref(), false, ibis)?;
        let units = match BoundsType::try_from(call.bounds_type) {
            Ok(BoundsType::Rows) => WindowFrameUnits::Rows,
            Ok(BoundsType::Range) => WindowFrameUnits::Range,
            _ if ibis => {
                let whole = lower.is_unbounded() && upper.is_unbounded();
                if !whole {
                    if !self.facts.contains(&Fact::RowsFrames) {
                        let message =
                            "ibis-substrait does not write whether a frame counts rows or values";
                        return Err(Fault::new(code::LOST_ARGUMENT, message).help(
                            "make the bundle with `planc-ibis`; or write \
                             `facts = [\"rows-frames\"]` into the TOML file beside the plan",
                        ));
                    }
                    self.repaired(Repair::RowsFrame);
                }
                WindowFrameUnits::Rows
            }
            _ if lower.is_unbounded() && upper.is_unbounded() => WindowFrameUnits::Rows,
            _ => {
                return Err(unsupported(
                    "the frame of a window function does not say whether it counts rows",
                ));
            }
        };
        if place(&lower, i128::MIN) > place(&upper, i128::MAX) {
            return Err(invalid("the frame of a window function ends before it begins"));
        }
        if units == WindowFrameUnits::Range {
            let lower = ranged(lower, order_by, schema)?;
            let upper = ranged(upper, order_by, schema)?;
            return Ok(WindowFrame::new_bounds(units, lower, upper));
        }
        Ok(WindowFrame::new_bounds(units, lower, upper))
    }

    fn bound(
        &mut self,
        bound: Option<&Bound>,
        lower: bool,
        ibis: bool,
    ) -> Result<WindowFrameBound> {
        let kind = bound.and_then(|bound| bound.kind.as_ref());
        let unbounded = ScalarValue::UInt64(None);
        let offset = |offset: i64| {
            u64::try_from(offset)
                .map(|offset| ScalarValue::UInt64(Some(offset)))
                .map_err(|_| invalid("the offset of a frame is negative"))
        };
        Ok(match kind {
            None | Some(Kind::Unbounded(_)) if lower => WindowFrameBound::Preceding(unbounded),
            None | Some(Kind::Unbounded(_)) => WindowFrameBound::Following(unbounded),
            Some(Kind::CurrentRow(_)) => WindowFrameBound::CurrentRow,
            Some(Kind::Preceding(p)) if p.offset == 0 && ibis => {
                self.repaired(Repair::ZeroOffset);
                WindowFrameBound::CurrentRow
            }
            Some(Kind::Following(f)) if f.offset == 0 && ibis => {
                self.repaired(Repair::ZeroOffset);
                WindowFrameBound::CurrentRow
            }
            Some(Kind::Preceding(p)) => WindowFrameBound::Preceding(offset(p.offset)?),
            Some(Kind::Following(f)) => WindowFrameBound::Following(offset(f.offset)?),
        })
    }

    /// Window functions stand in relations of their own: computes them below, and puts their
    /// columns in their places. True where there were any.
    pub(super) fn hoisted(
        &mut self,
        input: LogicalPlan,
        exprs: Vec<Expr>,
    ) -> Result<(LogicalPlan, Vec<Expr>, bool)> {
        let mut windows: Vec<Expr> = Vec::new();
        for expr in &exprs {
            expr.apply(|part| {
                if matches!(part, Expr::WindowFunction(_)) && !windows.contains(part) {
                    windows.push(part.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        if windows.is_empty() {
            return Ok((input, exprs, false));
        }
        let plan = LogicalPlanBuilder::window_plan(input, windows)?;
        let replace = |part: Expr| match part {
            Expr::WindowFunction(_) => {
                let name = part.schema_name().to_string();
                Ok(Transformed::yes(Expr::Column(Column::from_name(name))))
            }
            other => Ok(Transformed::no(other)),
        };
        let exprs = exprs.into_iter().map(|expr| Ok(expr.transform_down(replace)?.data));
        Ok((plan, exprs.collect::<Result<Vec<_>>>()?, true))
    }
}

/// An offset of a RANGE frame, in the type of the one ordering column: a plan has whole numbers
/// only, and these mean something where numbers are ordered.
fn ranged(
    bound: WindowFrameBound,
    order_by: &[SortExpr],
    schema: &DFSchema,
) -> Result<WindowFrameBound> {
    let typed = |offset: ScalarValue| {
        if offset.is_null() {
            return Ok(offset);
        }
        let [key] = order_by else {
            return Err(invalid("a RANGE frame with an offset has not one ordering column"));
        };
        let found = type_of(&key.expr, schema)?;
        let known = found.is_integer() || found.is_floating();
        if !known {
            return Err(unsupported(format_args!(
                "an offset of a RANGE frame over {found}, which has no unit in Substrait"
            )));
        }
        let value = offset.cast_to(&found)?;
        match value.is_null() {
            true => Err(unsupported(format_args!("an offset that is no {found}"))),
            false => Ok(value),
        }
    };
    Ok(match bound {
        WindowFrameBound::Preceding(offset) => WindowFrameBound::Preceding(typed(offset)?),
        WindowFrameBound::Following(offset) => WindowFrameBound::Following(typed(offset)?),
        WindowFrameBound::CurrentRow => WindowFrameBound::CurrentRow,
    })
}

/// Where a bound lies, counted from the current row.
fn place(bound: &WindowFrameBound, unbounded: i128) -> i128 {
    let offset = |value: &ScalarValue| match value {
        ScalarValue::UInt64(Some(offset)) => Some(i128::from(*offset)),
        _ => None,
    };
    match bound {
        WindowFrameBound::Preceding(value) => offset(value).map_or(unbounded, |offset| -offset),
        WindowFrameBound::Following(value) => offset(value).unwrap_or(unbounded),
        WindowFrameBound::CurrentRow => 0,
    }
}
