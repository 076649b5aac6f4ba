//! `planc run --write` to Delta tables: modes, the same run again, processes that are killed,
//! and places that cannot be written.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Rows of the latest version, by the log alone: what its files say that they hold.
fn rows(table: &Path) -> u64 {
    let mut commits: Vec<_> = match std::fs::read_dir(table.join("_delta_log")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => return 0,
    };
    commits.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    commits.sort();
    let mut files = std::collections::BTreeMap::new();
    for commit in commits {
        for line in std::fs::read_to_string(commit).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["remove"]["path"].as_str() {
                files.remove(path);
            }
            if let Some(path) = action["add"]["path"].as_str() {
                let stats = action["add"]["stats"].as_str().unwrap();
                let stats: Value = serde_json::from_str(stats).unwrap();
                files.insert(path.to_owned(), stats["numRecords"].as_u64().unwrap());
            }
        }
    }
    files.values().sum()
}

fn files(folder: &Path) -> usize {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter(|e| e.as_ref().unwrap().path().is_file())
        .count()
}

#[test]
fn rows_are_added_merged_and_replaced_once_for_each_state_of_the_source() {
    let shop = Sandbox::shop();
    let rule = |name: &str, output: &str| {
        let sql = format!(
            "-- planc: output = {{ delta = 'out/{name}', {output} }}\n\
             select id, status from orders"
        );
        shop.file(&format!("rules/{name}.sql"), sql);
    };
    rule("added", "mode = 'append'");
    rule("merged", "mode = 'merge', key = ['id']");
    rule("replaced", "mode = 'replace-where', replace_where = 'id < $below'");
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[params]\nbelow = 'bigint'\n"));
    let write = |more: &[&str]| {
        let args = [&["run", "--all", "--write", "--param", "below=100"], more].concat();
        shop.planc(&args).succeeded().stderr
    };
    let out = |name: &str| rows(&shop.path().join("out").join(name));
    write(&[]);
    let said = write(&[]);
    assert_eq!(said.matches("was committed before").count(), 3, "{said}");
    assert_eq!([out("added"), out("merged"), out("replaced")], [3, 3, 3]);
    shop.file("orders.csv", "id,customer_id,amount,status\n2,1,20.0,open\n7,2,1.5,open\n");
    let said = write(&[]);
    assert!(!said.contains("was committed before"), "{said}");
    assert_eq!([out("added"), out("merged"), out("replaced")], [5, 4, 2]);
    write(&["--again"]);
    assert_eq!([out("added"), out("merged"), out("replaced")], [7, 4, 2]);
    let runs = shop.planc(&["runs", "--json", "--last", "100"]).json();
    let of = |rule: &str| -> Vec<&Value> { runs.iter().filter(|r| r["rule"] == rule).collect() };
    assert_eq!(of("merged").iter().filter(|run| run["unchanged"] == true).count(), 1);
    assert_eq!(of("merged").last().unwrap()["output_version"], 2);
    let log = shop.read("out/merged/_delta_log/00000000000000000001.json");
    let run = of("merged")[2]["run"].as_str().unwrap();
    for words in [run, "planc.sources", "planc.run_key", "\"planc.rule\":\"merged\""] {
        assert!(log.contains(words), "{words}: {log}");
    }
}

#[test]
fn outputs_that_cannot_work_are_found_by_the_check() {
    let shop = Sandbox::shop();
    for (output, code, words) in [
        ("delta = 'o', mode = 'merge'", "P0807", "needs `key`"),
        ("delta = 'o', mode = 'merge', key = ['idd']", "P0714", "did you mean `id`"),
        ("delta = 'o', partition_by = ['x']", "P0807", "no partition column `x`"),
        ("csv = 'o.csv', mode = 'append'", "P0807", "written anew"),
        ("delta = 'o', mode = 'upsert'", "P0807", "unknown variant"),
    ] {
        let rule = format!("-- planc: output = {{ {output} }}\nselect id from orders");
        shop.file("rules/r.sql", rule);
        shop.planc(&["check"]).says(1, &[code, words, "rules/r.sql:1:"]);
    }
    shop.file(
        "rules/r.sql",
        "-- planc: output = { delta = 'o', mode = 'merge', key = ['c'] }\n\
         select customer_id as c from orders",
    );
    shop.planc(&["run", "r", "--write"]).says(1, &["P0714", "2 rows have the key (`c`) = (1)"]);
    assert!(!shop.path().join("o").exists());
    shop.file(
        "rules/r.sql",
        "-- planc: output = { delta = 'o', mode = 'append' }\nselect id from orders",
    );
    shop.planc(&["run", "r", "--write"]).succeeded();
    shop.file(
        "rules/r.sql",
        "-- planc: output = { delta = 'o', mode = 'append' }\nselect id, status from orders",
    );
    shop.planc(&["run", "r", "--write"]).says(1, &["P0713", "`status` is not in the table"]);
}

/// Rows of one run in the tests below.
const LINES: u64 = 60_175;

/// A project whose rule writes the TPC-H lines, marked with `$n`.
fn lines(output: &str) -> Sandbox {
    let tpch = Sandbox::tpch();
    let config = tpch.read("planc.toml");
    tpch.file("planc.toml", format!("{config}[params]\nn = 'bigint'\n"));
    tpch.file(
        "rules/copy.sql",
        format!(
            "-- planc: output = {{ delta = 'out', {output} }}\n\
             select $n as n, l_orderkey, l_linenumber, l_comment, l_shipdate from lineitem"
        ),
    );
    tpch
}

fn copy(sandbox: &Sandbox, n: u64) -> Command {
    let mut command = sandbox.command();
    command.args(["run", "copy", "--write", "--param", &format!("n={n}")]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills runs at points spread over their time, starts each again, and asks what the table holds.
fn killed(output: &str, rounds: u64, held: impl Fn(u64) -> u64) {
    let sandbox = lines(output);
    let table = sandbox.path().join("out");
    let clock = Instant::now();
    assert!(copy(&sandbox, 0).status().unwrap().success());
    let whole = clock.elapsed();
    assert_eq!(rows(&table), held(1));
    let mut cut_short = 0;
    for n in 1..=rounds {
        let mut child = copy(&sandbox, n).spawn().unwrap();
        // The first part of a run only compiles and plans.
        let part = 0.35 + 0.65 * (n as f64) / (rounds as f64);
        std::thread::sleep(whole.mul_f64(part));
        child.kill().unwrap();
        cut_short += u64::from(!child.wait().unwrap().success());
        let found = rows(&table);
        assert!([held(n), held(n + 1)].contains(&found), "{found} rows after the kill {n}");
        assert!(copy(&sandbox, n).status().unwrap().success());
        assert_eq!(rows(&table), held(n + 1), "after the run {n}");
    }
    assert!(cut_short > 0, "no run was killed before its end");
}

#[test]
fn a_killed_append_is_there_once_or_not_at_all() {
    killed("mode = 'append'", 8, |runs| runs * LINES);
}

#[test]
fn a_killed_overwrite_leaves_the_old_rows_or_the_new() {
    killed("mode = 'overwrite'", 5, |_| LINES);
}

#[test]
fn a_killed_merge_is_there_once_or_not_at_all() {
    let key = "key = ['n', 'l_orderkey', 'l_linenumber']";
    killed(&format!("mode = 'merge', {key}, partition_by = ['n']"), 4, |runs| runs * LINES);
}

#[test]
fn two_processes_that_add_at_once_both_do() {
    let sandbox = lines("mode = 'append'");
    let mut children: Vec<_> = (0..3).map(|n| copy(&sandbox, n).spawn().unwrap()).collect();
    // One of them is the same run as another.
    children.push(copy(&sandbox, 0).spawn().unwrap());
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(rows(&sandbox.path().join("out")), 3 * LINES);
    assert_eq!(files(&sandbox.path().join("out/_delta_log")), 3);
}

/// Runs the copy in a mount namespace of its own, with `out` mounted so. `None` where the
/// machine has no such namespaces.
fn mounted(sandbox: &Sandbox, mount: &str) -> Option<(i32, String)> {
    let can = Command::new("unshare").args(["-rm", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine gives no mount namespaces");
        return None;
    }
    let planc = env!("CARGO_BIN_EXE_planc");
    let script = format!(
        "{mount} && {planc} run copy --write --param n=9; code=$?; find out -type f | sort >after; exit $code"
    );
    let ran = Command::new("unshare")
        .args(["-rm", "bash", "-c", &script])
        .current_dir(sandbox.path())
        .output()
        .unwrap();
    Some((ran.status.code().unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned()))
}

#[test]
fn a_full_disk_leaves_the_table_as_before() {
    let sandbox = lines("mode = 'append', target_file_size = '100K'");
    std::fs::create_dir(sandbox.path().join("out")).unwrap();
    let Some((code, said)) = mounted(&sandbox, "mount -t tmpfs -o size=400k tmpfs out") else {
        return;
    };
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error[P0705]") && said.contains("No space left"), "{said}");
    assert_eq!(sandbox.read("after"), "");
}

#[test]
fn read_only_storage_is_said_to_be_so() {
    let sandbox = lines("mode = 'append'");
    assert!(copy(&sandbox, 0).status().unwrap().success());
    let mount = "mount --bind out out && mount -o remount,ro,bind out";
    let Some((code, said)) = mounted(&sandbox, mount) else { return };
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error[P0705]") && said.contains("Read-only"), "{said}");
    assert_eq!(rows(&sandbox.path().join("out")), LINES);
    assert_eq!(files(&sandbox.path().join("out")), 2);
}
