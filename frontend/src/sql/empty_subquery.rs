//! A subquery that stands for values and selects nothing: `id = ANY (SELECT FROM t)`.
//!
//! DataFusion's planner panics on some of them, so they are found before it looks.

use std::ops::ControlFlow;

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, SetExpr, Visit, Visitor};

use super::place::Places;

pub(crate) fn check(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
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
        // ANY and ALL hold their subquery as an expression, which is visited by itself.
        let subquery = match expr {
            Expr::Subquery(subquery) | Expr::InSubquery { subquery, .. } => subquery,
            _ => return ControlFlow::Continue(()),
        };
        if selects_nothing(&subquery.body) {
            let finding = Diagnostic::new(code::SUBQUERY_COLUMNS, "the subquery selects no column");
            self.found.push(
                finding
                    .at(self.places.expression(expr))
                    .help("select the one column that is meant"),
            );
        }
        ControlFlow::Continue(())
    }
}

fn selects_nothing(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.projection.is_empty(),
        SetExpr::Query(query) => selects_nothing(&query.body),
        SetExpr::SetOperation { left, right, .. } => {
            selects_nothing(left) || selects_nothing(right)
        }
        _ => false,
    }
}
