//! What a wrong type is shown at where not one expression is wrong, but two do not fit:
//! columns of a set operation, rows of VALUES.

use std::ops::ControlFlow;

use planc_ir::Span;
use sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Spanned, Visit, Visitor};
use sqlparser::tokenizer::Span as SqlSpan;

use super::place::Places;

/// The place that stands for both, if `expr` is a column or value of such a pair.
///
/// A set operation's column is shown where its first side selects it: that side gives the
/// names and is what the others must fit. Of VALUES all rows are shown.
pub(crate) fn of(query: &Query, expr: &Expr, cause: &str, places: &Places<'_>) -> Option<Span> {
    let sides = cause.contains("Incompatible inputs for Union")
        || cause.contains("comparison operation") && !matches!(expr, Expr::BinaryOp { .. });
    let rows = cause.contains("values list") || cause.contains("Cannot cast string");
    let mut walk = Walk { expr, at: expr.span(), sides, rows, places, found: None };
    let _ = query.visit(&mut walk);
    walk.found
}

struct Walk<'a, 't> {
    expr: &'a Expr,
    at: SqlSpan,
    sides: bool,
    rows: bool,
    places: &'a Places<'t>,
    found: Option<Span>,
}

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.body(&query.body);
        if self.found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Walk<'_, '_> {
    fn is_it(&self, other: &Expr) -> bool {
        other.span() == self.at && other == self.expr
    }

    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::SetOperation { left, right, .. } => {
                let nth = items(right).and_then(|items| {
                    items.iter().position(|item| expression(item).is_some_and(|e| self.is_it(e)))
                });
                if let Some(nth) = nth.filter(|_| self.sides) {
                    let first = items(left).and_then(|items| items.get(nth));
                    self.found =
                        first.and_then(expression).and_then(|expr| self.places.expression(expr));
                }
                self.body(left);
                self.body(right);
            }
            SetExpr::Values(values) if self.rows => {
                let mut exprs = values.rows.iter().flat_map(|row| &row.content);
                if exprs.any(|expr| self.is_it(expr)) {
                    self.found = self.places.values(values);
                }
            }
            _ => {}
        }
    }
}

/// The SELECT list of a side; of a set operation, that of its first side.
fn items(body: &SetExpr) -> Option<&[SelectItem]> {
    match body {
        SetExpr::Select(select) => Some(&select.projection),
        SetExpr::Query(query) => items(&query.body),
        SetExpr::SetOperation { left, .. } => items(left),
        _ => None,
    }
}

fn expression(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}
