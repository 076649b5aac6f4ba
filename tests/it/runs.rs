//! Every run leaves a record, whatever its end.

use crate::sandbox::Sandbox;

#[test]
fn runs_are_recorded_and_listed() {
    let sandbox = Sandbox::shop();
    sandbox.file(
        "rules/spent.sql",
        "select c.name, sum(o.amount) as spent from orders o join customers c \
         on o.customer_id = c.id group by c.name",
    );
    sandbox.file("rules/wrong.sql", "select 1 / (id - 1) as x from orders");
    sandbox.planc(&["runs"]).says(0, &["no run is recorded"]);
    sandbox.planc(&["run", "spent"]).succeeded();
    sandbox.planc(&["run", "spent", "--output", "spent.csv"]).succeeded();
    assert_eq!(sandbox.planc(&["run", "wrong"]).code, 1);

    let records = sandbox.planc(&["runs", "--json"]).json();
    let of = |key: &str| records.iter().map(|record| record[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("rule"), ["spent", "spent", "wrong"]);
    assert_eq!(of("status"), ["succeeded", "succeeded", "failed"]);
    let first = &records[0];
    assert_eq!((first["schema_version"].as_u64(), first["rows"].as_u64()), (Some(1), Some(2)));
    assert_eq!(first["rows_read"], 6, "three rows of each table");
    assert_eq!(first["digest"].as_str().map(str::len), Some(64));
    assert_eq!(first["digest"], records[1]["digest"]);
    assert_ne!(first["run"], records[1]["run"]);
    let sources = first["sources"].as_array().unwrap();
    let sources: Vec<_> = sources.iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(sources, ["customers", "orders"]);
    let operators = first["operators"].as_array().unwrap();
    let join = operators.iter().find(|operator| operator["name"] == "HashJoinExec").unwrap();
    assert_eq!(join["rows"], 3);
    assert!(join["compute_ms"].as_f64().unwrap() > 0.0, "{join}");
    assert!(records[1]["output"].as_str().unwrap().ends_with("spent.csv"));
    assert_eq!(records[2]["codes"][0], "P0704");

    let listed = sandbox.planc(&["runs", "wrong", "--last", "1"]).succeeded();
    assert_eq!(listed.stdout.lines().count(), 1);
    assert!(listed.stdout.contains("wrong  failed P0704"), "{}", listed.stdout);
}

#[test]
fn a_run_over_delta_says_what_it_read() {
    let sandbox = Sandbox::tpch();
    sandbox.file(
        "rules/early.sql",
        "select o_orderkey from orders where o_orderdate < date '1992-02-01' order by o_orderkey",
    );
    sandbox.planc(&["run", "early"]).succeeded();
    // A line that a killed process left unfinished is no record.
    let folder = sandbox.path().join(".planc/runs");
    let day = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&day).unwrap();
    std::fs::write(&day, format!("{text}{{\"run\": \"20")).unwrap();
    let records = sandbox.planc(&["runs", "--json"]).json();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert!(record["files_scanned"].as_u64().unwrap() >= 1, "{record}");
    assert!(record["bytes_read"].as_u64().unwrap() > 1000, "{record}");
    assert!(record["peak_memory"].as_u64().unwrap() > 0, "{record}");
    assert!(record["sources"][0]["version"].is_u64(), "{record}");
    assert!(record["rows_read"].as_u64().unwrap() >= record["rows"].as_u64().unwrap());
}

#[test]
fn threads_and_batches_are_the_projects_unless_the_command_says_more() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    shop.file("rules/n.sql", "select value from generate_series(1, 1000)");
    let batches = |more: &[&str]| {
        let args = [&["run", "n", "--format", "arrow", "--output", "out"], more].concat();
        shop.planc(&args).succeeded();
        let file = std::fs::File::open(shop.path().join("out")).unwrap();
        arrow::ipc::reader::StreamReader::try_new(file, None).unwrap().count()
    };
    assert_eq!(batches(&[]), 1);
    shop.file("planc.toml", format!("{config}[run]\nbatch_rows = 100\nthreads = 1\n"));
    assert_eq!(batches(&[]), 10);
    assert_eq!(batches(&["--batch-rows", "10"]), 100);
    shop.file("planc.toml", format!("{config}[run]\nthreads = 0\n"));
    shop.planc(&["run", "n"]).says(2, &["P0801", "planc.toml", "integer `0`"]);
}
