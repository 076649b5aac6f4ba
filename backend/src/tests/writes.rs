//! How rows meet those of a Delta table: overwrite, append, merge, replace.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use planc_ir::code::{OUTPUT_FAILED, OUTPUT_KEY, OUTPUT_TABLE, SYNTAX, UNKNOWN_COLUMN};
use planc_ir::{Code, Diagnostic, Digest};

use super::random::Numbers;
use super::{commit, files, ids, of, open, run, session, shown, text};
use crate::Source;
use crate::compare::{Order, compare};
use crate::sink::delta::{Committed, Mode, SchemaMode, WriteOptions, write_batches};

fn merge(key: &[&str]) -> WriteOptions {
    let key = key.iter().map(|name| (*name).to_owned()).collect();
    WriteOptions { mode: Mode::Merge { key }, ..WriteOptions::default() }
}

fn replace(predicate: &str) -> WriteOptions {
    let mode = Mode::ReplaceWhere { predicate: predicate.to_owned() };
    WriteOptions { mode, ..WriteOptions::default() }
}

async fn put(
    folder: &Path,
    batch: &RecordBatch,
    options: WriteOptions,
) -> Result<Committed, Diagnostic> {
    let (schema, batches) = (batch.schema(), vec![batch.clone()]);
    write_batches(&session(), folder.to_str().unwrap(), schema, batches, options).await
}

/// The write is refused with these words, and the table is as before.
async fn refused(
    folder: &Path,
    batch: &RecordBatch,
    options: WriteOptions,
    code: Code,
    words: &str,
) {
    let before = files(folder);
    let error = put(folder, batch, options).await.unwrap_err();
    assert_eq!(error.code, code, "{}", error.message);
    assert!(error.message.contains(words), "{}", error.message);
    assert_eq!(files(folder), before);
}

async fn rows(folder: &Path, sql: &str) -> Vec<String> {
    shown(&run(&session(), &open(folder).await, sql).await.unwrap())
}

#[tokio::test]
async fn a_merge_replaces_by_key_and_adds_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // The first merge makes the table.
    put(folder, &ids(0..4), merge(&["id"])).await.unwrap();
    let more = of([
        ("id", Arc::new(Int64Array::from(vec![3, 4])) as ArrayRef),
        ("s", text(&["three", "four"])),
    ]);
    let committed = put(folder, &more, merge(&["id"])).await.unwrap();
    assert_eq!((committed.version, committed.rows), (1, 2));
    let all = rows(folder, "select id, s from t").await;
    assert_eq!(all, ["0,n0", "1,n1", "2,n2", "3,three", "4,four"]);
    // Columns may come in another order.
    let turned = of([("s", text(&["zero"])), ("id", Arc::new(Int64Array::from(vec![0])) as _)]);
    put(folder, &turned, merge(&["id"])).await.unwrap();
    assert_eq!(rows(folder, "select s from t where id < 2").await, ["n1", "zero"]);
}

#[tokio::test]
async fn views_of_text_fit_a_table_that_has_them_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let append = || WriteOptions { mode: Mode::Append, ..WriteOptions::default() };
    let views = |id: i64, words: &str| {
        let views = arrow::array::StringViewArray::from(vec![words]);
        of([("id", Arc::new(Int64Array::from(vec![id])) as ArrayRef), ("s", Arc::new(views) as _)])
    };
    for (id, options) in
        [(0, append()), (1, append()), (1, merge(&["id"])), (2, replace("id >= 2"))]
    {
        put(folder, &views(id, "longer than twelve bytes"), options).await.unwrap();
    }
    assert_eq!(rows(folder, "select id, s = 'longer than twelve bytes' from t").await.len(), 3);
}

#[tokio::test]
async fn a_key_that_identifies_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let batch = |key: Vec<Option<i64>>| {
        let rows = key.len();
        let floats = Float64Array::from(vec![1.5; rows]);
        of([
            ("id", Arc::new(Int64Array::from(key)) as ArrayRef),
            ("s", text(&vec!["x"; rows])),
            ("f", Arc::new(floats)),
        ])
    };
    commit(folder, &batch(vec![Some(1)]), WriteOptions::default()).await;
    let good = batch(vec![Some(1), Some(2)]);
    refused(folder, &good, merge(&[]), OUTPUT_KEY, "needs a key").await;
    refused(folder, &good, merge(&["nope"]), OUTPUT_KEY, "no key column `nope`").await;
    refused(folder, &good, merge(&["f"]), OUTPUT_KEY, "`f` is Float64").await;
    refused(folder, &batch(vec![Some(1), None]), merge(&["id"]), OUTPUT_KEY, "`id` is NULL").await;
    let twice = batch(vec![Some(7), Some(2), Some(7)]);
    refused(folder, &twice, merge(&["id"]), OUTPUT_KEY, "2 rows have the key (`id`) = (7)").await;
    put(folder, &twice.slice(0, 2), merge(&["id", "s"])).await.unwrap();
    assert_eq!(rows(folder, "select count(*), sum(id) from t").await, ["3,10"]);
}

/// Keys that agree in the first 64 characters or within a millisecond: bounds in the log are
/// cut to these.
fn keyed(numbers: &mut Numbers, rows: usize) -> RecordBatch {
    let long = "long ".repeat(20);
    let mut taken = BTreeMap::new();
    while taken.len() < rows {
        let key = (numbers.below(12), numbers.below(5), numbers.below(3));
        taken.insert(key, numbers.below(1000) as i64);
    }
    let stamp = |at: usize| 1_000_000_000_123_000 + [0, 1, 456, 999, 1000][at % 5];
    let stamps = TimestampMicrosecondArray::from_iter_values(taken.keys().map(|k| stamp(k.1)));
    let days = Date32Array::from_iter_values(taken.keys().map(|k| 18_000 + k.2 as i32));
    of([
        ("s", text(&taken.keys().map(|k| format!("{long}{}", k.0)).collect::<Vec<_>>())),
        ("ts", Arc::new(stamps) as ArrayRef),
        ("d", Arc::new(days)),
        ("v", Arc::new(Int64Array::from_iter_values(taken.values().copied()))),
    ])
}

#[tokio::test]
async fn merges_agree_with_a_map() {
    let mut numbers = Numbers(3);
    for partitioned in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut model = BTreeMap::new();
        for _ in 0..6 {
            let count = 1 + numbers.below(20);
            let batch = keyed(&mut numbers, count);
            let by = if partitioned { vec!["d".to_owned()] } else { vec![] };
            let options = WriteOptions { partition_by: by, ..merge(&["ts", "d", "s"]) };
            put(folder.path(), &batch, options).await.unwrap();
            let memory = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
            let memory = Source::of(Arc::new(memory));
            let sql = "select s, ts, d, v from t";
            for row in shown(&run(&session(), &memory, sql).await.unwrap()) {
                let (key, value) = row.rsplit_once(',').unwrap();
                model.insert(key.to_owned(), value.to_owned());
            }
            let expected = model.iter().map(|(key, value)| format!("{key},{value}"));
            let mut expected = expected.collect::<Vec<_>>();
            expected.sort();
            assert_eq!(rows(folder.path(), sql).await, expected);
        }
    }
}

const PARTS: [Option<&str>; 4] = [None, Some("a/b"), Some("ü"), Some("")];

fn parted(numbers: &mut Numbers) -> RecordBatch {
    let count = 1 + numbers.below(6);
    let mut column = |of: usize| (0..count).map(|_| numbers.below(of)).collect::<Vec<_>>();
    let (p, i, t, f) = (column(4), column(6), column(5), column(3));
    let stamp = |at: usize| [None, Some(0), Some(123_456), Some(123_999), Some(124_000)][at];
    let int = |at: usize| [None, Some(-1), Some(0), Some(1), Some(5), Some(i64::MAX)][at];
    let float = |at: usize| [None, Some(f64::NAN), Some(1.5)][at];
    of([
        ("p", Arc::new(StringArray::from_iter(p.into_iter().map(|at| PARTS[at]))) as ArrayRef),
        ("i", Arc::new(Int64Array::from_iter(i.into_iter().map(int)))),
        ("ts", Arc::new(TimestampMicrosecondArray::from_iter(t.into_iter().map(stamp)))),
        ("f", Arc::new(Float64Array::from_iter(f.into_iter().map(float)))),
    ])
}

#[tokio::test]
async fn replacing_agrees_with_the_same_in_sql() {
    let mut numbers = Numbers(5);
    let ts = |text: &str| format!("arrow_cast('{text}', 'Timestamp(Microsecond, None)')");
    let exact = ts("1970-01-01T00:00:00.123456");
    let conditions = [
        "p = 'a/b'".to_owned(),
        "p is null".to_owned(),
        "p <> 'ü' and i > 0".to_owned(),
        "i is null or i < 0".to_owned(),
        "i in (0, 5)".to_owned(),
        "not (i = 1)".to_owned(),
        format!("ts = {exact}"),
        format!("ts > {}", ts("1970-01-01T00:00:00.123500")),
        format!("ts <= {exact} or p = ''"),
        "coalesce(i, 0) = 0".to_owned(),
    ];
    let memory = |batch: &RecordBatch| {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch.clone()]]).unwrap();
        Source::of(Arc::new(table))
    };
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let mut before = Vec::new();
        for _ in 0..4 {
            let batch = parted(&mut numbers);
            let by = if round % 2 == 0 { vec!["p".to_owned()] } else { vec![] };
            let options =
                WriteOptions { mode: Mode::Append, partition_by: by, ..WriteOptions::default() };
            commit(folder.path(), &batch, options).await;
            before.push(batch);
        }
        let before = concat_batches(&before[0].schema(), &before).unwrap();
        let condition = &conditions[round % conditions.len()];
        let fits = format!("select * from t where {condition}");
        let new = run(&session(), &memory(&parted(&mut numbers)), &fits).await.unwrap();
        let kept = format!("select * from t where ({condition}) is not true");
        let kept = run(&session(), &memory(&before), &kept).await.unwrap();
        put(folder.path(), &new, replace(condition)).await.unwrap();
        let actual = run(&session(), &open(folder.path()).await, "select * from t").await.unwrap();
        if let Err(mismatch) = compare(&[kept, new], &[actual], &Order::none()) {
            panic!("round {round}, {condition}\n{mismatch}");
        }
    }
}

#[tokio::test]
async fn a_condition_that_cannot_choose_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut numbers = Numbers(1);
    commit(folder, &parted(&mut numbers), WriteOptions::default()).await;
    let batch = of([
        ("p", text(&["x"])),
        ("i", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("ts", Arc::new(TimestampMicrosecondArray::from(vec![1]))),
        ("f", Arc::new(Float64Array::from(vec![1.0]))),
    ]);
    for (condition, code, words) in [
        ("f > 1", OUTPUT_FAILED, "NaN has no bounds"),
        ("nope = 1", UNKNOWN_COLUMN, "nope"),
        ("i = random()", OUTPUT_FAILED, "another result at another time"),
        ("ts < now()", OUTPUT_FAILED, "another result at another time"),
        ("i + 1", OUTPUT_FAILED, "it is Int64, and no condition"),
        ("i =", SYNTAX, ""),
        ("i = 2", OUTPUT_FAILED, "1 rows do not fulfil replace_where `i = 2`"),
    ] {
        refused(folder, &batch, replace(condition), code, words).await;
    }
    let mut options = replace("i = $day");
    let error = put(folder, &batch, options.clone()).await.unwrap_err();
    assert!(error.message.contains("`day` has no value"), "{}", error.message);
    options.params = BTreeMap::from([("day".to_owned(), 1_i64.into())]);
    put(folder, &batch, options).await.unwrap();
}

#[tokio::test]
async fn the_schema_is_checked_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    commit(folder, &ids(0..2), WriteOptions::default()).await;
    let wider = of([
        ("id", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
        ("extra", text(&["x", "y"])),
    ]);
    let with = |mode: Mode, schema_mode| WriteOptions {
        mode,
        schema_mode: Some(schema_mode),
        ..WriteOptions::default()
    };
    let key = || Mode::Merge { key: vec!["id".to_owned()] };
    let everything = || Mode::ReplaceWhere { predicate: "id >= 0".to_owned() };
    for mode in [Mode::Append, Mode::Overwrite, key(), everything()] {
        let options = with(mode, SchemaMode::Same);
        refused(folder, &wider, options, OUTPUT_TABLE, "`extra` is not in the table").await;
    }
    put(folder, &wider, with(key(), SchemaMode::Merge)).await.unwrap();
    let all = rows(folder, "select id, s, extra from t").await;
    assert_eq!(all, ["0,n0,", "1,n1,x", "2,,y"]);
    put(folder, &wider, with(Mode::Append, SchemaMode::Merge)).await.unwrap();
    assert_eq!(rows(folder, "select count(*), count(s) from t").await, ["5,2"]);
    put(folder, &ids(0..3), with(Mode::Overwrite, SchemaMode::Merge)).await.unwrap();
    assert_eq!(rows(folder, "select count(*), count(extra) from t").await, ["3,0"]);
    put(folder, &wider, with(Mode::Overwrite, SchemaMode::Overwrite)).await.unwrap();
    assert_eq!(open(folder).await.schema.fields().len(), 2);
}

#[tokio::test]
async fn the_same_run_is_committed_once() {
    let folder = tempfile::tempdir().unwrap();
    let run = |mode: Mode, key: &str| WriteOptions {
        mode,
        run_key: Some(Digest::of(key.as_bytes())),
        ..WriteOptions::default()
    };
    for (name, mode) in [
        ("append", Mode::Append),
        ("merge", Mode::Merge { key: vec!["id".to_owned()] }),
        ("overwrite", Mode::Overwrite),
        ("replace", Mode::ReplaceWhere { predicate: "id < 3".to_owned() }),
    ] {
        let table = folder.path().join(name);
        let first = put(&table, &ids(0..3), run(mode.clone(), "a")).await.unwrap();
        assert_eq!((first.version, first.unchanged), (0, false), "{name}");
        let before = files(&table);
        let again = put(&table, &ids(0..3), run(mode.clone(), "a")).await.unwrap();
        assert_eq!((again.version, again.unchanged, again.rows), (0, true, 0), "{name}");
        assert_eq!(files(&table), before);
        put(&table, &ids(0..1), run(mode.clone(), "b")).await.unwrap();
        // What was replaced by another run is written again; what was added stays.
        let later = put(&table, &ids(0..3), run(mode.clone(), "a")).await.unwrap();
        let replaces = matches!(mode, Mode::Overwrite | Mode::ReplaceWhere { .. });
        assert_eq!(later.unchanged, !replaces, "{name}");
        let count = if mode == Mode::Append { "4" } else { "3" };
        assert_eq!(rows(&table, "select count(*) from t").await, [count], "{name}");
    }
}

#[tokio::test]
async fn files_are_cut_at_the_target_size_and_by_partition() {
    let folder = tempfile::tempdir().unwrap();
    let data = |folder: &Path| {
        let files = files(folder).into_keys();
        files.filter(|file| file.ends_with(".parquet")).collect::<Vec<_>>()
    };
    let words: Vec<String> = (0..60_000_u64).map(|n| format!("{:x}", n * n * 7919)).collect();
    let batch = of([
        ("p", text(&words.iter().map(|w| w.len().to_string()).collect::<Vec<_>>())),
        ("w", text(&words)),
    ]);
    let batches: Vec<_> = (0..60).map(|n| batch.slice(n * 1000, 1000)).collect();
    let write = async |name: &str, options: WriteOptions| {
        let table = folder.path().join(name);
        let location = table.to_str().unwrap();
        write_batches(&session(), location, batch.schema(), batches.clone(), options)
            .await
            .unwrap();
        assert_eq!(rows(&table, "select count(*) from t").await, ["60000"]);
        data(&table)
    };
    assert_eq!(write("whole", WriteOptions::default()).await.len(), 1);
    let target_file_bytes = std::num::NonZeroU64::new(100_000);
    let cut = write("cut", WriteOptions { target_file_bytes, ..WriteOptions::default() }).await;
    assert!(cut.len() > 2, "{cut:?}");
    let partition_by = vec!["p".to_owned()];
    let parts = write("parts", WriteOptions { partition_by, ..WriteOptions::default() }).await;
    assert!(parts.iter().any(|file| file.starts_with("p=7/")), "{parts:?}");
}
