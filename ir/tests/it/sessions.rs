//! Time zones, parameters, names: what stands around a query.

use datafusion::logical_expr::LogicalPlan;
use planc_ir::substrait::{decode, encode};
use planc_ir::{Plan, Settings, planning_state};

use crate::harness::{check, context, context_in, plans, round_trip};

#[tokio::test]
async fn the_time_zone_of_the_session_is_part_of_what_it_types() {
    let sql = "SELECT TIMESTAMPTZ '2020-07-01 00:00:00', CAST(d AS TIMESTAMPTZ), date_part('hour', CAST(d AS TIMESTAMPTZ)), to_timestamp(id) FROM t";
    for zone in ["UTC", "Europe/Berlin", "+05:30"] {
        let context = context_in(zone).await;
        let faults = check(&context, sql).await;
        assert!(faults.is_empty(), "{zone}: {}", faults.join("\n"));
    }
}

#[tokio::test]
async fn a_function_that_returns_another_type_here_is_refused() {
    let berlin = context_in("Europe/Berlin").await;
    let (plan, _) =
        plans(&berlin, "SELECT now() > TIMESTAMP '2020-01-01' AS late, now() AS t").await;
    let bytes = encode(&Plan::new(plan)).unwrap().bytes;
    assert!(decode(&bytes, &berlin.state()).is_ok());
    let utc = planning_state(&Settings::default());
    assert_eq!(decode(&bytes, &utc).unwrap_err().code.id, "P0502");
}

#[tokio::test]
async fn parameters_keep_their_names_and_types() {
    let context = context().await;
    let state = context.state();
    for (sql, name) in [
        ("SELECT id FROM t WHERE id = $1 AND n > $2", "$2"),
        ("SELECT id FROM t WHERE id = $key AND s = $text", "$text"),
    ] {
        let plan = state.create_logical_plan(sql).await.unwrap();
        let plan = state.optimize(&plan).unwrap();
        let encoded = encode(&Plan::new(plan.clone())).unwrap();
        let decoded = decode(&encoded.bytes, &state).unwrap();
        let names = decoded.logical.get_parameter_names().unwrap();
        assert!(names.contains(name), "{names:?}");
        assert_eq!(
            plan.get_parameter_types().unwrap(),
            decoded.logical.get_parameter_types().unwrap()
        );
    }
}

#[tokio::test]
async fn what_is_no_query_is_refused() {
    let context = context().await;
    let state = context.state();
    for sql in ["EXPLAIN SELECT 1", "CREATE TABLE x AS SELECT 1"] {
        let plan = state.create_logical_plan(sql).await.unwrap();
        let why = encode(&Plan::new(plan)).unwrap_err();
        assert_eq!(why.code.id, "P0601", "{sql}: {why:?}");
    }
}

#[tokio::test]
async fn output_names_may_repeat_where_the_plan_lets_them() {
    let context = context().await;
    let (analyzed, optimized) = plans(&context, "SELECT t.id, u.id, t.n FROM t, u").await;
    for plan in [analyzed, optimized] {
        round_trip(&context, &plan).await.unwrap();
    }
}

#[tokio::test]
async fn plain_queries_are_portable() {
    let context = context().await;
    for (sql, portable) in [
        ("SELECT id, n + 1 FROM t WHERE s LIKE 'a%' ORDER BY id", true),
        ("SELECT n, count(*), sum(n), min(s) FILTER (WHERE id > 1) FROM t GROUP BY n", false),
        ("SELECT n, count(*), sum(n), max(d) FROM t GROUP BY n", true),
        ("SELECT t.id FROM t LEFT JOIN u ON t.id = u.id WHERE u.n IS NULL", true),
        ("SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)", false),
        ("SELECT row_number() OVER (ORDER BY id) FROM t", false),
        ("SELECT percent_rank() OVER (ORDER BY id) FROM t", true),
        ("SELECT substr(s, 1) FROM t", false),
        ("SELECT s LIKE 'a\\%' FROM t", false),
    ] {
        let (_, plan) = plans(&context, sql).await;
        let encoded = encode(&Plan::new(plan)).unwrap();
        assert_eq!(encoded.portable, portable, "{sql}");
    }
}

#[tokio::test]
async fn scans_list_the_columns_used() {
    let context = context().await;
    let (_, plan) = plans(&context, "SELECT id FROM t WHERE n > 1").await;
    let bytes = encode(&Plan::new(plan)).unwrap().bytes;
    let decoded = decode(&bytes, &context.state()).unwrap();
    let reads = decoded.reads().unwrap();
    let columns: Vec<&str> = reads[0].columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((reads.len(), columns), (1, vec!["id", "n"]));
    assert!(matches!(decoded.logical, LogicalPlan::Projection(_)));
}
