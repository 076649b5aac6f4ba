//! The records of runs as a Delta table, where the project wants one.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use chrono::DateTime;
use planc_backend::Session;
use planc_backend::sink::delta::{Mode, SchemaMode, WriteOptions, write_batches};
use planc_ir::{Diagnostic, code};
use serde_json::Value;

/// Adds a record to the table at `location`. Lists are kept as JSON.
///
/// # Errors
///
/// P0705 and its like, where the table cannot be written.
pub(super) async fn append(
    session: &Session,
    location: &str,
    record: &Value,
) -> Result<(), Diagnostic> {
    let batch = row(record).map_err(|error| {
        Diagnostic::new(code::INTERNAL, format!("the record of a run is no row: {error}"))
    })?;
    let options = WriteOptions {
        mode: Mode::Append,
        schema_mode: Some(SchemaMode::Merge),
        ..WriteOptions::default()
    };
    write_batches(session, location, batch.schema(), vec![batch], options).await?;
    Ok(())
}

fn row(record: &Value) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for name in ["run", "rule", "digest", "status", "output"] {
        let text = record.get(name).and_then(Value::as_str);
        columns.push((name, Arc::new(StringArray::from(vec![text]))));
    }
    for name in ["started", "ended"] {
        let time = record.get(name).and_then(Value::as_str);
        let time = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        let time = TimestampMicrosecondArray::from(vec![time.map(|time| time.timestamp_micros())]);
        columns.push((name, Arc::new(time.with_timezone("UTC"))));
    }
    let ms = record.get("ms").and_then(Value::as_f64);
    columns.push(("ms", Arc::new(Float64Array::from(vec![ms]))));
    for name in [
        "rows",
        "rows_read",
        "files_scanned",
        "files_pruned",
        "row_groups_read",
        "row_groups_pruned",
        "bytes_read",
        "peak_memory",
        "spills",
        "spilled_bytes",
        "output_version",
    ] {
        let number = record.get(name).and_then(Value::as_i64);
        columns.push((name, Arc::new(Int64Array::from(vec![number]))));
    }
    let unchanged = record.get("unchanged").and_then(Value::as_bool);
    columns.push(("unchanged", Arc::new(BooleanArray::from(vec![unchanged]))));
    for name in ["codes", "sources", "operators"] {
        let json = record.get(name).map(Value::to_string);
        columns.push((name, Arc::new(StringArray::from(vec![json]))));
    }
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
}
