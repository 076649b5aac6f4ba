//! The columns of a union below an aggregate, which reads them by name, stand in an order of their
//! own and once each.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Union};
use planc_ir::key::{PlanKey, expression_key, relation_key};

use crate::grouping::{Grouping, aliased, substituted};
use crate::property::is_volatile;

/// What a column is in one input.
type Source = (PlanKey, PlanKey);

/// The aggregate over the union with its columns in order.
pub(super) fn ordered(grouping: &Grouping) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Union(union) = grouping.input.as_ref() else { return Ok(None) };
    let columns = union.schema.columns();
    if columns.len() < 2 {
        return Ok(None);
    }
    let mut sources: Vec<Vec<Source>> = vec![Vec::new(); columns.len()];
    for input in &union.inputs {
        let (relation, exprs) = match input.as_ref() {
            LogicalPlan::Projection(projection) => {
                if projection.expr.iter().any(is_volatile) {
                    return Ok(None);
                }
                (projection.input.as_ref(), projection.expr.clone())
            }
            other => (other, other.schema().columns().into_iter().map(Expr::Column).collect()),
        };
        if matches!(relation, LogicalPlan::Values(_)) {
            // A list takes its projection in, and is another one then: the order would not settle.
            return Ok(None);
        }
        let key = relation_key(relation)?;
        for (expr, sources) in exprs.iter().zip(&mut sources) {
            let expr = expr.clone().unalias_nested().data;
            sources.push((key, expression_key(&expr, &[relation.schema()])?));
        }
    }
    // The same in every input, and the order of the inputs has no part in the order.
    let mut places: Vec<(Vec<Source>, usize)> = Vec::new();
    let mut map = HashMap::new();
    for (place, own) in sources.iter().enumerate() {
        let same = sources.iter().take(place).position(|other| other == own);
        match (same.and_then(|same| columns.get(same)), columns.get(place)) {
            (Some(first), Some(column)) => {
                map.insert(column.clone(), Expr::Column(first.clone()));
            }
            _ => {
                let mut sorted = own.clone();
                sorted.sort_unstable();
                places.push((sorted, place));
            }
        }
    }
    if map.is_empty() && places.is_sorted() {
        return Ok(None);
    }
    places.sort();
    let places: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in &union.inputs {
        let (exprs, below) = match input.as_ref() {
            LogicalPlan::Projection(projection) => {
                let exprs = projection.expr.iter().map(|expr| expr.clone().unalias_nested().data);
                (exprs.collect::<Vec<_>>(), Arc::clone(&projection.input))
            }
            other => {
                let own = other.schema().columns().into_iter().map(Expr::Column);
                (own.collect(), Arc::clone(input))
            }
        };
        let picked = places.iter().filter_map(|place| {
            let name = Column::new_unqualified(&columns.get(*place)?.name);
            Some(aliased(exprs.get(*place)?.clone(), &name))
        });
        let plan = Projection::try_new(picked.collect(), below)?;
        inputs.push(Arc::new(LogicalPlan::Projection(plan)));
    }
    let fields = places.iter().map(|place| {
        let (qualifier, field) = union.schema.qualified_field(*place);
        (qualifier.cloned(), Arc::clone(field))
    });
    let metadata = union.schema.as_ref().metadata().clone();
    let schema = Arc::new(DFSchema::new_with_metadata(fields.collect(), metadata)?);
    let mut grouping = grouping.clone();
    grouping.input = Arc::new(LogicalPlan::Union(Union { inputs, schema }));
    for defined in grouping.keys.iter_mut().chain(&mut grouping.calls) {
        defined.expr = substituted(std::mem::take(&mut defined.expr), &map)?;
    }
    grouping.build().map(Some)
}
