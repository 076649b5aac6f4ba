//! Two filters of one table, of which only the set of rows counts, are one filter.
//!
//! `SELECT x FROM t WHERE p UNION SELECT x FROM t WHERE q` is
//! `SELECT DISTINCT x FROM t WHERE p OR q`. With `UNION ALL` the same holds where `p` and `q` are
//! never both TRUE.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Projection, TableScan};
use planc_ir::table_function::called;

use super::can_repeat;
use crate::grouping::{aliased, substituted};
use crate::predicate::{Logic, contradicts};
use crate::rewrite::merge_self_joins::widened;

/// What is computed of the filtered rows of a table.
struct Branch<'p> {
    exprs: Vec<(Expr, Column)>,
    predicate: Option<&'p Expr>,
    relation: &'p LogicalPlan,
    scan: &'p TableScan,
}

fn branch(plan: &LogicalPlan) -> Option<Branch<'_>> {
    let columns = plan.schema().columns();
    let (exprs, below) = match plan {
        LogicalPlan::Projection(projection) => {
            let exprs = projection.expr.iter().map(|expr| expr.clone().unalias_nested().data);
            (exprs.zip(columns).collect(), projection.input.as_ref())
        }
        other => (columns.into_iter().map(|c| (Expr::Column(c.clone()), c)).collect(), other),
    };
    let (predicate, relation) = match below {
        LogicalPlan::Filter(filter) => (Some(&filter.predicate), filter.input.as_ref()),
        other => (None, other),
    };
    let LogicalPlan::SubqueryAlias(alias) = relation else { return None };
    let LogicalPlan::TableScan(scan) = alias.input.as_ref() else { return None };
    // Calls of one table function have one name, whatever their arguments.
    let plain = scan.fetch.is_none() && scan.filters.is_empty() && called(scan).is_none();
    let branch = Branch { exprs, predicate, relation, scan };
    let mut all = branch.exprs.iter().map(|(expr, _)| expr).chain(predicate);
    (plain && all.all(can_repeat)).then_some(branch)
}

/// The rows of either, where both read one table and compute the same; with `apart`, only where
/// no row is in both.
pub(super) fn either(
    one: &LogicalPlan,
    other: &LogicalPlan,
    apart: bool,
) -> Result<Option<LogicalPlan>> {
    let (Some(one), Some(other)) = (branch(one), branch(other)) else { return Ok(None) };
    if one.scan.table_name != other.scan.table_name || one.exprs.len() != other.exprs.len() {
        return Ok(None);
    }
    let Some(wide) = widened(one.relation, other.scan)? else { return Ok(None) };
    let LogicalPlan::SubqueryAlias(alias) = &wide else { return Ok(None) };
    let own = |column: Column| {
        let to = Column::new(Some(alias.alias.clone()), &column.name);
        (column, Expr::Column(to))
    };
    let map: HashMap<Column, Expr> =
        other.relation.schema().columns().into_iter().map(own).collect();
    for ((expr, _), (same, _)) in one.exprs.iter().zip(&other.exprs) {
        if substituted(same.clone(), &map)? != *expr {
            return Ok(None);
        }
    }
    let predicate = match (one.predicate, other.predicate) {
        (Some(one), Some(other)) => {
            let other = substituted(other.clone(), &map)?;
            let logic = Logic { schema: wide.schema() };
            if apart && !contradicts(one, &other, logic) {
                return Ok(None);
            }
            Some(one.clone().or(other))
        }
        _ if apart => return Ok(None),
        _ => None,
    };
    let mut plan = wide.clone();
    if let Some(predicate) = predicate {
        plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?);
    }
    let exprs = one.exprs.iter().map(|(expr, column)| aliased(expr.clone(), column)).collect();
    Ok(Some(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?)))
}
