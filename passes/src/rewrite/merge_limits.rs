//! A limit of a limit is one limit, and a limit that lets all rows through is none: of one row
//! at most, by a key that is fixed, too.
//!
//! The first rows of a union are among the first of its inputs, so that limits of the inputs in
//! the same order do nothing. That is only so where the order decides between all rows that are
//! not alike: its keys are all columns of the union. The first of the values of a column is the
//! least or greatest one, if there is one. A limit moves below a left join that finds one partner
//! at most, where its order tells all rows apart.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, ExprSchema, JoinType, NullEquality, Result, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, Expr, Filter, Join, Limit, LogicalPlan, Projection, Sort, SortExpr, Union,
};

use crate::PassContext;
use crate::grouping::{aliased, substituted};
use crate::property::cardinality::{bounds, cardinality};
use crate::property::keys::unique_within;
use crate::property::unique_when_equal;
use crate::property::{is_exact_equality, known};
use crate::rewrite::inner_to_semi::equated;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Limit(limit) => {
            if let Some(plan) = above_union(&limit)? {
                return Ok(Transformed::yes(plan));
            }
            match below_left(&limit, cx)? {
                Some(plan) => Ok(Transformed::yes(plan)),
                None => Ok(merged(limit, cx)),
            }
        }
        LogicalPlan::Projection(projection) => match first_value(&projection, cx)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(LogicalPlan::Projection(projection))),
        },
        other => Ok(Transformed::no(other)),
    })
}

fn merged(limit: Limit, cx: &PassContext) -> Transformed<LogicalPlan> {
    let Some((skip, fetch)) = bounds(&limit) else {
        return Transformed::no(LogicalPlan::Limit(limit));
    };
    let all = cardinality(&limit.input).max.is_some_and(|max| fetch.is_none_or(|f| f >= max));
    let single = || {
        let unique = unique_within(&limit.input, &BTreeSet::new());
        unique.is_some_and(|unique| {
            unique.rely(cx);
            true
        })
    };
    if skip == 0 && (fetch.is_none() || all || (fetch.is_some_and(|f| f > 0) && single())) {
        return Transformed::yes(Arc::unwrap_or_clone(limit.input));
    }
    if let LogicalPlan::Limit(inner) = limit.input.as_ref()
        && let Some((inner_skip, inner_fetch)) = bounds(inner)
        && let Some(skipped) = inner_skip.checked_add(skip)
    {
        let left = inner_fetch.map(|inner| inner.saturating_sub(skip));
        let fetch = match (left, fetch) {
            (Some(left), Some(fetch)) => Some(left.min(fetch)),
            (left, fetch) => left.or(fetch),
        };
        return Transformed::yes(limited(Arc::clone(&inner.input), skipped, fetch));
    }
    // No offset is written in one way.
    let plain = skip > 0 || limit.skip.is_none();
    if plain && fetch.is_some() == limit.fetch.is_some() {
        return Transformed::no(LogicalPlan::Limit(limit));
    }
    Transformed::yes(limited(limit.input, skip, fetch))
}

/// The first of the values of one column, which is not NULL, is the least or the greatest one.
fn first_value(projection: &Projection, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Limit(limit) = projection.input.as_ref() else { return Ok(None) };
    let (Some((0, Some(1))), LogicalPlan::Sort(sort)) = (bounds(limit), limit.input.as_ref())
    else {
        return Ok(None);
    };
    let ([key], schema) = (sort.expr.as_slice(), sort.input.schema()) else { return Ok(None) };
    let Expr::Column(column) = &key.expr else { return Ok(None) };
    let mut read = projection.expr.iter().flat_map(|expr| expr.column_refs());
    let plain = projection.expr.iter().all(|expr| !expr.column_refs().is_empty())
        && read.all(|read| read == column)
        && sort.fetch.is_none()
        && schema.data_type(column).is_ok_and(is_exact_equality);
    if !plain || known(&sort.input).is_nullable(&key.expr, schema, cx) {
        return Ok(None);
    }
    let own = Column::from_name(cx.fresh());
    let call = if key.asc { min(key.expr.clone()) } else { max(key.expr.clone()) };
    let value = Aggregate::try_new(Arc::clone(&sort.input), Vec::new(), vec![aliased(call, &own)])?;
    let own = Expr::Column(own);
    let found = Expr::IsNotNull(Box::new(own.clone()));
    let found = Filter::try_new(found, Arc::new(LogicalPlan::Aggregate(value)))?;
    let found = Arc::new(LogicalPlan::Filter(found));
    let map = HashMap::from([(column.clone(), own)]);
    let columns = projection.schema.columns();
    let exprs = projection.expr.iter().zip(&columns).map(|(expr, column)| {
        Ok(aliased(substituted(expr.clone().unalias_nested().data, &map)?, column))
    });
    let exprs = exprs.collect::<Result<_>>()?;
    Ok(Some(LogicalPlan::Projection(Projection::try_new(exprs, found)?)))
}

/// The first rows of a left join that finds one partner at most are joins of the first rows. The
/// order must tell all rows apart: else other ones could come first.
fn below_left(limit: &Limit, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Sort(sort) = limit.input.as_ref() else { return Ok(None) };
    let LogicalPlan::Join(join) = sort.input.as_ref() else { return Ok(None) };
    if join.join_type != JoinType::Left || sort.fetch.is_some() || bounds(limit).is_none() {
        return Ok(None);
    }
    let schema = join.left.schema();
    let mut ordinals = BTreeSet::new();
    for key in &sort.expr {
        let Expr::Column(column) = &key.expr else { return Ok(None) };
        let Some(ordinal) = schema.maybe_index_of_column(column) else { return Ok(None) };
        ordinals.insert(ordinal);
    }
    let mut on: Vec<Expr> = match join.null_equality {
        NullEquality::NullEqualsNothing => {
            join.on.iter().map(|(l, r)| l.clone().eq(r.clone())).collect()
        }
        NullEquality::NullEqualsNull => return Ok(None),
    };
    let filters = join.filter.iter().flat_map(split_conjunction).cloned();
    on.extend(filters);
    let matched = unique_when_equal(&join.right, &equated(&on, &join.right));
    let (Some(order), Some(matched)) = (unique_within(&join.left, &ordinals), matched) else {
        return Ok(None);
    };
    order.rely(cx);
    matched.rely(cx);
    let first = LogicalPlan::Sort(Sort { input: Arc::clone(&join.left), ..sort.clone() });
    let first = LogicalPlan::Limit(Limit { input: Arc::new(first), ..limit.clone() });
    let joined = Join { left: Arc::new(first), ..join.clone() };
    let joined = Arc::new(LogicalPlan::Join(joined));
    Ok(Some(LogicalPlan::Sort(Sort { input: joined, ..sort.clone() })))
}

/// The limit of a sorted union, without the limits of its inputs.
fn above_union(limit: &Limit) -> Result<Option<LogicalPlan>> {
    let Some((skip, Some(fetch))) = bounds(limit) else { return Ok(None) };
    let LogicalPlan::Sort(sort) = limit.input.as_ref() else { return Ok(None) };
    let LogicalPlan::Union(union) = sort.input.as_ref() else { return Ok(None) };
    let columns = union.schema.columns();
    let schema = &union.schema;
    let decides = columns.iter().zip(schema.fields()).all(|(column, field)| {
        is_exact_equality(field.data_type())
            && sort.expr.iter().any(|key| matches!(&key.expr, Expr::Column(own) if own == column))
    });
    let Some(most) = skip.checked_add(fetch).filter(|_| decides && sort.fetch.is_none()) else {
        return Ok(None);
    };
    let mut changed = false;
    let mut inputs = Vec::with_capacity(union.inputs.len());
    for input in &union.inputs {
        let own = input.schema().columns().into_iter().map(Expr::Column);
        let map = columns.iter().cloned().zip(own).collect();
        let keys = sort.expr.iter().map(|key| {
            let expr = substituted(key.expr.clone(), &map)?;
            Ok(SortExpr { expr, ..key.clone() })
        });
        match without_limit(input, &keys.collect::<Result<Vec<_>>>()?, most)? {
            Some(input) => {
                inputs.push(Arc::new(input));
                changed = true;
            }
            None => inputs.push(Arc::clone(input)),
        }
    }
    if !changed {
        return Ok(None);
    }
    let union = LogicalPlan::Union(Union { inputs, schema: Arc::clone(&union.schema) });
    let sorted = LogicalPlan::Sort(Sort { input: Arc::new(union), ..sort.clone() });
    Ok(Some(LogicalPlan::Limit(Limit { input: Arc::new(sorted), ..limit.clone() })))
}

/// An input without a limit that keeps at least so many of its first rows in this order.
fn without_limit(
    plan: &LogicalPlan,
    keys: &[SortExpr],
    most: usize,
) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Limit(limit) => {
            let LogicalPlan::Sort(sort) = limit.input.as_ref() else { return Ok(None) };
            let enough = matches!(bounds(limit), Some((0, Some(fetch))) if fetch >= most);
            let same = sort.fetch.is_none() && sort.expr == keys;
            Ok((enough && same).then(|| sort.input.as_ref().clone()))
        }
        LogicalPlan::Projection(projection) => {
            let columns = projection.schema.columns().into_iter();
            let exprs = projection.expr.iter().map(|expr| expr.clone().unalias_nested().data);
            let map: HashMap<Column, Expr> = columns.zip(exprs).collect();
            let below = keys.iter().map(|key| {
                let expr = substituted(key.expr.clone(), &map)?;
                Ok(SortExpr { expr, ..key.clone() })
            });
            let below = below.collect::<Result<Vec<_>>>()?;
            let Some(input) = without_limit(&projection.input, &below, most)? else {
                return Ok(None);
            };
            let exprs = projection.expr.clone();
            let plan = Projection::try_new(exprs, Arc::new(input))?;
            Ok(Some(LogicalPlan::Projection(plan)))
        }
        _ => Ok(None),
    }
}

fn limited(input: Arc<LogicalPlan>, skip: usize, fetch: Option<usize>) -> LogicalPlan {
    let literal = |rows: usize| {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        Box::new(Expr::Literal(ScalarValue::Int64(Some(rows)), None))
    };
    let skip = (skip > 0).then(|| literal(skip));
    LogicalPlan::Limit(Limit { skip, fetch: fetch.map(literal), input })
}
