//! Groups that are joined along a key are groups of the join.
//!
//! `(SELECT k, sum(x) FROM a GROUP BY k) g JOIN b ON g.k = b.k` with a unique `b.k` is
//! `SELECT k, …, sum(x) FROM a JOIN b ON a.k = b.k GROUP BY k, …`, with the columns of `b` that
//! are read as keys: every row of a group finds the one partner that the group finds. The same
//! holds for a left join. What is compared must be of types whose equal values are one value,
//! and conditions on the results of calls stay above.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::{Column, ExprSchema, JoinConstraint, JoinType, NullEquality, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan};

use super::inner_to_semi::equated;
use crate::block::{Block, Classes, Surroundings, columns_of, reads_any, reads_only, substitute};
use crate::grouping::{Defined, Grouping, is_float_sum, is_order_blind};
use crate::property::keys::UniqueSet;
use crate::property::{is_exact_equality, is_fallible, is_volatile, unique_when_equal};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while place < block.inputs.len() {
        if lifted(block, place, around)? {
            fired = true;
            // Other inputs may have gone from before it.
            place = 0;
        } else {
            place += 1;
        }
    }
    Ok(fired)
}

/// An aggregate whose groups may be made above a join.
fn grouping(plan: &LogicalPlan) -> Option<Grouping> {
    let LogicalPlan::Aggregate(aggregate) = plan else { return None };
    let grouping = Grouping::of(aggregate)?;
    let schema = grouping.input.schema();
    let plain = grouping.keys.iter().all(|key| {
        aggregate.schema.data_type(&key.column).is_ok_and(is_exact_equality)
            && !is_volatile(&key.expr)
            && !is_fallible(&key.expr, schema.as_ref())
    });
    let calls = grouping.calls.iter().all(|call| {
        // Below the join nothing keeps the order that such a call may see.
        !is_volatile(&call.expr)
            && is_order_blind(&call.expr)
            && is_float_sum(&call.expr, schema).is_ok_and(|floats| !floats)
    });
    (plain && calls && !grouping.keys.is_empty()).then_some(grouping)
}

/// Partners that computed groups themselves would have to be joined with more rows. Their
/// columns become keys, and of equal keys one value is kept.
fn is_partner(plan: &LogicalPlan) -> bool {
    let exact = plan.schema().fields().iter().all(|field| is_exact_equality(field.data_type()));
    exact && !matches!(plan, LogicalPlan::Aggregate(aggregate) if !aggregate.aggr_expr.is_empty())
}

fn lifted(block: &mut Block, place: usize, around: &Surroundings) -> Result<bool> {
    let Some(own) = block.inputs.get(place).and_then(grouping) else { return Ok(false) };
    let keys: HashSet<Column> = own.keys.iter().map(|key| key.column.clone()).collect();
    let (mut partners, mut reliance) = matched(block, place, &keys);
    let lefts = left_partners(block, &keys, &mut reliance);
    if partners.is_empty() && lefts.is_empty() {
        return Ok(false);
    }
    let Some(outside) = block.read_outside(around)? else { return Ok(false) };
    reliance.iter().for_each(|unique| unique.rely(around.cx));

    // The join below the groups.
    let map: HashMap<Column, Expr> =
        own.keys.iter().map(|key| (key.column.clone(), key.expr.clone())).collect();
    let mut plan = own.input.as_ref().clone();
    let mut joined = keys;
    let mut new: Vec<Column> = Vec::new();
    partners.sort_unstable();
    let mut taken = Vec::new();
    for partner in partners.into_iter().rev() {
        taken.push(block.inputs.remove(partner));
    }
    for partner in taken.into_iter().rev() {
        new.extend(partner.schema().columns());
        plan = join(plan, partner, Vec::new(), JoinType::Inner)?;
    }
    joined.extend(new.iter().cloned());
    let (below, above): (Vec<Expr>, Vec<Expr>) = std::mem::take(&mut block.conjuncts)
        .into_iter()
        .partition(|conjunct| !conjunct.column_refs().is_empty() && reads_only(conjunct, &joined));
    block.conjuncts = above;
    let below = below.into_iter().map(|conjunct| substitute(conjunct, &map));
    if let Some(predicate) = conjunction(below.collect::<Result<Vec<_>>>()?) {
        plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?);
    }
    for place in lefts.into_iter().rev() {
        let left = block.lefts.remove(place);
        new.extend(left.right.schema().columns());
        let on = left.on.into_iter().map(|on| substitute(on, &map)).collect::<Result<_>>()?;
        plan = join(plan, left.right, on, JoinType::Left)?;
    }

    // Conditions that read a left join's columns were behind it, and stay so.
    let inside = block.lefts.iter().flat_map(|left| &left.on);
    let inside = inside.chain(block.semis.iter().flat_map(|semi| &semi.on));
    let inside = inside.chain(&block.conjuncts).chain(&block.after).chain(&block.fallible);
    let inside = inside.chain(block.outputs.iter().map(|output| &output.expr));
    let mut read: HashSet<&Column> = inside.flat_map(|expr| expr.column_refs()).collect();
    read.extend(&outside);
    let mut grouping = Grouping { input: Arc::new(plan), ..own };
    for column in new.into_iter().filter(|column| read.contains(column)) {
        let expr = Expr::Column(column.clone());
        grouping.keys.push(Defined { column, expr });
    }
    let plan = grouping.build()?;
    let late: HashSet<Column> = columns_of(&plan);
    let own = block.inputs.iter().position(|input| {
        matches!(input, LogicalPlan::Aggregate(old)
            if old.schema.columns().iter().all(|column| late.contains(column)))
    });
    if let Some(input) = own.and_then(|own| block.inputs.get_mut(own)) {
        *input = plan;
    }
    for conjunct in std::mem::take(&mut block.after) {
        block.filter(conjunct);
    }
    Ok(true)
}

/// The inputs of which one row at most is a partner of a group, and what says so.
fn matched(block: &Block, place: usize, keys: &HashSet<Column>) -> (Vec<usize>, Vec<UniqueSet>) {
    let classes = Classes::find(&block.conjuncts, block);
    let mut known: HashSet<Column> = keys.clone();
    let (mut found, mut reliance) = (Vec::new(), Vec::new());
    loop {
        let next = block.inputs.iter().enumerate().find_map(|(at, input)| {
            if at == place || found.contains(&at) || !is_partner(input) {
                return None;
            }
            let schema = input.schema();
            let fixed = |column: &Column| {
                let constant = classes.class_of(column).and_then(|c| classes.constants.get(c));
                constant.is_some_and(Option::is_some)
                    || classes.equal(column).iter().any(|equal| known.contains(equal))
            };
            let equal = schema.columns().into_iter().enumerate().filter(|(_, c)| fixed(c));
            let equal: BTreeSet<usize> = equal.map(|(ordinal, _)| ordinal).collect();
            if equal.is_empty() {
                return None;
            }
            unique_when_equal(input, &equal).map(|unique| (at, unique))
        });
        let Some((at, unique)) = next else { return (found, reliance) };
        found.push(at);
        reliance.push(unique);
        known.extend(block.inputs.get(at).into_iter().flat_map(columns_of));
    }
}

/// The left joins on keys that find one partner at most.
fn left_partners(
    block: &Block,
    keys: &HashSet<Column>,
    reliance: &mut Vec<UniqueSet>,
) -> Vec<usize> {
    let lefts = block.lefts.iter().enumerate().filter(|(at, left)| {
        let own = columns_of(&left.right);
        let mut readable = keys.clone();
        readable.extend(own.iter().cloned());
        let movable = |on: &Expr| {
            reads_only(on, &readable)
                && reads_any(on, keys)
                && !is_volatile(on)
                && !is_fallible(on, block)
        };
        let others = block.lefts.iter().enumerate().filter(|(other, _)| other != at);
        let mut others = others.flat_map(|(_, other)| &other.on);
        let found = left.mark.is_none()
            && is_partner(&left.right)
            && left.on.iter().all(movable)
            && others.all(|on| !reads_any(on, &own));
        let unique = if found {
            unique_when_equal(&left.right, &equated(&left.on, &left.right))
        } else {
            None
        };
        let unique = unique.filter(|_| !left.on.is_empty());
        unique.is_some_and(|unique| {
            reliance.push(unique);
            true
        })
    });
    lefts.map(|(at, _)| at).collect()
}

fn join(
    left: LogicalPlan,
    right: LogicalPlan,
    on: Vec<Expr>,
    kind: JoinType,
) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left),
        Arc::new(right),
        Vec::new(),
        conjunction(on),
        kind,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    )?))
}
