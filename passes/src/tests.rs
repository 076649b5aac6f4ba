//! Every case runs directly on DataFusion and in canonical form, and both must agree.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use planc_ir::{Plan, Settings, planning_state};

use crate::canonicalize;

pub(crate) fn context() -> SessionContext {
    let ctx = SessionContext::new_with_state(planning_state(&Settings::default()));
    let ints = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let strings = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let a = RecordBatch::try_from_iter_with_nullable([
        ("id", ints(vec![Some(1), Some(2), Some(3), Some(4), None]), true),
        ("x", ints(vec![Some(10), None, Some(30), Some(10), Some(5)]), true),
        ("s", strings(vec![Some("one"), Some("two"), None, Some(""), Some("one")]), true),
    ]);
    let b = RecordBatch::try_from_iter_with_nullable([
        ("id", ints(vec![Some(1), Some(1), Some(3), None]), true),
        ("y", ints(vec![Some(7), Some(8), None, Some(9)]), true),
    ]);
    let floats = vec![Some(f64::NAN), Some(-0.0), Some(0.0), None, Some(1.5), Some(f64::INFINITY)];
    let v = RecordBatch::try_from_iter_with_nullable([
        (
            "n",
            ints(vec![Some(0), Some(1), Some(2), Some(3), Some(i64::MAX), Some(i64::MIN)]),
            false,
        ),
        ("f", Arc::new(Float64Array::from(floats)) as ArrayRef, true),
        (
            "p",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                None,
                Some(true),
                None,
                Some(false),
            ])) as ArrayRef,
            true,
        ),
        (
            "t",
            Arc::new(Date32Array::from(vec![
                Some(19723),
                Some(20088),
                None,
                Some(20000),
                Some(0),
                Some(19722),
            ])) as ArrayRef,
            true,
        ),
        (
            "d",
            Arc::new(
                Decimal128Array::from(vec![
                    Some(500),
                    Some(530),
                    None,
                    Some(-1),
                    Some(0),
                    Some(501),
                ])
                .with_precision_and_scale(10, 2)
                .unwrap(),
            ) as ArrayRef,
            true,
        ),
        (
            "i",
            Arc::new(Int32Array::from(vec![
                Some(5),
                Some(6),
                None,
                Some(-1),
                Some(0),
                Some(i32::MAX),
            ])) as ArrayRef,
            true,
        ),
    ]);
    for (name, batch) in [("a", a.unwrap()), ("b", b.unwrap()), ("v", v.unwrap())] {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
        ctx.register_table(name, Arc::new(table)).unwrap();
    }
    ctx
}

pub(crate) async fn canonical(ctx: &SessionContext, sql: &str) -> Plan {
    let plan = ctx.state().create_logical_plan(sql).await.unwrap();
    let canonical = canonicalize(Plan::new(plan), &ctx.state(), &mut |_| {});
    canonical.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

async fn rows(ctx: &SessionContext, plan: datafusion::logical_expr::LogicalPlan) -> Vec<String> {
    let batches = ctx.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
    let text = pretty_format_batches(&batches).unwrap().to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The spellings mean the same: one canonical plan, stable, with the rows of each.
pub(crate) async fn check_same(spellings: &[&str]) {
    let ctx = context();
    let mut plans = Vec::new();
    for sql in spellings {
        let plan = canonical(&ctx, sql).await;
        let again = canonicalize(plan.clone(), &ctx.state(), &mut |_| {}).unwrap();
        assert_eq!(again.logical, plan.logical, "canonical form is stable: {sql}");
        let direct = ctx.state().create_logical_plan(sql).await.unwrap();
        assert_eq!(rows(&ctx, direct).await, rows(&ctx, plan.logical.clone()).await, "{sql}");
        plans.push((sql, plan.logical.display_indent().to_string()));
    }
    for (sql, plan) in &plans[1..] {
        assert_eq!(plans[0].1, *plan, "{} and {sql}", plans[0].0);
    }
}

#[tokio::test]
async fn aliases_do_not_matter() {
    check_same(&[
        "select p.id, q.y from a p join b q on p.id = q.id where p.x > 5",
        "select l.id, r.y from a as l join b as r on l.id = r.id where l.x > 5",
        "with k as (select * from a) select k.id, b.y from k join b on k.id = b.id where k.x > 5",
    ])
    .await;
    check_same(&[
        "select u.n as n from (select count(*) as n, x from a group by x) u where u.n > 1",
        "select v.m as n from (select x, count(*) as m from a group by x) v where v.m > 1",
    ])
    .await;
}

#[tokio::test]
async fn subqueries_become_joins() {
    check_same(&["select id from a where id in (select id from b)"]).await;
    check_same(&["select id from a where id not in (select id from b where id is not null)"]).await;
    check_same(&["select id from a where id not in (select id from b)"]).await;
    check_same(&["select id from a where not exists (select 1 from b where b.id = a.id)"]).await;
    check_same(&["select id from a where x > (select sum(y) from b where b.id = a.id)"]).await;
    check_same(&["select id from a where x > (select min(y) from b)"]).await;
    check_same(&["select id from a where x in (select y from b) or exists (select 1 from b b2 where b2.id = a.id)"]).await;
}

#[tokio::test]
async fn every_relation_survives_renaming() {
    for sql in [
        "select distinct s from a",
        "select case when x > 5 then cast(2 as int) else x end c from a",
        "select cast(1 as int) c union all select 2",
        "select round(cast(x as decimal(10, 2)), 1) c from a",
        "select x from a union all select s from a",
        "select a.id, a2.id as other from a, a as a2 where a.x = a2.x",
        "select count(*), count(*) + 1 from a",
        "select n1, n2 from (select count(*) n1 from a) p, (select count(*) n2 from b) q",
        "select id from a union all select y from b union select x from a",
        "select id, row_number() over (partition by s order by id desc) r from a",
        "select id, sum(x) over (order by id rows between 1 preceding and current row) from a",
        "select s, grouping(s), sum(x) from a group by rollup(s)",
        "select s, x, grouping(s, x), count(*) from a group by grouping sets ((s, x), (s), ())",
        "select * from (values (1, 'a'), (2, 'b')) v(k, t) join (values (1)) w(k) using (k)",
        "select distinct on (s) s, x from a order by s, x desc nulls last",
        "select x, id from a order by x nulls first, id limit 3 offset 1",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 4) select n from r",
        "select unnest([1, 2, 3]) u, id from a where id = 1",
        "select id, l.m from a, lateral (select max(y) m from b where b.id = a.id) l",
        "select x as id, id as x from a",
        "select x, x as x2, 1 as one from a group by x, x, 1",
        "select coalesce(a.id, b.id) c from a full join b on a.id = b.id and a.x > b.y",
        "select 1 as one where false",
        "select a.id from a where exists (select 1 from b where b.id = a.id) or x > 10",
    ] {
        check_same(&[sql]).await;
    }
}

#[tokio::test]
async fn joins_have_one_order() {
    check_same(&[
        "select a.x, b.y from a join b on a.id = b.id",
        "select a.x, b.y from b join a on b.id = a.id",
        "select a.x, b.y from a, b where b.id = a.id",
        "select a.x, b.y from a cross join b where a.id = b.id",
        "select p.x, q.y from (select x, id from a) p, (select * from b) q where p.id = q.id",
    ])
    .await;
    check_same(&[
        "select a.x, b.y from a join b on a.id = b.id where a.x > 5 and b.y < 9",
        "select t.x, u.y from (select * from a where x > 5) t join (select * from b where y < 9) u on u.id = t.id",
        "select t.x, t.y from (select a.x, b.y from a, b where a.id = b.id and a.x > 5) t where t.y < 9",
    ])
    .await;
    check_same(&[
        "select l.x, r.x from a l join a r on l.id = r.x",
        "select r.x, l.x from a l join a r on r.id = l.x",
    ])
    .await;
    check_same(&[
        "select p.id from a p, a q, b r where p.id = q.x and q.id = r.id and r.y = 3",
        "select u.id from b t, a u, a v where t.y = 3 and u.id = v.x and t.id = v.id",
        "select u.id from a v join b t on v.id = t.id join a u on v.x = u.id where 3 = t.y",
    ])
    .await;
}

#[tokio::test]
async fn equal_columns_are_one() {
    check_same(&[
        "select a.id from a join b on a.id = b.id where a.id > 1",
        "select b.id from a join b on a.id = b.id where b.id > 1",
        "select b.id from a join b on a.id = b.id where b.id > 1 and a.id > 1",
        "select b.id from a join (select * from b where id > 1) b on a.id = b.id",
    ])
    .await;
    check_same(&[
        "select a.id, b.y from a join b on a.id = b.id where a.id = 1",
        "select 1 as id, b.y from a, b where a.id = 1 and b.id = 1",
        "select b.id, b.y from a, b where a.id = b.id and b.id = 1",
    ])
    .await;
    check_same(&[
        "select a.id, b.y from a left join b on a.id = b.id where a.id > 1",
        "select a.id, b.y from (select * from a where id > 1) a left join b on a.id = b.id",
        "select a.id, b.y from a left join (select * from b where id > 1) b on a.id = b.id where a.id > 1",
        "select a.id, b.y from a left join b on a.id = b.id and b.id > 1 where a.id > 1",
    ])
    .await;
    check_same(&[
        "select a.id from a where a.id in (select id from b) and a.id > 1",
        "select a.id from a where a.id in (select id from b where id > 1)",
        "select a.id from a where exists (select 1 from b where b.id = a.id and b.id > 1)",
    ])
    .await;
}

#[tokio::test]
async fn outer_joins_that_filters_defeat() {
    check_same(&[
        "select a.id, b.y from a left join b on a.id = b.id where b.y > 1",
        "select a.id, b.y from a join b on a.id = b.id where b.y > 1",
        "select a.id, b.y from b right join a on a.id = b.id where b.y > 1",
        "select a.id, b.y from b full join a on a.id = b.id where b.y > 1 and a.id is not null",
    ])
    .await;
    check_same(&[
        "select a.id, b.y from a left join b on a.id = b.id",
        "select a.id, b.y from b right join a on a.id = b.id",
    ])
    .await;
    check_same(&[
        "select a.id, b.y from a full join b on a.id = b.id",
        "select a.id, b.y from b full join a on a.id = b.id",
    ])
    .await;
    check_same(&[
        "select a.id, a.x from a left join b on a.id = b.id where b.id is null",
        "select a.id, a.x from a where not exists (select 1 from b where b.id = a.id)",
    ])
    .await;
    check_same(&[
        "select a.id, b.y, c.y from a left join b on a.id = b.id left join b c on a.x = c.id",
        "select a.id, b.y, c.y from a left join b c on a.x = c.id left join b on a.id = b.id",
    ])
    .await;
    check_same(&[
        "select a.id, b.y, c.id from a left join b on a.id = b.id join a c on a.x = c.x",
        "select a.id, b.y, c.id from a join a c on a.x = c.x left join b on a.id = b.id",
    ])
    .await;
}

#[tokio::test]
async fn projections_move_up() {
    check_same(&[
        "select x + 1 as y from a where x + 1 > 6",
        "select y from (select x + 1 as y from a) t where y > 6",
    ])
    .await;
    check_same(&[
        "select s, sum(x + 1) t from a group by s",
        "select s, sum(y) t from (select s, x + 1 as y, id from a) u group by s",
    ])
    .await;
    check_same(&[
        "select x + 1 as y from a order by x limit 2",
        "select y from (select x + 1 as y, x from a order by x limit 2) t",
    ])
    .await;
    check_same(&[
        "select id, x + 1 as y, row_number() over (order by id) r from a",
        "select id, y, row_number() over (order by id) r from (select id, x + 1 as y from a) t",
    ])
    .await;
    check_same(&[
        "select a.id, b.z from a left join (select id, y + 1 as z from b) b on a.id = b.id",
        "select a.id, b.y + 1 as z from a left join b on a.id = b.id",
    ])
    .await;
    check_same(&["select a.id, b.z from a left join (select id, 1 as z from b) b on a.id = b.id"])
        .await;
}

#[tokio::test]
async fn joins_that_only_ask() {
    check_same(&[
        "select a.x from a where a.id in (select id from b)",
        "select a.x from a where exists (select 1 from b where b.id = a.id)",
        "select a.x from a join (select distinct id from b) c on a.id = c.id",
        "select a.x from a join (select id from b group by id) c on a.id = c.id",
        "select a.x from (select id from b group by id) c, a where a.id = c.id",
    ])
    .await;
    check_same(&[
        "select distinct a.x from a join b on a.id = b.id",
        "select distinct a.x from a where a.id in (select id from b)",
    ])
    .await;
    check_same(&[
        "select distinct a.x from a left join b on a.id = b.id",
        "select distinct a.x from a",
    ])
    .await;
    check_same(&[
        "select a.x from a left join (select id, max(y) m from b group by id) c on a.id = c.id",
        "select a.x from a",
    ])
    .await;
    check_same(&[
        "select a.x, b.y from a join b on a.id = b.id where a.id in (select id from b)",
        "select a.x, b.y from a join b on a.id = b.id",
    ])
    .await;
    check_same(&[
        "select p.x, q.s from (select id, max(x) x from a group by id) p join a q on p.id = q.id",
    ])
    .await;
}

#[tokio::test]
async fn joins_that_are_decided() {
    check_same(&["select id from a where exists (select count(*) from b)", "select id from a"])
        .await;
    check_same(&[
        "select id from a where not exists (select 1 from b where false)",
        "select id from a",
    ])
    .await;
    check_same(&["select id, y from a left join b using (id) where false"]).await;
    check_same(&[
        "select a.id, b.y from a left join b on false",
        "select a.id, cast(null as bigint) as y from a",
    ])
    .await;
    check_same(&[
        "select a.id from a where a.x > (select min(y) from b)",
        "select a.id from a cross join (select min(y) m from b) c where a.x > c.m",
        "select a.id from a, (select min(y) m from b) c where c.m < a.x",
    ])
    .await;
    check_same(&[
        "select a.id, (select max(y) from b) m from a",
        "select a.id, c.m from a left join (select max(y) m from b) c on true",
    ])
    .await;
    check_same(&["select a.id, (select y from b where y = 7 limit 1) m from a"]).await;
    check_same(&[
        "select a.id, b.y from a left join b on a.id = b.id and b.y = 7",
        "select a.id, b.y from a left join (select * from b where y = 7) b on a.id = b.id",
        "select a.id, b.y from a left join (select id, 7 as y from b where y = 7) b on a.id = b.id",
    ])
    .await;
    check_same(&["select id from a where x <> all (select y from b where y is not null)"]).await;
    check_same(&[
        "select id from a where x > any (select y from b where b.id = a.id)",
        "select id from a where exists (select 1 from b where b.id = a.id and b.y < a.x)",
    ])
    .await;
    check_same(&["select id from a where x in (select y from b) or s = 'one'"]).await;
    check_same(&[
        "select id from a where x in (select column1 from (values (10), (5)) v)",
        "select id from a where x in (5, 10)",
    ])
    .await;
    check_same(&[
        "select id from a where x not in (select column1 from (values (10), (7)) v)",
        "select id from a where x not in (7, 10)",
    ])
    .await;
    check_same(&[
        "select id, x from a where not exists (select 1 from a a2 where a2.id = a.id)",
        "select id, x from a where id is null",
    ])
    .await;
}

#[tokio::test]
async fn sorted_self_joins_settle() {
    check_same(&[
        "select p.id i, p.x x, q.id j, q.x y from a p join a q on p.id = q.id order by p.id",
        "select p.id i, p.x x, q.id j, q.x y from a q join a p on p.id = q.id order by q.id",
    ])
    .await;
    check_same(&[
        "select p.id i, q.id j from a p join a q on p.id = q.id order by p.id",
        "select p.id i, q.id j from a p join a q on p.id = q.id order by j",
    ])
    .await;
}

#[tokio::test]
async fn values_of_both_sides_settle() {
    let sql = "select a.s, b.y from a join b on a.id = b.id \
               where b.id in (1, 3) and a.s not in ('one', 'two')";
    let other = "select a.s, b.y from b join a on a.id = b.id \
                 where (a.id = 3 or a.id = 1) and a.s <> 'two' and a.s <> 'one'";
    let ctx = context();
    let (one, two) = (canonical(&ctx, sql).await.logical, canonical(&ctx, other).await.logical);
    assert_eq!(one.display_indent().to_string(), two.display_indent().to_string());
}
