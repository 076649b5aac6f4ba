//! Reading a table's files into an index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::ident;
use deltalake::DeltaTable;
use deltalake::delta_datafusion::DeltaScanNext;
use futures::StreamExt;
use planc_ir::Diagnostic;
use planc_ir::catalog::logical_schema;
use planc_ir::code::{OUTPUT_FAILED, SOURCE_UNREADABLE, UNKNOWN_COLUMN};
use planc_ir::suggest::did_you_mean;

use super::column::{Values, can_be_indexed};
use super::{ColumnIndex, FileEntry, FileIndex, StoredNames, file, hash};
use crate::scan::BoundTable;
use crate::source::{delta_provider, open_table};
use crate::{DeltaScan, Session, fault};

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// The table's version.
    pub version: u64,
    /// Files in the index.
    pub files: usize,
    /// Of these, files that were read for it; what is known of the others was kept.
    pub read: usize,
    /// The columns.
    pub columns: Vec<String>,
}

/// Brings the index of the table at `location`, kept in `folder` under `name`, to the table's
/// latest version: new files are read, those that are gone are left out. Without columns it has
/// those that it had, and no more than the log's own facts where it is new.
///
/// # Errors
/// P0701 where the table cannot be read; P0202 for a column that it lacks or that cannot be
/// indexed; P0705 where the index cannot be written.
pub async fn build(
    session: &Session,
    name: &str,
    location: &str,
    columns: &[String],
    folder: &Path,
) -> Result<Indexed, Diagnostic> {
    let wrong = |why: String| {
        let message = format!("source `{name}`: `{location}` cannot be indexed: {why}");
        Diagnostic::new(SOURCE_UNREADABLE, message)
    };
    let table = open_table(location, None)
        .await?
        .ok_or_else(|| wrong("it is no Delta table".to_owned()))?;
    let state = table.snapshot().map_err(|error| wrong(fault::delta_sentence(&error)))?;
    let names = StoredNames::of(&table).map_err(&wrong)?;
    let log = state.add_actions_table(true);
    let log = log.map_err(|error| wrong(fault::delta_sentence(&error)))?;
    let id = state.metadata().id().to_owned();
    let path = file::index_path(folder, name);
    let old = file::read(&path).filter(|old| old.table == id).unwrap_or_default();
    let columns: Vec<String> = match columns {
        // A column that the table dropped is left out of the index, too.
        [] => old.columns().into_iter().filter_map(|name| names.logical(name)).collect(),
        given => given.to_vec(),
    };
    let scan = delta_provider(&table, &DeltaScan::default());
    let scan = scan.map_err(|error| wrong(fault::delta_sentence(&error)))?;
    let schema = indexed_schema(name, &scan, &columns)?;
    table
        .update_datafusion_session(session.state.as_ref())
        .map_err(|error| wrong(fault::delta_sentence(&error)))?;
    let stored: Vec<String> =
        columns.iter().map(|column| names.stored(column).unwrap_or(column).to_owned()).collect();
    let mut index = FileIndex { table: id, files: BTreeMap::new() };
    let mut read = 0;
    for (file, deleted) in active_files(&log) {
        let kept = old.files.get(&file).filter(|entry| {
            stored.iter().all(|column| entry.columns.contains_key(column))
                && (entry.deleted.is_none() || entry.deleted == deleted)
        });
        let entry = match kept {
            Some(entry) => entry.clone(),
            None => {
                read += usize::from(!columns.is_empty());
                let one = scan.clone().with_file_paths([file.as_str()]);
                let found = read_file(session, one, &schema, &stored, deleted).await;
                found.map_err(|error| wrong(fault::sentence(&error)))?
            }
        };
        index.files.insert(file, entry);
    }
    let fields = schema.fields().iter().zip(&stored);
    let fields = fields.map(|(field, stored)| field.as_ref().clone().with_name(stored));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    file::write(&path, &log, &index, &schema).map_err(|error| {
        Diagnostic::new(OUTPUT_FAILED, format!("`{}` cannot be written: {error}", path.display()))
    })?;
    let version = version_of(&table);
    Ok(Indexed { version, files: index.files.len(), read, columns })
}

fn version_of(table: &DeltaTable) -> u64 {
    table.version().unwrap_or_default()
}

fn indexed_schema(
    name: &str,
    scan: &DeltaScanNext,
    columns: &[String],
) -> Result<SchemaRef, Diagnostic> {
    use datafusion::catalog::TableProvider;
    let known = logical_schema(&scan.schema());
    let mut fields = Vec::new();
    for column in columns {
        let Ok(field) = known.field_with_name(column) else {
            let message = format!("source `{name}` has no column `{column}`");
            let names = known.fields().iter().map(|field| field.name().as_str());
            let help = did_you_mean(column, names);
            return Err(Diagnostic::new(UNKNOWN_COLUMN, message).help_opt(help));
        };
        if !can_be_indexed(field.data_type()) {
            let of = field.data_type();
            let message = format!("`{column}` is {of}, and columns of this type have no index");
            return Err(Diagnostic::new(UNKNOWN_COLUMN, message));
        }
        fields.push(field.clone());
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The files of a table with what is deleted from each, from its add actions.
pub(crate) fn active_files(log: &RecordBatch) -> Vec<(String, Option<String>)> {
    let schema = log.schema();
    let deleted: Vec<usize> = (0..log.num_columns())
        .filter(|at| schema.field(*at).name().starts_with("deletion_vector."))
        .collect();
    let text = |column: usize, row: usize| {
        let column = log.columns().get(column)?;
        if column.is_null(row) { None } else { array_value_to_string(column, row).ok() }
    };
    let Ok(path) = schema.index_of("path") else { return Vec::new() };
    let file = |row: usize| {
        let parts: Vec<String> = deleted.iter().filter_map(|column| text(*column, row)).collect();
        Some((text(path, row)?, (!parts.is_empty()).then(|| parts.join(" "))))
    };
    (0..log.num_rows()).filter_map(file).collect()
}

async fn read_file(
    session: &Session,
    scan: DeltaScanNext,
    schema: &SchemaRef,
    stored: &[String],
    deleted: Option<String>,
) -> Result<FileEntry> {
    let mut columns: Vec<Collected> = schema
        .fields()
        .iter()
        .map(|field| Collected::new(field.data_type()))
        .collect::<Result<_>>()?;
    if !columns.is_empty() {
        let table = BoundTable::new(Arc::new(scan), Arc::clone(schema))?;
        let context = SessionContext::new_with_state(session.state.as_ref().clone());
        let names = schema.fields().iter().map(|field| ident(field.name()));
        let frame = context.read_table(Arc::new(table))?.select(names.collect::<Vec<_>>())?;
        let mut batches = frame.execute_stream().await?;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            for (collected, column) in columns.iter_mut().zip(batch.columns()) {
                collected.add(column)?;
            }
        }
    }
    let named = stored.iter().zip(columns);
    let columns = named.map(|(name, collected)| (name.clone(), collected.done()));
    Ok(FileEntry { deleted, columns: columns.collect() })
}

struct Collected {
    bounds: Option<(ScalarValue, ScalarValue)>,
    none: ScalarValue,
    nulls: u64,
    rows: u64,
    hashes: BTreeSet<u64>,
}

impl Collected {
    fn new(data_type: &arrow::datatypes::DataType) -> Result<Self> {
        let none = ScalarValue::try_from(data_type)?;
        Ok(Collected { bounds: None, none, nulls: 0, rows: 0, hashes: BTreeSet::new() })
    }

    fn add(&mut self, column: &dyn Array) -> Result<()> {
        self.rows += column.len() as u64;
        let mut last = None;
        for row in 0..column.len() {
            let value = ScalarValue::try_from_array(column, row)?;
            let Some(hash) = hash(&value) else {
                self.nulls += 1;
                continue;
            };
            if last == Some(hash) {
                continue;
            }
            last = Some(hash);
            self.hashes.insert(hash);
            match &mut self.bounds {
                None => self.bounds = Some((value.clone(), value)),
                Some((least, greatest)) => {
                    let incomparable =
                        || DataFusionError::Internal("values of one column differ in type".into());
                    if value.partial_cmp(least).ok_or_else(incomparable)?.is_lt() {
                        *least = value;
                    } else if value.partial_cmp(greatest).ok_or_else(incomparable)?.is_gt() {
                        *greatest = value;
                    }
                }
            }
        }
        Ok(())
    }

    fn done(self) -> ColumnIndex {
        let none = (self.none.clone(), self.none);
        let bounds = self.bounds.unwrap_or(none);
        ColumnIndex { bounds, nulls: self.nulls, rows: self.rows, values: Values::of(self.hashes) }
    }
}
