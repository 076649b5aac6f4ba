//! The sides of a comparison in one order: the literal on the right, else the side that reads
//! earlier columns on the left. `5 < a` is `a > 5`, `b = a` is `a = b`.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::rank;
use crate::property::is_volatile;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| expr.transform_up(|expr| orient(expr, place)))
}

fn orient(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else {
        return Ok(Transformed::no(expr));
    };
    let swapped = is_comparison(op).then(|| op.swap()).flatten();
    let literal = |expr: &Expr| matches!(expr, Expr::Literal(..));
    let turn = match (literal(&left), literal(&right)) {
        (true, false) => true,
        (false, false) if swapped.is_some() => {
            left != right
                && !is_volatile(&left)
                && !is_volatile(&right)
                && rank(&right, place.schema()) < rank(&left, place.schema())
        }
        _ => false,
    };
    Ok(match swapped {
        Some(op) if turn => {
            Transformed::yes(Expr::BinaryExpr(BinaryExpr { left: right, op, right: left }))
        }
        _ => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
    })
}

fn is_comparison(op: Operator) -> bool {
    use Operator::*;
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}
