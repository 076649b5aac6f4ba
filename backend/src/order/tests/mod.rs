//! Orders of random queries over random tables, and the shapes of known graphs.

mod random;
mod shapes;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::datasource::MemTable;

use crate::tests::{bind, plan, shown};
use crate::{JoinOrder, Replay, Session, Source, replay_with};

/// A table in memory, and its name.
struct Table {
    name: String,
    source: Source,
}

impl Table {
    fn new(name: &str, rows: RecordBatch) -> Self {
        let provider = MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap();
        Table { name: name.to_owned(), source: Source::of(Arc::new(provider)) }
    }

    /// A table whose columns count up to `rows`, each modulo its own number.
    fn counting<const N: usize>(name: &str, rows: i64, columns: [(&str, i64); N]) -> Self {
        let column = |(name, modulus): (&str, i64)| {
            let values = (0..rows).map(|row| row % modulus);
            let values: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
            (name.to_owned(), values, true)
        };
        Table::new(name, RecordBatch::try_from_iter_with_nullable(columns.map(column)).unwrap())
    }
}

/// The rows of a replay as text, sorted.
async fn rows(replay: &Replay) -> Result<Vec<String>, String> {
    use futures::TryStreamExt;
    let schema = Arc::clone(&replay.schema);
    let batches: Vec<RecordBatch> = replay
        .stream()
        .map_err(|error| error.message)?
        .try_collect()
        .await
        .map_err(|error| error.to_string())?;
    Ok(shown(&arrow::compute::concat_batches(&schema, &batches).unwrap()))
}

/// Checks that the chosen order gives the rows, names and types of the planned one.
async fn same(session: &Session, tables: &[Table], sql: &str) -> Replay {
    let schemas: Vec<_> = tables
        .iter()
        .map(|table| (table.name.as_str(), Arc::clone(&table.source.schema)))
        .collect();
    let plan = plan(sql, &schemas).await;
    let sources: Vec<_> = tables.iter().map(|table| (table.name.as_str(), &table.source)).collect();
    let bindings = bind(&sources);
    let replayed = async |order| match replay_with(session, &plan, &bindings, order).await {
        Ok(replay) => replay,
        Err(error) => panic!("{sql}\n{error:?}"),
    };
    let planned = replayed(JoinOrder::AsPlanned).await;
    let chosen = replayed(JoinOrder::Chosen).await;
    assert_eq!(planned.schema, chosen.schema, "{sql}");
    let (expected, actual) = (rows(&planned).await, rows(&chosen).await);
    let order: Vec<_> = chosen.order.iter().map(ToString::to_string).collect();
    assert_eq!(expected, actual, "{sql}\n{}", order.join("\n"));
    chosen
}
