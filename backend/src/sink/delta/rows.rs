//! Rows to write, which can be asked for again when a commit came too late.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use planc_ir::Diagnostic;
use planc_ir::code::INTERNAL;

use crate::Replay;

/// Rows of one schema.
#[async_trait]
pub trait Rows: Sync {
    /// Their columns.
    fn schema(&self) -> SchemaRef;

    /// All of them, from the first one.
    ///
    /// # Errors
    /// Where the query cannot start, or was read and cannot be read again.
    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic>;

    /// Whether [`stream`](Self::stream) gives them a second time.
    fn again(&self) -> bool {
        true
    }
}

#[async_trait]
impl Rows for Replay {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        if self.was_started() { self.fresh().await?.stream() } else { Replay::stream(self) }
    }
}

/// Batches in memory.
#[derive(Debug)]
pub struct Batches {
    /// Their columns.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
}

#[async_trait]
impl Rows for Batches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        let batches = futures::stream::iter(self.batches.clone().into_iter().map(Ok));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches)))
    }
}

/// A stream, which can be read once.
pub struct Single {
    schema: SchemaRef,
    stream: Mutex<Option<SendableRecordBatchStream>>,
    read: AtomicBool,
}

impl Single {
    /// The rows of this stream.
    pub fn new(stream: SendableRecordBatchStream) -> Self {
        let schema = stream.schema();
        Single { schema, stream: Mutex::new(Some(stream)), read: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Rows for Single {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        self.read.store(true, Ordering::SeqCst);
        let stream = self.stream.lock().ok().and_then(|mut stream| stream.take());
        stream.ok_or_else(|| Diagnostic::new(INTERNAL, "a stream of rows was read before"))
    }

    fn again(&self) -> bool {
        !self.read.load(Ordering::SeqCst)
    }
}
