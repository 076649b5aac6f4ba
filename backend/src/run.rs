//! Running a physical plan so that whoever waits for its rows can stop waiting at any time.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

/// Batches that wait for a slower sink.
const AHEAD: usize = 2;

/// Makes operators that turn one batch into many let others run in between. The engine does
/// so at its scans only, and one batch of a cross join's input can be hours of output.
pub(crate) fn cooperative(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let multiplies = node.is::<CrossJoinExec>()
            || node.is::<NestedLoopJoinExec>()
            || node.is::<HashJoinExec>()
            || node.is::<SortMergeJoinExec>()
            || node.is::<UnnestExec>();
        Ok(if multiplies {
            Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(node)
        })
    })
    .data()
}

/// Runs the plan in a task of its own, so that an operator that computes for long blocks
/// neither the timeout nor Ctrl-C. Dropping the stream aborts the task at its next pause; a
/// panic in it is an error like another.
pub(crate) fn in_background(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> impl Stream<Item = Result<RecordBatch>> + Send {
    let (sender, receiver) = mpsc::channel::<Result<RecordBatch>>(AHEAD);
    let task = SpawnedTask::spawn(async move {
        let mut batches = match execute_stream(plan, context) {
            Ok(batches) => batches,
            Err(error) => {
                drop(sender.send(Err(error)).await);
                return;
            }
        };
        while let Some(batch) = batches.next().await {
            let last = batch.is_err();
            // Nobody waits any more.
            if sender.send(batch).await.is_err() || last {
                return;
            }
        }
    });
    futures::stream::unfold(Some((receiver, task)), async |state| {
        let (mut receiver, task) = state?;
        if let Some(batch) = receiver.recv().await {
            return Some((batch, Some((receiver, task))));
        }
        let failure = task.join().await.err()?;
        let panicked = failure.is_panic();
        let words = if panicked { "an operator panicked" } else { "the run was stopped" };
        Some((Err(DataFusionError::Execution(words.to_owned())), None))
    })
}
