//! File statistics brought down from facts to estimates.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;

/// The plan with the bounds of every file made inexact.
///
/// The Parquet reader takes a column whose exact bounds meet for a constant and never reads
/// it. Bounds that are cut (Delta's timestamps to milliseconds) or leave values out (NaN)
/// meet where the values do not.
pub fn as_estimates(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| {
        let Some(scan) = node.downcast_ref::<DataSourceExec>() else {
            return Ok(Transformed::no(node));
        };
        let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>() else {
            return Ok(Transformed::no(node));
        };
        let groups = config.file_groups.iter().map(group_estimates).collect();
        let statistics = bounds_as_estimates(&config.statistics());
        let config = FileScanConfigBuilder::from(config.clone())
            .with_file_groups(groups)
            .with_statistics(statistics)
            .build();
        Ok(Transformed::yes(DataSourceExec::from_data_source(config) as Arc<dyn ExecutionPlan>))
    })
    .data()
}

/// Statistics whose least and greatest values and sums are estimates. Row and null counts
/// stay what they are.
pub fn bounds_as_estimates(statistics: &Statistics) -> Statistics {
    let mut statistics = statistics.clone();
    for column in &mut statistics.column_statistics {
        column.min_value = std::mem::take(&mut column.min_value).to_inexact();
        column.max_value = std::mem::take(&mut column.max_value).to_inexact();
        column.sum_value = std::mem::take(&mut column.sum_value).to_inexact();
        column.distinct_count = std::mem::take(&mut column.distinct_count).to_inexact();
    }
    statistics
}

fn group_estimates(group: &FileGroup) -> FileGroup {
    let file = |file: &PartitionedFile| {
        let mut file = file.clone();
        file.statistics = file.statistics.map(|known| Arc::new(bounds_as_estimates(&known)));
        file
    };
    let estimates = FileGroup::new(group.iter().map(file).collect());
    match group.file_statistics(None) {
        Some(known) => estimates.with_statistics(Arc::new(bounds_as_estimates(known))),
        None => estimates,
    }
}
