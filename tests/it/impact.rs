//! `planc impact` on a real git repository.

use std::process::Command;

use crate::sandbox::Sandbox;

/// `users` over a source, read by `a` (id and email) and `b` (id); `c` reads `a` (id).
fn repository() -> Sandbox {
    let sandbox = Sandbox::project("[sources.raw_users]\nddl = 'raw.sql'\n");
    sandbox.file(
        "raw.sql",
        "create table raw_users (id bigint not null, email text, name text, active boolean)",
    );
    sandbox.file("rules/users.sql", USERS);
    sandbox.file("rules/a.sql", "select id, email from users");
    sandbox.file("rules/b.sql", "select id from users");
    sandbox.file("rules/c.sql", "select id from a");
    sandbox.file(".gitignore", ".planc\n");
    sandbox.planc(&["lock"]).succeeded();
    git(&sandbox, &["init", "-q", "-b", "main"]);
    commit(&sandbox);
    sandbox
}

const USERS: &str = "select id, lower(email) as email, name from raw_users where active";

fn git(sandbox: &Sandbox, args: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path()).args(["-c", "user.name=t", "-c", "user.email=t@t"]);
    assert!(command.args(args).output().unwrap().status.success(), "git {args:?}");
}

fn commit(sandbox: &Sandbox) {
    git(sandbox, &["add", "-A"]);
    git(sandbox, &["commit", "-qm", "state"]);
}

/// The effects on `users`, `a`, `b` and `c` of what the working tree changes.
fn effects(sandbox: &Sandbox) -> [String; 4] {
    let ran = sandbox.planc(&["impact", "HEAD", "--format", "json"]).succeeded();
    let lines = ran.json();
    ["users", "a", "b", "c"].map(|rule| {
        let line = lines.iter().find(|line| line["rule"] == rule).unwrap();
        let rebuild = ["added", "changed", "rebuild"].contains(&line["effect"].as_str().unwrap());
        assert_eq!(line["rebuild"], rebuild, "{line}");
        line["effect"].as_str().unwrap().to_owned()
    })
}

fn check(users: &str, expected: [&str; 4], says: &[&str]) {
    let sandbox = repository();
    sandbox.file("rules/users.sql", users);
    assert_eq!(effects(&sandbox), expected.map(str::to_owned), "{users}");
    sandbox.planc(&["impact", "HEAD"]).says(0, says);
    let markdown = sandbox.planc(&["impact", "HEAD", "--format", "markdown"]).succeeded();
    assert!(markdown.stdout.starts_with("**planc impact**: 4 rules: "), "{}", markdown.stdout);
    commit(&sandbox);
    sandbox.planc(&["impact", "HEAD~1", "HEAD"]).says(0, says);
    assert_eq!(effects(&sandbox), ["unchanged"; 4].map(str::to_owned));
}

#[test]
fn an_added_column_rebuilds_nothing_downstream() {
    check(
        "select id, lower(email) as email, name, active from raw_users where active",
        ["changed", "unaffected", "unaffected", "unaffected"],
        &["column `active` is new: ", "`users` changed, without effect here"],
    );
}

#[test]
fn a_changed_expression_rebuilds_what_reads_it() {
    check(
        "select id, lower(trim(email)) as email, name from raw_users where active",
        ["changed", "rebuild", "unaffected", "unaffected"],
        &["column `email` was lower(raw_users.email) and is", "through `users`"],
    );
}

#[test]
fn a_dropped_unused_column_rebuilds_nothing_downstream() {
    check(
        "select id, lower(email) as email from raw_users where active",
        ["changed", "unaffected", "unaffected", "unaffected"],
        &["column `name` is gone"],
    );
}

#[test]
fn a_changed_filter_rebuilds_all() {
    check(
        "select id, lower(email) as email, name from raw_users where active and id > 7",
        ["changed", "rebuild", "rebuild", "rebuild"],
        &["predicate `raw_users.id > 7` is new", "through `users`"],
    );
}

#[test]
fn reformatting_rebuilds_nothing() {
    check(
        "-- All of them.\nSELECT u.id, LOWER(u.email) AS email, u.name\nFROM raw_users AS u\nWHERE u.active",
        ["respelled", "unchanged", "unchanged", "unchanged"],
        &["users                            respelled"],
    );
}

#[test]
fn rules_come_go_and_break() {
    let sandbox = repository();
    sandbox.file("rules/d.sql", "select id from b");
    std::fs::remove_file(sandbox.path().join("rules/c.sql")).unwrap();
    sandbox.file("rules/a.sql", "select id, emial from users");
    let ran = sandbox.planc(&["impact", "HEAD"]);
    ran.says(1, &["failed     P0202", "added", "removed", "1 added, 1 removed, 1 failed"]);
    sandbox.planc(&["impact", "no-such-branch"]).says(2, &["P0811", "no-such-branch"]);
    let lonely = Sandbox::shop();
    lonely.planc(&["impact", "main"]).says(2, &["P0811"]);
}

#[test]
fn moving_an_expression_between_rules_is_a_respelling() {
    let sandbox = repository();
    sandbox.file("rules/a.sql", "select id, lower(email) as email from users");
    sandbox.file("rules/users.sql", "select id, email, name from raw_users where active");
    let ran = sandbox.planc(&["impact", "HEAD", "--format", "json"]).succeeded();
    let line = ran.json().into_iter().find(|line| line["rule"] == "a").unwrap();
    assert_eq!(line["effect"], "respelled", "{line}");
    assert_ne!(line["base"]["digest"], line["head"]["digest"]);
    assert_eq!(line["base"]["deep_digest"], line["head"]["deep_digest"]);
}

#[test]
fn volatile_rules_fall_back_to_their_own_digests() {
    let sandbox = repository();
    sandbox.file("rules/b.sql", "select id, random() as r from users");
    sandbox.file("rules/d.sql", "select id from b");
    let lines = sandbox.planc(&["compile", "--json"]).succeeded().json();
    let fallback = |rule: &str| {
        let line = lines.iter().find(|line| line["rule"] == rule).unwrap();
        line["deep_fallback"].as_str().map(str::to_owned)
    };
    assert_eq!(fallback("a"), None);
    assert!(fallback("b").unwrap().contains("`b` calls random()"), "{:?}", fallback("b"));
    assert!(fallback("d").unwrap().contains("`b` calls random()"), "{:?}", fallback("d"));
    commit(&sandbox);
    sandbox.file("rules/users.sql", USERS.replace("where active", "where id > 7"));
    sandbox.planc(&["impact", "HEAD"]).says(0, &["compared by its own plan"]);
    let effects = effects(&sandbox);
    assert_eq!(effects[2], "rebuild");
}

#[test]
fn two_folders_are_compared_without_git() {
    let (base, head) = (repository(), repository());
    head.file("rules/users.sql", USERS.replace("where active", ""));
    let (base, head) = (base.path().display().to_string(), head.path().display().to_string());
    let nowhere = Sandbox::new();
    nowhere.planc(&["impact", &base, &head]).says(0, &["predicate `raw_users.active` is gone"]);
}

#[test]
fn deep_digests_are_cached() {
    let sandbox = repository();
    let deep = || {
        let lines = sandbox.planc(&["compile", "--json"]).succeeded().json();
        let deep = lines.iter().filter(|line| line["rule"].is_string());
        let deep: Vec<String> = deep.map(|line| line["deep_digest"].to_string()).collect();
        (deep, lines.last().unwrap()["summary"]["planned"].as_u64().unwrap())
    };
    let (cold, planned) = deep();
    assert_eq!(planned, 4);
    assert_eq!(deep(), (cold, 0));
    let records = std::fs::read_dir(sandbox.path().join(".planc/cache/dc/trusted")).unwrap();
    assert_eq!(records.count(), 3, "one for each rule that reads a rule");
}

#[test]
fn rules_that_are_too_large_to_inline_say_so() {
    let sandbox = Sandbox::project("[sources.t]\nddl = 't.sql'\n");
    sandbox.file("t.sql", "create table t (id bigint not null, x bigint)");
    sandbox.file("rules/r0.sql", "select id, x from t where x > 3");
    for n in 1..10 {
        // Each reads the one before twice, so what is inlined doubles.
        let upstream = format!("r{}", n - 1);
        let sql = format!(
            "select id + {n} as id, x from {upstream} union all select x, id from {upstream}"
        );
        sandbox.file(&format!("rules/r{n}.sql"), sql);
    }
    sandbox.planc(&["lock"]).succeeded();
    let lines = sandbox.planc(&["compile", "--json"]).succeeded().json();
    let fallback = |n: usize| lines[n]["deep_fallback"].as_str();
    assert_eq!(fallback(2), None);
    assert!(fallback(9).unwrap().contains("relations"), "{}", lines[9]);
    let digests: std::collections::BTreeSet<String> =
        lines.iter().map(|line| line["deep_digest"].to_string()).collect();
    assert_eq!(digests.len(), lines.len(), "ten rules, ten questions, and the summary");
}

#[test]
fn another_output_or_place_of_a_source_is_a_change() {
    let sandbox = repository();
    let output = |output: &str| {
        sandbox.file("rules/a.sql", format!("{output}select id, email from users"));
    };
    output("-- planc: output = { delta = 'out/a' }\n");
    commit(&sandbox);
    output("-- planc: output = { delta = 'out/a', mode = 'append' }\n");
    assert_eq!(effects(&sandbox), ["unchanged", "changed", "unchanged", "rebuild"]);
    sandbox.planc(&["impact", "HEAD"]).says(
        0,
        &["its output was out/a and is out/a, append", "the output of `a` was out/a and is"],
    );
    output("-- planc: output = { delta = 'out/b' }\n");
    assert_eq!(effects(&sandbox), ["unchanged", "changed", "unchanged", "rebuild"]);
    output("");
    let words = ["its output was out/a and is gone"];
    sandbox.planc(&["impact", "HEAD"]).says(0, &words);

    let config = sandbox.read("planc.toml");
    sandbox.file("planc.toml", config.replace("ddl = 'raw.sql'", "csv = 'raw.csv'"));
    output("-- planc: output = { delta = 'out/a' }\n");
    commit(&sandbox);
    sandbox.file("planc.toml", config.replace("ddl = 'raw.sql'", "csv = 'other.csv'"));
    assert_eq!(effects(&sandbox), ["rebuild"; 4]);
    let words = ["the source `raw_users` was raw.csv and is other.csv"];
    sandbox.planc(&["impact", "HEAD"]).says(0, &words);
}
