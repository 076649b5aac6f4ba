//! Spellings of one expression, and expressions that only look alike.

use crate::tests::{canonical, check_same, context};

/// Conditions on table `a` that keep the same rows.
async fn same_filter(conditions: &[&str]) {
    same_in("a", conditions).await;
}

async fn same_in(table: &str, conditions: &[&str]) {
    let queries: Vec<String> =
        conditions.iter().map(|c| format!("select * from {table} where {c}")).collect();
    check_same(&queries.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// Values over table `a` that are the same in every row.
async fn same_value(table: &str, values: &[&str]) {
    let queries: Vec<String> =
        values.iter().map(|value| format!("select {value} as c from {table}")).collect();
    check_same(&queries.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

async fn check_differ(queries: &[&str]) {
    let ctx = context();
    let mut plans: Vec<(&str, String)> = Vec::new();
    for sql in queries {
        check_same(&[sql]).await;
        let plan = canonical(&ctx, sql).await.logical.display_indent().to_string();
        for (other, known) in &plans {
            assert_ne!(*known, plan, "{other} and {sql}");
        }
        plans.push((sql, plan));
    }
}

#[tokio::test]
async fn chains() {
    same_filter(&["x > 5 and id = 1", "id = 1 and x > 5", "1 = id and (x > 5 and (x > 5))"]).await;
    same_filter(&["not (x > 5 or id = 1)", "x <= 5 and id <> 1", "not (not (id <> 1 and x <= 5))"])
        .await;
    same_filter(&["id = 1 or (id = 1 and x > 5)", "id = 1", "id = 1 and (x > 5 or id = 1)"]).await;
    same_filter(&["(id = 1 and s = 'a') or (id = 1 and x > 5)", "id = 1 and (x > 5 or s = 'a')"])
        .await;
    same_filter(&[
        "s = 'b' or (id = 1 and s = 'a') or (x > 5 and id = 1)",
        "(id = 1 and (x > 5 or s = 'a')) or s = 'b'",
    ])
    .await;
    same_filter(&["x > 5 and not (x > 5)", "false", "x > 7 and x < 3", "x = null"]).await;
    same_filter(&["x > 5 or x <= 5", "x is not null", "x = x", "not (x is null)"]).await;
    same_filter(&["true or x > 5", "true", "x is null or x is not null"]).await;
    same_value("a", &["x > 5 and id > 1", "id > 1 and 5 < x", "not (x <= 5 or id <= 1)"]).await;
}

#[tokio::test]
async fn ranges() {
    same_filter(&["x > 5 and x > 7", "x > 7", "x >= 8", "7 < x and x is not null"]).await;
    same_filter(&["x between 5 and 30", "x >= 5 and x <= 30", "x > 4 and not (x > 30)"]).await;
    same_filter(&["x not between 5 and 30", "x < 5 or x > 30", "not (x between 5 and 30)"]).await;
    same_filter(&["x in (10, 30)", "x = 30 or x = 10", "x in (30, 10, 30)", "x = any([10, 30])"])
        .await;
    same_filter(&["x in (1, 5, 10, 30, 70)", "x = 30 or x in (5, 1) or x in (70, 10)"]).await;
    same_filter(&["x not in (10, 30)", "x <> 10 and 30 <> x", "not (x = 10 or x = 30)"]).await;
    same_filter(&["x in (10, 30) and x in (30, 40)", "x = 30", "x in (30)"]).await;
    same_filter(&["x = 10 and x <> 5", "x = 10", "x = 10 and x > 3"]).await;
    same_filter(&["x in (10, null)", "x = 10 or x = null", "x = 10"]).await;
    same_filter(&["x not in (10, null)", "false"]).await;
    same_filter(&["x > 7 and (x > 5 or id = 1)", "x > 7"]).await;
    same_filter(&["x > 7 and (x < 5 or id = 1)", "x > 7 and id = 1"]).await;
    same_in(
        "v",
        &[
            "extract(year from t) = 2024",
            "t >= '2024-01-01' and t < '2025-01-01'",
            "t between date '2024-01-01' and date '2024-12-31'",
        ],
    )
    .await;
    same_in("v", &["cast(i as bigint) > 5", "i > 5", "i >= 6"]).await;
    check_differ(&[
        "select * from v where f > 1.0",
        "select * from v where f > 1.0 and f > 2.0",
        "select * from v where d = 5.00",
        "select * from v where cast(d as int) = 5",
        "select * from v where cast(d as decimal(10, 0)) = 5",
        "select * from v where f > 2.0 and f < 1.0",
        "select * from v where f = 0.0",
        "select * from v where f = -0.0",
        "select * from v where f <= 1.0",
    ])
    .await;
}

#[tokio::test]
async fn nulls() {
    same_filter(&[
        "(x > 5) is true",
        "x > 5",
        "coalesce(x > 5, false)",
        "(x > 5) is not distinct from true",
    ])
    .await;
    same_filter(&["(x > 5) is not true", "x <= 5 or x is null", "coalesce(x <= 5, true)"]).await;
    same_filter(&["(x > 5) is false", "not (x > 5)", "x <= 5"]).await;
    same_filter(&[
        "(x > 5) is unknown",
        "x is null",
        "(x + 1) is null",
        "cast(x as varchar) is null",
    ])
    .await;
    same_filter(&[
        "(x + id) is null",
        "x is null or id is null",
        "not (x is not null and id is not null)",
    ])
    .await;
    same_filter(&["x is not distinct from id", "x = id or (x is null and id is null)"]).await;
    same_filter(&["x is not distinct from 10", "x = 10"]).await;
    same_filter(&["x is distinct from 10", "x <> 10 or x is null"]).await;
    same_filter(&["x is not distinct from null", "x is null"]).await;
    same_filter(&["x is null or (x is not null and id = 1)", "x is null or id = 1"]).await;
    same_filter(&["x is null and x > 5", "false"]).await;
    same_filter(&["x is not null or x > 5", "x is not null"]).await;
    same_filter(&["coalesce(x, 0) = 0", "x = 0 or x is null"]).await;
    same_filter(&["coalesce(x, id) is null", "x is null and id is null"]).await;
    same_in("v", &["n is not null", "true", "n = n"]).await;
    same_value("a", &["(x > 5) is true", "x > 5 and x is not null"]).await;
    same_value("a", &["x is not null and x > 5", "(x > 5) is not distinct from true"]).await;
    same_value("v", &["p is true", "p and p is not null"]).await;
    check_differ(&[
        "select x > 5 as c from a",
        "select (x > 5) is true as c from a",
        "select x > 5 and x is null as c from a",
        "select false as c from a",
        "select x = x as c from a",
        "select x is not null as c from a",
        "select x > 7 and x < 3 as c from a",
    ])
    .await;
}

#[tokio::test]
async fn cases() {
    same_value(
        "a",
        &[
            "coalesce(x, 0)",
            "case when x is null then 0 else x end",
            "case when x is not null then x else 0 end",
            "nvl(x, 0)",
            "ifnull(x, 0)",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "nullif(x, 10)",
            "case when x = 10 then null else x end",
            "case x when 10 then null else x end",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "case x when 10 then 1 when 30 then 2 end",
            "case when x = 10 then 1 when x = 30 then 2 else null end",
            "case when x = 10 then 1 else case when 30 = x then 2 end end",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "case when x > 5 then id else id end",
            "id",
            "case when false then x else id end",
            "case when x = 5 then id when x > 5 then id else id end",
            "coalesce(id)",
            "coalesce(null, id)",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "case when x > 5 then 1 when id = 1 then 1 else 2 end",
            "case when x > 5 or id = 1 then 1 else 2 end",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "case when x is not null then x end",
            "x",
            "case when x is null then null else x end",
            "case when x = 10 then 10 else x end",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "case when x > 5 then case when x > 3 then 1 else 2 end else 3 end",
            "case when x > 5 then 1 else 3 end",
            "case when x > 5 then 1 when x > 7 then 2 else 3 end",
        ],
    )
    .await;
    same_value(
        "a",
        &[
            "coalesce(x, coalesce(id, 0))",
            "coalesce(x, id, 0)",
            "coalesce(x, id, 0, 7)",
            "coalesce(x, null, id, 0)",
        ],
    )
    .await;
    same_filter(&["case when x > 5 then true else false end", "x > 5"]).await;
    same_filter(&["case when x = 10 then null else 1 end is null or case when x = 30 then null else 1 end is null",
        "x = 10 or x = 30", "case when x = 10 then true when x = 30 then true else false end"]).await;
    same_filter(&["case when x > 5 then 1 else 0 end = 1", "x > 5"]).await;
    same_filter(&["case when x > 5 then 1 else 0 end = 0", "x <= 5 or x is null"]).await;
    check_differ(&[
        "select case when x > 5 then 1 else 2 end as c from a",
        "select case when x <= 5 then 2 else 1 end as c from a",
        "select nullif(x, id) as c from a",
        "select case when x <> id then x end as c from a",
    ])
    .await;
}

#[tokio::test]
async fn arithmetic() {
    same_value("a", &["x + id", "id + x", "x + id + 0", "id * 1 + x"]).await;
    same_value("a", &["x + id + 3", "1 + id + (x + 2)", "x - (-id) - (-3)", "5 + x - 2 + id"])
        .await;
    same_value("a", &["2 * (x + id)", "x * 2 + id + id", "(id + x) + (x + id)"]).await;
    same_value("a", &["x * id * 3", "3 * id * x", "id * (3 * x)"]).await;
    same_value("a", &["x - id", "-id + x", "-(id - x)"]).await;
    same_value("v", &["f + d", "d + f"]).await;
    same_value("v", &["f * 2.0", "2.0 * f"]).await;
    same_filter(&["x + 1 = 11", "x = 10", "1 + x = 11", "-x = -10"]).await;
    same_in("v", &["n + 1 = -9223372036854775808", "n = 9223372036854775807"]).await;
    check_differ(&[
        "select n + 1 > 0 as c from v",
        "select n > -1 as c from v",
        "select x - x as c from a",
        "select f - f as c from v",
        "select f + 1.0 + 2.0 as c from v",
        "select f + 3.0 as c from v",
        "select x - id as c from a",
        "select id - x as c from a",
        "select d + d as c from v",
    ])
    .await;
}

#[tokio::test]
async fn casts_and_strings() {
    same_value("a", &["upper(upper(s))", "upper(s)", "upper(cast(s as varchar))"]).await;
    same_value(
        "a",
        &["trim(s)", "trim(trim(s))", "ltrim(rtrim(s))", "rtrim(ltrim(s))", "btrim(s)"],
    )
    .await;
    same_value("a", &["left(s, 2)", "substr(s, 1, 2)", "substring(s from 1 for 2)"]).await;
    same_value("a", &["s || ('a' || s)", "s || 'a' || s"]).await;
    same_value("a", &["concat(s, concat('a', s))", "concat(s, 'a', s)"]).await;
    same_value("v", &["extract(month from t)", "date_part('month', t)", "date_part('MONTH', t)"])
        .await;
    same_filter(&["s like 'one'", "s = 'one'", "not (s not like 'one')"]).await;
    same_filter(&["s like '%'", "s is not null"]).await;
    same_in("v", &["cast(i as bigint) = cast(i as bigint) + 0", "i = i", "i is not null"]).await;
    same_value("v", &["cast(cast(i as bigint) as decimal(20, 0))", "cast(i as decimal(20, 0))"])
        .await;
    same_in(
        "v",
        &["cast(i as double) = 5.0", "i = 5", "i = 5.0", "cast(i as decimal(12, 2)) = 5.00"],
    )
    .await;
    same_in("v", &["i > 5.5", "i > 5", "i >= 5.1", "cast(i as decimal(12, 2)) > 5.50"]).await;
    same_in("v", &["n <= -0.5", "n < 0", "n < -0.5"]).await;
    check_differ(&[
        "select s || s as c from a",
        "select concat(s, s) as c from a",
        "select ltrim(s) as c from a",
        "select rtrim(s) as c from a",
    ])
    .await;
}

#[tokio::test]
async fn what_is_known_below() {
    check_same(&["select x > 5 as c from a where x > 7", "select true as c from a where x > 7"])
        .await;
    check_same(&[
        "select case when x > 5 then s when x < 3 then 'b' else 'c' end as c from a where x > 7",
        "select s as c from a where x > 7",
    ])
    .await;
    check_same(&[
        "select coalesce(x, id) as c from a where x > 7",
        "select x as c from a where x > 7",
    ])
    .await;
    check_differ(&[
        "select x > 5 as c from a where x > 3",
        "select a.x is null as c from b left join a on a.id = b.id and a.x > 5",
        "select false as c from b left join a on a.id = b.id and a.x > 5",
    ])
    .await;
}

#[tokio::test]
async fn floats_have_two_zeros() {
    check_differ(&[
        "select nullif(-f, f) as c from v",
        "select case when -f = f then null else -f end as c from v",
        "select case f when 0.0 then 1 else 2 end as c from v",
        "select case when f = 0.0 then 1 else 2 end as c from v",
        "select n from v where f in (0.0, 1.5)",
        "select n from v where f = 0.0 or f = 1.5",
    ])
    .await;
}

#[tokio::test]
async fn constants() {
    same_filter(&["(x = 1 or id = 2) and (x = 1 or s = 'b')", "x = 1 or (id = 2 and s = 'b')"])
        .await;
    same_filter(&[
        "x is distinct from id",
        "x <> id or (x is null and id is not null) or (x is not null and id is null)",
    ])
    .await;
    same_value(
        "a",
        &[
            "case when x <> 1 or x is null then 'b' else 'a' end",
            "case x when 1 then 'a' else 'b' end",
        ],
    )
    .await;
    same_filter(&["x = 10 and id = x", "x = 10 and id = 10"]).await;
    check_same(&["select x, id from a where x = 10", "select 10 as x, id from a where x = 10"])
        .await;
    check_same(&[
        "select a.id from a join b on a.id = b.id where a.id = 1",
        "select 1 as id from a join b on a.id = b.id where a.id = 1",
    ])
    .await;
    check_differ(&[
        "select * from v where n = 0",
        "select f from v where f = 0.0",
        "select 0.0 as f from v where f = 0.0",
    ])
    .await;
}

#[tokio::test]
async fn what_can_fail_or_change_stays() {
    let ctx = context();
    // DataFusion's own optimizer would run both of these into an error.
    for (sql, kept) in [
        (
            "select n from v where n <> 0 and 10 / n > 1 and n > 0",
            "Filter: Int64(10) / t0.n > Int64(1)\n    Filter: t0.n > Int64(0)",
        ),
        (
            "select n from v where case when n > 0 then 10 / n > 1 else false end",
            "Filter: CASE WHEN t0.n > Int64(0) THEN Int64(10) / t0.n > Int64(1) ELSE",
        ),
    ] {
        let plan = canonical(&ctx, sql).await.logical.display_indent().to_string();
        assert!(plan.contains(kept), "{plan}");
    }
    for sql in [
        "select id from a where random() between 0.0 and 1.0",
        "select id from a where random() < 2.0 or random() < 2.0",
        "select case when random() < 2.0 then 1 else 2 end c from a",
        "select id from a where case when random() < 2.0 then x > 5 else x > 7 end",
    ] {
        check_same(&[sql]).await;
    }
    let plan = canonical(&ctx, "select id from a where random() between 0.2 and 0.8").await;
    assert_eq!(plan.logical.display_indent().to_string().matches("random()").count(), 1);
}
