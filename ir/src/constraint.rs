//! Declared constraints one by one: how they are named in records, and checked one at a time.

use std::collections::BTreeSet;
use std::fmt;

use crate::Catalog;
use crate::catalog::{Constraints, Reference};

/// One declared constraint of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The table, as rules name it.
    pub table: String,
    /// What is declared.
    pub kind: ConstraintKind,
}

/// What a constraint says of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintKind {
    /// The values of these columns are unique and none is NULL.
    Key(Vec<String>),
    /// The values of these columns are unique where none is NULL.
    Unique(Vec<String>),
    /// The column holds no NULL.
    NotNull(String),
    /// Where none of the columns is NULL, another table has a row with their values.
    References(Reference),
}

impl Constraint {
    /// The columns of the table that it speaks of.
    pub fn columns(&self) -> &[String] {
        match &self.kind {
            ConstraintKind::Key(columns) | ConstraintKind::Unique(columns) => columns,
            ConstraintKind::NotNull(column) => std::slice::from_ref(column),
            ConstraintKind::References(reference) => &reference.columns,
        }
    }

    /// The word of the project file.
    pub fn word(&self) -> &'static str {
        match self.kind {
            ConstraintKind::Key(_) => "key",
            ConstraintKind::Unique(_) => "unique",
            ConstraintKind::NotNull(_) => "not_null",
            ConstraintKind::References(_) => "references",
        }
    }
}

/// As [`Plan::relied_on`](crate::Plan::relied_on) names it: `TABLE: KIND (COLUMNS)`.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.table, self.word(), self.columns().join(", "))
    }
}

impl Constraints {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Constraints::default()
    }

    /// Every constraint of the table of this name, one by one.
    pub fn list(&self, table: &str) -> Vec<Constraint> {
        let keys = self.keys.iter().cloned().map(ConstraintKind::Key);
        let unique = self.unique.iter().cloned().map(ConstraintKind::Unique);
        let not_null = self.not_null.iter().cloned().map(ConstraintKind::NotNull);
        let references = self.references.iter().cloned().map(ConstraintKind::References);
        let kinds = keys.chain(unique).chain(not_null).chain(references);
        kinds.map(|kind| Constraint { table: table.to_owned(), kind }).collect()
    }
}

/// The declared constraints that these texts of [`Plan::relied_on`](crate::Plan::relied_on)
/// name. A text that names none exactly stands for all constraints of its table, so that a
/// check made of the answer is never too small.
pub fn relied_on<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    catalog: &Catalog,
) -> Vec<Constraint> {
    let mut found: Vec<Constraint> = Vec::new();
    for text in texts {
        for table in catalog.names() {
            let Some(rest) = text.strip_prefix(table).and_then(|rest| rest.strip_prefix(": "))
            else {
                continue;
            };
            let all = catalog.get(table).map(|t| t.constraints.list(table)).unwrap_or_default();
            let exact: Vec<_> = all.iter().filter(|c| means(c, rest)).cloned().collect();
            let meant = if exact.is_empty() { all } else { exact };
            for constraint in meant {
                if !found.contains(&constraint) {
                    found.push(constraint);
                }
            }
        }
    }
    found
}

/// Whether `KIND (COLUMNS)` names this constraint, in whatever order the columns stand.
fn means(constraint: &Constraint, text: &str) -> bool {
    let Some(columns) = text
        .strip_prefix(constraint.word())
        .and_then(|rest| rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')')))
    else {
        return false;
    };
    let named: BTreeSet<&str> = columns.split(", ").collect();
    let own: BTreeSet<&str> = constraint.columns().iter().map(String::as_str).collect();
    match constraint.kind {
        // Several columns may have been noted at once.
        ConstraintKind::NotNull(_) => named.is_superset(&own),
        _ => named == own,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::Table;

    #[test]
    fn texts_find_the_constraints_that_they_name() {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let mut table = Table::new(&Schema::new(vec![field("a"), field("b"), field("c")]));
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        table.constraints = Constraints {
            keys: vec![names(&["a"]), names(&["b", "c"])],
            not_null: names(&["b", "c"]),
            references: vec![Reference {
                columns: names(&["b"]),
                table: "u".to_owned(),
                to: names(&["id"]),
            }],
            ..Constraints::default()
        };
        let mut catalog = Catalog::default();
        catalog.insert("t", table);
        let found = |text: &str| {
            relied_on([text], &catalog).iter().map(Constraint::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found("t: key (a)"), ["t: key (a)"]);
        assert_eq!(found("t: key (c, b)"), ["t: key (b, c)"]);
        assert_eq!(found("t: not_null (b, c)"), ["t: not_null (b)", "t: not_null (c)"]);
        assert_eq!(found("t: references (b)"), ["t: references (b)"]);
        assert_eq!(found("t: key (z)").len(), 5);
        assert!(found("u: key (a)").is_empty());
    }
}
