//! Which version of a Delta table a point in time means.

use chrono::{DateTime, SecondsFormat, Utc};
use deltalake::{DeltaTable, ObjectMeta, ObjectStore};
use futures::TryStreamExt;
use planc_ir::Diagnostic;
use planc_ir::code::SOURCE_UNREADABLE;
use serde_json::Value;

use super::unreadable;

/// The last version that was committed at `time` or before it.
///
/// A commit's time is its `inCommitTimestamp`, else its `commitInfo.timestamp`, else the
/// file's modification time: a copied table keeps the first two.
///
/// # Errors
/// P0701 for a time before the first commit that the log still has, and one in the future:
/// what it means could still change.
pub(super) async fn version_at(
    table: &DeltaTable,
    text: &str,
    time: DateTime<Utc>,
) -> Result<u64, Diagnostic> {
    let shown = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    if time > Utc::now() {
        let message = format!("`{text}` has no state at {shown} yet: that is in the future");
        return Err(Diagnostic::new(SOURCE_UNREADABLE, message));
    }
    let store = table.object_store();
    let log = table.log_store().log_path().clone();
    let files: Vec<ObjectMeta> =
        store.list(Some(&log)).try_collect().await.map_err(|error| {
            unreadable(text, format!("its Delta log cannot be listed: {error}"))
        })?;
    let mut commits: Vec<(u64, ObjectMeta)> =
        files.into_iter().filter_map(|file| Some((commit_version(&file)?, file))).collect();
    commits.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let mut earliest = None;
    for (version, file) in commits {
        let committed = commit_time(store.as_ref(), &file).await;
        if committed <= time.timestamp_millis() {
            return Ok(version);
        }
        earliest = DateTime::<Utc>::from_timestamp_millis(committed).map(|time| (version, time));
    }
    let message = format!("`{text}` has no state at {shown}: that is before its first commit");
    let help = earliest.map(|(version, first)| {
        let first = first.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("version {version} is of {first}")
    });
    Err(Diagnostic::new(SOURCE_UNREADABLE, message).help_opt(help))
}

/// The version in a commit file's name, twenty digits and `.json`.
fn commit_version(file: &ObjectMeta) -> Option<u64> {
    let stem = file.location.filename()?.strip_suffix(".json")?;
    (stem.len() == 20).then(|| stem.parse().ok()).flatten()
}

/// Milliseconds since 1970.
async fn commit_time(store: &dyn ObjectStore, file: &ObjectMeta) -> i64 {
    recorded_time(store, file).await.unwrap_or_else(|| file.last_modified.timestamp_millis())
}

async fn recorded_time(store: &dyn ObjectStore, file: &ObjectMeta) -> Option<i64> {
    use deltalake::logstore::object_store::ObjectStoreExt;
    let bytes = store.get(&file.location).await.ok()?.bytes().await.ok()?;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let info = lines.find_map(|line| {
        let action: Value = serde_json::from_slice(line).ok()?;
        action.get("commitInfo").cloned()
    })?;
    let time = info.get("inCommitTimestamp").or_else(|| info.get("timestamp"))?;
    time.as_i64()
}
