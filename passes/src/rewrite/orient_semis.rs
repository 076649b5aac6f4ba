//! Which of several relations is asked for the rows that all of them have.
//!
//! Where it does not matter how often a row comes, and all that is read of an input equals
//! columns of a semi join's right side, the two can change places: `a INTERSECT b` is
//! `b INTERSECT a`. A relation that refers to the other one by a declared key comes first, and
//! is all that is asked then. Else the relation that is unique on those columns comes first, then the one that
//! comes first in the order of relations.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator, Projection, binary_expr};
use planc_ir::key::{PlanKey, relation_key};

use super::drop_semi_joins::foreign_key;
use super::inner_to_semi::read_elsewhere;
use crate::block::{Block, Semi, Surroundings, columns_of};
use crate::property::{is_exact_equality, unique_when_equal};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let plain = block.lefts.is_empty() && block.after.is_empty() && block.fallible.is_empty();
    let ([input], true) = (block.inputs.as_slice(), plain && around.any_multiplicity) else {
        return Ok(false);
    };
    let Some(outside) = block.read_outside(around)? else { return Ok(false) };
    let own = columns_of(input);
    let mut read: Vec<Column> = outside.into_iter().filter(|column| own.contains(column)).collect();
    // Other semi joins must be able to read the same columns from the other relation.
    for semi in &block.semis {
        for column in semi.on.iter().flat_map(|on| on.column_refs()) {
            if own.contains(column) && !read.contains(column) {
                return Ok(false);
            }
        }
    }
    let places: HashMap<Column, usize> =
        input.schema().columns().into_iter().enumerate().map(|(at, column)| (column, at)).collect();
    read.sort_by_key(|column| places.get(column).copied());
    if read.is_empty() {
        return Ok(false);
    }
    let filtered = match conjunction(block.conjuncts.clone()) {
        Some(predicate) => {
            LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input.clone()))?)
        }
        None => input.clone(),
    };
    let mut best = None;
    let mut least = rank(&filtered, &read, around)?;
    for (place, semi) in block.semis.iter().enumerate() {
        let Some(pairs) = pairs(block, semi, &read) else { continue };
        // A relation that refers to the other one needs no semi join with it.
        let on: Vec<Expr> = pairs.iter().map(|(left, right, _)| equal(right, left)).collect();
        let other = Block { inputs: vec![semi.right.clone()], ..Block::default() };
        if foreign_key(&other, &filtered, &on)?.is_some() {
            best = Some((place, pairs));
            break;
        }
        let columns: Vec<Column> = pairs.iter().map(|(_, right, _)| right.clone()).collect();
        let rank = rank(&semi.right, &columns, around)?;
        if rank < least {
            least = rank;
            best = Some((place, pairs));
        }
    }
    let Some((place, pairs)) = best else { return Ok(false) };
    let semi = block.semis.remove(place);
    let on = pairs.iter().map(|(left, right, op)| {
        binary_expr(Expr::Column(right.clone()), *op, Expr::Column(left.clone()))
    });
    let on = on.collect();
    let map: HashMap<Column, Expr> =
        pairs.into_iter().map(|(left, right, _)| (left, Expr::Column(right))).collect();
    block.inputs = vec![semi.right];
    block.conjuncts.clear();
    read_elsewhere(block, &map)?;
    block.stand_in(&map, around);
    block.semis.push(Semi { right: filtered, on, anti: false, null_aware: false });
    Ok(true)
}

fn equal(left: &Column, right: &Column) -> Expr {
    binary_expr(Expr::Column(left.clone()), Operator::Eq, Expr::Column(right.clone()))
}

/// Unique relations first.
fn rank(plan: &LogicalPlan, columns: &[Column], _around: &Surroundings) -> Result<(bool, PlanKey)> {
    let schema = plan.schema();
    let ordinals = columns.iter().filter_map(|column| schema.maybe_index_of_column(column));
    let unique = unique_when_equal(plan, &ordinals.collect()).is_some();
    let exprs = columns.iter().cloned().map(Expr::Column).collect();
    let projected = Projection::try_new(exprs, Arc::new(plan.clone()))?;
    Ok((!unique, relation_key(&LogicalPlan::Projection(projected))?))
}

type Pair = (Column, Column, Operator);

/// The pairs of a semi join's condition, where it is made of them, one for each column.
fn pairs(block: &Block, semi: &Semi, columns: &[Column]) -> Option<Vec<Pair>> {
    if semi.anti || semi.on.len() != columns.len() {
        return None;
    }
    let mut pairs = Vec::with_capacity(columns.len());
    for column in columns {
        let pair = semi.on.iter().find_map(|on| {
            let Expr::BinaryExpr(BinaryExpr { left, op, right }) = on else { return None };
            let (Expr::Column(a), Expr::Column(b)) = (left.as_ref(), right.as_ref()) else {
                return None;
            };
            let other = match (a == column, b == column) {
                (true, false) => b,
                (false, true) => a,
                _ => return None,
            };
            let known = matches!(op, Operator::Eq | Operator::IsNotDistinctFrom);
            let exact = semi.right.schema().data_type(other).ok()?;
            (known && block.data_type(column).ok()? == exact && is_exact_equality(exact))
                .then(|| (column.clone(), other.clone(), *op))
        });
        pairs.push(pair?);
    }
    let distinct = |pair: &Pair| pairs.iter().filter(|other| other.1 == pair.1).count() == 1;
    pairs.iter().all(distinct).then_some(pairs)
}
