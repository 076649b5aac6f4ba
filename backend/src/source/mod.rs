//! The tables that a project names: how each is described, opened and looked at.

mod changes;
mod csv;
mod delta;
mod delta_table;
mod delta_version;
mod files;
mod footer;
mod mapped_changes;
mod schema_override;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use planc_ir::catalog::logical_schema;
use planc_ir::code::{SCHEMA_ONLY, SOURCE_UNREADABLE};
use planc_ir::{Diagnostic, Settings};

use crate::{Limits, Session, location, store};

pub(crate) use delta::{open_table, provider as delta_provider};
pub(crate) use delta_table::DeltaTableScan;
pub use delta_table::{Pruned, PruningLog};
pub use schema_override::ColumnOverride;

/// Where a source lies and how it is read. A location is a path or a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// A Delta table. At most one of `version` and `timestamp` is set; neither means latest.
    Delta {
        /// The table's folder.
        url: String,
        /// The version to read.
        version: Option<u64>,
        /// Reads the last version that was committed at this time or before it.
        timestamp: Option<DateTime<Utc>>,
        /// How the files are scanned.
        scan: DeltaScan,
    },
    /// The change data feed of a Delta table: each changed row with `_change_type`,
    /// `_commit_version` and `_commit_timestamp`.
    DeltaChanges {
        /// The table's folder.
        url: String,
        /// The range.
        changes: Changes,
    },
    /// A Parquet file, or a folder of `.parquet` files of one schema.
    Parquet {
        /// The file, folder or glob.
        url: String,
    },
    /// A CSV file, or a folder of `.csv` files. An unquoted empty field is NULL; `""` is the
    /// empty text, and NULL for types without an empty value.
    Csv {
        /// The file, folder or glob.
        url: String,
        /// Whether the first line names the columns.
        header: bool,
        /// The byte between two fields.
        delimiter: u8,
        /// The columns, where they are known. `None`: names from the header, types from all rows.
        schema: Option<SchemaRef>,
    },
    /// A file of JSON objects, one a line, or a folder of `.json` files. Types are inferred
    /// from all rows.
    Json {
        /// The file, folder or glob.
        url: String,
    },
    /// An Arrow IPC file or stream, or a folder of `.arrow` files.
    Arrow {
        /// The file, folder or glob.
        url: String,
    },
    /// Schema only: what a DDL file declares. It cannot be opened.
    Ddl {
        /// The DDL file, for the message.
        path: String,
    },
}

/// A range of versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// The first version whose changes are read.
    pub from: u64,
    /// The last one. `None`: the latest.
    pub to: Option<u64>,
}

/// How a Delta table's files are scanned. No option but `schema` changes a row or a logical type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaScan {
    /// Adds a text column of this name with the path of each row's file.
    pub file_column: Option<String>,
    /// Reads partition columns as dictionaries.
    pub wrap_partition_values: bool,
    /// Reads text and binary columns as views.
    pub schema_force_view_types: bool,
    /// Lets the Parquet reader evaluate filters while it decodes.
    pub enable_parquet_pushdown: bool,
    /// Columns that are read with other types, by name.
    pub schema: BTreeMap<String, ColumnOverride>,
}

impl Default for DeltaScan {
    fn default() -> Self {
        DeltaScan {
            file_column: None,
            wrap_partition_values: false,
            schema_force_view_types: false,
            enable_parquet_pushdown: true,
            schema: BTreeMap::new(),
        }
    }
}

/// An opened source.
#[derive(Debug, Clone)]
pub struct Source {
    /// Reads the rows, in the file's own layout.
    pub provider: Arc<dyn TableProvider>,
    /// The columns in logical types.
    pub schema: SchemaRef,
    /// The version of a Delta table.
    pub version: Option<u64>,
    /// A mark of what the source holds: while it stays the same, so do the rows.
    pub state: Option<String>,
    /// What the scans of a Delta table read.
    pub pruning: Option<PruningLog>,
}

impl Source {
    /// A source over any provider: a table in memory, for instance.
    pub fn of(provider: Arc<dyn TableProvider>) -> Self {
        let schema = logical_schema(&provider.schema());
        Source { provider, schema, version: None, state: None, pruning: None }
    }
}

impl SourceSpec {
    /// The location as it is written.
    pub fn location(&self) -> &str {
        match self {
            SourceSpec::Delta { url, .. }
            | SourceSpec::DeltaChanges { url, .. }
            | SourceSpec::Parquet { url }
            | SourceSpec::Csv { url, .. }
            | SourceSpec::Json { url }
            | SourceSpec::Arrow { url } => url,
            SourceSpec::Ddl { path } => path,
        }
    }

    /// A Delta table at its latest version with default options.
    pub fn delta(url: impl Into<String>) -> Self {
        SourceSpec::Delta {
            url: url.into(),
            version: None,
            timestamp: None,
            scan: DeltaScan::default(),
        }
    }
}

impl Session {
    /// Opens a source. Delta tables are opened from their log alone; CSV and JSON are read
    /// once, for their types. Every protocol feature is checked, so what opens can be read.
    ///
    /// # Errors
    /// P0701 where there is nothing, or nothing that can be read; P0715 for changes that a table
    /// cannot tell; P0716 for a table with a feature that is not there; P0709 for a DDL source; P0202 and
    /// P0711 where the table is not what the overrides of its scan say.
    pub async fn open(&self, name: &str, spec: &SourceSpec) -> Result<Source, Diagnostic> {
        let opened = match spec {
            SourceSpec::Delta { url, version, timestamp, scan } => {
                let opened = delta::open(self, name, url, *version, *timestamp, scan).await;
                match opened {
                    Ok(source) if !scan.schema.is_empty() => {
                        schema_override::overridden(self, name, url, source, &scan.schema).await
                    }
                    opened => opened,
                }
            }
            SourceSpec::DeltaChanges { url, changes } => changes::open(self, url, *changes).await,
            SourceSpec::Ddl { path } => {
                let message = format!("source `{name}` is known by its schema only (`{path}`)");
                return Err(Diagnostic::new(SCHEMA_ONLY, message)
                    .help("give it data: delta, parquet, csv, json or arrow"));
            }
            SourceSpec::Parquet { .. }
            | SourceSpec::Csv { .. }
            | SourceSpec::Json { .. }
            | SourceSpec::Arrow { .. } => files::open(self, spec).await,
        };
        let opened = opened.and_then(|source| {
            let mut names = BTreeSet::new();
            let twice = source.schema.fields().iter().find(|field| !names.insert(field.name()));
            match twice {
                Some(field) => {
                    let why = format!("it has two columns called `{}`", field.name());
                    Err(unreadable(spec.location(), why))
                }
                None => Ok(source.clone()),
            }
        });
        opened.map_err(|mut diagnostic| {
            diagnostic.message = format!("source `{name}`: {}", diagnostic.message);
            diagnostic
        })
    }

    /// The logical schema of a source, for the lock: as [`open`](Self::open), and what it
    /// opened is dropped.
    pub async fn read_schema(
        &self,
        name: &str,
        spec: &SourceSpec,
    ) -> Result<SchemaRef, Diagnostic> {
        Ok(self.open(name, spec).await?.schema)
    }
}

/// [`Session::read_schema`] for callers that have no session yet.
pub async fn read_schema(name: &str, spec: &SourceSpec) -> Result<SchemaRef, Diagnostic> {
    Session::new(&Settings::default(), &Limits::default())?.read_schema(name, spec).await
}

pub(crate) fn unreadable(location: &str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(SOURCE_UNREADABLE, format!("`{location}` cannot be opened: {why}"))
        .help_opt(store::without_credentials(location))
}

pub(crate) fn missing(location: &str, url: &url::Url) -> Option<Diagnostic> {
    location::is_missing(url).then(|| {
        Diagnostic::new(SOURCE_UNREADABLE, format!("`{location}` does not exist"))
            .help("correct the location in the project file, or create the table first")
    })
}
