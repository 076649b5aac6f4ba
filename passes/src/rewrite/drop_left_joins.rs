//! A left join whose right side nobody reads, and which can match once at most, does nothing.
//!
//! `SELECT a.x FROM a LEFT JOIN b ON a.k = b.k` is `SELECT a.x FROM a` where `b.k` is unique,
//! or where it does not matter how often a row comes (below DISTINCT, EXISTS, MIN, MAX). One
//! that can never match gives NULLs.

use std::collections::{HashMap, HashSet};

use datafusion::common::{Column, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;

use super::inner_to_semi::{equated, read_elsewhere};
use crate::block::{Block, Left, Surroundings, columns_of, reads_any, substitute};
use crate::property::cardinality::cardinality;
use crate::property::unique_when_equal;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    if block.lefts.is_empty() {
        return Ok(false);
    }
    let mut fired = false;
    while let Some(place) = block.lefts.iter().position(never_matches) {
        let left = block.lefts.remove(place);
        put_nulls(block, &left, around)?;
        fired = true;
    }
    let Some(read) = block.read_outside(around)? else { return Ok(fired) };
    let mut place = block.lefts.len();
    while place > 0 {
        place -= 1;
        let Some(left) = block.lefts.get(place) else { break };
        let columns: HashSet<Column> = left.columns().into_iter().collect();
        let others = block.lefts.iter().enumerate().filter(|(other, _)| *other != place);
        let mut inside =
            others.flat_map(|(_, other)| &other.on).chain(&block.after).chain(&block.fallible);
        if read.iter().any(|column| columns.contains(column))
            || inside.any(|expr| reads_any(expr, &columns))
        {
            continue;
        }
        if !around.any_multiplicity && left.mark.is_none() {
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

/// Whether no row finds a partner.
fn never_matches(left: &Left) -> bool {
    let never = |expr: &Expr| {
        matches!(expr, Expr::Literal(value, _)
            if value.is_null() || *value == ScalarValue::Boolean(Some(false)))
    };
    left.on.iter().any(never) || cardinality(&left.right).is_empty()
}

/// The columns of a right side that goes are NULL, the mark of a mark join is FALSE.
pub(crate) fn put_nulls(block: &mut Block, left: &Left, around: &Surroundings) -> Result<()> {
    let mut nulls = HashMap::new();
    if let Some(mark) = left.mark_column() {
        nulls.insert(mark, Expr::Literal(ScalarValue::Boolean(Some(false)), None));
    } else {
        for column in columns_of(&left.right) {
            let null = ScalarValue::try_from(left.right.schema().data_type(&column)?)?;
            nulls.insert(column, Expr::Literal(null, None));
        }
    }
    put_values(block, &nulls, around)
}

/// Columns of a left join that goes have these values.
pub(crate) fn put_values(
    block: &mut Block,
    values: &HashMap<Column, Expr>,
    around: &Surroundings,
) -> Result<()> {
    let waiting = std::mem::take(&mut block.after);
    for conjunct in waiting {
        block.filter(substitute(conjunct, values)?);
    }
    read_elsewhere(block, values)?;
    block.stand_in(values, around);
    Ok(())
}
