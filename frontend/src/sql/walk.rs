//! Walks over the pieces of a query: what the syntax lints look through.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, SetExpr, TableFactor, Visit, Visitor};

/// A piece of a query that a walk comes to, with subqueries, from the outside in.
pub(crate) enum Piece<'q> {
    /// A query or subquery, before what is in it.
    Query(&'q Query),
    /// The same query again, behind what is in it.
    End,
    /// An expression, before its parts.
    Expr(&'q Expr),
    /// What stands in a FROM.
    Factor(&'q TableFactor),
}

/// Calls `see` for each piece of a query.
pub(crate) fn pieces(query: &Query, see: &mut dyn FnMut(Piece<'_>)) {
    let _ = query.visit(&mut Walk { see });
}

/// Calls `see` for each expression of a query.
pub(crate) fn expressions(query: &Query, see: &mut dyn FnMut(&Expr)) {
    pieces(query, &mut |piece| {
        if let Piece::Expr(expr) = piece {
            see(expr);
        }
    });
}

/// Calls `see` for each SELECT of a query's own body, and not of its subqueries.
pub(crate) fn selects(body: &SetExpr, see: &mut dyn FnMut(&Select)) {
    match body {
        SetExpr::Select(select) => see(select),
        SetExpr::SetOperation { left, right, .. } => {
            selects(left, see);
            selects(right, see);
        }
        _ => {}
    }
}

struct Walk<'f> {
    see: &'f mut dyn FnMut(Piece<'_>),
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        (self.see)(Piece::Query(query));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        (self.see)(Piece::End);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        (self.see)(Piece::Expr(expr));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        (self.see)(Piece::Factor(factor));
        ControlFlow::Continue(())
    }
}
