//! The first rows for a terminal, and how many there are in all.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use planc_ir::Diagnostic;

use crate::fault;

/// The first rows of a result.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Names and types.
    pub schema: SchemaRef,
    /// The first rows, as many as were asked for at most.
    pub batches: Vec<RecordBatch>,
    /// How many rows `batches` hold.
    pub shown: usize,
    /// How many rows the result has.
    pub total: u64,
}

/// Reads the whole stream and keeps its first `rows` rows; the others are only counted.
///
/// # Errors
/// P0704 or P0707, as the stream fails.
pub async fn preview(
    mut stream: SendableRecordBatchStream,
    rows: usize,
) -> Result<Preview, Diagnostic> {
    let mut preview = Preview { schema: stream.schema(), batches: Vec::new(), shown: 0, total: 0 };
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| fault::run_failed(&error))?;
        preview.total += batch.num_rows() as u64;
        let kept = batch.num_rows().min(rows - preview.shown);
        if kept > 0 {
            preview.shown += kept;
            preview.batches.push(batch.slice(0, kept));
        }
    }
    Ok(preview)
}
