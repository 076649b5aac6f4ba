//! One attempt to write: a snapshot, the files, one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlanBuilder;
use deltalake::delta_datafusion::DataFusionMixins;
use deltalake::delta_datafusion::planner::DeltaPlanner;
use deltalake::kernel::EagerSnapshot;
use deltalake::kernel::transaction::TransactionError;
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_with};
use deltalake::operations::write::{SchemaMode as DeltaSchemaMode, WriteBuilder};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableError};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use planc_ir::catalog::logical_schema;
use planc_ir::code::OUTPUT_FAILED;
use planc_ir::{Diagnostic, Digest};

use super::super::recorder::{Record, Recorder, Undo};
use super::once::Once;
use super::provenance::{commit_properties, holds_run};
use super::{Committed, Mode, Rows, SchemaMode, WriteOptions, clause, failed, schema};
use crate::source::open_table;
use crate::{Session, location};

/// How an attempt ends without a commit.
pub(super) enum Failure {
    /// Another writer was faster, as far as this one knows.
    Conflict {
        /// In which way.
        why: String,
        /// The rows that this one wanted to commit.
        rows: u64,
    },
    /// It would not succeed the next time.
    Wrong(Diagnostic),
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure::Wrong(diagnostic)
    }
}

impl Failure {
    pub(super) fn of(location: &str, error: &DeltaTableError, rows: u64) -> Self {
        let conflict = match error {
            DeltaTableError::VersionAlreadyExists(version) => {
                Some(format!("version {version} exists"))
            }
            DeltaTableError::Transaction { source } => match source {
                TransactionError::VersionAlreadyExists(_)
                | TransactionError::MaxCommitAttempts(_) => {
                    Some("the table has a newer version".to_owned())
                }
                TransactionError::CommitConflict(conflict) => Some(conflict.to_string()),
                _ => None,
            },
            _ => None,
        };
        match conflict {
            Some(why) => Failure::Conflict { why, rows },
            None => Failure::Wrong(failed(location, error)),
        }
    }
}

/// The table that is to be written, through a store that records.
pub(super) struct Target {
    pub(super) location: String,
    /// Loaded, where the table exists.
    pub(super) existing: Option<DeltaTable>,
    table: DeltaTable,
    store: Arc<dyn ObjectStore>,
    undo: Undo,
    attempt: String,
}

impl Target {
    pub(super) async fn open(text: &str) -> Result<Self, Diagnostic> {
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
        let local = url.scheme() == "file";
        let record = Arc::new(Record::new(local));
        let recorder = Recorder { inner: Arc::clone(&store), record: Arc::clone(&record) };
        let log_store = logstore_with(Arc::new(recorder), &url, StorageConfig::default())
            .map_err(|error| failed(text, &error))?;
        let undo = Undo { record, made_folder };
        let table = DeltaTable::new(log_store);
        let attempt = unique();
        Ok(Target { location: text.to_owned(), existing, table, store, undo, attempt })
    }

    /// What the table says of this run, where it was committed before.
    pub(super) async fn committed(
        &self,
        options: &WriteOptions,
    ) -> Result<Option<Committed>, Diagnostic> {
        let Some(table) = &self.existing else { return Ok(None) };
        let held = holds_run(table, &self.location, options).await?;
        let version = table.version().unwrap_or_default();
        Ok(held.then_some(Committed { version, rows: 0, unchanged: true }))
    }

    pub(super) fn log_store(&self) -> LogStoreRef {
        self.table.log_store()
    }

    pub(super) fn snapshot(&self) -> Result<Option<EagerSnapshot>, Failure> {
        let Some(table) = &self.existing else { return Ok(None) };
        match table.snapshot() {
            Ok(state) => Ok(Some(state.snapshot().clone())),
            Err(error) => Err(Failure::of(&self.location, &error, 0)),
        }
    }

    /// What tells the commit of this attempt from all others.
    pub(super) fn attempt(&self) -> &str {
        &self.attempt
    }

    /// The version that this attempt committed after all: a store may have kept a commit and
    /// failed to say so, and then refuses it the second time.
    ///
    /// # Errors
    /// P0705 where the log cannot be asked; the files must stay then.
    pub(super) async fn committed_after_all(&self) -> Result<Option<u64>, Diagnostic> {
        let known = self.existing.as_ref().and_then(DeltaTable::version);
        let mut version = known.map_or(0, |known| known + 1);
        let log = self.log_store();
        loop {
            let entry = log.read_commit_entry(version).await;
            let Some(entry) = entry.map_err(|error| failed(&self.location, &error))? else {
                return Ok(None);
            };
            if String::from_utf8_lossy(&entry).contains(&self.attempt) {
                return Ok(Some(version));
            }
            version += 1;
        }
    }

    /// The rows' schema fits the table's. Gives the table's logical schema.
    pub(super) fn check_schema(
        &self,
        rows: &SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<SchemaRef>, Failure> {
        let Some(snapshot) = self.snapshot()? else { return Ok(None) };
        let table = logical_schema(&snapshot.input_schema());
        // A view of text is text in a table.
        schema::check(&self.location, &logical_schema(rows), &table, schema_mode(options))?;
        Ok(Some(table))
    }

    /// Takes away the files of an attempt that failed.
    pub(super) async fn undo(&self) {
        self.undo.remote(self.store.as_ref()).await;
    }

    /// As [`undo`](Self::undo), after a commit that was refused for sure.
    pub(super) async fn withdraw(&self) {
        self.undo.record.refused();
        self.undo().await;
    }

    /// Writes the rows and commits.
    pub(super) async fn write(
        &self,
        session: &Session,
        rows: &dyn Rows,
        options: &WriteOptions,
    ) -> Result<Committed, Failure> {
        let schema = rows.schema();
        let known = self.check_schema(&schema, options)?;
        let known = known.as_ref().unwrap_or(&schema);
        let mut plan = Plan { options, predicate: None };
        if let Mode::ReplaceWhere { predicate } = &options.mode {
            let state = session.state.as_ref();
            let predicate = clause::parse(state, &self.location, predicate, known, &options.params);
            plan.predicate = Some(predicate?);
        }
        let snapshot = self.snapshot()?;
        let once = Once::new(rows.stream().await?);
        let written = self.run(session, &once, &schema, plan, snapshot).await;
        match (written, once.failure()) {
            (Ok(table), None) => Ok(Committed {
                version: table.version().unwrap_or_default(),
                rows: once.count(),
                unchanged: false,
            }),
            // The query's own words, not what the writer made of them.
            (_, Some(error)) => Err(Failure::Wrong(error)),
            (Err(error), None) => {
                let outside = outside(&self.location, &error, options);
                Err(outside.unwrap_or_else(|| Failure::of(&self.location, &error, once.count())))
            }
        }
    }

    async fn run(
        &self,
        session: &Session,
        rows: &Once,
        schema: &SchemaRef,
        plan: Plan<'_>,
        snapshot: Option<EagerSnapshot>,
    ) -> Result<DeltaTable, DeltaTableError> {
        let options = plan.options;
        let source = provider_as_source(rows.provider(schema)?);
        let input = LogicalPlanBuilder::scan("rows", source, None)?.build()?;
        // One stream in, so that rows are written in their order; the writer encodes and
        // uploads beside it.
        let mut config = session.state.config().clone().with_target_partitions(1);
        config.options_mut().optimizer.enable_round_robin_repartition = false;
        let state = SessionStateBuilder::new_from_existing(session.state.as_ref().clone())
            .with_config(config)
            .with_query_planner(DeltaPlanner::new())
            .build();
        let exists = snapshot.is_some();
        let mut write = WriteBuilder::new(self.log_store(), snapshot)
            .with_input_plan(input)
            .with_session_state(Arc::new(state))
            .with_cast_safety(false)
            .with_commit_properties(commit_properties(options, &self.attempt));
        write = match options.mode {
            Mode::Append | Mode::Merge { .. } => write.with_save_mode(SaveMode::Append),
            Mode::Overwrite | Mode::ReplaceWhere { .. } => {
                write.with_save_mode(SaveMode::Overwrite)
            }
        };
        write = match schema_mode(options) {
            SchemaMode::Overwrite => write.with_schema_mode(DeltaSchemaMode::Overwrite),
            SchemaMode::Merge if exists => write.with_schema_mode(DeltaSchemaMode::Merge),
            SchemaMode::Merge | SchemaMode::Same => write,
        };
        if let Some(predicate) = plan.predicate {
            write = write.with_replace_where(predicate);
        }
        if !options.partition_by.is_empty() {
            write = write.with_partition_columns(options.partition_by.clone());
        }
        if options.target_file_bytes.is_some() {
            write = write.with_target_file_size(options.target_file_bytes);
        }
        write.await
    }
}

/// Rows that do not fulfil the condition of a [`Mode::ReplaceWhere`]: the library's words on them
/// break off.
fn outside(location: &str, error: &DeltaTableError, options: &WriteOptions) -> Option<Failure> {
    let Mode::ReplaceWhere { predicate } = &options.mode else { return None };
    let words = error.to_string();
    let before = words.split_once(" rows failed validation check")?.0;
    let rows = before.rsplit(' ').next()?;
    let message = format!("`{location}`: {rows} rows do not fulfil replace_where `{predicate}`");
    let diagnostic = Diagnostic::new(OUTPUT_FAILED, message);
    Some(Failure::Wrong(diagnostic.help("let the rule give such rows only: filter it by this")))
}

/// A text that no other attempt has.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let now = chrono::Utc::now().timestamp_nanos_opt().unwrap_or_default();
    let host = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    let here = &count as *const u64 as usize;
    let parts = format!("{} {count} {now} {host} {here}", std::process::id());
    Digest::of(parts.as_bytes()).to_string()
}

struct Plan<'a> {
    options: &'a WriteOptions,
    predicate: Option<datafusion::logical_expr::Expr>,
}

/// What may happen to the table's schema.
fn schema_mode(options: &WriteOptions) -> SchemaMode {
    match (options.schema_mode, &options.mode) {
        (Some(SchemaMode::Overwrite) | None, Mode::Overwrite) => SchemaMode::Overwrite,
        (Some(SchemaMode::Merge), _) => SchemaMode::Merge,
        _ => SchemaMode::Same,
    }
}
