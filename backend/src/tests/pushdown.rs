//! What one operator learns of a column prunes no other column of that name: random joins of
//! files whose columns all have the same names, against the same rows in memory.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use futures::TryStreamExt;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::random::Numbers;
use super::{bind, commit, of, open, plan, session};
use crate::compare::{Order, compare};
use crate::sink::delta::WriteOptions;
use crate::{JoinOrder, Session, Source, SourceSpec, replay_with};

const TABLES: [&str; 3] = ["a", "b", "c"];
const COLUMNS: [&str; 3] = ["k", "v", "w"];

/// Columns that grow together, from other starts in each table: bounds of row groups and files
/// then say much, and something else in each table.
fn rows(starts: [i64; 3], count: i64) -> RecordBatch {
    let column = |place: usize| {
        let start = starts[place];
        Arc::new(Int64Array::from_iter_values(start..start + count)) as ArrayRef
    };
    of([("k", column(0)), ("v", column(1)), ("w", column(2))])
}

/// A file with many row groups, each with its own bounds.
async fn parquet(path: &Path, rows: &RecordBatch) -> Source {
    let groups = WriterProperties::builder().set_max_row_group_row_count(Some(10)).build();
    let out = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(out, rows.schema(), Some(groups)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    let spec = SourceSpec::Parquet { url: path.to_str().unwrap().to_owned() };
    session().open("t", &spec).await.unwrap()
}

async fn delta(folder: &Path, rows: &RecordBatch) -> Source {
    let options = || WriteOptions { mode: crate::sink::delta::Mode::Append, ..Default::default() };
    for at in (0..rows.num_rows()).step_by(40) {
        let part = rows.slice(at, 40.min(rows.num_rows() - at));
        commit(folder, &part, options()).await;
    }
    open(folder).await
}

fn memory(rows: &RecordBatch) -> Source {
    let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).unwrap();
    Source::of(Arc::new(table))
}

async fn answer(session: &Session, sources: &[Source], sql: &str) -> RecordBatch {
    let named: Vec<_> = TABLES.into_iter().zip(sources).collect();
    let schemas: Vec<_> =
        named.iter().map(|(name, source)| (*name, Arc::clone(&source.schema))).collect();
    let plan = plan(sql, &schemas).await;
    let replay = replay_with(session, &plan, &bind(&named), JoinOrder::AsPlanned).await.unwrap();
    let batches: Vec<_> = replay.stream().unwrap().try_collect().await.unwrap();
    concat_batches(&replay.schema, &batches).unwrap()
}

/// DataFusion 55.2 loses rows of these.
const LOST: [&str; 6] = [
    "select z.k as c0, y.v as c1, x.k as c2 from c x left join a y on x.k = y.w \
     join c z on y.k = z.w",
    "select x.k as c0, z.w as c1, z.w as c2 from a x join c y on x.w = y.k \
     right join b z on y.k = z.w where z.v < 219 and x.v in (select s.k from a s where s.v < 113)",
    "select z.k as c0, x.v as c1, x.v as c2 from b x left join a y on x.w = y.v \
     join (select k, max(v) as v, min(w) as w from b group by k) z on y.v = z.k where y.w < 207",
    "select y.v as c0, x.w as c1, x.k as c2 from a x join a y on x.k = y.w \
     join c z on y.k = z.w order by 1 desc nulls last, 2, 3 limit 5",
    "select min(y.k) as c0, max(z.w) as c1 from a x join b y on x.w = y.v join b z on x.w = z.w \
     where z.k in (select s.v from b s where s.v < 186)",
    "select z.v as c0, x.v as c1, z.w as c2 from b x \
     join (select k, max(v) as v, min(w) as w from b group by k) y on x.w = y.v \
     right join c z on y.v = z.k where z.w < 263",
];

/// A join of two or three tables below what makes filters as it runs.
fn query(numbers: &mut Numbers) -> String {
    let column =
        |numbers: &mut Numbers, of: &[&str]| format!("{}.{}", numbers.of(of), numbers.of(&COLUMNS));
    let mut from = format!("{} x", numbers.of(&TABLES));
    let mut seen = vec!["x"];
    for name in ["y", "z"].into_iter().take(1 + numbers.below(2)) {
        let kind = numbers.of(&["join", "join", "join", "left join", "right join", "full join"]);
        let key = column(numbers, &seen);
        let (table, own) = (numbers.of(&TABLES), numbers.of(&COLUMNS));
        let table = match numbers.below(4) {
            0 => format!("(select k, max(v) as v, min(w) as w from {table} group by k)"),
            1 => format!(
                "(select k, v, w from {table} union all select w, k, v from {})",
                numbers.of(&TABLES)
            ),
            _ => table.to_owned(),
        };
        from = format!("{from} {kind} {table} {name} on {key} = {name}.{own}");
        seen.push(name);
    }
    let mut filters = Vec::new();
    if numbers.below(2) == 0 {
        filters.push(format!("{} < {}", column(numbers, &seen), numbers.below(400)));
    }
    if numbers.below(3) == 0 {
        let (key, other) = (column(numbers, &seen), column(numbers, &["s"]));
        let below = numbers.below(300);
        let table = numbers.of(&TABLES);
        filters.push(format!("{key} in (select {other} from {table} s where s.v < {below})"));
    }
    let filter =
        if filters.is_empty() { String::new() } else { format!("where {}", filters.join(" and ")) };
    let [first, second, third] = [(); 3].map(|()| column(numbers, &seen));
    match numbers.below(5) {
        0 => format!(
            "select {first} as c0, {second} as c1, {third} as c2 from {from} {filter} \
             order by 1 desc nulls last, 2, 3 limit 5"
        ),
        1 => format!("select min({first}) as c0, max({second}) as c1 from {from} {filter}"),
        2 => format!(
            "select {first} as c0, {second} as c1, count(*) as c2 from {from} {filter} \
             group by {first}, {second} order by 2, 1, 3 limit 7"
        ),
        _ => format!("select {first} as c0, {second} as c1, {third} as c2 from {from} {filter}"),
    }
}

#[tokio::test]
async fn columns_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let tables = [rows([1, 1, 101], 300), rows([101, 1, 51], 200), rows([21, 201, 1], 100)];
    let (mut files, mut logs, mut memories) = (Vec::new(), Vec::new(), Vec::new());
    for (name, rows) in TABLES.into_iter().zip(&tables) {
        files.push(parquet(&folder.path().join(name), rows).await);
        logs.push(delta(&folder.path().join(format!("{name}.delta")), rows).await);
        memories.push(memory(rows));
    }
    let guarded = session();
    let state = SessionStateBuilder::new_from_existing(guarded.state().clone())
        .with_physical_optimizer_rules(PhysicalOptimizer::new().rules)
        .build();
    let unguarded = Session { state: Arc::new(state), ..guarded.clone() };
    let mut numbers = Numbers(5);
    let mut wrong = 0;
    let random = (0..40).map(|_| query(&mut numbers));
    for sql in LOST.into_iter().map(str::to_owned).chain(random) {
        let right = [answer(&guarded, &memories, &sql).await];
        for sources in [&files, &logs] {
            let rows = answer(&guarded, sources, &sql).await;
            if let Err(difference) = compare(&right, &[rows], &Order::none()) {
                panic!("{sql}\n{difference}");
            }
        }
        let rows = answer(&unguarded, &files, &sql).await;
        wrong += usize::from(compare(&right, &[rows], &Order::none()).is_err());
    }
    assert!(wrong > 0, "the engine was mended: `pushdown` can go");
}
