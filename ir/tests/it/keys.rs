//! What a plan's key sees and what it does not.

use planc_ir::Plan;
use planc_ir::key::{plan_key, relation_key};
use planc_ir::substrait::encode;

use crate::harness::{context, plans};

#[tokio::test]
async fn names_within_a_plan_have_no_part_in_its_key_and_bytes() {
    let context = context().await;
    for (a, b) in [
        ("SELECT id AS a FROM t", "SELECT q.x AS a FROM (SELECT id AS x, n AS y FROM t) q"),
        (
            "SELECT t.id FROM t JOIN u ON t.id = u.id",
            "SELECT a.id FROM t AS a JOIN u AS b ON a.id = b.id",
        ),
        (
            "SELECT n, count(*) AS c FROM t GROUP BY n",
            "SELECT k AS n, c FROM (SELECT n AS k, count(*) AS c FROM t GROUP BY n)",
        ),
        ("SELECT id FROM t WHERE n > 1", "SELECT v.id FROM t v WHERE v.n > 1"),
        ("SELECT id FROM t LIMIT 3", "SELECT id FROM t LIMIT 3 OFFSET 0"),
        ("SELECT id FROM t WHERE NOT (n IN (1, 2))", "SELECT id FROM t WHERE n NOT IN (1, 2)"),
    ] {
        let (_, first) = plans(&context, a).await;
        let (_, second) = plans(&context, b).await;
        assert_eq!(plan_key(&first).unwrap(), plan_key(&second).unwrap(), "{a}\n{b}");
        let bytes = |plan| encode(&Plan::new(plan)).unwrap().bytes;
        assert_eq!(bytes(first), bytes(second), "{a}\n{b}");
    }
}

#[tokio::test]
async fn output_names_count_in_plans_and_not_in_relations() {
    let context = context().await;
    let (_, a) = plans(&context, "SELECT id AS a FROM t").await;
    let (_, b) = plans(&context, "SELECT id AS b FROM t").await;
    assert_ne!(plan_key(&a).unwrap(), plan_key(&b).unwrap());
    assert_eq!(relation_key(&a).unwrap(), relation_key(&b).unwrap());
}

#[tokio::test]
async fn whatever_can_change_a_row_changes_the_key() {
    let context = context().await;
    let queries = [
        "SELECT id FROM t",
        "SELECT id FROM u",
        "SELECT n AS id FROM t",
        "SELECT id FROM t LIMIT 1",
        "SELECT id FROM t LIMIT 2",
        "SELECT id FROM t LIMIT 1 OFFSET 1",
        "SELECT DISTINCT id FROM t",
        "SELECT id FROM t ORDER BY id",
        "SELECT id FROM t ORDER BY id DESC",
        "SELECT id FROM t ORDER BY id NULLS FIRST",
        "SELECT id FROM t WHERE id IN (SELECT id FROM u)",
        "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)",
        "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
        "SELECT t.id FROM t JOIN u ON t.id = u.id",
        "SELECT t.id FROM t LEFT JOIN u ON t.id = u.id",
        "SELECT t.id FROM t JOIN u ON t.id IS NOT DISTINCT FROM u.id",
        "SELECT t.id FROM t JOIN u ON t.id = u.n",
        "SELECT id + 1 AS id FROM t",
        "SELECT id + 2 AS id FROM t",
        "SELECT id - 1 AS id FROM t",
        "SELECT CAST(id AS INT) AS id FROM t",
        "SELECT TRY_CAST(id AS INT) AS id FROM t",
        "SELECT s LIKE 'a' AS id FROM t",
        "SELECT s ILIKE 'a' AS id FROM t",
        "SELECT s LIKE 'a' ESCAPE '$' AS id FROM t",
        "SELECT sum(n) AS id FROM t",
        "SELECT sum(DISTINCT n) AS id FROM t",
        "SELECT sum(n) FILTER (WHERE id > 1) AS id FROM t",
        "SELECT first_value(n ORDER BY id) AS id FROM t",
        "SELECT first_value(n ORDER BY id DESC) AS id FROM t",
        "SELECT first_value(n) IGNORE NULLS AS id FROM t",
        "SELECT first_value(n) AS id FROM t",
        "SELECT sum(n) OVER (ORDER BY id) AS id FROM t",
        "SELECT sum(n) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS id FROM t",
        "SELECT sum(n) OVER (ORDER BY id ROWS 1 PRECEDING) AS id FROM t",
        "SELECT sum(n) OVER (ORDER BY id RANGE 1 PRECEDING) AS id FROM t",
        "SELECT sum(n) OVER (ORDER BY id GROUPS 1 PRECEDING) AS id FROM t",
        "SELECT sum(n) OVER (PARTITION BY s ORDER BY id) AS id FROM t",
        "SELECT 1 AS id",
        "SELECT 1.0 AS id",
        "SELECT '1' AS id",
        "SELECT NULL AS id",
        "SELECT 0.0::double AS id",
        "SELECT -0.0::double AS id",
        "SELECT id FROM t UNION ALL SELECT id FROM t",
        "SELECT id FROM t UNION SELECT id FROM t",
    ];
    let mut seen = std::collections::HashMap::new();
    for sql in queries {
        let (analyzed, _) = plans(&context, sql).await;
        let key = plan_key(&analyzed).unwrap();
        assert_eq!(seen.insert(key, sql), None, "{sql}");
    }
}
