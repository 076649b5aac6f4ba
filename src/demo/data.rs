//! The eight TPC-H tables as Arrow batches.
//!
//! The rows are those that the specification's `dbgen` makes for the scale factor, so the
//! published answers hold for them.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use planc_ir::catalog::logical_schema;
use tpchgen::generators as rows;
use tpchgen_arrow as batches;

/// The scale factor of the demo: about 60,000 line items and 14 MB of text.
pub const SCALE: f64 = 0.01;

/// One generated table.
#[derive(Debug, Clone)]
pub struct TableData {
    /// The table's name in the specification, such as `lineitem`.
    pub name: &'static str,
    /// The columns, in logical types: text is `Utf8`, money `Decimal128(15, 2)`.
    pub schema: SchemaRef,
    /// The rows, in key order.
    pub batches: Vec<RecordBatch>,
}

impl TableData {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// How to make one table.
struct Generator {
    name: &'static str,
    schema: fn() -> SchemaRef,
    rows: fn(f64) -> Box<dyn RecordBatchReader>,
}

macro_rules! generator {
    ($name:literal $batches:ident $rows:ident) => {
        Generator {
            name: $name,
            schema: batches::$batches::schema_ref,
            rows: |scale| Box::new(batches::$batches::new(rows::$rows::new(scale, 1, 1))),
        }
    };
}

/// Small tables first, so that a caller that writes them shows progress soon.
static TABLES: [Generator; 8] = [
    generator!("region" RegionArrow RegionGenerator),
    generator!("nation" NationArrow NationGenerator),
    generator!("supplier" SupplierArrow SupplierGenerator),
    generator!("part" PartArrow PartGenerator),
    generator!("partsupp" PartSuppArrow PartSuppGenerator),
    generator!("customer" CustomerArrow CustomerGenerator),
    generator!("orders" OrderArrow OrderGenerator),
    generator!("lineitem" LineItemArrow LineItemGenerator),
];

/// The names and schemas of the tables, in the order of [`tables`]. Nothing is generated.
pub fn schemas() -> impl Iterator<Item = (&'static str, SchemaRef)> {
    TABLES.iter().map(|table| (table.name, logical_schema(&(table.schema)())))
}

/// Generates the tables at a scale factor (1 is about 1 GB of text). Each is made when the
/// iterator reaches it and is held in memory whole.
///
/// # Errors
/// An item is an error where Arrow refuses to build a batch, which no scale is known to cause.
pub fn tables(scale: f64) -> impl Iterator<Item = Result<TableData, ArrowError>> + Send + 'static {
    TABLES.iter().map(move |table| {
        let schema = logical_schema(&(table.schema)());
        let generated = (table.rows)(scale);
        let batches = generated.map(|batch| to_logical(&batch?, &schema));
        let batches = batches.collect::<Result<_, _>>()?;
        Ok(TableData { name: table.name, schema, batches })
    })
}

/// The generators make string views; what is stored and planned is plain text.
fn to_logical(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    #[test]
    fn row_counts_are_those_of_the_specification() {
        let counts: Vec<_> = tables(0.001)
            .map(|table| table.unwrap())
            .map(|table| (table.name, table.rows()))
            .collect();
        let expected = [
            ("region", 5),
            ("nation", 25),
            ("supplier", 10),
            ("part", 200),
            ("partsupp", 800),
            ("customer", 150),
            ("orders", 1500),
            ("lineitem", 6005),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn types_are_logical() {
        let region = tables(0.001).next().unwrap().unwrap();
        assert_eq!(region.schema.field(1).data_type(), &DataType::Utf8);
        assert_eq!(region.batches[0].schema(), region.schema);
    }
}
