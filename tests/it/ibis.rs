//! Plans of ibis-substrait as rules: a corpus of them, TPC-H, and bundles with two lanes.
//!
//! The plans in `tests/ibis` are made by `python/planc_ibis/tests/lanes.py`, which also compares
//! their rows with those of Ibis's DuckDB backend. Here they are compiled without Python.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::tpch::plans_of_others;

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ibis").join(name)
}

/// What a compile of this project says of each rule.
fn compiled(project: &Path) -> BTreeMap<String, Value> {
    let project = project.display().to_string();
    let sandbox = Sandbox::new();
    let ran = sandbox.planc(&["compile", "--json", "--cache", "off", "--project", &project]);
    ran.json()
        .into_iter()
        .filter_map(|line| Some((line["rule"].as_str()?.to_owned(), line.clone())))
        .collect()
}

#[test]
fn the_corpus_compiles_as_it_did_when_its_rows_were_compared() {
    let expected = std::fs::read_to_string(folder("expected.jsonl")).unwrap();
    let expected: Vec<Value> =
        expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(expected.len() >= 200, "{} plans", expected.len());
    let project = folder("");
    let found = compiled(&project);
    let mut changed = Vec::new();
    for line in &expected {
        let rule = line["rule"].as_str().unwrap();
        let now = &found[rule];
        let mut codes: Vec<&str> = now["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| finding["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let same =
            line["codes"] == json!(codes) && (line["digest"].is_null() == now["digest"].is_null());
        if !same {
            changed.push(format!("{rule}: {} is {now}", line["expression"]));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

/// A plan of Ibis that keeps rows of `orders`, in Substrait's JSON.
fn plan(condition: &Value) -> String {
    let nullable = |kind: &str| json!({ kind: { "nullability": "NULLABILITY_NULLABLE" } });
    json!({
        "version": { "minorNumber": 52, "producer": "ibis-substrait" },
        "extensionUris": [{ "extensionUriAnchor": 1, "uri":
            "https://github.com/substrait-io/substrait/blob/main/extensions/functions_comparison.yaml" }],
        "extensions": [{ "extensionFunction": {
            "extensionUriReference": 1, "functionAnchor": 1, "name": "gt:any_any" } }],
        "relations": [{ "root": { "names": ["id", "status"], "input": { "filter": {
            "input": { "read": {
                "baseSchema": {
                    "names": ["id", "status"],
                    "struct": { "nullability": "NULLABILITY_REQUIRED",
                                "types": [nullable("i64"), nullable("string")] } },
                "namedTable": { "names": ["orders"] },
            } },
            "condition": condition,
        } } } }],
    })
    .to_string()
}

fn over(column: usize) -> Value {
    json!({ "scalarFunction": {
        "functionReference": 1,
        "outputType": { "bool": { "nullability": "NULLABILITY_NULLABLE" } },
        "arguments": [
            { "value": { "selection": { "rootReference": {},
                "directReference": { "structField": { "field": column } } } } },
            { "value": { "literal": { "i64": "1" } } },
        ],
    } })
}

#[test]
fn plans_are_rules() {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/marts/late.substrait.json", plan(&over(0)));
    sandbox.file("rules/late.sql", "select id, status from orders where id > 1");
    sandbox.file("rules/reader.sql", "select count(*) as n from marts.late");
    sandbox.planc(&["check"]).says(0, &[]);
    sandbox.planc(&["diff", "late", "marts.late"]).says(0, &["same digest"]);
    sandbox.planc(&["run", "reader", "--format", "csv"]).says(0, &["n\n2"]);
    sandbox.planc(&["explain", "marts.late"]).says(0, &["== canonical", "digest"]);
    sandbox.planc(&["compile"]).says(0, &["0 compiled, 3 cached"]);
    // The file beside the plan is a part of the rule.
    sandbox.file("rules/marts/late.toml", "[schema]\nid = 'int32'\nstatus = 'string'\n");
    let said = ["P0514", "the column `id` is int64, and its producer says int32"];
    sandbox.planc(&["check"]).says(0, &said);
}

#[test]
fn a_refused_plan_gives_way_to_the_sql() {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/late.substrait.json", plan(&over(7)));
    let said = ["P0503", "at root/filter/condition: it refers to column 7 of 2"];
    sandbox.planc(&["check"]).says(1, &said);
    let sql = "sql = 'select id, status from orders where id > 1'\n";
    sandbox.file("rules/late.toml", sql);
    let said = ["P0515", "the SQL lane was taken, since the plan was refused: P0503"];
    sandbox.planc(&["check"]).says(0, &said);
    sandbox.planc(&["run", "late", "--format", "csv"]).says(0, &["2,done"]);
    sandbox.file("rules/late.toml", format!("{sql}lane = 'substrait'\n"));
    sandbox.planc(&["check"]).says(1, &["P0503"]);
    sandbox.file("rules/late.toml", format!("{sql}lane = 'sql'\n"));
    sandbox.planc(&["check", "--error-on-warning"]).says(0, &[]);
}

#[test]
fn lanes_that_differ_are_reported() {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/late.substrait.json", plan(&over(0)));
    sandbox.file("rules/late.toml", "sql = 'select id, status from orders where id > 2'\n");
    sandbox.planc(&["check"]).says(0, &["P0516", "have different digests"]);
    sandbox.planc(&["run", "late", "--format", "csv"]).says(0, &["2,done"]);
    sandbox.file("rules/late.toml", "sql = 'select id, status from orders where id > 1'\n");
    sandbox.planc(&["check", "--error-on-warning"]).says(0, &[]);
    // SQL alone.
    sandbox.file("rules/alone.toml", "sql = 'select id from orders'\nrefused = 'no such plan'\n");
    sandbox.planc(&["check"]).says(0, &["P0515", "no such plan"]);
    sandbox.file("rules/alone.toml", "sql = 'select ids from orders'\n");
    sandbox.planc(&["check"]).says(1, &["P0202", "rules/alone.toml:1:8"]);
    sandbox.file("rules/alone.toml", "sqll = 'select id from orders'\n");
    sandbox.planc(&["check"]).says(1, &["P0807", "unknown field `sqll`"]);
}

/// The query as Ibis means it: nulls sort last where nothing else is said, and a quotient of
/// decimals is a float.
fn as_ibis_means(sql: &str) -> String {
    let sum = "sum(case when nation = 'BRAZIL' then volume else 0 end)";
    let floats = format!("cast({sum} as double) / cast(sum(volume) as double)");
    let sql = &sql.replace(&format!("{sum} / sum(volume)"), &floats);
    let last = |text: &str| text.replace(" desc", " desc nulls last");
    match sql.to_lowercase().rfind("order by") {
        Some(at) => format!("{}{}", &sql[..at], last(&sql[at..])),
        None => sql.to_owned(),
    }
}

#[test]
fn tpch_plans_are_right_or_refused() {
    let found = plans_of_others(&folder("tpch"), as_ibis_means, false);
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    // q11 multiplies with 0.0001, which ibis-substrait casts to a decimal with two digits. The
    // others that are refused have lost what their subqueries refer to.
    let expected = std::fs::read_to_string(folder("tpch").join("expected.txt")).unwrap();
    let refused: Vec<String> = found.refused.into_keys().collect();
    let mut expected = expected.lines();
    assert_eq!(format!("refused: {}", refused.join(" ")), expected.next().unwrap());
    let one_digest = expected.next().unwrap().strip_prefix("one digest: ").unwrap();
    for query in one_digest.split(' ') {
        assert!(found.same.iter().any(|name| name == query), "{query} has two digests");
    }
}

#[test]
fn the_sql_of_ibis_compiles_as_it_did_when_its_rows_were_compared() {
    let project = folder("sql");
    let expected = std::fs::read_to_string(project.join("expected.jsonl")).unwrap();
    let found = compiled(&project);
    let mut changed = Vec::new();
    let mut repaired = 0;
    for line in expected.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let now = &found[line["rule"].as_str().unwrap()];
        let mut codes: Vec<&str> = now["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap())
            .filter(|code| *code == "P0510" || line["codes"].to_string().contains(code))
            .collect();
        codes.dedup();
        repaired += usize::from(codes.contains(&"P0510"));
        let refused = line["digest"].is_null();
        let wanted = if refused { line["codes"].clone() } else { json!(["P0510"]) };
        if json!(codes) != wanted || refused != now["digest"].is_null() {
            changed.push(format!("{}: {now}", line["expression"]));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    assert!(repaired >= 40, "{repaired}");
}
