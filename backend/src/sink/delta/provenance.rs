//! What a commit says of the run that made it, and what is read back from there.

use std::collections::BTreeMap;

use deltalake::DeltaTable;
use deltalake::kernel::Transaction;
use deltalake::kernel::transaction::CommitProperties;
use planc_ir::code::OUTPUT_FAILED;
use planc_ir::{Diagnostic, Digest};
use serde_json::Value;

use super::{Mode, WriteOptions};
use crate::source::{open_table, unreadable};
use crate::{fault, location};

/// What a commit says of the rule that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The rule's name.
    pub rule: String,
    /// The digest of the artifact that ran.
    pub digest: Digest,
    /// The tables that were read, with the version of each, or another mark of its state.
    pub sources: BTreeMap<String, String>,
    /// The run's id.
    pub run: Option<String>,
}

impl Provenance {
    /// Of a rule and its artifact alone.
    pub fn new(rule: impl Into<String>, digest: Digest) -> Self {
        Provenance { rule: rule.into(), digest, sources: BTreeMap::new(), run: None }
    }
}

const RULE_KEY: &str = "planc.rule";
const DIGEST_KEY: &str = "planc.digest";
const VERSION_KEY: &str = "planc.version";
const SOURCES_KEY: &str = "planc.sources";
const RUN_KEY: &str = "planc.run";
const RUN_KEY_KEY: &str = "planc.run_key";
const ATTEMPT_KEY: &str = "planc.attempt";

/// Names the writer in the application transaction that marks a run as committed.
const APPLICATION: &str = "planc";

fn application(run_key: &Digest) -> String {
    format!("{APPLICATION}:{run_key}")
}

/// The metadata of the commit. It is tried once: what to do when another writer was faster
/// depends on what it did, so that is not left to the library, whose check of conflicts lets
/// two first writers both add their rows.
pub(super) fn commit_properties(options: &WriteOptions, attempt: &str) -> CommitProperties {
    // Checkpoints and log clean-up are upkeep, which nobody asked for here.
    let mut properties = CommitProperties::default()
        .with_create_checkpoint(false)
        .with_cleanup_expired_logs(Some(false))
        .with_max_retries(0);
    let mut metadata = vec![(ATTEMPT_KEY, Value::from(attempt))];
    if let Some(provenance) = &options.provenance {
        metadata.push((RULE_KEY, Value::from(provenance.rule.clone())));
        metadata.push((DIGEST_KEY, Value::from(provenance.digest.to_string())));
        metadata.push((VERSION_KEY, Value::from(env!("CARGO_PKG_VERSION"))));
        let sources = provenance.sources.iter();
        let sources = sources.map(|(name, state)| (name.clone(), Value::from(state.clone())));
        metadata.push((SOURCES_KEY, Value::Object(sources.collect())));
        if let Some(run) = &provenance.run {
            metadata.push((RUN_KEY, Value::from(run.clone())));
        }
    }
    if let Some(key) = &options.run_key {
        metadata.push((RUN_KEY_KEY, Value::from(key.to_string())));
        // The log keeps it for ever, and only rows that stay beside others are asked for it.
        if matches!(options.mode, Mode::Append | Mode::Merge { .. }) {
            let mark = Transaction::new(application(key), 1);
            properties = properties.with_application_transaction(mark);
        }
    }
    properties.with_metadata(metadata.into_iter().map(|(key, value)| (key.to_owned(), value)))
}

/// Whether the table, as loaded, holds what the run would write.
///
/// Rows that were added or merged are there once the run was committed at any time. Rows that
/// took the place of others are there if no later commit changed any.
pub(super) async fn holds_run(
    table: &DeltaTable,
    location: &str,
    options: &WriteOptions,
) -> Result<bool, Diagnostic> {
    let Some(key) = &options.run_key else { return Ok(false) };
    match options.mode {
        Mode::Append | Mode::Merge { .. } => {
            let snapshot = table.snapshot().map_err(|error| broken(location, &error))?;
            let log_store = table.log_store();
            let found = snapshot.transaction_version(log_store.as_ref(), application(key)).await;
            Ok(found.map_err(|error| broken(location, &error))?.is_some())
        }
        Mode::Overwrite | Mode::ReplaceWhere { .. } => {
            let last = last_change(table, location, RUN_KEY_KEY).await?;
            Ok(last.as_deref() == Some(key.to_string().as_str()))
        }
    }
}

/// The digest of the artifact that wrote a table's rows, at a version or now: of the newest
/// commit that changed any. `None` where there is no table or that commit was not planc's.
///
/// # Errors
/// P0701 where there is a table that cannot be read.
pub async fn last_written_digest(
    location: &str,
    version: Option<u64>,
) -> Result<Option<Digest>, Diagnostic> {
    let url = location::parse(location, OUTPUT_FAILED)?;
    if location::is_missing(&url) {
        return Ok(None);
    }
    let Some(table) = open_table(location, version).await? else { return Ok(None) };
    let digest = last_change(&table, location, DIGEST_KEY).await?;
    Ok(digest.and_then(|digest| digest.parse().ok()))
}

/// What the newest commit that changed rows says under this key.
async fn last_change(
    table: &DeltaTable,
    location: &str,
    key: &str,
) -> Result<Option<String>, Diagnostic> {
    let log = table.log_store();
    // Newest first, from the version that was loaded: the log may have moved on since.
    let mut version = table.version();
    while let Some(at) = version {
        let entry = log.read_commit_entry(at).await.map_err(|error| broken(location, &error))?;
        let Some(entry) = entry else { return Ok(None) };
        let mut changes = false;
        for line in entry.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(action) = serde_json::from_slice::<Value>(line) else { return Ok(None) };
            if let Some(info) = action.get("commitInfo")
                && info.get(ATTEMPT_KEY).is_some()
            {
                return Ok(info.get(key).and_then(Value::as_str).map(str::to_owned));
            }
            let files = ["add", "remove"].into_iter().filter_map(|kind| action.get(kind));
            // Upkeep moves rows to other files and changes none.
            changes |= files.into_iter().any(|file| file.get("dataChange") != Some(&false.into()));
        }
        if changes {
            return Ok(None);
        }
        version = at.checked_sub(1);
    }
    Ok(None)
}

fn broken(location: &str, error: &deltalake::DeltaTableError) -> Diagnostic {
    unreadable(location, fault::delta_sentence(error))
}
