//! An index as a file: an Arrow IPC file with a row for each file of the table.
//!
//! Its columns are those of the log's add actions, and for each indexed column `c`:
//! `index.c.min` and `index.c.max` (of the column's type), `index.c.nulls`, `index.c.rows`,
//! `index.c.exact`, and `index.c.hashes`, 64-bit words in little-endian order. `index.deleted`
//! names the rows that were deleted from the file. The schema's metadata holds the format's
//! number and the table's id.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use datafusion::common::ScalarValue;

use super::column::Values;
use super::{ColumnIndex, FileEntry, FileIndex};
use crate::sink::Staged;

const FORMAT_KEY: &str = "planc.index";
const TABLE_KEY: &str = "planc.table";
/// Changes with the meaning of any column, the hash among them.
const FORMAT: &str = "1";

/// Where the index of a source lies.
pub fn index_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.arrow"))
}

/// Reads an index. None where there is none, or none that can be used.
pub fn read(path: &Path) -> Option<FileIndex> {
    let reader = FileReader::try_new(File::open(path).ok()?, None).ok()?;
    let schema = reader.schema();
    if schema.metadata().get(FORMAT_KEY).map(String::as_str) != Some(FORMAT) {
        return None;
    }
    let mut index =
        FileIndex { table: schema.metadata().get(TABLE_KEY)?.clone(), files: Default::default() };
    for batch in reader {
        read_batch(&batch.ok()?, &mut index)?;
    }
    Some(index)
}

fn read_batch(batch: &RecordBatch, index: &mut FileIndex) -> Option<()> {
    let paths = batch.column_by_name("path")?;
    let deleted = batch.column_by_name("index.deleted")?.as_any().downcast_ref::<StringArray>()?;
    let schema = batch.schema();
    let names = schema.fields().iter().filter_map(|field| {
        field.name().strip_prefix("index.")?.strip_suffix(".hashes").map(str::to_owned)
    });
    let names: Vec<String> = names.collect();
    for row in 0..batch.num_rows() {
        let path = arrow::util::display::array_value_to_string(paths, row).ok()?;
        let deleted = (!deleted.is_null(row)).then(|| deleted.value(row).to_owned());
        let mut entry = FileEntry { deleted, columns: Default::default() };
        for name in &names {
            if let Some(column) = read_column(batch, name, row) {
                entry.columns.insert(name.clone(), column);
            }
        }
        index.files.insert(path, entry);
    }
    Some(())
}

fn read_column(batch: &RecordBatch, name: &str, row: usize) -> Option<ColumnIndex> {
    let part = |part: &str| batch.column_by_name(&format!("index.{name}.{part}"));
    let hashes = part("hashes")?.as_any().downcast_ref::<BinaryArray>()?;
    if hashes.is_null(row) {
        return None;
    }
    let number = |of: &str| Some(part(of)?.as_any().downcast_ref::<UInt64Array>()?.value(row));
    let exact = part("exact")?.as_any().downcast_ref::<BooleanArray>()?.value(row);
    let words = hashes.value(row).chunks_exact(8);
    let words = words.filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?))).collect();
    Some(ColumnIndex {
        bounds: (
            ScalarValue::try_from_array(part("min")?, row).ok()?,
            ScalarValue::try_from_array(part("max")?, row).ok()?,
        ),
        nulls: number("nulls")?,
        rows: number("rows")?,
        values: if exact { Values::Exact(words) } else { Values::Bloom(words) },
    })
}

/// Writes the index beside its place and renames it.
pub(super) fn write(
    path: &Path,
    log: &RecordBatch,
    index: &FileIndex,
    schema: &SchemaRef,
) -> Result<(), ArrowError> {
    let batch = to_batch(log, index, schema)?;
    let io = |error: std::io::Error| ArrowError::IoError(error.to_string(), error);
    let mut staged = Staged::beside(path).map_err(io)?;
    let mut writer = FileWriter::try_new(&mut staged, &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    staged.publish().map_err(io)
}

fn to_batch(
    log: &RecordBatch,
    index: &FileIndex,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let mut fields = log.schema().fields().to_vec();
    let mut columns = log.columns().to_vec();
    let mut push = |name: String, column: ArrayRef| {
        fields.push(Arc::new(Field::new(name, column.data_type().clone(), true)));
        columns.push(column);
    };
    let files = super::build::active_files(log);
    let entries: Vec<Option<&FileEntry>> =
        files.iter().map(|(path, _)| index.files.get(path)).collect();
    let deleted = entries.iter().map(|entry| entry.and_then(|entry| entry.deleted.as_deref()));
    push("index.deleted".to_owned(), Arc::new(StringArray::from_iter(deleted)));
    for field in schema.fields() {
        let name = field.name();
        let of: Vec<Option<&ColumnIndex>> =
            entries.iter().map(|entry| entry.and_then(|entry| entry.columns.get(name))).collect();
        let bound = |pick: fn(&ColumnIndex) -> &ScalarValue| {
            let none = ScalarValue::try_from(field.data_type())?;
            let bounds = of.iter().map(|of| of.map_or_else(|| none.clone(), |of| pick(of).clone()));
            if of.is_empty() {
                return Ok(arrow::array::new_empty_array(field.data_type()));
            }
            ScalarValue::iter_to_array(bounds)
        };
        let failed =
            |error: datafusion::common::DataFusionError| ArrowError::ExternalError(Box::new(error));
        push(format!("index.{name}.min"), bound(|of| &of.bounds.0).map_err(failed)?);
        push(format!("index.{name}.max"), bound(|of| &of.bounds.1).map_err(failed)?);
        let count = |pick: fn(&ColumnIndex) -> u64| {
            Arc::new(UInt64Array::from_iter(of.iter().map(|of| of.map(pick)))) as ArrayRef
        };
        push(format!("index.{name}.nulls"), count(|of| of.nulls));
        push(format!("index.{name}.rows"), count(|of| of.rows));
        let exact = of.iter().map(|of| of.map(|of| matches!(of.values, Values::Exact(_))));
        push(format!("index.{name}.exact"), Arc::new(BooleanArray::from_iter(exact)));
        let words = of.iter().map(|of| {
            of.map(|of| match &of.values {
                Values::Exact(words) | Values::Bloom(words) => {
                    words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>()
                }
            })
        });
        push(format!("index.{name}.hashes"), Arc::new(BinaryArray::from_iter(words)));
    }
    let metadata = HashMap::from([
        (FORMAT_KEY.to_owned(), FORMAT.to_owned()),
        (TABLE_KEY.to_owned(), index.table.clone()),
    ]);
    // Dictionaries of partition values have nothing to say here.
    let plain = fields.iter().zip(&mut columns).map(|(field, column)| {
        if let DataType::Dictionary(_, value) = field.data_type() {
            *column = arrow::compute::cast(column, value)?;
        }
        Ok(Field::new(field.name(), column.data_type().clone(), true))
    });
    let plain = plain.collect::<Result<Vec<_>, ArrowError>>()?;
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(plain, metadata)), columns)
}
