//! Tables that other writers made: those that the Delta library ships with its source, which
//! cargo has fetched. Spark 4.0 wrote the one with checkpoints of version 2.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use planc_ir::code::{SOURCE_UNREADABLE, TABLE_FEATURE};
use serde_json::Value;

use super::{run, session, shown};
use crate::{DeltaScan, SourceSpec};

/// The library's source, where cargo keeps it.
fn library() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        home.join(".cargo")
    });
    let registries = std::fs::read_dir(home.join("registry/src")).unwrap();
    let crates = registries.map(|entry| entry.unwrap().path().join("deltalake-core-1.1.3"));
    crates.into_iter().find(|path| path.is_dir()).expect("cargo has fetched deltalake-core")
}

/// The rows that the commits up to a version say are there, and the sum of the numbers in the last
/// column: each file holds a range of them.
fn expected(table: &Path, version: u64) -> (i64, i64) {
    let mut files = BTreeMap::new();
    for version in 0..=version {
        let entry = table.join(format!("_delta_log/{version:020}.json"));
        for line in std::fs::read_to_string(entry).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["remove"]["path"].as_str() {
                files.remove(path);
            }
            let Some(path) = action["add"]["path"].as_str() else { continue };
            let stats: Value =
                serde_json::from_str(action["add"]["stats"].as_str().unwrap()).unwrap();
            let rows = stats["numRecords"].as_i64().unwrap();
            let bounds = stats["minValues"].as_object().unwrap().iter();
            let bounds = bounds.map(|(name, least)| (least, &stats["maxValues"][name]));
            let mut bounds = bounds.map(|(a, z)| (a.as_i64().unwrap(), z.as_i64().unwrap()));
            let range = bounds.find(|(least, greatest)| rows == greatest - least + 1);
            let (least, greatest) = range.unwrap();
            files.insert(path.to_owned(), (rows, (least + greatest) * rows / 2));
        }
    }
    files.values().fold((0, 0), |sum, file| (sum.0 + file.0, sum.1 + file.1))
}

#[tokio::test]
async fn checkpoints_of_both_versions_are_read() {
    let table = library().join("checkpoint_v2_table");
    // Checkpoints are in Parquet up to 50, and of version 2 with sidecars from 60; the table was
    // replaced in 51, and in 103 by one that maps its columns' names.
    for version in [0, 9, 10, 11, 50, 51, 60, 61, 102, 103, 154] {
        let spec = SourceSpec::Delta {
            url: table.to_str().unwrap().to_owned(),
            version: (version != 154).then_some(version),
            timestamp: None,
            scan: DeltaScan::default(),
        };
        let source = session().open("t", &spec).await.unwrap();
        assert_eq!(source.version, Some(version));
        let (rows, sum) = expected(&table, version);
        let column = source.schema.fields().last().unwrap().name().clone();
        let sql = format!("select count(*), coalesce(sum({column}), 0) from t");
        let found = shown(&run(&session(), &source, &sql).await.unwrap());
        assert_eq!(found, [format!("{rows},{sum}")], "version {version}");
    }
}

#[tokio::test]
async fn logs_that_others_had_trouble_with_are_read_or_refused() {
    let logs = library().join("tests/data_err_logs");
    let mut seen = 0;
    for table in std::fs::read_dir(logs).unwrap() {
        let table = table.unwrap().path();
        let spec = SourceSpec::delta(table.to_str().unwrap());
        match session().open("t", &spec).await {
            // Their data files are not shipped: a scan that needs one says so.
            Ok(source) => {
                let column = source.schema.field(0).name().clone();
                let sql = format!("select \"{column}\" from t");
                if let Err(error) = run(&session(), &source, &sql).await {
                    assert!(error.message.contains("not found"), "{}", error.message);
                }
            }
            Err(error) => {
                let codes = [SOURCE_UNREADABLE, TABLE_FEATURE];
                assert!(codes.contains(&error.code), "{}", error.message);
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 9);
}
