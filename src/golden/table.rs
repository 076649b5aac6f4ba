//! The small tables of golden cases, in and out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast_with_options;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use planc_ir::type_text::parse_type;

/// Reads `name: Type [not null] | …`, then a line a row. Unquoted `null` is NULL.
///
/// # Errors
///
/// A column without a type, a row of another width, a value of another type.
pub(super) fn read(text: &str) -> Result<RecordBatch, ArrowError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header = lines.next().unwrap_or("");
    let wrong = |message: String| ArrowError::ParseError(message);
    let mut fields = Vec::new();
    for column in header.split('|') {
        let (name, data_type) = column
            .split_once(':')
            .ok_or_else(|| wrong(format!("`{}` has no type", column.trim())))?;
        let (data_type, nullable) = match data_type.trim().strip_suffix("not null") {
            Some(data_type) => (data_type, false),
            None => (data_type, true),
        };
        fields.push(Field::new(name.trim(), parse_type(data_type.trim())?, nullable));
    }
    let mut columns: Vec<Vec<Option<String>>> = fields.iter().map(|_| Vec::new()).collect();
    for line in lines {
        let values: Vec<&str> = line.split('|').map(str::trim).collect();
        if values.len() != columns.len() {
            return Err(wrong(format!("`{line}` has not {} values", columns.len())));
        }
        for (column, value) in columns.iter_mut().zip(values) {
            let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            column.push(match quoted {
                Some(text) => Some(text.to_owned()),
                None if value == "null" => None,
                None => Some(value.to_owned()),
            });
        }
    }
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    let arrays: Result<Vec<ArrayRef>, ArrowError> = columns
        .into_iter()
        .zip(&fields)
        .map(|(values, field)| {
            cast_with_options(&StringArray::from(values), field.data_type(), &strict)
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays?)
}

/// A line with the names, then a line a row; sorted unless the order is part of the result.
///
/// # Errors
///
/// A value that cannot be shown.
pub(super) fn write(
    schema: &Schema,
    batches: &[RecordBatch],
    ordered: bool,
) -> Result<String, ArrowError> {
    let options = FormatOptions::default().with_null("null");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c, &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let values = columns.iter().zip(batch.columns()).map(|(shown, column)| {
                let value = shown.value(row).try_to_string()?;
                let plain = column.is_null(row)
                    || !(value.is_empty()
                        || value == "null"
                        || value.contains(['|', '"', '\n'])
                        || value.trim() != value);
                Ok(if plain { value } else { format!("\"{value}\"") })
            });
            rows.push(values.collect::<Result<Vec<_>, ArrowError>>()?.join(" | "));
        }
    }
    if !ordered {
        rows.sort();
    }
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    Ok(std::iter::once(names.join(" | ")).chain(rows).map(|line| format!("{line}\n")).collect())
}
