//! A table that is one stream and can be read once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;
use planc_ir::Diagnostic;

use crate::fault;

/// The rows of a stream as a plan's input. It counts them and keeps the error that ended
/// them, which a writer between here and the caller would turn into text.
#[derive(Clone)]
pub(super) struct Once(Arc<State>);

struct State {
    schema: SchemaRef,
    stream: Mutex<Option<SendableRecordBatchStream>>,
    rows: AtomicU64,
    failure: Mutex<Option<Diagnostic>>,
}

impl Once {
    pub(super) fn new(stream: SendableRecordBatchStream) -> Self {
        Once(Arc::new(State {
            schema: stream.schema(),
            stream: Mutex::new(Some(stream)),
            rows: AtomicU64::new(0),
            failure: Mutex::new(None),
        }))
    }

    pub(super) fn provider(&self, schema: &SchemaRef) -> Result<Arc<dyn TableProvider>> {
        let partition: Arc<dyn PartitionStream> = Arc::new(self.clone());
        Ok(Arc::new(StreamingTable::try_new(Arc::clone(schema), vec![partition])?))
    }

    /// Rows read so far.
    pub(super) fn count(&self) -> u64 {
        self.0.rows.load(Ordering::SeqCst)
    }

    /// What ended the stream early.
    pub(super) fn failure(&self) -> Option<Diagnostic> {
        self.0.failure.lock().ok().and_then(|mut failure| failure.take())
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once")
    }
}

impl PartitionStream for Once {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.0.schema);
        let taken = self.0.stream.lock().ok().and_then(|mut stream| stream.take());
        let Some(stream) = taken else {
            let error = DataFusionError::Internal("the rows were read before".to_owned());
            let failed = futures::stream::once(async { Err(error) });
            return Box::pin(RecordBatchStreamAdapter::new(schema, failed));
        };
        let state = Arc::clone(&self.0);
        let watched = stream.inspect(move |batch| match batch {
            Ok(batch) => {
                state.rows.fetch_add(batch.num_rows() as u64, Ordering::SeqCst);
            }
            Err(error) => {
                if let Ok(mut failure) = state.failure.lock() {
                    failure.get_or_insert_with(|| fault::run_failed(error));
                }
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, watched))
    }
}
