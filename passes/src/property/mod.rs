//! What can be said about an expression or about the rows of a relation without running it.
//!
//! Rewrites ask here whether they keep NULLs, errors and repeated evaluation as they are. All
//! answers err on the side that forbids the rewrite.

pub(crate) mod cardinality;
mod dependent;
mod exact;
mod fallible;
pub(crate) mod keys;
mod known;
mod outcome;

use std::collections::HashSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

pub(crate) use dependent::Determined;
pub(crate) use exact::{is_exact_equality, is_lossless_cast};
pub(crate) use fallible::{is_fallible, is_guard};
pub(crate) use keys::{unique_when_equal, unique_within};
pub(crate) use known::{Known, known, known_constants, shared_constants};
pub(crate) use outcome::{Outcomes, can_be_null, outcomes, strict_operands};

/// Whether two evaluations of the expression on one row can differ. Subqueries are looked into.
pub(crate) fn is_volatile(expr: &Expr) -> bool {
    let mut found = false;
    let walk = expr.apply(|expr| {
        found |= expr.is_volatile_node();
        if let Some(plan) = subquery_of(expr) {
            let walk = plan.apply_with_subqueries(|node| {
                node.apply_expressions(|expr| {
                    found |= expr.is_volatile();
                    Ok(TreeNodeRecursion::Continue)
                })
            });
            found |= walk.is_err();
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found || walk.is_err()
}

/// Whether the expression can be NULL on a row of `schema` whose `not_null` columns are not.
#[allow(dead_code, reason = "part of the vocabulary of rewrites")]
pub(crate) fn is_nullable(
    expr: &Expr,
    schema: &dyn ExprSchema,
    not_null: &HashSet<Column>,
) -> bool {
    let column = |column: &Column| {
        let nullable = !not_null.contains(column) && schema.nullable(column).unwrap_or(true);
        if nullable { Outcomes::ANY } else { Outcomes::VALUE }
    };
    outcomes(expr, &column).has(Outcomes::NULL)
}

/// Whether NULL in any one of `columns` makes the expression NULL, whatever the others hold.
#[allow(dead_code, reason = "part of the vocabulary of rewrites")]
pub(crate) fn is_strict(expr: &Expr, columns: &HashSet<Column>) -> bool {
    columns.iter().all(|null| {
        let column = |column: &Column| if column == null { Outcomes::NULL } else { Outcomes::ANY };
        outcomes(expr, &column) == Outcomes::NULL
    })
}

/// Whether the predicate is not TRUE where all of `columns` are NULL, whatever the others hold.
pub(crate) fn rejects_null(predicate: &Expr, columns: &HashSet<Column>) -> bool {
    let column = |column: &Column| {
        if columns.contains(column) { Outcomes::NULL } else { Outcomes::ANY }
    };
    !outcomes(predicate, &column).has(Outcomes::TRUE)
}

/// Whether any expression of the plan holds a subquery.
pub(crate) fn has_subqueries(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| {
        let mut found = false;
        node.apply_expressions(|expr| {
            found |= expr.exists(|expr| Ok(subquery_of(expr).is_some()))?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(found)
    })
}

/// The plan of a subquery expression.
pub(crate) fn subquery_of(expr: &Expr) -> Option<&LogicalPlan> {
    match expr {
        Expr::ScalarSubquery(subquery) => Some(&subquery.subquery),
        Expr::Exists(exists) => Some(&exists.subquery.subquery),
        Expr::InSubquery(within) => Some(&within.subquery.subquery),
        Expr::SetComparison(comparison) => Some(&comparison.subquery.subquery),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
