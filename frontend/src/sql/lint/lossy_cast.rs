//! P0412: casts that drop digits without a word.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr as SqlExpr, Query};

use super::super::place::Places;
use super::typed;

pub(super) fn lint(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    typed::expressions(plan, |expr, inputs| found.extend(lossy(expr, inputs, query, places)));
    found
}

fn lossy(expr: &Expr, inputs: &DFSchema, query: &Query, places: &Places<'_>) -> Option<Diagnostic> {
    let (operand, target) = match expr {
        Expr::Cast(cast) => (&cast.expr, cast.field.data_type()),
        Expr::TryCast(cast) => (&cast.expr, cast.field.data_type()),
        _ => return None,
    };
    // A rounded value is meant to lose its digits.
    if !matches!(operand.as_ref(), Expr::Column(_)) {
        return None;
    }
    let source = operand.get_type(inputs).ok()?;
    let digits = scale(&source)?;
    let kept = if target.is_integer() { 0 } else { scale(target)? };
    let float_to_decimal = source.is_floating() && !target.is_integer();
    if kept >= digits || float_to_decimal {
        return None;
    }
    let cast = typed::around(query, operand, |expr| matches!(expr, SqlExpr::Cast { .. }))?;
    let message = format!("the cast from {source} to {target} drops digits behind the point");
    Some(
        Diagnostic::new(code::LOSSY_CAST, message)
            .at(places.expression(&cast))
            .help("say how: `round(x)`, `floor(x)` or `trunc(x)` before the cast"),
    )
}

/// How many digits stand behind the point; of floats, more than any decimal has.
fn scale(data_type: &DataType) -> Option<i8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(*scale),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(i8::MAX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select cast(amount as bigint) as a from orders",
            "P0412 1:8-1:30 [cast(amount as bigint)] the cast from Float64 to Int64 drops digits behind the point; say how: `round(x)`, `floor(x)` or `trunc(x)` before the cast",
        );
        check("select cast(round(amount) as bigint) as a from orders", "");
        check("select cast(id as int) as a, cast(amount as float) as b from orders", "");
    }
}
