//! Delta tables in real object stores on loopback.

use std::time::{Duration, Instant};

use crate::sandbox::{Ran, Sandbox};
use crate::servers::{self, Server};

fn planc(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Ran {
    planc_as(sandbox, &server.environment(), args)
}

fn planc_as(sandbox: &Sandbox, environment: &[(&str, String)], args: &[&str]) -> Ran {
    let output = sandbox.command().envs(environment.iter().cloned()).args(args).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn tables_in_s3_are_written_and_read() {
    let Some(server) = servers::s3() else { return };
    let shop = Sandbox::shop();
    let url = server.url("tables/kept");
    shop.file(
        "rules/kept.sql",
        format!(
            "-- planc: output = {{ delta = '{url}', mode = 'merge', key = ['id'] }}\n\
             select id, status from orders"
        ),
    );
    let write = ["run", "kept", "--write"];
    planc(&shop, &server, &write).says(0, &["3 rows written to s3://"]);
    planc(&shop, &server, &write).says(0, &["was committed before"]);
    shop.file("orders.csv", "id,customer_id,amount,status\n3,1,2.0,done\n4,1,2.0,new\n");
    planc(&shop, &server, &write).says(0, &["2 rows written"]);

    let reader = Sandbox::project(&format!("[sources.kept]\ndelta = '{url}'\n"));
    planc(&reader, &server, &["lock"]).succeeded();
    reader.file("rules/all.sql", "select id, status from kept order by id");
    let run = |more: &[&str]| {
        let args = [&["run", "all", "--format", "csv"], more].concat();
        planc(&reader, &server, &args).succeeded().stdout
    };
    let rows = run(&[]);
    assert_eq!(
        rows.lines().collect::<Vec<_>>(),
        ["id,status", "1,open", "2,done", "3,done", "4,new"]
    );
    assert_eq!(run(&["--at", "kept=0"]).lines().last(), Some("3,open"));
    planc(&reader, &server, &["index", "kept", "--columns", "id"]).succeeded();
    let pruned = ["run", "all", "--explain-pruning"];
    planc(&reader, &server, &pruned).says(0, &["kept: ", "after the index"]);
    planc(&shop, &server, &["maintain", "kept", "--optimize", "--checkpoint"]).succeeded();
    assert_eq!(run(&[]), rows);
}

#[test]
fn writers_in_s3_meet_and_all_commit() {
    let Some(server) = servers::s3() else { return };
    let shop = Sandbox::shop();
    let url = server.url("tables/met");
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[params]\nn = 'bigint'\n"));
    shop.file(
        "rules/met.sql",
        format!(
            "-- planc: output = {{ delta = '{url}', mode = 'append' }}\n\
             select $n as n, id from orders"
        ),
    );
    let spawn = |n: u32| {
        let mut command = shop.command();
        command.envs(server.environment());
        command.args(["run", "met", "--write", "--param", &format!("n={n}")]).spawn().unwrap()
    };
    // Two of them are the same run.
    let writers: Vec<_> = [0, 1, 2, 0].into_iter().map(spawn).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let reader = Sandbox::project(&format!("[sources.met]\ndelta = '{url}'\n"));
    planc(&reader, &server, &["lock"]).succeeded();
    reader.file("rules/n.sql", "select count(*) as rows_, count(distinct n) as runs from met");
    let rows = planc(&reader, &server, &["run", "n", "--format", "csv"]).succeeded().stdout;
    assert_eq!(rows.lines().last(), Some("9,3"));
}

#[test]
fn a_store_that_does_not_answer_is_a_diagnostic() {
    let Some(mut server) = servers::s3() else { return };
    let url = server.url("tables/none");
    let project = Sandbox::project(&format!("[sources.t]\ndelta = '{url}'\n"));
    planc(&project, &server, &["lock"]).says(2, &["P0701", "not a Delta table"]);
    server.stop();
    let mut command = project.command();
    command.envs(server.environment()).args(["lock"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("P0701"), "{said}");
}

/// A refusal is said at once and not tried again.
const AT_ONCE: Duration = Duration::from_secs(20);

/// An output in the store, and a project that reads it. With wrong credentials neither works, and
/// both say where and why.
fn refused(url: &str, right: &[(&str, String)], wrong: &[(&str, String)], why: &str) {
    let shop = Sandbox::shop();
    let output = format!("-- planc: output = {{ delta = '{url}', mode = 'append' }}\n");
    shop.file("rules/kept.sql", format!("{output}select id, status from orders"));
    let reader = Sandbox::project(&format!("[sources.kept]\ndelta = '{url}'\n"));
    reader.file("rules/all.sql", "select id, status from kept order by id");
    let write = ["run", "kept", "--write"];
    let read = ["run", "all", "--format", "csv"];
    planc_as(&shop, right, &write).says(0, &["3 rows written"]);
    planc_as(&reader, right, &["lock"]).succeeded();
    let rows = planc_as(&reader, right, &read).succeeded().stdout;
    shop.file("orders.csv", "id,customer_id,amount,status\n9,1,2.0,new\n");
    let clock = Instant::now();
    for (sandbox, args, code) in
        [(&shop, &write[..], 1), (&reader, &read[..], 1), (&reader, &["lock"][..], 2)]
    {
        let ran = planc_as(sandbox, wrong, args);
        ran.says(code, &["P0701", url, "no permission", why]);
    }
    assert!(clock.elapsed() < AT_ONCE, "{:?}", clock.elapsed());
    assert_eq!(planc_as(&reader, right, &read).succeeded().stdout, rows);
    planc_as(&shop, right, &write).says(0, &["1 row written"]);
}

fn with(
    environment: &[(&'static str, String)],
    name: &str,
    value: &str,
) -> Vec<(&'static str, String)> {
    let mut changed = environment.to_vec();
    changed.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, old)| *old = value.to_owned());
    changed
}

#[test]
fn wrong_credentials_for_s3_are_said_at_once() {
    let Some(server) = servers::s3() else { return };
    let right = server.guard();
    let secret = with(&right, "AWS_SECRET_ACCESS_KEY", "wrong");
    refused(&server.url("tables/secret"), &right, &secret, "SignatureDoesNotMatch");
    let unknown = with(&right, "AWS_ACCESS_KEY_ID", "AKIAUNKNOWN");
    refused(&server.url("tables/unknown"), &right, &unknown, "InvalidAccessKeyId");
    server.unguard();
    // Every commit is whole: the refused writes left nothing behind.
    for table in ["secret", "unknown"] {
        assert_eq!(server.list(&format!("tables/{table}/_delta_log/")).len(), 2);
        assert_eq!(server.list(&format!("tables/{table}/")).len(), 4);
    }
}

#[test]
fn wrong_credentials_for_azure_are_said_at_once() {
    let Some(server) = servers::azure() else { return };
    let right = server.environment();
    let mut wrong = right.clone();
    wrong.push(("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmcga2V5".to_owned()));
    refused(&server.url("tables/kept"), &right, &wrong, "Auth");
}

#[test]
fn no_credentials_at_all_are_said_soon() {
    let Some(server) = servers::s3() else { return };
    let url = server.url("tables/kept");
    let project = Sandbox::project(&format!("[sources.kept]\ndelta = '{url}'\n"));
    let environment = server.environment();
    let without = environment.into_iter().filter(|(name, _)| !name.contains("KEY"));
    let mut without: Vec<_> = without.collect();
    // Nothing gives credentials to this machine.
    without.push(("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9".to_owned()));
    let clock = Instant::now();
    let ran = planc_as(&project, &without, &["lock"]);
    ran.says(2, &["P0701", &url, "the environment has no credentials for AWS"]);
    assert!(clock.elapsed() < Duration::from_secs(60), "{:?}", clock.elapsed());
}
