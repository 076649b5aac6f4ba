//! Chains of `AND` and `OR`.

use std::collections::HashSet;

use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::prelude::lit;

use super::Normalizer;
use crate::predicate::{
    Logic, Range, chain, connective, contradicts, dual, implies, negate, operands, operands_of,
    rank,
};
use crate::property::{is_fallible, is_volatile};

/// Longer chains are only flattened, merged and sorted: what follows compares every pair.
const MANY: usize = 64;

impl Normalizer<'_> {
    pub(super) fn chain(
        &self,
        op: Operator,
        written: Vec<Expr>,
        is_condition: bool,
    ) -> Result<Expr> {
        let mut parts = Vec::with_capacity(written.len());
        for part in written {
            let part = self.expr(part, is_condition)?;
            if connective(&part) == Some(op) {
                parts.extend(operands(part, op));
            } else {
                parts.push(part);
            }
        }
        // What ends the chain, and what adds nothing to it.
        let (end, neutral) = (lit(op == Operator::Or), lit(op == Operator::And));
        // What ties a subquery to the query around it must stay for decorrelation to find.
        let ties: Vec<Expr> = match op {
            Operator::And => parts.iter().filter(|part| part.contains_outer()).cloned().collect(),
            _ => Vec::new(),
        };
        let ended = || chain(op, self.sorted(ties.clone()).into_iter().chain([end.clone()]));
        if parts.contains(&end) {
            return Ok(ended());
        }
        parts.retain(|part| *part != neutral);
        if is_condition && parts.iter().any(is_null) {
            if op == Operator::And {
                return Ok(ended());
            }
            parts.retain(|part| !is_null(part));
        }
        let (volatile, mut parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_volatile);
        let mut seen = HashSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        drop(seen);
        parts = self.merge_ranges(op, parts, is_condition);
        if parts.len() <= MANY {
            self.resolve(op, &mut parts, is_condition);
            self.absorb(op, &mut parts, is_condition);
        }
        if parts.contains(&end) {
            return Ok(ended());
        }
        if op == Operator::Or && is_condition {
            match_nulls(&mut parts);
        }
        if parts.len() <= MANY {
            parts = self.factor(op, parts);
        }
        // A merge may have left a chain of the same kind inside.
        let parts = parts.into_iter().flat_map(|part| operands(part, op));
        let parts = parts.map(|part| self.in_order(part, dual(op))).collect();
        Ok(chain(op, self.sorted(parts).into_iter().chain(volatile)))
    }

    /// Ranges of one expression become one range.
    fn merge_ranges(&self, op: Operator, parts: Vec<Expr>, is_condition: bool) -> Vec<Expr> {
        let schema = self.place.schema();
        let ranges: Vec<Option<Range>> = parts.iter().map(|part| Range::of(part, schema)).collect();
        let mut merged: Vec<Range> = Vec::new();
        for range in ranges.iter().flatten() {
            match merged.iter_mut().find(|known| known.operand == range.operand) {
                Some(known) => {
                    if let Some(both) = known.joined(op, range) {
                        *known = both;
                    }
                }
                None => merged.push(range.clone()),
            }
        }
        let mut result = Vec::with_capacity(parts.len());
        for (part, range) in parts.iter().zip(&ranges) {
            if range.is_none() {
                result.push(part.clone());
            }
        }
        for range in merged {
            let exact = is_condition || !self.place.is_nullable(range.operand);
            let known = || Expr::IsNotNull(Box::new(range.operand.clone()));
            let unknown = || Expr::IsNull(Box::new(range.operand.clone()));
            let null = || Expr::Literal(ScalarValue::Boolean(None), None);
            if range.is_empty() {
                result.push(match exact {
                    true => lit(false),
                    false => chain(Operator::And, [unknown(), null()]),
                });
            } else if range.is_all() {
                result.push(match (exact, self.place.is_nullable(range.operand)) {
                    (_, false) => lit(true),
                    (true, _) => known(),
                    (false, _) => chain(Operator::Or, [known(), null()]),
                });
            } else if let Some(spelled) = range.spelled() {
                // Bounds of an `AND` stand by themselves, to be sorted among the others.
                result.extend(operands(spelled, op));
            }
        }
        // Bounds that were taken apart belong together when they are compared with others.
        result
    }

    /// Drops what cannot hold beside the other operands.
    fn resolve(&self, op: Operator, parts: &mut Vec<Expr>, is_condition: bool) {
        let logic = Logic { schema: self.place.schema() };
        let two_valued = |expr: &Expr| !self.place.is_nullable(expr);
        if op == Operator::And {
            for at in 0..parts.len() {
                let clashes = |other: &Expr, part: &Expr| {
                    (is_condition && contradicts(other, part, logic))
                        || (negate(other.clone()) == *part && two_valued(part))
                };
                let Some(part) = parts.get(at) else { return };
                let others = || parts.iter().enumerate().filter(|(n, _)| *n != at);
                if others().any(|(_, other)| clashes(other, part)) {
                    *parts = vec![lit(false)];
                    return;
                }
                if connective(part) != Some(Operator::Or) {
                    continue;
                }
                let choices = operands_of(part, Operator::Or);
                let possible = choices
                    .iter()
                    .filter(|choice| !others().any(|(_, other)| clashes(other, choice)));
                let possible: Vec<Expr> = possible.map(|choice| (*choice).clone()).collect();
                if possible.len() < choices.len()
                    && let Some(part) = parts.get_mut(at)
                {
                    *part = chain(Operator::Or, possible);
                }
            }
            return;
        }
        // p OR (NOT p AND q) is p OR q where p is TRUE or FALSE.
        for at in 0..parts.len() {
            let Some(part) = parts.get(at) else { return };
            let excluded = |claim: &Expr| {
                let others = parts.iter().enumerate().filter(|(n, _)| *n != at);
                others
                    .into_iter()
                    .any(|(_, other)| two_valued(claim) && negate(claim.clone()) == *other)
            };
            if excluded(part) {
                *parts = vec![lit(true)];
                return;
            }
            if connective(part) != Some(Operator::And) {
                continue;
            }
            let claims = operands_of(part, Operator::And);
            let open = claims.iter().filter(|claim| !excluded(claim));
            let open: Vec<Expr> = open.map(|claim| (*claim).clone()).collect();
            if open.len() < claims.len()
                && let Some(part) = parts.get_mut(at)
            {
                *part = chain(Operator::And, open);
            }
        }
    }

    /// Drops the operands that follow from another (`AND`) or imply another (`OR`).
    fn absorb(&self, op: Operator, parts: &mut Vec<Expr>, is_condition: bool) {
        let logic = Logic { schema: self.place.schema() };
        let idle = |part: &Expr, by: &Expr| match (is_condition, op) {
            (true, Operator::And) => implies(by, part, logic),
            (true, _) => implies(part, by, logic),
            // a AND (a OR b), a OR (a AND b): equal in three-valued logic too.
            (false, op) => {
                let inner = operands_of(part, dual(op));
                operands_of(by, dual(op)).iter().all(|by| inner.contains(by))
            }
        };
        let mut kept: Vec<Expr> = Vec::with_capacity(parts.len());
        let all = std::mem::take(parts);
        for (at, part) in all.iter().enumerate() {
            let drops = all.iter().enumerate().any(|(n, by)| {
                // Of two that imply each other the first stays.
                n != at && idle(part, by) && (n < at || !idle(by, part))
            });
            if !drops {
                kept.push(part.clone());
            }
        }
        *parts = kept;
    }

    /// (a AND b) OR (a AND c) is a AND (b OR c), and the other way round. What most operands
    /// share goes first; then the rest again.
    fn factor(&self, op: Operator, parts: Vec<Expr>) -> Vec<Expr> {
        let inner = dual(op);
        let split: Vec<Vec<&Expr>> = parts.iter().map(|part| operands_of(part, inner)).collect();
        let mut best: Option<(usize, _, &Expr)> = None;
        let mut tried: HashSet<&Expr> = HashSet::new();
        for claim in split.iter().flatten() {
            if !tried.insert(claim) {
                continue;
            }
            let count = split.iter().filter(|claims| claims.contains(claim)).count();
            if count < 2 || best.as_ref().is_some_and(|(most, ..)| count < *most) {
                continue;
            }
            let rank = rank(claim, self.place.schema());
            if best.as_ref().is_none_or(|(most, least, _)| count > *most || rank < *least) {
                best = Some((count, rank, claim));
            }
        }
        let Some((_, _, claim)) = best else { return parts };
        let (with, without): (Vec<_>, Vec<_>) =
            split.iter().zip(&parts).partition(|(claims, _)| claims.contains(&claim));
        let rests = with.into_iter().map(|(claims, _)| {
            let rest = claims.iter().filter(|other| **other != claim);
            chain(inner, rest.map(|other| (*other).clone()))
        });
        let rests: Vec<Expr> = rests.collect();
        let without: Vec<Expr> = without.into_iter().map(|(_, part)| part.clone()).collect();
        let mut factored = vec![claim.clone()];
        // One operand is the claim alone: it absorbs the others.
        if !rests.contains(&chain(inner, [])) {
            let rests = self.sorted(self.factor(op, rests));
            factored.push(chain(op, rests));
        }
        let factored = factored.into_iter().flat_map(|part| operands(part, inner));
        let factored = chain(inner, self.sorted(factored.collect()));
        let mut parts = without;
        parts.push(factored);
        self.factor(op, parts)
    }

    /// A chain with its operands in order, as it is written when it stands alone: the spelling of
    /// a range knows no order of columns.
    pub(super) fn in_order(&self, expr: Expr, op: Operator) -> Expr {
        if connective(&expr) != Some(op) {
            return expr;
        }
        let parts = operands(expr, op).into_iter().map(|part| self.in_order(part, dual(op)));
        chain(op, self.sorted(parts.collect()))
    }

    /// Infallible operands by rank, then the others as written.
    fn sorted(&self, parts: Vec<Expr>) -> Vec<Expr> {
        self.sorted_by(parts, rank)
    }

    fn sorted_by<K: Ord>(
        &self,
        parts: Vec<Expr>,
        key: impl Fn(&Expr, &DFSchema) -> K,
    ) -> Vec<Expr> {
        let schema = self.place.schema();
        let fails = |part: &Expr| is_volatile(part) || is_fallible(part, schema.as_ref());
        let (late, mut early): (Vec<_>, Vec<_>) = parts.into_iter().partition(fails);
        early.sort_by_cached_key(|part| key(part, schema));
        early.extend(late);
        early
    }

    /// The conjuncts of a condition in the order in which [`crate::block`] leaves them, so that
    /// the two passes agree.
    pub(super) fn as_blocks_order(&self, condition: Expr) -> Expr {
        if connective(&condition) != Some(Operator::And) {
            return condition;
        }
        let parts = operands(condition, Operator::And);
        chain(Operator::And, self.sorted_by(parts, |part, schema| rank(part, schema).key))
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// Where only TRUE counts, `a = b OR (a IS NULL AND b IS NULL)` is `a IS NOT DISTINCT FROM b`,
/// and `a <> b` with both ways in which one of them alone is NULL is `a IS DISTINCT FROM b`.
fn match_nulls(parts: &mut Vec<Expr>) {
    let claims = |part: &Expr, first: &Expr, second: &Expr| {
        let claims = operands_of(part, Operator::And);
        claims.len() == 2 && claims.contains(&first) && claims.contains(&second)
    };
    for at in 0..parts.len() {
        let Some(Expr::BinaryExpr(comparison)) = parts.get(at).cloned() else { continue };
        let (left, right) = (comparison.left.as_ref(), comparison.right.as_ref());
        let (left_null, right_null) = (left.clone().is_null(), right.clone().is_null());
        let (left_not, right_not) = (left.clone().is_not_null(), right.clone().is_not_null());
        let (wanted, op) = match comparison.op {
            Operator::Eq => (vec![(&left_null, &right_null)], Operator::IsNotDistinctFrom),
            Operator::NotEq => {
                (vec![(&left_null, &right_not), (&left_not, &right_null)], Operator::IsDistinctFrom)
            }
            _ => continue,
        };
        let is_wanted = |part: &Expr| wanted.iter().any(|(a, b)| claims(part, a, b));
        if parts.iter().filter(|part| is_wanted(part)).count() == wanted.len() {
            let matched = BinaryExpr::new(comparison.left.clone(), op, comparison.right.clone());
            if let Some(part) = parts.get_mut(at) {
                *part = Expr::BinaryExpr(matched);
            }
            parts.retain(|part| !is_wanted(part));
            return match_nulls(parts);
        }
    }
}
