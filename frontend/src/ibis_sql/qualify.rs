//! QUALIFY, which Ibis writes as a condition around the query: `select … from (select …, max(…)
//! over (…) as _w from t as t0) as _t where t0.f = _w`. The condition still names the tables of
//! the inner query, which nothing outside can see.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, TableFactor, VisitMut, VisitorMut};

/// Names the columns without the inner query's tables, where they are its output.
pub(super) fn aliases(query: &mut Query) {
    struct Queries;
    impl VisitorMut for Queries {
        type Break = ();

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            if let SetExpr::Select(select) = query.body.as_mut() {
                outside(select);
            }
            ControlFlow::Continue(())
        }
    }
    let _ = query.visit(&mut Queries);
}

fn outside(select: &mut Select) {
    let Some(columns) = inner_columns(select) else { return };
    struct Names {
        columns: BTreeSet<(String, String)>,
        depth: usize,
    }
    impl VisitorMut for Names {
        type Break = ();

        fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(parts) = expr
                && self.depth == 0
                && let [table, column] = parts.as_slice()
                && self.columns.contains(&(table.value.clone(), column.value.clone()))
            {
                *expr = Expr::Identifier(column.clone());
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names { columns, depth: 0 };
    let _ = select.selection.visit(&mut names);
}

/// The columns that the inner query of such a form gives on as they are, by table and name.
fn inner_columns(select: &Select) -> Option<BTreeSet<(String, String)>> {
    let [from] = select.from.as_slice() else { return None };
    let TableFactor::Derived { subquery, alias: Some(alias), .. } = &from.relation else {
        return None;
    };
    if alias.name.value != "_t" || !from.joins.is_empty() {
        return None;
    }
    let SetExpr::Select(inner) = subquery.body.as_ref() else { return None };
    let mut tables = BTreeSet::new();
    for from in &inner.from {
        let joined = from.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&from.relation).chain(joined) {
            match factor {
                TableFactor::Table { alias: Some(alias), .. }
                | TableFactor::Derived { alias: Some(alias), .. } => {
                    tables.insert(alias.name.value.clone());
                }
                _ => return None,
            }
        }
    }
    let mut columns = BTreeSet::new();
    for item in &inner.projection {
        let (expr, name) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(&alias.value)),
            _ => return None,
        };
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table, column] = parts.as_slice()
            && name.is_none_or(|name| *name == column.value)
            && tables.contains(&table.value)
        {
            columns.insert((table.value.clone(), column.value.clone()));
        }
    }
    Some(columns)
}
