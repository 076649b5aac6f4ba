//! P0415: a part of a date that there is none of. DataFusion finds out at the first row.

use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Value,
};
use sqlparser::tokenizer::Span as SqlSpan;

use super::super::place::Places;
use super::super::walk;

/// What `date_part`, `extract` and `date_trunc` know, in the spellings that they know.
const FIELDS: [&str; 42] = [
    "century",
    "day",
    "days",
    "decade",
    "dow",
    "doy",
    "epoch",
    "h",
    "hour",
    "hours",
    "isodow",
    "isoyear",
    "m",
    "microsecond",
    "microseconds",
    "millennium",
    "millisecond",
    "milliseconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "mon",
    "mons",
    "month",
    "months",
    "ms",
    "nanosecond",
    "nanoseconds",
    "quarter",
    "quarters",
    "qtr",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "us",
    "week",
    "weeks",
    "year",
    "years",
];

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::expressions(query, &mut |expr| {
        let Some((field, span)) = asked_for(expr) else { return };
        if !FIELDS.contains(&field.as_str()) {
            let message =
                format!("`{field}` is no part of a date: the rule fails at its first row");
            found.push(
                Diagnostic::new(code::DATE_FIELD, message)
                    .at(places.span(span))
                    .help_opt(did_you_mean(&field, FIELDS)),
            );
        }
    });
    found
}

/// The part of a date that an expression asks for, in lower case, where it is written out.
fn asked_for(expr: &Expr) -> Option<(String, SqlSpan)> {
    match expr {
        Expr::Extract { field: DateTimeField::Custom(field), .. } => {
            Some((field.value.to_lowercase(), field.span))
        }
        Expr::Function(call) => {
            let name = call.name.to_string().to_lowercase();
            let FunctionArguments::List(list) = &call.args else { return None };
            let asks = ["date_part", "datepart", "date_trunc", "datetrunc"];
            match list.args.first()? {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))
                    if asks.contains(&name.as_str()) =>
                {
                    let Value::SingleQuotedString(field) = &value.value else { return None };
                    Some((field.to_lowercase(), value.span))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select date_trunc('mnth', placed_on) as m, extract(foo from placed_on) as f from orders",
            r"
                P0415 1:19-1:25 ['mnth'] `mnth` is no part of a date: the rule fails at its first row; did you mean `month`?
                P0415 1:52-1:55 [foo] `foo` is no part of a date: the rule fails at its first row
            ",
        );
        check("select date_trunc('month', placed_on) as m from orders", "");
        check("select extract(isodow from placed_on) as m from orders", "");
    }
}
