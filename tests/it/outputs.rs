//! Outputs of rules: what `planc check` finds before a row is there, and files that other rules
//! read.

use crate::sandbox::Sandbox;

/// A rule with this output.
fn rule(shop: &Sandbox, name: &str, output: &str, sql: &str) {
    let text = format!("-- planc: output = {{ {output} }}\n{sql}\n");
    shop.file(&format!("rules/{name}.sql"), text);
}

#[test]
fn a_named_file_is_checked_with_its_output() {
    let shop = Sandbox::shop();
    for (output, sql, words) in [
        ("delta = 'y', mode = 'merge'", "select 1 as a", "P0807] the mode `merge` needs `key`"),
        ("delta = 'y', replace_where = 'a > 1'", "select 1 as a", "P0807] `replace_where` is for"),
        ("delta = 'y', target_file_size = '12Q'", "select 1 as a", "P0807] `target_file_size`"),
        ("delta = 'y', csv = 'z'", "select 1 as a", "P0807] an output has exactly one"),
        ("csv = 'orders.csv'", "select 1 as a", "P0705] `orders.csv` is the source `orders`"),
        (
            "delta = 'y', partition_by = ['a']",
            "select 1 as a",
            "P0807] `y`: partition_by names every",
        ),
        (
            "delta = 'y', mode = 'merge', key = ['a']",
            "select 1.5e0 as a",
            "P0714] `y`: `a` is Float64",
        ),
        ("delta = 'y'", "select null as a", "P0705] `y`: the column `a` is Null"),
        ("delta = 'y'", "select 1 as a, 2 as \"A\"", "P0705] `y`: a Delta table cannot hold both"),
    ] {
        rule(&shop, "low", output, sql);
        for args in [&["check", "rules/low.sql"][..], &["check"], &["check", "low"]] {
            shop.planc(args).says(1, &["rules/low.sql:1:20: error[", words]);
        }
    }
    rule(&shop, "low", "delta = 'y', mode = 'append', key = ['a']", "select 1 as a");
    rule(&shop, "lower", "delta = 'y'", "select 1 as a");
    shop.planc(&["check", "rules/low.sql"])
        .says(1, &["P0813", "`rules/lower.sql` writes the same"]);
    let mut check = shop.command();
    check.args(["check", "-", "--stdin-filename", "rules/low.sql"]);
    let text = "-- planc: output = { delta = 'y', mode = 'merge' }\nselect 1 as a";
    let (said, code) = given(check, text);
    assert!(code == 1 && said.contains("rules/low.sql:1:20: error[P0807]"), "{said}");
    // A run finds the same, at the same place.
    shop.file("rules/low.sql", text);
    std::fs::remove_file(shop.path().join("rules/lower.sql")).unwrap();
    shop.planc(&["run", "low", "--write"]).says(1, &["rules/low.sql:1:20: error[P0807]"]);
    shop.planc(&["compile"]).says(1, &["rules/low.sql:1:20: error[P0807]", "1 rule: "]);
}

/// What a command says when this is its standard input, and its exit code.
fn given(mut command: std::process::Command, input: &str) -> (String, i32) {
    use std::io::Write;
    use std::process::Stdio;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said, output.status.code().unwrap())
}

#[test]
fn the_condition_of_a_replace_is_checked_like_a_query() {
    let shop = Sandbox::shop();
    let config = shop.read("planc.toml");
    shop.file("planc.toml", format!("{config}[params]\nsince = 'bigint'\n"));
    for (condition, words) in [
        ("statu = 'x'", "P0202] `y`: replace_where `statu = 'x'`: the rows have no column `statu`"),
        ("id >>> 2", "P0101] `y`: replace_where `id >>> 2`"),
        ("id > $sinc", "P0806] replace_where: the project declares no parameter `sinc`"),
        ("id + 1", "P0705] `y`: replace_where `id + 1`: it is Int64, and no condition"),
        ("id > random()", "P0705] `y`: replace_where `id > random()`"),
    ] {
        let output =
            format!("delta = 'y', mode = 'replace-where', replace_where = \"{condition}\"");
        rule(&shop, "r", &output, "select id, status from orders");
        shop.planc(&["check"]).says(1, &["rules/r.sql:1:20: error[", words]);
        shop.planc(&["run", "r", "--write", "--param", "since=1"]).says(1, &[words]);
    }
    let output = "delta = 'y', mode = 'replace-where', replace_where = 'id > $since'";
    rule(&shop, "r", output, "select id, status from orders");
    shop.planc(&["check"]).says(0, &["no findings"]);
    shop.planc(&["run", "r", "--write", "--param", "since=0"]).succeeded();
}

#[test]
fn a_csv_output_reads_back_as_it_was_written() {
    let shop = Sandbox::shop();
    let sql = "select id, case id when 1 then '' when 2 then 'a \"b\",\nc' end as name,
        lpad(cast(id as varchar), 5, '0') as code, cast(id as decimal(12, 2)) as amount,
        timestamp '2026-01-02 03:04:05.5' as at, case id when 1 then X'' when 2 then X'00ff' end as blob,
        case id when 3 then null else make_array(id, null) end as list,
        named_struct('a', id, 'b', 'x') as st, true as flag, date '2026-01-02' as day
        from orders";
    rule(&shop, "names", "csv = 'out/names.csv'", sql);
    shop.file("rules/all.sql", "select * from names order by id");
    let counts = "select count(*) as n, count(name) as named,
        count(*) filter (where name = '') as empty, count(blob) as blobs, min(code) as code
        from names";
    shop.file("rules/counts.sql", counts);
    shop.planc(&["check"]).succeeded();
    shop.planc(&["run", "names", "--write"]).succeeded();
    let read = |rule: &str| shop.planc(&["run", rule, "--format", "json"]).succeeded().stdout;
    let from_file = [read("all"), read("counts")];
    shop.file("rules/names.sql", sql);
    assert_eq!(from_file, [read("all"), read("counts")]);
    assert!(
        from_file[1].contains("\"n\":3,\"named\":2,\"empty\":1,\"blobs\":2,\"code\":\"00001\"")
    );
    // One column, of which some are NULL.
    rule(&shop, "one", "csv = 'out/one.csv'", "select nullif(id, 2) as x from orders");
    shop.file("rules/of_one.sql", "select count(*) as n, count(x) as m from one");
    shop.planc(&["run", "one", "--write"]).succeeded();
    assert_eq!(read("of_one"), "{\"n\":3,\"m\":2}\n");
}

#[test]
fn empty_text_and_null_of_a_csv_source_differ() {
    let shop = Sandbox::shop();
    shop.file("customers.csv", "id,name,country\n1,\"\",UK\n2,,US\n3,\"Edsger\",NL\n");
    let sql = "select count(name) as n, count(*) filter (where name = '') as e from customers";
    shop.file("rules/c.sql", sql);
    let ran = shop.planc(&["run", "c", "--format", "csv"]).succeeded();
    assert_eq!(ran.stdout, "n,e\n2,1\n");
    shop.file("rules/b.sql", "select X'' as a, cast(null as bytea) as b");
    let ran = shop.planc(&["run", "b", "--format", "csv"]).succeeded();
    assert_eq!(ran.stdout, "a,b\n\"\",\n");
    shop.file("customers.csv", "id,name,country\n1,Ada,UK\n2,Grace\n");
    shop.planc(&["run", "c"]).says(1, &["Expected 3 records, found 2 records at line 3"]);
}

#[test]
fn a_stale_file_of_an_upstream_rule_is_refused() {
    for (format, other) in [("parquet", "csv"), ("csv", "parquet")] {
        let shop = Sandbox::shop();
        let output = format!("{format} = 'out/p.{format}'");
        rule(&shop, "p", &output, "select id from orders");
        shop.file("rules/use.sql", "select sum(id) as s from p");
        shop.planc(&["run", "use"]).says(1, &["P0701", "planc run p --write"]);
        shop.planc(&["run", "p", "--write"]).succeeded();
        shop.planc(&["run", "use"]).succeeded();
        assert!(shop.read(&format!("out/p.{format}.planc")).contains("\"rule\":\"p\""));
        rule(&shop, "p", &output, "select id + 1 as id from orders");
        shop.planc(&["run", "use"]).says(1, &["P0710", "was written by", "planc run p --write"]);
        shop.planc(&["run", "p", "--write"]).succeeded();
        shop.planc(&["run", "use"]).succeeded();
        // Somebody else's file at the same place.
        let file = format!("out/p.{format}");
        shop.planc(&["run", "p", "--output", "elsewhere", "--format", other]).succeeded();
        std::fs::copy(shop.path().join("elsewhere"), shop.path().join(&file)).unwrap();
        let ran = shop.planc(&["run", "use"]);
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        std::fs::remove_file(shop.path().join(format!("{file}.planc"))).unwrap();
        shop.planc(&["run", "p", "--output", &file, "--format", format]).succeeded();
        shop.planc(&["run", "use"])
            .says(1, &["P0710", "was not written by planc, or changed since"]);
    }
}

#[test]
fn the_full_report_counts_columns_in_characters() {
    let shop = Sandbox::shop();
    shop.file("rules/u.sql", "select 'äöü' as x, idd from orders");
    let full = shop.planc(&["check", "--output-format", "full"]).says(1, &["rules/u.sql:1:20]"]);
    assert!(full.stdout.contains("error[P0202] unknown-column"), "{}", full.stdout);
}
