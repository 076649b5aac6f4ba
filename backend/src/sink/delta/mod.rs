//! Writing Delta tables: one stream, one commit, its provenance beside it.

mod once;
mod types;

use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::delta_datafusion::planner::DeltaPlanner;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::logstore::{StorageConfig, logstore_with};
use deltalake::operations::write::{SchemaMode, WriteBuilder};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use planc_ir::code::OUTPUT_FAILED;
use planc_ir::{Diagnostic, Digest};
use serde_json::Value;

use super::Written;
use super::recorder::{Record, Recorder, Undo};
use crate::source::open_table;
use crate::{Session, fault, location};
use once::Once;

/// Whether rows replace the table's or are added to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The table has these rows and this schema from now on; older versions keep theirs.
    #[default]
    Overwrite,
    /// The rows are added. The schema must be the table's.
    Append,
}

/// How a table is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Replace or add.
    pub mode: Mode,
    /// The partition columns of a table that does not exist yet. An overwrite may change
    /// them; where this is empty, an existing table keeps its own.
    pub partition_by: Vec<String>,
    /// Who wrote it, in the commit's metadata.
    pub provenance: Option<Provenance>,
    /// Bytes at which a data file is closed. `None`: the table's or the library's default.
    pub target_file_bytes: Option<NonZeroU64>,
}

/// What a commit says of the rule that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The rule's name.
    pub rule: String,
    /// The digest of the artifact that ran.
    pub digest: Digest,
}

const RULE_KEY: &str = "planc.rule";
const DIGEST_KEY: &str = "planc.digest";
const VERSION_KEY: &str = "planc.version";

/// What a write committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The table's new version.
    pub version: u64,
    /// Rows written.
    pub rows: u64,
}

impl From<Committed> for Written {
    fn from(committed: Committed) -> Self {
        Written { rows: committed.rows }
    }
}

/// Writes the stream to the table at `location` in one commit. The table is made where there
/// is none. Old files stay, for time travel, and nothing is checkpointed or cleaned up.
///
/// When the stream or the write fails, or this future is dropped before the commit, the table
/// is as before and the files written so far are removed.
///
/// # Errors
/// P0705 for a column whose type Delta cannot hold exactly, and for whatever the table or
/// the store refuses; P0704 or P0707 where the query fails.
pub async fn write(
    session: &Session,
    stream: SendableRecordBatchStream,
    location: &str,
    options: WriteOptions,
) -> Result<Committed, Diagnostic> {
    let schema = stream.schema();
    types::check(location, &schema)?;
    let target = Target::open(location).await?;
    let rows = Once::new(stream);
    let written = target.write(session, &rows, &schema, options).await;
    if written.is_err() {
        target.undo.remote(target.store.as_ref()).await;
    }
    match (written, rows.failure()) {
        (Ok(table), None) => {
            Ok(Committed { version: table.version().unwrap_or_default(), rows: rows.count() })
        }
        // The query's own words, not what the writer made of them.
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(failed(location, &error)),
    }
}

/// As [`write`], from batches in memory: for demos and tests.
pub async fn write_batches(
    session: &Session,
    location: &str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    options: WriteOptions,
) -> Result<Committed, Diagnostic> {
    let batches = futures::stream::iter(batches.into_iter().map(Ok));
    let stream = RecordBatchStreamAdapter::new(schema, batches);
    write(session, Box::pin(stream), location, options).await
}

/// The digest of the artifact that wrote a table's rows: of the newest commit that changed
/// any. `None` where there is no table or that commit was not planc's.
///
/// # Errors
/// P0701 where there is a table that cannot be read.
pub async fn last_written_digest(location: &str) -> Result<Option<Digest>, Diagnostic> {
    let url = location::parse(location, OUTPUT_FAILED)?;
    if location::is_missing(&url) {
        return Ok(None);
    }
    let Some(table) = open_table(location, None).await? else { return Ok(None) };
    let mut history = table.history(None);
    // Newest first. Upkeep moves rows to other files and changes none.
    const UPKEEP: [&str; 5] =
        ["OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "FSCK"];
    loop {
        let commit = history
            .try_next()
            .await
            .map_err(|error| crate::source::unreadable(location, fault::delta_sentence(&error)))?;
        let Some(commit) = commit else { return Ok(None) };
        if commit.operation.as_deref().is_some_and(|name| UPKEEP.contains(&name)) {
            continue;
        }
        let digest = commit.info.get(DIGEST_KEY).and_then(Value::as_str);
        return Ok(digest.and_then(|digest| digest.parse().ok()));
    }
}

fn failed(location: &str, error: &DeltaTableError) -> Diagnostic {
    let why = fault::delta_sentence(error);
    Diagnostic::new(OUTPUT_FAILED, format!("`{location}` cannot be written: {why}"))
}

/// The table that is to be written, through a store that records.
struct Target {
    /// Loaded, where the table exists.
    existing: Option<DeltaTable>,
    table: DeltaTable,
    store: Arc<dyn ObjectStore>,
    undo: Undo,
}

impl Target {
    async fn open(text: &str) -> Result<Self, Diagnostic> {
        let unwritable = |why: String| {
            Diagnostic::new(OUTPUT_FAILED, format!("`{text}` cannot be written: {why}"))
        };
        let mut url = location::parse_table(text, OUTPUT_FAILED)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let mut made_folder = None;
        let mut existing = None;
        if location::is_missing(&url) {
            if let Some(path) = location::local_path(&url) {
                std::fs::create_dir_all(&path).map_err(|error| unwritable(error.to_string()))?;
                made_folder = Some(path);
            }
        } else {
            existing = open_table(text, None).await?;
        }
        let store: Arc<dyn ObjectStore> = if url.scheme() == "file" {
            Arc::new(LocalFileSystem::new())
        } else {
            location::remote_store(&url).map_err(|error| unwritable(error.to_string()))?
        };
        let record = Arc::new(Record::default());
        let recorder = Recorder { inner: Arc::clone(&store), record: Arc::clone(&record) };
        let log_store = logstore_with(Arc::new(recorder), &url, StorageConfig::default())
            .map_err(|error| failed(text, &error))?;
        let undo = Undo { record, local: url.scheme() == "file", made_folder };
        Ok(Target { existing, table: DeltaTable::new(log_store), store, undo })
    }

    async fn write(
        &self,
        session: &Session,
        rows: &Once,
        schema: &SchemaRef,
        options: WriteOptions,
    ) -> Result<DeltaTable, DeltaTableError> {
        let source = provider_as_source(rows.provider(schema)?);
        let plan = LogicalPlanBuilder::scan("rows", source, None)?.build()?;
        // One stream in, so that rows are written in their order; the writer encodes and
        // uploads beside it.
        let mut config = session.state.config().clone().with_target_partitions(1);
        config.options_mut().optimizer.enable_round_robin_repartition = false;
        let state = SessionStateBuilder::new_from_existing(session.state.as_ref().clone())
            .with_config(config)
            .with_query_planner(DeltaPlanner::new())
            .build();
        let snapshot = match &self.existing {
            Some(table) => Some(table.snapshot()?.snapshot().clone()),
            None => None,
        };
        let mut write = WriteBuilder::new(self.table.log_store(), snapshot)
            .with_input_plan(plan)
            .with_session_state(Arc::new(state))
            .with_cast_safety(false)
            .with_commit_properties(commit_properties(options.provenance));
        write = match options.mode {
            Mode::Append => write.with_save_mode(SaveMode::Append),
            Mode::Overwrite => {
                write.with_save_mode(SaveMode::Overwrite).with_schema_mode(SchemaMode::Overwrite)
            }
        };
        if !options.partition_by.is_empty() {
            write = write.with_partition_columns(options.partition_by);
        }
        if options.target_file_bytes.is_some() {
            write = write.with_target_file_size(options.target_file_bytes);
        }
        write.await
    }
}

fn commit_properties(provenance: Option<Provenance>) -> CommitProperties {
    // Checkpoints and log clean-up are upkeep, which nobody asked for here.
    let properties = CommitProperties::default()
        .with_create_checkpoint(false)
        .with_cleanup_expired_logs(Some(false));
    let Some(Provenance { rule, digest }) = provenance else { return properties };
    properties.with_metadata([
        (RULE_KEY.to_owned(), Value::from(rule)),
        (DIGEST_KEY.to_owned(), Value::from(digest.to_string())),
        (VERSION_KEY.to_owned(), Value::from(env!("CARGO_PKG_VERSION"))),
    ])
}
