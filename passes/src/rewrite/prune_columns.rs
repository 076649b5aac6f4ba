//! Columns that nothing reads are no part of the question.
//!
//! Scans list the columns that are used; aggregates, windows, projections and unions compute
//! only what is read. Rows stay as they are: a group key that nobody reads still groups, a
//! DISTINCT is over its columns. Names are unique, so that "used" is a set of names.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::{
    Aggregate, Expr, LogicalPlan, Projection, SubqueryAlias, TableScan, TableScanBuilder, Union,
    Window,
};
use planc_ir::table_function::reads_no_table;

use super::rename::is_correlated;
use crate::PassContext;
use crate::block::keep_mark;
use crate::property::is_volatile;

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if is_correlated(&plan)? {
        return Ok(Transformed::no(plan));
    }
    let used = plan.schema().columns().into_iter().collect();
    prune(plan, &used)
}

type Used = HashSet<Column>;

fn read_by<'e>(exprs: impl IntoIterator<Item = &'e Expr>, used: &mut Used) {
    for expr in exprs {
        used.extend(expr.column_refs().into_iter().cloned());
    }
}

/// Prunes what `used` does not name. Columns may stay that are not used; none goes that is.
fn prune(plan: LogicalPlan, used: &Used) -> Result<Transformed<LogicalPlan>> {
    let plan = subqueries(plan)?;
    plan.transform_data(|plan| match plan {
        LogicalPlan::Projection(projection) => self::projection(projection, used),
        LogicalPlan::Aggregate(aggregate) => self::aggregate(aggregate, used),
        LogicalPlan::Window(window) => self::window(window, used),
        LogicalPlan::Union(union) => self::union(union, used),
        LogicalPlan::SubqueryAlias(alias) => self::alias(alias, used),
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Join(_) => {
            let mut below = used.clone();
            read_by(&plan.expressions(), &mut below);
            keep_marked(&plan, &mut below);
            let last = plan.schema().columns().pop();
            let pruned = plan.map_children(|child| prune(child, &below))?;
            if pruned.transformed {
                return pruned.map_data(|plan| keep_mark(plan.recompute_schema()?, last));
            }
            Ok(pruned)
        }
        // What cannot be looked into reads all columns.
        other => other.map_children(|child| {
            let all = child.schema().columns().into_iter().collect();
            prune(child, &all)
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
fn subqueries(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
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
            let pruned = prune(plan, &all)?;
            subquery.subquery = Arc::new(pruned.data);
            let plan = LogicalPlan::Subquery(subquery);
            Ok(Transformed::new_transformed(plan, pruned.transformed))
        }
        other => Ok(Transformed::no(other)),
    })
}

fn projection(projection: Projection, used: &Used) -> Result<Transformed<LogicalPlan>> {
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
    let input = prune(Arc::unwrap_or_clone(input), &below)?;
    let changed = input.transformed || expr.len() < before;
    let projection = Projection::try_new(expr, Arc::new(input.data))?;
    Ok(Transformed::new_transformed(LogicalPlan::Projection(projection), changed))
}

fn aggregate(aggregate: Aggregate, used: &Used) -> Result<Transformed<LogicalPlan>> {
    let Aggregate { input, group_expr, aggr_expr, schema, .. } = aggregate;
    let before = aggr_expr.len();
    let keys = schema.fields().len() - before;
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
    let input = prune(Arc::unwrap_or_clone(input), &below)?;
    let changed = input.transformed || kept.len() < before;
    let aggregate = Aggregate::try_new(Arc::new(input.data), group_expr, kept)?;
    Ok(Transformed::new_transformed(LogicalPlan::Aggregate(aggregate), changed))
}

fn window(window: Window, used: &Used) -> Result<Transformed<LogicalPlan>> {
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
    let input = prune(Arc::unwrap_or_clone(input), &below)?;
    if kept.is_empty() {
        return Ok(Transformed::yes(input.data));
    }
    let changed = input.transformed || kept.len() < before;
    let window = Window::try_new(kept, Arc::new(input.data))?;
    Ok(Transformed::new_transformed(LogicalPlan::Window(window), changed))
}

/// A column of a union is dropped from all branches.
fn union(union: Union, used: &Used) -> Result<Transformed<LogicalPlan>> {
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
        let plan = prune(plan, &below)?;
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
        let metadata = schema.metadata().clone();
        Arc::new(datafusion::common::DFSchema::new_with_metadata(fields.collect(), metadata)?)
    };
    let union = LogicalPlan::Union(Union { inputs: pruned, schema });
    Ok(Transformed::new_transformed(union, changed))
}

/// An alias stands above a scan, or above what cannot be looked into.
fn alias(alias: SubqueryAlias, used: &Used) -> Result<Transformed<LogicalPlan>> {
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
            prune(other, &all)?
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
