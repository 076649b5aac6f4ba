//! P0411: a window function that numbers or picks rows, over rows in no order.

use std::ops::ControlFlow;

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    Expr, NamedWindowExpr, Query, Select, SetExpr, Visit, Visitor, WindowSpec, WindowType,
};

use super::super::lookups::normalized;
use super::super::place::Places;

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
    let mut walk = Walk { places, found: Vec::new(), named: Vec::new() };
    let _ = query.visit(&mut walk);
    walk.found
}

struct Walk<'a, 't> {
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
    /// Named windows without an order, of the queries around.
    named: Vec<Vec<String>>,
}

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let mut named = Vec::new();
        windows(&query.body, &mut named);
        self.named.push(named);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.named.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::Function(call) = expr else { return ControlFlow::Continue(()) };
        let name = call.name.to_string().to_lowercase();
        let ordered = match &call.over {
            Some(WindowType::WindowSpec(spec)) => is_ordered(spec),
            Some(WindowType::NamedWindow(name)) => {
                let name = normalized(name);
                !self.named.last().is_some_and(|named| named.contains(&name))
            }
            None => true,
        };
        if !ordered && ORDERED.contains(&name.as_str()) {
            let message = format!("`{name}` depends on the order of rows, and there is none");
            self.found.push(
                Diagnostic::new(code::WINDOW_WITHOUT_ORDER, message)
                    .at(self.places.expression(expr))
                    .help("add an ORDER BY to the window: `OVER (… ORDER BY …)`"),
            );
        }
        ControlFlow::Continue(())
    }
}

/// The names of windows without an order.
fn windows(body: &SetExpr, named: &mut Vec<String>) {
    match body {
        SetExpr::Select(select) => named.extend(unordered_windows(select)),
        SetExpr::SetOperation { left, right, .. } => {
            windows(left, named);
            windows(right, named);
        }
        _ => {}
    }
}

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
