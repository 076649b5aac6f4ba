//! A left join of which only the rows without a match are wanted is an anti join.
//!
//! `SELECT a.* FROM a LEFT JOIN b ON a.k = b.k WHERE b.k IS NULL` → the rows of `a` for which
//! no `b` exists: the condition is never TRUE with a NULL `b.k`, so NULL means "no match".

use datafusion::common::{ExprSchema, Result};
use datafusion::logical_expr::Expr;

use super::drop_left_joins::put_nulls;
use crate::block::{Block, Semi, Surroundings, columns_of, reads_any};
use crate::property::rejects_null;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    while let Some(place) = unmatched(block) {
        let left = block.lefts.remove(place);
        put_nulls(block, &left, around)?;
        block.semis.push(Semi { right: left.right, on: left.on, anti: true, null_aware: false });
        fired = true;
    }
    Ok(fired)
}

/// A left join that is filtered to the rows without a match.
fn unmatched(block: &Block) -> Option<usize> {
    let late = block.left_columns();
    block.lefts.iter().enumerate().position(|(place, left)| {
        let columns = columns_of(&left.right);
        let is_null = block.after.iter().any(|conjunct| match conjunct {
            Expr::IsNull(expr) => match expr.as_ref() {
                Expr::Column(column) if columns.contains(column) => {
                    let alone = std::iter::once(column.clone()).collect();
                    left.on.iter().any(|on| rejects_null(on, &alone))
                        || !block.nullable(column).unwrap_or(true)
                }
                _ => false,
            },
            _ => false,
        });
        // An anti join comes before all left joins, and nothing may need its right side.
        let early = !left
            .on
            .iter()
            .any(|on| on.column_refs().iter().any(|c| late.contains(*c) && !columns.contains(*c)));
        let others = block.lefts.iter().enumerate().filter(|(other, _)| *other != place);
        let unread = others.flat_map(|(_, other)| &other.on).all(|on| !reads_any(on, &columns));
        is_null && early && unread && !left.on.is_empty() && left.mark.is_none()
    })
}
