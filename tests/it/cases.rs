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
            "open.md:9: Large ones: `rows` is now:\nid\n1\nand was:\nid\n9",
            "again: planc test golden/orders/open.md --case \"Large ones\" (--bless accepts it)",
            "the trace `",
            "2 cases in 1 files: ",
        ],
    );
    sandbox.planc(&["test", &file, "--case", "All"]).says(0, &["1 cases in 1 files: all hold"]);
    sandbox.planc(&["test", &file, "--case", "None"]).says(2, &["there is no case `None`"]);
    sandbox.planc(&["test", "--bless"]).says(0, &["open.md: written", ".snap: written"]);
    assert!(sandbox.read("golden/orders/open.md").contains("```rows\nid\n1\n```"));
    sandbox.planc(&["test"]).says(0, &["2 cases in 1 files: all hold"]);
    let wrong = CASES.replace("differ a b", "same a b\nfires no_such_pass");
    sandbox.file("golden/orders/open.md", wrong.replace("9\n```", "1\n```"));
    sandbox.planc(&["test"]).says(1, &["`fires no_such_pass` does not hold", "2 findings"]);
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
    sandbox.planc(&["test"]).says(0, &["2 cases in 1 files: all hold"]);
    sandbox.file("golden/rules.md", case.replace("rule a marts.open", "rule a marts.opn"));
    sandbox.planc(&["test"]).says(1, &["there is no rule `marts.opn`; did you mean `marts.open`?"]);
}
