//! No way from a source to an output holds the rows: of a source with many batches only few are
//! alive at any time, whatever takes them.
//!
//! A batch's text lies in memory that counts itself, so a slice of it, an array made of it or a
//! list of batches all keep it alive. What a sink copies is measured at the process, in the root
//! package's tests.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use super::{bind, commit, limited, of, plan, session, text};
use crate::preview::preview;
use crate::sink::delta::{Committed, Mode, WriteOptions, write_rows};
use crate::sink::{Format, write_file};
use crate::{Limits, Replay, Source, replay};

const PARTITIONS: usize = 2;
const BATCHES: usize = 100;
const ROWS: usize = 512;
const TEXT: usize = 40;

/// Batches that may be alive at once: those that are decoded, wait in a channel and are written.
const FEW: usize = 24;

/// How many batches are alive, and how many were at most.
#[derive(Debug, Default)]
struct Alive {
    now: AtomicUsize,
    most: AtomicUsize,
    ever: AtomicUsize,
}

/// The bytes of one batch's text.
struct Counted {
    bytes: Vec<u8>,
    alive: Arc<Alive>,
}

impl Counted {
    fn new(bytes: Vec<u8>, alive: &Arc<Alive>) -> Self {
        let now = alive.now.fetch_add(1, Ordering::SeqCst) + 1;
        alive.most.fetch_max(now, Ordering::SeqCst);
        alive.ever.fetch_add(1, Ordering::SeqCst);
        Counted { bytes, alive: Arc::clone(alive) }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.now.fetch_sub(1, Ordering::SeqCst);
    }
}

fn batch(first: usize, alive: &Arc<Alive>) -> RecordBatch {
    let ids = Int64Array::from_iter_values((first..first + ROWS).map(|id| id as i64));
    let bytes = Counted::new(vec![b'a' + (first / ROWS % 26) as u8; ROWS * TEXT], alive);
    let values = Buffer::from(bytes::Bytes::from_owner(bytes));
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(TEXT, ROWS));
    let texts = StringArray::new(offsets, values, None);
    of([("id", Arc::new(ids) as ArrayRef), ("s", Arc::new(texts))])
}

/// A partition whose batches are made when they are asked for.
#[derive(Debug)]
struct Part {
    schema: SchemaRef,
    number: usize,
    alive: Arc<Alive>,
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let alive = Arc::clone(&self.alive);
        let first = self.number * BATCHES;
        let batches = (first..first + BATCHES).map(move |at| Ok(batch(at * ROWS, &alive)));
        let batches = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

async fn rows(sql: &str) -> (Replay, Arc<Alive>) {
    let alive = Arc::<Alive>::default();
    let schema = ids_and_text().schema();
    let part = |number| {
        let (schema, alive) = (Arc::clone(&schema), Arc::clone(&alive));
        Arc::new(Part { schema, number, alive }) as Arc<dyn PartitionStream>
    };
    let parts = (0..PARTITIONS).map(part).collect();
    let source = Source::of(Arc::new(StreamingTable::try_new(Arc::clone(&schema), parts).unwrap()));
    let plan = plan(sql, &[("t", schema)]).await;
    // No operator is to put many of the small batches together.
    let session =
        limited(&Limits { threads: Some(2), batch_rows: Some(ROWS), ..Limits::default() });
    (replay(&session, &plan, &bind(&[("t", &source)])).await.unwrap(), alive)
}

fn ids_and_text() -> RecordBatch {
    of([("id", Arc::new(Int64Array::from(vec![-1])) as ArrayRef), ("s", text(&["there"]))])
}

/// Every batch was made, and never many of them were there.
fn assert_streamed(what: &str, alive: &Alive) {
    assert_eq!(alive.ever.load(Ordering::SeqCst), PARTITIONS * BATCHES, "{what}");
    let most = alive.most.load(Ordering::SeqCst);
    assert!(most <= FEW, "{what}: {most} batches of {} at once", PARTITIONS * BATCHES);
    assert_eq!(alive.now.load(Ordering::SeqCst), 0, "{what}");
}

#[tokio::test]
async fn files_and_previews_hold_few_batches() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in [
        (Format::Csv, "csv"),
        (Format::Json, "json"),
        (Format::Arrow, "arrow stream"),
        (Format::ArrowFile, "arrow file"),
        (Format::Parquet, "parquet"),
    ] {
        let (replay, alive) = rows("select s, id from t where id >= 0").await;
        let path = folder.path().join(name);
        let written = write_file(replay.stream().unwrap(), format, &path).await.unwrap();
        assert_eq!(written.rows as usize, PARTITIONS * BATCHES * ROWS);
        drop(replay);
        assert_streamed(name, &alive);
    }
    let (replay, alive) = rows("select * from t").await;
    let shown = preview(replay.stream().unwrap(), 10).await.unwrap();
    assert_eq!(shown.shown, 10);
    drop((replay, shown));
    assert_streamed("preview", &alive);
}

async fn into_table(folder: &Path, sql: &str, mode: Mode) -> (Committed, Arc<Alive>) {
    let (replay, alive) = rows(sql).await;
    let options = WriteOptions { mode, ..WriteOptions::default() };
    let location = folder.to_str().unwrap();
    let committed = write_rows(&session(), &replay, location, &options).await.unwrap();
    (committed, alive)
}

#[tokio::test]
async fn tables_are_written_with_few_batches() {
    let merge = || Mode::Merge { key: vec!["id".to_owned()] };
    let replace = || Mode::ReplaceWhere { predicate: "id >= 0".to_owned() };
    for (mode, name) in [
        (Mode::Overwrite, "overwrite"),
        (Mode::Append, "append"),
        (merge(), "merge"),
        (replace(), "replace-where"),
    ] {
        for exists in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            if exists {
                commit(folder.path(), &ids_and_text(), WriteOptions::default()).await;
            } else if matches!(mode, Mode::ReplaceWhere { .. }) {
                continue;
            }
            let (committed, alive) =
                into_table(folder.path(), "select id, s from t", mode.clone()).await;
            assert_eq!(committed.rows as usize, PARTITIONS * BATCHES * ROWS, "{name}");
            assert_streamed(&format!("{name}, the table is there: {exists}"), &alive);
        }
    }
}

/// The measure itself: whoever collects is found out.
#[tokio::test]
async fn a_collected_output_is_seen() {
    use futures::TryStreamExt;
    let (replay, alive) = rows("select * from t").await;
    let batches: Vec<RecordBatch> = replay.stream().unwrap().try_collect().await.unwrap();
    assert!(alive.most.load(Ordering::SeqCst) > FEW * 4);
    assert_eq!(alive.now.load(Ordering::SeqCst), PARTITIONS * BATCHES);
    drop(batches);
    assert_eq!(alive.now.load(Ordering::SeqCst), 0);
}
