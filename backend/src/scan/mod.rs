//! A source as a plan sees it: the plan's columns, by name, in logical types.
//!
//! Around the source's own scan stand two safeguards, because file statistics are bounds
//! that other engines wrote: they leave NaN out, cut timestamps to milliseconds and long text
//! to a prefix.
//! - [`statistics`]: bounds are estimates. No value and no MIN or MAX is answered from them.
//! - [`guard`]: a predicate on a column that holds floats is never used to skip anything.

pub mod guard;
pub mod statistics;

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ColumnStatistics, DFSchema, DataFusionError, Result, Statistics};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::disjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType, cast};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::expressions::{CastExpr, Column as PhysicalColumn};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

use crate::source::DeltaTableScan;
use guard::ScanGuard;

/// A provider presented with the schema that a plan was made for.
#[derive(Debug)]
pub struct BoundTable {
    inner: Arc<dyn TableProvider>,
    inner_schema: SchemaRef,
    schema: SchemaRef,
    /// For each column of `schema`, its place in the provider.
    places: Vec<usize>,
}

impl BoundTable {
    /// Presents `inner` with `schema`. Columns are found by name; others are left out.
    ///
    /// # Errors
    /// A plan error where a column is missing; [`check_reads`](crate::check_reads) has said so
    /// before.
    pub fn new(inner: Arc<dyn TableProvider>, schema: SchemaRef) -> Result<Self> {
        let inner_schema = inner.schema();
        let places = schema.fields().iter().map(|field| inner_schema.index_of(field.name()));
        let places = places.collect::<Result<_, _>>()?;
        Ok(BoundTable { inner, inner_schema, schema, places })
    }

    /// The address of the provider, the same for all tables over it.
    pub(crate) fn inner_address(&self) -> usize {
        Arc::as_ptr(&self.inner).cast::<()>() as usize
    }

    /// What the provider knows of its rows today, in this table's columns. Nothing is read
    /// but the log or the footers.
    pub(crate) async fn known_statistics(&self, state: &dyn Session) -> Result<Statistics> {
        if let Some(known) = self.inner.statistics() {
            let unknown = ColumnStatistics::new_unknown;
            let columns = self
                .places
                .iter()
                .map(|place| known.column_statistics.get(*place).cloned().unwrap_or_else(unknown));
            let column_statistics = columns.collect();
            return Ok(Statistics { column_statistics, ..known });
        }
        // A Delta scan reads from the log what its predicates ask for, so one that is always
        // true asks for every column.
        let fields = self.schema.fields().iter();
        let scalar = fields.filter(|field| {
            let data_type = field.data_type();
            data_type.is_numeric() || data_type.is_temporal() || *data_type == DataType::Utf8
        });
        let known = scalar.map(|field| {
            let column = Expr::Column(Column::new_unqualified(field.name()));
            column.clone().is_null().or(column.is_not_null())
        });
        let asks = disjunction(known);
        let asks: Vec<Expr> = match asks {
            Some(asks) => {
                let answers = self.inner.supports_filters_pushdown(&[&asks])?;
                let refused = answers.first() == Some(&TableProviderFilterPushDown::Unsupported);
                if refused { Vec::new() } else { vec![asks] }
            }
            None => Vec::new(),
        };
        let plan = self.inner.scan(state, Some(&self.places), &asks, None).await?;
        let known = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new())?;
        Ok(Statistics::clone(&known))
    }

    /// The filter in the provider's own types, or `None` where it must not reach it.
    fn inner_filter(&self, filter: &Expr) -> Result<Option<Expr>> {
        let mut casts = false;
        let columns = filter.column_refs();
        for column in &columns {
            let Ok(field) = self.schema.field_with_name(&column.name) else { return Ok(None) };
            if guard::holds_floats(field.data_type()) {
                return Ok(None);
            }
            let inner = self.inner_schema.field_with_name(&column.name)?;
            casts |= inner.data_type() != field.data_type();
        }
        if columns.is_empty() || filter.is_volatile() {
            return Ok(None);
        }
        let rewritten = filter.clone().transform(|expr| {
            let Expr::Column(column) = expr else { return Ok(Transformed::no(expr)) };
            let (inner, outer) = (
                self.inner_schema.field_with_name(&column.name)?,
                self.schema.field_with_name(&column.name)?,
            );
            let plain = Expr::Column(Column::new_unqualified(column.name));
            Ok(Transformed::yes(if inner.data_type() == outer.data_type() {
                plain
            } else {
                cast(plain, outer.data_type().clone())
            }))
        })?;
        if !casts {
            return Ok(Some(rewritten.data));
        }
        // Takes casts off columns and puts them on the literals, so that files can be skipped.
        let schema = Arc::new(DFSchema::try_from(Arc::clone(&self.inner_schema))?);
        let context = SimplifyContext::builder().with_schema(schema).build();
        ExprSimplifier::new(context).simplify(rewritten.data).map(Some)
    }

    /// Brings the columns of a scan to the plan's names and types.
    fn present(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        wanted: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let found = plan.schema();
        let target = self.schema.project(wanted)?;
        if same_columns(&found, &target) {
            return Ok(plan);
        }
        let columns = target.fields().iter().zip(found.fields()).enumerate();
        let expressions = columns.map(|(place, (target, found))| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(found.name(), place));
            let expression = if target.data_type() == found.data_type() {
                column
            } else {
                Arc::new(CastExpr::new(column, target.data_type().clone(), None))
            };
            (expression, target.name().clone())
        });
        Ok(Arc::new(ProjectionExec::try_new(expressions.collect::<Vec<_>>(), plan)?))
    }
}

fn same_columns(a: &Schema, b: &Schema) -> bool {
    let pairs = a.fields().iter().zip(b.fields());
    a.fields().len() == b.fields().len()
        && pairs.into_iter().all(|(a, b)| a.name() == b.name() && a.data_type() == b.data_type())
}

/// True where a scan of this type may give dictionary arrays.
pub(crate) fn holds_dictionaries(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, _))
}

#[async_trait]
impl TableProvider for BoundTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        self.inner.table_type()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let one = |filter: &&Expr| {
            let Some(inner) = self.inner_filter(filter)? else {
                return Ok(TableProviderFilterPushDown::Unsupported);
            };
            let answer = self.inner.supports_filters_pushdown(&[&inner])?;
            Ok(match answer.first() {
                // The filter stays above the scan: what a log calls exact is not always what
                // SQL means by the predicate (NULL partitions, casts).
                Some(TableProviderFilterPushDown::Exact | TableProviderFilterPushDown::Inexact) => {
                    TableProviderFilterPushDown::Inexact
                }
                _ => TableProviderFilterPushDown::Unsupported,
            })
        };
        filters.iter().map(one).collect()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.places.len()).collect(),
        };
        let place = |column: &usize| {
            let place = self.places.get(*column).copied();
            place.ok_or_else(|| DataFusionError::Internal(format!("no column {column}")))
        };
        let inner = wanted.iter().map(place).collect::<Result<Vec<_>>>()?;
        let filters = filters.iter().filter_map(|filter| self.inner_filter(filter).transpose());
        let filters = filters.collect::<Result<Vec<_>>>()?;
        let plan = match self.inner.downcast_ref::<DeltaTableScan>() {
            Some(table) => table.scan_noting(state, Some(&inner), &filters, limit).await?,
            None => self.inner.scan(state, Some(&inner), &filters, limit).await?,
        };
        let plan = statistics::as_estimates(plan)?;
        // Sources are opened as NOT NULL where their data were looked at, whatever the scan says.
        let found = plan.schema();
        let not_null = wanted.iter().zip(found.fields()).enumerate().filter(|(_, (at, found))| {
            found.is_nullable() && !self.schema.field(**at).is_nullable()
        });
        let not_null = not_null.map(|(place, _)| place).collect();
        self.present(Arc::new(ScanGuard::new(plan, not_null)), &wanted)
    }
}
