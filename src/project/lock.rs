//! `planc.lock`: the schema of every source, so that `check` needs no table and no network.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use planc_ir::catalog::{Constraints, Reference};
use planc_ir::type_text::parse_type;
use planc_ir::{Diagnostic, Span, Table, code};
use serde::Deserialize;
use toml::Spanned;

/// The number of the lock's format.
const FORMAT: u32 = 1;

/// The schemas by source name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Every source that the lock knows.
    pub tables: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    format: Spanned<u32>,
    #[serde(default)]
    source: Vec<LockedSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedSource {
    name: String,
    #[serde(default)]
    columns: Vec<LockedColumn>,
    #[serde(default)]
    key: Vec<Vec<String>>,
    #[serde(default)]
    unique: Vec<Vec<String>>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedColumn {
    name: String,
    r#type: Spanned<String>,
    nullable: bool,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    ///
    /// P0801, placed in the lock's text.
    pub fn parse(text: &str) -> Result<Lock, Diagnostic> {
        let wrong = |message: String, span: Option<std::ops::Range<usize>>| {
            Diagnostic::new(code::CONFIG, message)
                .at(span.map(|span| Span::new(span.start, span.end)))
                .help("`planc lock` writes the file anew")
        };
        let file: LockFile = toml::from_str(text)
            .map_err(|error| wrong(super::settings::sentence(&error, text), error.span()))?;
        if *file.format.get_ref() != FORMAT {
            let message =
                format!("the lock has format {}, this planc reads {FORMAT}", file.format.get_ref());
            return Err(wrong(message, Some(file.format.span())));
        }
        let mut tables = BTreeMap::new();
        for source in file.source {
            let mut fields = Vec::with_capacity(source.columns.len());
            for column in source.columns {
                let data_type: DataType = parse_type(column.r#type.get_ref()).map_err(|_| {
                    let message = format!("`{}` is no Arrow type", column.r#type.get_ref());
                    wrong(message, Some(column.r#type.span()))
                })?;
                let field = Field::new(column.name, data_type, column.nullable);
                fields.push(Arc::new(field.with_metadata(column.metadata.into_iter().collect())));
            }
            let constraints = Constraints {
                keys: source.key,
                unique: source.unique,
                not_null: vec![],
                references: source.references,
            };
            let table = Table { constraints, ..Table::new(&Schema::new(fields)) };
            tables.insert(source.name, table);
        }
        Ok(Lock { tables })
    }

    /// The lock's text: stable, a line a column, good to review in a diff.
    pub fn render(&self) -> String {
        let mut text = String::from(
            "# Written by `planc lock`: the schema of every source. Keep it in version control.\n",
        );
        let _ = writeln!(text, "format = {FORMAT}");
        for (name, table) in &self.tables {
            let _ = write!(text, "\n[[source]]\nname = {}\ncolumns = [\n", quoted(name));
            for field in table.schema.fields() {
                let (name, data_type) =
                    (quoted(field.name()), quoted(&field.data_type().to_string()));
                let nullable = field.is_nullable();
                let _ =
                    write!(text, "    {{ name = {name}, type = {data_type}, nullable = {nullable}");
                if !field.metadata().is_empty() {
                    let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
                    let pairs =
                        metadata.iter().map(|(k, v)| format!("{} = {}", quoted(k), quoted(v)));
                    let _ =
                        write!(text, ", metadata = {{ {} }}", pairs.collect::<Vec<_>>().join(", "));
                }
                text.push_str(" },\n");
            }
            text.push_str("]\n");
            write_constraints(&mut text, &table.constraints);
        }
        text
    }
}

/// What a DDL file declares, a line a kind. NOT NULL stands with the columns.
fn write_constraints(text: &mut String, constraints: &Constraints) {
    for (word, sets) in [("key", &constraints.keys), ("unique", &constraints.unique)] {
        if !sets.is_empty() {
            let sets: Vec<String> = sets.iter().map(|set| list(set)).collect();
            let _ = writeln!(text, "{word} = [{}]", sets.join(", "));
        }
    }
    if !constraints.references.is_empty() {
        text.push_str("references = [\n");
        for Reference { columns, table, to } in &constraints.references {
            let (columns, table, to) = (list(columns), quoted(table), list(to));
            let _ = writeln!(text, "    {{ columns = {columns}, table = {table}, to = {to} }},");
        }
        text.push_str("]\n");
    }
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_read_back_whatever_the_types_and_names() {
        let nested = DataType::Struct(
            vec![Field::new("a \"b\"", DataType::Decimal128(15, 2), false)].into(),
        );
        let types = [
            DataType::Int64,
            DataType::Utf8,
            DataType::Date32,
            DataType::Timestamp(
                arrow::datatypes::TimeUnit::Microsecond,
                Some("Europe/Berlin".into()),
            ),
            DataType::List(Arc::new(Field::new("element", nested.clone(), false))),
            DataType::Map(
                Arc::new(Field::new(
                    "entries",
                    DataType::Struct(
                        vec![
                            Field::new("keys", DataType::Utf8, false),
                            Field::new("values", nested, true),
                        ]
                        .into(),
                    ),
                    false,
                )),
                false,
            ),
        ];
        let fields: Vec<_> = types
            .into_iter()
            .enumerate()
            .map(|(i, t)| Field::new(format!("c'{i}\\\"\n"), t, i % 2 == 0))
            .collect();
        let lock =
            Lock { tables: BTreeMap::from([("a.b".to_owned(), Table::new(&Schema::new(fields)))]) };
        assert_eq!(Lock::parse(&lock.render()).unwrap(), lock);
    }

    #[test]
    fn constraints_of_ddl_files_read_back() {
        let tables = planc_frontend::sql::ddl_schema(
            "create table \"T\" (a int, b int unique, primary key (a, b));
             create table u (x int primary key, y int references \"T\" (b), z int references u)",
        );
        let lock = Lock { tables: tables.unwrap().into_iter().collect() };
        let text = lock.render();
        assert!(text.contains("key = [[\"a\", \"b\"]]\nunique = [[\"b\"]]\n"), "{text}");
        assert_eq!(Lock::parse(&text).unwrap(), lock);
    }

    #[test]
    fn a_wrong_lock_is_placed() {
        let text = "format = 1\n[[source]]\nname = \"t\"\ncolumns = [{ name = \"a\", type = \"Int63\", nullable = true }]\n";
        let error = Lock::parse(text).unwrap_err();
        let span = error.span.unwrap();
        assert_eq!(&text[span.start..span.end], "\"Int63\"");
        assert!(Lock::parse("format = 2").is_err());
        assert!(Lock::parse("\u{0}").is_err());
    }
}
