//! Replays on real files in temporary folders.

mod changes;
mod constraints;
mod delta;
mod features;
mod files;
mod index;
mod limits;
mod overrides;
mod pruning;
mod pushdown;
mod random;
mod reads;
mod sinks;
mod spark;
mod streaming;
mod sums;
mod upkeep;
mod writers;
mod writes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::logical_plan::TableScan;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use planc_ir::{Diagnostic, Plan, SchemaSource, Settings, planning_state};

use crate::sink::delta::{WriteOptions, write_batches};
use crate::{Binding, Bindings, Limits, Session, Source, SourceSpec, replay};

pub(crate) fn session() -> Session {
    limited(&Limits { threads: Some(2), ..Limits::default() })
}

pub(crate) fn limited(limits: &Limits) -> Session {
    Session::new(&Settings::default(), limits).unwrap()
}

/// Plans `sql` against schemas alone, as a compiled rule is planned.
pub(crate) async fn plan(sql: &str, tables: &[(&str, SchemaRef)]) -> Plan {
    let context = SessionContext::new_with_state(planning_state(&Settings::default()));
    let schemas = Arc::new(MemorySchemaProvider::new());
    context.catalog("datafusion").unwrap().register_schema("staging", schemas).unwrap();
    for (name, schema) in tables {
        let empty = MemTable::try_new(Arc::clone(schema), vec![vec![]]).unwrap();
        context.register_table(*name, Arc::new(empty)).unwrap();
    }
    let logical = context.state().create_logical_plan(sql).await.unwrap();
    let unread = logical.transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else {
            return Ok(datafusion::common::tree_node::Transformed::no(node));
        };
        let schema = source_as_provider(&scan.source)?.schema();
        let source = Arc::new(SchemaSource::new(schema));
        let scan = LogicalPlan::TableScan(TableScan { source, ..scan });
        Ok(datafusion::common::tree_node::Transformed::yes(scan))
    });
    Plan::new(unread.unwrap().data)
}

pub(crate) fn bind(sources: &[(&str, &Source)]) -> Bindings {
    let bindings = sources.iter();
    bindings
        .map(|(name, source)| ((*name).to_owned(), Binding::Source((*source).clone())))
        .collect()
}

/// Plans `sql` for the one source `t` and runs it.
pub(crate) async fn run(
    session: &Session,
    source: &Source,
    sql: &str,
) -> Result<RecordBatch, Diagnostic> {
    let plan = plan(sql, &[("t", Arc::clone(&source.schema))]).await;
    run_plan(session, &plan, &bind(&[("t", source)])).await
}

pub(crate) async fn run_plan(
    session: &Session,
    plan: &Plan,
    bindings: &Bindings,
) -> Result<RecordBatch, Diagnostic> {
    let replay = replay(session, plan, bindings).await?;
    let schema = Arc::clone(&replay.schema);
    let batches: Vec<_> =
        replay.stream()?.try_collect().await.map_err(|error| crate::fault::run_failed(&error))?;
    Ok(concat_batches(&schema, &batches).unwrap())
}

/// The rows as text, sorted, without the frame of the table.
pub(crate) fn shown(batch: &RecordBatch) -> Vec<String> {
    let table = pretty_format_batches(std::slice::from_ref(batch)).unwrap().to_string();
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(1);
    let rows = lines.map(|line| {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        cells.collect::<Vec<_>>().join(",")
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

pub(crate) fn ids(range: std::ops::Range<i64>) -> RecordBatch {
    let names: Vec<_> = range.clone().map(|id| format!("n{id}")).collect();
    of([("id", Arc::new(Int64Array::from_iter_values(range)) as ArrayRef), ("s", text(&names))])
}

pub(crate) fn text<T: AsRef<str>>(values: &[T]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(crate) fn of<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// Commits a batch to the table in `folder`.
pub(crate) async fn commit(folder: &Path, batch: &RecordBatch, options: WriteOptions) -> u64 {
    let schema = batch.schema();
    let location = folder.to_str().unwrap();
    let batches = vec![batch.clone()];
    write_batches(&session(), location, schema, batches, options).await.unwrap().version
}

pub(crate) async fn open(folder: &Path) -> Source {
    session().open("t", &SourceSpec::delta(folder.to_str().unwrap())).await.unwrap()
}

pub(crate) fn schema_of(fields: Vec<arrow::datatypes::Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

/// The files below a folder, as paths from it.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::metadata(&path).unwrap().len());
            }
        }
    }
    found
}
