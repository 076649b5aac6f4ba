//! The 22 TPC-H queries as rules over Delta tables: what `planc run` gives from the artifact
//! is what DataFusion gives for the same SQL planned directly.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;
use datafusion::prelude::SessionContext;
use planc_backend::compare::{Order, compare};
use planc_backend::{Limits, Session, SourceSpec};
use planc_ir::Settings;

use crate::sandbox::{Sandbox, tpch_data};

/// The output columns that each query sorts by.
pub const ORDER: [&[usize]; 22] = [
    &[0, 1],
    &[0, 2, 1, 3],
    &[1, 2],
    &[0],
    &[1],
    &[],
    &[0, 1, 2],
    &[0],
    &[0, 1],
    &[2],
    &[1],
    &[0],
    &[1, 0],
    &[],
    &[0],
    &[3, 0, 1, 2],
    &[],
    &[4, 3],
    &[],
    &[0],
    &[1, 0],
    &[0],
];

pub fn queries() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch");
    let query = |number: usize| {
        let name = format!("q{number:02}");
        let text = std::fs::read_to_string(folder.join(format!("{name}.sql"))).unwrap();
        (name, text)
    };
    (1..=22).map(query).collect()
}

fn with_queries(sandbox: Sandbox) -> Sandbox {
    for (name, text) in queries() {
        sandbox.file(&format!("rules/{name}.sql"), text);
    }
    sandbox
}

/// DataFusion itself, on the same tables with one partition.
pub async fn direct(sql: &str) -> Vec<RecordBatch> {
    let limits = Limits { threads: Some(1), ..Limits::default() };
    let session = Session::new(&Settings::default(), &limits).unwrap();
    let context = SessionContext::new_with_state(session.state().clone());
    for table in std::fs::read_dir(tpch_data()).unwrap() {
        let table = table.unwrap();
        let name = table.file_name().into_string().unwrap();
        if table.path().is_dir() {
            let spec = SourceSpec::delta(table.path().display().to_string());
            let source = session.open(&name, &spec).await.unwrap();
            context.register_table(name, source.provider).unwrap();
        }
    }
    let frame = context.sql(sql).await.unwrap();
    let schema = frame.schema().inner().clone();
    let batches = frame.collect().await.unwrap();
    // The schema stands even where there are no rows.
    std::iter::once(RecordBatch::new_empty(schema)).chain(batches).collect()
}

/// What becomes of the plans that another producer makes of the queries.
#[derive(Default)]
pub struct Others {
    /// What planc says of those that it refuses, with a code.
    pub refused: BTreeMap<String, String>,
    /// How the rows of others differ from those of the SQL.
    pub wrong: BTreeMap<String, String>,
    /// Those with the digest of the SQL.
    pub same: Vec<String>,
}

/// Runs the plans of a folder beside the queries, in the meaning that their producer has of them.
/// Where these are loose, numbers may be of other types, and columns have other names.
pub fn plans_of_others(folder: &Path, meaning: impl Fn(&str) -> String, loose: bool) -> Others {
    let sandbox = Sandbox::tpch();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut found = Others::default();
    for ((name, sql), keys) in queries().into_iter().zip(ORDER) {
        if !folder.join(format!("{name}.substrait")).exists() {
            continue;
        }
        let sql = meaning(&sql);
        for ending in ["substrait", "toml"] {
            if let Ok(bytes) = std::fs::read(folder.join(format!("{name}.{ending}"))) {
                sandbox.file(&format!("rules/plan/{name}.{ending}"), bytes);
            }
        }
        sandbox.file(&format!("rules/sql/{name}.sql"), &sql);
        let file = format!("{name}.arrows");
        let rule = format!("plan.{name}");
        let ran = sandbox.planc(&["run", &rule, "--format", "arrow", "--output", &file]);
        if ran.code == 1 {
            assert!(ran.stderr.contains("P05"), "{name}: {}", ran.stderr);
            found.refused.insert(name, ran.stderr);
            continue;
        }
        let reader =
            StreamReader::try_new(File::open(sandbox.path().join(file)).unwrap(), None).unwrap();
        let mut actual = vec![RecordBatch::new_empty(reader.schema())];
        actual.extend(reader.map(Result::unwrap));
        let (unlimited, limit) = without_limit(&sql);
        let order = Order::by(keys.iter().copied()).limit(0, limit);
        let mut expected = runtime.block_on(direct(&unlimited));
        if loose {
            (expected, actual) = (numbers(expected), numbers(actual));
        }
        if let Err(mismatch) = compare(&expected, &actual, &order) {
            found.wrong.insert(name.clone(), mismatch.0);
        }
        if sandbox.planc(&["diff", &rule, &format!("sql.{name}")]).code == 0 {
            found.same.push(name);
        }
    }
    found
}

/// The same rows with numbers as floats, and columns named by their places.
fn numbers(batches: Vec<RecordBatch>) -> Vec<RecordBatch> {
    let plain = |batch: RecordBatch| {
        let columns = batch.columns().iter().enumerate().map(|(at, column)| {
            let wanted = match column.data_type() {
                found if found.is_numeric() => DataType::Float64,
                found => found.clone(),
            };
            (format!("c{at}"), arrow::compute::cast(column, &wanted).unwrap(), true)
        });
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    };
    batches.into_iter().map(plain).collect()
}

/// The text without a LIMIT at its end, and that limit.
pub fn without_limit(sql: &str) -> (String, Option<usize>) {
    let sql = sql.trim_end().trim_end_matches(';').trim_end();
    let (head, last) = sql.rsplit_once(char::is_whitespace).unwrap();
    match (head.trim_end().to_lowercase().strip_suffix("limit"), last.parse()) {
        (Some(rest), Ok(limit)) => (sql[..rest.len()].to_owned(), Some(limit)),
        _ => (sql.to_owned(), None),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_artifact_gives_the_rows_of_the_query() {
    let sandbox = with_queries(Sandbox::tpch());
    sandbox.planc(&["compile"]).succeeded();
    let mut wrong = BTreeMap::new();
    for ((name, sql), keys) in queries().into_iter().zip(ORDER) {
        let file = format!("{name}.arrows");
        sandbox.planc(&["run", &name, "--format", "arrow", "--output", &file]).succeeded();
        let reader =
            StreamReader::try_new(File::open(sandbox.path().join(file)).unwrap(), None).unwrap();
        let schema = reader.schema();
        let mut actual = vec![RecordBatch::new_empty(schema)];
        actual.extend(reader.map(Result::unwrap));
        let (unlimited, limit) = without_limit(&sql);
        let expected = direct(&unlimited).await;
        let order = Order::by(keys.iter().copied()).limit(0, limit);
        if let Err(mismatch) = compare(&expected, &actual, &order) {
            wrong.insert(name, mismatch);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn explain_shows_the_join_order_of_a_replay() {
    let sandbox = with_queries(Sandbox::tpch());
    let said = [
        "== join order",
        "as planned",
        "probe lineitem",
        "rows of 60k (by statistics)",
        "== physical plan",
        "HashJoinExec",
    ];
    sandbox.planc(&["explain", "q05", "--replay"]).says(0, &said);
    sandbox.planc(&["explain", "nothing", "--replay"]).says(2, &["no rule"]);
}

#[test]
fn digests_are_the_same_in_every_process_and_folder() {
    let digests = |sandbox: &Sandbox, args: &[&str]| -> Vec<(String, String)> {
        let ran = sandbox.planc(args).succeeded();
        let lines = ran.json().into_iter().filter(|line| line["rule"].is_string());
        lines.map(|line| (line["rule"].to_string(), line["digest"].to_string())).collect()
    };
    let (here, there) = (with_queries(Sandbox::tpch()), with_queries(Sandbox::tpch()));
    let compile = ["compile", "--json", "--cache", "off"];
    let first = digests(&here, &compile);
    assert_eq!(first.len(), 22);
    assert!(first.iter().all(|(_, digest)| digest.len() == 66), "{first:?}");
    assert_eq!(first, digests(&here, &compile), "in another process");
    assert_eq!(first, digests(&there, &compile), "in another folder");
    // The artifact's bytes are what its name says.
    there.planc(&["compile", "--out", "artifacts"]).succeeded();
    for (rule, digest) in first {
        let file = format!("artifacts/{}.substrait", rule.trim_matches('"'));
        let bytes = std::fs::read(there.path().join(file)).unwrap();
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), digest.trim_matches('"'));
    }
}

#[test]
fn a_second_compile_plans_nothing() {
    let sandbox = with_queries(Sandbox::tpch());
    let summary = |args: &[&str]| sandbox.planc(args).json().pop().unwrap()["summary"].clone();
    let cold = summary(&["compile", "--json"]);
    assert_eq!((cold["compiled"].as_u64(), cold["planned"].as_u64()), (Some(22), Some(22)));
    let warm = summary(&["compile", "--json"]);
    assert_eq!((warm["cached"].as_u64(), warm["planned"].as_u64()), (Some(22), Some(0)));
    // A changed rule is planned, and no other.
    sandbox.file("rules/q06.sql", "select count(*) as n from lineitem");
    let one = summary(&["compile", "--json"]);
    assert_eq!((one["cached"].as_u64(), one["planned"].as_u64()), (Some(21), Some(1)));
}
