//! `planc test` on a project's golden cases.

use crate::sandbox::Sandbox;

const CASES: &str = "# open_orders

```table orders
id: Int64 | amount: Int64
1 | 5
2 | null
```

## Large ones

```sql a
select id from orders where amount > 3
```
```sql b
select id from orders where amount > 4
```
```assert
differ a b
trace a
```
```rows
id
9
```

## All

```sql a
select * from orders
```
```rows
id | amount
1 | 5
2 | null
```
";

#[test]
fn cases_run_are_blessed_and_run_again() {
    let sandbox = Sandbox::shop();
    let nothing = sandbox.planc(&["test"]);
    nothing.says(2, &["no golden cases"]);
    sandbox.file("golden/orders/open.md", CASES);
    let ran = sandbox.planc(&["test"]);
    let file = sandbox.path().join("golden/orders/open.md").display().to_string();
    ran.says(
        1,
        &[
            "open.md:21: Large ones: `rows` is now:\nid\n1\nand was:\nid\n9",
            "again: planc test golden/orders/open.md --case \"Large ones\" (--bless accepts it)",
            "the trace `",
            "2 cases in 1 file: ",
        ],
    );
    sandbox.planc(&["test", &file, "--case", "All"]).says(0, &["1 case in 1 file: all hold"]);
    sandbox.planc(&["test", &file, "--case", "None"]).says(2, &["there is no case `None`"]);
    sandbox.planc(&["test", "--bless"]).says(0, &["open.md: written", ".snap: written"]);
    assert!(sandbox.read("golden/orders/open.md").contains("```rows\nid\n1\n```"));
    sandbox.planc(&["test"]).says(0, &["2 cases in 1 file: all hold"]);
    let wrong = CASES.replace("differ a b", "same a b\nfires no_such_pass");
    sandbox.file("golden/orders/open.md", wrong.replace("9\n```", "1\n```"));
    sandbox.planc(&["test"]).says(
        1,
        &[
            "open.md:18: Large ones: `same a b`: it does not hold, `-` is `a` and `+` is `b`:",
            "+",
            "open.md:19: Large ones: `fires no_such_pass`: there is no pass `no_such_pass`",
            "2 findings",
        ],
    );
}

#[test]
fn a_case_must_keep_its_own_constraints() {
    let sandbox = Sandbox::shop();
    let settings = "```toml\n[sources.orders]\nnot_null = [\"amount\"]\n```\n\n## Large";
    let path = sandbox.file("c.md", CASES.replace("## Large", settings));
    let ran = sandbox.planc(&["test", path.to_str().unwrap()]);
    ran.says(1, &["breaks its constraint not_null (amount)"]);
}

#[test]
fn a_case_may_test_a_rule_of_the_project() {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/marts/open.sql", "select id from staged.all where amount > $least");
    sandbox.file("rules/staged/all.sql", "-- planc: dialect = \"duckdb\"\nselect * from orders");
    let case = "# rules

```table orders
id: Int64 | amount: Int64
1 | 5
```
```table staged.all
id: Int64 | amount: Int64
2 | 7
```

## Staged

```rule a staged.all
```
```rows
id | amount
1 | 5
```

## Open, with a parameter

```toml
[params]
least = \"bigint\"
```
```rule a marts.open
```
```sql b
select x.id from staged.all x where x.amount > $least
```
```assert
same a b
```
";
    sandbox.file("golden/rules.md", case);
    sandbox.planc(&["test"]).says(0, &["2 cases in 1 file: all hold"]);
    sandbox.file("golden/rules.md", case.replace("rule a marts.open", "rule a marts.opn"));
    sandbox.planc(&["test"]).says(1, &["there is no rule `marts.opn`; did you mean `marts.open`?"]);
}

#[test]
fn a_query_with_errors_fails_its_case_and_keeps_its_rows() {
    let sandbox = Sandbox::shop();
    sandbox.file("rules/r.sql", "select amount from orders");
    let case = "# broken

```table orders
id: Int64 not null | status: Utf8
1 | open
```

## Column

```sql a
select idd from orders
```
```rows
id
1
```

## No outputs

```sql a
select idd from orders
```

## Rule

```rule a r
```

## Shown

```sql a
select idd from orders
```
```diagnostics
1:8 P0202 no table in scope has a column `idd`; did you mean `id`?
```
";
    let path = sandbox.file("golden/broken.md", case);
    let words = [
        "broken.md:8: Column: `a` has errors:\n1:8 P0202 no table in scope has a column `idd`",
        "broken.md:18: No outputs: `a` has errors:",
        "broken.md:24: Rule: `a` has errors:",
    ];
    sandbox.planc(&["test"]).says(1, &words);
    sandbox.planc(&["test", "--bless"]).says(1, &words);
    assert!(std::fs::read_to_string(&path).unwrap().contains("```rows\nid\n1\n```"));
    sandbox.planc(&["test", "golden/broken.md", "--case", "Shown"]).succeeded();
}

#[test]
fn a_block_that_is_none_does_not_hide_the_others() {
    let sandbox = Sandbox::shop();
    let file = CASES.replace("id\n9\n", "id\n1\n").replace("trace a\n", "");
    let file = file.replace(
        "## All",
        "## Wrong\n\n```sqll a\nselect 1\n```\n```sql a\nselect 1 as x\n```\n\
         ```assert\nsame a c\nfrobnicate a\nquiet no_such_pass\n```\n\n## All",
    );
    sandbox.file("golden/open.md", &file);
    sandbox.planc(&["test"]).says(
        1,
        &[
            "open.md:27: Wrong: there is no block `sqll`; did you mean `sql`?",
            "open.md:34: Wrong: `same a c`: there is no query `c`",
            "open.md:35: Wrong: `frobnicate a`: there is no assertion `frobnicate`",
            "open.md:36: Wrong: `quiet no_such_pass`: there is no pass",
            "3 cases in 1 file: 4 findings",
        ],
    );
    sandbox.planc(&["test", "golden/open.md", "--case", "All"]).says(0, &["all hold"]);
    sandbox.file("golden/open.md", format!("{file}```rows\n"));
    sandbox.planc(&["test"]).says(1, &["All: the block `rows` is not closed"]);
}
