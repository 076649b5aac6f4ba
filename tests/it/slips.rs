//! Small slips on the command line, in comments and in the project file: none is silent.

use crate::sandbox::Sandbox;

#[test]
fn a_settings_comment_that_is_none_is_found() {
    let shop = Sandbox::shop();
    shop.file("rules/r.sql", "-- planc output = { csv = 'o.csv' }\nselect 1 as a");
    shop.planc(&["check"]).says(1, &["rules/r.sql:1:1: error[P0807] a setting needs a colon"]);
    shop.file("rules/r.sql", "select 1 as a\n-- planc: output = { csv = 'o.csv' }");
    shop.planc(&["check", "r"]).says(1, &["rules/r.sql:2:1: error[P0807] a setting below"]);
    shop.file("rules/r.sql", "select id from orders limit 1 -- NOQA: p0401");
    shop.planc(&["check"]).says(0, &["no findings"]);
    shop.file("rules/r.sql", "-- planc: dialect = 'duckdb'\nselect statu from orders");
    shop.planc(&["check", "--fix"]).says(1, &["1 rule in other dialects left as written"]);
}

#[test]
fn a_profile_for_no_rule_and_a_level_that_is_none_are_found() {
    let shop = Sandbox::shop();
    shop.file("rules/top.sql", "select 1 as a");
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[env.prod.outputs.tpo]\ncsv = 'x.csv'\n"));
    shop.planc(&["check"]).says(1, &["[env.prod.outputs]: there is no rule `tpo`", "`top`"]);
    shop.file("planc.toml", format!("{config}[lint.paths.\"rules/lgacy/**\"]\nP0401 = 'allow'\n"));
    shop.planc(&["check"]).says(0, &["P0812", "`rules/lgacy/**` matches no rule"]);
    shop.file("planc.toml", format!("{config}[lint]\nP0201 = 'allow'\n"));
    shop.planc(&["check"]).says(2, &["`P0201` is an error, and only warnings have levels"]);
    shop.file("planc.toml", format!("{config}[lint]\nP0401 = 'eror'\n"));
    shop.planc(&["check"]).says(2, &["planc.toml:", "a level is \"error\", \"warn\" or \"allow\""]);
}

#[test]
fn parameters_are_taken_whole_or_not_at_all() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    let params = "[params]\nleast = 'decimal(12, 2)'\nsince = 'date'\n";
    shop.file("planc.toml", format!("{config}{params}"));
    shop.file("rules/r.sql", "select $least as a, $since as b");
    let run = |least: &str, since: &str| {
        let (least, since) = (format!("least={least}"), format!("since={since}"));
        shop.planc(&["run", "r", "--param", &least, "--param", &since, "--format", "csv"])
    };
    assert_eq!(run("1.500", "2026-01-02").succeeded().stdout, "a,b\n1.50,2026-01-02\n");
    run("100.555", "2026-01-02").says(1, &["P0806", "`100.555` says more than it holds"]);
    run("1", "2026-01-02T10:00:00").says(1, &["P0806", "says more than it holds"]);
    let twice = ["run", "r", "--param", "least=1", "--param", "least=2"];
    shop.planc(&twice).says(2, &["`least` is given twice"]);
    shop.planc(&["run", "r", "--output", "x.xyz"]).says(2, &["no format is called `.xyz`"]);
}

#[test]
fn the_beginning_of_a_digest_is_enough() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select id from orders");
    shop.file("rules/b.sql", "select id + 1 as id from orders");
    let lines = shop.planc(&["compile", "--json"]).succeeded().json();
    let digest = |at: usize| lines[at]["digest"].as_str().unwrap().to_owned();
    let (a, b) = (digest(0), digest(1));
    let rows = shop.planc(&["run", &a[..12], "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows, "id\n1\n2\n3\n");
    shop.planc(&["explain", &a[..12]]).says(0, &["orders"]);
    shop.planc(&["diff", &a[..12], &b[..12]]).says(1, &[&a, &b]);
    shop.planc(&["diff", &a[..12], "a"]).says(0, &["same digest"]);
    shop.planc(&["run", "0123456789ab"]).says(2, &["there is no rule `0123456789ab`"]);
}

#[test]
fn runs_of_a_rule_that_is_not_there() {
    let shop = Sandbox::shop();
    shop.file("rules/top.sql", "select 1 as a");
    shop.planc(&["runs", "top"]).says(0, &["no run of `top` is recorded"]);
    shop.planc(&["run", "top"]).succeeded();
    shop.planc(&["runs", "tpo"]).says(2, &["there is no rule `tpo`", "`top`"]);
    assert_eq!(shop.planc(&["runs", "--last", "0"]).succeeded().stdout, "");
    std::fs::remove_file(shop.path().join("rules/top.sql")).unwrap();
    shop.planc(&["run", "--all"]).says(2, &["the project has no rules"]);
}

#[test]
fn a_push_that_reaches_nothing_fails() {
    let shop = Sandbox::shop();
    shop.file("rules/top.sql", "select 1 as a");
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[cache]\nremote = 'ftp://x'\n"));
    let ran = shop.planc(&["cache", "push"]);
    assert_ne!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn what_a_write_refuses_says_why_and_what_to_do() {
    let shop = Sandbox::shop();
    let rule = |output: &str, sql: &str| {
        shop.file("rules/r.sql", format!("-- planc: output = {{ {output} }}\n{sql}"));
        shop.planc(&["run", "r", "--write"])
    };
    let replace = "delta = 'o', mode = 'replace-where', replace_where = 'id > 1'";
    let words = ["`id > 1`", "rows do not fulfil replace_where", "filter it by this"];
    rule(replace, "select id from orders where id > 1").succeeded();
    rule(replace, "select id from orders").says(1, &words);
    let merge = "delta = 'm', mode = 'merge', key = ['k']";
    let sql = "select nullif(id, 2) as k from orders";
    rule(merge, sql).says(1, &["P0714", "is NULL in some row", "IS NOT NULL"]);
    rule("delta = 'o', mode = 'append'", "select 'x' as id")
        .says(1, &["P0713", "write the table anew"]);
}
