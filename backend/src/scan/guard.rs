//! The plan node above every scan that keeps predicates on floats out of it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions,
};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase,
    FilterPushdownPropagation,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, StatisticsArgs,
};

use futures::StreamExt;

use super::statistics::bounds_as_estimates;

/// True where a value of this type is a float or holds one. Bounds of such columns leave NaN
/// out, which SQL here orders above every number.
pub fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => true,
        DataType::Dictionary(_, value) => holds_floats(value),
        DataType::RunEndEncoded(_, values) => holds_floats(values.data_type()),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_floats(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_floats(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, f)| holds_floats(f.data_type())),
        _ => false,
    }
}

/// Passes batches through. The optimizer pushes predicates into scans, those of joins and of
/// `ORDER BY … LIMIT` too, and they skip files, row groups and pages by their bounds; this
/// node lets through only those that read no float.
///
/// It also takes the metadata off the fields, comments and the names of column mapping: a plan
/// knows nothing of them, and the engine holds its schema against that of the scan.
#[derive(Debug)]
pub struct ScanGuard {
    input: Arc<dyn ExecutionPlan>,
    /// Columns that the input says may be NULL and the plan says are not. Each batch is looked at.
    not_null: Arc<[usize]>,
    /// Where the schema is not the input's.
    plain: Option<Arc<PlanProperties>>,
}

impl ScanGuard {
    /// Guards a scan whose columns at `not_null` shall have no NULL.
    pub fn new(input: Arc<dyn ExecutionPlan>, not_null: Arc<[usize]>) -> Self {
        let plain = plain_schema(&input.schema(), &not_null).map(|schema| {
            let given = input.properties();
            Arc::new(PlanProperties::new(
                EquivalenceProperties::new(schema),
                given.output_partitioning().clone(),
                given.emission_type,
                given.boundedness,
            ))
        });
        ScanGuard { input, not_null, plain }
    }

    fn over(&self, input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        Arc::new(ScanGuard::new(input, Arc::clone(&self.not_null)))
    }
}

/// The schema without what the fields say beside their types, and with these columns NOT NULL;
/// none where that is the schema itself.
fn plain_schema(schema: &SchemaRef, not_null: &[usize]) -> Option<SchemaRef> {
    let of_arrow = |key: &String| key.starts_with("ARROW:extension:");
    let says = |field: &FieldRef| field.metadata().keys().any(|key| !of_arrow(key));
    if not_null.is_empty() && !schema.fields().iter().any(says) {
        return None;
    }
    let fields = schema.fields().iter().enumerate().map(|(place, field)| {
        let kept = field.metadata().iter().filter(|(key, _)| of_arrow(key));
        let kept = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        let nullable = field.is_nullable() && !not_null.contains(&place);
        Field::clone(field).with_metadata(kept).with_nullable(nullable)
    });
    Some(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

impl DisplayAs for ScanGuard {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("ScanGuard")
    }
}

impl ExecutionPlan for ScanGuard {
    fn name(&self) -> &'static str {
        "ScanGuard"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plain.as_ref().unwrap_or_else(|| self.input.properties())
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(self.over(input)),
            _ => Err(DataFusionError::Internal("a scan guard has one input".to_owned())),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        config: &ConfigOptions,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let input = self.input.repartitioned(target_partitions, config)?;
        Ok(input.map(|input| self.over(input)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batches = self.input.execute(partition, context)?;
        if self.plain.is_none() {
            return Ok(batches);
        }
        let schema = self.schema();
        let plain = Arc::clone(&schema);
        let batches = batches.map(move |batch| {
            let batch = batch?;
            let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&plain), columns, &rows)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(match inputs.first() {
            Some(statistics) => Arc::new(bounds_as_estimates(statistics)),
            None => Arc::new(Statistics::new_unknown(&self.schema())),
        })
    }

    fn supports_limit_pushdown(&self) -> bool {
        self.input.supports_limit_pushdown()
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let schema = self.schema();
        let fields = schema.fields().iter().enumerate();
        let safe = fields.filter(|(_, field)| !holds_floats(field.data_type()));
        let safe: HashSet<usize> = safe.map(|(place, _)| place).collect();
        let child = ChildFilterDescription::from_child_with_allowed_indices(
            &parent_filters,
            safe,
            &self.input,
        )?;
        Ok(FilterDescription::new().with_child(child))
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
