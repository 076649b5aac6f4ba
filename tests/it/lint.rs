//! `planc check` at work: formats, suppressions, fixes, baselines, what is checked.

use std::io::Write;
use std::process::Stdio;

use crate::sandbox::{Ran, Sandbox};

const MACHINES: [&str; 6] = ["json", "json-lines", "github", "gitlab", "sarif", "junit"];

fn with_findings() -> Sandbox {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select amout from orders");
    shop.file("rules/b.sql", "select id from orders\nlimit 3");
    shop.file("rules/c.sql", "select id from orders");
    shop
}

#[test]
fn every_format_is_stable_and_says_the_same() {
    let shop = with_findings();
    for format in MACHINES {
        let ran = |threads: &str| {
            let mut command = shop.command();
            command.args(["check", "--output-format", format]).env("RAYON_NUM_THREADS", threads);
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        let one = ran("1");
        assert_eq!(one, ran("4"), "{format}");
        for words in ["P0202", "P0401", "rules/a.sql"] {
            assert!(one.contains(words), "{format} has no {words}:\n{one}");
        }
        assert!(!one.contains('\u{1b}'), "{format}");
    }
    let document = shop.planc(&["check", "--output-format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["summary"]["errors"], 1);
    assert_eq!(document["diagnostics"].as_array().unwrap().len(), 2);
    let full =
        shop.planc(&["check", "--output-format", "full"]).says(1, &["P0202] unknown-column"]);
    assert!(!full.stdout.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn output_goes_to_a_file_and_is_counted() {
    let shop = with_findings();
    let ran = shop.planc(&["check", "--output-format", "sarif", "--output-file", "out.sarif"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(shop.read("out.sarif").contains("\"2.1.0\""));
    shop.planc(&["check", "--statistics"])
        .says(1, &["1  P0202  unknown-column (1 with --fix)", "1  P0401  limit-without-order"]);
    shop.planc(&["check", "--exit-zero"]).says(0, &["1 error and 1 warning"]);
    shop.planc(&["check", "rules/b.sql", "--error-on-warning", "--exit-zero"]).succeeded();
}

#[test]
fn files_folders_and_standard_input_are_checked() {
    let shop = with_findings();
    shop.file("rules/sub/d.sql", "select nope from orders");
    shop.file("other/e.sql", "select alsonope from orders");
    shop.file("notes.txt", "no rule");
    shop.planc(&["check", "rules/sub"]).says(1, &["1 error and 0 warnings in 1 file (1 rule"]);
    shop.planc(&["check", "rules/b.sql", "c"]).says(0, &["(2 rules checked)"]);
    shop.planc(&["check", "other/e.sql"]).says(1, &["other/e.sql:1:8: error[P0202]"]);
    shop.planc(&["check", "other/e.sql", "--force-exclude"]).says(0, &["0 rules checked"]);
    shop.planc(&["check", "notes.txt"]).says(2, &["no rule of this project"]);
    shop.planc(&["check", "rules/zz.sql"]).says(2, &["no rule of this project"]);
    let typed = |args: &[&str], text: &str| {
        let mut child = shop
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    };
    typed(&["check", "-"], "select amnt from orders").says(1, &["stdin.sql:1:8: error[P0202]"]);
    typed(&["check", "-", "--stdin-filename", "rules/a.sql"], "select id from orders")
        .says(0, &["1 rule checked, no findings"]);
}

#[test]
fn ignored_and_excluded_files_are_no_rules() {
    let shop = with_findings();
    shop.file("rules/old/x.sql", "select nope from orders");
    shop.file("rules/gen/y.sql", "select nope from orders");
    shop.file(".gitignore", "gen/\n");
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("[project]\nexclude = ['rules/old/**']\n{config}"));
    let ran = shop.planc(&["check"]).says(1, &["(3 rules checked)"]);
    assert!(!ran.stdout.contains("nope"), "{}", ran.stdout);
}

#[test]
fn levels_hold_by_code_and_by_path() {
    let shop = with_findings();
    let config = shop.read("planc.toml");
    let with = |lint: &str| shop.file("planc.toml", format!("{config}\n{lint}"));
    with("[lint]\nlimit-without-order = 'error'\n");
    shop.planc(&["check", "rules/b.sql"]).says(1, &["error[P0401]"]);
    with("[lint.paths.'rules/b*']\nP0401 = 'allow'\n");
    shop.planc(&["check", "rules/b.sql"]).says(0, &["no findings"]);
    with("[lint.paths.'rules/b*']\nP9401 = 'allow'\n");
    shop.planc(&["check"]).says(2, &["there is no code `P9401`"]);
}

#[test]
fn idle_suppressions_are_reported() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select id from orders limit 1 -- noqa: P0401, P0402\n");
    shop.planc(&["check"]).says(0, &["rules/a.sql:1:47: warning[P0414]"]);
    shop.file("rules/a.sql", "select id from orders -- noqa\n");
    shop.planc(&["check"]).says(0, &["rules/a.sql:1:26: warning[P0414]"]);
    shop.file("rules/a.sql", "select '-- noqa' as x, id from orders\n");
    shop.planc(&["check"]).says(0, &["no findings"]);
}

#[test]
fn fixes_are_shown_then_made_and_then_there_are_none() {
    let shop = Sandbox::shop();
    let before = "-- keep\nselect amout, /* here too */ status\nfrom ordrs -- and here\nwhere status = null\n";
    shop.file("rules/a.sql", before);
    shop.file("rules/b.sql", "select * from customers\n");
    shop.file("rules/c.sql", "select id as x, amount as x from orders\n");
    let grouped =
        "select status, sum(amount) as total -- by 1\nfrom orders group by 1 order by 2 desc, 1\n";
    shop.file("rules/g.sql", grouped);
    let shown = shop.planc(&["check", "--diff"]).says(
        1,
        &[
            "--- a/rules/a.sql",
            "-from ordrs -- and here",
            "+from orders -- and here",
            "+select id, name, country from customers",
        ],
    );
    assert_eq!(shop.read("rules/a.sql"), before, "{}", shown.stdout);
    shop.planc(&["check", "--fix"]).says(0, &["in 4 files", "4 rules checked, no findings"]);
    assert_eq!(
        shop.read("rules/a.sql"),
        "-- keep\nselect amount, /* here too */ status\nfrom orders -- and here\nwhere status IS NULL\n"
    );
    assert_eq!(shop.read("rules/c.sql"), "select id as x, amount as x_2 from orders\n");
    assert_eq!(
        shop.read("rules/g.sql"),
        "select status, sum(amount) as total -- by 1\nfrom orders group by status order by total desc, status\n"
    );
    let again = shop.planc(&["check", "--fix"]).succeeded();
    assert!(!again.stderr.contains("fixed"), "{}", again.stderr);
    shop.planc(&["check", "--diff"]).succeeded();
    // Two names are as near: nobody knows which is meant.
    shop.file("rules/d.sql", "select o.x from (select id as xa, amount as xb from orders) o\n");
    shop.planc(&["check", "d", "--fix"]).says(1, &["P0202"]);
}

#[test]
fn a_baseline_lets_only_new_findings_fail() {
    let shop = with_findings();
    shop.planc(&["check", "--baseline", "base.json", "--write-baseline"]).says(0, &["wrote"]);
    shop.planc(&["check", "--baseline", "base.json"]).says(0, &["2 known", "no findings"]);
    shop.file("rules/a.sql", "\n\nselect amout from orders");
    shop.file("rules/c.sql", "select nope from orders");
    let ran = shop.planc(&["check", "--baseline", "base.json"]).says(1, &["nope"]);
    assert!(!ran.stdout.contains("amout"), "{}", ran.stdout);
    shop.planc(&["check", "--baseline", "none.json"]).says(2, &["cannot be read"]);
}

#[test]
fn what_is_wrong_with_the_project_as_a_whole_is_told() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("[project]\nrules = ['rulse/*.sql']\n{config}"));
    shop.planc(&["check"]).says(0, &["planc.toml:2:10: warning[P0812]"]);
    shop.file("planc.toml", format!("[project]\nrules = []\n{config}"));
    shop.planc(&["check"]).says(0, &["warning[P0812] `rules` is empty"]);
    shop.file("planc.toml", config);
    let to = "-- planc: output = { csv = 'out.csv' }\n";
    shop.file("rules/a.sql", format!("{to}select id from orders"));
    shop.file("rules/b.sql", format!("{to}select id from orders"));
    shop.planc(&["check"]).says(1, &["rules/b.sql:1:20: error[P0813]"]);
    shop.file("rules/b.sql", "-- planc: dialect = 'dukdb'\nselect id from orders");
    shop.planc(&["check"]).says(1, &["rules/b.sql:1:21: error[P0807]", "did you mean `duckdb`"]);
    shop.file("rules/.sql", "select 1 as x");
    shop.planc(&["check"]).says(1, &["rules/.sql: error[P0801]", "rename the file"]);
}

#[test]
fn the_output_is_held_to_its_declared_schema() {
    let shop = Sandbox::shop();
    let rule = |schema: &str| {
        let sql = "select id, amount, status as s from orders\n";
        shop.file("rules/a.sql", format!("-- planc: schema = {schema}\n{sql}"));
        shop.planc(&["check"])
    };
    rule("{ id = 'bigint', amount = 'double', s = 'varchar' }").says(0, &["no findings"]);
    rule("{ id = 'int', amount = 'double', t = 'varchar' }").says(
        1,
        &[
            "rules/a.sql:1:20: error[P0413]",
            "`id` is declared as Int32 and is Int64",
            "no column `t`",
            "a column `s` that is not declared",
        ],
    );
    shop.planc(&["compile"]).says(1, &["P0413"]);
}

#[test]
fn misspelled_options_of_a_run_are_reported() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}\n[params]\nsince = 'date'\n"));
    shop.file("rules/a.sql", "select id from orders where $since is not null");
    shop.planc(&["run", "a", "--param", "sinse=2026-01-01"])
        .says(2, &["no parameter `sinse`", "did you mean `since`?"]);
    shop.planc(&["run", "a", "--param", "since=2026-01-01", "--source", "ordrs=x.csv"])
        .says(2, &["no source `ordrs`", "did you mean `orders`?"]);
}

#[test]
fn what_runs_is_no_error() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select o.id, c.id from orders o join customers c on c.id = o.id");
    shop.file("rules/b.sql", "select array_agg(id order by id, id) as x from orders");
    let ran = shop.planc(&["check"]).says(0, &["rules/a.sql:1:14: warning[P0209]"]);
    assert!(!ran.stdout.contains("error["), "{}", ran.stdout);
}

#[test]
fn a_cycle_is_reported_once_and_at_its_place() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "select x from b");
    shop.file("rules/b.sql", "select x from a");
    let ran = shop.planc(&["check"]).says(1, &["rules/a.sql:1:15: error[P0207]"]);
    assert_eq!(ran.stdout.matches("error[").count(), 1, "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_loops_are_diagnosed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let shop = Sandbox::shop();
    symlink(
        shop.path().join("rules"),
        shop.file("rules/a.sql", "select 1 as x").with_file_name("loop"),
    )
    .unwrap();
    shop.planc(&["check"]).says(1, &["rules/loop: error[P0801]", "leads back"]);
    std::fs::remove_file(shop.path().join("rules/loop")).unwrap();
    symlink("nowhere", shop.path().join("rules/gone.sql")).unwrap();
    shop.planc(&["check"]).says(1, &["error[P0801]"]);
    std::fs::remove_file(shop.path().join("rules/gone.sql")).unwrap();
    let secret = shop.file("rules/secret.sql", "select 1 as x");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read it all the same.
    if std::fs::read(&secret).is_err() {
        shop.planc(&["check"]).says(1, &["rules/secret.sql: error[P0801]"]);
    }
    let large = shop.file("rules/large.sql", "select 1 as x");
    std::fs::OpenOptions::new().write(true).open(large).unwrap().set_len(100 << 20).unwrap();
    shop.planc(&["check", "large"]).says(1, &["rules/large.sql: error[P0107]"]);
}

#[test]
fn places_are_right_behind_marks_and_wide_characters() {
    let shop = Sandbox::shop();
    shop.file("rules/a.sql", "\u{feff}select '日本' as j,\r\n  'é' as e, nope\r\nfrom orders\r\n");
    let ran = shop.planc(&["check", "--output-format", "json-lines"]);
    let line = &ran.json()[0];
    assert_eq!(
        (line["start"]["line"].as_u64(), line["start"]["column"].as_u64()),
        (Some(2), Some(13))
    );
    let text = shop.read("rules/a.sql");
    let offset = |at: &str| line[at]["offset"].as_u64().unwrap() as usize;
    assert_eq!(&text[offset("start")..offset("end")], "nope");
}
