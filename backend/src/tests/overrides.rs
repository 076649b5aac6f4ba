//! Columns that a scan reads with other types than the table's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Float32Array, Int8Array, Int32Array, Int64Array, RecordBatch,
};
use arrow::datatypes::DataType;
use planc_ir::Diagnostic;
use planc_ir::code::{CONSTRAINT_BROKEN, SOURCE_UNREADABLE, UNKNOWN_COLUMN};

use super::{commit, of, open, run, session, shown, text};
use crate::sink::delta::{Mode, WriteOptions};
use crate::{ColumnOverride, DeltaScan, Source, SourceSpec};

fn partitioned() -> WriteOptions {
    let partition_by = vec!["p".to_owned()];
    WriteOptions { mode: Mode::Append, partition_by, ..WriteOptions::default() }
}

/// Rows whose numbers begin at `first`; the partition is an integer.
fn rows(first: i32, nulls: bool) -> RecordBatch {
    let wide = |n: i32| i64::from(n) * 1_000_000_007;
    let numbers = || (first..first + 5).map(move |n| (!nulls || n % 2 == 0).then_some(n));
    let decimals = numbers().map(|n| n.map(|n| i128::from(n) * 25));
    let decimals = Decimal128Array::from_iter(decimals).with_precision_and_scale(10, 2).unwrap();
    of::<8>([
        ("p", Arc::new(Int32Array::from(vec![first; 5])) as ArrayRef),
        ("tiny", Arc::new(Int8Array::from_iter(numbers().map(|n| n.map(|n| n as i8))))),
        ("n", Arc::new(Int32Array::from_iter(numbers()))),
        ("big", Arc::new(Int64Array::from_iter(numbers().map(|n| n.map(wide))))),
        ("dec", Arc::new(decimals)),
        ("f", Arc::new(Float32Array::from_iter(numbers().map(|n| n.map(|n| n as f32 / 4.0))))),
        ("s", text(&["a", "b", "c", "d", "e"])),
        ("id", Arc::new(Int32Array::from_iter(first..first + 5))),
    ])
}

async fn open_as(
    folder: &Path,
    version: Option<u64>,
    columns: &[(&str, DataType, Option<bool>)],
) -> Result<Source, Diagnostic> {
    let columns = columns.iter().map(|(name, data_type, nullable)| {
        let column = ColumnOverride { data_type: data_type.clone(), nullable: *nullable };
        ((*name).to_owned(), column)
    });
    let scan = DeltaScan { schema: columns.collect::<BTreeMap<_, _>>(), ..DeltaScan::default() };
    let url = folder.to_str().unwrap().to_owned();
    let spec = SourceSpec::Delta { url, version, timestamp: None, scan };
    session().open("t", &spec).await
}

fn wider() -> Vec<(&'static str, DataType, Option<bool>)> {
    vec![
        ("p", DataType::Int64, None),
        ("tiny", DataType::Float64, None),
        ("n", DataType::Decimal128(20, 3), None),
        ("big", DataType::Decimal128(38, 0), None),
        ("dec", DataType::Decimal128(20, 5), None),
        ("f", DataType::Float64, None),
    ]
}

/// What SQL calls these types.
const CASTS: [(&str, &str); 6] = [
    ("p", "bigint"),
    ("tiny", "double"),
    ("n", "decimal(20, 3)"),
    ("big", "decimal(38, 0)"),
    ("dec", "decimal(20, 5)"),
    ("f", "double"),
];

#[tokio::test]
async fn an_override_reads_what_a_cast_gives() {
    let folder = tempfile::tempdir().unwrap();
    for first in [-10, 0, 40, 100] {
        commit(folder.path(), &rows(first, first == 40), partitioned()).await;
    }
    let plain = open(folder.path()).await;
    let source = open_as(folder.path(), None, &wider()).await.unwrap();
    for (name, data_type, _) in wider() {
        assert_eq!(source.schema.field_with_name(name).unwrap().data_type(), &data_type);
    }
    let mut compared = 0;
    for (column, cast) in CASTS {
        for filter in [
            format!("{column} > 0"),
            format!("{column} <= 1.5"),
            format!("{column} between 2 and 100"),
            format!("{column} in (0, 41, 250000001750, 10.25)"),
            format!("{column} is null"),
            format!("not ({column} < 42) or s = 'c'"),
            format!("{column} = (select max({column}) from t)"),
        ] {
            let sql = format!("select {column}, id from t where {filter}");
            let found = run(&session(), &source, &sql).await.unwrap();
            let as_cast =
                format!("with t as (select cast({column} as {cast}) as {column}, s, id from t) ");
            let expected = run(&session(), &plain, &(as_cast + &sql)).await.unwrap();
            assert_eq!(shown(&found), shown(&expected), "{sql}");
            assert_eq!(found.schema().field(0).data_type(), expected.schema().field(0).data_type());
            compared += found.num_rows();
        }
    }
    assert!(compared > 200, "{compared}");
    let all = "select sum(n), min(dec), count(p), max(tiny) from t";
    let found = run(&session(), &source, all).await.unwrap();
    assert_eq!(shown(&found), ["606.000,-2.50000,20,104.0"]);
}

#[tokio::test]
async fn not_null_holds_for_the_version_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &rows(0, false), partitioned()).await;
    commit(folder.path(), &rows(10, true), partitioned()).await;
    let narrow = [("n", DataType::Int64, Some(false)), ("p", DataType::Int32, Some(false))];
    let first = open_as(folder.path(), Some(0), &narrow).await.unwrap();
    assert!(!first.schema.field_with_name("n").unwrap().is_nullable());
    assert!(!first.schema.field_with_name("p").unwrap().is_nullable());
    assert_eq!(first.pruning.as_ref().unwrap().scans(), []);
    let counted = run(&session(), &first, "select count(n), sum(n) from t").await.unwrap();
    assert_eq!(shown(&counted), ["5,10"]);
    let error = open_as(folder.path(), None, &narrow).await.unwrap_err();
    assert_eq!(error.code, CONSTRAINT_BROKEN);
    assert!(error.message.contains("n = NULL in 2 rows"), "{}", error.message);
    // A column that only the older file lacks.
    let more = of([
        ("p", Arc::new(Int32Array::from(vec![20])) as ArrayRef),
        ("new", Arc::new(Int64Array::from(vec![7]))),
    ]);
    let merged = Some(crate::sink::delta::SchemaMode::Merge);
    commit(folder.path(), &more, WriteOptions { schema_mode: merged, ..partitioned() }).await;
    let narrow = [("new", DataType::Int64, Some(false))];
    let error = open_as(folder.path(), None, &narrow).await.unwrap_err();
    assert!(error.message.contains("new = NULL in 10 rows"), "{}", error.message);
    let wide = [("id", DataType::Int32, Some(true))];
    let wide = open_as(folder.path(), None, &wide).await.unwrap();
    assert!(wide.schema.field_with_name("id").unwrap().is_nullable());
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &rows(0, false), partitioned()).await;
    for (column, data_type, code, words) in [
        ("N", DataType::Int64, UNKNOWN_COLUMN, "overrides `N`"),
        ("n", DataType::Int16, SOURCE_UNREADABLE, "Int32 and cannot be read as Int16"),
        ("n", DataType::Float32, SOURCE_UNREADABLE, "cannot be read as Float32"),
        ("dec", DataType::Decimal128(10, 1), SOURCE_UNREADABLE, "cannot be read as Decimal128"),
        ("s", DataType::Int64, SOURCE_UNREADABLE, "cannot be read as Int64"),
    ] {
        let error = open_as(folder.path(), None, &[(column, data_type, None)]).await.unwrap_err();
        assert_eq!(error.code, code);
        assert!(error.message.contains(words), "{}", error.message);
        assert!(error.message.starts_with("source `t`"), "{}", error.message);
    }
}
