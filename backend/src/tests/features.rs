//! What a Delta table may be, and how it is asked to be read.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::DataType;
use chrono::DateTime;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use deltalake::operations::write::WriteBuilder;
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableBuilder};

use super::{bind, commit, ids, of, open, plan, run, session, shown, text};
use crate::sink::delta::{Mode, WriteOptions};
use crate::{DeltaScan, SourceSpec, replay};

fn append() -> WriteOptions {
    WriteOptions { mode: Mode::Append, ..WriteOptions::default() }
}

fn spec(folder: &Path, scan: DeltaScan) -> SourceSpec {
    let url = folder.to_str().unwrap().to_owned();
    SourceSpec::Delta { url, version: None, timestamp: None, scan }
}

#[tokio::test]
async fn each_scan_option_takes_effect_and_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let batch = of([
        ("p", text(&["a", "b", "a"])),
        ("s", text(&["x", "y", "z"])),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
    ]);
    let options = WriteOptions { partition_by: vec!["p".to_owned()], ..append() };
    commit(folder.path(), &batch, options).await;
    let with = async |scan: DeltaScan| {
        let source = session().open("t", &spec(folder.path(), scan)).await.unwrap();
        let sql = "select p, s, n from t where n > 1";
        let planned = plan(sql, &[("t", Arc::clone(&source.schema))]).await;
        assert_eq!(planned.output_schema().field(0).data_type(), &DataType::Utf8);
        let replay = replay(&session(), &planned, &bind(&[("t", &source)])).await.unwrap();
        let mut decodes = None;
        replay
            .physical
            .apply(|node| {
                let config = node
                    .downcast_ref::<DataSourceExec>()
                    .and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>());
                if let Some(config) = config {
                    let parquet = config.file_source().downcast_ref::<ParquetSource>().unwrap();
                    decodes = Some(parquet.table_parquet_options().global.pushdown_filters);
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .unwrap();
        let rows = shown(&run(&session(), &source, sql).await.unwrap());
        assert_eq!(rows, ["a,z,3", "b,y,2"]);
        let physical = source.provider.schema();
        let of = |name: &str| physical.field_with_name(name).unwrap().data_type().clone();
        (of("p"), of("s"), decodes)
    };
    let plain = DeltaScan::default();
    let (p, s, pushed) = with(plain.clone()).await;
    assert_eq!((p, s), (DataType::Utf8, DataType::Utf8));
    let (p, ..) = with(DeltaScan { wrap_partition_values: true, ..plain.clone() }).await;
    assert!(matches!(p, DataType::Dictionary(_, _)), "{p}");
    let (_, s, _) = with(DeltaScan { schema_force_view_types: true, ..plain.clone() }).await;
    assert_eq!(s, DataType::Utf8View);
    let (.., kept) = with(DeltaScan { enable_parquet_pushdown: false, ..plain }).await;
    assert_eq!((pushed, kept), (Some(true), Some(false)));
}

async fn delta(folder: &Path) -> DeltaTable {
    let url = url::Url::from_directory_path(folder).unwrap();
    DeltaTableBuilder::from_url(url).unwrap().build().unwrap()
}

#[tokio::test]
async fn column_mapped_tables_are_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let table = delta(folder.path()).await;
    let batch =
        of([("p", text(&["a/b", "ü"])), ("n", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
    WriteBuilder::new(table.log_store(), None)
        .with_input_batches([batch.clone()])
        .with_save_mode(SaveMode::Append)
        .with_partition_columns(["p"])
        .with_configuration([("delta.columnMapping.mode", Some("name"))])
        .await
        .unwrap();
    commit(folder.path(), &batch, append()).await;
    let source = open(folder.path()).await;
    let sql = "select p, count(*), sum(n) from t where n < 3 and p <> 'c' group by p";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["a/b,2,2", "ü,2,4"]);
    let one = batch.slice(0, 1);
    let written = crate::sink::delta::write_batches(
        &session(),
        folder.path().to_str().unwrap(),
        one.schema(),
        vec![one],
        WriteOptions { mode: Mode::Overwrite, ..WriteOptions::default() },
    )
    .await;
    // Whether the library can or not, nothing is half done.
    let rows = shown(&run(&session(), &open(folder.path()).await, sql).await.unwrap());
    match written {
        Ok(_) => assert_eq!(rows, ["a/b,1,1"]),
        Err(_) => assert_eq!(rows, ["a/b,2,2", "ü,2,4"]),
    }
}

/// An inline deletion vector of these rows: a bitmap as the Delta protocol and the Roaring format
/// specify it, in Z85 (ZeroMQ RFC 32).
fn deletion_vector(rows: &[u16]) -> String {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(12_346_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend((rows.len() as u16 - 1).to_le_bytes());
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
    let size = bytes.len();
    assert_eq!(size % 4, 0);
    let digits =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut encoded = String::new();
    for four in bytes.chunks(4) {
        let mut number = u32::from_be_bytes(four.try_into().unwrap());
        let mut five = [0_u8; 5];
        for place in (0..5).rev() {
            five[place] = digits[(number % 85) as usize];
            number /= 85;
        }
        encoded.push_str(std::str::from_utf8(&five).unwrap());
    }
    let vector = serde_json::json!({
        "storageType": "i", "pathOrInlineDv": encoded, "sizeInBytes": size,
        "cardinality": rows.len(),
    });
    vector.to_string()
}

#[tokio::test]
async fn deleted_rows_stay_deleted() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..10), append()).await;
    commit(folder.path(), &ids(10..20), append()).await;
    let entry = folder.path().join("_delta_log/00000000000000000000.json");
    let log = std::fs::read_to_string(&entry).unwrap();
    let mut lines = Vec::new();
    for line in log.lines() {
        let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
        if action.get("protocol").is_some() {
            let features = ["deletionVectors"];
            action = serde_json::json!({"protocol": {
                "minReaderVersion": 3, "minWriterVersion": 7,
                "readerFeatures": features, "writerFeatures": features,
            }});
        }
        if let Some(add) = action.get_mut("add") {
            add["deletionVector"] = serde_json::from_str(&deletion_vector(&[0, 3, 4, 9])).unwrap();
        }
        if let Some(metadata) = action.get_mut("metaData") {
            metadata["configuration"]["delta.enableDeletionVectors"] = "true".into();
        }
        lines.push(action.to_string());
    }
    std::fs::write(&entry, lines.join("\n")).unwrap();
    let source = open(folder.path()).await;
    for (sql, expected) in [
        ("select count(*), sum(id) from t", "16,174"),
        ("select count(*) from t where id < 10", "6"),
        ("select count(*) from t where id in (3, 4, 5)", "1"),
        ("select max(s) from t where id <= 9", "n8"),
    ] {
        assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), [expected], "{sql}");
    }
    let indexes = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let columns = ["id".to_owned()];
    crate::index::build(&session(), "t", location, &columns, indexes.path()).await.unwrap();
    let indexed = session().with_indexes(indexes.path());
    let source = indexed.open("t", &SourceSpec::delta(location)).await.unwrap();
    for (id, count) in [(3, "0"), (5, "1"), (12, "1")] {
        let sql = format!("select count(*) from t where id = {id}");
        assert_eq!(shown(&run(&session(), &source, &sql).await.unwrap()), [count]);
    }
}

#[tokio::test]
async fn a_time_means_what_the_commits_say_and_not_the_files() {
    let folder = tempfile::tempdir().unwrap();
    for version in 0..3 {
        commit(folder.path(), &ids(version * 10..version * 10 + 5), append()).await;
        let entry = folder.path().join(format!("_delta_log/{version:020}.json"));
        let log = std::fs::read_to_string(&entry).unwrap();
        let lines = log.lines().map(|line| {
            let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(info) = action.get_mut("commitInfo") {
                // The writer's clock was wrong; the commit's own time is not.
                info["timestamp"] = 1.into();
                info["inCommitTimestamp"] = (1_700_000_000_000_i64 + version * 1000).into();
            }
            action.to_string()
        });
        std::fs::write(&entry, lines.collect::<Vec<_>>().join("\n")).unwrap();
    }
    for (at, version) in [
        ("2023-11-14T22:13:20Z", Some(0)),
        ("2023-11-14T22:13:20.999Z", Some(0)),
        ("2023-11-14T22:13:21Z", Some(1)),
        ("2026-01-01T00:00:00Z", Some(2)),
        ("2023-11-14T22:13:19Z", None),
        ("1999-01-01T00:00:00Z", None),
        ("2099-01-01T00:00:00Z", None),
    ] {
        let spec = SourceSpec::Delta {
            url: folder.path().to_str().unwrap().to_owned(),
            version: None,
            timestamp: Some(DateTime::parse_from_rfc3339(at).unwrap().into()),
            scan: DeltaScan::default(),
        };
        let found = session().open("t", &spec).await.ok().and_then(|source| source.version);
        assert_eq!(found, version, "{at}");
    }
}

#[tokio::test]
async fn columns_that_came_later_are_null_before() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..3), append()).await;
    let wider = of([
        ("id", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
        ("s", Arc::new(StringArray::from(vec![None, Some("x")]))),
        ("extra", text(&["e", "f"])),
    ]);
    let options =
        WriteOptions { schema_mode: Some(crate::sink::delta::SchemaMode::Merge), ..append() };
    commit(folder.path(), &wider, options).await;
    let source = open(folder.path()).await;
    let sql = "select id, extra from t where extra is null or extra = 'f'";
    let rows = shown(&run(&session(), &source, sql).await.unwrap());
    assert_eq!(rows, ["0,", "1,", "2,", "8,f"]);
}
