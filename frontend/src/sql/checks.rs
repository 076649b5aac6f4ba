//! What DataFusion would refuse only when it makes a physical plan.

use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

/// Checks a plan whose types were coerced.
///
/// # Errors
/// The first window function in a condition, aggregate in a join's condition, or cast that
/// has no kernel.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Filter(filter) => conditions_hold_no_windows(&filter.predicate)?,
            LogicalPlan::Join(join) => {
                join.filter.iter().try_for_each(conditions_hold_no_windows)?;
            }
            _ => {}
        }
        let inputs = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                check_cast(expr, &inputs)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

fn conditions_hold_no_windows(condition: &Expr) -> Result<()> {
    condition.apply(|expr| match expr {
        Expr::WindowFunction(_) => plan_err!(
            "Window functions are not allowed in a WHERE, HAVING or ON clause. Consider using \
             QUALIFY, or a subquery"
        ),
        _ => Ok(TreeNodeRecursion::Continue),
    })?;
    Ok(())
}

fn check_cast(expr: &Expr, inputs: &DFSchema) -> Result<()> {
    let (operand, target) = match expr {
        Expr::Cast(cast) => (&cast.expr, cast.field.data_type()),
        Expr::TryCast(cast) => (&cast.expr, cast.field.data_type()),
        _ => return Ok(()),
    };
    // A correlated column is in no input; what it stands for was typed where it comes from.
    let Ok(source) = operand.get_type(inputs) else { return Ok(()) };
    if simple(&source) && simple(target) && !can_cast_types(&source, target) {
        return plan_err!("Unsupported CAST from {source} to {target}");
    }
    Ok(())
}

/// DataFusion casts nested types by rules of its own.
fn simple(data_type: &DataType) -> bool {
    !data_type.is_nested() && !matches!(data_type, DataType::Dictionary(..))
}
