//! SQL rules: text in, a checked logical plan and every diagnostic out.
//!
//! The way of a rule:
//! 1. [`source_text`] checks the bytes.
//! 2. [`parse`] needs no catalog: dialect, syntax tree, and the names that are looked up.
//! 3. [`plan`] resolves names against a catalog, lets DataFusion plan and type the query,
//!    and adds planc's own warnings.
//!
//! All spans are byte offsets into the text as given, also where the text begins with a
//! byte order mark or is written in a foreign dialect.

mod balance;
mod checks;
#[cfg(test)]
mod corpus;
mod ddl;
mod dialect;
mod empty_subquery;
mod extent;
mod foreign;
pub(crate) mod guard;
mod judge;
mod keys;
mod lint;
mod locate;
mod lookups;
mod mend;
#[cfg(test)]
mod pages;
mod parameters;
mod parse;
mod partners;
mod pieces;
pub(crate) mod place;
mod plan;
mod provider;
mod refusal;
mod reread;
mod resolve;
mod risky;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod slt;
mod source;
mod structure;
mod template;
#[cfg(test)]
mod testing;
mod walk;

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::DataType;
use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Diagnostic, Plan, Span};
use sqlparser::ast::Query;
use sqlparser::tokenizer::Token;

pub use ddl::ddl_schema;
pub use dialect::DIALECTS;
pub use source::source_text;

/// A rule as its file and its project give it.
#[derive(Debug, Clone, Copy)]
pub struct SqlRule<'a> {
    /// The text, as [`source_text`] returns it.
    pub text: &'a str,
    /// One of [`DIALECTS`].
    pub dialect: &'a str,
    /// The declared parameters, without `$`, and their types.
    pub params: &'a BTreeMap<String, DataType>,
}

/// A syntactically right rule. It depends on its text, dialect and parameters only.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tables that the text looks up: normalised names, parts joined by dots, sorted and
    /// unique. Names of CTEs in scope and table functions are none.
    pub lookups: Vec<String>,
    /// The text as given.
    text: String,
    /// What DataFusion is given instead of `text`, for a foreign dialect.
    translated: Option<String>,
    params: BTreeMap<String, DataType>,
    dialect: String,
    /// Always there until dropped; see the `Drop` below.
    query: Option<Box<Query>>,
}

impl Parsed {
    /// Changes the syntax tree, which keeps its tables.
    pub(crate) fn change<T>(&mut self, change: impl FnOnce(&mut Query) -> T) -> Option<T> {
        self.query.as_mut().map(|query| guard::deep(|| change(query)))
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        // A deep tree needs as much stack to be freed as to be built.
        let query = self.query.take();
        guard::deep(|| drop(query));
    }
}

/// What [`plan`] found.
#[derive(Debug)]
pub struct Planned {
    /// The plan as DataFusion made it, not yet analysed; `None` when there is an error.
    pub plan: Option<Plan>,
    /// Errors and warnings, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a rule: one query, in the syntax of its dialect.
///
/// # Errors
/// P0101 to P0105, P0108 and P0109, placed.
pub fn parse(rule: &SqlRule<'_>) -> Result<Parsed, Vec<Diagnostic>> {
    let parsed = guard::protected(|| parse::parse(rule)).unwrap_or_else(|fault| Err(vec![fault]));
    // What cannot be read may be so because of what cannot be seen.
    parsed.map_err(|mut errors| {
        errors.extend(lint::invisible_text::lint(rule.text));
        errors
    })
}

/// Where a rule's text first names a table, in DataFusion's way of normalising names.
pub fn table_place(text: &str, table: &str) -> Option<Span> {
    let (rest, base) = source::skip_mark(text);
    let lexemes = place::lexemes(rest);
    let wanted: Vec<&str> = table.split('.').collect();
    let tokens = wanted.len() * 2 - 1;
    lexemes.windows(tokens).find_map(|window| {
        let named = window.iter().enumerate().all(|(at, lexeme)| match &lexeme.token {
            Token::Period => at % 2 == 1,
            Token::Word(word) => {
                let name = match word.quote_style {
                    Some(_) => word.value.clone(),
                    None => word.value.to_ascii_lowercase(),
                };
                at % 2 == 0 && wanted.get(at / 2) == Some(&name.as_str())
            }
            _ => false,
        });
        let (first, last) = (window.first()?, window.last()?);
        named.then(|| Span::new(first.start + base, last.end + base))
    })
}

/// Plans a parsed rule against the tables of `catalog`.
pub fn plan(parsed: &Parsed, catalog: &Catalog, state: &SessionState) -> Planned {
    guard::protected(|| plan::plan(parsed, catalog, state))
        .unwrap_or_else(|fault| Planned { plan: None, diagnostics: vec![fault] })
}
