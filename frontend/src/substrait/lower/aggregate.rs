//! Grouping and aggregation.

use std::collections::HashSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use substrait::proto::aggregate_rel::Measure;
use substrait::proto::{AggregateRel, AggregationPhase};

use super::call::Call;
use super::rel::{no_window, plain};
use super::{Lowering, all_columns};
use crate::substrait::decode::Home;
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;
use crate::substrait::walk;
use crate::substrait::{Fact, Producer};
use planc_ir::code;

impl Lowering<'_> {
    pub(super) fn aggregate(&mut self, aggregate: &AggregateRel) -> Result<LogicalPlan> {
        plain(&aggregate.advanced_extension)?;
        if self.source.producer == Producer::DuckDb && !self.facts.contains(&Fact::PlainAggregates)
        {
            let message = "DuckDB does not write the FILTER and ORDER BY of aggregates, nor ROLLUP, \
                           CUBE and GROUPING SETS";
            return Err(Fault::new(code::LOST_ARGUMENT, message).help(
                "write the rule in SQL; or, where the query has none of these, \
                 `facts = [\"plain-aggregates\"]` into the TOML file beside the plan",
            ));
        }
        let input = self.input(aggregate.input.as_deref())?;
        let schema = input.schema().as_ref().clone();
        let plan = if aggregate.groupings.len() > 1 {
            self.grouping_sets(aggregate, &input, &schema)?
        } else {
            let keys = self.keys(aggregate, &schema)?;
            self.grouped(aggregate, input, keys, &schema)?
        };
        self.emitted(plan, aggregate.common.as_ref())
    }

    /// Groups, and measures behind them.
    pub(super) fn grouped(
        &mut self,
        aggregate: &AggregateRel,
        input: LogicalPlan,
        keys: Vec<Expr>,
        schema: &DFSchema,
    ) -> Result<LogicalPlan> {
        keys.iter().try_for_each(no_window)?;
        let mut seen = HashSet::new();
        let keys: Vec<Expr> = keys.into_iter().map(|key| self.named(key, &mut seen)).collect();
        let width = keys.len();
        let mut measures = Vec::with_capacity(aggregate.measures.len());
        for (at, measure) in aggregate.measures.iter().enumerate() {
            let measure = self.step(format!("measures[{at}]"), |l| l.measure(measure, schema))?;
            measures.push(measure);
        }
        if width == 0 && measures.is_empty() {
            return Err(invalid("an aggregation has neither groups nor measures"));
        }
        // Above the aggregation stands what a measure computes from its aggregate function.
        let mut names = HashSet::new();
        let mut bare = Vec::with_capacity(measures.len());
        let mut above = Vec::with_capacity(measures.len());
        for Measured { aggregate, above: wrap } in measures {
            let name = aggregate.schema_name().to_string();
            let own = names.insert(name.clone())
                && !schema.fields().iter().any(|field| *field.name() == name);
            let (aggregate, name) = if own {
                (aggregate, name)
            } else {
                let fresh = self.fresh();
                (aggregate.alias(&fresh), fresh)
            };
            bare.push(aggregate);
            above.push((name, wrap));
        }
        let builder = LogicalPlanBuilder::from(input);
        let plan = match bare.is_empty() {
            // Only groups: the distinct ones.
            true => builder.aggregate(keys, Vec::<Expr>::new())?.build()?,
            false => builder.aggregate(keys, bare)?.build()?,
        };
        let columns = all_columns(plan.schema());
        let mut output: Vec<Expr> = columns.iter().take(width).cloned().collect();
        for (column, (_, wrap)) in columns.into_iter().skip(width).zip(above) {
            let expr = match wrap {
                Wrap::Nothing => column,
                Wrap::Cast(data_type) => super::cast(column, data_type),
                Wrap::ZeroIfNull(zero) => self.function("coalesce", vec![column, zero])?,
            };
            output.push(expr.alias(self.fresh()));
        }
        Ok(LogicalPlanBuilder::from(plan).project(output)?.build()?)
    }

    fn measure(&mut self, measure: &Measure, schema: &DFSchema) -> Result<Measured> {
        let call = measure.measure.as_ref();
        let call = call.ok_or_else(|| invalid("a measure has no function"))?;
        whole(call.phase)?;
        #[allow(deprecated, reason = "plans of older producers use them")]
        let arguments = self.arguments(&call.arguments, &call.args, schema)?;
        let declared = self.declared(call.function_reference)?;
        let call_of = Call::new(&declared, arguments, &call.options)?;
        let distinct = walk::is_distinct(call.invocation);
        let filter = measure.filter.as_ref();
        let filter = filter.map(|filter| self.condition(filter, schema)).transpose()?;
        let order_by = self.sorts(&call.sorts, schema)?;
        let wanted = call.output_type.as_ref().map(|t| self.data_type(t)).transpose()?;
        let wanted = wanted.map(|(data_type, _)| data_type);
        let chosen = self.step(declared.name.clone(), |l| l.aggregate_function(call_of, schema))?;
        let func = self.state.aggregate_functions().get(chosen.name).cloned();
        let func = func.ok_or_else(|| unsupported(format_args!("no function {}", chosen.name)))?;
        let aggregate = Expr::AggregateFunction(AggregateFunction::new_udf(
            func,
            chosen.args,
            distinct,
            filter.map(Box::new),
            order_by,
            None,
        ));
        no_window(&aggregate)?;
        let found = super::type_of(&aggregate, schema)?;
        if let (Some(DataType::Decimal128(_, wanted)), DataType::Decimal128(_, found)) =
            (&wanted, &found)
            && wanted > found
            && chosen.name == "avg"
        {
            return Err(unsupported("an average with more digits than DataFusion computes"));
        }
        let above = match chosen.zero {
            Some(zero) => Wrap::ZeroIfNull(zero),
            None => match wanted {
                // Integers are counted in types of DataFusion's own.
                Some(wanted) if wanted.is_integer() && found.is_integer() && wanted != found => {
                    self.repaired(Repair::ResultType);
                    Wrap::Cast(wanted)
                }
                _ => Wrap::Nothing,
            },
        };
        Ok(Measured { aggregate, above })
    }

    /// The aggregate function of DataFusion that means the same.
    pub(super) fn aggregate_function(
        &mut self,
        call: Call,
        schema: &DFSchema,
    ) -> Result<Aggregated> {
        let plain = |name: &'static str, args: Vec<Expr>| Aggregated { name, args, zero: None };
        if call.home == Home::Planc {
            let names = self.state.aggregate_functions();
            let args = call.all_values()?;
            let known = names.get(call.name.as_str()).map(|function| function.name().to_owned());
            let name = known.ok_or_else(|| call.unknown())?;
            return Ok(plain(interned(&name).ok_or_else(|| call.unknown())?, args));
        }
        let name = call.name.clone();
        call.only_options(&[
            ("overflow", &["SILENT"]),
            ("rounding", &["TIE_TO_EVEN"]),
            ("distribution", &["SAMPLE", "POPULATION"]),
        ])?;
        let spread = call.option("distribution", &["SAMPLE", "POPULATION"]);
        let population = spread == Some("POPULATION");
        let spread = spread.is_some();
        let args = call.all_values()?;
        let numeric = |args: &[Expr]| -> Result<DataType> {
            match args {
                [arg] => super::type_of(arg, schema),
                _ => Err(call.arity()),
            }
        };
        Ok(match (name.as_str(), args.len()) {
            ("count" | "count_star", 0) => plain("count", vec![datafusion::prelude::lit(1_i64)]),
            ("count", 1) => plain("count", args),
            ("sum", 1) => {
                let found = numeric(&args)?;
                if !found.is_numeric() {
                    return Err(call.unknown());
                }
                plain("sum", args)
            }
            ("sum0", 1) => {
                let found = numeric(&args)?;
                if !found.is_integer() {
                    return Err(call.unknown());
                }
                let zero = Some(datafusion::prelude::lit(0_i64));
                Aggregated { name: "sum", args, zero }
            }
            ("avg" | "mean", 1) => plain("avg", args),
            ("min", 1) => plain("min", args),
            ("max", 1) => plain("max", args),
            ("bool_and" | "every", 1) => plain("bool_and", args),
            ("bool_or", 1) => plain("bool_or", args),
            ("std_dev", 1) if spread => {
                self.repaired(Repair::Renamed);
                plain(if population { "stddev_pop" } else { "stddev" }, args)
            }
            ("variance", 1) if spread => {
                self.repaired(Repair::Renamed);
                plain(if population { "var_pop" } else { "var" }, args)
            }
            ("approx_count_distinct", 1) => {
                self.repaired(Repair::Renamed);
                plain("approx_distinct", args)
            }
            ("corr", 2) => plain("corr", args),
            _ => return Err(call.unknown()),
        })
    }
}

/// A measure: its aggregate function, and what is made of that.
struct Measured {
    aggregate: Expr,
    above: Wrap,
}

enum Wrap {
    Nothing,
    Cast(DataType),
    ZeroIfNull(Expr),
}

/// An aggregate function of DataFusion with its arguments.
pub(super) struct Aggregated {
    pub(super) name: &'static str,
    pub(super) args: Vec<Expr>,
    /// What stands for null.
    pub(super) zero: Option<Expr>,
}

/// The aggregate functions of planc's own that foreign plans may name.
fn interned(name: &str) -> Option<&'static str> {
    const NAMES: &[&str] = &[
        "approx_distinct",
        "approx_median",
        "array_agg",
        "avg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "corr",
        "count",
        "covar_pop",
        "covar_samp",
        "first_value",
        "last_value",
        "max",
        "median",
        "min",
        "nth_value",
        "percentile_cont",
        "stddev",
        "stddev_pop",
        "string_agg",
        "sum",
        "var",
        "var_pop",
    ];
    NAMES.iter().copied().find(|known| *known == name)
}

/// Only whole aggregations are read, no parts of one.
pub(super) fn whole(phase: i32) -> Result<()> {
    match AggregationPhase::try_from(phase) {
        Ok(AggregationPhase::InitialToResult | AggregationPhase::Unspecified) => Ok(()),
        _ => Err(unsupported("a part of an aggregation")),
    }
}
