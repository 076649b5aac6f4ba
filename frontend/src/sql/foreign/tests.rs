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
