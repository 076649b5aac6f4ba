//! P0415: a part of a date that there is none of. DataFusion finds out at the first row.

use std::ops::ControlFlow;

use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Value, Visit,
    Visitor,
};

use super::super::place::Places;

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
    let mut walk = Walk { places, found: Vec::new() };
    let _ = query.visit(&mut walk);
    walk.found
}

struct Walk<'a, 't> {
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
}

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let (field, span) = match expr {
            Expr::Extract { field: DateTimeField::Custom(field), .. } => {
                (field.value.to_lowercase(), self.places.span(field.span))
            }
            Expr::Function(call) => {
                let name = call.name.to_string().to_lowercase();
                let FunctionArguments::List(list) = &call.args else {
                    return ControlFlow::Continue(());
                };
                let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) =
                    list.args.first()
                else {
                    return ControlFlow::Continue(());
                };
                match &value.value {
                    Value::SingleQuotedString(field)
                        if ["date_part", "datepart", "date_trunc", "datetrunc"]
                            .contains(&name.as_str()) =>
                    {
                        (field.to_lowercase(), self.places.span(value.span))
                    }
                    _ => return ControlFlow::Continue(()),
                }
            }
            _ => return ControlFlow::Continue(()),
        };
        if !FIELDS.contains(&field.as_str()) {
            let message =
                format!("`{field}` is no part of a date: the rule fails at its first row");
            self.found.push(
                Diagnostic::new(code::DATE_FIELD, message)
                    .at(span)
                    .help_opt(did_you_mean(&field, FIELDS)),
            );
        }
        ControlFlow::Continue(())
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
