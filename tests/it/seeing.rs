//! `planc diff`, `planc dups`, and the ways in which `planc explain` shows a rule.

use crate::sandbox::Sandbox;

fn shop() -> Sandbox {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/a.sql", "select id, amount from orders where status = 'open'");
    sandbox.file("rules/b.sql", "SELECT o.id, o.amount FROM orders o WHERE o.status = 'open'");
    sandbox
        .file("rules/c.sql", "select id, amount * 2 as amount from orders where status = 'done'");
    sandbox.file("rules/d.sql", "select id, amount from b");
    sandbox
}

#[test]
fn diff_says_same_or_what_changed() {
    let sandbox = shop();
    sandbox.planc(&["diff", "a", "b"]).says(0, &["same digest "]);
    sandbox.planc(&["diff", "a", "rules/b.sql"]).says(0, &["same digest "]);
    let ran = sandbox.planc(&["diff", "a", "c"]);
    ran.says(
        1,
        &[
            "column `amount` was orders.amount and is orders.amount * ",
            "predicate `orders.status = 'open'` is now `orders.status = 'done'`",
            "\n-",
            "\n+",
        ],
    );
    let lines = sandbox.planc(&["compile", "--json", "--out", "out"]).succeeded().json();
    let digest = lines[0]["digest"].as_str().unwrap().to_owned();
    sandbox.planc(&["diff", &digest, "out/b.substrait"]).says(0, &["same digest "]);
    let elsewhere =
        sandbox.file("other.sql", "select id, amount from orders where 'open' = status and true");
    let line = sandbox.planc(&["diff", "a", elsewhere.to_str().unwrap(), "--json"]).json();
    assert_eq!(line[0]["a"], digest, "{line:?}");
    sandbox.planc(&["diff", "a", "e"]).says(2, &["`e` is no rule"]);
    sandbox.file("rules/e.sql", "select nope from orders");
    sandbox.planc(&["diff", "a", "e"]).says(2, &["P0202"]);
}

#[test]
fn dups_are_grouped_by_what_they_ask() {
    let sandbox = shop();
    let ran = sandbox.planc(&["dups"]);
    ran.says(0, &["a, b, d: the same down to the sources", "3 in 1 groups"]);
    std::fs::remove_file(sandbox.path().join("rules/d.sql")).unwrap();
    let groups = sandbox.planc(&["dups", "--json"]).succeeded().json();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["rules"], serde_json::json!(["a", "b"]));
    assert_eq!(groups[0]["digest"], groups[0]["deep_digest"]);
}

#[test]
fn explain_shows_every_pass_and_what_it_changed() {
    let sandbox = shop();
    let text = sandbox.planc(&["explain", "b"]).succeeded().stdout;
    for part in
        ["== as planned\n", "== rename (round 1)\n", "\n-", "\n+", "== canonical\n", "\ndigest "]
    {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let dot = sandbox.planc(&["explain", "b", "--format", "dot"]).succeeded().stdout;
    assert!(dot.starts_with("digraph \"b\" {") && dot.contains("-> n0;"), "{dot}");
    let html = sandbox.planc(&["explain", "b", "--format", "html"]).succeeded().stdout;
    assert!(html.contains("<h1>b</h1>") && html.contains("class=\"new\""), "{html}");
    let json = sandbox.planc(&["explain", "b", "--format", "json"]).succeeded().json();
    assert_eq!(json[0]["schema_version"], 1);
    assert_eq!(json[0]["output"][1]["name"], "amount");
    assert!(json[0]["steps"].as_array().unwrap().iter().any(|step| step["fired"] == true));
}

#[test]
fn shells_are_told_every_command() {
    let sandbox = Sandbox::shop();
    sandbox.planc(&["completions", "bash"]).says(0, &["planc__subcmd__impact", "--baseline"]);
    sandbox.planc(&["completions", "vi"]).says(2, &["possible values: bash"]);
}
