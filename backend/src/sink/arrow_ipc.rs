//! Arrow IPC streams and files.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use datafusion::error::DataFusionError;

use super::RowSink;

pub(super) struct StreamSink<W: Write>(StreamWriter<W>);

impl<W: Write> StreamSink<W> {
    pub(super) fn new(out: W, schema: &Schema) -> Result<Self, DataFusionError> {
        Ok(StreamSink(StreamWriter::try_new(out, schema)?))
    }
}

impl<W: Write> RowSink for StreamSink<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        Ok(self.0.write(batch)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), DataFusionError> {
        self.0.finish()?;
        Ok(self.0.get_mut().flush()?)
    }
}

pub(super) struct FileSink<W: Write>(FileWriter<W>);

impl<W: Write> FileSink<W> {
    pub(super) fn new(out: W, schema: &Schema) -> Result<Self, DataFusionError> {
        Ok(FileSink(FileWriter::try_new(out, schema)?))
    }
}

impl<W: Write> RowSink for FileSink<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        Ok(self.0.write(batch)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), DataFusionError> {
        self.0.finish()?;
        Ok(self.0.get_mut().flush()?)
    }
}
