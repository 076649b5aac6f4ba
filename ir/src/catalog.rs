//! The schemas that rules are checked against. No data, no locations.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::TableReference;
use datafusion::logical_expr::{TableScan, TableSource, TableType};
use serde::{Deserialize, Serialize};

use crate::Digest;

/// A table as the planner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Columns with logical types only (see [`logical_schema`]).
    pub schema: SchemaRef,
    /// What the project or a DDL source declares about the rows.
    pub constraints: Constraints,
}

/// Declared facts about a table's rows. Planc does not know them to be true.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Constraints {
    /// Column sets whose values are unique and not NULL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Vec<String>>,
    /// Column sets whose values are unique where none of them is NULL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Vec<String>>,
    /// Columns that hold no NULL, beyond what the schema itself says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_null: Vec<String>,
    /// Foreign keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// A foreign key: where none of `columns` is NULL, `table` has a row with these values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to, as rules name it.
    pub table: String,
    /// The columns referred to, one for each of `columns`.
    pub to: Vec<String>,
}

impl Table {
    /// A table of this schema, brought to logical types, with no constraints.
    pub fn new(schema: &Schema) -> Self {
        Table { schema: logical_schema(schema), constraints: Constraints::default() }
    }

    /// The blake3 of the fields in order (name, logical type, nullability, metadata) and of
    /// the declared constraints. Equal fingerprints mean that planning cannot differ.
    pub fn fingerprint(&self) -> Digest {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for field in self.schema.fields() {
            parts.push(field.name().as_bytes().to_vec());
            parts.push(field.data_type().to_string().into_bytes());
            parts.push(vec![u8::from(field.is_nullable())]);
            let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
            parts.push((metadata.len() as u64).to_le_bytes().to_vec());
            for (key, value) in metadata {
                parts.push(key.as_bytes().to_vec());
                parts.push(value.as_bytes().to_vec());
            }
        }
        for (kind, sets) in [("key", &self.constraints.keys), ("unique", &self.constraints.unique)]
        {
            for set in sets {
                parts.push(format!("{kind}:{}", set.len()).into_bytes());
                parts.extend(set.iter().map(|column| column.as_bytes().to_vec()));
            }
        }
        for column in &self.constraints.not_null {
            parts.push(b"not_null".to_vec());
            parts.push(column.as_bytes().to_vec());
        }
        for reference in &self.constraints.references {
            parts.push(format!("references:{}", reference.columns.len()).into_bytes());
            parts.push(reference.table.as_bytes().to_vec());
            let columns = reference.columns.iter().chain(&reference.to);
            parts.extend(columns.map(|column| column.as_bytes().to_vec()));
        }
        Digest::of_parts(parts.iter().map(Vec::as_slice))
    }
}

/// The tables known by name. Names are the parts of a SQL table name joined by dots.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    tables: BTreeMap<String, Arc<Table>>,
}

impl Catalog {
    /// Adds or replaces a table.
    pub fn insert(&mut self, name: impl Into<String>, table: Table) {
        self.tables.insert(name.into(), Arc::new(table));
    }

    /// The table of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }
}

/// The catalog's key for a table name in a plan: its parts joined by dots.
pub fn table_name(reference: &TableReference) -> String {
    let parts = [reference.catalog(), reference.schema(), Some(reference.table())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(".")
}

/// Whether a scan reads the work table of the recursive query around it, which is no table
/// of any catalog.
pub fn is_work_table(scan: &TableScan) -> bool {
    source_as_provider(&scan.source).is_ok_and(|provider| provider.is::<CteWorkTable>())
}

/// A table source that knows its schema and cannot be read: what compiled plans scan.
#[derive(Debug, Clone)]
pub struct SchemaSource(Arc<Table>);

impl SchemaSource {
    /// A source of this schema, about which nothing is declared.
    pub fn new(schema: SchemaRef) -> Self {
        SchemaSource(Arc::new(Table { schema, constraints: Constraints::default() }))
    }

    /// A source of this table, with what is declared about it.
    pub fn of(table: Arc<Table>) -> Self {
        SchemaSource(table)
    }
}

/// What is declared about the table of a scan. Plans decoded from artifacts know nothing.
pub fn declared(scan: &TableScan) -> Option<&Constraints> {
    scan.source.downcast_ref::<SchemaSource>().map(|source| &source.0.constraints)
}

impl TableSource for SchemaSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }
}

/// A schema in logical types: string and binary views and dictionaries become the plain
/// types that they hold, at every depth. Of the metadata, only the names of Arrow extension
/// types stay. How a file lays values out is thereby no part of a plan.
pub fn logical_schema(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(logical_field).collect::<Fields>()))
}

fn logical_field(field: &FieldRef) -> FieldRef {
    let plain = Field::new(field.name(), logical_type(field.data_type()), field.is_nullable());
    let metadata = field.metadata().iter().filter(|(key, _)| key.starts_with("ARROW:extension:"));
    Arc::new(plain.with_metadata(metadata.map(|(k, v)| (k.clone(), v.clone())).collect()))
}

/// The logical type of one type; see [`logical_schema`].
pub fn logical_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => logical_type(value),
        DataType::RunEndEncoded(_, values) => logical_type(values.data_type()),
        DataType::List(item) => DataType::List(logical_field(item)),
        DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            DataType::List(logical_field(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(logical_field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(logical_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(logical_field(entries), *sorted),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_see_every_part_of_a_field() {
        let field = Field::new("a", DataType::Int64, true);
        let table = |field: Field| Table::new(&Schema::new(vec![field])).fingerprint();
        let base = table(field.clone());
        assert_eq!(base, table(field.clone()));
        assert_ne!(base, table(field.clone().with_name("b")));
        assert_ne!(base, table(field.clone().with_nullable(false)));
        assert_ne!(base, table(field.clone().with_data_type(DataType::Int32)));
        let metadata = |key: &str| [(key.to_owned(), "v".to_owned())].into();
        let extension = metadata("ARROW:extension:name");
        assert_ne!(base, table(field.clone().with_metadata(extension)));
        assert_eq!(base, table(field.clone().with_metadata(metadata("PARQUET:field_id"))));
        let mut keyed = Table::new(&Schema::new(vec![field]));
        keyed.constraints.keys.push(vec!["a".to_owned()]);
        assert_ne!(base, keyed.fingerprint());
    }

    #[test]
    fn views_and_dictionaries_are_layout() {
        let dictionary =
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        assert_eq!(
            logical_type(&DataType::new_list(dictionary, true)),
            DataType::new_list(DataType::Utf8, true)
        );
    }
}
