//! Known graphs, and the order that each must get.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::{Table, same};
use crate::order::{Method, Step};
use crate::sink::delta::WriteOptions;
use crate::tests::{commit, open, session};

/// The relations in the order in which a left-deep reading meets them, builds before probes.
fn relations(step: &Step, found: &mut Vec<String>) {
    if step.inputs.is_empty() {
        let name = step.what.split(['_', ' ']).next().unwrap_or_default();
        found.push(name.to_owned());
    }
    for input in &step.inputs {
        relations(input, found);
    }
}

fn steps<'s>(step: &'s Step, found: &mut Vec<&'s Step>) {
    if !step.inputs.is_empty() {
        found.push(step);
    }
    for input in &step.inputs {
        steps(input, found);
    }
}

/// The chosen order as one line, its joins, and how it was found.
async fn order(tables: &[Table], sql: &str) -> (String, Vec<String>, Option<Method>) {
    let replay = same(&session(), tables, sql).await;
    let choice = replay.order.last().unwrap();
    let (mut names, mut joins) = (Vec::new(), Vec::new());
    relations(&choice.root, &mut names);
    steps(&choice.root, &mut joins);
    let joins = joins.into_iter().map(|step| step.what.clone()).collect();
    (names.join(" "), joins, choice.method)
}

#[tokio::test]
async fn a_star_is_built_on_its_small_arms() {
    let tables = [
        Table::counting("fact", 20_000, [("x", 50), ("y", 30), ("z", 10)]),
        Table::counting("large", 50, [("x", 50), ("v", 5)]),
        Table::counting("small", 10, [("z", 10), ("v", 2)]),
        Table::counting("middle", 30, [("y", 30), ("v", 3)]),
    ];
    let sql = "select count(*) from fact, large, small, middle where fact.x = large.x \
               and fact.y = middle.y and fact.z = small.z and large.v = 1 and small.v = 1";
    let (names, joins, _) = order(&tables, sql).await;
    assert!(names.ends_with("fact"), "{names}");
    assert!(joins.iter().all(|join| join.starts_with("join on")), "{joins:?}");
}

#[tokio::test]
async fn a_chain_begins_at_its_filtered_end() {
    let tables = [
        Table::counting("a", 1000, [("k", 1000)]),
        Table::counting("b", 1000, [("k", 1000), ("l", 1000)]),
        Table::counting("c", 1000, [("l", 1000), ("m", 1000)]),
        Table::counting("d", 1000, [("m", 1000), ("v", 100)]),
    ];
    let sql = "select a.k from a join b on a.k = b.k join c on b.l = c.l join d on c.m = d.m \
               where d.v = 7";
    let (names, joins, method) = order(&tables, sql).await;
    assert_eq!(names, "d c b a");
    assert_eq!(method, Some(Method::Exhaustive));
    assert!(joins.iter().all(|join| join.starts_with("join on")), "{joins:?}");
}

#[tokio::test]
async fn an_implied_equality_joins_what_the_query_does_not() {
    // Nothing is written between a and c. The bounds in b's log say that its rows repeat.
    let folder = tempfile::tempdir().unwrap();
    let values = (0..3000).map(|row| row % 3);
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    let batch = RecordBatch::try_from_iter_with_nullable([("k", column, true)]).unwrap();
    commit(folder.path(), &batch, WriteOptions::default()).await;
    let tables = [
        Table::counting("a", 4, [("k", 4)]),
        Table { name: "b".to_owned(), source: open(folder.path()).await },
        Table::counting("c", 5, [("k", 5)]),
    ];
    let sql = "select a.k from a, b, c where a.k = b.k and b.k = c.k";
    let (names, joins, _) = order(&tables, sql).await;
    assert_eq!(names, "a c b");
    assert!(joins.iter().all(|join| join.starts_with("join on")), "{joins:?}");
}

#[tokio::test]
async fn a_clique_and_a_ring_need_no_cross_product() {
    let table = |name: &str, rows| Table::counting(name, rows, [("k", 7), ("l", 5)]);
    let tables = [table("a", 20), table("b", 9), table("c", 15), table("d", 12)];
    let clique = "select count(*) from a, b, c, d where a.k = b.k and a.l < c.l and a.k <> d.l \
                  and b.l <= c.k and b.l = d.l and c.l = d.l";
    let ring = "select count(*) from a, b, c, d where a.k = b.k and b.l = c.l and c.k = d.k \
                and d.l = a.l";
    for sql in [clique, ring] {
        let (_, joins, _) = order(&tables, sql).await;
        assert_eq!(joins.len(), 3);
        assert!(joins.iter().all(|join| join.starts_with("join on")), "{joins:?}");
    }
}

#[tokio::test]
async fn a_cross_product_comes_last_and_only_where_there_is_one() {
    let tables = [
        Table::counting("a", 30, [("k", 30), ("v", 10)]),
        Table::counting("b", 40, [("k", 40)]),
        Table::counting("c", 3, [("m", 3)]),
    ];
    let sql = "select a.k, c.m from a cross join c cross join b where a.k = b.k and a.v = 1";
    let (_, joins, _) = order(&tables, sql).await;
    assert_eq!(joins.first().map(String::as_str), Some("cross join"));
    assert!(joins[1].starts_with("join on"), "{joins:?}");
}

#[tokio::test]
async fn many_relations_are_joined_greedily() {
    let names: Vec<String> = (0..14).map(|number| format!("t{number}")).collect();
    let mut tables: Vec<Table> =
        names.iter().map(|name| Table::counting(name, 6, [("k", 6), ("v", 3)])).collect();
    tables.push(Table::counting("hub", 100, [("k", 6)]));
    let arms = names.iter().map(|name| format!("join {name} on hub.k + 0 = {name}.k"));
    let sql =
        format!("select count(*) from hub {} where t13.v = 1", arms.collect::<Vec<_>>().join(" "));
    let (_, joins, method) = order(&tables, &sql).await;
    assert_eq!(joins.len(), 14);
    assert!(joins.iter().all(|join| join.starts_with("join on")), "{joins:?}");
    assert_ne!(method, Some(Method::Exhaustive));
}

#[tokio::test]
async fn a_semi_join_goes_to_the_relation_that_it_filters() {
    let tables = [
        Table::counting("o", 1000, [("k", 1000), ("c", 100)]),
        Table::counting("l", 4000, [("k", 1000)]),
        Table::counting("few", 3, [("k", 3)]),
    ];
    let sql = "select o.k from o join l on o.k = l.k where o.k in (select few.k from few)";
    let (names, joins, _) = order(&tables, sql).await;
    assert_eq!(names, "few o l");
    assert!(joins[1].starts_with("semi join"), "{joins:?}");
}

#[tokio::test]
async fn what_may_fail_keeps_its_place() {
    let tables = [
        Table::counting("a", 100, [("k", 100), ("z", 10)]),
        Table::counting("b", 10, [("k", 10)]),
        Table::counting("c", 3, [("k", 3)]),
    ];
    // The division is evaluated on what a and b give, and not on what c leaves of it.
    let sql = "select a.k from a join b on a.k = b.k and 10 / (a.z + b.k + 1) > 0 \
               join c on b.k = c.k";
    let replay = same(&session(), &tables, sql).await;
    let names: Vec<_> = replay.order.iter().map(|choice| choice.to_string()).collect();
    assert!(
        names.iter().any(|text| text.contains("build join_") || text.contains("probe join_")),
        "{names:?}"
    );
}
