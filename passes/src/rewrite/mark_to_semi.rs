//! A mark that only filters is a semi join, or an anti join.
//!
//! A mark join adds a column that says whether a row has a partner. Where the column itself,
//! or its negation, is a conjunct, rows pass by it; nothing else needs to know it then, for it
//! is TRUE, or FALSE, on all of them. One that has a partner for every row, or whose condition
//! is TRUE and whose right side has rows, is TRUE.

use std::collections::HashMap;

use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::Expr;

use super::drop_left_joins::put_values;
use crate::block::{Block, Semi, Surroundings, reads_any};
use crate::property::cardinality::cardinality;
use crate::property::is_fallible;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while let Some(left) = block.lefts.get(place) {
        let Some(mark) = left.mark_column() else {
            place += 1;
            continue;
        };
        let is_true =
            |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _));
        let always = left.on.iter().all(is_true) && cardinality(&left.right).min > 0;
        let asked = if always { None } else { filtered_by(block, place, &mark) };
        if !always && asked.is_none() {
            place += 1;
            continue;
        }
        let left = block.lefts.remove(place);
        let truth = asked.unwrap_or(true);
        let known = Expr::Literal(ScalarValue::Boolean(Some(truth)), None);
        if asked.is_some() {
            let own = Expr::Column(mark.clone());
            let negated = Expr::Not(Box::new(own.clone()));
            block.after.retain(|conjunct| *conjunct != own && *conjunct != negated);
        }
        put_values(block, &HashMap::from([(mark, known)]), around)?;
        if asked.is_some() {
            let (right, on) = (left.right, left.on);
            block.semis.push(Semi { right, on, anti: !truth, null_aware: false });
        }
        fired = true;
    }
    Ok(fired)
}

/// What the filters want the mark to be, where the join can come before all left joins.
fn filtered_by(block: &Block, place: usize, mark: &Column) -> Option<bool> {
    let own = Expr::Column(mark.clone());
    let negated = Expr::Not(Box::new(own.clone()));
    let truth = if block.after.contains(&own) {
        true
    } else if block.after.contains(&negated) {
        false
    } else {
        return None;
    };
    let late = block.left_columns();
    let on = &block.lefts.get(place)?.on;
    let early = on.iter().all(|on| !reads_any(on, &late) && !is_fallible(on, block));
    early.then_some(truth)
}
