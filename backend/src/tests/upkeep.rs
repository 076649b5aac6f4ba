//! Upkeep changes no row.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array};
use planc_ir::Digest;
use planc_ir::code::OUTPUT_FAILED;

use super::{commit, files, of, open, run, session, shown, text};
use crate::sink::delta::{Mode, Provenance, WriteOptions, last_written_digest};
use crate::upkeep::{Upkeep, Vacuum, maintain};

async fn table(folder: &Path) {
    for n in 0..6 {
        let parts = ["a/b", "ü €%", "x=y z"];
        let batch = of([
            ("p", text(&parts)),
            ("n", Arc::new(Int64Array::from(vec![n, n + 10, n + 20])) as ArrayRef),
        ]);
        let provenance = Some(Provenance::new("r", Digest::of(b"r")));
        let partition_by = vec!["p".to_owned()];
        let mode = Mode::Append;
        let options = WriteOptions { mode, provenance, partition_by, ..WriteOptions::default() };
        commit(folder, &batch, options).await;
    }
}

fn data(folder: &Path) -> usize {
    files(folder).keys().filter(|file| file.ends_with(".parquet") && !file.contains("_log")).count()
}

async fn check(folder: &Path) {
    let sql = "select p, count(*), sum(n) from t group by p";
    let rows = shown(&run(&session(), &open(folder).await, sql).await.unwrap());
    assert_eq!(rows, ["a/b,6,15", "x=y z,6,135", "ü €%,6,75"]);
}

#[tokio::test]
async fn small_files_are_put_together_and_old_ones_kept_as_long_as_they_must() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder).await;
    let keep = async |upkeep: Upkeep| {
        let kept = maintain(&session(), folder.to_str().unwrap(), &upkeep).await;
        check(folder).await;
        kept
    };
    let optimize = Upkeep { optimize: Some(None), ..Upkeep::default() };
    assert_eq!(keep(optimize.clone()).await.unwrap().optimized, Some((18, 3)));
    assert_eq!(keep(optimize).await.unwrap().optimized, Some((0, 0)));
    let written = last_written_digest(folder.to_str().unwrap(), None).await.unwrap();
    assert_eq!(written, Some(Digest::of(b"r")));
    let vacuum = |retention, dry_run| Upkeep {
        vacuum: Some(Vacuum { retention, dry_run }),
        ..Upkeep::default()
    };
    // All is younger than a week.
    assert_eq!(keep(vacuum(None, false)).await.unwrap().vacuumed, Some(vec![]));
    assert_eq!(data(folder), 21);
    let error = keep(vacuum(Some(Duration::from_secs(3600)), false)).await.unwrap_err();
    assert_eq!(error.code, OUTPUT_FAILED);
    assert!(error.message.contains("retention"), "{}", error.message);
    assert_eq!(data(folder), 21);
}

#[tokio::test]
async fn a_vacuum_takes_what_no_version_needs_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder).await;
    let location = folder.to_str().unwrap();
    let optimize = Upkeep { optimize: Some(None), ..Upkeep::default() };
    maintain(&session(), location, &optimize).await.unwrap();
    // The table itself allows that nothing is kept.
    let entry = folder.join("_delta_log/00000000000000000000.json");
    let log = std::fs::read_to_string(&entry).unwrap();
    let with = "\"configuration\":{\"delta.deletedFileRetentionDuration\":\"interval 0 seconds\"";
    let changed = log.replacen("\"configuration\":{", with, 1);
    assert_ne!(log, changed);
    std::fs::write(&entry, changed).unwrap();
    // What a killed write left.
    std::fs::write(folder.join("p=a%2Fb").join("part-left.parquet"), b"left").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let vacuum =
        |dry_run| Upkeep { vacuum: Some(Vacuum { retention: None, dry_run }), ..Upkeep::default() };
    let would = maintain(&session(), location, &vacuum(true)).await.unwrap().vacuumed.unwrap();
    assert_eq!(data(folder), 22);
    let gone = maintain(&session(), location, &vacuum(false)).await.unwrap().vacuumed.unwrap();
    assert_eq!(would.len(), gone.len());
    check(folder).await;
    assert_eq!(data(folder), 3, "{gone:?}");
}

#[tokio::test]
async fn a_table_is_read_from_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder).await;
    let upkeep = Upkeep { checkpoint: true, ..Upkeep::default() };
    let kept = maintain(&session(), folder.to_str().unwrap(), &upkeep).await.unwrap();
    assert_eq!(kept.checkpoint, Some(5));
    for version in 0..5 {
        std::fs::remove_file(folder.join(format!("_delta_log/{version:020}.json"))).unwrap();
    }
    check(folder).await;
    let missing = folder.join("none");
    let error = maintain(&session(), missing.to_str().unwrap(), &upkeep).await.unwrap_err();
    assert!(error.message.contains("does not exist"), "{}", error.message);
}
