//! Columns of an outer query that a subquery cannot read: that query groups its rows by others
//! (P0304), or there is another one between (P0410).

use std::ops::ControlFlow;

use datafusion::common::{Column, DataFusionError, SchemaError};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, SetExpr, Visit, Visitor};

use super::super::lookups::normalized;
use super::super::place::Places;
use super::own::{grouped, items};
use super::{Build, Known};

/// The fault behind an error about a column that is there: DataFusion looks for it where it is no
/// more. Only for queries whose names were all resolved.
pub(crate) fn outer_column(
    query: &Query,
    error: &DataFusionError,
    known: Known<'_>,
    places: &Places<'_>,
) -> Option<Diagnostic> {
    let DataFusionError::SchemaError(schema, _) = error.find_root() else { return None };
    let SchemaError::FieldNotFound { field, .. } = schema.as_ref() else { return None };
    let build = Build { known, places, found: Vec::new() };
    let mut walk = Walk { field, build, grouped: Vec::new(), found: None };
    let _ = query.visit(&mut walk);
    let (column, grouped) = walk.found?;
    let place = places.expression(&column);
    Some(if grouped {
        let message = format!("the outer query neither groups nor aggregates `{column}`");
        let help = format!("add `{column}` to the GROUP BY of the outer query");
        Diagnostic::new(code::UNGROUPED_COLUMN, message).at(place).help(help)
    } else {
        let message = format!("DataFusion does not reach `{column}` from a subquery in here");
        let help = "a subquery can read the query right around it: join, or group and compare";
        Diagnostic::new(code::UNSUPPORTED, message).at(place).help(help)
    })
}

struct Walk<'a, 't> {
    field: &'a Column,
    build: Build<'a, 't>,
    /// For the query that the walk is in and those around it, whether it groups.
    grouped: Vec<bool>,
    found: Option<(Expr, bool)>,
}

impl Walk<'_, '_> {
    fn groups(&self, query: &Query) -> bool {
        let SetExpr::Select(select) = query.body.as_ref() else { return false };
        !grouped(select).is_empty()
            || select.having.is_some()
            || items(select).any(|expr| self.build.aggregates(expr))
    }

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

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.grouped.push(self.groups(query));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.grouped.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let around = self.grouped.split_last().map(|(_, around)| around);
        if let Some(around) = around.filter(|around| !around.is_empty())
            && self.is_it(expr)
        {
            let found = (expr.clone(), around.contains(&true));
            // A name without its table may be one of the subquery's own.
            if matches!(expr, Expr::CompoundIdentifier(_)) || self.field.relation.is_none() {
                self.found = Some(found);
                return ControlFlow::Break(());
            }
            self.found.get_or_insert(found);
        }
        ControlFlow::Continue(())
    }
}
