//! A Delta table as a provider that also leaves out files by an index, and says how many.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use deltalake::delta_datafusion::DeltaScanNext;

use crate::index::{FileIndex, StoredNames};

/// How many files of a table one scan of it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The files of the table.
    pub files: usize,
    /// Those whose partition fits. Only where it was asked for.
    pub after_partitions: Option<usize>,
    /// Of these, those whose statistics fit. Only where it was asked for.
    pub after_statistics: Option<usize>,
    /// Of these, those that the index leaves: what is read.
    pub scanned: usize,
}

/// What scans of one table read, in the order in which they were planned.
#[derive(Debug, Clone, Default)]
pub struct PruningLog(Arc<Mutex<Vec<Pruned>>>);

impl PruningLog {
    /// Each scan so far.
    pub fn scans(&self) -> Vec<Pruned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets them.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn note(&self, pruned: Pruned) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pruned);
    }
}

/// A version of a table.
#[derive(Debug)]
pub(crate) struct DeltaTableScan {
    pub(super) scan: DeltaScanNext,
    pub(super) partitions: Vec<String>,
    pub(super) files: usize,
    /// The files with what is deleted from each; only where there is an index.
    pub(super) active: Vec<(String, Option<String>)>,
    pub(super) index: Option<FileIndex>,
    /// What the index calls the columns.
    pub(super) names: StoredNames,
    /// Whether the steps of pruning are counted each.
    pub(super) explain: bool,
    pub(super) log: PruningLog,
}

impl DeltaTableScan {
    /// As [`TableProvider::scan`], and notes what is read.
    pub(crate) async fn scan_noting(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = TableProvider::scan(self, state, projection, filters, limit).await?;
        let mut pruned = Pruned {
            files: self.files,
            after_partitions: None,
            after_statistics: None,
            scanned: files_of(&plan)?,
        };
        if self.explain {
            let by_partition = filters.iter().filter(|filter| {
                filter.column_refs().iter().all(|column| self.partitions.contains(&column.name))
            });
            let by_partition: Vec<Expr> = by_partition.cloned().collect();
            let first = self.scan.scan(state, projection, &by_partition, None).await?;
            pruned.after_partitions = Some(files_of(&first)?);
            let second = self.scan.scan(state, projection, filters, None).await?;
            pruned.after_statistics = Some(files_of(&second)?);
        }
        self.log.note(pruned);
        Ok(plan)
    }

    /// The files that may hold a row for which all filters are true. None where that is all.
    fn candidates(&self, filters: &[Expr]) -> Option<Vec<&str>> {
        let index = self.index.as_ref()?;
        let filters: Vec<Expr> =
            filters.iter().filter_map(|filter| self.names.in_stored(filter)).collect();
        let fits = |(path, deleted): &&(String, Option<String>)| {
            index.files.get(path).is_none_or(|entry| {
                filters.iter().all(|filter| entry.may_match(filter, deleted.as_deref()))
            })
        };
        let left: Vec<&str> =
            self.active.iter().filter(fits).map(|(path, _)| path.as_str()).collect();
        (left.len() < self.active.len()).then_some(left)
    }
}

/// How many files a scan reads.
fn files_of(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    let mut files = 0;
    plan.apply(|node| {
        if let Some(scan) = node.downcast_ref::<DataSourceExec>()
            && let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>()
        {
            files += config.file_groups.iter().map(|group| group.len()).sum::<usize>();
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(files)
}

#[async_trait]
impl TableProvider for DeltaTableScan {
    fn schema(&self) -> SchemaRef {
        self.scan.schema()
    }

    fn table_type(&self) -> TableType {
        self.scan.table_type()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let answers = self.scan.supports_filters_pushdown(filters)?;
        Ok(answers
            .into_iter()
            .map(|answer| match answer {
                // Here a filter can be of use that the log alone has no answer to.
                TableProviderFilterPushDown::Unsupported if self.index.is_some() => {
                    TableProviderFilterPushDown::Inexact
                }
                answer => answer,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match self.candidates(filters) {
            Some(paths) => {
                let scan = self.scan.clone().with_file_paths(paths);
                scan.scan(state, projection, filters, limit).await
            }
            None => self.scan.scan(state, projection, filters, limit).await,
        }
    }
}
