//! Columns that nothing reads are no part of the question.
//!
//! Scans list the columns that are used; aggregates, windows, projections and unions compute
//! only what is read. Rows stay as they are: a group key that nobody reads still groups, unless
//! it follows from the others; a DISTINCT is over its columns. Names are unique, so that "used"
//! is a set of names.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ExprSchema, JoinType, Result};
use datafusion::logical_expr::{
    Aggregate, Expr, LogicalPlan, Projection, SubqueryAlias, TableScan, TableScanBuilder, Union,
    Window,
};
use planc_ir::table_function::reads_no_table;

use super::rename::is_correlated;
use crate::PassContext;
use crate::block::keep_mark;
use crate::property::{Determined, is_exact_equality, is_volatile};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if is_correlated(&plan)? {
        return Ok(Transformed::no(plan));
    }
    let used = plan.schema().columns().into_iter().collect();
    prune(plan, &used, cx)
}

type Used = HashSet<Column>;

fn read_by<'e>(exprs: impl IntoIterator<Item = &'e Expr>, used: &mut Used) {
    for expr in exprs {
        used.extend(expr.column_refs().into_iter().cloned());
    }
}

/// Prunes what `used` does not name. Columns may stay that are not used; none goes that is.
fn prune(plan: LogicalPlan, used: &Used, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let plan = subqueries(plan, cx)?;
    plan.transform_data(|plan| match plan {
        LogicalPlan::Projection(projection) => self::projection(projection, used, cx),
        LogicalPlan::Aggregate(aggregate) => self::aggregate(aggregate, used, cx),
        LogicalPlan::Window(window) => self::window(window, used, cx),
        LogicalPlan::Union(union) => self::union(union, used, cx),
        LogicalPlan::SubqueryAlias(alias) => self::alias(alias, used, cx),
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Join(_) => {
            let mut below = used.clone();
            read_by(&plan.expressions(), &mut below);
            keep_marked(&plan, &mut below);
            let last = plan.schema().columns().pop();
            let pruned = plan.map_children(|child| prune(child, &below, cx))?;
            if pruned.transformed {
                return pruned.map_data(|plan| keep_mark(plan.recompute_schema()?, last));
            }
            Ok(pruned)
        }
        // What cannot be looked into reads all columns.
        other => other.map_children(|child| {
            let all = child.schema().columns().into_iter().collect();
            prune(child, &all, cx)
        }),
    })
}

/// The right side of a mark join keeps a column: DataFusion panics on one that has none.
fn keep_marked(plan: &LogicalPlan, used: &mut Used) {
    if let LogicalPlan::Join(join) = plan
        && join.join_type == JoinType::LeftMark
        && let right = join.right.schema().columns()
        && !right.iter().any(|column| used.contains(column))
    {
        used.extend(right.into_iter().next());
    }
}

/// Prunes within the plans of subqueries; all their columns are read.
fn subqueries(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let mut found = false;
    plan.apply_expressions(|expr| {
        found |= expr.exists(|expr| Ok(crate::property::subquery_of(expr).is_some()))?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    if !found {
        return Ok(Transformed::no(plan));
    }
    plan.map_subqueries(|plan| match plan {
        LogicalPlan::Subquery(mut subquery) => {
            let plan = Arc::unwrap_or_clone(subquery.subquery);
            let all = plan.schema().columns().into_iter().collect();
            let pruned = prune(plan, &all, cx)?;
            subquery.subquery = Arc::new(pruned.data);
            let plan = LogicalPlan::Subquery(subquery);
            Ok(Transformed::new_transformed(plan, pruned.transformed))
        }
        other => Ok(Transformed::no(other)),
    })
}

fn projection(
    projection: Projection,
    used: &Used,
    cx: &PassContext,
) -> Result<Transformed<LogicalPlan>> {
    let Projection { expr, input, schema, .. } = projection;
    let columns = schema.columns();
    let before = expr.len();
    let expr: Vec<Expr> = expr
        .into_iter()
        .zip(columns)
        .filter(|(expr, column)| used.contains(column) || is_volatile(expr))
        .map(|(expr, _)| expr)
        .collect();
    let mut below = Used::new();
    read_by(&expr, &mut below);
    let input = prune(Arc::unwrap_or_clone(input), &below, cx)?;
    let changed = input.transformed || expr.len() < before;
    let projection = Projection::try_new(expr, Arc::new(input.data))?;
    Ok(Transformed::new_transformed(LogicalPlan::Projection(projection), changed))
}

fn aggregate(
    aggregate: Aggregate,
    used: &Used,
    cx: &PassContext,
) -> Result<Transformed<LogicalPlan>> {
    let Aggregate { input, mut group_expr, aggr_expr, schema, .. } = aggregate;
    let before = aggr_expr.len();
    let keys = schema.fields().len() - before;
    let plain =
        !matches!(group_expr.as_slice(), [Expr::GroupingSet(_)]) && keys == group_expr.len();
    let keyed = group_expr.len();
    if plain {
        let unread = schema.columns().into_iter().take(keys).map(|column| !used.contains(&column));
        group_expr = without_dependent(group_expr, unread.collect(), &input, cx);
    }
    let fewer = group_expr.len() < keyed;
    let columns = schema.columns().into_iter().skip(keys);
    let mut kept: Vec<Expr> = Vec::with_capacity(before);
    let mut dropped = None;
    for (expr, column) in aggr_expr.into_iter().zip(columns) {
        if used.contains(&column) {
            kept.push(expr);
        } else if dropped.is_none() {
            dropped = Some(expr);
        }
    }
    if kept.is_empty() && group_expr.is_empty() {
        // An aggregate over everything gives its one row for something.
        kept.extend(dropped);
    }
    let mut below = Used::new();
    read_by(group_expr.iter().chain(&kept), &mut below);
    let input = prune(Arc::unwrap_or_clone(input), &below, cx)?;
    let changed = input.transformed || kept.len() < before || fewer;
    let aggregate = Aggregate::try_new(Arc::new(input.data), group_expr, kept)?;
    Ok(Transformed::new_transformed(LogicalPlan::Aggregate(aggregate), changed))
}

/// The keys without those that are not read and follow from the others: they split no group.
fn without_dependent(
    mut keys: Vec<Expr>,
    mut unread: Vec<bool>,
    input: &LogicalPlan,
    cx: &PassContext,
) -> Vec<Expr> {
    let column = |key: &Expr| match key.clone().unalias_nested().data {
        Expr::Column(column) => Some(column),
        _ => None,
    };
    let exact = |column: &Column| input.schema().data_type(column).is_ok_and(is_exact_equality);
    let mut place = keys.len();
    while place > 0 && keys.len() > 1 {
        place -= 1;
        if unread.get(place) != Some(&true) {
            continue;
        }
        let Some(own) = keys.get(place).and_then(column) else { continue };
        let others = keys.iter().enumerate().filter(|(at, _)| *at != place);
        let others = others.filter_map(|(_, key)| column(key)).filter(exact).collect();
        let determined = Determined::by(input, others);
        if determined.columns.contains(&own) {
            determined.reliance.iter().for_each(|constraint| constraint.note(cx));
            keys.remove(place);
            unread.remove(place);
        }
    }
    keys
}

fn window(window: Window, used: &Used, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let Window { input, window_expr, schema } = window;
    let before = window_expr.len();
    let columns = schema.columns().into_iter().skip(schema.fields().len() - before);
    let kept: Vec<Expr> = window_expr
        .into_iter()
        .zip(columns)
        .filter(|(_, column)| used.contains(column))
        .map(|(expr, _)| expr)
        .collect();
    let mut below = used.clone();
    read_by(&kept, &mut below);
    let input = prune(Arc::unwrap_or_clone(input), &below, cx)?;
    if kept.is_empty() {
        return Ok(Transformed::yes(input.data));
    }
    let changed = input.transformed || kept.len() < before;
    let window = Window::try_new(kept, Arc::new(input.data))?;
    Ok(Transformed::new_transformed(LogicalPlan::Window(window), changed))
}

/// A column of a union is dropped from all branches.
fn union(union: Union, used: &Used, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let Union { inputs, schema } = union;
    let columns = schema.columns();
    let kept: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| used.contains(column))
        .map(|(place, _)| place)
        .collect();
    let all = kept.len() == columns.len();
    let mut changed = !all;
    let mut pruned = Vec::with_capacity(inputs.len());
    for input in inputs {
        let own = input.schema().columns();
        let exprs = kept.iter().filter_map(|place| own.get(*place).cloned().map(Expr::Column));
        let exprs: Vec<Expr> = exprs.collect();
        let mut below = Used::new();
        read_by(&exprs, &mut below);
        let mut plan = Arc::unwrap_or_clone(input);
        if !all {
            plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        }
        let plan = prune(plan, &below, cx)?;
        changed |= plan.transformed;
        pruned.push(Arc::new(plan.data));
    }
    let fields = kept.iter().map(|place| {
        let (qualifier, field) = schema.qualified_field(*place);
        (qualifier.cloned(), Arc::clone(field))
    });
    let schema = if all {
        schema
    } else {
        let metadata = schema.as_ref().metadata().clone();
        Arc::new(datafusion::common::DFSchema::new_with_metadata(fields.collect(), metadata)?)
    };
    let union = LogicalPlan::Union(Union { inputs: pruned, schema });
    Ok(Transformed::new_transformed(union, changed))
}

/// An alias stands above a scan, or above what cannot be looked into.
fn alias(alias: SubqueryAlias, used: &Used, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let SubqueryAlias { input, alias: name, .. } = alias;
    let input = match Arc::unwrap_or_clone(input) {
        LogicalPlan::TableScan(scan) if !reads_no_table(&scan) => {
            let wanted: HashSet<&str> = used
                .iter()
                .filter(|column| column.relation.as_ref() == Some(&name))
                .map(|column| column.name.as_str())
                .collect();
            self::scan(scan, &wanted)?
        }
        other => {
            let all = other.schema().columns().into_iter().collect();
            prune(other, &all, cx)?
        }
    };
    let changed = input.transformed;
    let alias = SubqueryAlias::try_new(Arc::new(input.data), name)?;
    Ok(Transformed::new_transformed(LogicalPlan::SubqueryAlias(alias), changed))
}

fn scan(scan: TableScan, wanted: &HashSet<&str>) -> Result<Transformed<LogicalPlan>> {
    let schema = scan.source.schema();
    let all = 0..schema.fields().len();
    let before: Vec<usize> = scan.projection.clone().unwrap_or_else(|| all.collect());
    let wanted = |place: &usize| {
        schema.fields().get(*place).is_some_and(|field| wanted.contains(field.name().as_str()))
    };
    let mut after: Vec<usize> = before.iter().copied().filter(wanted).collect();
    after.sort_unstable();
    if scan.projection.as_ref() == Some(&after) {
        return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
    }
    let TableScan { table_name, source, filters, fetch, .. } = scan;
    let scan = TableScanBuilder::new(table_name, source)
        .with_projection(Some(after))
        .with_filters(filters)
        .with_fetch(fetch)
        .build()?;
    Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
}
