//! A greater one exists where the greatest is greater.
//!
//! `EXISTS (SELECT 1 FROM b WHERE a.x < b.y)` is `a.x < (SELECT max(y) FROM b)`, and so is
//! `a.x < ANY (SELECT y FROM b)`. Without rows the extreme is NULL, and nothing is less than
//! that. An anti join passes the rows for which the comparison is not TRUE: where `x` is NULL,
//! too. Only types count in which the order of `min` and `max` is that of comparisons.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, ExprSchema, Result};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Operator, binary_expr};

use crate::block::{Block, Semi, Surroundings, columns_of, reads_any};
use crate::property::{is_fallible, is_volatile};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while let Some(semi) = block.semis.get(place) {
        let Some(Compared { operand, op, column }) = compared(block, semi) else {
            place += 1;
            continue;
        };
        let semi = block.semis.remove(place);
        let name = Column::from_name(around.cx.fresh());
        let call = match op {
            Operator::Gt | Operator::GtEq => min(Expr::Column(column)),
            _ => max(Expr::Column(column)),
        };
        let call = call.alias_qualified(name.relation.clone(), &name.name);
        let extreme = Aggregate::try_new(Arc::new(semi.right), Vec::new(), vec![call])?;
        block.inputs.push(LogicalPlan::Aggregate(extreme));
        let condition = binary_expr(operand, op, Expr::Column(name));
        let condition = if semi.anti { Expr::IsNotTrue(Box::new(condition)) } else { condition };
        block.filter(condition);
        fired = true;
    }
    Ok(fired)
}

/// `operand op column`.
struct Compared {
    operand: Expr,
    op: Operator,
    /// Of the right side.
    column: Column,
}

/// The one comparison of an operand of the block with a column of the right side.
fn compared(block: &Block, semi: &Semi) -> Option<Compared> {
    let [Expr::BinaryExpr(BinaryExpr { left, op, right })] = semi.on.as_slice() else {
        return None;
    };
    let own = columns_of(&semi.right);
    let (operand, op, column) = match (left.as_ref(), right.as_ref()) {
        (operand, Expr::Column(column)) if own.contains(column) => (operand, *op, column),
        (Expr::Column(column), operand) if own.contains(column) => (operand, op.swap()?, column),
        _ => return None,
    };
    let ordered = matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq);
    let data_type = semi.right.schema().data_type(column).ok()?;
    let exact = data_type.is_integer()
        || data_type.is_decimal()
        || matches!(data_type, DataType::Date32 | DataType::Timestamp(..) | DataType::Utf8);
    let movable = !is_volatile(operand) && !is_fallible(operand, block);
    (ordered
        && exact
        && movable
        && !semi.null_aware
        && !operand.column_refs().is_empty()
        && !reads_any(operand, &own))
    .then(|| Compared { operand: operand.clone(), op, column: column.clone() })
}
