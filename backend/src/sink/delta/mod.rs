//! Writing Delta tables: one stream, one commit, its provenance beside it.
//!
//! A write begins at one snapshot of the table. In it the write looks whether the same run was
//! committed before, checks the schema, and from it the commit follows: when another writer was
//! faster, nothing of the attempt counts, and the write begins again at the newer snapshot.

mod attempt;
mod clause;
mod declared;
mod merge;
mod once;
mod provenance;
mod rows;
mod schema;
mod spool;
mod types;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::execution::SendableRecordBatchStream;
use deltalake::DeltaTableError;
use planc_ir::code::{OUTPUT_FAILED, WRITE_CONFLICT};
use planc_ir::{Diagnostic, Digest};

use super::Written;
use crate::{Session, fault};
use attempt::{Failure, Target};
pub use declared::findings;
pub use provenance::{Provenance, last_written_digest};
pub use rows::{Batches, Rows, Single};

/// How rows meet those of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    /// The table has these rows and no others from now on; older versions keep theirs.
    #[default]
    Overwrite,
    /// The rows are added.
    Append,
    /// A row takes the place of the one with the same key, or is added where there is none.
    Merge {
        /// The columns that identify a row. None of them is NULL or a float.
        key: Vec<String>,
    },
    /// The rows take the place of those for which the condition is true, and it must be true
    /// for them as well.
    ReplaceWhere {
        /// The condition in SQL, over the table's columns.
        predicate: String,
    },
}

/// What may happen to the schema of a table that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaMode {
    /// The rows must have the table's columns and types.
    Same,
    /// Columns that the table lacks are added to it; those that the rows lack are NULL.
    Merge,
    /// The table takes the rows' schema. For [`Mode::Overwrite`] only, and its default.
    Overwrite,
}

/// How a table is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// How the rows meet those of the table.
    pub mode: Mode,
    /// `None`: what is usual for the mode.
    pub schema_mode: Option<SchemaMode>,
    /// The partition columns of a table that does not exist yet. An overwrite may change
    /// them; where this is empty, an existing table keeps its own.
    pub partition_by: Vec<String>,
    /// Who wrote it, in the commit's metadata.
    pub provenance: Option<Provenance>,
    /// Bytes at which a data file is closed. `None`: the table's or the library's default.
    pub target_file_bytes: Option<NonZeroU64>,
    /// Equal for runs that would write the same. Where the table says that such a run was
    /// committed, nothing is written.
    pub run_key: Option<Digest>,
    /// Values of `$name` in the condition of [`Mode::ReplaceWhere`].
    pub params: BTreeMap<String, ScalarValue>,
}

/// What a write committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The table's new version; where the run was committed before, the one that it has.
    pub version: u64,
    /// Rows written.
    pub rows: u64,
    /// True where the same run was committed before, so that nothing was written.
    pub unchanged: bool,
}

impl From<Committed> for Written {
    fn from(committed: Committed) -> Self {
        Written { rows: committed.rows }
    }
}

/// How often a write begins again because another writer was faster.
const ATTEMPTS: u32 = 12;

/// Writes the rows to the table at `location` in one commit. The table is made where there
/// is none. Old files stay, for time travel, and nothing is checkpointed or cleaned up.
///
/// When the stream or the write fails, or this future is dropped before the commit, the table
/// is as before. The files written so far are removed; after a drop, only on the local file
/// system: in a remote store they stay for a vacuum.
///
/// # Errors
/// P0713 where the schema does not fit the table's, P0714 for keys that identify no row, P0705
/// for a column whose type Delta cannot hold exactly, and for whatever the table or the store
/// refuses, P0712 where other writers were always faster; P0704 or P0707 where the query fails.
pub async fn write_rows(
    session: &Session,
    rows: &dyn Rows,
    location: &str,
    options: &WriteOptions,
) -> Result<Committed, Diagnostic> {
    types::check(location, &rows.schema())?;
    let mut spooled = None;
    if let Mode::Merge { key } = &options.mode {
        merge::check_key(location, key, &rows.schema())?;
        // Only a run that is not committed yet needs its rows.
        if let Some(committed) = Target::open(location).await?.committed(options).await? {
            return Ok(committed);
        }
        spooled = Some(spool::spool(session, rows, key, location).await?);
    }
    let mut attempt = 0;
    loop {
        let target = Target::open(location).await?;
        if let Some(committed) = target.committed(options).await? {
            return Ok(committed);
        }
        let written = match &spooled {
            Some(spooled) => merge::merge(session, &target, spooled, options).await,
            None => target.write(session, rows, options).await,
        };
        match written {
            Ok(committed) => return Ok(committed),
            Err(Failure::Wrong(diagnostic)) => {
                target.undo().await;
                return Err(diagnostic);
            }
            Err(Failure::Conflict { why, rows: count }) => {
                if let Some(version) = target.committed_after_all().await? {
                    return Ok(Committed { version, rows: count, unchanged: false });
                }
                // The commit was refused, so its files are nobody's.
                target.withdraw().await;
                attempt += 1;
                if attempt == ATTEMPTS || !rows.again() {
                    return Err(conflict(location, attempt, &why));
                }
            }
        }
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// As [`write_rows`], from a stream, which is read once: when another writer is faster, that
/// is the end.
pub async fn write(
    session: &Session,
    stream: SendableRecordBatchStream,
    location: &str,
    options: WriteOptions,
) -> Result<Committed, Diagnostic> {
    write_rows(session, &Single::new(stream), location, &options).await
}

/// As [`write_rows`], from batches in memory: for demos and tests.
pub async fn write_batches(
    session: &Session,
    location: &str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    options: WriteOptions,
) -> Result<Committed, Diagnostic> {
    write_rows(session, &Batches { schema, batches }, location, &options).await
}

/// Longer from attempt to attempt, and not the same in two processes.
fn pause(attempt: u32) -> Duration {
    let now = chrono::Utc::now().timestamp_subsec_nanos();
    let jitter = u64::from(now ^ std::process::id().rotate_left(16)) % 40;
    Duration::from_millis((10 << attempt.min(6)) + jitter)
}

fn conflict(location: &str, attempts: u32, why: &str) -> Diagnostic {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    let message =
        format!("`{location}`: other writers committed in between, {times}; the last: {why}");
    Diagnostic::new(WRITE_CONFLICT, message)
        .help("run it again, or let one writer at a time write to the table")
}

fn failed(location: &str, error: &DeltaTableError) -> Diagnostic {
    let why = fault::delta_sentence(error);
    Diagnostic::new(OUTPUT_FAILED, format!("`{location}` cannot be written: {why}"))
}
