//! What a value is in DuckDB, which types literals and dates differently: `x * 0.5` is a decimal
//! there and a float here, and the day of a timestamp is a date there and a timestamp here. Where
//! rounding or text depends on it, the values are followed back to the tables.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan, Operator};

/// The kinds that matter, the wider number behind the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Integer,
    Decimal,
    Double,
    Timestamp,
}

/// What an expression over these inputs is in DuckDB; `None` where that is not certain.
pub(super) fn origin(expr: &Expr, inputs: &[&LogicalPlan]) -> Option<Origin> {
    match expr {
        Expr::Alias(alias) => origin(&alias.expr, inputs),
        Expr::Column(column) => inputs.iter().find_map(|input| of_column(column, input)),
        Expr::Literal(value, _) => of_literal(value),
        Expr::Cast(cast) => cast_to(&cast.expr, cast.field.data_type(), inputs),
        Expr::TryCast(cast) => cast_to(&cast.expr, cast.field.data_type(), inputs),
        Expr::Negative(inner) => origin(inner, inputs),
        Expr::BinaryExpr(binary) => {
            let (left, right) = (&binary.left, &binary.right);
            match binary.op {
                Operator::Plus | Operator::Minus => {
                    let (left, right) = (origin(left, inputs), origin(right, inputs));
                    match (left, right) {
                        // An interval is of no kind.
                        (Some(Origin::Timestamp), None) => interval(&binary.right, inputs),
                        _ => wider(left?, right?),
                    }
                }
                Operator::Multiply | Operator::Modulo => {
                    wider(origin(left, inputs)?, origin(right, inputs)?)
                }
                Operator::Divide => {
                    let widest = wider(origin(left, inputs)?, origin(right, inputs)?)?;
                    (widest == Origin::Double).then_some(widest)
                }
                _ => None,
            }
        }
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then);
            all(branches.chain(&case.else_expr).map(AsRef::as_ref), inputs)
        }
        Expr::ScalarFunction(call) => of_call(call, inputs),
        Expr::AggregateFunction(call) => of_aggregate(call, inputs),
        _ => None,
    }
}

/// A timestamp, where what is added to it is an interval.
fn interval(expr: &Expr, inputs: &[&LogicalPlan]) -> Option<Origin> {
    let found = inputs.iter().find_map(|input| expr.get_type(input.schema()).ok())?;
    matches!(found, DataType::Interval(_)).then_some(Origin::Timestamp)
}

/// A timestamp that a number becomes has a zone in DuckDB.
fn cast_to(inner: &Expr, wanted: &DataType, inputs: &[&LogicalPlan]) -> Option<Origin> {
    let found = of_type(wanted)?;
    (found != Origin::Timestamp || !is_number(inner, inputs)).then_some(found)
}

fn is_number(expr: &Expr, inputs: &[&LogicalPlan]) -> bool {
    let schemas = inputs.iter().map(|input| input.schema());
    schemas.filter_map(|schema| expr.get_type(schema).ok()).any(|found| found.is_numeric())
}

fn of_type(data_type: &DataType) -> Option<Origin> {
    match data_type {
        DataType::Decimal128(..) => Some(Origin::Decimal),
        DataType::Timestamp(..) => Some(Origin::Timestamp),
        DataType::Float64 => Some(Origin::Double),
        found if found.is_integer() => Some(Origin::Integer),
        _ => None,
    }
}

fn of_literal(value: &ScalarValue) -> Option<Origin> {
    match value {
        // Python writes these without an exponent, and so they are decimals.
        ScalarValue::Float64(Some(number)) if !number.is_finite() => Some(Origin::Double),
        ScalarValue::Float64(Some(number)) => {
            let plain = *number == 0.0 || (1e-4..1e15).contains(&number.abs());
            plain.then_some(Origin::Decimal)
        }
        ScalarValue::Float32(_) => None,
        value => of_type(&value.data_type()),
    }
}

fn wider(one: Origin, other: Origin) -> Option<Origin> {
    let numbers = one != Origin::Timestamp && other != Origin::Timestamp;
    (numbers || one == other).then(|| one.max(other))
}

/// The widest kind of some values; NULLs are of any.
fn all<'e>(values: impl Iterator<Item = &'e Expr>, inputs: &[&LogicalPlan]) -> Option<Origin> {
    let mut widest = None;
    for value in values {
        let null = matches!(value, Expr::Literal(value, _) if value.is_null());
        let null = null
            || matches!(value, Expr::Cast(cast)
                if matches!(cast.expr.as_ref(), Expr::Literal(value, _) if value.is_null()));
        if !null {
            let found = origin(value, inputs)?;
            widest = Some(widest.map_or(Some(found), |widest| wider(widest, found))?);
        }
    }
    widest
}

fn of_call(call: &ScalarFunction, inputs: &[&LogicalPlan]) -> Option<Origin> {
    let first = || origin(call.args.first()?, inputs);
    match call.func.name() {
        "abs" | "round" | "floor" | "ceil" | "nullif" => first(),
        "coalesce" | "greatest" | "least" => all(call.args.iter(), inputs),
        "sqrt" | "exp" | "ln" | "log" | "log2" | "log10" | "power" | "sin" | "cos" | "tan"
        | "cot" | "asin" | "acos" | "atan" | "atan2" | "degrees" | "radians" | "pi" | "random" => {
            Some(Origin::Double)
        }
        "arrow_cast" => match call.args.get(1)? {
            Expr::Literal(ScalarValue::Utf8(Some(wanted)), _) if wanted.starts_with("Decimal") => {
                Some(Origin::Decimal)
            }
            Expr::Literal(ScalarValue::Utf8(Some(wanted)), _)
                if wanted.starts_with("Timestamp") && !is_number(call.args.first()?, inputs) =>
            {
                Some(Origin::Timestamp)
            }
            _ => None,
        },
        // From the day on, a timestamp that is cut is a date in one engine.
        "date_trunc" => match call.args.first()? {
            Expr::Literal(ScalarValue::Utf8(Some(unit)), _)
                if matches!(unit.to_lowercase().as_str(), "hour" | "minute" | "second") =>
            {
                origin(call.args.get(1)?, inputs)
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_aggregate(call: &AggregateFunction, inputs: &[&LogicalPlan]) -> Option<Origin> {
    let first = || origin(call.params.args.first()?, inputs);
    match call.func.name() {
        "count" => Some(Origin::Integer),
        "min" | "max" | "first_value" | "last_value" => first(),
        "sum" => first().filter(|found| *found != Origin::Timestamp),
        "avg" | "stddev" | "stddev_pop" | "var" | "var_pop" | "corr" | "covar_samp"
        | "covar_pop" => Some(Origin::Double),
        _ => None,
    }
}

fn of_column(column: &Column, plan: &LogicalPlan) -> Option<Origin> {
    let place = plan.schema().maybe_index_of_column(column)?;
    at(place, plan)
}

/// The kind of the column at this place.
fn at(place: usize, plan: &LogicalPlan) -> Option<Origin> {
    match plan {
        LogicalPlan::TableScan(scan) => of_type(scan.projected_schema.field(place).data_type()),
        LogicalPlan::Projection(projection) => {
            origin(projection.expr.get(place)?, &[projection.input.as_ref()])
        }
        LogicalPlan::Aggregate(aggregate) => {
            let sets = aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_)));
            if sets {
                return None;
            }
            let groups = aggregate.group_expr.len();
            let expr = match place.checked_sub(groups) {
                None => aggregate.group_expr.get(place)?,
                Some(at) => aggregate.aggr_expr.get(at)?,
            };
            origin(expr, &[aggregate.input.as_ref()])
        }
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            (place < width).then(|| at(place, &window.input)).flatten()
        }
        LogicalPlan::SubqueryAlias(alias) => at(place, &alias.input),
        LogicalPlan::Filter(filter) => at(place, &filter.input),
        LogicalPlan::Sort(sort) => at(place, &sort.input),
        LogicalPlan::Limit(limit) => at(place, &limit.input),
        LogicalPlan::Distinct(Distinct::All(input)) => at(place, input),
        LogicalPlan::Join(join) => {
            let (qualifier, field) = plan.schema().qualified_field(place);
            let column = Column::new(qualifier.cloned(), field.name());
            let found = |side: &DFSchema| side.maybe_index_of_column(&column);
            match (found(join.left.schema()), found(join.right.schema())) {
                (Some(place), None) => at(place, &join.left),
                (None, Some(place)) => at(place, &join.right),
                _ => None,
            }
        }
        _ => None,
    }
}
