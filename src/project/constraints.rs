//! Constraints in the project file: `key`, `unique`, `not_null` and `references` of a source.
//!
//! Planc believes them when it rewrites plans, so each name is looked up in the source's
//! schema, and what is not there is an error with its place.

use std::fmt;

use planc_ir::catalog::Reference;
use planc_ir::suggest::nearest;
use planc_ir::{Catalog, Diagnostic, Span, Table, code};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::config::SourceConfig;

/// Column sets: `["a", "b"]` is one of two columns, `[["a"], ["b", "c"]]` are two.
#[derive(Debug, Clone, Default)]
pub struct ColumnSets(pub Vec<Vec<Spanned<String>>>);

/// `references = [{ columns = ["dept_id"], table = "dept", to = ["id"] }]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceConfig {
    /// The referring columns.
    pub columns: Vec<Spanned<String>>,
    /// The table referred to.
    pub table: Spanned<String>,
    /// Its columns, one for each of `columns`.
    pub to: Vec<Spanned<String>>,
}

impl<'de> Deserialize<'de> for ColumnSets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sets;
        impl<'de> Visitor<'de> for Sets {
            type Value = ColumnSets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of columns, or a list of such lists")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ColumnSets, A::Error> {
                let mut one = Vec::new();
                let mut sets = Vec::new();
                while let Some(item) = items.next_element::<Spanned<OneOrMany>>()? {
                    let span = item.span();
                    match item.into_inner() {
                        OneOrMany::One(column) => one.push(Spanned::new(span, column)),
                        OneOrMany::Many(columns) => sets.push(columns),
                    }
                }
                match (one.is_empty(), sets.is_empty()) {
                    (true, _) => Ok(ColumnSets(sets)),
                    (false, true) => Ok(ColumnSets(vec![one])),
                    (false, false) => {
                        let message = "columns and lists of columns are mixed";
                        Err(serde::de::Error::custom(message))
                    }
                }
            }
        }
        deserializer.deserialize_seq(Sets)
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column or a list of columns")
            }

            fn visit_str<E: serde::de::Error>(self, column: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(column.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = items.next_element()? {
                    columns.push(column);
                }
                Ok(OneOrMany::Many(columns))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Adds to the catalog what these sources declare about their tables, and drops references
/// (those of a DDL file) to tables that are none of the project's.
///
/// # Errors
///
/// P0810 for every name that is not there, placed in the project file.
pub fn declare<'a>(
    sources: impl Iterator<Item = (&'a str, &'a SourceConfig)>,
    catalog: &mut Catalog,
) -> Result<(), Vec<Diagnostic>> {
    let known = catalog.clone();
    let mut names = Names { known: &known, wrong: Vec::new() };
    for (name, config) in sources {
        let Some(table) = known.get(name) else { continue };
        let mut declared = Table::clone(table);
        names.add(name, config, &mut declared);
        declared.constraints.references.retain(|reference| {
            known.get(&reference.table).is_some_and(|target| {
                let there = |column: &String| target.schema.field_with_name(column).is_ok();
                reference.to.len() == reference.columns.len() && reference.to.iter().all(there)
            })
        });
        catalog.insert(name, declared);
    }
    if names.wrong.is_empty() { Ok(()) } else { Err(names.wrong) }
}

struct Names<'a> {
    known: &'a Catalog,
    wrong: Vec<Diagnostic>,
}

impl Names<'_> {
    fn add(&mut self, source: &str, config: &SourceConfig, table: &mut Table) {
        let schema = Table::clone(table);
        for set in &config.key.0 {
            add(&mut table.constraints.keys, self.set(source, &schema, set));
        }
        for set in &config.unique.0 {
            add(&mut table.constraints.unique, self.set(source, &schema, set));
        }
        for column in &config.not_null {
            add(&mut table.constraints.not_null, self.column(source, &schema, column));
        }
        for reference in &config.references {
            let found = self.reference(source, &schema, reference.get_ref());
            add(&mut table.constraints.references, found);
        }
        table.constraints.keys.sort();
        table.constraints.unique.sort();
        table.constraints.not_null.sort();
    }

    /// The columns in the order of the schema: a set has none of its own.
    fn set(
        &mut self,
        source: &str,
        table: &Table,
        columns: &[Spanned<String>],
    ) -> Option<Vec<String>> {
        let found: Option<Vec<String>> =
            columns.iter().map(|column| self.column(source, table, column)).collect();
        let mut found = found.filter(|found| !found.is_empty())?;
        found.sort_by_key(|name| table.schema.index_of(name).ok());
        found.dedup();
        Some(found)
    }

    fn reference(
        &mut self,
        source: &str,
        table: &Table,
        reference: &ReferenceConfig,
    ) -> Option<Reference> {
        let ReferenceConfig { columns, table: target, to } = reference;
        let own: Option<Vec<String>> =
            columns.iter().map(|column| self.column(source, table, column)).collect();
        let name = folded(target.get_ref());
        let Some(referred) = self.known.get(&name) else {
            let message = format!("source `{source}` refers to `{name}`, which is no source");
            let near = nearest(&name, self.known.names()).map(ToOwned::to_owned);
            self.fail(message, target, near);
            return None;
        };
        let to_columns: Option<Vec<String>> =
            to.iter().map(|column| self.column(&name, referred, column)).collect();
        if columns.is_empty() || columns.len() != to.len() {
            let message = format!(
                "source `{source}` refers with {} columns to {} of `{name}`",
                columns.len(),
                to.len()
            );
            self.fail(message, target, None);
            return None;
        }
        Some(Reference { columns: own?, table: name, to: to_columns? })
    }

    fn column(&mut self, source: &str, table: &Table, name: &Spanned<String>) -> Option<String> {
        let column = folded(name.get_ref());
        if table.schema.field_with_name(&column).is_ok() {
            return Some(column);
        }
        let fields = table.schema.fields().iter().map(|field| field.name().as_str());
        let near = nearest(&column, fields).map(as_written);
        self.fail(format!("source `{source}` has no column `{column}`"), name, near);
        None
    }

    fn fail(&mut self, message: String, place: &Spanned<String>, near: Option<String>) {
        let span = place.span();
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let finding = Diagnostic::new(code::CONSTRAINT, message);
        self.wrong.push(finding.at(Span::new(span.start, span.end)).help_opt(help));
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: Option<T>) {
    if let Some(item) = item.filter(|item| !list.contains(item)) {
        list.push(item);
    }
}

/// A name as SQL reads it: folded to lower case unless it is quoted.
fn folded(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_ascii_lowercase(),
    }
}

/// A column's name as it has to be written here.
fn as_written(name: &str) -> String {
    let plain = name == name.to_ascii_lowercase() && !name.contains('"');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::project::config::Config;

    /// The text of a place, the message and the help.
    type Wrong = (String, String, Option<String>);

    fn check(toml: &str) -> Result<Vec<String>, Vec<Wrong>> {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let mut catalog = Catalog::default();
        let emp = ["id", "dept_id", "Site"].map(field);
        catalog.insert("emp", Table::new(&Schema::new(emp.to_vec())));
        catalog.insert("dept", Table::new(&Schema::new(vec![field("id"), field("site")])));
        let config: Config = toml::from_str(toml).unwrap();
        let sources = config.sources.iter().map(|(name, c)| (name.as_str(), c.get_ref()));
        match declare(sources, &mut catalog) {
            Ok(()) => {
                let table = catalog.get("emp").unwrap();
                Ok(table.constraints.list("emp").iter().map(ToString::to_string).collect())
            }
            Err(wrong) => Err(wrong
                .into_iter()
                .map(|found| {
                    let span = found.span.unwrap();
                    (toml[span.start..span.end].to_owned(), found.message, found.help)
                })
                .collect()),
        }
    }

    #[test]
    fn names_fold_and_sets_have_no_order() {
        let declared = check(
            "[sources.emp]\nkey = ['ID']\nunique = [['\"Site\"', 'dept_id'], ['id']]\n\
             not_null = ['dept_id', 'dept_id']\n\
             references = [{ columns = ['dept_id', '\"Site\"'], table = 'Dept', to = ['id', 'site'] }]",
        );
        assert_eq!(
            declared.unwrap(),
            [
                "emp: key (id)",
                "emp: unique (dept_id, Site)",
                "emp: unique (id)",
                "emp: not_null (dept_id)",
                "emp: references (dept_id, Site)"
            ]
        );
    }

    #[test]
    fn unknown_names_are_placed_with_the_nearest() {
        let wrong = check("[sources.emp]\nkey = [['idd'], ['site']]\n").unwrap_err();
        let help = |name: &str| Some(format!("did you mean `{name}`?"));
        let message = |name: &str| format!("source `emp` has no column `{name}`");
        assert_eq!(wrong[0], ("'idd'".to_owned(), message("idd"), help("id")));
        assert_eq!(wrong[1], ("'site'".to_owned(), message("site"), help("\"Site\"")));
        let wrong = check(
            "[sources.emp]\nreferences = [{ columns = ['dept_id'], table = 'dep', to = ['id'] }, \
             { columns = ['dept_id'], table = 'dept', to = ['id', 'site'] }]",
        );
        let wrong = wrong.unwrap_err();
        assert_eq!((wrong[0].0.as_str(), &wrong[0].2), ("'dep'", &help("dept")));
        assert!(wrong[1].1.contains("with 1 columns to 2"), "{wrong:?}");
        assert!(toml::from_str::<Config>("[sources.emp]\nkey = ['a', ['b']]").is_err());
    }
}
