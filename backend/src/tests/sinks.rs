//! What each sink writes reads back as it was.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use planc_ir::code::OUTPUT_FAILED;

use super::{files, ids, run, session};
use crate::SourceSpec;
use crate::compare::{Order, compare};
use crate::preview::preview;
use crate::sink::{Format, write_file, write_to};

fn stream(batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    let schema = batches[0].schema();
    let batches = futures::stream::iter(batches.into_iter().map(Ok));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// A column of every family of types, two rows, the second NULL where it can be.
fn everything() -> RecordBatch {
    let list = ListArray::from_iter_primitive::<Float64Type, _, _>(vec![
        Some(vec![Some(1.5), None, Some(f64::NAN)]),
        None,
    ]);
    let inner: Vec<(FieldRef, ArrayRef)> = vec![
        (
            Arc::new(Field::new("q\"", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![Some("a\"b\n"), None])),
        ),
        (Arc::new(Field::new("n", DataType::Int32, true)), Arc::new(Int32Array::from(vec![1, 2]))),
    ];
    let entries = StructArray::from(vec![
        (
            Arc::new(Field::new("keys", DataType::Utf8, false)),
            Arc::new(StringArray::from(vec!["k"])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("values", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(9)])),
        ),
    ]);
    let entry = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let offsets = OffsetBuffer::new(vec![0, 1, 1].into());
    let map = MapArray::new(entry, offsets, entries, None, false);
    let decimals = Decimal128Array::from(vec![Some(-1050), None]).with_precision_and_scale(20, 3);
    let stamps = TimestampMicrosecondArray::from(vec![Some(1_500_000), None]);
    super::of::<18>([
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None])) as ArrayRef),
        ("i", Arc::new(Int64Array::from(vec![Some(i64::MIN), None]))),
        ("u", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("f", Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NEG_INFINITY)]))),
        ("g", Arc::new(Float32Array::from(vec![Some(1e20), Some(f32::NAN)]))),
        ("dec", Arc::new(decimals.unwrap())),
        ("d", Arc::new(Date32Array::from(vec![Some(-1), None]))),
        ("t", Arc::new(Time64MicrosecondArray::from(vec![Some(3_600_000_001), None]))),
        ("ts", Arc::new(stamps.clone())),
        ("tz", Arc::new(stamps.clone().with_timezone("UTC"))),
        ("to", Arc::new(stamps.with_timezone("+02:00"))),
        ("s", Arc::new(StringArray::from(vec![Some("a,\"b\"\r\n"), None]))),
        ("e", Arc::new(StringArray::from(vec![Some(""), Some("null")]))),
        ("v", Arc::new(StringViewArray::from(vec![Some(" x "), None]))),
        ("bin", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x00\xff"), None]))),
        ("list", Arc::new(list)),
        ("st", Arc::new(StructArray::from(inner))),
        ("m", Arc::new(map)),
    ])
}

#[tokio::test]
async fn csv_is_as_the_contract_says() {
    let mut out = Vec::new();
    write_to(stream(vec![everything()]), Format::Csv, &mut out).await.unwrap();
    let expected = concat!(
        "b,i,u,f,g,dec,d,t,ts,tz,to,s,e,v,bin,list,st,m\n",
        "true,-9223372036854775808,18446744073709551615,0.1,1e20,-1.050,1969-12-31,",
        "01:00:00.000001,1970-01-01T00:00:01.500000,1970-01-01T00:00:01.500000Z,",
        "1970-01-01T02:00:01.500000+02:00,\"a,\"\"b\"\"\r\n\",\"\", x ,00ff,",
        "\"[1.5,null,\"\"NaN\"\"]\",\"{\"\"q\\\"\"\"\":\"\"a\\\"\"b\\n\"\",\"\"n\"\":1}\",\"{\"\"k\"\":9}\"\n",
        ",,,-inf,NaN,,,,,,,,null,,,,\"{\"\"q\\\"\"\"\":null,\"\"n\"\":2}\",{}\n",
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[tokio::test]
async fn json_lines_parse_and_keep_every_value() {
    let mut out = Vec::new();
    write_to(stream(vec![everything()]), Format::Json, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    let rows: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["u"], serde_json::json!(u64::MAX));
    assert_eq!(rows[0]["s"], "a,\"b\"\r\n");
    assert_eq!(rows[0]["list"], serde_json::json!([1.5, null, "NaN"]));
    assert_eq!(rows[0]["st"], serde_json::json!({"q\"": "a\"b\n", "n": 1}));
    assert_eq!(rows[0]["m"], serde_json::json!({"k": 9}));
    assert_eq!(rows[1]["f"], "-inf");
    assert!(rows[1]["s"].is_null());
    assert!(text.contains("\"dec\":-1.050,"));
}

#[tokio::test]
async fn arrow_and_parquet_keep_types_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let batch = everything();
    let mut out = Vec::new();
    write_to(stream(vec![batch.clone()]), Format::Arrow, &mut out).await.unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(out.as_slice(), None).unwrap();
    assert_eq!(reader.schema(), batch.schema());
    let back: Vec<_> = reader.map(Result::unwrap).collect();
    compare(std::slice::from_ref(&batch), &back, &Order::by([1])).unwrap();
    let path = folder.path().join("x.parquet");
    write_file(stream(vec![batch.clone()]), Format::Parquet, &path).await.unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    let back: Vec<_> = reader.unwrap().build().unwrap().map(Result::unwrap).collect();
    compare(std::slice::from_ref(&batch), &back, &Order::none()).unwrap();
}

#[tokio::test]
async fn files_read_back_as_sources() {
    let folder = tempfile::tempdir().unwrap();
    let batches = vec![ids(0..10), ids(10..10), ids(10..1000)];
    let expected = concat_batches(&batches[0].schema(), &batches).unwrap();
    for (format, name) in [
        (Format::Csv, "x.csv"),
        (Format::Json, "x.json"),
        (Format::Arrow, "x.arrow"),
        (Format::ArrowFile, "y.arrow"),
        (Format::Parquet, "x.parquet"),
    ] {
        let path = folder.path().join("made/here").join(name);
        let written = write_file(stream(batches.clone()), format, &path).await.unwrap();
        assert_eq!(written.rows, 1000);
        let url = path.to_str().unwrap().to_owned();
        let spec = match format {
            Format::Csv => SourceSpec::Csv { url, header: true, delimiter: b',', schema: None },
            Format::Json => SourceSpec::Json { url },
            Format::Arrow | Format::ArrowFile => SourceSpec::Arrow { url },
            Format::Parquet => SourceSpec::Parquet { url },
        };
        let source = session().open("t", &spec).await.unwrap();
        let back = run(&session(), &source, "select id, s from t order by id").await.unwrap();
        compare(std::slice::from_ref(&expected), &[back], &Order::by([0])).unwrap();
    }
    assert_eq!(files(folder.path()).len(), 5);
}

#[tokio::test]
async fn a_failing_stream_leaves_the_file_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "before").unwrap();
    for format in [Format::Csv, Format::Json, Format::Arrow, Format::ArrowFile, Format::Parquet] {
        let batches = [Ok(ids(0..10)), Err(DataFusionError::Execution("no".to_owned()))];
        let batches = futures::stream::iter(batches);
        let broken = Box::pin(RecordBatchStreamAdapter::new(ids(0..0).schema(), batches));
        assert!(write_file(broken, format, &path).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(files(folder.path()).len(), 1);
    }
    let pending = futures::stream::pending();
    let pending = Box::pin(RecordBatchStreamAdapter::new(ids(0..0).schema(), pending));
    let work = write_file(pending, Format::Csv, &path);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(20), work).await.is_err());
    assert_eq!(files(folder.path()).len(), 1);
    let error = write_file(stream(vec![ids(0..1)]), Format::Csv, folder.path()).await.unwrap_err();
    assert_eq!(error.code, OUTPUT_FAILED);
}

#[tokio::test]
async fn a_preview_counts_what_it_does_not_keep() {
    let shown = preview(stream(vec![ids(0..5), ids(5..9), ids(9..9)]), 7).await.unwrap();
    assert_eq!((shown.shown, shown.total), (7, 9));
    assert_eq!(shown.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 7);
    let none = preview(stream(vec![ids(0..0)]), 7).await.unwrap();
    assert_eq!((none.shown, none.total, none.batches.len()), (0, 0, 0));
}
