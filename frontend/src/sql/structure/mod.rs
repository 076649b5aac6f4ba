//! Faults of a query's build that its syntax tree shows: aggregates and windows in the wrong
//! clause, columns beside the groups, windows that are not defined or have impossible frames.
//!
//! Each finding is a **suspect**: it has a better place and plainer words than DataFusion's
//! error, and counts only where DataFusion refuses the query. So none can be a false error.

mod grouping;
mod outer;
mod own;
mod placement;
mod windows;

use std::ops::ControlFlow;

use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Diagnostic, code};
use sqlparser::ast::{
    Expr, Function, OrderBy, Query, Select, SelectItem, SetExpr, Spanned, TableFactor, Visit,
    Visitor,
};

use sqlparser::keywords::Keyword;

use super::keys::Keys;
use super::lookups::normalized;
use super::place::Places;
pub(crate) use outer::outer_column;
pub(crate) use own::all_conditions;

/// The suspects of a query and of all queries in it.
pub(crate) fn suspects(query: &Query, known: Known<'_>, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut walk = Walk { build: Build { known, places, found: Vec::new() } };
    let _ = query.visit(&mut walk);
    walk.build.found
}

/// What is known beside the query.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) state: &'a SessionState,
    pub(crate) catalog: &'a Catalog,
    /// The keys that the query was planned with.
    pub(crate) keys: &'a Keys,
}

/// What the checks share.
struct Build<'a, 't> {
    known: Known<'a>,
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
}

/// What a call calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Aggregate,
    Window,
    Other,
}

impl Build<'_, '_> {
    /// The names that an alias gives to the columns of a table function, which has one.
    fn names_of_call(&mut self, factor: &TableFactor) {
        let (TableFactor::Table { args: Some(_), alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. }) = factor
        else {
            return;
        };
        if let ([first, .., last], places) = (alias.columns.as_slice(), self.places) {
            let ends = (places.span(first.name.span), places.span(last.name.span));
            let message = format!(
                "{} columns are named here, and `{}` has another number",
                alias.columns.len(),
                alias.name.value
            );
            self.found.push(
                Diagnostic::new(code::COLUMN_COUNT, message)
                    .at(places.spanning(ends.0, ends.1))
                    .help("name all of them, or none"),
            );
        }
    }

    fn kind(&self, call: &Function) -> Call {
        let [part] = call.name.0.as_slice() else { return Call::Other };
        let Some(name) = part.as_ident().map(normalized) else { return Call::Other };
        let aggregate = self.known.state.aggregate_functions().contains_key(&name);
        let window = self.known.state.window_functions().contains_key(&name);
        match (call.over.is_some(), aggregate, window) {
            (true, true, _) | (true, _, true) => Call::Window,
            (false, true, _) => Call::Aggregate,
            _ => Call::Other,
        }
    }
}

struct Walk<'a, 't> {
    build: Build<'a, 't>,
}

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.build.bounds(query);
        self.body(&query.body, query.order_by.as_ref());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let Some(what) = unsupported(factor) {
            let place = self.build.places.closed(factor.span());
            let message = format!("DataFusion has no {what}");
            self.build.found.push(Diagnostic::new(code::UNSUPPORTED, message).at(place));
        }
        self.build.names_of_call(factor);
        ControlFlow::Continue(())
    }
}

/// What DataFusion reads in a FROM and cannot plan.
fn unsupported(factor: &TableFactor) -> Option<&'static str> {
    Some(match factor {
        TableFactor::Pivot { .. } => "PIVOT",
        TableFactor::Unpivot { .. } => "UNPIVOT",
        TableFactor::MatchRecognize { .. } => "MATCH_RECOGNIZE",
        TableFactor::TableFunction { .. } => "TABLE(…)",
        TableFactor::JsonTable { .. } => "JSON_TABLE",
        TableFactor::OpenJsonTable { .. } => "OPENJSON",
        TableFactor::XmlTable { .. } => "XMLTABLE",
        TableFactor::SemanticView { .. } => "SEMANTIC_VIEW",
        _ => return None,
    })
}

impl Walk<'_, '_> {
    fn body(&mut self, body: &SetExpr, order_by: Option<&OrderBy>) {
        match body {
            SetExpr::Select(select) => self.select(select, order_by),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, None);
                self.body(right, None);
            }
            SetExpr::Values(values) => {
                let exprs = values.rows.iter().flat_map(|row| &row.content);
                exprs.for_each(|expr| self.build.no_calls(expr, "VALUES"));
            }
            _ => {}
        }
    }

    fn select(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        let empty = |expr: &Expr| matches!(expr, Expr::Tuple(exprs) if exprs.is_empty());
        let renames = select.projection.iter().any(|item| {
            let (SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options)) = item
            else {
                return false;
            };
            options.opt_rename.is_some()
        });
        let clauses = [
            (own::grouped(select).iter().any(empty), Keyword::GROUP, "group by the keys alone"),
            (renames, Keyword::RENAME, "list the columns with their aliases"),
            (select.top.is_some(), Keyword::TOP, "LIMIT stands at the end of the query"),
            (!select.cluster_by.is_empty(), Keyword::CLUSTER, "order the whole output"),
            (!select.distribute_by.is_empty(), Keyword::DISTRIBUTE, "order the whole output"),
            (!select.sort_by.is_empty(), Keyword::SORT, "order the whole output"),
        ];
        for (_, word, help) in clauses.into_iter().filter(|(there, ..)| *there) {
            let place = self.build.places.keyword_behind(select.select_token.0.span, word);
            let message = match word {
                Keyword::GROUP => "DataFusion has no empty group in GROUP BY".to_owned(),
                word => format!("DataFusion has no {word:?} clause"),
            };
            self.build.found.push(Diagnostic::new(code::UNSUPPORTED, message).at(place).help(help));
        }
        self.build.placement(select, order_by);
        self.build.grouping(select, order_by);
        self.build.windows(select, order_by);
    }
}
