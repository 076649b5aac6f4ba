//! `planc check`: every error of every rule, each at its place, and bad input of all kinds.

use crate::sandbox::Sandbox;

#[test]
fn three_errors_of_one_rule_are_three_diagnostics_at_their_places() {
    let shop = Sandbox::shop();
    let sql = "-- Grüße\nselect o.idd, c.nam, totl(o.amount) as t\nfrom orders o join customers c on c.id = o.customer_id\n";
    shop.file("rules/three.sql", sql);
    let ran = shop.planc(&["check", "--output-format", "json-lines"]).says(1, &[]);
    let found: Vec<(String, String, u64, u64)> = ran
        .json()
        .iter()
        .map(|line| {
            let offset = |at: &str| line[at]["offset"].as_u64().unwrap() as usize;
            let text = sql[offset("start")..offset("end")].to_owned();
            let number = |at: &str| line["start"][at].as_u64().unwrap();
            (line["code"].as_str().unwrap().to_owned(), text, number("line"), number("column"))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("P0202".to_owned(), "idd".to_owned(), 2, 10),
            ("P0202".to_owned(), "nam".to_owned(), 2, 17),
            ("P0204".to_owned(), "totl(o.amount)".to_owned(), 2, 22),
        ]
    );
    shop.planc(&["check"]).says(
        1,
        &[
            "rules/three.sql:2:10: error[P0202]",
            "did you mean",
            "3 errors and 0 warnings in 1 file",
        ],
    );
}

#[test]
fn all_errors_of_all_files_are_reported() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select nope from orders");
    shop.file("rules/b.sql", "select * from ordrs");
    shop.file("rules/c.sql", "select 1 +");
    shop.file("rules/d.sql", "select id from orders");
    shop.planc(&["check"]).says(
        1,
        &[
            "rules/a.sql:1:8: error[P0202]",
            "rules/b.sql:1:15: error[P0201]",
            "did you mean `orders`",
            "rules/c.sql",
            "error[P0101]",
        ],
    );
    shop.planc(&["check", "rules/d.sql"]).says(0, &["1 rule checked, no findings"]);
    shop.planc(&["check", "d"]).succeeded();
    shop.planc(&["check", "rules/e.sql"]).says(2, &["`rules/e.sql` is no rule of this project"]);
}

#[test]
fn warnings_fail_only_where_asked() {
    let shop = Sandbox::shop();
    shop.file("rules/w.sql", "select id from orders limit 1");
    shop.planc(&["check"]).says(0, &["warning[P0401]"]);
    shop.planc(&["check", "--error-on-warning"]).says(1, &[]);
    shop.file("rules/w.sql", "select id from orders limit 1 -- noqa: P0401");
    shop.planc(&["check", "--error-on-warning"]).says(0, &["no findings"]);
}

#[test]
fn files_that_are_no_rules_are_diagnosed() {
    let shop = Sandbox::shop();
    let deep = format!("select {}1{}", "(".repeat(3000), ")".repeat(3000));
    let cases: [(&[u8], &str); 10] = [
        (b"", "P0104"),
        (b"-- only a comment\n", "P0104"),
        (b"select '\xff\xfe'", "P0106"),
        (b"\x00\x01\x02\x7fELF", "P01"),
        (deep.as_bytes(), "P0108"),
        (b"select * from {{ ref('orders') }}", "P0105"),
        (b"delete from orders", "P0102"),
        (b"create table t (a int)", "P0102"),
        (b"select 1; select 2", "P0103"),
        (b"-- planc: outptu = 1\nselect 1", "P0807"),
    ];
    for (text, code) in cases {
        shop.file("rules/bad.sql", text);
        let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        let ran = shop.planc(&["check"]);
        assert_eq!(ran.code, 1, "{shown}: {}", ran.stdout);
        assert!(ran.stdout.contains(code), "{shown}: {}", ran.stdout);
        assert_eq!(ran.stdout.matches("error[").count(), 1, "{shown}: {}", ran.stdout);
    }
}

#[test]
fn the_first_wrong_byte_has_its_place() {
    let shop = Sandbox::shop();
    shop.file("rules/bad.sql", b"select id\nfrom \xff orders");
    shop.planc(&["check"]).says(1, &["rules/bad.sql:2:6: error[P0106]"]);
}

#[test]
fn the_size_limit_holds_and_large_rules_work() {
    let sandbox = Sandbox::project("[project]\nmax_rule_bytes = 6000000\n");
    let list: Vec<String> = (0..700_000).map(|n| n.to_string()).collect();
    let sql = format!("select 1 as n where 7 in ({})", list.join(", "));
    assert!(sql.len() > 5_000_000 && sql.len() < 6_000_000);
    sandbox.file("rules/large.sql", &sql);
    sandbox.planc(&["check"]).says(0, &["no findings"]);
    sandbox.file("rules/large.sql", format!("{sql}{}", " ".repeat(2_000_000)));
    sandbox.planc(&["check"]).says(1, &["error[P0107]"]);
}

#[test]
fn cycles_and_clashes_are_diagnosed_and_their_readers_wait() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select * from b");
    shop.file("rules/b.sql", "select * from c");
    shop.file("rules/c.sql", "select * from a");
    shop.file("rules/d.sql", "select * from a");
    shop.file("rules/orders.sql", "select 1 as one");
    shop.planc(&["check"]).says(
        1,
        &[
            "error[P0207]",
            "a → b → c → a",
            "rules/d.sql: warning[P0211]",
            "rules/orders.sql:1:1: error[P0208]",
        ],
    );
}

#[test]
fn one_broken_rule_is_reported_once() {
    let shop = Sandbox::shop();
    shop.file("rules/base.sql", "select idd from orders");
    shop.file("rules/mid.sql", "select * from base");
    shop.file("rules/top.sql", "select * from mid");
    let ran = shop.planc(&["check"]).says(1, &["rules/base.sql:1:8: error[P0202]"]);
    assert_eq!(ran.stdout.matches("error[").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("warning[P0211]").count(), 2, "{}", ran.stdout);
}

#[test]
fn the_project_file_is_checked_with_line_and_column() {
    let cases = [
        ("[project]\ndialect = 'dukdb'\n", "planc.toml:2:11: error[P0801]"),
        ("[project]\nnaem = 'x'\n", "planc.toml:2:1: error[P0801]"),
        ("[project\n", "error[P0801]"),
        ("[sources.a]\ndelta = 'x'\ncsv = 'y'\n", "exactly one of delta"),
        ("[sources.a]\n", "exactly one of delta"),
        ("[sources.a]\ncsv = 'x'\nversion = 3\n", "are for Delta tables"),
        ("[lint]\nP9999 = 'warn'\n", "there is no code `P9999`"),
        ("[project]\ntime_zone = 'Mars/Base'\n", "there is no time zone"),
        ("[params]\nday = 'dat'\n", "there is no type `dat`"),
        ("[project]\nrules = ['rules/[']\n", "is no glob"),
        ("[sources.a]\ndelta = '${PLANC_NOT_SET}/a'\n", "error[P0805]"),
        ("[sources.a]\ndelta = 'nowhere'\n", "error[P0701]"),
    ];
    for (config, words) in cases {
        Sandbox::project(config).planc(&["check"]).says(2, &[words]);
    }
    Sandbox::new().planc(&["check"]).says(2, &["error[P0802]", "planc init"]);
}

#[test]
fn a_corrupt_delta_log_and_a_wrong_lock_are_diagnosed() {
    let sandbox = Sandbox::project("[sources.t]\ndelta = 't'\n");
    sandbox.file("t/_delta_log/00000000000000000000.json", "{ this is no log");
    sandbox.planc(&["lock"]).says(2, &["error[P0701]", "`t`"]);
    assert_eq!(sandbox.files(), ["planc.toml", "t/_delta_log/00000000000000000000.json"]);
    sandbox.file("planc.lock", "format = 1\n");
    sandbox.file("rules/r.sql", "select 1 as one");
    sandbox.planc(&["check"]).says(2, &["planc.toml:1:1: error[P0803]", "run `planc lock`"]);
    sandbox.file("planc.lock", "format = 99\n");
    sandbox.planc(&["check"]).says(2, &["planc.lock:1:10: error[P0801]"]);
}

#[test]
fn every_code_has_a_page_that_explain_prints() {
    let sandbox = Sandbox::new();
    sandbox.planc(&["explain", "P0202"]).says(0, &["# P0202 unknown-column"]);
    sandbox.planc(&["explain", "unknown-column"]).says(0, &["# P0202 unknown-column"]);
}
