//! A rule's plan in the place of the scan that reads it.

use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, cast};

/// What the scan reads of `inlined`: its filters, its columns and its limit, under its name.
///
/// # Errors
///
/// Where `inlined` lacks a column that the scan reads.
pub fn inline(scan: TableScan, inlined: LogicalPlan) -> Result<LogicalPlan> {
    let outputs = inlined.schema().columns();
    let source = scan.source.schema();
    let columns = source.fields().iter().map(|field| {
        let place = inlined.schema().fields().iter().position(|f| f.name() == field.name());
        let place = place.and_then(|place| Some((place, outputs.get(place)?)));
        let Some((place, column)) = place else {
            let message = format!("`{}` has no column `{}`", scan.table_name, field.name());
            return Err(DataFusionError::Plan(message));
        };
        let expr = Expr::Column(column.clone());
        let same = inlined.schema().field(place).data_type() == field.data_type();
        let expr = if same { expr } else { cast(expr, field.data_type().clone()) };
        Ok(expr.alias(field.name()))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let mut builder = LogicalPlanBuilder::from(inlined).project(columns)?;
    builder = builder.alias(scan.table_name.clone())?;
    if let Some(filter) = conjunction(scan.filters) {
        builder = builder.filter(filter)?;
    }
    if let Some(places) = scan.projection {
        let names = places.iter().filter_map(|place| source.fields().get(*place));
        let columns = names
            .map(|field| Expr::Column(Column::new(Some(scan.table_name.clone()), field.name())));
        builder = builder.project(columns.collect::<Vec<_>>())?;
    }
    if scan.fetch.is_some() {
        builder = builder.limit(0, scan.fetch)?;
    }
    builder.build()
}
