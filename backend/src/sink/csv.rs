//! CSV after RFC 4180, with LF at the line ends: NULL is unquoted empty, the empty string and
//! binary of no bytes are `""`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::error::DataFusionError;

use super::RowSink;
use super::text::{Column, Kind};

pub(super) struct CsvSink<W> {
    out: W,
}

impl<W: Write> CsvSink<W> {
    pub(super) fn new(mut out: W, schema: &Schema) -> Result<Self, DataFusionError> {
        let mut line = String::new();
        for (place, field) in schema.fields().iter().enumerate() {
            if place > 0 {
                line.push(',');
            }
            push_field(&mut line, field.name());
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        Ok(CsvSink { out })
    }
}

impl<W: Write> RowSink for CsvSink<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let columns = batch.columns().iter().map(|array| Column::new(array.as_ref()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let (mut lines, mut value) = (String::new(), String::new());
        for row in 0..batch.num_rows() {
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    lines.push(',');
                }
                if column.is_null(row) {
                    continue;
                }
                match column.kind {
                    Kind::Number | Kind::Float | Kind::Word => {
                        let start = lines.len();
                        column.write(row, &mut lines)?;
                        if lines.len() == start {
                            // Binary of no bytes is no NULL.
                            lines.push_str("\"\"");
                        }
                    }
                    Kind::Text | Kind::Nested => {
                        value.clear();
                        column.write(row, &mut value)?;
                        push_field(&mut lines, &value);
                    }
                }
            }
            lines.push('\n');
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

/// Quotes where RFC 4180 asks for it, and the empty string, which is not NULL.
fn push_field(line: &mut String, value: &str) {
    if !value.is_empty() && !value.contains([',', '"', '\n', '\r']) {
        line.push_str(value);
        return;
    }
    line.push('"');
    line.push_str(&value.replace('"', "\"\""));
    line.push('"');
}
