//! The tables that a query looks up, whatever the catalog holds.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::sql::planner::object_name_to_table_reference;
use planc_ir::catalog::table_name;
use sqlparser::ast::{Ident, ObjectName, Query, SetExpr, SetOperator, TableFactor, Visit, Visitor};

/// An identifier as DataFusion normalises it: folded to lower case unless it is quoted.
pub(crate) fn normalized(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// The table that a name refers to; `None` for names of more than three parts.
pub(crate) fn table_reference(name: &ObjectName) -> Option<TableReference> {
    object_name_to_table_reference(name.clone(), true).ok()
}

/// The names of all tables that a query looks up, sorted and unique.
pub(crate) fn lookups(query: &Query) -> Vec<String> {
    let mut walk = Walk { frames: Vec::new(), found: BTreeSet::new() };
    let _ = query.visit(&mut walk);
    walk.found.into_iter().collect()
}

/// A query that is being walked: its CTEs, and those of them that are defined already.
struct Frame {
    recursive: bool,
    names: Vec<(String, *const Query)>,
    defined: Vec<String>,
}

impl Frame {
    fn new(query: &Query) -> Self {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        Frame {
            recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            names: ctes.map(|cte| (normalized(&cte.alias.name), address(&cte.query))).collect(),
            defined: Vec::new(),
        }
    }

    /// The name of the CTE that `query` is the body of.
    fn name_of(&self, query: &Query) -> Option<String> {
        let own = address(query);
        self.names.iter().find(|(_, cte)| *cte == own).map(|(name, _)| name.clone())
    }
}

fn address(query: &Query) -> *const Query {
    std::ptr::from_ref(query)
}

struct Walk {
    frames: Vec<Frame>,
    found: BTreeSet<String>,
}

impl Walk {
    fn is_cte(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| frame.defined.iter().any(|cte| cte == name))
    }

    fn define(&mut self, name: String) {
        if let Some(frame) = self.frames.last_mut() {
            frame.defined.push(name);
        }
    }
}

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let own_name = self
            .frames
            .last()
            .filter(|parent| parent.recursive)
            .and_then(|parent| parent.name_of(query));
        if let Some(name) = own_name
            && let SetExpr::SetOperation { op: SetOperator::Union, left, .. } = query.body.as_ref()
        {
            // In `WITH RECURSIVE t AS (a UNION b)` the name `t` means a table in `a` and the
            // CTE in `b`, so `a` is walked once before the name is defined.
            let _ = left.visit(self);
            self.define(name);
        }
        self.frames.push(Frame::new(query));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.frames.pop();
        if let Some(name) = self.frames.last().and_then(|parent| parent.name_of(query)) {
            self.define(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: None, .. } = factor
            && let Some(reference) = table_reference(name)
        {
            let name = table_name(&reference);
            if !self.is_cte(&name) {
                self.found.insert(name);
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{SqlRule, parse};

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let params = BTreeMap::new();
        let parsed = parse(&SqlRule { text: sql, dialect: "datafusion", params: &params }).unwrap();
        assert_eq!(parsed.lookups.join(" "), expected, "{sql}");
    }

    #[test]
    fn lookups_are_normalised_sorted_and_unique() {
        check(
            "select * from B, a, \"A\", Marts.Top t, c.\"D\".e join b on true",
            "A a b c.D.e marts.top",
        );
        check("select * from generate_series(1, 3), unnest([1])", "");
        check("select (select max(x) from t) where exists (select 1 from u)", "t u");
    }

    #[test]
    fn ctes_hide_tables_where_they_are_in_scope() {
        check("with a as (select * from b), b as (select * from a) select * from a, b", "b");
        check(
            "with a as (select 1) select * from (with c as (select * from a) select * from c) x, c",
            "c",
        );
        check("with a as (select * from a) select * from a", "a");
        check("with \"A\" as (select 1) select * from a", "a");
        check("select * from (with a as (select 1) select * from a) x", "");
    }

    #[test]
    fn recursive_ctes_see_themselves_in_the_recursive_term_only() {
        check(
            "with recursive t as (select 1 as n union all select n + 1 from t) select * from t",
            "",
        );
        check(
            "with recursive t as (select n from t union all select n from t) select * from t",
            "t",
        );
        check(
            "with recursive u as (select 1), t as (select * from u union select * from t) select * from t",
            "",
        );
        check("with recursive t as (select * from t) select * from t", "t");
    }
}
