//! A filter never loses a row: random tables and filters, with everything that skips files,
//! row groups and pages on, against the same rows in memory.

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;

use super::random::Numbers;
use super::{commit, of, open, run, session};
use crate::compare::{Order, compare};
use crate::sink::delta::{Mode, WriteOptions};
use crate::{Source, SourceSpec};

const FLOATS: [Option<f64>; 9] = [
    None,
    Some(f64::NAN),
    Some(3.0),
    Some(-0.0),
    Some(0.0),
    Some(f64::INFINITY),
    Some(f64::NEG_INFINITY),
    Some(5.5),
    Some(1e300),
];
const STAMPS: [Option<i64>; 7] = [
    None,
    Some(1_000_000_000_123_456),
    Some(1_000_000_000_123_999),
    Some(1_000_000_000_124_000),
    Some(-1),
    Some(-62_135_596_800_000_000),
    Some(253_402_300_799_999_999),
];
const DECIMALS: [Option<i128>; 7] = [
    None,
    Some(99_999_999_999_999_999_999_999_999_999_999_999_999),
    Some(99_999_999_999_999_999_999_999_999_999_999_999_998),
    Some(-99_999_999_999_999_999_999_999_999_999_999_999_999),
    Some(12_345_678_901_234_567_890_123),
    Some(12_345_678_901_234_567_890_124),
    Some(0),
];
const INTS: [Option<i64>; 7] =
    [None, Some(i64::MIN), Some(i64::MAX), Some(0), Some(1), Some(7), Some((1 << 53) + 1)];
const PARTS: [Option<&str>; 7] =
    [None, Some("a/b"), Some("ü"), Some("x y"), Some("A"), Some("a"), Some("")];

fn texts() -> Vec<Option<String>> {
    let long = "long ".repeat(30);
    vec![
        None,
        Some(String::new()),
        Some("a".to_owned()),
        Some("b\u{10ffff}".to_owned()),
        Some(format!("{long}x")),
        Some(format!("{long}y")),
        Some("\u{10ffff}".repeat(40)),
    ]
}

pub(super) fn file(numbers: &mut Numbers, part: Option<&str>, day: Option<i32>) -> RecordBatch {
    let rows = 1 + numbers.below(4);
    let texts = texts();
    let mut column = |n: usize| -> Vec<usize> { (0..rows).map(|_| numbers.below(n)).collect() };
    let (f, t, d, i, s) = (column(9), column(7), column(7), column(7), column(7));
    // Files whose bounds meet are the ones that optimizers take for constants.
    let narrow = f[0] % 2 == 0;
    let pick = |places: Vec<usize>, row: usize| {
        if narrow { places[row % 2 % places.len()] } else { places[row] }
    };
    let each =
        |places: &Vec<usize>| (0..rows).map(|row| pick(places.clone(), row)).collect::<Vec<_>>();
    let decimals = Decimal128Array::from_iter(each(&d).into_iter().map(|at| DECIMALS[at]));
    of::<9>([
        (
            "f",
            Arc::new(Float64Array::from_iter(each(&f).into_iter().map(|at| FLOATS[at])))
                as ArrayRef,
        ),
        (
            "g",
            Arc::new(Float32Array::from_iter(
                each(&f).into_iter().map(|at| FLOATS[at].map(|f| f as f32)),
            )),
        ),
        (
            "ts",
            Arc::new(TimestampMicrosecondArray::from_iter(
                each(&t).into_iter().map(|at| STAMPS[at]),
            )),
        ),
        ("dec", Arc::new(decimals.with_precision_and_scale(38, 4).unwrap())),
        ("i", Arc::new(Int64Array::from_iter(each(&i).into_iter().map(|at| INTS[at])))),
        ("s", Arc::new(StringArray::from_iter(each(&s).into_iter().map(|at| texts[at].clone())))),
        ("b", Arc::new(BinaryArray::from_iter(each(&s).into_iter().map(|at| texts[at].clone())))),
        ("p", Arc::new(StringArray::from(vec![part; rows]))),
        ("d", Arc::new(Date32Array::from(vec![day; rows]))),
    ])
}

fn filter(numbers: &mut Numbers, depth: usize) -> String {
    if depth > 0 && numbers.below(3) == 0 {
        let (a, b) = (filter(numbers, depth - 1), filter(numbers, depth - 1));
        return match numbers.below(3) {
            0 => format!("({a} and {b})"),
            1 => format!("({a} or {b})"),
            _ => format!("not ({a})"),
        };
    }
    let literals: (&str, Vec<String>) = match numbers.below(9) {
        0 => (
            "f",
            ["3.0", "5.0", "'NaN'::double", "0.0", "'inf'::double", "-1.0"]
                .map(str::to_owned)
                .to_vec(),
        ),
        1 => ("g", ["3.0", "5.0", "'NaN'::float", "0", "1e30"].map(str::to_owned).to_vec()),
        2 => (
            "ts",
            [
                "2001-09-09T01:46:40.123456",
                "2001-09-09T01:46:40.123",
                "2001-09-09T01:46:40.123998",
                "9999-12-31T23:59:59.999999",
            ]
            .map(|text| format!("arrow_cast('{text}', 'Timestamp(Microsecond, None)')"))
            .to_vec(),
        ),
        3 => (
            "dec",
            [
                "9999999999999999999999999999999999.9998",
                "1234567890123456789.0123",
                "0",
                "-9999999999999999999999999999999999.9998",
            ]
            .map(|text| format!("arrow_cast('{text}', 'Decimal128(38, 4)')"))
            .to_vec(),
        ),
        4 => (
            "i",
            ["0", "7", "9223372036854775806", "9007199254740992.0", "3.5", "-9223372036854775807"]
                .map(str::to_owned)
                .to_vec(),
        ),
        5 => ("s", texts().into_iter().flatten().map(|text| format!("'{text}'")).collect()),
        6 => ("p", ["'a/b'", "'ü'", "'a'", "'Z'", "''"].map(str::to_owned).to_vec()),
        7 => (
            "d",
            ["date '2020-01-01'", "date '2021-06-30'", "date '1970-01-01'"]
                .map(str::to_owned)
                .to_vec(),
        ),
        _ => ("cast(i as varchar)", ["'7'", "'0'", "'-9'"].map(str::to_owned).to_vec()),
    };
    let (column, literals) = literals;
    let literal = numbers.of(&literals);
    match numbers.below(10) {
        0 => format!("{column} is null"),
        1 => format!("{column} is not null"),
        2 => format!("{column} in ({literal}, {})", numbers.of(&literals)),
        3 => format!("{column} not in ({literal}, {})", numbers.of(&literals)),
        4 => format!("({column} is distinct from {literal})"),
        5 => format!("({column} between {literal} and {})", numbers.of(&literals)),
        other => format!("{column} {} {literal}", ["=", "<>", "<", ">"][other - 6]),
    }
}

pub(super) async fn table(numbers: &mut Numbers, folder: &Path, partitioned: bool) -> RecordBatch {
    let mut batches = Vec::new();
    for at in 0..10 {
        let part = PARTS[numbers.below(7)];
        let day = [None, Some(18_262), Some(18_808)][numbers.below(3)];
        let batch = file(numbers, part, day);
        let mode = if at == 0 { Mode::Overwrite } else { Mode::Append };
        let by = ["p", "d"].map(str::to_owned).to_vec();
        let partition_by = if partitioned { by } else { vec![] };
        commit(folder, &batch, WriteOptions { mode, partition_by, ..WriteOptions::default() })
            .await;
        batches.push(batch);
    }
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

async fn same(files: &Source, memory: &Source, sql: &str, order: &Order) {
    let expected = run(&session(), memory, sql).await.unwrap();
    let actual = run(&session(), files, sql).await.unwrap();
    if let Err(mismatch) = compare(&[expected], &[actual], order) {
        panic!("{sql}\n{mismatch}");
    }
}

pub(super) async fn check(
    numbers: &mut Numbers,
    files: &Source,
    rows: &RecordBatch,
    filters: usize,
) {
    let memory = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).unwrap();
    let memory = Source::of(Arc::new(memory));
    for _ in 0..filters {
        let filter = filter(numbers, 2);
        same(files, &memory, &format!("select * from t where {filter}"), &Order::none()).await;
        let count = format!("select count(*) as n, count(f) as f from t where {filter}");
        same(files, &memory, &count, &Order::none()).await;
    }
    for column in ["f", "g", "ts", "dec", "i", "s", "p", "d"] {
        let bounds =
            format!("select min({column}) as a, max({column}) as z, count({column}) as n from t");
        same(files, &memory, &bounds, &Order::none()).await;
        for direction in ["asc", "desc nulls last"] {
            let top = format!("select {column} from t order by {column} {direction} limit 3");
            same(files, &memory, &top, &Order::by([0])).await;
        }
        let join = format!(
            "select a.f, b.i from t a join (select * from t where i = 7 or f > 5 limit 1000) b \
             on a.{column} = b.{column}"
        );
        same(files, &memory, &join, &Order::none()).await;
    }
}

#[tokio::test]
async fn delta_filters_lose_no_row() {
    let mut numbers = Numbers(7);
    for partitioned in [false, true, true] {
        let folder = tempfile::tempdir().unwrap();
        let rows = table(&mut numbers, folder.path(), partitioned).await;
        check(&mut numbers, &open(folder.path()).await, &rows, 30).await;
    }
}

#[tokio::test]
async fn parquet_filters_lose_no_row() {
    let mut numbers = Numbers(11);
    let folder = tempfile::tempdir().unwrap();
    let mut batches = Vec::new();
    for at in 0..10 {
        let batch = file(&mut numbers, Some("a"), Some(at));
        let path = folder.path().join(format!("{at}.parquet"));
        let out = std::fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(out, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        batches.push(batch);
    }
    let rows = concat_batches(&batches[0].schema(), &batches).unwrap();
    let spec = SourceSpec::Parquet { url: folder.path().to_str().unwrap().to_owned() };
    let source = session().open("t", &spec).await.unwrap();
    check(&mut numbers, &source, &rows, 50).await;
}

#[tokio::test]
async fn a_nan_beside_a_constant_is_not_the_constant() {
    let folder = tempfile::tempdir().unwrap();
    let floats = Float64Array::from(vec![3.0, f64::NAN, 3.0]);
    let stamps = TimestampMicrosecondArray::from(vec![1_001, 1_002, 1_003]);
    let batch = of([("f", Arc::new(floats) as ArrayRef), ("ts", Arc::new(stamps))]);
    commit(folder.path(), &batch, WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let sql = "select f, ts from t where f is not null and ts is not null";
    let rows = run(&session(), &source, sql).await.unwrap();
    compare(std::slice::from_ref(&batch), &[rows], &Order::none()).unwrap();
    for sql in [
        "select count(*) as n from t where f > 5",
        "select count(*) as n from t where ts > arrow_cast(1001, 'Timestamp(Microsecond, None)')",
    ] {
        let rows = run(&session(), &source, sql).await.unwrap();
        let n = rows.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
        assert_eq!(n, if sql.contains("ts") { 2 } else { 1 });
    }
}

/// What the engine answers on the source's own provider, without the safeguards.
async fn unguarded(source: &Source, sql: &str) -> Vec<String> {
    let context = datafusion::prelude::SessionContext::new_with_state(session().state().clone());
    context.register_table("t", Arc::clone(&source.provider)).unwrap();
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    super::shown(&concat_batches(&batches[0].schema(), &batches).unwrap())
}

/// When this fails, the engine or the Delta library was mended, and `scan` can be simpler.
#[tokio::test]
async fn the_safeguards_are_still_needed() {
    let folder = tempfile::tempdir().unwrap();
    let floats = Float64Array::from(vec![3.0, f64::NAN, 3.0]);
    let stamps = TimestampMicrosecondArray::from(vec![1_001, 1_002, 1_003]);
    let batch = of([("f", Arc::new(floats) as ArrayRef), ("ts", Arc::new(stamps))]);
    let table = folder.path().join("table");
    commit(&table, &batch, WriteOptions::default()).await;
    let delta = open(&table).await;
    let path = folder.path().join("x.parquet");
    let out = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let spec = SourceSpec::Parquet { url: path.to_str().unwrap().to_owned() };
    let plain = session().open("t", &spec).await.unwrap();
    let above = "select count(*) from t where f > 5";
    let several = "select count(distinct f) from t where f > 2";
    for (source, sql, wrong, right) in [
        (&delta, above, "0", "1"),
        (&plain, above, "0", "1"),
        (&plain, "select max(f) from t", "3.0", "NaN"),
        (&delta, several, "1", "2"),
        (&plain, several, "1", "2"),
    ] {
        assert_eq!(unguarded(source, sql).await, [wrong], "{sql}");
        let guarded = run(&session(), source, sql).await.unwrap();
        assert_eq!(super::shown(&guarded), [right], "{sql}");
    }
}
