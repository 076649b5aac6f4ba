//! Delta tables in a real S3 store on loopback.

use crate::sandbox::{Ran, Sandbox};
use crate::servers::{self, Server};

fn planc(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Ran {
    let output = sandbox.command().envs(server.environment()).args(args).output().unwrap();
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
