//! JSON, one object a line: every column of every row, `null` for NULL.

use std::io::Write;

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;

use super::RowSink;
use super::text::{Column, push_json_string};

pub(super) struct JsonSink<W> {
    out: W,
}

impl<W: Write> JsonSink<W> {
    pub(super) fn new(out: W) -> Self {
        JsonSink { out }
    }
}

impl<W: Write> RowSink for JsonSink<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let schema = batch.schema();
        let mut columns = Vec::new();
        for (place, (field, array)) in schema.fields().iter().zip(batch.columns()).enumerate() {
            let mut name = String::from(if place == 0 { "{" } else { "," });
            push_json_string(&mut name, field.name());
            name.push(':');
            columns.push((name, Column::new(array.as_ref())?));
        }
        let mut lines = String::new();
        for row in 0..batch.num_rows() {
            if columns.is_empty() {
                lines.push('{');
            }
            for (name, column) in &columns {
                lines.push_str(name);
                column.write_json(row, &mut lines)?;
            }
            lines.push_str("}\n");
            if lines.len() > 1 << 16 {
                self.out.write_all(lines.as_bytes())?;
                lines.clear();
            }
        }
        Ok(self.out.write_all(lines.as_bytes())?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), DataFusionError> {
        Ok(self.out.flush()?)
    }
}
