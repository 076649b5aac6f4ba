//! The preview of a result, as a table for the terminal.

use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use planc_backend::preview::Preview;

/// The rows that were kept, numbers to the right, NULL spelled out.
pub(crate) fn table(preview: &Preview) -> Result<String, arrow::error::ArrowError> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(preview.schema.fields().iter().map(|field| field.name()));
    for (column, field) in table.column_iter_mut().zip(preview.schema.fields()) {
        if field.data_type().is_numeric() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let options = FormatOptions::default().with_null("NULL");
    for batch in &preview.batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c, &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().zip(batch.columns());
            let cells = cells.map(|(formatter, column)| match column.data_type() {
                DataType::Null => Ok("NULL".to_owned()),
                _ if column.is_null(row) => Ok("NULL".to_owned()),
                _ => formatter.value(row).try_to_string(),
            });
            table.add_row(cells.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(table.to_string())
}
