//! Ibis's smallest integer, for which its SQL has no word: a literal 1 is an int8 in Ibis, and an
//! int64 in the SQL. An output that can only hold what fits is made an int8 again.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::{Cast, Expr, Limit, LogicalPlan, Operator, Projection, Sort};

/// The values that an integer can have; none at all where the first is beyond the last.
type Range = (i64, i64);

const NONE: Range = (i64::MAX, i64::MIN);
const WHOLE: Range = (i8::MIN as i64, i8::MAX as i64);

/// What became of the outputs that Ibis says are int8.
pub(super) enum Small {
    Unchanged(LogicalPlan),
    Narrowed(LogicalPlan),
    /// The first that may hold more.
    Wider(String),
}

pub(super) fn narrowed(plan: LogicalPlan, small: &BTreeSet<String>) -> Result<Small> {
    let mut places = BTreeSet::new();
    for (place, field) in plan.schema().fields().iter().enumerate() {
        if small.contains(field.name()) && *field.data_type() != DataType::Int8 {
            if !field.data_type().is_integer() || at(place, &plan).is_none() {
                return Ok(Small::Wider(field.name().clone()));
            }
            places.insert(place);
        }
    }
    match places.is_empty() {
        true => Ok(Small::Unchanged(plan)),
        false => cast(plan, &places).map(Small::Narrowed),
    }
}

/// Casts below what orders the rows, which are the first of all relations.
fn cast(plan: LogicalPlan, places: &BTreeSet<usize>) -> Result<LogicalPlan> {
    Ok(match plan {
        LogicalPlan::Sort(sort) => {
            let input = Arc::new(cast(Arc::unwrap_or_clone(sort.input), places)?);
            LogicalPlan::Sort(Sort { input, ..sort })
        }
        LogicalPlan::Limit(limit) => {
            let input = Arc::new(cast(Arc::unwrap_or_clone(limit.input), places)?);
            LogicalPlan::Limit(Limit { input, ..limit })
        }
        plan => {
            let columns = plan.schema().iter().enumerate().map(|(place, (qualifier, field))| {
                let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
                match places.contains(&place) {
                    true => Expr::Cast(Cast::new(Box::new(column), DataType::Int8))
                        .alias_qualified(qualifier.cloned(), field.name()),
                    false => column,
                }
            });
            let columns = columns.collect();
            LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?)
        }
    })
}

/// The values of the column at this place, where all of them fit.
fn at(place: usize, plan: &LogicalPlan) -> Option<Range> {
    if *plan.schema().fields().get(place)?.data_type() == DataType::Int8 {
        return Some(WHOLE);
    }
    match plan {
        LogicalPlan::Projection(projection) => {
            range(projection.expr.get(place)?, &projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => at(place, &alias.input),
        LogicalPlan::Filter(filter) => at(place, &filter.input),
        LogicalPlan::Sort(sort) => at(place, &sort.input),
        LogicalPlan::Limit(limit) => at(place, &limit.input),
        _ => None,
    }
}

/// The values of an expression over this input. Every step fits, so that none can overflow in
/// Ibis's engine.
fn range(expr: &Expr, input: &LogicalPlan) -> Option<Range> {
    let found = match expr {
        Expr::Alias(alias) => range(&alias.expr, input)?,
        Expr::Column(column) => at(input.schema().maybe_index_of_column(column)?, input)?,
        Expr::Literal(value, _) if value.is_null() => NONE,
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => (*value, *value),
        Expr::Cast(cast) if cast.field.data_type().is_signed_integer() => range(&cast.expr, input)?,
        Expr::Negative(inner) => {
            let (low, high) = range(inner, input)?;
            (high.checked_neg()?, low.checked_neg()?)
        }
        Expr::BinaryExpr(binary) => {
            let (left, right) = (range(&binary.left, input)?, range(&binary.right, input)?);
            if left == NONE || right == NONE {
                return Some(NONE);
            }
            match binary.op {
                Operator::Plus => (left.0 + right.0, left.1 + right.1),
                Operator::Minus => (left.0 - right.1, left.1 - right.0),
                _ => return None,
            }
        }
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then);
            all(branches.chain(&case.else_expr).map(AsRef::as_ref), input)?
        }
        Expr::ScalarFunction(call) if call.func.name() == "coalesce" => {
            all(call.args.iter(), input)?
        }
        _ => return None,
    };
    (found == NONE || found.0 >= WHOLE.0 && found.1 <= WHOLE.1).then_some(found)
}

fn all<'e>(exprs: impl Iterator<Item = &'e Expr>, input: &LogicalPlan) -> Option<Range> {
    let mut whole = NONE;
    for expr in exprs {
        let (low, high) = range(expr, input)?;
        whole = (whole.0.min(low), whole.1.max(high));
    }
    Some(whole)
}
