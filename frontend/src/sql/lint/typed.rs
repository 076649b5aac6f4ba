//! The walk that the typed lints share: every expression of a plan, with the columns it reads.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Location as DfLocation};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan};
use sqlparser::ast::{Expr as SqlExpr, Query, Spanned};
use sqlparser::tokenizer::Location;

use super::super::walk;

/// Calls `see` for each expression of a plan and of its subqueries, with the schema of what the
/// expression reads.
pub(super) fn expressions(plan: &LogicalPlan, mut see: impl FnMut(&Expr, &DFSchema)) {
    // The closures never fail, and neither do the walks.
    let _ = plan.apply_with_subqueries(|node| {
        let inputs = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                see(expr, &inputs);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
}

/// Where the first column of an expression was written.
pub(super) fn column_place(expr: &Expr) -> Option<DfLocation> {
    let mut place = None;
    let _ = expr.apply(|expr| {
        if let Expr::Column(column) = expr
            && let Some(span) = column.spans.first()
        {
            place = Some(span.start);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    place
}

/// DataFusion's place as sqlparser's.
pub(super) fn location(at: DfLocation) -> Location {
    Location::new(at.line, at.column)
}

/// The smallest expression of a kind around the column that an expression begins with.
pub(super) fn around(
    query: &Query,
    expr: &Expr,
    wanted: impl Fn(&SqlExpr) -> bool,
) -> Option<SqlExpr> {
    smallest(query, location(column_place(expr)?), wanted)
}

/// The smallest expression of a kind around a place.
pub(super) fn smallest(
    query: &Query,
    at: Location,
    wanted: impl Fn(&SqlExpr) -> bool,
) -> Option<SqlExpr> {
    let mut found = None;
    walk::expressions(query, &mut |expr| {
        let span = expr.span();
        if wanted(expr) && span.start <= at && at < span.end {
            found = Some(expr.clone());
        }
    });
    found
}
