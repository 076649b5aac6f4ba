//! Random join graphs over random tables: the chosen order gives the rows of the planned one.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use fastrand::Rng;

use super::{Table, same};
use crate::tests::session;

/// A table of up to a dozen rows with NULLs and repeats, or none.
fn table(rng: &mut Rng, name: &str) -> Table {
    let rows = if rng.u8(..12) == 0 { 0 } else { rng.usize(1..12) };
    let domain = rng.i64(1..6);
    let ints = |rng: &mut Rng| {
        let values = (0..rows).map(|_| (rng.u8(..6) > 0).then(|| rng.i64(0..domain)));
        Arc::new(values.collect::<Int64Array>()) as ArrayRef
    };
    let words = ["x", "y", "xy", ""];
    let (a, b, c) = (ints(rng), ints(rng), ints(rng));
    let text = (0..rows).map(|_| (rng.u8(..6) > 0).then(|| words[rng.usize(..words.len())]));
    let text: ArrayRef = Arc::new(text.collect::<StringArray>());
    let columns = [("a", a), ("b", b), ("c", c), ("s", text)];
    let columns = columns.map(|(name, values)| (name, values, true));
    Table::new(name, RecordBatch::try_from_iter_with_nullable(columns).unwrap())
}

const COLUMNS: [&str; 3] = ["a", "b", "c"];

fn column(rng: &mut Rng, of: &str) -> String {
    format!("{of}.{}", COLUMNS[rng.usize(..COLUMNS.len())])
}

/// A condition between two relations, an equality most of the time.
fn condition(rng: &mut Rng, left: &str, right: &str) -> String {
    let (l, r) = (column(rng, left), column(rng, right));
    match rng.u8(..12) {
        0 => format!("{l} < {r}"),
        1 => format!("{l} <> {r}"),
        2 => format!("{left}.s = {right}.s"),
        3 => format!("{l} + 1 = {r}"),
        4 => format!("({l} = {r} or {left}.s = {right}.s)"),
        5 => format!("({l} is not distinct from {r})"),
        6 => format!("cast({l} as double) = cast({r} as double)"),
        7 => format!("{l} = {r} and {} = {}", column(rng, left), column(rng, right)),
        8 => format!("10 / ({l} + 10) = {r}"),
        _ => format!("{l} = {r}"),
    }
}

fn filter(rng: &mut Rng, of: &str) -> String {
    let column = column(rng, of);
    match rng.u8(..7) {
        0 => format!("{column} > {}", rng.i64(0..4)),
        1 => format!("{column} in (0, 2)"),
        2 => format!("{of}.s like 'x%'"),
        3 => format!("{column} is not null"),
        4 => format!("coalesce({column}, 1) = 1"),
        5 => format!("({column} = 1 or {of}.s is null)"),
        _ => format!("{column} = {}", rng.i64(0..4)),
    }
}

/// What stands in FROM: a table, or a small query.
fn relation(rng: &mut Rng, name: &str) -> String {
    let table = format!("t{}", rng.usize(..6));
    match rng.u8(..10) {
        0 => format!(
            "(select a, max(b) as b, count(*) as c, min(s) as s from {table} group by a) as {name}"
        ),
        1 => format!("(select distinct a, b, c, s from {table} where a is not null) as {name}"),
        2 => format!(
            "(select x.a, y.b, x.c, y.s from {table} as x left join t0 as y on x.b = y.a) as {name}"
        ),
        3 => format!("(select b as a, a as b, c + 1 as c, s from {table}) as {name}"),
        4 => format!(
            "(select x.a, x.b, y.c, y.s from {table} as x, t1 as y where x.c = y.c) as {name}"
        ),
        _ => format!("{table} as {name}"),
    }
}

fn semi(rng: &mut Rng, of: &str, other: &str) -> String {
    let table = format!("t{}", rng.usize(..6));
    let not = if rng.bool() { "not " } else { "" };
    let condition = condition(rng, "z", of);
    match rng.u8(..4) {
        0 => format!("{} {not}in (select z.a from {table} as z)", column(rng, of)),
        1 => format!(
            "{not}exists (select 1 from {table} as z where {condition} and z.b < {other}.c)"
        ),
        _ => format!("{not}exists (select 1 from {table} as z where {condition})"),
    }
}

/// A query over two to six relations.
fn query(rng: &mut Rng) -> String {
    let relations = rng.usize(2..7);
    let mut from = relation(rng, "r0");
    let mut conditions = Vec::new();
    for next in 1..relations {
        let name = format!("r{next}");
        let relation = relation(rng, &name);
        let other = format!("r{}", if rng.bool() { next - 1 } else { rng.usize(..next) });
        let on = condition(rng, &other, &name);
        from.push_str(&match rng.u8(..10) {
            0 => format!(" left join {relation} on {on}"),
            1 if relations < 5 => format!(" full join {relation} on {on}"),
            2 if relations < 5 => format!(" cross join {relation}"),
            3 | 4 => {
                conditions.push(on);
                format!(" cross join {relation}")
            }
            _ => format!(" join {relation} on {on}"),
        });
        if rng.u8(..4) == 0 {
            let other = format!("r{}", rng.usize(..next));
            conditions.push(condition(rng, &other, &name));
        }
    }
    let any = |rng: &mut Rng| format!("r{}", rng.usize(..relations));
    for _ in 0..rng.usize(..3) {
        let of = any(rng);
        conditions.push(filter(rng, &of));
    }
    if rng.u8(..3) == 0 {
        let (of, other) = (any(rng), any(rng));
        conditions.push(semi(rng, &of, &other));
    }
    let filter = match conditions.is_empty() {
        true => String::new(),
        false => format!(" where {}", conditions.join(" and ")),
    };
    let outputs = rng.usize(1..5);
    let outputs = (0..outputs).map(|at| {
        let of = any(rng);
        format!("{} as o{at}", column(rng, &of))
    });
    let outputs = outputs.collect::<Vec<_>>().join(", ");
    match rng.u8(..5) {
        0 => format!("select count(*) as n, sum(r0.a) as total from {from}{filter}"),
        1 => format!("select r0.a as k, count(*) as n from {from}{filter} group by r0.a"),
        _ => format!("select {outputs} from {from}{filter}"),
    }
}

#[tokio::test]
async fn any_order_gives_the_same_rows() {
    let session = session();
    let mut reordered = 0;
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let tables: Vec<Table> =
            (0..6).map(|number| table(&mut rng, &format!("t{number}"))).collect();
        let sql = query(&mut rng);
        let chosen = same(&session, &tables, &sql).await;
        reordered += usize::from(chosen.order.iter().any(|choice| choice.method.is_some()));
    }
    assert!(reordered > 70, "only {reordered} queries were reordered");
}
