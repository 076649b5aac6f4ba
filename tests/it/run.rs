//! `planc run`: rows out, outputs written, limits kept.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

fn digest(sandbox: &Sandbox, rule: &str) -> String {
    let lines = sandbox.planc(&["compile", "--json"]).json();
    let line = lines.iter().find(|line| line["rule"] == rule).unwrap();
    line["digest"].as_str().unwrap().to_owned()
}

#[test]
fn rows_go_to_the_terminal_a_pipe_or_a_file() {
    let shop = Sandbox::shop();
    shop.file("rules/all.sql", "select id, amount, status from orders order by id");
    shop.planc(&["run", "all"]).says(0, &["│  3 ┆   NULL ┆ open", "all: 3 rows"]);
    shop.planc(&["run", "all", "--rows", "1"]).says(0, &["all: 3 rows, 2 more not shown"]);
    let csv = "id,amount,status\n1,10.5,open\n2,20.0,done\n3,,open\n";
    let piped = shop.planc(&["run", "all", "--format", "csv"]).succeeded().stdout;
    assert_eq!(piped.replace("\r\n", "\n"), csv);
    for file in ["o.csv", "o.json", "o.parquet", "o.arrow"] {
        shop.planc(&["run", "all", "--output", file]).says(0, &["3 rows written"]);
    }
    assert_eq!(shop.read("o.csv"), piped);
    assert_eq!(shop.read("o.json").lines().count(), 3);
    shop.planc(&["run", "nope"]).says(2, &["there is no rule `nope`"]);
}

#[test]
fn an_artifact_runs_by_its_digest_alone() {
    let shop = Sandbox::shop();
    shop.file("rules/big.sql", "select id from orders where amount > 15");
    let digest = digest(&shop, "big");
    std::fs::remove_file(shop.path().join("rules/big.sql")).unwrap();
    let rows = shop.planc(&["run", &digest, "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.lines().collect::<Vec<_>>(), ["id", "2"]);
    shop.file("more.csv", "id,customer_id,amount,status\n9,1,99.0,x\n");
    let source = ["run", &digest, "--source", "orders=more.csv", "--format", "csv"];
    assert_eq!(shop.planc(&source).succeeded().stdout.lines().last(), Some("9"));
    shop.planc(&["run", &"0".repeat(64)]).says(1, &["error[P0604]"]);
}

#[test]
fn nothing_is_written_without_write_and_outputs_feed_the_rules_downstream() {
    let shop = Sandbox::shop();
    let base = "-- planc: output = { delta = 'out/base' }\nselect id, amount from orders where amount is not null";
    shop.file("rules/base.sql", base);
    shop.file("rules/plain.sql", "select id, amount * 2 as twice from base");
    shop.file(
        "rules/top.sql",
        "-- planc: output = { csv = 'out/top.csv' }\nselect sum(twice) as total from plain",
    );
    let before = shop.files();
    shop.planc(&["run", "base"]).says(0, &["base: 2 rows"]);
    assert_eq!(shop.files(), before);
    shop.planc(&["run", "top"]).says(1, &["planc run base --write"]);
    shop.planc(&["run", "+top", "--write"]).succeeded();
    assert_eq!(shop.read("out/top.csv").lines().collect::<Vec<_>>(), ["total", "61.0"]);
    // Another version of the rule than the one that wrote its output: refused.
    shop.file("rules/base.sql", base.replace("is not null", "> 15"));
    shop.planc(&["run", "top"]).says(1, &["error[P0710]", "planc run base --write"]);
    shop.planc(&["run", "base", "--write"]).succeeded();
    shop.planc(&["run", "top", "--format", "csv"]).says(0, &["40.0"]);
    // A respelled rule is the same rule.
    shop.file(
        "rules/base.sql",
        base.replace("is not null", "> 15").replace("select id", "SELECT  id"),
    );
    shop.planc(&["run", "top", "--format", "csv"]).says(0, &["40.0"]);
    shop.planc(&["run", "base+", "--write"]).succeeded();
}

#[test]
fn what_the_project_lives_on_is_not_written_over() {
    let shop = Sandbox::shop();
    shop.file("rules/r.sql", "select id from orders");
    let before =
        ["planc.toml", "planc.lock", "rules/r.sql", "orders.csv"].map(|file| shop.read(file));
    for file in ["planc.toml", "planc.lock", "rules/r.sql", "orders.csv", "./rules/../orders.csv"] {
        shop.planc(&["run", "r", "--format", "csv", "--output", file])
            .says(1, &["error[P0705]", "is not written over"]);
        let rule = format!("-- planc: output = {{ csv = '{file}' }}\nselect id from orders");
        shop.file("rules/w.sql", rule);
        shop.planc(&["run", "w", "--write"]).says(1, &["error[P0705]"]);
    }
    assert_eq!(
        before,
        ["planc.toml", "planc.lock", "rules/r.sql", "orders.csv"].map(|file| shop.read(file))
    );
    shop.file("rules/w.sql", "-- planc: output = { csv = 'same.csv' }\nselect id from orders");
    shop.file("rules/v.sql", "-- planc: output = { csv = 'same.csv' }\nselect 1 as one");
    shop.planc(&["run", "--all", "--write"]).says(2, &["`v` and `w` both write to"]);
}

#[test]
fn a_digest_of_a_rule_that_reads_rules_runs() {
    let shop = Sandbox::shop();
    shop.file("rules/s.sql", "select id from orders");
    shop.file("rules/r.sql", "select id + 1 as next from s order by next");
    let digest = digest(&shop, "r");
    let rows = shop.planc(&["run", &digest, "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.lines().collect::<Vec<_>>(), ["next", "2", "3", "4"]);
}

#[test]
fn a_recursive_query_reads_itself_and_tables() {
    let shop = Sandbox::shop();
    let sql = "with recursive c(n) as (select 1 union all select n + 1 from c join orders on id = n) select n from c order by n";
    shop.file("rules/r.sql", sql);
    let rows = shop.planc(&["run", "r", "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.lines().collect::<Vec<_>>(), ["n", "1", "2", "3", "4"]);
}

/// The engine sums sums beside a DISTINCT, and gives the second sum more digits.
#[test]
fn a_decimal_sum_beside_a_distinct_count_keeps_its_type() {
    let shop = Sandbox::shop();
    shop.file(
        "rules/sums.sql",
        "select status, sum(cast(amount as decimal(12, 2))) as total, count(distinct id) as n
         from orders group by status order by status",
    );
    let rows = shop.planc(&["run", "sums", "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.replace("\r\n", "\n"), "status,total,n\ndone,20.00,1\nopen,10.50,2\n");
}

#[test]
fn sources_are_checked_before_they_are_read() {
    let shop = Sandbox::shop();
    shop.file("rules/r.sql", "select id, amount from orders");
    let compiled = digest(&shop, "r");
    shop.file("orders.csv", "id,customer_id,amount,status,note\n1,1,10.5,open,x\n");
    shop.planc(&["run", "r"]).says(0, &["r: 1 row"]);
    shop.file("orders.csv", "id,customer_id,amonut,status\n1,1,10.5,open\n");
    shop.planc(&["run", "r"]).says(1, &["error[P0702]", "`amount`", "did you mean `amonut`"]);
    shop.file("orders.csv", "id,customer_id,amount,status\n1,1,lots,open\n");
    shop.planc(&["run", &compiled]).says(1, &["error[P0703]", "`amount`"]);
    shop.planc(&["lock", "--check"]).says(1, &["error[P0804]", "`amount` was Float64 and is Utf8"]);
    std::fs::remove_file(shop.path().join("orders.csv")).unwrap();
    shop.planc(&["run", "r"]).says(1, &["error[P0701]", "orders"]);
    shop.planc(&["check"]).succeeded();
}

#[test]
fn delta_tables_are_read_at_versions_and_times() {
    let sandbox = Sandbox::tpch();
    sandbox.file("rules/n.sql", "select count(*) as n from lineitem");
    let count = |args: &[&str]| -> u64 {
        let ran = sandbox.planc(&[&["run", "n", "--format", "csv"], args].concat()).succeeded();
        ran.stdout.lines().last().unwrap().parse().unwrap()
    };
    let (latest, first) = (count(&[]), count(&["--at", "lineitem=0"]));
    assert_eq!(latest, 60175);
    assert!(first < latest);
    sandbox.planc(&["run", "n", "--at", "lineitem=99"]).says(1, &["error[P0701]"]);
    sandbox.planc(&["run", "n", "--at", "lineitm=0"]).says(2, &["did you mean `lineitem`"]);
    sandbox
        .planc(&["run", "n", "--at", "lineitem=soon"])
        .says(2, &["neither a version nor a time"]);
    // A new version with the same schema makes no lock stale.
    sandbox.planc(&["lock", "--check"]).says(0, &["8 sources, all as locked"]);
}

#[test]
fn parameters_are_typed_and_no_part_of_a_digest() {
    let shop = Sandbox::shop();
    let config = format!("[params]\nleast = 'double'\n{}", shop.read("planc.toml"));
    shop.file("planc.toml", config);
    shop.file("rules/p.sql", "select id from orders where amount > $least order by id");
    let run = |value: &str| {
        shop.planc(&["run", "p", "--param", &format!("least={value}"), "--format", "csv"])
    };
    assert_eq!(run("15").succeeded().stdout.lines().collect::<Vec<_>>(), ["id", "2"]);
    assert_eq!(run("5").succeeded().stdout.lines().count(), 3);
    run("much").says(1, &["error[P0806]", "`much`"]);
    shop.planc(&["run", "p"]).says(1, &["error[P0806]", "--param least=VALUE"]);
    shop.file("rules/p.sql", "select id from orders where amount > $leats");
    shop.planc(&["check"]).says(1, &["error[P0806]", "least"]);
}

#[test]
fn a_profile_overrides_sources_and_outputs() {
    let shop = Sandbox::shop();
    let config = "[env.small.sources.orders]\ncsv = '${PLANC_TEST_DATA}/small.csv'\n[env.small.outputs.r]\ncsv = 'small_out.csv'\n";
    shop.file("planc.toml", format!("{}{config}", shop.read("planc.toml")));
    shop.file("small/small.csv", "id,customer_id,amount,status\n7,1,1.0,open\n");
    shop.file("rules/r.sql", "-- planc: output = { csv = 'out.csv' }\nselect id from orders");
    let run = |args: &[&str]| {
        let output = shop.command().args(args).env("PLANC_TEST_DATA", "small").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["run", "r", "--write", "--env", "small"]);
    assert_eq!(shop.read("small_out.csv").lines().collect::<Vec<_>>(), ["id", "7"]);
    run(&["run", "r", "--write"]);
    assert_eq!(shop.read("out.csv").lines().count(), 4);
    shop.planc(&["run", "r", "--env", "small"]).says(1, &["error[P0805]", "PLANC_TEST_DATA"]);
    shop.planc(&["check", "--env", "large"]).says(2, &["there is no profile `large`"]);
}

/// Hours of work: a product of three times sixty thousand rows.
const ENDLESS: &str = "select count(*) as n from lineitem a cross join lineitem b cross join lineitem c \
                       where a.l_orderkey + b.l_orderkey + c.l_orderkey = 3";

#[test]
fn a_timeout_and_a_memory_limit_end_a_run_cleanly() {
    let sandbox = Sandbox::tpch();
    sandbox.file("rules/slow.sql", format!("-- planc: output = {{ csv = 'out.csv' }}\n{ENDLESS}"));
    sandbox.file(
        "rules/large.sql",
        "select a.l_comment from lineitem a join lineitem b on a.l_comment = b.l_comment where a.l_tax < b.l_tax",
    );
    let before = sandbox.files();
    let clock = Instant::now();
    sandbox
        .planc(&["run", "slow", "--timeout", "1s", "--write"])
        .says(1, &["error[P0706]", "--timeout"]);
    assert!(clock.elapsed() < Duration::from_secs(20));
    sandbox
        .planc(&["run", "large", "--memory-limit", "1M"])
        .says(1, &["error[P0707]", "--memory-limit"]);
    assert_eq!(sandbox.files(), before);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let sandbox = Sandbox::tpch();
    sandbox.file("rules/slow.sql", ENDLESS);
    let before = sandbox.files();
    let mut child = sandbox
        .command()
        .args(["run", "slow", "--output", "out.csv"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none(), "it is still running");
    let killed =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error[P0708]"), "{said}");
    assert_eq!(sandbox.files(), before);
}
