//! Which plans the optimizer or the physical planner may still refuse.
//!
//! Most rules are made of relations and expressions that cannot fail once their types are
//! right, and planning each of them to the end would double the time of a check. The others:
//! subqueries that may not decorrelate, windows, constants that cannot be computed,
//! aggregates with more than their one argument, and what is seldom used.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

/// True where DataFusion must plan a typed plan to its end before it can be believed.
///
/// # Errors
/// None of its own.
pub(crate) fn needs_physical(plan: &LogicalPlan) -> Result<bool> {
    let mut risky = false;
    plan.apply_with_subqueries(|node| {
        risky |= match node {
            LogicalPlan::Unnest(_)
            | LogicalPlan::RecursiveQuery(_)
            | LogicalPlan::Values(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Subquery(_) => true,
            LogicalPlan::Limit(limit) => {
                let literal = |bound: &Option<Box<Expr>>| {
                    bound.as_ref().is_none_or(|b| {
                        matches!(b.as_ref(), Expr::Literal(v, _)
                        if i64::try_from(v.clone()).is_ok_and(|n| n >= 0))
                    })
                };
                !literal(&limit.skip) || !literal(&limit.fetch)
            }
            _ => false,
        };
        if !risky {
            node.apply_expressions(|expr| {
                risky |= is_risky(expr, node)?;
                Ok(if risky { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })?;
        }
        Ok(if risky { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(risky)
}

#[allow(deprecated)]
fn is_risky(expr: &Expr, node: &LogicalPlan) -> Result<bool> {
    let filter = matches!(node, LogicalPlan::Filter(_));
    let aggregate = match node {
        LogicalPlan::Aggregate(aggregate) => aggregate.aggr_expr.contains(expr),
        _ => false,
    };
    let correlated = |subquery: &Subquery| !subquery.outer_ref_columns.is_empty();
    let mut risky = false;
    expr.apply(|part| {
        risky |= match part {
            Expr::Exists(exists) => !filter || correlated(&exists.subquery),
            Expr::InSubquery(test) => !filter || correlated(&test.subquery),
            Expr::ScalarSubquery(subquery) => correlated(subquery),
            Expr::SetComparison(_)
            | Expr::WindowFunction(_)
            | Expr::Unnest(_)
            | Expr::GroupingSet(_)
            | Expr::HigherOrderFunction(_)
            | Expr::Wildcard { .. }
            | Expr::Lambda(_) => true,
            // Only the backslash escapes in a physical plan.
            Expr::Like(like) | Expr::SimilarTo(like) => {
                like.escape_char.is_some_and(|escape| escape != '\\')
            }
            Expr::AggregateFunction(call) => {
                let params = &call.params;
                !aggregate
                    || params.args.len() > 1
                    || params.filter.is_some()
                    || !params.order_by.is_empty()
                    || params.null_treatment.is_some()
            }
            _ => false,
        };
        if !risky && is_constant(part) {
            risky |= !computes(part);
            return Ok(TreeNodeRecursion::Jump);
        }
        Ok(if risky { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(risky)
}

/// True for a computation of literals alone.
#[allow(deprecated)]
fn is_constant(expr: &Expr) -> bool {
    let computes = matches!(
        expr,
        Expr::Cast(_)
            | Expr::BinaryExpr(_)
            | Expr::ScalarFunction(_)
            | Expr::Negative(_)
            | Expr::Like(_)
            | Expr::InList(_)
    );
    if !computes || expr.is_volatile() {
        return false;
    }
    let mut constant = true;
    let _ = expr.apply(|part| {
        constant &= !matches!(
            part,
            Expr::Column(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::ScalarSubquery(_)
                | Expr::LambdaVariable(_)
                | Expr::Wildcard { .. }
        );
        Ok(if constant { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    constant
}

fn computes(constant: &Expr) -> bool {
    if let Expr::Cast(cast) = constant
        && let Expr::Literal(value, _) = cast.expr.as_ref()
    {
        return value.cast_to(cast.field.data_type()).is_ok();
    }
    let context = SimplifyContext::builder().with_schema(DFSchema::empty().into()).build();
    ExprSimplifier::new(context).simplify(constant.clone()).is_ok()
}
