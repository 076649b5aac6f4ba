//! Semi and anti joins with relations that are made of several are several joins.
//!
//! A row has no partner in a union where it has none in any of its inputs. It has one in a
//! relation that a semi or anti join filters, on columns that equal its own, where it has one in
//! the relation and passes the filtering join itself.
//!
//! Several are one where a table is asked for the same or for less. `NOT IN` where neither side
//! can be NULL is a plain anti join.

use std::collections::{BTreeSet, HashMap};

use datafusion::common::{Column, ExprSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Operator, binary_expr};

use super::merge_marks::Asked;
use crate::block::{Block, Semi, Surroundings, columns_of, substitute};
use crate::property::keys::{Reliance, not_null};
use crate::property::{is_exact_equality, is_fallible, is_volatile};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = plain_anti(block, around);
    fired |= drop_followers(block)?;
    let mut place = 0;
    while let Some(semi) = block.semis.get(place) {
        let parts = match without_union(semi)? {
            Some(parts) => Some(parts),
            None => lifted(block, semi)?,
        };
        match parts {
            Some(parts) => {
                block.semis.splice(place..=place, parts);
                fired = true;
            }
            None => place += 1,
        }
    }
    Ok(fired)
}

/// `NOT IN` is a plain anti join where neither side can be NULL.
fn plain_anti(block: &mut Block, around: &Surroundings) -> bool {
    let mut plain = Vec::new();
    for (place, semi) in block.semis.iter().enumerate().filter(|(_, semi)| semi.null_aware) {
        let [Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right })] = semi.on.as_slice()
        else {
            continue;
        };
        let (Expr::Column(left), Expr::Column(right)) = (left.as_ref(), right.as_ref()) else {
            continue;
        };
        let known = |column| never_null(block, &semi.right, column);
        if let (Some(one), Some(other)) = (known(left), known(right)) {
            one.iter().chain(&other).for_each(|reason| reason.note(around.cx));
            plain.push(place);
        }
    }
    for place in &plain {
        if let Some(semi) = block.semis.get_mut(*place) {
            semi.null_aware = false;
        }
    }
    !plain.is_empty()
}

/// Why a column of the inputs, or of a right side, holds no NULL where the joins look at it.
pub(crate) fn never_null(
    block: &Block,
    right: &LogicalPlan,
    column: &Column,
) -> Option<BTreeSet<Reliance>> {
    let own = block.conjuncts.iter().any(|conjunct| {
        matches!(conjunct, Expr::IsNotNull(expr)
            if matches!(expr.as_ref(), Expr::Column(own) if own == column))
    });
    let mut sides = block.inputs.iter().chain([right]);
    sides.find_map(|side| {
        let at = side.schema().maybe_index_of_column(column)?;
        match not_null(side).remove(&at) {
            Some(reasons) => Some(reasons),
            None => own.then(BTreeSet::new),
        }
    })
}

/// Drops semi joins that hold where another one does: it asks the same table for less. An anti
/// join that asks for more holds where the other one does.
fn drop_followers(block: &mut Block) -> Result<bool> {
    if block.semis.len() < 2 {
        return Ok(false);
    }
    let asked = |semi: &Semi| match semi.null_aware {
        true => Ok(None),
        false => Asked::of(&semi.right, &semi.on),
    };
    let anti: Vec<bool> = block.semis.iter().map(|semi| semi.anti).collect();
    let anti = |at: usize| anti.get(at).copied().unwrap_or(false);
    let asked: Vec<Option<Asked>> = block.semis.iter().map(asked).collect::<Result<_>>()?;
    let follows = |at: usize, own: &Asked| {
        asked.iter().enumerate().any(|(by, other)| {
            let Some(other) = other.as_ref().filter(|_| by != at) else { return false };
            let (less, more) = if anti(at) { (other, own) } else { (own, other) };
            own.table == other.table
                && anti(at) == anti(by)
                && less.conditions.is_subset(&more.conditions)
                && (less.conditions.len() < more.conditions.len() || by < at)
        })
    };
    let idle: Vec<bool> = asked
        .iter()
        .enumerate()
        .map(|(at, own)| own.as_ref().is_some_and(|own| follows(at, own)))
        .collect();
    let fired = idle.contains(&true);
    let mut idle = idle.into_iter();
    block.semis.retain(|_| !idle.next().unwrap_or(false));
    Ok(fired)
}

/// An anti join with a union as anti joins with its inputs.
fn without_union(semi: &Semi) -> Result<Option<Vec<Semi>>> {
    let LogicalPlan::Union(union) = &semi.right else { return Ok(None) };
    if !semi.anti || semi.on.iter().any(is_volatile) {
        return Ok(None);
    }
    let mut parts = Vec::with_capacity(union.inputs.len());
    for input in &union.inputs {
        let own = input.schema().columns().into_iter().map(Expr::Column);
        let map: HashMap<Column, Expr> = union.schema.columns().into_iter().zip(own).collect();
        let on = semi.on.iter().map(|on| substitute(on.clone(), &map)).collect::<Result<_>>()?;
        let Semi { anti, null_aware, .. } = *semi;
        parts.push(Semi { right: input.as_ref().clone(), on, anti, null_aware });
    }
    Ok(Some(parts))
}

/// A semi join whose right side is a semi or anti join that reads equated columns only.
fn lifted(block: &Block, semi: &Semi) -> Result<Option<Vec<Semi>>> {
    let LogicalPlan::Join(join) = &semi.right else { return Ok(None) };
    let anti = match join.join_type {
        JoinType::LeftSemi => false,
        JoinType::LeftAnti => true,
        _ => return Ok(None),
    };
    if semi.anti || join.null_aware {
        return Ok(None);
    }
    let equated = equated_with_left(block, semi)?;
    let on = conditions(join);
    let inner = columns_of(&join.right);
    let mut schema = join.left.schema().as_ref().clone();
    schema.merge(join.right.schema());
    for conjunct in &on {
        let movable = !is_volatile(conjunct) && !is_fallible(conjunct, &schema);
        let refs = conjunct.column_refs();
        let mut own = refs.iter().filter(|column| !inner.contains(**column));
        if !movable || !own.all(|column| equated.contains_key(*column)) {
            return Ok(None);
        }
    }
    let on = on.into_iter().map(|on| substitute(on, &equated)).collect::<Result<_>>()?;
    let right = join.right.as_ref().clone();
    let filtering = Semi { right, on, anti, null_aware: false };
    let rest = Semi { right: join.left.as_ref().clone(), ..semi.clone() };
    Ok(Some(vec![rest, filtering]))
}

fn conditions(join: &Join) -> Vec<Expr> {
    let equality = match join.null_equality {
        NullEquality::NullEqualsNothing => Operator::Eq,
        NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
    };
    let pairs = join.on.iter().map(|(l, r)| binary_expr(l.clone(), equality, r.clone()));
    let rest = join.filter.iter().flat_map(split_conjunction).cloned();
    pairs.chain(rest).collect()
}

/// The columns of a right side that hold the value of a column of the block, each with that.
pub(crate) fn equated_with_left(block: &Block, semi: &Semi) -> Result<HashMap<Column, Expr>> {
    let own = columns_of(&semi.right);
    let mut map = HashMap::new();
    for conjunct in &semi.on {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = conjunct else { continue };
        if !matches!(op, Operator::Eq | Operator::IsNotDistinctFrom) {
            continue;
        }
        let (Expr::Column(a), Expr::Column(b)) = (left.as_ref(), right.as_ref()) else { continue };
        let (outside, inside) = match (own.contains(a), own.contains(b)) {
            (false, true) => (a, b),
            (true, false) => (b, a),
            _ => continue,
        };
        let right = semi.right.schema().data_type(inside)?;
        if block.data_type(outside)? == right && is_exact_equality(right) {
            map.entry(inside.clone()).or_insert_with(|| Expr::Column(outside.clone()));
        }
    }
    Ok(map)
}
