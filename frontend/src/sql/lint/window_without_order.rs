//! P0411: a window function that numbers or picks rows, over rows in no order.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, NamedWindowExpr, Query, Select, WindowSpec, WindowType};

use super::super::lookups::normalized;
use super::super::place::Places;
use super::super::walk::{self, Piece};

/// The functions whose result depends on which row comes first.
const ORDERED: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Named windows without an order, of the queries around.
    let mut around: Vec<Vec<String>> = Vec::new();
    walk::pieces(query, &mut |piece| match piece {
        Piece::Query(query) => {
            let mut named = Vec::new();
            walk::selects(&query.body, &mut |select| named.extend(unordered_windows(select)));
            around.push(named);
        }
        Piece::End => drop(around.pop()),
        Piece::Expr(expr) => {
            let named = around.last().map_or(&[] as &[String], Vec::as_slice);
            found.extend(unordered(expr, named, places));
        }
        Piece::Factor(_) => {}
    });
    found
}

/// A call that depends on an order which neither its window nor one of `named` has.
fn unordered(expr: &Expr, named: &[String], places: &Places<'_>) -> Option<Diagnostic> {
    let Expr::Function(call) = expr else { return None };
    let name = call.name.to_string().to_lowercase();
    let ordered = match call.over.as_ref()? {
        WindowType::WindowSpec(spec) => is_ordered(spec),
        WindowType::NamedWindow(window) => !named.contains(&normalized(window)),
    };
    if ordered || !ORDERED.contains(&name.as_str()) {
        return None;
    }
    let message = format!("`{name}` depends on the order of rows, and there is none");
    Some(
        Diagnostic::new(code::WINDOW_WITHOUT_ORDER, message)
            .at(places.expression(expr))
            .help("add an ORDER BY to the window: `OVER (… ORDER BY …)`"),
    )
}

/// The names of windows without an order.
fn unordered_windows(select: &Select) -> impl Iterator<Item = String> {
    select
        .named_window
        .iter()
        .filter(|definition| match &definition.1 {
            NamedWindowExpr::WindowSpec(spec) => !is_ordered(spec),
            NamedWindowExpr::NamedWindow(_) => false,
        })
        .map(|definition| normalized(&definition.0))
}

/// A window that extends a named one may have its order from there.
fn is_ordered(spec: &WindowSpec) -> bool {
    !spec.order_by.is_empty() || spec.window_name.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select row_number() over (partition by status) as r from orders",
            "P0411 1:8-1:47 [row_number() over (partition by status)] `row_number` depends on the order of rows, and there is none; add an ORDER BY to the window: `OVER (… ORDER BY …)`",
        );
        check(
            "select lag(id) over w as r from orders window w as (partition by status)",
            "P0411 1:8-1:22 [lag(id) over w] `lag` depends on the order of rows, and there is none; add an ORDER BY to the window: `OVER (… ORDER BY …)`",
        );
        check("select lag(id) over w as r from orders window w as (order by id)", "");
        check("select sum(id) over () as s, count(*) over () as n from orders", "");
    }
}
