//! Declared constraints: named, kept in the lock, and checked against the data.

use crate::sandbox::Sandbox;

fn shop(declared: &str) -> Sandbox {
    let sandbox = Sandbox::project(&format!(
        "[sources.orders]\ncsv = 'orders.csv'\n{declared}\n[sources.customers]\ncsv = 'customers.csv'\nkey = ['id']\n"
    ));
    sandbox.file("orders.csv", "id,customer_id,amount\n1,1,10\n2,1,20\n2,9,\n");
    sandbox.file("customers.csv", "id,name\n1,Ada\n2,Grace\n");
    sandbox.planc(&["lock"]).succeeded();
    sandbox
}

#[test]
fn an_unknown_column_is_placed_with_the_nearest() {
    let sandbox = shop("unique = ['ammount']");
    sandbox.planc(&["compile"]).says(
        2,
        &["planc.toml:3:11: error[P0810]", "no column `ammount`", "did you mean `amount`?"],
    );
}

#[test]
fn every_declaration_is_checked_against_all_data() {
    let sandbox = shop(
        "key = ['id']\nunique = ['amount']\nnot_null = ['amount']\n\
         references = [{ columns = ['customer_id'], table = 'customers', to = ['id'] }]",
    );
    let ran = sandbox.planc(&["test", "--constraints"]);
    ran.says(
        1,
        &[
            "customers: key (id) holds",
            "orders: unique (amount) holds",
            "`orders` breaks its constraint key (id): id = 2 in 2 rows",
            "`orders` breaks its constraint not_null (amount): amount = NULL in 1 row",
            "`orders` breaks its constraint references (customer_id) to customers (id): customer_id = 9 in 1 row",
            "planc.toml:1:",
            "5 constraints: 2 hold, 3 broken, 0 not checked",
        ],
    );
    let sandbox = shop("key = ['id']\ntrust = true");
    let ran = sandbox.planc(&["test", "--constraints"]);
    ran.says(0, &["orders: key (id) was not checked: trusted", "2 constraints: 1 hold"]);
}

#[test]
fn a_ddl_file_declares_into_the_lock() {
    let sandbox = Sandbox::project("[sources.emp]\nddl = 's.sql'\n[sources.dept]\nddl = 's.sql'\n");
    sandbox.file(
        "s.sql",
        "create table dept (id int primary key);
         create table emp (id int primary key, dept_id int references dept)",
    );
    sandbox.planc(&["lock"]).succeeded();
    let lock = sandbox.read("planc.lock");
    assert!(
        lock.contains("{ columns = [\"dept_id\"], table = \"dept\", to = [\"id\"] },"),
        "{lock}"
    );
    assert!(lock.contains("key = [[\"id\"]]"), "{lock}");
    let ran = sandbox.planc(&["test", "--constraints"]);
    ran.says(0, &["3 not checked", "a DDL file has no data"]);
    sandbox.file("s.sql", "create table dept (id int); create table emp (id int, dept_id int)");
    sandbox.planc(&["lock", "--check"]).says(1, &["P0804"]);
}

#[test]
fn a_run_looks_at_a_sample_of_what_it_may_rely_on() {
    let sandbox = shop("");
    sandbox.file("rules/r.sql", "select id, amount from orders");
    let lines = sandbox.planc(&["compile", "--json"]).succeeded().json();
    let digest = lines[0]["digest"].as_str().unwrap().to_owned();
    assert_eq!(lines[0]["constraints"], serde_json::json!([]));
    sandbox.planc(&["run", &digest]).says(0, &["3 rows"]);
    // No rule compiles to the artifact any more, so nothing is known of what it relied on.
    sandbox.file("rules/r.sql", "select id + 1 as id, amount from orders");
    let config = sandbox.read("planc.toml");
    let declared =
        |what: &str| config.replace("csv = 'orders.csv'", &format!("csv = 'orders.csv'\n{what}"));
    sandbox.file("planc.toml", declared("key = ['id']"));
    let ran = sandbox.planc(&["run", &digest, "--format", "csv"]);
    assert_eq!(ran.stdout, "", "no row is given before the check");
    ran.says(1, &["error[P0711]", "key (id): id = 2 in 2 rows"]);
    sandbox.file("planc.toml", declared("key = ['id']\ntrust = true"));
    sandbox.planc(&["run", &digest]).says(0, &["3 rows"]);
}

#[test]
fn a_rule_names_what_it_relies_on_and_its_run_samples_it() {
    let sandbox = shop("not_null = ['amount']");
    sandbox.file("rules/r.sql", "select id from orders where amount is not null");
    sandbox.file("rules/s.sql", "select id + 1 as next from r");
    let relies = "orders: not_null (amount)";
    sandbox.planc(&["compile"]).says(0, &[&format!("    relies on {relies}")]);
    let lines = sandbox.planc(&["compile", "--json"]).succeeded().json();
    assert_eq!(lines[0]["constraints"], serde_json::json!([relies]), "cached, it still says so");
    // The second rule inlines the first, and so relies on it too.
    for rule in ["r", "s"] {
        let ran = sandbox.planc(&["run", rule]);
        ran.says(1, &["error[P0711]", "not_null (amount): amount = NULL in 1 row"]);
    }
    let note = "which no run checks (trust = true)";
    let config = sandbox.read("planc.toml").replace("['amount']", "['amount']\ntrust = true");
    sandbox.file("planc.toml", config);
    sandbox.planc(&["compile"]).says(0, &[note]);
    sandbox.planc(&["run", "s"]).says(0, &[note, "3 rows"]);
    sandbox.file("orders.csv", "id,customer_id,amount\n1,1,10\n");
    let config = sandbox.read("planc.toml").replace("\ntrust = true", "");
    sandbox.file("planc.toml", config);
    sandbox.planc(&["run", "s"]).says(0, &["1 row"]);
}
