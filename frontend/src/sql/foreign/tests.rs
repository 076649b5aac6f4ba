//! What differs between a dialect and DataFusion is written out, refused or reported.

use crate::sql::testing::planned_as;

fn plan(dialect: &str, sql: &str) -> String {
    let planned = planned_as(sql, dialect);
    assert!(planned.diagnostics.is_empty(), "{dialect} {sql}: {:?}", planned.diagnostics);
    planned.plan.unwrap().logical.display_indent().to_string()
}

fn codes(dialect: &str, sql: &str) -> Vec<&'static str> {
    planned_as(sql, dialect).diagnostics.iter().map(|finding| finding.code.id).collect()
}

#[test]
fn silent_sorts_get_the_null_order_of_their_dialect() {
    for (dialect, sort, written) in [
        ("duckdb", "status", "ASC NULLS LAST"),
        ("duckdb", "status desc", "DESC NULLS LAST"),
        ("duckdb", "status desc nulls first", "DESC NULLS FIRST"),
        ("spark", "status", "ASC NULLS FIRST"),
        ("spark", "status desc", "DESC NULLS LAST"),
        ("mysql", "status", "ASC NULLS FIRST"),
        ("postgresql", "status", "ASC NULLS LAST"),
        ("postgresql", "status desc", "DESC NULLS FIRST"),
    ] {
        let whole = plan(dialect, &format!("select status from orders order by {sort}"));
        assert!(whole.contains(written), "{dialect} {sort}: {whole}");
        let sql = format!("select id, row_number() over (order by {sort}) as r from orders");
        let window = plan(dialect, &sql);
        assert!(window.contains(written), "{dialect} {sort}: {window}");
        let sql =
            format!("select id, rank() over w as r from orders window w as (order by {sort})");
        let named = plan(dialect, &sql);
        assert!(named.contains(written), "{dialect} {sort}: {named}");
    }
}

#[test]
fn quotients_of_exact_numbers_are_refused_where_they_differ() {
    for (dialect, expected) in
        [("duckdb", &["P0109"][..]), ("spark", &["P0109"]), ("postgresql", &[]), ("trino", &[])]
    {
        assert_eq!(codes(dialect, "select id / 2 as half from orders"), expected, "{dialect}");
        assert!(codes(dialect, "select amount / 2 as half from orders").is_empty(), "{dialect}");
    }
    let in_subquery =
        "select id from orders where exists (select 1 from customers c where c.id / 2 = 1)";
    assert_eq!(codes("duckdb", in_subquery), ["P0109"]);
}

#[test]
fn functions_of_one_name_are_compared() {
    assert_eq!(
        codes("spark", "select date_format(placed_on, 'yyyy-MM') as m from orders"),
        ["P0109"]
    );
    assert_eq!(
        codes("postgresql", "select to_char(placed_on, 'YYYY-MM') as m from orders"),
        ["P0109"]
    );
    assert_eq!(codes("spark", "select concat(name, country) as n from customers"), ["P0109"]);
    assert_eq!(codes("duckdb", "select substr(name, -2) as n from customers"), ["P0109"]);
    assert_eq!(codes("duckdb", "select md5(name) as n from customers"), ["P0110"]);
    plan("duckdb", "select upper(name) as n, substr(name, 2) as s from customers");
    plan("spark", "select country, count(*) as n, max(id) as m from customers group by country");
}

#[test]
fn what_datafusion_says_in_other_words_is_rewritten() {
    for (dialect, sql, written) in [
        ("snowflake", "iff(amount > 1, 'a', 'b')", "CASE WHEN"),
        ("bigquery", "if(amount > 1, 'a', 'b')", "CASE WHEN"),
        ("spark", "if(amount > 1, 'a', 'b')", "CASE WHEN"),
        ("mysql", "if(amount > 1, 'a', 'b')", "CASE WHEN"),
        ("tsql", "iif(amount > 1, 'a', 'b')", "CASE WHEN"),
        ("tsql", "isnull(status, 'x')", "coalesce(orders.status"),
        ("tsql", "len(status)", "character_length(rtrim(orders.status))"),
        ("spark", "year(placed_on)", "date_part(Utf8(\"YEAR\")"),
        (
            "bigquery",
            "extract(dayofweek from placed_on)",
            "Utf8(\"DOW\"), orders.placed_on) + Int64(1)",
        ),
        ("spark", "dayofweek(placed_on)", "Utf8(\"DOW\"), orders.placed_on) + Int64(1)"),
        ("duckdb", "dayofweek(placed_on)", "Utf8(\"DOW\"), orders.placed_on) AS x"),
        ("trino", "extract(dow from placed_on)", "Utf8(\"ISODOW\")"),
        ("bigquery", "extract(isoweek from placed_on)", "Utf8(\"WEEK\")"),
        ("postgresql", "status similar to '%o%'", "~ Utf8(\"\\A(?:(?s).*o.*)\\z\")"),
        ("duckdb", "status similar to 'o.*'", "~ Utf8(\"\\A(?:o.*)\\z\")"),
        ("duckdb", "status not similar to 'o'", "!~ Utf8(\"\\A(?:o)\\z\")"),
        ("snowflake", "dateadd(week, -2, placed_on)", "days: -14"),
        ("snowflake", "dateadd(quarter, 1, placed_on)", "months: 3"),
        ("spark", "date_add(placed_on, 3)", "days: 3"),
        ("snowflake", "datediff(day, placed_on, placed_on)", " - CAST("),
    ] {
        let whole = plan(dialect, &format!("select {sql} as x from orders"));
        assert!(whole.contains(written), "{dialect} {sql}: {whole}");
    }
    let counted = plan("bigquery", "select countif(amount > 1) as n from orders");
    assert!(counted.contains("count(*) FILTER (WHERE"), "{counted}");
    let planned = planned_as("select regexp_like(status, 'o') as x from orders", "snowflake");
    let text = planned.plan.unwrap().logical.display_indent().to_string();
    assert!(text.contains("Utf8(\"\\A(?:o)\\z\")"), "{text}");
}

#[test]
fn what_has_no_other_words_is_refused() {
    for (dialect, sql) in [
        ("duckdb", "regexp_full_match(status, 'o')"),
        ("duckdb", "len([1, 2])"),
        ("duckdb", "cast(amount as int)"),
        ("postgresql", "amount::int"),
        ("postgresql", "round(amount)"),
        ("postgresql", "status similar to '[ab]'"),
        ("postgresql", "status similar to country"),
        ("postgresql", "cast(status as varchar(3))"),
        ("snowflake", "regexp_like(status, country)"),
        ("mysql", "status regexp 'o'"),
        ("bigquery", "extract(week from placed_on)"),
        ("sqlite", "id / 2"),
        ("presto", "id / 2"),
    ] {
        let sql =
            format!("select {sql} as x from (select o.*, c.country from orders o, customers c) t");
        let found = codes(dialect, &sql);
        assert!(found.contains(&"P0109"), "{dialect} {sql}: {found:?}");
    }
    for (dialect, sql) in [
        ("duckdb", "cast(trunc(amount) as int)"),
        ("spark", "cast(amount as int)"),
        ("duckdb", "round(amount)"),
        ("duckdb", "cast(status as varchar(3))"),
        ("duckdb", "len(status)"),
    ] {
        let found = codes(dialect, &format!("select {sql} as x from orders"));
        assert!(!found.contains(&"P0109"), "{dialect} {sql}: {found:?}");
    }
    let mean = "select avg(cast(id as decimal(12, 2))) as a from orders";
    assert_eq!(codes("duckdb", mean), ["P0110"]);
    assert!(codes("spark", mean).is_empty());
}
