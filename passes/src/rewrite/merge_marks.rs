//! Marks and anti joins that ask one table are asked together.
//!
//! A row that has a partner for more conditions has one for fewer. So of `NOT a OR NOT b` and
//! `a OR b` the stronger part says nothing, and of `NOT a OR (NOT b AND p)`, where `b` follows from
//! nothing but `a`, `NOT b` holds always: that is how `NOT IN` is written with counts. `NOT a OR p`
//! is an anti join on the condition that `p` is not TRUE. An anti join on `x = k`, and one each on
//! `x IS NULL` and `k IS NULL` where these can be NULL, or one on all of them, are `NOT IN`.
//!
//! `EXISTS … OR EXISTS …` over one table, with one condition between the rows, is one EXISTS whose
//! rows meet one filter or the other; two anti joins are one in the same way.

mod asked;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::utils::{conjunction, disjunction, split_binary, split_conjunction};
use datafusion::logical_expr::{Expr, Operator};

use crate::block::{Block, Semi, Surroundings, reads_any};
use crate::property::{is_fallible, is_volatile};
pub(crate) use asked::Asked;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let anti = block.semis.iter().filter(|semi| semi.anti && !semi.null_aware).count();
    let marks = block.lefts.iter().any(|left| left.mark.is_some());
    if anti == 0 && !marks {
        return Ok(false);
    }
    let mut fired = false;
    if marks {
        fired |= implied(block)?;
        fired |= shared(block, around)?;
        fired |= conditional(block, around)?;
    }
    fired |= asked::not_in(block, around)?;
    fired |= merged_antis(block)?;
    Ok(fired)
}

/// A mark, or its negation.
#[derive(Debug, Clone, PartialEq)]
struct Literal {
    mark: Column,
    truth: bool,
}

fn literal(expr: &Expr, marks: &[Asked]) -> Option<Literal> {
    let (column, truth) = match expr {
        Expr::Column(column) => (column, true),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Column(column) => (column, false),
            _ => return None,
        },
        _ => return None,
    };
    let known = marks.iter().any(|asked| asked.mark.as_ref() == Some(column));
    known.then(|| Literal { mark: column.clone(), truth })
}

/// Whether one literal follows from the other.
fn follows(one: &Literal, from: &Literal, marks: &[Asked]) -> bool {
    let of = |literal: &Literal| marks.iter().find(|a| a.mark.as_ref() == Some(&literal.mark));
    let (Some(own), Some(other)) = (of(one), of(from)) else { return false };
    let (less, more) = match (one.truth, from.truth) {
        (true, true) => (own, other),
        (false, false) => (other, own),
        _ => return false,
    };
    less.table == more.table && less.conditions.is_subset(&more.conditions)
}

/// Drops what follows from other marks.
fn implied(block: &mut Block) -> Result<bool> {
    let marks = asked::marks(block)?;
    if marks.len() < 2 {
        return Ok(false);
    }
    let mut fired = false;
    for conjunct in std::mem::take(&mut block.after) {
        let parts = split_binary(&conjunct, Operator::Or);
        let found = match parts.as_slice() {
            [] | [_] => None,
            parts => without_implied(parts, &marks),
        };
        match found {
            Some(parts) => {
                fired = true;
                parts.into_iter().for_each(|part| block.filter(part));
            }
            None => block.after.push(conjunct),
        }
    }
    Ok(fired)
}

/// The conjuncts that a disjunction comes to, if any part of it follows from another one.
fn without_implied(parts: &[&Expr], marks: &[Asked]) -> Option<Vec<Expr>> {
    for (at, part) in parts.iter().enumerate() {
        let Some(own) = literal(part, marks) else { continue };
        for (_, other) in parts.iter().enumerate().filter(|(by, _)| *by != at) {
            if let Some(other) = literal(other, marks) {
                if follows(&other, &own, marks) {
                    let rest = parts.iter().enumerate().filter(|(place, _)| *place != at);
                    return disjunction(rest.map(|(_, e)| (*e).clone())).map(|e| vec![e]);
                }
                continue;
            }
            let all = split_conjunction(other);
            let weaker = |expr: &&Expr| {
                literal(expr, marks).is_some_and(|weaker| follows(&weaker, &own, marks))
            };
            let (always, rest): (Vec<&Expr>, Vec<&Expr>) = all.into_iter().partition(weaker);
            if always.is_empty() || parts.len() > 2 {
                continue;
            }
            let mut found: Vec<Expr> = always.into_iter().cloned().collect();
            if let Some(rest) = conjunction(rest.into_iter().cloned()) {
                found.push((*part).clone().or(rest));
            }
            return Some(found);
        }
    }
    None
}

/// How often the block reads a mark.
fn reads(block: &Block, mark: &Column, around: &Surroundings) -> Result<Option<usize>> {
    let (uses, complete) = around.readers.resolve()?;
    if !complete {
        return Ok(None);
    }
    let on = block.lefts.iter().flat_map(|left| &left.on);
    let on = on.chain(block.semis.iter().flat_map(|semi| &semi.on));
    let all = on.chain(&block.conjuncts).chain(&block.after).chain(&block.fallible);
    let passed = |expr: &Expr, column: &Column| matches!(expr, Expr::Column(own) if own == column);
    let outputs = block.outputs.iter();
    let outputs = outputs.filter(|o| around.exact || !passed(&o.expr, &o.column)).map(|o| &o.expr);
    let all = all.chain(outputs).chain(uses.iter().map(|(_, expr)| expr));
    Ok(Some(all.flat_map(|expr| expr.column_refs()).filter(|column| *column == mark).count()))
}

/// `EXISTS … OR EXISTS …`, each read there only, as one mark.
fn shared(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let marks = asked::marks(block)?;
    for place in 0..block.after.len() {
        let Some(conjunct) = block.after.get(place) else { break };
        let parts: Vec<Expr> = split_binary(conjunct, Operator::Or).into_iter().cloned().collect();
        let found = parts.iter().filter_map(|part| literal(part, &marks).filter(|own| own.truth));
        let found: Vec<Literal> = found.collect();
        for (at, one) in found.iter().enumerate() {
            for other in found.iter().skip(at + 1) {
                let once = |literal: &Literal| -> Result<bool> {
                    Ok(reads(block, &literal.mark, around)? == Some(1))
                };
                if !once(one)? || !once(other)? {
                    continue;
                }
                let place_of = |literal: &Literal| {
                    let mark = Some(literal.mark.clone());
                    block.lefts.iter().position(|left| left.mark_column() == mark)
                };
                let (Some(first), Some(second)) = (place_of(one), place_of(other)) else {
                    continue;
                };
                let (Some(a), Some(b)) = (block.lefts.get(first), block.lefts.get(second)) else {
                    continue;
                };
                let Some(right) = asked::either((&a.right, &a.on), (&b.right, &b.on))? else {
                    continue;
                };
                let gone = Expr::Column(other.mark.clone());
                let rest = parts.iter().filter(|part| **part != gone).cloned();
                let Some(rest) = disjunction(rest) else { continue };
                if let Some(left) = block.lefts.get_mut(first) {
                    left.right = right;
                }
                block.lefts.remove(second);
                block.outputs.retain(|output| output.expr != gone);
                if let Some(conjunct) = block.after.get_mut(place) {
                    *conjunct = rest;
                }
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// `NOT mark OR p` as an anti join.
fn conditional(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let late = block.left_columns();
    for place in 0..block.after.len() {
        let Some(conjunct) = block.after.get(place) else { break };
        let parts = split_binary(conjunct, Operator::Or);
        let negated = parts.iter().enumerate().find_map(|(at, part)| match part {
            Expr::Not(inner) => match inner.as_ref() {
                Expr::Column(column) => {
                    let own = block.lefts.iter().position(|left| {
                        left.mark_column().as_ref() == Some(column)
                            && left.on.iter().all(|on| !reads_any(on, &late))
                    });
                    own.map(|own| (at, own))
                }
                _ => None,
            },
            _ => None,
        });
        let Some((at, own)) = negated else { continue };
        let rest: Vec<Expr> = parts
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, part)| (*part).clone())
            .collect();
        let early = |part: &Expr| {
            !reads_any(part, &late) && !is_fallible(part, block) && !is_volatile(part)
        };
        if rest.is_empty() || !rest.iter().all(early) {
            continue;
        }
        let (Some(left), Some(rest)) = (block.lefts.get(own), disjunction(rest)) else { continue };
        if left.on.iter().any(|on| is_fallible(on, block)) {
            continue;
        }
        let Some(mark) = left.mark_column() else { continue };
        if reads(block, &mark, around)? != Some(1) {
            continue;
        }
        let left = block.lefts.remove(own);
        let mut on = left.on;
        on.push(Expr::IsNotTrue(Box::new(rest)));
        block.after.remove(place);
        block.outputs.retain(|output| output.expr != Expr::Column(mark.clone()));
        block.semis.push(Semi { right: left.right, on, anti: true, null_aware: false });
        return Ok(true);
    }
    Ok(false)
}

/// Two anti joins with one condition between the rows are one.
fn merged_antis(block: &mut Block) -> Result<bool> {
    for first in 0..block.semis.len() {
        for second in first + 1..block.semis.len() {
            let (Some(a), Some(b)) = (block.semis.get(first), block.semis.get(second)) else {
                continue;
            };
            if !a.anti || !b.anti || a.null_aware || b.null_aware {
                continue;
            }
            let Some(right) = asked::either((&a.right, &a.on), (&b.right, &b.on))? else {
                continue;
            };
            if let Some(semi) = block.semis.get_mut(first) {
                semi.right = right;
            }
            block.semis.remove(second);
            return Ok(true);
        }
    }
    Ok(false)
}
