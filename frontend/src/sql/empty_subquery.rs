//! A subquery that stands for values and selects nothing: `id = ANY (SELECT FROM t)`.
//!
//! DataFusion's planner panics on some of them, so they are found before it looks.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, SetExpr};

use super::place::Places;
use super::walk;

pub(crate) fn check(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::expressions(query, &mut |expr| {
        // ANY and ALL hold their subquery as an expression, which is visited by itself.
        let (Expr::Subquery(subquery) | Expr::InSubquery { subquery, .. }) = expr else { return };
        if selects_nothing(&subquery.body) {
            found.push(
                Diagnostic::new(code::SUBQUERY_COLUMNS, "the subquery selects no column")
                    .at(places.expression(expr))
                    .help("select the one column that is meant"),
            );
        }
    });
    found
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
