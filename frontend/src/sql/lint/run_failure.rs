//! P0417: what DataFusion plans and cannot compute: it fails when the first row comes.

use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    DuplicateTreatment, Expr as SqlExpr, Function, FunctionArguments, Query, Spanned,
    UnaryOperator, Value,
};

use super::super::lookups::normalized;
use super::super::place::Places;
use super::super::walk;
use super::typed;

/// What the syntax tells.
pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::expressions(query, &mut |expr| match expr {
        SqlExpr::Function(written) => found.extend(call(written, places)),
        SqlExpr::AtTimeZone { time_zone, .. } => found.extend(zone(time_zone, places)),
        _ => {}
    });
    found
}

fn call(call: &Function, places: &Places<'_>) -> Option<Diagnostic> {
    let [part] = call.name.0.as_slice() else { return None };
    let name = part.as_ident().map(normalized)?;
    let FunctionArguments::List(list) = &call.args else { return None };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    let (message, help) = match name.as_str() {
        "count" if distinct && list.args.len() > 1 => (
            "DataFusion cannot count distinct pairs",
            "count the rows of a subquery: `SELECT DISTINCT a, b`, or count a struct of them",
        ),
        "first_value" | "last_value" if list.args.is_empty() && call.over.is_some() => {
            ("the function has no argument to give the value of", "name the column")
        }
        _ => return None,
    };
    let place = places.call(call.name.span());
    Some(Diagnostic::new(code::RUN_FAILURE, message).at(place).help(help))
}

/// A time zone that is none.
fn zone(zone: &SqlExpr, places: &Places<'_>) -> Option<Diagnostic> {
    let SqlExpr::Value(value) = zone else { return None };
    let Value::SingleQuotedString(name) = &value.value else { return None };
    if name.parse::<Tz>().is_ok() {
        return None;
    }
    let message = format!("`{name}` is no time zone");
    let finding = Diagnostic::new(code::RUN_FAILURE, message).at(places.span(value.span));
    Some(finding.help("write an offset such as `+02:00`, or a name such as `Europe/Vienna`"))
}

/// What types tell.
pub(super) fn lint_plan(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    typed::expressions(plan, |expr, inputs| {
        found.extend(negated_time(expr, inputs, query, places));
        found.extend(condition(expr, inputs, query, places));
    });
    found
}

fn negated_time(
    expr: &Expr,
    inputs: &DFSchema,
    query: &Query,
    places: &Places<'_>,
) -> Option<Diagnostic> {
    let Expr::Negative(operand) = expr else { return None };
    let negated = operand.get_type(inputs).ok()?;
    if !matches!(negated, DataType::Timestamp(..)) {
        return None;
    }
    let minus = |expr: &SqlExpr| matches!(expr, SqlExpr::UnaryOp { op: UnaryOperator::Minus, .. });
    let place = typed::around(query, operand, minus)?;
    let message = "a point in time has no negative";
    let finding = Diagnostic::new(code::RUN_FAILURE, message).at(places.expression(&place));
    Some(finding.help("to sort downwards, write DESC"))
}

/// Text as a condition of FILTER or CASE: what is no `true` or `false` fails.
fn condition(
    expr: &Expr,
    inputs: &DFSchema,
    query: &Query,
    places: &Places<'_>,
) -> Option<Diagnostic> {
    let is_text = |condition: &&Expr| {
        let found = condition.get_type(inputs);
        matches!(found, Ok(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View))
    };
    let condition = match expr {
        Expr::AggregateFunction(call) => call.params.filter.as_deref().filter(is_text)?,
        Expr::Case(case) if case.expr.is_none() => {
            case.when_then_expr.iter().map(|(when, _)| when.as_ref()).find(is_text)?
        }
        _ => return None,
    };
    let whole = |expr: &SqlExpr| matches!(expr, SqlExpr::Case { .. } | SqlExpr::Function(_));
    let place = typed::around(query, condition, whole)?;
    let message = "a text is taken for a condition, and one that says neither true nor false fails";
    let finding = Diagnostic::new(code::RUN_FAILURE, message).at(places.expression(&place));
    Some(finding.help("compare it with something"))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select count(distinct id, status) as n from orders",
            "P0417 1:8-1:34 [count(distinct id, status)] DataFusion cannot count distinct pairs; count the rows of a subquery: `SELECT DISTINCT a, b`, or count a struct of them",
        );
        check(
            "select case when status then 1 end as a from orders",
            "P0417 1:8-1:35 [case when status then 1 end] a text is taken for a condition, and one that says neither true nor false fails; compare it with something",
        );
        check(
            "select sum(id) filter (where status) as b from orders",
            "P0417 1:8-1:37 [sum(id) filter (where status)] a text is taken for a condition, and one that says neither true nor false fails; compare it with something",
        );
        check(
            "select count(distinct id) as n, sum(id) filter (where status = 'x') as b from orders",
            "",
        );
    }
}
