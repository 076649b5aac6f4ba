//! Nested unions are one union, with its inputs in an order of their own.
//!
//! Only `UNION ALL` is a relation here, as `UNION` is the groups of one; so flattening mixes no
//! kinds, and the rows stay with their duplicates. What is computed or filtered above a union
//! is computed or filtered on each input: the same expressions see the same rows. Inputs
//! without rows give nothing. Names come from the union itself, not from its first input.

mod columns;
mod union_scans;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchemaRef, Result};
use datafusion::logical_expr::{EmptyRelation, Expr, Filter, LogicalPlan, Projection, Union};
use planc_ir::key::relation_key;

use crate::PassContext;
use crate::grouping::{Grouping, aliased, is_multiplicity_blind, substituted};
use crate::property::cardinality::cardinality;
use crate::property::{is_volatile, subquery_of};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Projection(projection) if is_union(&projection.input) => above(projection),
        LogicalPlan::Filter(filter) if is_union(&filter.input) && can_repeat(&filter.predicate) => {
            let LogicalPlan::Union(union) = Arc::unwrap_or_clone(filter.input) else {
                return datafusion::common::plan_err!("a union is no union");
            };
            let filtered = |input: Arc<LogicalPlan>| {
                let predicate =
                    substituted(filter.predicate.clone(), &positions(&union.schema, &input))?;
                Ok(Arc::new(LogicalPlan::Filter(Filter::try_new(predicate, input)?)))
            };
            let inputs = union.inputs.into_iter().map(filtered).collect::<Result<_>>()?;
            Ok(Transformed::yes(LogicalPlan::Union(Union { inputs, schema: union.schema })))
        }
        LogicalPlan::Union(union) => merged(union),
        LogicalPlan::Aggregate(aggregate) => {
            let Some(grouping) = Grouping::of(&aggregate) else {
                return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
            };
            if let Some(plan) = computed_below(&grouping, cx)? {
                return Ok(Transformed::yes(plan));
            }
            if let Some(plan) = columns::ordered(&grouping)? {
                return Ok(Transformed::yes(plan));
            }
            if !grouping.calls.iter().all(|call| is_multiplicity_blind(&call.expr)) {
                return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
            }
            match without_repeats(&grouping.input)? {
                Some(input) => {
                    let input = Arc::new(input);
                    Ok(Transformed::yes(Grouping { input, ..grouping }.build()?))
                }
                None => Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))),
            }
        }
        other => Ok(Transformed::no(other)),
    })
}

fn is_union(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Union(union) if !union.inputs.is_empty())
}

/// Whether an expression can stand in several places: once for every row it is still computed,
/// but names in the plans of its subqueries would come twice.
fn can_repeat(expr: &Expr) -> bool {
    !is_volatile(expr) && !expr.exists(|expr| Ok(subquery_of(expr).is_some())).unwrap_or(true)
}

/// What the columns of a union are in one of its inputs.
fn positions(schema: &DFSchemaRef, input: &LogicalPlan) -> HashMap<Column, Expr> {
    let own = input.schema().columns().into_iter().map(Expr::Column);
    schema.columns().into_iter().zip(own).collect()
}

/// A projection above a union moves into the inputs, unless it only renames.
fn above(projection: Projection) -> Result<Transformed<LogicalPlan>> {
    let below = projection.input.schema().columns();
    let renames = projection.expr.len() == below.len()
        && projection.expr.iter().zip(&below).all(|(expr, column)| {
            matches!(expr.clone().unalias_nested().data, Expr::Column(own) if own == *column)
        });
    if renames || !projection.expr.iter().all(can_repeat) {
        return Ok(Transformed::no(LogicalPlan::Projection(projection)));
    }
    let Projection { expr, input, schema, .. } = projection;
    let LogicalPlan::Union(union) = Arc::unwrap_or_clone(input) else {
        return datafusion::common::plan_err!("a union is no union");
    };
    let columns = schema.columns();
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in union.inputs {
        inputs.push(Arc::new(projected(&expr, &columns, &union.schema, input)?));
    }
    Ok(Transformed::yes(LogicalPlan::Union(Union { inputs, schema })))
}

/// The expressions over a union's columns, computed on one of its inputs.
fn projected(
    exprs: &[Expr],
    columns: &[Column],
    schema: &DFSchemaRef,
    input: Arc<LogicalPlan>,
) -> Result<LogicalPlan> {
    let mut map = positions(schema, &input);
    let mut source = input;
    if let LogicalPlan::Projection(inner) = source.as_ref()
        && inner.expr.iter().all(can_repeat)
    {
        // Projections on projections would hide from each other what they compute.
        let below = inner.schema.columns().into_iter().zip(&inner.expr);
        let below = below.map(|(column, expr)| (column, expr.clone().unalias_nested().data));
        let below: HashMap<Column, Expr> = below.collect();
        for expr in map.values_mut() {
            *expr = substituted(expr.clone(), &below)?;
        }
        source = Arc::clone(&inner.input);
    }
    let exprs = exprs.iter().zip(columns).map(|(expr, column)| {
        let expr = substituted(expr.clone().unalias_nested().data, &map)?;
        Ok(aliased(expr, &Column::new_unqualified(&column.name)))
    });
    Ok(LogicalPlan::Projection(Projection::try_new(exprs.collect::<Result<_>>()?, source)?))
}

/// What an aggregate over a union computes of a row is computed in the inputs.
fn computed_below(grouping: &Grouping, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    if !is_union(&grouping.input) {
        return Ok(None);
    }
    let mut grouping = grouping.clone();
    let columns = grouping.input.schema().columns();
    let mut exprs: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
    let before = exprs.len();
    let mut compute = |expr: &mut Expr| {
        let plain = matches!(expr, Expr::Column(_) | Expr::Literal(..));
        if plain || expr.column_refs().is_empty() || !can_repeat(expr) {
            return;
        }
        let column = Column::from_name(cx.fresh());
        let own = std::mem::replace(expr, Expr::Column(column.clone()));
        exprs.push(aliased(own, &column));
    };
    // DataFusion takes a computed key to follow from its column, which floats forbid.
    for call in &mut grouping.calls {
        if let Expr::AggregateFunction(call) = &mut call.expr {
            call.params.args.iter_mut().for_each(&mut compute);
        }
    }
    if exprs.len() == before {
        return Ok(None);
    }
    let projection = Projection::try_new(exprs, grouping.input)?;
    let pushed = above(projection)?;
    if !pushed.transformed {
        return Ok(None);
    }
    grouping.input = Arc::new(pushed.data);
    grouping.build().map(Some)
}

fn merged(union: Union) -> Result<Transformed<LogicalPlan>> {
    let Union { inputs, schema } = union;
    let mut flat = Vec::with_capacity(inputs.len());
    let mut changed = false;
    for input in inputs {
        if cardinality(&input).is_empty() {
            changed = true;
            continue;
        }
        match nested(&input)? {
            Some(inner) => {
                flat.extend(inner);
                changed = true;
            }
            None => flat.push(input),
        }
    }
    changed |= merge_disjoint(&mut flat)?;
    match flat.as_slice() {
        [] => {
            let empty = EmptyRelation { produce_one_row: false, schema };
            return Ok(Transformed::yes(LogicalPlan::EmptyRelation(empty)));
        }
        [only] => {
            let own = only.schema().columns().into_iter().zip(schema.columns());
            let exprs = own.map(|(column, name)| aliased(Expr::Column(column), &name)).collect();
            let plan = Projection::try_new(exprs, Arc::clone(only))?;
            return Ok(Transformed::yes(LogicalPlan::Projection(plan)));
        }
        _ => {}
    }
    let mut keyed = Vec::with_capacity(flat.len());
    for input in flat {
        keyed.push((relation_key(&input)?, input));
    }
    changed |= !keyed.is_sorted_by_key(|(key, _)| *key);
    keyed.sort_by_key(|(key, _)| *key);
    let inputs = keyed.into_iter().map(|(_, input)| input).collect();
    Ok(Transformed::new_transformed(LogicalPlan::Union(Union { inputs, schema }), changed))
}

/// Filters of one table that share no row are one filter.
fn merge_disjoint(inputs: &mut Vec<Arc<LogicalPlan>>) -> Result<bool> {
    let mut changed = false;
    let mut place = 0;
    while let Some(input) = inputs.get(place) {
        let mut merged = None;
        for (at, other) in inputs.iter().enumerate().skip(place + 1) {
            if let Some(both) = union_scans::either(input, other, true)? {
                merged = Some((at, both));
                break;
            }
        }
        match merged {
            Some((at, both)) => {
                inputs.remove(at);
                if let Some(input) = inputs.get_mut(place) {
                    *input = Arc::new(both);
                }
                changed = true;
            }
            None => place += 1,
        }
    }
    Ok(changed)
}

/// The inputs of a union that is itself the input of one, with what is projected above it.
fn nested(input: &LogicalPlan) -> Result<Option<Vec<Arc<LogicalPlan>>>> {
    match input {
        LogicalPlan::Union(union) => Ok(Some(union.inputs.clone())),
        LogicalPlan::Projection(projection) => {
            let LogicalPlan::Union(union) = projection.input.as_ref() else { return Ok(None) };
            if !projection.expr.iter().all(can_repeat) {
                return Ok(None);
            }
            let columns = projection.schema.columns();
            let inputs = union.inputs.iter().map(|input| {
                let input = Arc::clone(input);
                projected(&projection.expr, &columns, &union.schema, input).map(Arc::new)
            });
            inputs.collect::<Result<_>>().map(Some)
        }
        _ => Ok(None),
    }
}

/// An input of which only the set of rows counts: inputs of unions need no DISTINCT, and equal
/// ones are one.
fn without_repeats(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Projection(projection) if !projection.expr.iter().any(is_volatile) => {
            let Some(input) = without_repeats(&projection.input)? else { return Ok(None) };
            let schema = Arc::clone(&projection.schema);
            let exprs = projection.expr.clone();
            let plan = Projection::try_new_with_schema(exprs, Arc::new(input), schema)?;
            Ok(Some(LogicalPlan::Projection(plan)))
        }
        LogicalPlan::Filter(filter) if !is_volatile(&filter.predicate) => {
            let Some(input) = without_repeats(&filter.input)? else { return Ok(None) };
            let plan = Filter::try_new(filter.predicate.clone(), Arc::new(input))?;
            Ok(Some(LogicalPlan::Filter(plan)))
        }
        LogicalPlan::Aggregate(aggregate) => {
            let Some(grouping) = Grouping::of(aggregate).filter(Grouping::is_distinct) else {
                return Ok(None);
            };
            if grouping.keys.iter().any(|key| is_volatile(&key.expr)) {
                return Ok(None);
            }
            let exprs = grouping.keys.into_iter().map(|key| aliased(key.expr, &key.column));
            let plan = Projection::try_new(exprs.collect(), grouping.input)?;
            Ok(Some(LogicalPlan::Projection(plan)))
        }
        LogicalPlan::Union(union) => {
            let mut changed = false;
            let mut inputs: Vec<Arc<LogicalPlan>> = Vec::with_capacity(union.inputs.len());
            let mut keys = Vec::with_capacity(union.inputs.len());
            for input in &union.inputs {
                let input = match without_repeats(input)? {
                    Some(input) => {
                        changed = true;
                        Arc::new(input)
                    }
                    None => Arc::clone(input),
                };
                let key = relation_key(&input)?;
                if keys.contains(&key) && is_repeatable(&input)? {
                    changed = true;
                    continue;
                }
                keys.push(key);
                let mut single = true;
                for other in &mut inputs {
                    if let Some(both) = union_scans::either(other, &input, false)? {
                        *other = Arc::new(both);
                        (single, changed) = (false, true);
                        break;
                    }
                }
                if single {
                    inputs.push(input);
                }
            }
            let schema = Arc::clone(&union.schema);
            Ok(changed.then_some(LogicalPlan::Union(Union { inputs, schema })))
        }
        _ => Ok(None),
    }
}

/// Whether a relation gives the same rows each time it is computed.
pub(crate) fn is_repeatable(plan: &LogicalPlan) -> Result<bool> {
    use datafusion::common::tree_node::TreeNodeRecursion;
    let mut repeatable = true;
    plan.apply_with_subqueries(|node| {
        repeatable &= !matches!(node, LogicalPlan::Limit(_))
            && !matches!(node, LogicalPlan::Sort(sort) if sort.fetch.is_some());
        node.apply_expressions(|expr| {
            repeatable &= !is_volatile(expr);
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(repeatable)
}
