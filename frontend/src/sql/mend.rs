//! A query whose wrong names are right: so that types are checked behind a typo as well.
//!
//! Unknown columns and calls become NULL, which fits every type, and unknown tables are
//! given whatever columns the query may want of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use planc_ir::{Catalog, Code, Diagnostic, Table, code};
use sqlparser::ast::{Expr, Query, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut};
use sqlparser::tokenizer::Span as SqlSpan;

use super::lookups::normalized;

/// The names that the resolver missed.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Where names of columns, qualifiers and functions stand.
    pub(crate) places: Vec<SqlSpan>,
    /// Normalised names of tables.
    pub(crate) tables: Vec<String>,
}

/// The mended query, and the catalog with the tables that it wants.
pub(crate) fn mended(query: &Query, catalog: &Catalog, missing: &Missing) -> (Query, Catalog) {
    let mut catalog = catalog.clone();
    if !missing.tables.is_empty() {
        let schema = any_columns(query);
        for table in &missing.tables {
            catalog.insert(table.clone(), Table::new(&schema));
        }
    }
    let mut query = query.clone();
    let _ = VisitMut::visit(&mut query, &mut Mend { places: &missing.places });
    (query, catalog)
}

/// True for what is wrong behind a mended name, and not only because it was mended.
pub(crate) fn survives(finding: &Diagnostic) -> bool {
    const OF_TYPES: [Code; 5] = [
        code::TYPE_MISMATCH,
        code::FUNCTION_ARGUMENTS,
        code::IMPOSSIBLE_CAST,
        code::BAD_LITERAL,
        code::ORDINAL,
    ];
    let of_types = OF_TYPES.contains(&finding.code);
    let of_null = finding.message.contains("NULL") || finding.message.contains("Null");
    of_types && !of_null
}

struct Mend<'a> {
    places: &'a [SqlSpan],
}

impl VisitorMut for Mend<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let wrong = match expr {
            Expr::Identifier(ident) => self.places.contains(&ident.span),
            Expr::CompoundIdentifier(idents) => {
                idents.iter().any(|ident| self.places.contains(&ident.span))
            }
            Expr::Function(call) => call
                .name
                .0
                .iter()
                .filter_map(|part| part.as_ident())
                .any(|ident| self.places.contains(&ident.span)),
            _ => false,
        };
        if wrong {
            *expr = Expr::Value(ValueWithSpan { value: Value::Null, span: SqlSpan::empty() });
        }
        ControlFlow::Continue(())
    }
}

/// A column of type NULL for every name in the query.
fn any_columns(query: &Query) -> Schema {
    struct Names(BTreeSet<String>);
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(ident) => drop(self.0.insert(normalized(ident))),
                Expr::CompoundIdentifier(idents) => {
                    self.0.extend(idents.last().map(normalized));
                }
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(BTreeSet::new());
    let _ = query.visit(&mut names);
    let fields: Vec<Field> =
        names.0.into_iter().map(|name| Field::new(name, DataType::Null, true)).collect();
    Schema::new(fields)
}
