//! A left join whose right side nobody reads, and which can match once at most, does nothing.
//!
//! `SELECT a.x FROM a LEFT JOIN b ON a.k = b.k` is `SELECT a.x FROM a` where `b.k` is unique,
//! or where it does not matter how often a row comes (below DISTINCT, EXISTS, MIN, MAX).

use datafusion::common::Result;

use super::inner_to_semi::equated;
use crate::block::{Block, Surroundings, columns_of, reads_any};
use crate::property::unique_when_equal;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    if block.lefts.is_empty() {
        return Ok(false);
    }
    let Some(read) = block.read_outside(around)? else { return Ok(false) };
    let mut fired = false;
    let mut place = block.lefts.len();
    while place > 0 {
        place -= 1;
        let Some(left) = block.lefts.get(place) else { break };
        let columns = columns_of(&left.right);
        let others = block.lefts.iter().enumerate().filter(|(other, _)| *other != place);
        let mut inside =
            others.flat_map(|(_, other)| &other.on).chain(&block.after).chain(&block.fallible);
        if read.iter().any(|column| columns.contains(column))
            || inside.any(|expr| reads_any(expr, &columns))
        {
            continue;
        }
        if !around.any_multiplicity {
            let Some(unique) = unique_when_equal(&left.right, &equated(&left.on, &left.right))
            else {
                continue;
            };
            unique.rely(around.cx);
        }
        block.lefts.remove(place);
        fired = true;
    }
    Ok(fired)
}
