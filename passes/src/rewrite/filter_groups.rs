//! Conditions on the keys of groups hold below the aggregate.
//!
//! A group lives or falls as a whole by a condition that reads its keys only, so its rows can
//! be filtered instead; so can the rows of a window's partitions. The condition must not be
//! able to fail, as it is computed on more rows then, and must not tell apart keys that form
//! one group (floats). An aggregate without keys gives a row for no rows, and is left alone.
//! Semi and anti joins on keys are conditions like others. So are some conditions on calls:
//! groups whose greatest value is greater than 5 are the groups of the greater values.

mod calls;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, ExprSchema, JoinType, Result, ScalarValue};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Expr, ExprSchemable, Filter, Join, LogicalPlan, Operator, Projection, Window, binary_expr,
};

use crate::PassContext;
use crate::grouping::{Grouping, call, substituted};
use crate::property::{is_exact_equality, is_fallible, is_volatile, subquery_of};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::Filter(filter) => match filter.input.as_ref() {
            LogicalPlan::Aggregate(aggregate) => match Grouping::of(aggregate) {
                Some(grouping) => {
                    if let Some(plan) = calls::decided(&filter, &grouping, cx)? {
                        return Ok(Transformed::yes(plan));
                    }
                    below_aggregate(filter, grouping)
                }
                None => Ok(Transformed::no(LogicalPlan::Filter(filter))),
            },
            LogicalPlan::Window(window) => {
                let window = window.clone();
                below_window(filter, window)
            }
            _ => Ok(Transformed::no(LogicalPlan::Filter(filter))),
        },
        LogicalPlan::Projection(projection) => Ok(match has_one(&projection)? {
            Some(plan) => Transformed::yes(plan),
            None => Transformed::no(LogicalPlan::Projection(projection)),
        }),
        LogicalPlan::Join(join)
            if matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) =>
        {
            semi_below(join)
        }
        other => Ok(Transformed::no(other)),
    })
}

/// `HAVING max(x) > 5` with nothing else read of the call asks for a row with `x > 5`; and
/// `HAVING count(x) > 0` for one with an `x`.
fn has_one(projection: &Projection) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return Ok(None) };
    let LogicalPlan::Aggregate(aggregate) = filter.input.as_ref() else { return Ok(None) };
    let Some(mut grouping) = Grouping::of(aggregate) else { return Ok(None) };
    let [called] = grouping.calls.as_slice() else { return Ok(None) };
    let reads = |expr: &Expr| expr.column_refs().contains(&called.column);
    if grouping.keys.is_empty() || projection.expr.iter().any(reads) {
        return Ok(None);
    }
    let (asked, rest): (Vec<Expr>, Vec<Expr>) =
        split_conjunction_owned(filter.predicate.clone()).into_iter().partition(reads);
    let ([Expr::BinaryExpr(asked)], Some(call)) = (asked.as_slice(), call(&called.expr)) else {
        return Ok(None);
    };
    let (Expr::Column(_), [argument], true) =
        (asked.left.as_ref(), call.params.args.as_slice(), call.params.order_by.is_empty())
    else {
        return Ok(None);
    };
    let Expr::Literal(bound, _) = asked.right.as_ref() else { return Ok(None) };
    let greater = matches!(asked.op, Operator::Gt | Operator::GtEq);
    let less = matches!(asked.op, Operator::Lt | Operator::LtEq);
    let schema = grouping.input.schema();
    let exact = argument
        .get_type(schema.as_ref())
        .is_ok_and(|own| is_exact_equality(&own) && own == bound.data_type());
    let condition = match call.func.name() {
        "max" if greater && exact => Some(asked.op),
        "min" if less && exact => Some(asked.op),
        "count" => {
            let zero = *bound == ScalarValue::Int64(Some(0)) && asked.op == Operator::Gt;
            let one = *bound == ScalarValue::Int64(Some(1)) && asked.op == Operator::GtEq;
            if !zero && !one {
                return Ok(None);
            }
            None
        }
        _ => return Ok(None),
    };
    let condition = match condition {
        Some(op) => binary_expr(argument.clone(), op, asked.right.as_ref().clone()),
        None => Expr::IsNotNull(Box::new(argument.clone())),
    };
    let parts: Vec<Expr> =
        std::iter::once(condition).chain(call.params.filter.as_deref().cloned()).collect();
    if !parts.iter().all(|part| movable(part, schema.as_ref())) {
        return Ok(None);
    }
    grouping.calls.clear();
    grouping.input = Arc::new(filtered(Arc::unwrap_or_clone(grouping.input), parts)?);
    let plan = filtered(grouping.build()?, rest)?;
    let exprs = projection.expr.clone();
    let schema = Arc::clone(&projection.schema);
    let plan = Projection::try_new_with_schema(exprs, Arc::new(plan), schema)?;
    Ok(Some(LogicalPlan::Projection(plan)))
}

fn below_aggregate(filter: Filter, grouping: Grouping) -> Result<Transformed<LogicalPlan>> {
    let map: HashMap<Column, Expr> =
        grouping.keys.iter().map(|key| (key.column.clone(), key.expr.clone())).collect();
    let schema = Arc::clone(filter.input.schema());
    let mut below = Vec::new();
    let mut above = Vec::new();
    for conjunct in split_conjunction_owned(filter.predicate.clone()) {
        let moves =
            reads_keys(&conjunct, &map, schema.as_ref()) && movable(&conjunct, schema.as_ref());
        let moved = if moves { Some(substituted(conjunct.clone(), &map)?) } else { None };
        match moved {
            Some(moved) if movable(&moved, grouping.input.schema().as_ref()) => below.push(moved),
            _ => above.push(conjunct),
        }
    }
    let Some(predicate) = conjunction(below) else {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    };
    let input = LogicalPlan::Filter(Filter::try_new(predicate, grouping.input)?);
    let plan = Grouping { input: Arc::new(input), ..grouping }.build()?;
    Ok(Transformed::yes(filtered(plan, above)?))
}

/// Whether a condition reads keys, and only those whose equal values are one value.
fn reads_keys(conjunct: &Expr, keys: &HashMap<Column, Expr>, schema: &dyn ExprSchema) -> bool {
    let refs = conjunct.column_refs();
    !refs.is_empty()
        && refs.iter().all(|column| {
            keys.contains_key(*column)
                && schema
                    .field_from_column(column)
                    .is_ok_and(|field| is_exact_equality(field.data_type()))
        })
}

fn movable(conjunct: &Expr, schema: &dyn ExprSchema) -> bool {
    use datafusion::common::tree_node::TreeNode;
    !is_volatile(conjunct)
        && !is_fallible(conjunct, schema)
        && !conjunct.exists(|expr| Ok(subquery_of(expr).is_some())).unwrap_or(true)
}

fn filtered(plan: LogicalPlan, conjuncts: Vec<Expr>) -> Result<LogicalPlan> {
    match conjunction(conjuncts) {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?)),
        None => Ok(plan),
    }
}

/// Partition columns that all window functions share are constant within every partition.
fn below_window(filter: Filter, window: Window) -> Result<Transformed<LogicalPlan>> {
    let mut shared: Option<HashSet<Column>> = None;
    for expr in &window.window_expr {
        let Expr::WindowFunction(function) = expr.clone().unalias_nested().data else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        let columns = function.params.partition_by.into_iter().filter_map(|expr| match expr {
            Expr::Column(column) => Some(column),
            _ => None,
        });
        let columns: HashSet<Column> = columns.collect();
        shared = Some(match shared {
            Some(shared) => shared.intersection(&columns).cloned().collect(),
            None => columns,
        });
    }
    let shared: HashMap<Column, Expr> =
        shared.into_iter().flatten().map(|column| (column.clone(), Expr::Column(column))).collect();
    let schema = Arc::clone(window.input.schema());
    let (below, above): (Vec<Expr>, Vec<Expr>) =
        split_conjunction_owned(filter.predicate.clone()).into_iter().partition(|conjunct| {
            reads_keys(conjunct, &shared, schema.as_ref()) && movable(conjunct, schema.as_ref())
        });
    if below.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    }
    let input = filtered(Arc::unwrap_or_clone(window.input), below)?;
    let window = Window::try_new(window.window_expr, Arc::new(input))?;
    Ok(Transformed::yes(filtered(LogicalPlan::Window(window), above)?))
}

fn semi_below(join: Join) -> Result<Transformed<LogicalPlan>> {
    let left = Arc::clone(&join.left);
    let grouping = match left.as_ref() {
        LogicalPlan::Aggregate(aggregate) => Grouping::of(aggregate),
        _ => None,
    };
    let Some(grouping) = grouping.filter(|grouping| !grouping.keys.is_empty()) else {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    };
    let map: HashMap<Column, Expr> =
        grouping.keys.iter().map(|key| (key.column.clone(), key.expr.clone())).collect();
    let schema = Arc::clone(left.schema());
    let mut both = schema.as_ref().clone();
    both.merge(join.right.schema());
    let reads = |expr: &Expr| {
        let refs = expr.column_refs();
        let mut own = refs.iter().filter(|column| schema.has_column(column));
        own.all(|column| {
            map.contains_key(*column)
                && schema
                    .field_from_column(column)
                    .is_ok_and(|field| is_exact_equality(field.data_type()))
        }) && movable(expr, &both)
    };
    let moves = {
        let pairs = join.on.iter().flat_map(|(left, right)| [left, right]);
        pairs.chain(&join.filter).all(reads)
    };
    let keys_only =
        grouping.keys.iter().all(|key| movable(&key.expr, grouping.input.schema().as_ref()));
    if !keys_only || !moves {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    let on = join.on.into_iter();
    let on = on.map(|(l, r)| Ok((substituted(l, &map)?, r))).collect::<Result<_>>()?;
    let filter = join.filter.map(|filter| substituted(filter, &map)).transpose()?;
    let semi = Join::try_new(
        Arc::clone(&grouping.input),
        join.right,
        on,
        filter,
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?;
    let input = Arc::new(LogicalPlan::Join(semi));
    Ok(Transformed::yes(Grouping { input, ..grouping }.build()?))
}
