//! File indexes: fewer files, the same rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use planc_ir::code::UNKNOWN_COLUMN;
use serde_json::Value;

use super::pruning::{check, table};
use super::random::Numbers;
use super::{commit, ids, of, run, session, shown, text};
use crate::index::{Indexed, build};
use crate::sink::delta::{Mode, WriteOptions};
use crate::{Pruned, Session, Source, SourceSpec};

fn append() -> WriteOptions {
    WriteOptions { mode: Mode::Append, ..WriteOptions::default() }
}

async fn index(table: &Path, columns: &[&str], folder: &Path) -> Indexed {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    build(&session(), "t", table.to_str().unwrap(), &columns, folder).await.unwrap()
}

fn indexed(folder: &Path) -> Session {
    session().with_indexes(folder).with_explained_pruning()
}

async fn open(table: &Path, folder: &Path) -> Source {
    indexed(folder).open("t", &SourceSpec::delta(table.to_str().unwrap())).await.unwrap()
}

async fn scan(source: &Source, sql: &str) -> (Vec<String>, Pruned) {
    let rows = shown(&run(&session(), source, sql).await.unwrap());
    (rows, *source.pruning.as_ref().unwrap().scans().last().unwrap())
}

/// How many filters the random tests try on each table; `PLANC_PRUNING_CASES` sets another
/// number.
fn cases() -> usize {
    std::env::var("PLANC_PRUNING_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

#[tokio::test]
async fn with_all_pruning_the_rows_are_those_without_any() {
    let seed = std::env::var("PLANC_PRUNING_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(23);
    let mut numbers = Numbers(seed);
    for partitioned in [false, true, true] {
        let (folder, indexes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let rows = table(&mut numbers, folder.path(), partitioned).await;
        index(folder.path(), &["ts", "dec", "i", "s", "b", "p", "d"], indexes.path()).await;
        let source = open(folder.path(), indexes.path()).await;
        check(&mut numbers, &source, &rows, cases()).await;
        let scans = source.pruning.as_ref().unwrap().scans();
        assert!(scans.iter().any(|scan| Some(scan.scanned) < scan.after_statistics), "{scans:?}");
    }
}

/// Files whose bounds all overlap: each holds every tenth number, and text that differs only
/// behind what the log keeps of it.
fn spread(file: i64) -> RecordBatch {
    let numbers: Vec<i64> = (0..100).map(|n| n * 10 + file).collect();
    let long = "the same for all ".repeat(8);
    let words: Vec<String> = numbers.iter().map(|n| format!("{long}{n:04}")).collect();
    of([("n", Arc::new(Int64Array::from(numbers)) as ArrayRef), ("s", text(&words))])
}

#[tokio::test]
async fn a_value_is_looked_for_in_the_files_that_may_hold_it() {
    let (folder, indexes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in 0..10 {
        commit(folder.path(), &spread(file), append()).await;
    }
    let found = index(folder.path(), &["n", "s"], indexes.path()).await;
    assert_eq!((found.version, found.files, found.read), (9, 10, 10));
    let source = open(folder.path(), indexes.path()).await;
    let long = "the same for all ".repeat(8);
    for (filter, rows, files) in [
        ("n = 437".to_owned(), "1", 1),
        ("n in (437, 438)".to_owned(), "2", 2),
        (format!("s = '{long}0437'"), "1", 1),
        ("n = 437 or n > 990".to_owned(), "10", 9),
        ("n = 437 and s is not null".to_owned(), "1", 1),
        ("n = -1".to_owned(), "0", 0),
        ("n + 1 = 438".to_owned(), "1", 10),
    ] {
        let sql = format!("select count(*) from t where {filter}");
        let (found, pruned) = scan(&source, &sql).await;
        assert_eq!((found, pruned.scanned), (vec![rows.to_owned()], files), "{filter}");
        assert_eq!(pruned.files, 10);
    }
    let (_, pruned) = scan(&source, "select count(*) from t where n = 437").await;
    assert_eq!(pruned.after_statistics, Some(10));
}

#[tokio::test]
async fn an_old_index_costs_no_row_and_is_brought_up_to_date() {
    let (folder, indexes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let table = folder.path().join("t");
    for file in 0..4 {
        commit(&table, &spread(file), append()).await;
    }
    index(&table, &["n"], indexes.path()).await;
    commit(&table, &spread(4), append()).await;
    let sql = "select count(*) from t where n = 434";
    // The new file is not in the index, so it is read.
    let (rows, pruned) = scan(&open(&table, indexes.path()).await, sql).await;
    assert_eq!((rows, pruned.scanned), (vec!["1".to_owned()], 1));
    let sql_of_another = "select count(*) from t where n = 431";
    let (rows, pruned) = scan(&open(&table, indexes.path()).await, sql_of_another).await;
    assert_eq!((rows, pruned.scanned), (vec!["1".to_owned()], 2));
    let found = index(&table, &[], indexes.path()).await;
    assert_eq!((found.files, found.read, found.columns.as_slice()), (5, 1, &["n".to_owned()][..]));
    let (_, pruned) = scan(&open(&table, indexes.path()).await, sql_of_another).await;
    assert_eq!(pruned.scanned, 1);
    // Another table in the same place.
    std::fs::remove_dir_all(&table).unwrap();
    commit(&table, &ids(0..3), append()).await;
    let source = open(&table, indexes.path()).await;
    assert_eq!(scan(&source, "select count(*) from t where id = 2").await.0, ["1"]);
    // No index at all, but a file in its place.
    std::fs::write(indexes.path().join("t.arrow"), b"garbage").unwrap();
    let source = open(&table, indexes.path()).await;
    assert_eq!(scan(&source, "select count(*) from t where id = 2").await.0, ["1"]);
}

/// Gives the columns of a table these names, by those in its files, in a commit of its own.
fn rename(table: &Path, version: u64, names: &[(&str, &str)]) {
    let entry = |version: u64| table.join(format!("_delta_log/{version:020}.json"));
    let metadata = (0..version).rev().find_map(|version| {
        let log = std::fs::read_to_string(entry(version)).unwrap();
        let actions = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        actions.into_iter().find(|action| action.get("metaData").is_some())
    });
    let mut action = metadata.unwrap();
    let metadata = &mut action["metaData"];
    let mut schema: Value =
        serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    for (place, field) in schema["fields"].as_array_mut().unwrap().iter_mut().enumerate() {
        let stored = field["metadata"].get("delta.columnMapping.physicalName");
        let stored = stored.unwrap_or(&field["name"]).as_str().unwrap().to_owned();
        let name = names.iter().find(|(of, _)| *of == stored).map_or(stored.as_str(), |n| n.1);
        field["name"] = name.into();
        field["metadata"] = serde_json::json!({
            "delta.columnMapping.id": place + 1,
            "delta.columnMapping.physicalName": stored,
        });
    }
    metadata["schemaString"] = schema.to_string().into();
    metadata["configuration"] = serde_json::json!({
        "delta.columnMapping.mode": "name",
        "delta.columnMapping.maxColumnId": "9",
    });
    let protocol = serde_json::json!({
        "protocol": { "minReaderVersion": 2, "minWriterVersion": 5 },
    });
    std::fs::write(entry(version), format!("{protocol}\n{action}")).unwrap();
}

#[tokio::test]
async fn an_index_of_mapped_columns_goes_by_their_names_in_the_files() {
    let (folder, indexes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in 0..5_i64 {
        let numbers = || (0..100).map(move |n| n * 5 + file);
        let other = numbers().map(|n| (n * 7 + 3) % 1000);
        let rows = of([
            ("a", Arc::new(Int64Array::from_iter_values(numbers())) as ArrayRef),
            ("b", Arc::new(Int64Array::from_iter_values(other))),
        ]);
        commit(folder.path(), &rows, append()).await;
    }
    rename(folder.path(), 5, &[("a", "first")]);
    let found = index(folder.path(), &["first"], indexes.path()).await;
    assert_eq!((found.version, found.read, found.columns[0].as_str()), (5, 5, "first"));
    let source = open(folder.path(), indexes.path()).await;
    let (rows, pruned) = scan(&source, "select b from t where first = 123").await;
    assert_eq!(
        (rows, pruned.scanned, pruned.after_statistics),
        (vec!["864".to_owned()], 1, Some(5))
    );
    // `b` is called `first` now, and `first` is `b`: the index still knows which is which.
    rename(folder.path(), 6, &[("a", "b"), ("b", "first")]);
    let source = open(folder.path(), indexes.path()).await;
    let (rows, pruned) = scan(&source, "select b from t where first = 864").await;
    assert_eq!((rows, pruned.scanned), (vec!["123".to_owned()], 5));
    let (rows, pruned) = scan(&source, "select first from t where b = 123").await;
    assert_eq!((rows, pruned.scanned), (vec!["864".to_owned()], 1));
    let found = index(folder.path(), &[], indexes.path()).await;
    assert_eq!((found.read, found.columns), (0, vec!["b".to_owned()]));
    // A file written under the new names.
    let rows = of([
        ("b", Arc::new(Int64Array::from(vec![4, 9000])) as ArrayRef),
        ("first", Arc::new(Int64Array::from(vec![1, 123]))),
    ]);
    commit(folder.path(), &rows, append()).await;
    let found = index(folder.path(), &["first", "b"], indexes.path()).await;
    assert_eq!((found.version, found.files, found.read), (7, 6, 6));
    let source = open(folder.path(), indexes.path()).await;
    let (rows, pruned) = scan(&source, "select b from t where first = 123").await;
    assert_eq!(rows.len(), 2);
    assert!(pruned.scanned < 6, "{pruned:?}");
    for value in [0, 1, 4, 123, 499, 864, 9000] {
        for column in ["b", "first"] {
            let filtered = format!("select count(*) from t where {column} = {value}");
            let counted = format!("select count(case when {column} = {value} then 1 end) from t");
            assert_eq!(scan(&source, &filtered).await.0, scan(&source, &counted).await.0);
        }
    }
}

#[tokio::test]
async fn only_columns_with_values_to_look_for_are_indexed() {
    let (folder, indexes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let floats = arrow::array::Float64Array::from(vec![f64::NAN]);
    commit(folder.path(), &of([("f", Arc::new(floats) as ArrayRef)]), append()).await;
    for (column, words) in [("f", "`f` is Float64"), ("ff", "no column `ff`")] {
        let location = folder.path().to_str().unwrap();
        let columns = [column.to_owned()];
        let error = build(&session(), "t", location, &columns, indexes.path()).await.unwrap_err();
        assert_eq!(error.code, UNKNOWN_COLUMN);
        assert!(error.message.contains(words), "{}", error.message);
    }
}
