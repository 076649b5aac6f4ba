//! Delta tables as sources and as outputs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray, UInt64Array};
use chrono::{Duration, Utc};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use planc_ir::Digest;
use planc_ir::code::{OUTPUT_FAILED, OUTPUT_TABLE, RUN_FAILED, SOURCE_UNREADABLE, TABLE_FEATURE};

use super::{bind, commit, files, ids, of, open, plan, run, session, shown, text};
use crate::sink::delta::{
    Mode, Provenance, WriteOptions, last_written_digest, write, write_batches,
};
use crate::sink::overwrite_delta;
use crate::{DeltaScan, SourceSpec, replay};

fn append() -> WriteOptions {
    WriteOptions { mode: Mode::Append, ..WriteOptions::default() }
}

#[tokio::test]
async fn time_travel_by_version_and_timestamp() {
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().to_str().unwrap().to_owned();
    assert_eq!(commit(folder.path(), &ids(0..3), append()).await, 0);
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let between = Utc::now();
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    assert_eq!(commit(folder.path(), &ids(3..5), append()).await, 1);
    let at = |version, timestamp| SourceSpec::Delta {
        url: url.clone(),
        version,
        timestamp,
        scan: DeltaScan::default(),
    };
    for (spec, rows, version) in [
        (at(None, None), "5", 1),
        (at(Some(0), None), "3", 0),
        (at(Some(1), None), "5", 1),
        (at(None, Some(between)), "3", 0),
        (at(None, Some(Utc::now())), "5", 1),
    ] {
        let source = session().open("t", &spec).await.unwrap();
        assert_eq!(source.version, Some(version));
        assert_eq!(
            shown(&run(&session(), &source, "select count(*) from t").await.unwrap()),
            [rows]
        );
    }
    let future = Utc::now() + Duration::days(1);
    for (spec, words) in [
        (at(Some(7), None), "has no version 7: its latest is 1"),
        (at(None, Some(between - Duration::days(9000))), "before its first commit"),
        (at(None, Some(future)), "in the future"),
    ] {
        let error = session().open("t", &spec).await.unwrap_err();
        assert_eq!(error.code, SOURCE_UNREADABLE);
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |path: &std::path::Path, words: &str| {
        let spec = SourceSpec::delta(path.to_str().unwrap());
        let error = session().open("t", &spec).await.unwrap_err();
        assert_eq!(error.code, SOURCE_UNREADABLE);
        assert!(error.message.contains(words), "{}", error.message);
        assert!(!error.message.contains("External"), "{}", error.message);
    };
    check(&folder.path().join("none"), "does not exist").await;
    check(folder.path(), "is not a Delta table").await;
    let log = folder.path().join("_delta_log");
    std::fs::create_dir(&log).unwrap();
    check(folder.path(), "").await;
    std::fs::write(log.join("00000000000000000000.json"), "not json").unwrap();
    check(folder.path(), "log cannot be read").await;
    std::fs::write(log.join("00000000000000000000.json"), [0xff, 0, 1]).unwrap();
    check(folder.path(), "log cannot be read").await;
    std::fs::write(log.join("00000000000000000000.json"), "").unwrap();
    check(folder.path(), "").await;
    let table = folder.path().join("cut");
    commit(&table, &ids(0..3), append()).await;
    let entry = table.join("_delta_log/00000000000000000000.json");
    let whole = std::fs::read(&entry).unwrap();
    std::fs::write(&entry, &whole[..whole.len() / 2]).unwrap();
    check(&table, "log cannot be read").await;
    let protocol = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["typeWidening"],"writerFeatures":["typeWidening"]}}"#;
    let lines: Vec<_> = std::str::from_utf8(&whole).unwrap().lines().collect();
    let lines =
        lines.iter().map(|line| if line.contains("\"protocol\"") { protocol } else { line });
    std::fs::write(&entry, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let spec = SourceSpec::delta(table.to_str().unwrap());
    let error = session().open("t", &spec).await.unwrap_err();
    assert_eq!(error.code, TABLE_FEATURE);
    assert!(error.message.contains("TypeWidening"), "{}", error.message);
}

#[tokio::test]
async fn partition_values_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let parts = [Some("a/b"), None, Some("ü €"), Some("x=y&z%20"), Some("plain"), Some("a b:c")];
    let batch = of([
        ("p", Arc::new(StringArray::from(parts.to_vec())) as ArrayRef),
        ("v", Arc::new(Int64Array::from_iter_values(0..6))),
    ]);
    let options = WriteOptions { partition_by: vec!["p".to_owned()], ..WriteOptions::default() };
    commit(folder.path(), &batch, options).await;
    for scan in [
        DeltaScan::default(),
        DeltaScan {
            wrap_partition_values: true,
            schema_force_view_types: true,
            enable_parquet_pushdown: false,
            ..DeltaScan::default()
        },
    ] {
        let url = folder.path().to_str().unwrap().to_owned();
        let spec = SourceSpec::Delta { url, version: None, timestamp: None, scan };
        let source = session().open("t", &spec).await.unwrap();
        assert_eq!(source.schema.field(0).data_type(), &arrow::datatypes::DataType::Utf8);
        for (place, part) in parts.iter().enumerate() {
            let filter = part.map_or("p is null".to_owned(), |part| format!("p = '{part}'"));
            let rows =
                run(&session(), &source, &format!("select v, p from t where {filter}")).await;
            let rows = rows.unwrap();
            assert_eq!(rows.num_rows(), 1, "{filter}");
            assert_eq!(rows.schema().field(1).data_type(), &arrow::datatypes::DataType::Utf8);
            let value = rows.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
            assert_eq!(value, i64::try_from(place).unwrap());
            let shown = rows.column(1).as_any().downcast_ref::<StringArray>().unwrap();
            assert_eq!((!shown.is_null(0)).then(|| shown.value(0)), *part);
        }
        let other = run(&session(), &source, "select count(*) from t where p <> 'plain'").await;
        assert_eq!(shown(&other.unwrap()), ["4"]);
        let join = "select count(*) from t a join t b on a.p = b.p where b.v < 3";
        let schema = Arc::clone(&source.schema);
        let join = plan(join, &[("t", schema)]).await;
        let rows = super::run_plan(&session(), &join, &bind(&[("t", &source)])).await.unwrap();
        assert_eq!(shown(&rows), ["2"]);
    }
}

#[tokio::test]
async fn the_file_column_is_text() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..2), append()).await;
    commit(folder.path(), &ids(2..4), append()).await;
    let scan = DeltaScan { file_column: Some("_file".to_owned()), ..DeltaScan::default() };
    let url = folder.path().to_str().unwrap().to_owned();
    let spec = SourceSpec::Delta { url, version: None, timestamp: None, scan };
    let source = session().open("t", &spec).await.unwrap();
    let sql = "select count(distinct _file), min(_file) like '%.parquet' from t";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["2,true"]);
    let sql = "select count(*) from t a join t b on a._file = b._file";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["8"]);
}

#[tokio::test]
async fn overwriting_keeps_old_versions_and_says_who_wrote() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    commit(from.path(), &ids(0..100), append()).await;
    let out = to.path().join("deep/er/out");
    let location = out.to_str().unwrap();
    assert_eq!(last_written_digest(location, None).await.unwrap(), None);
    let source = open(from.path()).await;
    let session = session();
    for (version, sql) in [
        "select id, s from t where id < 10",
        "select id, id * 2 as twice from t where id < 20 order by id desc",
    ]
    .iter()
    .enumerate()
    {
        let plan = plan(sql, &[("t", Arc::clone(&source.schema))]).await;
        let replay = replay(&session, &plan, &bind(&[("t", &source)])).await.unwrap();
        let digest = Digest::of(sql.as_bytes());
        let provenance = Provenance::new("marts.top", digest);
        let written = overwrite_delta(&session, &replay, location, &provenance).await.unwrap();
        assert_eq!(written.rows, 10 * (version as u64 + 1));
        assert_eq!(last_written_digest(location, None).await.unwrap(), Some(digest));
        let output = open(&out).await;
        assert_eq!(output.version, Some(version as u64));
        assert_eq!(output.schema.as_ref(), plan.output_schema().as_ref());
    }
    let spec = SourceSpec::Delta {
        url: location.to_owned(),
        version: Some(0),
        timestamp: None,
        scan: DeltaScan::default(),
    };
    let old = session.open("t", &spec).await.unwrap();
    assert_eq!(
        shown(&run(&session, &old, "select max(s), count(*) from t").await.unwrap()),
        ["n9,10"]
    );
    let log = std::fs::read_to_string(out.join("_delta_log/00000000000000000001.json")).unwrap();
    assert!(log.contains(r#""planc.rule":"marts.top""#), "{log}");
    commit(&out, &ids(0..1), WriteOptions::default()).await;
    assert_eq!(last_written_digest(location, None).await.unwrap(), None);
}

#[tokio::test]
async fn folders_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b", "ü#?", "100%", "x*(1)&=+,;'~!${}\"<>`", "-:b"] {
        let table = folder.path().join(name);
        commit(&table, &ids(0..5), append()).await;
        commit(&table, &ids(5..7), append()).await;
        let source = open(&table).await;
        let rows = run(&session(), &source, "select count(*), max(s) from t where id > 1").await;
        assert_eq!(shown(&rows.unwrap()), ["5,n6"]);
        assert!(table.join("_delta_log").is_dir());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
    for name in ["a%20b", "x[1]", "a|b", "a^b", "a@b", "a\\b"] {
        let table = folder.path().join(name);
        std::fs::create_dir(&table).unwrap();
        let location = table.to_str().unwrap();
        let error = session().open("t", &SourceSpec::delta(location)).await.unwrap_err();
        assert!(error.message.contains("rename the folder"), "{}", error.message);
        let (schema, batches) = (ids(0..1).schema(), vec![ids(0..1)]);
        let written = write_batches(&session(), location, schema, batches, append()).await;
        assert_eq!(written.unwrap_err().code, OUTPUT_FAILED);
    }
}

#[tokio::test]
async fn an_empty_result_makes_an_empty_table() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..0), WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let sql = "select count(*), max(s) from t where id > 3";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["0,"]);
    commit(folder.path(), &ids(0..5), WriteOptions::default()).await;
    commit(folder.path(), &ids(0..0), WriteOptions::default()).await;
    let source = open(folder.path()).await;
    assert_eq!(run(&session(), &source, "select * from t").await.unwrap().num_rows(), 0);
}

#[tokio::test]
async fn a_failing_query_leaves_the_table_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |table: &std::path::Path| {
        let before = table.exists().then(|| files(table));
        let batches = (0..50).map(|n| Ok(ids(n * 1000..n * 1000 + 1000)));
        let broken = Err(DataFusionError::Execution("the disk burns".to_owned()));
        let stream = futures::stream::iter(batches.chain([broken]));
        let stream = RecordBatchStreamAdapter::new(ids(0..0).schema(), stream);
        let options = WriteOptions { partition_by: vec![], ..WriteOptions::default() };
        let location = table.to_str().unwrap();
        let error = write(&session(), Box::pin(stream), location, options).await.unwrap_err();
        assert_eq!(error.code, RUN_FAILED);
        assert_eq!(error.message, "the query failed: the disk burns");
        assert_eq!(before, table.exists().then(|| files(table)));
    };
    check(&folder.path().join("new")).await;
    let table = folder.path().join("old");
    commit(&table, &ids(0..10), append()).await;
    check(&table).await;
    assert_eq!(open(&table).await.version, Some(0));
}

#[tokio::test]
async fn a_dropped_write_leaves_the_table_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("old");
    commit(&table, &ids(0..10), append()).await;
    let before = files(&table);
    let batches = futures::stream::iter((0..).map(|n| Ok(ids(n * 100..n * 100 + 100))));
    let slow = futures::StreamExt::then(batches, |batch| async {
        tokio::task::yield_now().await;
        batch
    });
    let stream = Box::pin(RecordBatchStreamAdapter::new(ids(0..0).schema(), slow));
    let session = session();
    let work = write(&session, stream, table.to_str().unwrap(), WriteOptions::default());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), work).await.is_err());
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(files(&table), before);
    assert_eq!(open(&table).await.version, Some(0));
}

#[tokio::test]
async fn types_that_delta_would_change_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t");
    let batch = of([("n", Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef)]);
    let location = table.to_str().unwrap();
    let options = WriteOptions::default;
    let schema = batch.schema();
    let error = write_batches(&session(), location, schema, vec![batch], options()).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, OUTPUT_FAILED);
    assert!(error.message.contains("`n` is UInt64"), "{}", error.message);
    assert!(!table.exists());
}

#[tokio::test]
async fn every_type_that_delta_holds_comes_back() {
    use arrow::array::*;
    use arrow::datatypes::*;
    let folder = tempfile::tempdir().unwrap();
    let list =
        ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
    let inner: Vec<(FieldRef, ArrayRef)> = vec![(
        Arc::new(Field::new("x", DataType::Float64, true)),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
    )];
    let columns: [(&str, ArrayRef); 13] = [
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(i8::MIN), None]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(i16::MAX), None]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(7), None]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(f32::NAN), None]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(-0.0), None]))),
        (
            "dec",
            Arc::new(
                Decimal128Array::from(vec![Some(-12345678901234567890123456789012345678), None])
                    .with_precision_and_scale(38, 10)
                    .unwrap(),
            ),
        ),
        ("d", Arc::new(Date32Array::from(vec![Some(-1), None]))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_234_567), None]))),
        (
            "tz",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None]).with_timezone("UTC")),
        ),
        ("bin", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x00\xff"), None]))),
        ("list", Arc::new(list)),
        ("st", Arc::new(StructArray::from(inner))),
    ];
    let batch = of(columns);
    commit(folder.path(), &batch, WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let back = run(&session(), &source, "select * from t").await.unwrap();
    // List items are called `element` in Delta, `item` elsewhere.
    let mut fields = batch.schema().fields().to_vec();
    fields[11] = back.schema().fields()[11].clone();
    let mut columns = batch.columns().to_vec();
    columns[11] = arrow::compute::cast(&columns[11], fields[11].data_type()).unwrap();
    let expected = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    crate::compare::compare(&[expected], &[back], &crate::compare::Order::none()).unwrap();
}

#[tokio::test]
async fn appending_another_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..10), append()).await;
    let other = of([("id", text(&["x"])), ("s", text(&["y"]))]);
    let location = folder.path().to_str().unwrap();
    let schema = other.schema();
    let error = write_batches(&session(), location, schema, vec![other], append()).await;
    assert_eq!(error.unwrap_err().code, OUTPUT_TABLE);
    assert_eq!(open(folder.path()).await.version, Some(0));
}
