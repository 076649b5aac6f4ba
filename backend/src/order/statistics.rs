//! What the sources of a plan say about their rows today.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, TableScan, TableSource};

use super::column::ColumnEstimate;
use super::estimate::{Basis, Estimate};
use crate::scan::BoundTable;

/// Rows of a table whose source says nothing. Only the proportions to other tables matter.
const UNKNOWN_ROWS: f64 = 10_000.0;

/// Estimates of whole tables, by the address of their table source.
#[derive(Debug, Default)]
pub(crate) struct SourceStatistics(HashMap<usize, Estimate>);

fn address(source: &Arc<dyn TableSource>) -> usize {
    Arc::as_ptr(source).cast::<()>() as usize
}

impl SourceStatistics {
    /// Asks every source that the plan scans. One that fails or does not know is guessed.
    pub async fn of(state: &SessionState, plan: &LogicalPlan) -> Result<Self> {
        let mut sources: Vec<Arc<dyn TableSource>> = Vec::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                sources.push(Arc::clone(&scan.source));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let mut found = SourceStatistics::default();
        // A table that is read twice is asked once.
        let mut asked: HashMap<(usize, Vec<String>), Estimate> = HashMap::new();
        for source in sources {
            let place = address(&source);
            if found.0.contains_key(&place) {
                continue;
            }
            let Ok(provider) = source_as_provider(&source) else { continue };
            let Some(table) = provider.downcast_ref::<BoundTable>() else { continue };
            let schema = source.schema();
            let names = schema.fields().iter().map(|field| field.name().clone());
            let key = (table.inner_address(), names.collect());
            let estimate = match asked.get(&key) {
                Some(estimate) => estimate.clone(),
                None => {
                    let known = table.known_statistics(state).await;
                    let estimate = whole_table(known.ok().as_ref(), &source);
                    asked.insert(key, estimate.clone());
                    estimate
                }
            };
            found.0.insert(place, estimate);
        }
        Ok(found)
    }

    /// The table that a scan reads, without its filters, in the columns of its source.
    pub fn table(&self, scan: &TableScan) -> Estimate {
        match self.0.get(&address(&scan.source)) {
            Some(known) => known.clone(),
            None => whole_table(None, &scan.source),
        }
    }

    /// True where at least one table's rows are known.
    pub fn know_something(&self) -> bool {
        self.0.values().any(|table| table.basis != Basis::Guess)
    }
}

fn whole_table(known: Option<&Statistics>, source: &Arc<dyn TableSource>) -> Estimate {
    let schema = source.schema();
    let (rows, basis) = match known.map(|known| known.num_rows) {
        Some(Precision::Exact(rows)) => (rows as f64, Basis::Exact),
        Some(Precision::Inexact(rows)) => (rows as f64, Basis::Inexact),
        Some(Precision::Absent) | None => (UNKNOWN_ROWS, Basis::Guess),
    };
    let columns = schema.fields().iter().enumerate().map(|(place, field)| {
        let known = known.and_then(|known| known.column_statistics.get(place));
        match known {
            Some(known) if basis != Basis::Guess => {
                ColumnEstimate::of(known, field.data_type(), rows)
            }
            _ => ColumnEstimate::unknown(),
        }
    });
    Estimate { rows, table: rows, basis, columns: columns.collect() }
}
