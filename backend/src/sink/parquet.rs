//! Parquet files, zstd, with the Arrow schema beside Parquet's own.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::RowSink;

/// A row group is closed at this many encoded bytes, so that memory stays bounded however
/// wide the rows are.
pub(super) const ROW_GROUP_BYTES: usize = 64 << 20;

pub(super) struct ParquetSink<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> ParquetSink<W> {
    pub(super) fn new(out: W, schema: SchemaRef) -> Result<Self, DataFusionError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_created_by(concat!("planc ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(ParquetSink(ArrowWriter::try_new(out, schema, Some(properties))?))
    }
}

impl<W: Write + Send> RowSink for ParquetSink<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        self.0.write(batch)?;
        if self.0.memory_size() > ROW_GROUP_BYTES {
            self.0.flush()?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), DataFusionError> {
        Ok(self.0.into_inner()?.flush()?)
    }
}
