//! Delta sources and outputs from the command line: indexes, changes, upkeep, the table of runs.

use crate::sandbox::Sandbox;

/// A shop whose rule `kept` adds the orders' rows to the Delta table `out`.
fn shop() -> Sandbox {
    let shop = Sandbox::shop();
    shop.file(
        "rules/kept.sql",
        "-- planc: output = { delta = 'out', mode = 'append' }\nselect id, status from orders",
    );
    shop
}

/// Writes this many orders, of which no two runs share one.
fn write(shop: &Sandbox, first: u32, count: u32) {
    let rows = (0..count).map(|n| format!("{},1,1.0,s{n}\n", first + n * 10));
    let rows: String = rows.collect();
    shop.file("orders.csv", format!("id,customer_id,amount,status\n{rows}"));
    shop.planc(&["run", "kept", "--write"]).succeeded();
}

/// A project that reads `out` as `kept`.
fn reader(shop: &Sandbox, more: &str) -> Sandbox {
    let out = shop.path().join("out");
    let reader = Sandbox::project(&format!("[sources.kept]\ndelta = '{}'\n{more}", out.display()));
    reader.planc(&["lock"]).succeeded();
    reader
}

#[test]
fn an_index_leaves_out_files_and_says_how_many() {
    let shop = shop();
    for first in 0..5 {
        write(&shop, first, 20);
    }
    let reader = reader(&shop, "");
    reader.file("rules/one.sql", "select status from kept where id = 43");
    let before = "kept: 5 files; 5 after partitions, 5 after statistics, 5 after the index";
    reader.planc(&["run", "one", "--explain-pruning"]).says(0, &["s4", before]);
    reader
        .planc(&["index", "kept", "--columns", "id"])
        .says(0, &["kept: 5 files of version 4 by id; 5 read"]);
    let after = "kept: 5 files; 5 after partitions, 5 after statistics, 1 after the index";
    reader.planc(&["run", "one", "--explain-pruning"]).says(0, &["s4", after]);
    let runs = reader.planc(&["runs", "--json"]).json();
    assert_eq!([&runs[0]["files_pruned"], &runs[1]["files_pruned"]], [0, 4]);
    assert_eq!([&runs[0]["files_scanned"], &runs[1]["files_scanned"]], [5, 1]);
    write(&shop, 5, 20);
    reader.planc(&["index", "kept"]).says(0, &["6 files of version 5 by id; 1 read"]);
    reader.planc(&["index", "kept", "--columns", "idd"]).says(1, &["P0202", "did you mean `id`"]);
    reader.planc(&["index", "keptt"]).says(2, &["did you mean `kept`"]);
    let csv = Sandbox::shop();
    csv.planc(&["index", "orders"]).says(1, &["P0801", "no Delta table"]);
}

#[test]
fn changes_are_a_table_or_a_diagnostic() {
    let shop = shop();
    write(&shop, 0, 3);
    let config = |changes: &str| {
        let out = shop.path().join("out");
        Sandbox::project(&format!("[sources.kept]\ndelta = '{}'\n{changes}", out.display()))
    };
    let off = config("changes = { from = 0 }");
    off.planc(&["lock"]).says(2, &["P0715", "enableChangeDataFeed", "planc.toml"]);
    // From now on the table records its changes.
    let entry = shop.path().join("out/_delta_log/00000000000000000000.json");
    let log = std::fs::read_to_string(&entry).unwrap();
    let with = "\"configuration\":{\"delta.enableChangeDataFeed\":\"true\"";
    let log = log.replacen("\"configuration\":{", with, 1);
    std::fs::write(&entry, log.replace("\"minWriterVersion\":2", "\"minWriterVersion\":4"))
        .unwrap();
    write(&shop, 1, 2);
    let on = config("changes = { from = 1 }");
    on.planc(&["lock"]).succeeded();
    on.file("rules/new.sql", "select _change_type, _commit_version, id from kept order by id");
    let rows = on.planc(&["run", "new", "--format", "csv"]).succeeded().stdout;
    assert_eq!(
        rows.lines().collect::<Vec<_>>(),
        ["_change_type,_commit_version,id", "insert,1,1", "insert,1,11"]
    );
    on.planc(&["run", "new", "--at", "kept=0"]).says(1, &["P0801", "a range of changes"]);
    let wrong = config("changes = { from = 1 }\nversion = 3");
    wrong.planc(&["lock"]).says(2, &["P0801", "has its own versions"]);
}

#[test]
fn upkeep_is_done_when_it_is_asked_for() {
    let shop = shop();
    for first in 0..4 {
        write(&shop, first, 5);
    }
    shop.planc(&["maintain", "kept"]).says(2, &["choose some of"]);
    shop.planc(&["maintain", "kep", "--vacuum"]).says(2, &["did you mean `kept`"]);
    let all = ["maintain", "kept", "--optimize", "--vacuum", "--checkpoint"];
    shop.planc(&all).says(
        0,
        &["4 files put together into 1", "kept: 0 files removed", "checkpoint of version "],
    );
    let short = ["maintain", "kept", "--vacuum", "--retention", "1h"];
    shop.planc(&short).says(1, &["P0705", "etention"]);
    let reader = reader(&shop, "");
    reader.file("rules/count.sql", "select count(*) as n from kept");
    let rows = reader.planc(&["run", "count", "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.lines().last(), Some("20"));
    // The same run is known to be there still.
    shop.planc(&["run", "kept", "--write"]).says(0, &["was committed before"]);
}

#[test]
fn runs_are_rows_of_a_table_where_the_project_wants_it() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[runs]\ndelta = 'runs'\n"));
    shop.file("rules/good.sql", "select id from orders order by id");
    shop.file("rules/bad.sql", "select cast(status as int) as n from orders");
    shop.planc(&["run", "good"]).succeeded();
    shop.planc(&["run", "bad"]).says(1, &["P0704"]);
    let all = ["maintain", "--runs", "--optimize", "--checkpoint", "--vacuum"];
    shop.planc(&all).says(
        0,
        &["runs: 2 files put together into 1", "runs: 0 files removed", "checkpoint of version 2"],
    );
    shop.planc(&["maintain", "--runs", "good", "--vacuum"]).says(2, &["cannot be used with"]);
    shop.planc(&["maintain", "--vacuum"]).says(2, &["required arguments"]);
    Sandbox::shop().planc(&["maintain", "--runs", "--vacuum"]).says(2, &["no table of runs"]);
    shop.planc(&["run", "good"]).succeeded();
    let reader = Sandbox::project(&format!(
        "[sources.runs]\ndelta = '{}'\n",
        shop.path().join("runs").display()
    ));
    reader.planc(&["lock"]).succeeded();
    reader.file(
        "rules/all.sql",
        "select rule, status, \"rows\", codes, ended >= started as ok from runs order by started",
    );
    let rows = reader.planc(&["run", "all", "--format", "csv"]).succeeded().stdout;
    let rows: Vec<_> = rows.lines().collect();
    assert_eq!(rows[1], "good,succeeded,3,[],true");
    assert!(rows[2].starts_with("bad,failed,") && rows[2].contains("P0704"), "{rows:?}");
}

#[test]
fn a_scan_reads_columns_with_wider_types() {
    let shop = shop();
    write(&shop, 0, 3);
    let config = |schema: &str| {
        let out = shop.path().join("out").display().to_string();
        format!("[sources.kept]\ndelta = '{out}'\nscan = {{ schema = {{ {schema} }} }}\n")
    };
    let reader = Sandbox::project(&config("id = 'decimal(21, 2) not null'"));
    reader.planc(&["lock"]).succeeded();
    assert!(reader.read("planc.lock").contains("Decimal128(21, 2)"));
    reader.file("rules/all.sql", "select id, status from kept where id > 0.5 order by id");
    let rows = reader.planc(&["run", "all", "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows, "id,status\n10.00,s1\n20.00,s2\n");
    // Without it the lock and the rule are of another table.
    reader.file("planc.toml", config(""));
    reader.planc(&["lock", "--check"]).says(1, &["P0804", "id"]);
    reader.planc(&["run", "all"]).says(1, &["id"]);
    for (schema, code, words) in [
        ("id = 'smallint'", "P0701", "cannot be read as Int16"),
        ("ids = 'bigint'", "P0202", "did you mean `id`"),
        ("id = 'bigger'", "P0801", "there is no type `bigger`"),
    ] {
        reader.file("planc.toml", config(schema));
        reader.planc(&["lock"]).says(2, &[code, words]);
    }
}
