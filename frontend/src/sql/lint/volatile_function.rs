//! P0403: functions whose result is another one in the next run.

use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Volatility;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, Spanned};

use super::super::lookups::normalized;
use super::super::place::Places;
use super::super::walk;

pub(super) fn lint(query: &Query, state: &SessionState, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::expressions(query, &mut |expr| {
        let Expr::Function(call) = expr else { return };
        let [part] = call.name.0.as_slice() else { return };
        let Some(name) = part.as_ident().map(normalized) else { return };
        let function = state.scalar_functions().get(&name);
        let message = match function.map(|function| function.signature().volatility) {
            Some(Volatility::Volatile) => format!("`{name}` gives another result for every row"),
            Some(Volatility::Stable) => format!("`{name}` gives another result in every run"),
            _ => return,
        };
        found.push(
            Diagnostic::new(code::VOLATILE, message)
                .at(places.call(call.name.span()))
                .help("a parameter (`$name`) makes the value part of the run's record"),
        );
    });
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id, Random() as r from orders where placed_on < current_date",
            r"
                P0403 1:12-1:20 [Random()] `random` gives another result for every row; a parameter (`$name`) makes the value part of the run's record
                P0403 1:56-1:68 [current_date] `current_date` gives another result in every run; a parameter (`$name`) makes the value part of the run's record
            ",
        );
        check("select id from orders where placed_on < $since", "");
        check(
            "select uuid() as u, now() as n from orders",
            r"
                P0403 1:8-1:14 [uuid()] `uuid` gives another result for every row; a parameter (`$name`) makes the value part of the run's record
                P0403 1:21-1:26 [now()] `now` gives another result in every run; a parameter (`$name`) makes the value part of the run's record
            ",
        );
    }
}
