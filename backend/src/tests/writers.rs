//! Several writers at one table at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use planc_ir::Diagnostic;
use planc_ir::Digest;

use super::{bind, commit, files, ids, of, open, plan, run, session, shown};
use crate::sink::delta::{Committed, Mode, Rows, WriteOptions, write_batches, write_rows};
use crate::{Replay, replay};

fn batch(writer: i64) -> RecordBatch {
    let rows = Int64Array::from_iter_values(writer * 10..writer * 10 + 3);
    let writers = Int64Array::from(vec![writer; 3]);
    of([("id", Arc::new(rows) as ArrayRef), ("writer", Arc::new(writers))])
}

/// Lets as many writers begin at once.
async fn race(
    folder: &Path,
    writers: i64,
    of: impl Fn(i64) -> (RecordBatch, WriteOptions),
) -> Vec<Committed> {
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (batch, options) = of(writer);
            let location = folder.to_str().unwrap().to_owned();
            tokio::spawn(async move {
                let schema = batch.schema();
                write_batches(&session(), &location, schema, vec![batch], options).await.unwrap()
            })
        })
        .collect();
    let mut committed = Vec::new();
    for task in tasks {
        committed.push(task.await.unwrap());
    }
    committed.sort_by_key(|committed| committed.version);
    committed
}

async fn count(folder: &Path) -> Vec<String> {
    let sql = "select count(*), count(distinct id), count(distinct writer) from t";
    shown(&run(&session(), &open(folder).await, sql).await.unwrap())
}

fn options(mode: Mode) -> WriteOptions {
    WriteOptions { mode, ..WriteOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_overwrites_one_is_the_last() {
    let folder = tempfile::tempdir().unwrap();
    // The first ones also make the table.
    for _ in 0..3 {
        race(folder.path(), 4, |writer| (batch(writer), options(Mode::Overwrite))).await;
        assert_eq!(count(folder.path()).await, ["3,3,1"]);
    }
    // Over an empty table there is no file that both would remove.
    for _ in 0..3 {
        let empty = batch(0).slice(0, 0);
        race(folder.path(), 1, |_| (empty.clone(), options(Mode::Overwrite))).await;
        race(folder.path(), 3, |writer| (batch(writer), options(Mode::Overwrite))).await;
        assert_eq!(count(folder.path()).await, ["3,3,1"]);
    }
    assert_eq!(open(folder.path()).await.version, Some(3 * 4 + 3 * 4 - 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_that_is_added_at_once_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let committed = race(folder.path(), 6, |writer| (batch(writer), options(Mode::Append))).await;
    let versions: Vec<_> = committed.iter().map(|committed| committed.version).collect();
    assert_eq!(versions, [0, 1, 2, 3, 4, 5]);
    assert_eq!(count(folder.path()).await, ["18,18,6"]);
    // Attempts that came too late left nothing behind.
    let data = files(folder.path()).into_keys().filter(|file| file.ends_with(".parquet"));
    assert_eq!(data.count(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn merges_at_once_keep_one_row_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = vec!["id".to_owned()];
    for _ in 0..2 {
        race(folder.path(), 4, |writer| {
            // All write the keys of the first.
            let ids = Int64Array::from_iter_values([0, 1, 2, 100 + writer]);
            let writers = Int64Array::from(vec![writer; 4]);
            let batch = of([("id", Arc::new(ids) as ArrayRef), ("writer", Arc::new(writers))]);
            (batch, options(Mode::Merge { key: key.clone() }))
        })
        .await;
        assert_eq!(count(folder.path()).await, ["7,7,4"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_run_twice_at_once_is_committed_once() {
    for mode in [Mode::Append, Mode::Overwrite, Mode::Merge { key: vec!["id".to_owned()] }] {
        let folder = tempfile::tempdir().unwrap();
        let run_key = Some(Digest::of(b"one run"));
        let committed = race(folder.path(), 4, |_| {
            (batch(1), WriteOptions { mode: mode.clone(), run_key, ..WriteOptions::default() })
        })
        .await;
        assert_eq!(committed.iter().filter(|committed| !committed.unchanged).count(), 1);
        assert_eq!(open(folder.path()).await.version, Some(0));
        assert_eq!(count(folder.path()).await, ["3,3,1"]);
    }
}

/// A query during whose first run another writer commits.
struct Late {
    replay: Replay,
    table: std::path::PathBuf,
    runs: AtomicU64,
}

#[async_trait]
impl Rows for Late {
    fn schema(&self) -> SchemaRef {
        Rows::schema(&self.replay)
    }

    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        if self.runs.fetch_add(1, Ordering::SeqCst) == 0 {
            commit(&self.table, &ids(0..1), options(Mode::Overwrite)).await;
        }
        Rows::stream(&self.replay).await
    }
}

#[tokio::test]
async fn a_query_that_runs_again_gives_the_same_rows() {
    let source = tempfile::tempdir().unwrap();
    for first in [0, 40, 20, 60] {
        let append = options(Mode::Append);
        commit(source.path(), &ids(first..first + 20), append).await;
    }
    let source = open(source.path()).await;
    for (sql, expected) in [
        ("select id, s from t order by id limit 3", ["3,0,2"]),
        ("select id, s from t order by id desc limit 2", ["2,78,79"]),
        ("select min(id) as id, max(s) as s from t", ["1,0,0"]),
        ("select max(id) as id, min(s) as s from t", ["1,79,79"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("out");
        let plan = plan(sql, &[("t", Arc::clone(&source.schema))]).await;
        let replay = replay(&session(), &plan, &bind(&[("t", &source)])).await.unwrap();
        let late = Late { replay, table: table.clone(), runs: AtomicU64::new(0) };
        let location = table.to_str().unwrap();
        let overwrite = options(Mode::Overwrite);
        let written = write_rows(&session(), &late, location, &overwrite).await.unwrap();
        assert_eq!((written.version, late.runs.load(Ordering::SeqCst)), (1, 2));
        let sql = "select count(*), min(id), max(id) from t";
        let found = shown(&run(&session(), &open(&table).await, sql).await.unwrap());
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_merge_of_no_row_is_a_commit_too() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..3), options(Mode::Append)).await;
    let merge = options(Mode::Merge { key: vec!["id".to_owned()] });
    assert_eq!(commit(folder.path(), &ids(0..0), merge).await, 1);
    let sql = "select count(*) from t";
    assert_eq!(shown(&run(&session(), &open(folder.path()).await, sql).await.unwrap()), ["3"]);
}
