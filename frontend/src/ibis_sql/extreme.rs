//! Least and greatest floats: NaN is the greatest in Ibis's engine, and DataFusion passes over it.
//!
//! Each `min(x)` and `max(x)` of floats becomes two aggregates, the extreme of what is a number
//! and the count of what is none, and a projection above puts them together under the old name.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Case, WindowFunction};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, LogicalPlan, Projection, Window, WindowFunctionDefinition,
};
use datafusion::prelude::lit;

use super::mend::{Mender, case};

/// The two aggregates of an extreme, and whether it is the greatest.
struct Parts {
    numbers: Expr,
    nans: Expr,
    nan: ScalarValue,
    greatest: bool,
}

/// Whether a relation asks for a least or greatest float.
pub(super) fn found(plan: &LogicalPlan) -> Result<bool> {
    let (calls, input) = match plan {
        LogicalPlan::Aggregate(aggregate) => (&aggregate.aggr_expr, &aggregate.input),
        LogicalPlan::Window(window) => (&window.window_expr, &window.input),
        _ => return Ok(false),
    };
    for call in calls {
        if let Some((_, value)) = extreme(call)
            && value.get_type(input.schema())?.is_floating()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name and the argument of a call of `min` or `max`.
fn extreme(call: &Expr) -> Option<(&str, &Expr)> {
    let (name, args) = match call {
        Expr::Alias(alias) => return extreme(&alias.expr),
        Expr::AggregateFunction(call) => (call.func.name(), &call.params.args),
        Expr::WindowFunction(call) => (call.fun.name(), &call.params.args),
        _ => return None,
    };
    match (name, args.as_slice()) {
        ("min" | "max", [value]) => Some((name, value)),
        _ => None,
    }
}

impl Mender<'_> {
    /// An aggregation or window whose extremes of floats count NaN.
    pub(super) fn extremes(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        match plan {
            LogicalPlan::Aggregate(aggregate) => {
                let schema = Arc::clone(aggregate.input.schema());
                let calls = self.taken_apart(&aggregate.aggr_expr, &schema)?;
                let Some((exprs, joined)) = calls else {
                    return Ok(LogicalPlan::Aggregate(aggregate));
                };
                let groups = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
                let kept = columns(&aggregate.schema).take(groups).collect();
                let below = Aggregate::try_new(aggregate.input, aggregate.group_expr, exprs)?;
                above(LogicalPlan::Aggregate(below), kept, joined)
            }
            LogicalPlan::Window(window) => {
                let schema = Arc::clone(window.input.schema());
                let calls = self.taken_apart(&window.window_expr, &schema)?;
                let Some((exprs, joined)) = calls else {
                    return Ok(LogicalPlan::Window(window));
                };
                let kept = columns(&schema).collect();
                above(LogicalPlan::Window(Window::try_new(exprs, window.input)?), kept, joined)
            }
            plan => Ok(plan),
        }
    }

    /// The calls with two in place of each extreme of floats, and what is made of them, one a
    /// call; nothing where there is no such extreme.
    fn taken_apart(
        &mut self,
        calls: &[Expr],
        schema: &DFSchema,
    ) -> Result<Option<(Vec<Expr>, Vec<Expr>)>> {
        let (mut below, mut joined, mut found) = (Vec::new(), Vec::new(), false);
        for call in calls {
            let name = call.schema_name().to_string();
            let column = Expr::Column(Column::from_name(&name));
            match self.parts(call, schema)? {
                None => {
                    below.push(call.clone());
                    joined.push(column);
                }
                Some(parts) => {
                    found = true;
                    let (numbers, nans) = (format!("{name} of numbers"), format!("{name}, NaN"));
                    below.push(parts.numbers.alias(&numbers));
                    below.push(parts.nans.alias(&nans));
                    let numbers = Expr::Column(Column::from_name(numbers));
                    let any = Expr::Column(Column::from_name(nans)).gt(lit(0_i64));
                    let nan = match parts.greatest {
                        true => any,
                        false => numbers.clone().is_null().and(any),
                    };
                    let whole = case(nan, Expr::Literal(parts.nan, None), numbers);
                    joined.push(whole.alias(&name));
                }
            }
        }
        Ok(found.then_some((below, joined)))
    }

    fn parts(&mut self, call: &Expr, schema: &DFSchema) -> Result<Option<Parts>> {
        let call = match call {
            Expr::Alias(alias) => alias.expr.as_ref(),
            call => call,
        };
        let Some((name, value)) = extreme(call) else { return Ok(None) };
        let nan = match value.get_type(schema)? {
            DataType::Float64 => ScalarValue::Float64(Some(f64::NAN)),
            DataType::Float32 => ScalarValue::Float32(Some(f32::NAN)),
            DataType::Float16 => {
                self.differs(name, "NaN is the greatest float in Ibis's engine");
                return Ok(None);
            }
            _ => return Ok(None),
        };
        if !self.repeatable(&[value]) {
            return Ok(None);
        }
        self.made("NaN is the greatest float");
        let is_nan = self.call("isnan", vec![value.clone()])?;
        let null = Expr::Literal(ScalarValue::try_from(&nan.data_type())?, None);
        let numbers = vec![case(is_nan.clone(), null, value.clone())];
        let one = (Box::new(is_nan), Box::new(lit(1_i64)));
        let nans = vec![Expr::Case(Case::new(None, vec![one], None))];
        let greatest = name == "max";
        Ok(match call {
            Expr::AggregateFunction(call) => {
                let least = |args| {
                    let mut call = call.clone();
                    call.params.args = args;
                    call
                };
                let nans = AggregateFunction { func: count_udaf(), ..least(nans) };
                let numbers = Expr::AggregateFunction(least(numbers));
                Some(Parts { numbers, nans: Expr::AggregateFunction(nans), nan, greatest })
            }
            Expr::WindowFunction(call) => {
                let least = |args| {
                    let mut call = call.as_ref().clone();
                    call.params.args = args;
                    call
                };
                let fun = WindowFunctionDefinition::AggregateUDF(count_udaf());
                let nans = WindowFunction { fun, ..least(nans) };
                let numbers = Expr::from(least(numbers));
                Some(Parts { numbers, nans: Expr::from(nans), nan, greatest })
            }
            _ => None,
        })
    }
}

fn columns(schema: &DFSchema) -> impl Iterator<Item = Expr> + '_ {
    schema
        .iter()
        .map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name())))
}

fn above(below: LogicalPlan, mut kept: Vec<Expr>, joined: Vec<Expr>) -> Result<LogicalPlan> {
    kept.extend(joined);
    Projection::try_new(kept, Arc::new(below)).map(LogicalPlan::Projection)
}
