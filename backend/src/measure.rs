//! What a run did, as its own operators counted it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use serde::Serialize;

/// The counts of one run. Those of a run that was cut off are what it came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Rows that the scans gave, behind their own filters.
    pub rows_read: u64,
    /// Files that were opened or would have been, after the log's statistics were asked.
    pub files_scanned: u64,
    /// Files that were skipped: by the reader here, by its statistics or a filter of a join; a
    /// run's record also counts those that never came to it.
    pub files_pruned: u64,
    /// Row groups that statistics did not exclude.
    pub row_groups_read: u64,
    /// Row groups that were skipped by statistics.
    pub row_groups_pruned: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// The most bytes that the operators held at once, as far as they account for them.
    pub peak_memory: u64,
    /// How often an operator wrote to disk what did not fit into memory.
    pub spills: u64,
    /// How much it wrote.
    pub spilled_bytes: u64,
    /// The operators of the physical plan, the last one first.
    pub operators: Vec<Operator>,
}

/// One operator of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operator {
    /// Its name.
    pub name: String,
    /// How many operators stand between it and the output.
    pub depth: usize,
    /// How many rows it gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Milliseconds that all its partitions computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_ms: Option<f64>,
    /// Its other counts that are not zero. Times are in nanoseconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, u64>,
}

impl Measured {
    /// Collects the counts of a plan that has run.
    pub(crate) fn of(plan: &dyn ExecutionPlan, peak_memory: usize) -> Self {
        let mut measured = Measured { peak_memory: peak_memory as u64, ..Measured::default() };
        measured.add(plan, 0);
        measured
    }

    fn add(&mut self, plan: &dyn ExecutionPlan, depth: usize) {
        let metrics = plan.metrics().map(|metrics| metrics.aggregate_by_name());
        let mut operator = Operator {
            name: plan.name().to_owned(),
            depth,
            rows: None,
            compute_ms: None,
            metrics: BTreeMap::new(),
        };
        if let Some(metrics) = metrics {
            operator.rows = metrics.output_rows().map(|rows| rows as u64);
            operator.compute_ms = metrics.elapsed_compute().map(|nanos| nanos as f64 / 1e6);
            self.spills += metrics.spill_count().unwrap_or_default() as u64;
            self.spilled_bytes += metrics.spilled_bytes().unwrap_or_default() as u64;
            for metric in metrics.iter() {
                self.count(metric.value(), &mut operator);
            }
        }
        if plan.children().is_empty() {
            self.rows_read += operator.rows.unwrap_or_default();
        }
        self.operators.push(operator);
        for child in plan.children() {
            self.add(child.as_ref(), depth + 1);
        }
    }

    fn count(&mut self, metric: &MetricValue, operator: &mut Operator) {
        let name = metric.name();
        if let MetricValue::PruningMetrics { pruning_metrics, .. } = metric {
            let (pruned, matched) =
                (pruning_metrics.pruned() as u64, pruning_metrics.matched() as u64);
            match name {
                "files_ranges_pruned_statistics" => self.files_pruned += pruned,
                "row_groups_pruned_statistics" => {
                    self.row_groups_pruned += pruned;
                    self.row_groups_read += matched;
                }
                _ => {}
            }
            if pruned + matched > 0 {
                operator.metrics.insert(format!("{name}.pruned"), pruned);
                operator.metrics.insert(format!("{name}.matched"), matched);
            }
            return;
        }
        let value = metric.as_usize() as u64;
        match name {
            "count_files_scanned" => self.files_scanned += value,
            "bytes_scanned" => self.bytes_read += value,
            "output_rows" | "elapsed_compute" | "start_timestamp" | "end_timestamp" => return,
            _ => {}
        }
        if value > 0 {
            operator.metrics.insert(name.to_owned(), value);
        }
    }
}

/// A memory pool that remembers the most that was taken from it.
#[derive(Debug)]
pub(crate) struct PeakPool {
    inner: Arc<dyn MemoryPool>,
    peak: AtomicUsize,
}

impl PeakPool {
    pub(crate) fn new(inner: Arc<dyn MemoryPool>) -> Self {
        PeakPool { inner, peak: AtomicUsize::new(0) }
    }

    /// Begins to count anew.
    pub(crate) fn reset(&self) {
        self.peak.store(self.inner.reserved(), Ordering::Relaxed);
    }

    /// The most bytes that were taken since then.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    fn note(&self) {
        self.peak.fetch_max(self.inner.reserved(), Ordering::Relaxed);
    }
}

impl fmt::Display for PeakPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl MemoryPool for PeakPool {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.inner.grow(reservation, additional);
        self.note();
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.inner.try_grow(reservation, additional)?;
        self.note();
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.inner.memory_limit()
    }
}
