//! The plan node that reads CSV files, and its table.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::columns::column;
use super::records::Records;

/// How many bytes of a local file are read at once.
const CHUNK: usize = 1 << 18;

/// CSV files with columns that are known.
#[derive(Debug)]
pub(in crate::source) struct CsvTable {
    pub(in crate::source) url: ListingTableUrl,
    pub(in crate::source) files: Vec<ObjectMeta>,
    pub(in crate::source) schema: SchemaRef,
    pub(in crate::source) header: bool,
    pub(in crate::source) delimiter: u8,
}

#[async_trait]
impl TableProvider for CsvTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let places = match projection {
            Some(places) => places.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let projected = Arc::new(self.schema.project(&places)?);
        let most = state.config().target_partitions().max(1);
        let parts = self.files.len().clamp(1, most);
        let mut groups: Vec<Vec<ObjectMeta>> = vec![Vec::new(); parts];
        for (at, file) in self.files.iter().enumerate() {
            if let Some(group) = groups.get_mut(at % parts) {
                group.push(file.clone());
            }
        }
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&projected)),
            Partitioning::UnknownPartitioning(parts),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(CsvScan {
            store: self.url.object_store(),
            groups,
            columns: Columns { all: Arc::clone(&self.schema), places, projected },
            header: self.header,
            delimiter: self.delimiter,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

/// The columns of the files, and those that are wanted.
#[derive(Debug, Clone)]
struct Columns {
    all: SchemaRef,
    places: Vec<usize>,
    projected: SchemaRef,
}

#[derive(Debug)]
struct CsvScan {
    store: ObjectStoreUrl,
    groups: Vec<Vec<ObjectMeta>>,
    columns: Columns,
    header: bool,
    delimiter: u8,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl DisplayAs for CsvScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let files = self.groups.iter().map(Vec::len).sum::<usize>();
        write!(f, "CsvScan: files={files}")
    }
}

impl ExecutionPlan for CsvScan {
    fn name(&self) -> &'static str {
        "CsvScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => Err(DataFusionError::Internal("a scan has no input".to_owned())),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let files = self.groups.get(partition).cloned().unwrap_or_default();
        let reading = Reading {
            store: context.runtime_env().object_store(&self.store)?,
            files: files.into(),
            columns: self.columns.clone(),
            header: self.header,
            delimiter: self.delimiter,
            rows: context.session_config().batch_size().max(1),
            open: None,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            bytes: MetricBuilder::new(&self.metrics).counter("bytes_scanned", partition),
            scanned: MetricBuilder::new(&self.metrics).counter("count_files_scanned", partition),
        };
        let batches = futures::stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.batch().await?.map(|batch| (batch, reading)))
        });
        let schema = Arc::clone(&self.columns.projected);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// One partition on its way through its files.
struct Reading {
    store: Arc<dyn ObjectStore>,
    files: VecDeque<ObjectMeta>,
    columns: Columns,
    header: bool,
    delimiter: u8,
    rows: usize,
    open: Option<Open>,
    metrics: BaselineMetrics,
    bytes: Count,
    scanned: Count,
}

/// A file that is read.
struct Open {
    name: String,
    input: Input,
    /// What was read and not looked at yet.
    rest: Vec<u8>,
    at: usize,
    records: Records,
    header: bool,
}

enum Input {
    File(std::fs::File),
    Stream(BoxStream<'static, object_store::Result<bytes::Bytes>>),
    Ended,
}

impl Input {
    async fn chunk(&mut self, into: &mut Vec<u8>) -> Result<()> {
        into.clear();
        match self {
            Input::File(file) => {
                file.take(CHUNK as u64).read_to_end(into)?;
            }
            Input::Stream(stream) => {
                while into.is_empty() {
                    match stream.next().await {
                        Some(bytes) => into.extend_from_slice(&bytes?),
                        None => break,
                    }
                }
            }
            Input::Ended => {}
        }
        if into.is_empty() {
            *self = Input::Ended;
        }
        Ok(())
    }
}

impl Reading {
    async fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.open.is_none() {
                let Some(file) = self.files.pop_front() else { return Ok(None) };
                let found = self.store.get(&file.location).await?;
                self.scanned.add(1);
                self.open = Some(self.opened(&file, found.payload));
            }
            let Some(open) = &mut self.open else { return Ok(None) };
            let named = |error: DataFusionError| {
                let why = crate::fault::sentence(&error);
                DataFusionError::Execution(format!("`{}`: {why}", open.name))
            };
            let wanted = if open.header { 1 } else { self.rows };
            while open.records.len() < wanted {
                if open.at == open.rest.len() {
                    open.input.chunk(&mut open.rest).await?;
                    open.at = 0;
                    self.bytes.add(open.rest.len());
                }
                if open.rest.is_empty() {
                    open.records.finish().map_err(named)?;
                    break;
                }
                let input = open.rest.get(open.at..).unwrap_or_default();
                open.at += open.records.read(input, wanted).map_err(named)?;
            }
            let ended = matches!(open.input, Input::Ended);
            if open.header && open.records.len() > 0 {
                check_header(&open.records, &self.columns.all).map_err(named)?;
                open.header = false;
                open.records.clear();
                continue;
            }
            let batch = match open.records.len() {
                0 => None,
                rows => Some(self.columns.batch(&open.records, rows).map_err(named)?),
            };
            open.records.clear();
            if ended {
                self.open = None;
            }
            if let Some(batch) = batch {
                self.metrics.record_output(batch.num_rows());
                return Ok(Some(batch));
            }
        }
    }

    fn opened(&self, file: &ObjectMeta, payload: GetResultPayload) -> Open {
        let input = match payload {
            GetResultPayload::File(file, _) => Input::File(file),
            GetResultPayload::Stream(stream) => Input::Stream(stream),
        };
        Open {
            name: file.location.to_string(),
            input,
            rest: Vec::new(),
            at: 0,
            records: Records::new(self.columns.all.fields().len(), self.delimiter),
            header: self.header,
        }
    }
}

impl Columns {
    fn batch(&self, records: &Records, rows: usize) -> Result<RecordBatch> {
        let fields = self.projected.fields().iter();
        let arrays = self.places.iter().zip(fields).map(|(at, field)| column(records, *at, field));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.projected), arrays, &options)?)
    }
}

/// The first line names the columns in their order.
fn check_header(records: &Records, schema: &SchemaRef) -> Result<()> {
    for (place, field) in schema.fields().iter().enumerate() {
        let (found, _) = records.field(0, place).unwrap_or_default();
        if found != field.name().as_bytes() {
            let found = String::from_utf8_lossy(found);
            let message =
                format!("its column {} is `{found}`, and not `{}`", place + 1, field.name());
            return Err(DataFusionError::Execution(message));
        }
    }
    Ok(())
}
