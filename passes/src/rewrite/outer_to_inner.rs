//! A left join whose NULL rows a filter throws away is an inner one; a full join loses the side
//! that it fills with NULLs in the same way.
//!
//! So is one that has no such rows: its right side is one row and there is no condition, or it
//! goes along a declared foreign key that is not NULL.
//!
//! `SELECT … FROM a LEFT JOIN b ON p WHERE b.x > 1` → `… FROM a JOIN b ON p WHERE b.x > 1`.
//! The filter is not TRUE where all columns of `b` are NULL, so no row without a match is left.

use std::collections::{BTreeSet, HashSet};

use datafusion::common::{Column, ExprSchema, JoinType, Result, ScalarValue};
use datafusion::logical_expr::{Expr, Join, LogicalPlan};

use super::drop_semi_joins::foreign_key;
use crate::block::{Block, Readers, Surroundings, collect, columns_of, reads_any, substitute};
use crate::property::cardinality::cardinality;
use crate::property::keys::not_null;
use crate::property::rejects_null;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = full_joins(block, around)?;
    while let Some(place) = match defeated(block) {
        Some(place) => Some(place),
        None => referring(block, around)?,
    } {
        let left = block.lefts.remove(place);
        take_in(block, left.right, left.on, around)?;
        fired = true;
    }
    Ok(fired)
}

/// The last left join whose NULL rows do not pass the filters, or that has none: its right
/// side is one row and there is no condition.
fn defeated(block: &Block) -> Option<usize> {
    block.lefts.iter().rposition(|left| {
        if left.mark.is_some() {
            return false;
        }
        let columns = columns_of(&left.right);
        // On the rows that a fallible one rejects it is not computed any more.
        let mut filters = block.after.iter().chain(&block.fallible);
        filters.any(|conjunct| rejects_null(conjunct, &columns))
            || (left.on.iter().all(is_true) && cardinality(&left.right).is_one())
    })
}

/// A left join along a declared foreign key whose columns are not NULL.
fn referring(block: &Block, around: &Surroundings) -> Result<Option<usize>> {
    let lefts = block.lefts.iter().enumerate().filter(|(_, left)| left.mark.is_none());
    for (place, left) in lefts {
        let Some(found) = foreign_key(block, &left.right, &left.on)? else { continue };
        let mut reasons = BTreeSet::new();
        let not_null = found.columns.iter().all(|column| {
            block.inputs.iter().any(|input| {
                let Some(at) = input.schema().maybe_index_of_column(column) else { return false };
                let reason = not_null(input).remove(&at);
                reasons.extend(reason.iter().flatten().cloned());
                reason.is_some()
            })
        });
        if not_null {
            found.rely(around.cx);
            reasons.iter().for_each(|reason| reason.note(around.cx));
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

/// The parts of a relation become parts of the block, joined on these conjuncts.
pub(crate) fn take_in(
    block: &mut Block,
    plan: LogicalPlan,
    on: Vec<Expr>,
    around: &Surroundings,
) -> Result<()> {
    let within = Surroundings { readers: Readers::Unknown, exact: false, ..*around };
    let part = collect(plan, &within)?;
    let map = part.map();
    block.inputs.extend(part.inputs);
    for expr in block.semis.iter_mut().flat_map(|semi| &mut semi.on) {
        *expr = substitute(std::mem::take(expr), &map)?;
    }
    block.semis.extend(part.semis);
    // The left joins of the block may read the columns of the part, and not the other way.
    let lefts = std::mem::replace(&mut block.lefts, part.lefts);
    block.lefts.extend(lefts);
    let waiting =
        [std::mem::take(&mut block.conjuncts), std::mem::take(&mut block.after), on].concat();
    let fallible = std::mem::replace(&mut block.fallible, part.fallible);
    block.conjuncts.extend(part.conjuncts);
    block.after.extend(part.after);
    for conjunct in waiting.into_iter().chain(fallible) {
        block.filter(substitute(conjunct, &map)?);
    }
    for left in &mut block.lefts {
        for expr in &mut left.on {
            *expr = substitute(std::mem::take(expr), &map)?;
        }
    }
    for output in &mut block.outputs {
        output.expr = substitute(std::mem::take(&mut output.expr), &map)?;
    }
    block.stand_in(&map, around);
    Ok(())
}

fn full_joins(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while let Some(input) = block.inputs.get(place) {
        let Some(join_type) = kept_sides(input, &block.conjuncts) else {
            place += 1;
            continue;
        };
        if reads_optional(input, join_type, block) {
            // A semi join is made before left joins are.
            place += 1;
            continue;
        }
        if let LogicalPlan::Join(join) = block.inputs.remove(place) {
            take_in(block, LogicalPlan::Join(Join { join_type, ..join }), vec![], around)?;
            fired = true;
        }
    }
    Ok(fired)
}

/// The kind of join that is left of a full one under these filters.
fn kept_sides(input: &LogicalPlan, conjuncts: &[Expr]) -> Option<JoinType> {
    let LogicalPlan::Join(join) = input else { return None };
    if join.join_type != JoinType::Full {
        return None;
    }
    let needs = |columns: &HashSet<Column>| {
        conjuncts.iter().any(|conjunct| rejects_null(conjunct, columns))
    };
    // Rows without the other side are all that is left where a column that is never NULL is.
    let lacks = |side: &LogicalPlan| {
        conjuncts.iter().any(|conjunct| match conjunct {
            Expr::IsNull(expr) => match expr.as_ref() {
                Expr::Column(column) => side.schema().nullable(column).is_ok_and(|null| !null),
                _ => false,
            },
            _ => false,
        })
    };
    let left = needs(&columns_of(&join.left)) || lacks(&join.right);
    let right = needs(&columns_of(&join.right)) || lacks(&join.left);
    match (left, right) {
        (true, true) => Some(JoinType::Inner),
        (true, false) => Some(JoinType::Left),
        (false, true) => Some(JoinType::Right),
        (false, false) => None,
    }
}

/// Whether a semi join reads the side that would become optional.
fn reads_optional(input: &LogicalPlan, join_type: JoinType, block: &Block) -> bool {
    let LogicalPlan::Join(join) = input else { return false };
    let optional = match join_type {
        JoinType::Left => columns_of(&join.right),
        JoinType::Right => columns_of(&join.left),
        _ => return false,
    };
    block.semis.iter().flat_map(|semi| &semi.on).any(|on| reads_any(on, &optional))
}
