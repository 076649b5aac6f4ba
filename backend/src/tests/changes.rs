//! The change feed as a source: right rows, or a diagnostic.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use planc_ir::code::CHANGE_FEED;

use super::random::Numbers;
use super::{commit, of, run, session, shown};
use crate::sink::delta::{Mode, WriteOptions};
use crate::{Changes, DeltaScan, SourceSpec};

const FIELDS: &str = r#"{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"p\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"v\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}"#;

fn metadata(fields: &str, feed: bool) -> String {
    format!(
        r#"{{"metaData":{{"id":"e0d1d3b4-0000-4000-8000-000000000001","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{{\"type\":\"struct\",\"fields\":[{fields}]}}","partitionColumns":["p"],"configuration":{{"delta.enableChangeDataFeed":"{feed}"}},"createdTime":1700000000000}}}}"#
    )
}

/// Version 0 of a table that records its changes.
fn create(folder: &Path, feed: bool) {
    let log = folder.join("_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    let lines = [
        r#"{"commitInfo":{"timestamp":1700000000000,"operation":"CREATE TABLE"}}"#.to_owned(),
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}"#.to_owned(),
        metadata(FIELDS, feed),
    ];
    std::fs::write(log.join(format!("{:020}.json", 0)), lines.join("\n")).unwrap();
}

const PARTS: [Option<&str>; 5] = [None, Some("a/b"), Some("ü €%"), Some("x=y z"), Some("plain")];

fn rows(numbers: &mut Numbers) -> RecordBatch {
    let mut ids: Vec<i64> = (0..1 + numbers.below(8)).map(|_| numbers.below(12) as i64).collect();
    ids.sort_unstable();
    ids.dedup();
    let parts: Vec<_> = ids.iter().map(|id| PARTS[(*id % 5) as usize]).collect();
    let values: Vec<_> = ids.iter().map(|_| numbers.below(100) as i64).collect();
    of([
        ("id", Arc::new(Int64Array::from(ids)) as ArrayRef),
        ("p", Arc::new(StringArray::from(parts))),
        ("v", Arc::new(Int64Array::from(values))),
    ])
}

fn changes(folder: &Path, from: u64, to: Option<u64>) -> SourceSpec {
    SourceSpec::DeltaChanges {
        url: folder.to_str().unwrap().to_owned(),
        changes: Changes { from, to },
    }
}

async fn state(folder: &Path, version: u64) -> BTreeMap<String, i64> {
    let spec = SourceSpec::Delta {
        url: folder.to_str().unwrap().to_owned(),
        version: Some(version),
        timestamp: None,
        scan: DeltaScan::default(),
    };
    let source = session().open("t", &spec).await.unwrap();
    let mut counts = BTreeMap::new();
    for row in shown(&run(&session(), &source, "select id, p, v from t").await.unwrap()) {
        *counts.entry(row).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn changes_lead_from_one_version_to_another() {
    let mut numbers = Numbers(17);
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        create(folder, true);
        let last = 5;
        for _ in 0..last {
            let mode = match numbers.below(4) {
                0 => Mode::Append,
                1 => Mode::Overwrite,
                2 => Mode::ReplaceWhere { predicate: "id >= 0".to_owned() },
                _ => Mode::Append,
            };
            let mode = if numbers.below(3) == 0 {
                Mode::Merge { key: vec!["id".to_owned(), "v".to_owned()] }
            } else {
                mode
            };
            commit(folder, &rows(&mut numbers), WriteOptions { mode, ..Default::default() }).await;
        }
        for from in 1..=last {
            for to in from..=last {
                let source = session().open("t", &changes(folder, from, Some(to))).await.unwrap();
                let sorted = "select id from t order by id, v limit 3";
                run(&session(), &source, sorted).await.unwrap();
                let mut counts = state(folder, from - 1).await;
                let sql = "select _change_type, id, p, v from t";
                for row in shown(&run(&session(), &source, sql).await.unwrap()) {
                    let (change, row) = row.split_once(',').unwrap();
                    let by = match change {
                        "insert" | "update_postimage" => 1,
                        "delete" | "update_preimage" => -1,
                        other => panic!("{other}"),
                    };
                    *counts.entry(row.to_owned()).or_default() += by;
                }
                counts.retain(|_, count| *count != 0);
                assert_eq!(counts, state(folder, to).await, "from {from} to {to}");
            }
        }
        let source = session().open("t", &changes(folder, 1, None)).await.unwrap();
        assert_eq!(source.version, Some(last));
        let sql = "select count(distinct _commit_version), min(_commit_version), \
                   count(*) = count(_commit_timestamp) from t where id >= 0 and p is distinct from 'no'";
        let found = shown(&run(&session(), &source, sql).await.unwrap());
        assert!(found[0].ends_with(",1,true"), "{found:?}");
        // Filters on a partition find the same rows as a scan without them.
        let filtered = "select count(*) from t where p = 'a/b' and _commit_version > 2";
        let counted =
            "select sum(case when p = 'a/b' and _commit_version > 2 then 1 else 0 end) from t";
        let filtered = shown(&run(&session(), &source, filtered).await.unwrap());
        let counted = shown(&run(&session(), &source, counted).await.unwrap());
        assert_eq!(filtered[0], if counted[0].is_empty() { "0" } else { &counted[0] });
    }
}

async fn refused(folder: &Path, from: u64, to: Option<u64>, words: &str) {
    let error = session().open("t", &changes(folder, from, to)).await.unwrap_err();
    assert_eq!(error.code, CHANGE_FEED, "{}", error.message);
    assert!(error.message.contains(words), "{}", error.message);
}

#[tokio::test]
async fn what_the_feed_cannot_tell_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(2);
    let append = || WriteOptions { mode: Mode::Append, ..WriteOptions::default() };
    let entry = |table: &Path, version: u64| table.join(format!("_delta_log/{version:020}.json"));

    // Never recorded.
    let table = folder.path().join("off");
    create(&table, false);
    commit(&table, &rows(&mut numbers), append()).await;
    refused(&table, 1, None, "enableChangeDataFeed is not set in version 1").await;

    let table = folder.path().join("on");
    create(&table, true);
    for _ in 0..4 {
        commit(&table, &rows(&mut numbers), append()).await;
    }
    refused(&table, 3, Some(2), "version 3 comes after version 2").await;
    refused(&table, 3, Some(9), "there is no version 9: the latest is 4").await;
    refused(&table, 9, None, "version 9 comes after version 4").await;

    // A data file of version 2 is gone.
    let log = std::fs::read_to_string(entry(&table, 2)).unwrap();
    let path = log.split("\"path\":\"").nth(1).unwrap().split('"').next().unwrap();
    let found = walk(&table).into_iter().find(|file| {
        path.rsplit('/').next().unwrap() == file.file_name().unwrap().to_str().unwrap()
    });
    std::fs::remove_file(found.unwrap()).unwrap();
    refused(&table, 1, None, "is gone: a vacuum took it").await;
    session().open("t", &changes(&table, 3, None)).await.unwrap();

    // Off and on again within the range; then another schema.
    let whole = std::fs::read_to_string(entry(&table, 4)).unwrap();
    std::fs::write(entry(&table, 4), format!("{whole}\n{}", metadata(FIELDS, false))).unwrap();
    refused(&table, 3, None, "enableChangeDataFeed is not set in version 4").await;
    let more = format!(
        r#"{FIELDS},{{\"name\":\"w\",\"type\":\"long\",\"nullable\":true,\"metadata\":{{}}}}"#
    );
    std::fs::write(entry(&table, 4), format!("{whole}\n{}", metadata(&more, true))).unwrap();
    refused(&table, 3, None, "has another schema").await;
    session().open("t", &changes(&table, 4, None)).await.unwrap();

    // The log was cleaned up behind a checkpoint.
    let upkeep = crate::upkeep::Upkeep { checkpoint: true, ..Default::default() };
    crate::upkeep::maintain(&session(), table.to_str().unwrap(), &upkeep).await.unwrap();
    std::fs::remove_file(entry(&table, 2)).unwrap();
    refused(&table, 1, None, "version 2 is gone from the log").await;
}

/// A copy of the table whose columns are called `names`; in its files they keep their names.
fn mapped_copy(from: &Path, to: &Path, names: [&str; 3]) {
    for file in super::files(from).into_keys() {
        let path = to.join(&file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), path).unwrap();
    }
    let stored = [("id", "long"), ("p", "string"), ("v", "long")];
    let fields = stored.iter().zip(names).enumerate().map(|(at, ((stored, of), name))| {
        let metadata = format!(
            r#"\"delta.columnMapping.id\":{},\"delta.columnMapping.physicalName\":\"{stored}\""#,
            at + 1
        );
        format!(
            r#"{{\"name\":\"{name}\",\"type\":\"{of}\",\"nullable\":true,\"metadata\":{{{metadata}}}}}"#
        )
    });
    let metadata = metadata(&fields.collect::<Vec<_>>().join(","), true);
    let metadata = metadata
        .replace(r#"["p"]"#, &format!(r#"["{}"]"#, names[1]))
        .replace(r#""configuration":{"#, r#""configuration":{"delta.columnMapping.mode":"name","delta.columnMapping.maxColumnId":"3","#);
    let protocol = r#"{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}"#;
    std::fs::write(
        to.join(format!("_delta_log/{:020}.json", 0)),
        [r#"{"commitInfo":{"timestamp":1700000000000}}"#, protocol, &metadata].join("\n"),
    )
    .unwrap();
}

#[tokio::test]
async fn mapped_names_change_no_change() {
    let mut numbers = Numbers(5);
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    create(&plain, true);
    let merge = Mode::Merge { key: vec!["id".to_owned(), "v".to_owned()] };
    let replace = Mode::ReplaceWhere { predicate: "id >= 4".to_owned() };
    for mode in [Mode::Append, merge, Mode::Append, replace, Mode::Overwrite] {
        let rows = match mode {
            // Those that the condition is true for.
            Mode::ReplaceWhere { .. } => of([
                ("id", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
                ("p", Arc::new(StringArray::from(vec![Some("a/b"), None]))),
                ("v", Arc::new(Int64Array::from(vec![1, 2]))),
            ]),
            _ => rows(&mut numbers),
        };
        commit(&plain, &rows, WriteOptions { mode, ..Default::default() }).await;
    }
    // One of them has the columns' names the other way round.
    for names in [["key", "part", "value"], ["v", "p", "id"]] {
        let mapped = folder.path().join(names[0]);
        mapped_copy(&plain, &mapped, names);
        let [id, p, v] = names;
        for from in 0..=5 {
            for to in [from, 5] {
                let read = async |table: &Path, sql: &str| {
                    let source = session().open("t", &changes(table, from, Some(to))).await;
                    let source = source.unwrap();
                    assert_eq!(source.version, Some(to));
                    shown(&run(&session(), &source, sql).await.unwrap())
                };
                let more = "_change_type, _commit_version, _commit_timestamp";
                let expected = read(&plain, &format!("select id, p, v, {more} from t")).await;
                let sql = format!("select {id}, {p}, {v}, {more} from t");
                let found = read(&mapped, &sql).await;
                // The copy's version 0 is of another time.
                assert_eq!(found, expected, "from {from} to {to}");
                let filter = "_commit_version >= 2 and _change_type <> 'delete'";
                let sql = format!("select count({p}), sum({v}) from t where {filter} and {id} > 3");
                let of_plain = format!("select count(p), sum(v) from t where {filter} and id > 3");
                assert_eq!(read(&mapped, &sql).await, read(&plain, &of_plain).await);
            }
        }
        let source = session().open("t", &changes(&mapped, 1, None)).await.unwrap();
        let columns: Vec<_> = source.schema.fields().iter().map(|f| f.name().clone()).collect();
        let own = ["_change_type", "_commit_version", "_commit_timestamp"];
        // The library puts the columns of partitions last.
        assert_eq!(columns, [&[id, v, p][..], &own].concat());
    }
    let entry = folder.path().join("key/_delta_log").join(format!("{:020}.json", 0));
    let by_id = std::fs::read_to_string(&entry).unwrap();
    std::fs::write(&entry, by_id.replace(r#"mode":"name""#, r#"mode":"id""#)).unwrap();
    refused(&folder.path().join("key"), 1, None, "maps its columns by id").await;
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    super::files(folder).into_keys().map(|file| folder.join(file)).collect()
}
