//! From fields to arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder, RecordBatch, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::json::ReaderBuilder;
use datafusion::error::{DataFusionError, Result};

use super::records::Records;

/// The column at `place` of all whole records, as the field says. For text and binary an empty
/// field in quotes is a value; every other type has no empty value, so there it is NULL.
pub(super) fn column(records: &Records, place: usize, field: &FieldRef) -> Result<ArrayRef> {
    let wrong =
        |why: String| DataFusionError::Execution(format!("the column `{}`: {why}", field.name()));
    let data_type = field.data_type();
    let has_empty = matches!(data_type, DataType::Utf8 | DataType::Binary);
    let mut texts = StringBuilder::new();
    for record in 0..records.len() {
        let (bytes, quoted) = records.field(record, place).unwrap_or_default();
        if bytes.is_empty() && !(quoted && has_empty) {
            texts.append_null();
            continue;
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        texts.append_value(text);
    }
    let texts = texts.finish();
    match data_type {
        DataType::Utf8 => Ok(Arc::new(texts)),
        DataType::Binary => {
            let mut values = BinaryBuilder::new();
            for text in &texts {
                let bytes = text.map(|text| {
                    from_hex(text).ok_or_else(|| wrong(format!("`{text}` is no hexadecimal")))
                });
                values.append_option(bytes.transpose()?);
            }
            Ok(Arc::new(values.finish()))
        }
        nested if nested.is_nested() => {
            let mut lines = String::new();
            for text in &texts {
                lines.push_str("{\"c\":");
                lines.push_str(text.unwrap_or("null"));
                lines.push_str("}\n");
            }
            let schema = Schema::new(vec![Field::new("c", nested.clone(), true)]);
            let reader = ReaderBuilder::new(Arc::new(schema.clone()))
                .with_batch_size(texts.len().max(1))
                .build(lines.as_bytes())
                .map_err(|error| wrong(error.to_string()))?;
            let batches: Vec<RecordBatch> =
                reader.collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
            let batch = arrow::compute::concat_batches(&Arc::new(schema), &batches)?;
            let values = batch.columns().first().map(Arc::clone);
            let values = values.filter(|values| values.len() == texts.len());
            values.ok_or_else(|| wrong("a value is no JSON of one line".to_owned()))
        }
        _ => {
            let strict = CastOptions { safe: false, ..Default::default() };
            cast_with_options(&texts, data_type, &strict).map_err(|error| {
                let error = error.to_string();
                let why = error.split_once(": ").map_or(error.as_str(), |(_, why)| why);
                wrong(why.to_owned())
            })
        }
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let pairs = (0..bytes.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
