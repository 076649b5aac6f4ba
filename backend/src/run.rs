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
use tokio::runtime::Runtime;
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

/// The threads that plans run on. They are not those that wait for timers, signals and
/// sinks: an operator that computes for minutes without a pause would hold these up.
#[derive(Debug)]
pub(crate) struct Executor(Option<Runtime>);

impl Executor {
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("planc-replay").enable_all();
        Ok(Executor(Some(builder.build()?)))
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Work that was cut off must not hold its dropper; the threads end at their next pause.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs the plan in a task of its own on the executor's threads. Dropping the stream aborts
/// the task at its next pause; a panic in it is an error like another.
pub(crate) fn in_background(
    executor: &Arc<Executor>,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
    let (sender, receiver) = mpsc::channel::<Result<RecordBatch>>(AHEAD);
    let executor = Arc::clone(executor);
    let entered = executor.0.as_ref().map(Runtime::enter);
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
    drop(entered);
    futures::stream::unfold(Some((receiver, task, executor)), async |state| {
        let (mut receiver, task, executor) = state?;
        if let Some(batch) = receiver.recv().await {
            return Some((batch, Some((receiver, task, executor))));
        }
        let failure = task.join().await.err()?;
        let panicked = failure.is_panic();
        let words = if panicked { "an operator panicked" } else { "the run was stopped" };
        Some((Err(DataFusionError::Execution(words.to_owned())), None))
    })
}
