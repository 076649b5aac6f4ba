//! Where rows go: CSV, JSON lines, Arrow IPC and Parquet, to a file or any [`Write`], and
//! Delta tables ([`delta`]). Every sink takes a stream and holds a batch at a time; Parquet
//! holds a row group.

mod arrow_ipc;
mod authorship;
mod csv;
pub mod delta;
mod json;
mod parquet;
mod recorder;
mod staged;
pub(crate) mod text;
pub(crate) mod time;

use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use planc_ir::Diagnostic;
use planc_ir::code::OUTPUT_FAILED;

use crate::{Replay, Session, fault};
pub use authorship::{author_path, written_digest};
pub use delta::{Provenance, last_written_digest};
pub(crate) use staged::Staged;
pub use staged::discard_staged;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A header line with the output names, then rows as RFC 4180 says.
    Csv,
    /// One JSON object a line.
    Json,
    /// An Arrow IPC stream.
    Arrow,
    /// An Arrow IPC file, which can be read from any place.
    ArrowFile,
    /// A Parquet file that keeps the exact Arrow types.
    Parquet,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "csv" => Ok(Format::Csv),
            "json" => Ok(Format::Json),
            "arrow" => Ok(Format::Arrow),
            "arrow-file" => Ok(Format::ArrowFile),
            "parquet" => Ok(Format::Parquet),
            _ => {
                Err(format!("`{text}` is no format: csv, json, arrow, arrow-file and parquet are"))
            }
        }
    }
}

/// What a sink wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
}

/// Replaces the rows of the Delta table at `location` with those of a replay, in one commit
/// that says which rule and artifact wrote it; see [`delta::write_rows`].
///
/// # Errors
/// As [`delta::write_rows`].
pub async fn overwrite_delta(
    session: &Session,
    replay: &Replay,
    location: &str,
    provenance: &Provenance,
) -> Result<Written, Diagnostic> {
    let options =
        delta::WriteOptions { provenance: Some(provenance.clone()), ..Default::default() };
    Ok(delta::write_rows(session, replay, location, &options).await?.into())
}

/// One open output.
trait RowSink {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError>;

    /// Writes what ends the output. Without it the output is not whole.
    fn finish(self: Box<Self>) -> Result<(), DataFusionError>;
}

/// Writes every row of the stream to `out`, which is flushed at the end.
///
/// # Errors
/// P0704 or P0707 where the query fails, P0705 where the output does; what was written until
/// then stays in `out`.
pub async fn write_to(
    mut stream: SendableRecordBatchStream,
    format: Format,
    out: impl Write + Send,
) -> Result<Written, Diagnostic> {
    let failed = |error: DataFusionError| {
        fault::engine_failed(OUTPUT_FAILED, "the rows cannot be written", &error)
    };
    let schema = stream.schema();
    let mut sink: Box<dyn RowSink + Send + '_> = match format {
        Format::Csv => Box::new(csv::CsvSink::new(out, &schema).map_err(failed)?),
        Format::Json => Box::new(json::JsonSink::new(out)),
        Format::Arrow => Box::new(arrow_ipc::StreamSink::new(out, &schema).map_err(failed)?),
        Format::ArrowFile => Box::new(arrow_ipc::FileSink::new(out, &schema).map_err(failed)?),
        Format::Parquet => Box::new(parquet::ParquetSink::new(out, schema).map_err(failed)?),
    };
    let mut written = Written::default();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| fault::run_failed(&error))?;
        sink.batch(&batch).map_err(failed)?;
        written.rows += batch.num_rows() as u64;
    }
    sink.finish().map_err(failed)?;
    Ok(written)
}

/// Writes every row of the stream to the file at `path`. It appears whole at the end and
/// replaces what was there; when the stream fails or this future is dropped, nothing changes.
///
/// # Errors
/// As [`write_to`].
pub async fn write_file(
    stream: SendableRecordBatchStream,
    format: Format,
    path: &Path,
) -> Result<Written, Diagnostic> {
    let failed = |error: std::io::Error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Diagnostic::new(OUTPUT_FAILED, message)
    };
    let mut staged = Staged::beside(path).map_err(failed)?;
    let written = write_to(stream, format, &mut staged).await?;
    staged.publish().map_err(failed)?;
    Ok(written)
}

/// As [`write_file`], with a note beside the file that says which rule and artifact wrote it;
/// see [`written_digest`].
///
/// # Errors
/// As [`write_to`].
pub async fn write_output(
    stream: SendableRecordBatchStream,
    format: Format,
    path: &Path,
    provenance: &Provenance,
) -> Result<Written, Diagnostic> {
    let failed = |error: std::io::Error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Diagnostic::new(OUTPUT_FAILED, message)
    };
    let mut staged = Staged::beside(path).map_err(failed)?;
    let written = write_to(stream, format, &mut staged).await?;
    let note = authorship::note(provenance, staged.digest().map_err(failed)?);
    let mut beside = Staged::beside(&author_path(path)).map_err(failed)?;
    beside.write_all(note.as_bytes()).map_err(failed)?;
    // A note without its file, or a file without its note, says that nobody knows who wrote it.
    staged.publish().map_err(failed)?;
    beside.publish().map_err(failed)?;
    Ok(written)
}
