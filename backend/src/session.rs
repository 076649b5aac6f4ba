//! The engine that sources are opened with and plans run on: built once per process.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::context::{SessionConfig, SessionState};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryPool, TrackConsumersPool, UnboundedMemoryPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use planc_ir::code::INTERNAL;
use planc_ir::state::{session_config, session_state};
use planc_ir::{Diagnostic, Settings};

use crate::Limits;
use crate::measure::PeakPool;
use crate::run::Executor;
use crate::{distinct, fault, pushdown};

/// DataFusion's state with planc's functions, the run's limits and its caches.
///
/// What it adds to [`planc_ir::planning_state`] changes speed and never meaning.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) state: Arc<SessionState>,
    pub(crate) limits: Limits,
    pub(crate) executor: Arc<Executor>,
    pub(crate) memory: Arc<PeakPool>,
    pub(crate) indexes: Option<PathBuf>,
    pub(crate) explain_pruning: bool,
}

impl Session {
    /// A session with these settings and limits.
    ///
    /// # Errors
    /// P0901 where the runtime cannot be built (no temporary folder).
    pub fn new(settings: &Settings, limits: &Limits) -> Result<Self, Diagnostic> {
        crate::location::register_delta_stores();
        let (runtime, memory) = runtime(limits).map_err(|error| {
            fault::engine_failed(INTERNAL, "the runtime cannot be built", &error)
        })?;
        let config = replay_config(session_config(settings), limits);
        let state = pushdown::guarded(session_state(config, runtime));
        let state = Arc::new(distinct::typed(state));
        let executor = Executor::new(threads(limits)).map_err(|error| {
            Diagnostic::new(INTERNAL, format!("the threads for runs cannot be started: {error}"))
        })?;
        let (limits, executor) = (limits.clone(), Arc::new(executor));
        Ok(Session { state, limits, executor, memory, indexes: None, explain_pruning: false })
    }

    /// Uses the file indexes in this folder.
    #[must_use]
    pub fn with_indexes(mut self, folder: impl Into<PathBuf>) -> Self {
        self.indexes = Some(folder.into());
        self
    }

    /// Counts what each step of pruning leaves, for those who want to see it. It costs two more
    /// looks at the log for each scan.
    #[must_use]
    pub fn with_explained_pruning(mut self) -> Self {
        self.explain_pruning = true;
        self
    }

    /// The limits that the session was built with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The engine's state, for tests and figures that run a plan directly.
    pub fn state(&self) -> &SessionState {
        &self.state
    }
}

fn runtime(limits: &Limits) -> datafusion::common::Result<(Arc<RuntimeEnv>, Arc<PeakPool>)> {
    // Listings are not cached: a run may write a file that a later run of this process reads.
    let mut builder = RuntimeEnvBuilder::new().with_object_list_cache_limit(0);
    let mut pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    if let Some(bytes) = limits.memory {
        let named = NonZeroUsize::new(3).unwrap_or(NonZeroUsize::MIN);
        pool = Arc::new(TrackConsumersPool::new(FairSpillPool::new(bytes), named));
        builder = builder.with_max_spill_merge_fan_in(MOST_RUNS_MERGED);
    }
    let memory = Arc::new(PeakPool::new(pool));
    let runtime = builder.with_memory_pool(Arc::clone(&memory) as _).build_arc()?;
    Ok((runtime, memory))
}

/// A thread's share of the memory limit for each row of its batches: 8192 rows from 32 MB on.
const BYTES_FOR_A_ROW_OF_A_BATCH: usize = 4096;

/// Batches are not made smaller than this to fit a memory limit.
const FEWEST_ROWS: usize = 256;

/// Spilled runs that one pass merges where memory is limited; more of them take more passes.
const MOST_RUNS_MERGED: usize = 16;

fn threads(limits: &Limits) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    limits.threads.unwrap_or(cores).max(1)
}

fn replay_config(mut config: SessionConfig, limits: &Limits) -> SessionConfig {
    let threads = threads(limits);
    let default_rows = config.batch_size();
    let share = limits.memory.map(|bytes| bytes / threads);
    // Merging what a sort spilled holds a batch of every run that is merged.
    let fitting_rows = share.map_or(default_rows, |share| share / BYTES_FOR_A_ROW_OF_A_BATCH);
    let rows = limits.batch_rows.unwrap_or(default_rows.min(fitting_rows.max(FEWEST_ROWS)));
    config = config.with_target_partitions(threads).with_batch_size(rows.max(1));
    let execution = &mut config.options_mut().execution;
    if let Some(share) = share {
        // The default of 10 MB for each sorting thread would be the whole of a small pool.
        execution.sort_spill_reservation_bytes =
            execution.sort_spill_reservation_bytes.min(share / 8);
    }
    // Sources present logical types; a scan that would rather read views says so itself.
    execution.parquet.schema_force_view_types = false;
    config
}
