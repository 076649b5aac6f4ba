//! Spellings of groups, unions, sorts and limits that mean the same.

use crate::tests::check_same;

#[tokio::test]
async fn keys_and_calls_have_no_order() {
    check_same(&[
        "select s, x, count(*) n, sum(id) m from a group by s, x",
        "select s, x, count(*) n, sum(id) m from a group by x, s",
        "select s, x, n, m from (select x, s, sum(id) m, count(1) n from a group by x, s, x)",
    ])
    .await;
    check_same(&[
        "select x, 'k' as c, count(*) n from a group by x, 'k'",
        "select x, 'k' as c, count(*) n from a group by x",
    ])
    .await;
    check_same(&[
        "select x, s, count(*) n from a where x = 10 group by x, s",
        "select 10 as x, s, count(*) n from a where x = 10 group by s",
    ])
    .await;
    check_same(&[
        "select count(*) n from a where x = 10 group by x",
        "select count(*) n from a where x = 10 group by 'k'",
    ])
    .await;
    check_same(&["select distinct 1 as one from a", "select 1 as one from a limit 1"]).await;
}

#[tokio::test]
async fn having_on_keys_is_where() {
    check_same(&[
        "select x, count(*) n from a group by x having x > 5",
        "select x, count(*) n from a where x > 5 group by x",
    ])
    .await;
    check_same(&[
        "select x, n from (select x, count(*) n from a group by x) where x in (select y from b)",
        "select x, count(*) n from a where x in (select y from b) group by x",
    ])
    .await;
    check_same(&["select count(*) n from a having 1 = 0"]).await;
    check_same(&[
        "select * from (select id, s, row_number() over (partition by s order by id) r from a) where s = 'one'",
        "select id, s, row_number() over (partition by s order by id) r from a where s = 'one'",
    ])
    .await;
}

#[tokio::test]
async fn aggregates_of_aggregates() {
    check_same(&[
        "select s, sum(n) n, sum(m) m, max(h) h from (select s, x, count(*) n, sum(id) m, max(id) h from a group by s, x) group by s",
        "select s, count(*) n, sum(id) m, max(id) h from a group by s",
    ])
    .await;
    check_same(&[
        "select distinct s from (select s, x, count(*) from a group by s, x)",
        "select distinct s from a",
    ])
    .await;
    check_same(&[
        "select s, count(x) n from (select distinct s, x from a) group by s",
        "select s, count(distinct x) n from a group by s",
    ])
    .await;
    check_same(&[
        "select s, sum(n) n from (select s, count(*) n from a group by s union all select s, count(*) from a where x > 5 group by s) group by s",
        "select s, count(*) n from (select s from a union all select s from a where x > 5) group by s",
    ])
    .await;
    check_same(&[
        "select sum(n) n from (select count(*) n from a union all select count(*) from b)",
        "select count(*) n from (select id from a union all select id from b)",
    ])
    .await;
    check_same(&["select sum(n) n from (select count(*) n from a where id > 100 group by x)"])
        .await;
}

#[tokio::test]
async fn calls_are_written_alike() {
    check_same(&[
        "select s, count(case when x > 5 then 1 end) n, sum(case when x > 5 then id end) m from a group by s",
        "select s, count(*) filter (where x > 5) n, sum(id) filter (where x > 5) m from a group by s",
        "select s, sum(case when x > 5 then 1 else 0 end) n, sum(id) filter (where x > 5) m from a group by s",
    ])
    .await;
    check_same(&[
        "select count(*) filter (where x > 5) n from a",
        "select count(*) n from a where x > 5",
    ])
    .await;
    check_same(&[
        "select s, max(distinct x) m from a group by s",
        "select s, max(x) m from a group by s",
    ])
    .await;
    check_same(&["select s, max(s) m from a group by s", "select s, s as m from a group by s"])
        .await;
    check_same(&["select sum(case when x > 5 then 1 else 0 end) n from a where id > 100"]).await;
}

#[tokio::test]
async fn unions_nest_and_commute() {
    check_same(&[
        "select id from a union all (select y from b union all select x from a)",
        "(select id from a union all select y from b) union all select x from a",
        "select x as id from a union all select id from a union all select y from b",
    ])
    .await;
    check_same(&[
        "select id from a union select y from b union select id from a",
        "select id from (select id from a union select y from b)",
        "select distinct id from (select id from a union all select y from b)",
    ])
    .await;
    check_same(&[
        "select k + 1 as k from (select id k from a union all select y from b) where k > 3",
        "select id + 1 as k from a where id > 3 union all select y + 1 from b where y > 3",
    ])
    .await;
    check_same(&["select id from a union all select id from b where 1 = 0", "select id from a"])
        .await;
    check_same(&["select id from a union all select id from a"]).await;
}

#[tokio::test]
async fn empty_relations() {
    check_same(&[
        "select id, s from a where false",
        "select id, s from a limit 0",
        "select a.id, s from a join b on a.id = b.id where 1 = 2",
        "select id, s from a where id in (select id from b where false)",
    ])
    .await;
    check_same(&[
        "select count(*) n, sum(x) m from a where false",
        "select 0 as n, cast(null as bigint) m",
    ])
    .await;
    check_same(&[
        "select a.id, c.y from a left join (select * from b where false) c on a.id = c.id",
        "select id, cast(null as bigint) y from a",
    ])
    .await;
    check_same(&[
        "select id from a where id not in (select id from b where false)",
        "select id from a",
    ])
    .await;
}

#[tokio::test]
async fn sorts_and_limits() {
    check_same(&[
        "select count(*) n from (select id from a order by x)",
        "select count(*) n from a",
    ])
    .await;
    check_same(&[
        "select id from (select id, x from a order by x) order by id",
        "select id from a order by id, id desc, 1 + 1",
    ])
    .await;
    check_same(&[
        "select id from (select id from a order by id limit 4) limit 2",
        "select id from a order by id limit 2 offset 0",
    ])
    .await;
    check_same(&[
        "select x, count(*) n from a group by x order by x, n",
        "select x, count(*) n from a group by x order by x",
    ])
    .await;
    check_same(&[
        "select count(*) n from a limit 5",
        "select count(*) n from a order by 1",
        "select count(*) n from a",
    ])
    .await;
    check_same(&["select array_agg(x) l from (select x from a order by id desc)"]).await;
    check_same(&[
        "select id from (select id from a order by id limit 3 offset 1) limit 9 offset 1",
    ])
    .await;
}
