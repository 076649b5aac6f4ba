//! What depends on the order of its input's rows without saying which order that is.

use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition};

/// Aggregates whose result depends on the order of the rows.
const BY_ORDER: [&str; 6] =
    ["array_agg", "first_value", "last_value", "nth_value", "string_agg", "collect_list"];

/// True for a node whose values are others when its rows come in another order. A recursive
/// query is one of them, because its working table is of no known size.
pub(crate) fn depends_on_row_order(plan: &LogicalPlan) -> bool {
    let exprs = match plan {
        LogicalPlan::RecursiveQuery(_) => return true,
        LogicalPlan::Aggregate(aggregate) => &aggregate.aggr_expr,
        LogicalPlan::Window(window) => &window.window_expr,
        _ => return false,
    };
    exprs.iter().any(|expr| expr.exists(|expr| Ok(by_order(expr))).unwrap_or(true))
}

fn by_order(expr: &Expr) -> bool {
    match expr {
        Expr::AggregateFunction(AggregateFunction { func, params }) => {
            params.order_by.is_empty() && BY_ORDER.contains(&func.name())
        }
        Expr::WindowFunction(window) => {
            let WindowFunction { fun, params } = window.as_ref();
            let all_rows = matches!(fun, WindowFunctionDefinition::AggregateUDF(function)
                if !BY_ORDER.contains(&function.name()))
                && params.window_frame.start_bound.is_unbounded()
                && params.window_frame.end_bound.is_unbounded();
            params.order_by.is_empty() && !all_rows
        }
        _ => false,
    }
}
