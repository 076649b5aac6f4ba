//! The types of CSV columns, from every row of every file.
//!
//! DataFusion's own inference reads a file in pieces that end at any line break, and so
//! fails on text with line breaks in quotes.

use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;

use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result};
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};

/// The schema of all files together. Their columns must have the same names in the same
/// order. A column without any value is text.
pub(in crate::source) async fn infer(
    store: &dyn ObjectStore,
    files: &[ObjectMeta],
    header: bool,
    delimiter: u8,
) -> Result<SchemaRef> {
    let format = Format::default().with_header(header).with_delimiter(delimiter);
    let mut merged: Option<Schema> = None;
    for file in files.iter().filter(|file| file.size > 0) {
        let found = store.get(&file.location).await?;
        let content: Box<dyn Read + Send> = match found.payload {
            GetResultPayload::File(file, _) => Box::new(BufReader::new(file)),
            GetResultPayload::Stream(_) => Box::new(Cursor::new(found.bytes().await?)),
        };
        let inferred = tokio::task::spawn_blocking({
            let format = format.clone();
            move || format.infer_schema(content, None)
        });
        let (schema, _) = inferred
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?
            .map_err(|error| DataFusionError::from(readable(error)))?;
        merged = Some(match merged {
            None => schema,
            Some(before) => merge(&before, &schema, &file.location)?,
        });
    }
    let merged = merged.unwrap_or_else(Schema::empty);
    let fields = merged.fields().iter().map(|field| match field.data_type() {
        DataType::Null => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        _ => Arc::clone(field),
    });
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

fn readable(error: ArrowError) -> ArrowError {
    match error {
        ArrowError::CsvError(text) if text.contains("UTF-8") => {
            ArrowError::CsvError("it is not UTF-8 text".to_owned())
        }
        other => other,
    }
}

fn merge(before: &Schema, found: &Schema, file: &object_store::path::Path) -> Result<Schema> {
    let names = |schema: &Schema| -> Vec<String> {
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    if names(before) != names(found) {
        return Err(DataFusionError::Plan(format!(
            "`{file}` has other columns than the files before it: {} and {}",
            names(found).join(", "),
            names(before).join(", ")
        )));
    }
    let pairs = before.fields().iter().zip(found.fields());
    let fields =
        pairs.map(|(a, b)| Field::new(a.name(), wider(a.data_type(), b.data_type()), true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

/// The type that holds the values of both, as within one file.
fn wider(a: &DataType, b: &DataType) -> DataType {
    use DataType::{Date32, Float64, Int64, Null, Timestamp, Utf8};
    let finer = |a: &TimeUnit, b: &TimeUnit| {
        let rank = |unit: &TimeUnit| crate::sink::time::per_second(*unit).0;
        if rank(a) >= rank(b) { *a } else { *b }
    };
    match (a, b) {
        (Null, other) | (other, Null) => other.clone(),
        (Int64, Float64) | (Float64, Int64) => Float64,
        (Timestamp(a, None), Timestamp(b, None)) => Timestamp(finer(a, b), None),
        (Date32, Timestamp(unit, None)) | (Timestamp(unit, None), Date32) => Timestamp(*unit, None),
        (a, b) if a == b => a.clone(),
        _ => Utf8,
    }
}
