//! P0304 from within: a subquery that reads a column of the outer query which that one neither
//! groups nor aggregates.

use std::ops::ControlFlow;

use datafusion::common::{Column, DataFusionError, SchemaError};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, Visit, Visitor};

use super::super::lookups::normalized;
use super::super::place::Places;

/// The fault behind an error about a column that is there: DataFusion looks for it above the
/// outer query's groups, where it is no more. Only for queries whose names were all resolved.
pub(crate) fn outer_column(
    query: &Query,
    error: &DataFusionError,
    places: &Places<'_>,
) -> Option<Diagnostic> {
    let DataFusionError::SchemaError(schema, _) = error.find_root() else { return None };
    let SchemaError::FieldNotFound { field, .. } = schema.as_ref() else { return None };
    let mut walk = Walk { field, depth: 0, found: None };
    let _ = query.visit(&mut walk);
    let column = walk.found?;
    let message = format!("the outer query neither groups nor aggregates `{column}`");
    Some(
        Diagnostic::new(code::UNGROUPED_COLUMN, message)
            .at(places.expression(&column))
            .help(format!("add `{column}` to the GROUP BY of the outer query")),
    )
}

struct Walk<'a> {
    field: &'a Column,
    depth: usize,
    found: Option<Expr>,
}

impl Walk<'_> {
    fn is_it(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Identifier(ident) => normalized(ident) == self.field.name,
            Expr::CompoundIdentifier(idents) => {
                let [.., table, column] = idents.as_slice() else { return false };
                let wanted = self.field.relation.as_ref().map(|relation| relation.table());
                normalized(column) == self.field.name
                    && wanted.is_none_or(|wanted| wanted == normalized(table))
            }
            _ => false,
        }
    }
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth > 1 && self.is_it(expr) {
            self.found = Some(expr.clone());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
