//! Single edits of a query's syntax tree: what shrinking, mutating and respelling have in
//! common.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, SetExpr, Statement, TableFactor, VisitMut, VisitorMut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

/// The kind of an edit, for counting.
pub type Name = &'static str;

/// A set of edits: for a node, what may stand in its place.
pub trait Edits {
    /// In place of an expression.
    fn expression(&self, _: &Expr) -> Vec<(Name, Expr)> {
        Vec::new()
    }
    /// In place of a SELECT.
    fn select(&self, _: &Select) -> Vec<(Name, Select)> {
        Vec::new()
    }
    /// In place of a query.
    fn query(&self, _: &Query) -> Vec<(Name, Query)> {
        Vec::new()
    }
    /// In place of the body of a query, or of one side of a set operation.
    fn body(&self, _: &SetExpr) -> Vec<(Name, SetExpr)> {
        Vec::new()
    }
    /// In place of a relation in FROM.
    fn factor(&self, _: &TableFactor) -> Vec<(Name, TableFactor)> {
        Vec::new()
    }
}

/// The syntax tree of a query.
pub fn parse(text: &str) -> Option<Query> {
    let statements = Parser::parse_sql(&GenericDialect {}, text).ok()?;
    match statements.into_iter().next()? {
        Statement::Query(query) => Some(*query),
        _ => None,
    }
}

/// The query with the edit of this number, in the order of the tree, and the edit's name.
pub fn nth(query: &Query, edits: &dyn Edits, number: usize) -> Option<(Name, Query)> {
    let mut edited = query.clone();
    let mut editor = Editor { edits, left: number, applied: None };
    let _ = edited.visit(&mut editor);
    editor.applied.map(|name| (name, edited))
}

/// How many edits there are.
pub fn count(query: &Query, edits: &dyn Edits) -> usize {
    let mut editor = Editor { edits, left: usize::MAX, applied: None };
    let _ = query.clone().visit(&mut editor);
    usize::MAX - editor.left
}

struct Editor<'e> {
    edits: &'e dyn Edits,
    left: usize,
    applied: Option<Name>,
}

impl Editor<'_> {
    fn try_on<T>(&mut self, node: &mut T, alternatives: Vec<(Name, T)>) -> ControlFlow<()> {
        let count = alternatives.len();
        match alternatives.into_iter().nth(self.left) {
            Some((name, other)) => {
                *node = other;
                self.applied = Some(name);
                ControlFlow::Break(())
            }
            None => {
                self.left -= count;
                ControlFlow::Continue(())
            }
        }
    }

    fn bodies(&mut self, body: &mut SetExpr) -> ControlFlow<()> {
        let alternatives = self.edits.body(body);
        self.try_on(body, alternatives)?;
        if let SetExpr::SetOperation { left, right, .. } = body {
            self.bodies(left)?;
            self.bodies(right)?;
        }
        ControlFlow::Continue(())
    }
}

impl VisitorMut for Editor<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let alternatives = self.edits.query(query);
        self.try_on(query, alternatives)?;
        self.bodies(&mut query.body)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let alternatives = self.edits.select(select);
        self.try_on(select, alternatives)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let alternatives = self.edits.factor(factor);
        self.try_on(factor, alternatives)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let alternatives = self.edits.expression(expr);
        self.try_on(expr, alternatives)
    }
}
