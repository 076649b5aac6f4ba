//! Parquet, CSV, JSON and Arrow files as sources.

use std::path::Path;

use arrow::datatypes::DataType;
use planc_ir::code::SOURCE_UNREADABLE;

use super::{run, session, shown};
use crate::SourceSpec;

fn csv(path: &Path) -> SourceSpec {
    SourceSpec::Csv {
        url: path.to_str().unwrap().to_owned(),
        header: true,
        delimiter: b',',
        schema: None,
    }
}

#[tokio::test]
async fn csv_types_come_from_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a [1].csv");
    let mut text = String::from("id,x,note\n");
    for id in 0..3000 {
        text.push_str(&format!("{id},{id},\"line one\nline two, {id}\"\n"));
    }
    text.push_str("3000,1.5,\n");
    std::fs::write(&path, text).unwrap();
    let source = session().open("t", &csv(&path)).await.unwrap();
    let types: Vec<_> = source.schema.fields().iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(types, [DataType::Int64, DataType::Float64, DataType::Utf8]);
    let sql = "select count(*), max(id), max(x), count(note) from t";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["3001,3000,2999.0,3000"]);
}

#[tokio::test]
async fn csv_without_header_and_with_another_delimiter() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.csv"), "1;x\n2;y\n").unwrap();
    std::fs::write(folder.path().join("c.csv"), "3;z\n").unwrap();
    let url = folder.path().to_str().unwrap().to_owned();
    let spec = SourceSpec::Csv { url, header: false, delimiter: b';', schema: None };
    let source = session().open("t", &spec).await.unwrap();
    let sql = "select sum(column_1), max(column_2) from t";
    assert_eq!(shown(&run(&session(), &source, sql).await.unwrap()), ["6,z"]);
}

#[tokio::test]
async fn csv_files_of_one_folder_have_one_header() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "a,b,c\n1,,2020-01-01\n").unwrap();
    std::fs::write(folder.path().join("b.csv"), "a,b,c\n2.5,,2020-01-01T10:00:00.5\n").unwrap();
    let source = session().open("t", &csv(folder.path())).await.unwrap();
    let sql = "select sum(a), count(b), min(c) from t";
    let rows = shown(&run(&session(), &source, sql).await.unwrap());
    assert_eq!(rows, ["3.5,0,2020-01-01T00:00:00"]);
    std::fs::write(folder.path().join("c.csv"), "b,a,c\n1,2,\n").unwrap();
    let error = session().open("t", &csv(folder.path())).await.map(|s| s.schema).unwrap_err();
    assert!(error.message.contains("has other columns"), "{}", error.message);
    let twice = folder.path().join("twice");
    std::fs::write(&twice, "a,a\n1,2\n").unwrap();
    let error = session().open("t", &csv(&twice)).await.map(|s| s.schema).unwrap_err();
    assert!(error.message.contains("two columns called `a`"), "{}", error.message);
}

#[tokio::test]
async fn json_lines_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ndjson");
    std::fs::write(&path, "{\"a\": 1, \"b\": [1.5]}\n{\"a\": null, \"c\": \"x\"}\n").unwrap();
    let spec = SourceSpec::Json { url: path.to_str().unwrap().to_owned() };
    let source = session().open("t", &spec).await.unwrap();
    let rows = run(&session(), &source, "select a, b[1], c from t").await.unwrap();
    assert_eq!(shown(&rows), [",,x", "1,1.5,"]);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, content: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        path.to_str().unwrap().to_owned()
    };
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for spec in [
        csv(&folder.path().join("none.csv")),
        csv(&folder.path().join("none-*.csv")),
        csv(&empty),
        csv(Path::new(&at("nothing.csv", Some(b"")))),
        csv(Path::new(&at("binary.csv", Some(b"a\n\xff\xfe\n")))),
        SourceSpec::Parquet { url: at("none.parquet", None) },
        SourceSpec::Parquet { url: at("bad.parquet", Some(b"PAR1 but not really PAR1")) },
        SourceSpec::Parquet { url: at("short.parquet", Some(b"x")) },
        SourceSpec::Json { url: at("bad.json", Some(b"{\"a\": ")) },
        SourceSpec::Arrow { url: at("bad.arrow", Some(b"ARROW1 no")) },
        SourceSpec::Parquet { url: "ftp://host/x.parquet".to_owned() },
    ] {
        let error = session().open("t", &spec).await.map(|source| source.schema).unwrap_err();
        assert_eq!(error.code, SOURCE_UNREADABLE, "{spec:?}");
        assert!(error.message.starts_with("source `t`: "), "{}", error.message);
        assert!(!error.message.contains("rror: "), "{}", error.message);
    }
}
