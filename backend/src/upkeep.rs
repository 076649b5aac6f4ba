//! Upkeep of Delta tables: checkpoints, small files put together, old files removed. Nothing
//! of it happens unless it is asked for.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use deltalake::kernel::transaction::CommitProperties;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::{DeltaTable, DeltaTableError, checkpoints};
use planc_ir::Diagnostic;
use planc_ir::code::OUTPUT_FAILED;

use crate::source::open_table;
use crate::{Session, fault};

/// What to do, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Put small files together into ones of about this size, or the table's own.
    pub optimize: Option<Option<NonZeroU64>>,
    /// Remove files that no version younger than this needs.
    pub vacuum: Option<Vacuum>,
    /// Write the log's state into one file.
    pub checkpoint: bool,
}

/// How old files are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vacuum {
    /// `None`: the table's own, a week where it says nothing. Never less than that.
    pub retention: Option<Duration>,
    /// Only say what would go.
    pub dry_run: bool,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Files that were put together, and those that came of it.
    pub optimized: Option<(u64, u64)>,
    /// Files that are gone, or would be.
    pub vacuumed: Option<Vec<String>>,
    /// The version of the checkpoint.
    pub checkpoint: Option<u64>,
}

/// Does it. The rows of the table stay the same.
///
/// # Errors
/// P0701 where there is no table, P0705 for what the table refuses, a retention that is too
/// short among it.
pub async fn maintain(
    session: &Session,
    location: &str,
    upkeep: &Upkeep,
) -> Result<Kept, Diagnostic> {
    let failed = |what: &str, error: &DeltaTableError| {
        let why = fault::delta_sentence(error);
        Diagnostic::new(OUTPUT_FAILED, format!("`{location}` cannot be {what}: {why}"))
    };
    let mut table = open_table(location, None).await?.ok_or_else(|| {
        Diagnostic::new(OUTPUT_FAILED, format!("`{location}` is no Delta table yet"))
            .help("write it first: planc run RULE --write")
    })?;
    let mut kept = Kept::default();
    if let Some(size) = upkeep.optimize {
        let mut optimize = table
            .optimize()
            .with_commit_properties(quiet())
            .with_session_state(Arc::clone(&session.state) as _);
        if let Some(size) = size {
            optimize = optimize.with_target_size(size);
        }
        let (optimized, metrics) = optimize.await.map_err(|e| failed("optimized", &e))?;
        table = optimized;
        kept.optimized = Some((metrics.num_files_removed, metrics.num_files_added));
    }
    if let Some(vacuum) = &upkeep.vacuum {
        let (vacuumed, files) = remove(table, vacuum).await.map_err(|e| failed("vacuumed", &e))?;
        table = vacuumed;
        kept.vacuumed = Some(files);
    }
    if upkeep.checkpoint {
        let written = checkpoints::create_checkpoint(&table, None).await;
        written.map_err(|error| failed("checkpointed", &error))?;
        kept.checkpoint = table.version();
    }
    Ok(kept)
}

async fn remove(
    table: DeltaTable,
    vacuum: &Vacuum,
) -> Result<(DeltaTable, Vec<String>), DeltaTableError> {
    // The lighter mode knows only what the log has removed, and nothing of the files that a
    // write left behind when it was killed.
    let mut work = table
        .vacuum()
        .with_mode(VacuumMode::Full)
        .with_enforce_retention_duration(true)
        .with_dry_run(vacuum.dry_run)
        .with_commit_properties(quiet());
    if let Some(retention) = vacuum.retention {
        let retention = chrono::Duration::from_std(retention);
        work = work.with_retention_period(retention.unwrap_or(chrono::Duration::MAX));
    }
    let (table, metrics) = work.await?;
    Ok((table, metrics.files_deleted))
}

/// Commits that do nothing beside.
fn quiet() -> CommitProperties {
    CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false))
}
