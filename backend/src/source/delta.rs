//! Delta tables, at a version, a time or their latest state.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use deltalake::delta_datafusion::{DeltaScanConfig, DeltaScanNext};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use planc_ir::Diagnostic;
use planc_ir::catalog::logical_schema;
use planc_ir::code::{SOURCE_UNREADABLE, TABLE_FEATURE};

use super::delta_version::version_at;
use super::{DeltaScan, DeltaTableScan, PruningLog, Source, missing, unreadable};
use crate::index::{self, StoredNames, active_files};
use crate::{Session, fault, location};

/// Opens a table for reading.
pub(super) async fn open(
    session: &Session,
    name: &str,
    text: &str,
    version: Option<u64>,
    timestamp: Option<DateTime<Utc>>,
    scan: &DeltaScan,
) -> Result<Source, Diagnostic> {
    let mut table = open_existing(text, version).await?;
    if let (None, Some(time)) = (version, timestamp) {
        let version = version_at(&table, text, time).await?;
        table.load_version(version).await.map_err(|error| broken(text, &error))?;
    }
    let scan = provider(&table, scan).map_err(|error| refused(text, &error))?;
    table.update_datafusion_session(session.state.as_ref()).map_err(|e| broken(text, &e))?;
    let schema = logical_schema(&scan.schema());
    let version = table.version();
    let known = table.snapshot().map_err(|error| broken(text, &error))?;
    let id = known.metadata().id().to_owned();
    let index = session.indexes.as_ref().and_then(|folder| {
        index::read(&index::index_path(folder, name)).filter(|index| index.table == id)
    });
    let active = match index {
        Some(_) => known.add_actions_table(true).map(|log| active_files(&log)),
        None => Ok(Vec::new()),
    };
    let log = PruningLog::default();
    let provider = DeltaTableScan {
        scan,
        partitions: known.metadata().partition_columns().to_vec(),
        files: known.log_data().num_files(),
        active: active.map_err(|error| broken(text, &error))?,
        index,
        names: StoredNames::of(&table).map_err(|why| unreadable(text, why))?,
        explain: session.explain_pruning,
        log: log.clone(),
    };
    let state = version.map(|version| format!("version {version} of {id}"));
    Ok(Source { provider: Arc::new(provider), schema, version, state, pruning: Some(log) })
}

/// As [`open_table`], where there must be one.
pub(super) async fn open_existing(
    text: &str,
    version: Option<u64>,
) -> Result<DeltaTable, Diagnostic> {
    open_table(text, version).await?.ok_or_else(|| {
        let message = format!("`{text}` is not a Delta table: it has no _delta_log");
        Diagnostic::new(SOURCE_UNREADABLE, message)
    })
}

/// Loads a table's log up to a version, or all of it. `None` where there is no table.
///
/// # Errors
/// P0701 for a missing folder of a versioned read, a log that cannot be read, and a version
/// that is not there.
pub(crate) async fn open_table(
    text: &str,
    version: Option<u64>,
) -> Result<Option<DeltaTable>, Diagnostic> {
    let url = location::parse_table(text, SOURCE_UNREADABLE)?;
    if let Some(diagnostic) = missing(text, &url) {
        return Err(diagnostic);
    }
    let wrong = |error: DeltaTableError| broken(text, &error);
    let mut table =
        DeltaTableBuilder::from_url(url).and_then(DeltaTableBuilder::build).map_err(wrong)?;
    if !table.verify_deltatable_existence().await.map_err(wrong)? {
        return Ok(None);
    }
    let Some(version) = version else {
        table.load().await.map_err(wrong)?;
        return Ok(Some(table));
    };
    match table.load_version(version).await {
        Ok(()) if table.version() == Some(version) => Ok(Some(table)),
        loaded => Err(no_version(text, version, loaded.err()).await),
    }
}

async fn no_version(text: &str, version: u64, error: Option<DeltaTableError>) -> Diagnostic {
    // A table whose latest state loads has a log that is whole: the version is what is wrong.
    if let Ok(Some(table)) = Box::pin(open_table(text, None)).await
        && let Some(latest) = table.version()
        && (latest < version || error.is_none())
    {
        let message = format!("`{text}` has no version {version}: its latest is {latest}");
        return Diagnostic::new(SOURCE_UNREADABLE, message);
    }
    match error {
        Some(error) => unreadable(
            text,
            format!("version {version} is not readable: {}", fault::delta_sentence(&error)),
        ),
        None => unreadable(text, format!("version {version} is not readable")),
    }
}

pub(crate) fn provider(
    table: &DeltaTable,
    scan: &DeltaScan,
) -> Result<DeltaScanNext, DeltaTableError> {
    let config = DeltaScanConfig {
        file_column_name: scan.file_column.clone(),
        wrap_partition_values: scan.wrap_partition_values,
        enable_parquet_pushdown: scan.enable_parquet_pushdown,
        schema_force_view_types: scan.schema_force_view_types,
        schema: None,
    };
    let snapshot = table.snapshot()?.snapshot().clone();
    Ok(DeltaScanNext::new(snapshot, config)?)
}

/// A log that cannot be read.
fn broken(text: &str, error: &DeltaTableError) -> Diagnostic {
    let why = fault::delta_sentence(error);
    if why.contains("not supported") || why.contains("Unsupported") || why.contains("unsupported") {
        return refused(text, error);
    }
    unreadable(text, format!("its Delta log cannot be read: {why}"))
}

/// A table that is whole but uses what this build cannot read.
pub(super) fn refused(text: &str, error: &DeltaTableError) -> Diagnostic {
    let message = format!("`{text}` cannot be opened: {}", fault::delta_sentence(error));
    Diagnostic::new(TABLE_FEATURE, message)
        .help("the table uses a feature that planc cannot read; rewrite it without that feature")
}
