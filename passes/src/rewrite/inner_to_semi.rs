//! An inner join with an input that is not read, and of which a row matches once at most, only
//! asks whether there is a match.
//!
//! `SELECT a.x FROM a JOIN (SELECT DISTINCT k FROM b) c ON a.k = c.k` is the same as
//! `SELECT a.x FROM a WHERE a.k IN (SELECT k FROM b)`. Below DISTINCT and its like it does not
//! matter how often a row matches. One row stays a join, and is one where it was a semi join. What is read of the input's columns must be equal to
//! columns of the others, which are read instead.

use std::collections::{BTreeSet, HashMap, HashSet};

use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator, binary_expr};
use std::sync::Arc;

use crate::block::{
    Block, Classes, Semi, Surroundings, columns_of, reads_any, reads_only, substitute,
};
use crate::property::cardinality::{bounds, cardinality};
use crate::property::{is_exact_equality, unique_when_equal};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = single_rows(block);
    if block.inputs.len() < 2 {
        return Ok(fired);
    }
    let Some(outside) = block.read_outside(around)? else { return Ok(fired) };
    let mut place = block.inputs.len();
    while place > 0 && block.inputs.len() > 1 {
        place -= 1;
        fired |= convert(block, place, &outside, around)?;
    }
    Ok(fired)
}

/// A semi join with one row at most is a join with it.
fn single_rows(block: &mut Block) -> bool {
    let single = |semi: &Semi| {
        !semi.anti
            && !semi.null_aware
            && cardinality(&semi.right).is_at_most_one()
            && semi.on.iter().any(|on| !on.column_refs().is_empty())
    };
    let (single, rest): (Vec<Semi>, Vec<Semi>) =
        std::mem::take(&mut block.semis).into_iter().partition(single);
    block.semis = rest;
    let fired = !single.is_empty();
    for semi in single {
        block.inputs.push(semi.right);
        semi.on.into_iter().for_each(|conjunct| block.filter(conjunct));
    }
    fired
}

fn convert(
    block: &mut Block,
    place: usize,
    outside: &HashSet<Column>,
    around: &Surroundings,
) -> Result<bool> {
    let Some(input) = block.inputs.get(place) else { return Ok(false) };
    let own = columns_of(input);
    if let LogicalPlan::Limit(limit) = input
        && matches!(bounds(limit), Some((0, Some(1))))
    {
        // One row, if there is any, of which nothing is read.
        let inside = block.lefts.iter().flat_map(|left| &left.on);
        let inside = inside.chain(block.semis.iter().flat_map(|semi| &semi.on));
        let inside = inside.chain(&block.conjuncts).chain(&block.after).chain(&block.fallible);
        let computed = block.outputs.iter().map(|output| &output.expr);
        let computed = computed.filter(|expr| !matches!(expr, Expr::Column(c) if own.contains(c)));
        let mut read = inside.chain(computed);
        if outside.is_disjoint(&own) && !read.any(|expr| reads_any(expr, &own)) {
            let right = limit.input.as_ref().clone();
            block.inputs.remove(place);
            block.outputs.retain(|output| !own.contains(&output.column));
            block.semis.push(Semi { right, on: Vec::new(), anti: false, null_aware: false });
            return Ok(true);
        }
    }
    if cardinality(input).is_at_most_one() {
        return Ok(false);
    }
    let mut conjuncts = block.conjuncts.clone();
    let classes = Classes::take(&mut conjuncts, block);

    // Whatever is read of it must be found elsewhere.
    let inside = block.lefts.iter().flat_map(|left| &left.on);
    let inside = inside.chain(block.semis.iter().flat_map(|semi| &semi.on));
    let inside = inside.chain(&block.after).chain(&block.fallible);
    let inside = inside.flat_map(|expr| expr.column_refs());
    let mut elsewhere: HashMap<Column, Expr> = HashMap::new();
    for column in outside.iter().chain(inside).filter(|column| own.contains(*column)) {
        let partner = classes.equal(column).iter().find(|equal| !own.contains(*equal));
        let Some(partner) = partner else { return Ok(false) };
        elsewhere.insert(column.clone(), Expr::Column(partner.clone()));
    }

    // Its part of each class, and the rest of it.
    let equal = |left: &Column, right: &Column| {
        binary_expr(Expr::Column(left.clone()), Operator::Eq, Expr::Column(right.clone()))
    };
    let (mut on, mut filter, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut matched = BTreeSet::new();
    for (members, constant) in classes.members.iter().zip(&classes.constants) {
        let (mine, others): (Vec<&Column>, Vec<&Column>) =
            members.iter().partition(|column| own.contains(*column));
        if let Some(constant) = constant {
            let fixed = |column: &&Column| {
                binary_expr(Expr::Column((*column).clone()), Operator::Eq, constant.clone())
            };
            filter.extend(mine.iter().map(fixed));
            rest.extend(others.iter().map(fixed));
        } else {
            rest.extend(others.windows(2).filter_map(|pair| match pair {
                [left, right] => Some(equal(left, right)),
                _ => None,
            }));
            match others.first() {
                Some(other) => on.extend(mine.iter().map(|column| equal(other, column))),
                None => filter.extend(mine.windows(2).filter_map(|pair| match pair {
                    [left, right] => Some(equal(left, right)),
                    _ => None,
                })),
            }
        }
        if constant.is_some() || !others.is_empty() {
            let ordinals = mine.iter().filter_map(|c| input.schema().maybe_index_of_column(c));
            matched.extend(ordinals);
        }
    }
    for conjunct in conjuncts {
        if conjunct.column_refs().is_empty() || !reads_any(&conjunct, &own) {
            rest.push(conjunct);
        } else if reads_only(&conjunct, &own) {
            filter.push(conjunct);
        } else {
            on.push(conjunct);
        }
    }
    if on.is_empty() {
        return Ok(false);
    }
    if !around.any_multiplicity {
        let Some(unique) = unique_when_equal(input, &matched) else { return Ok(false) };
        unique.rely(around.cx);
    }
    let mut right = block.inputs.remove(place);
    if let Some(predicate) = conjunction(filter) {
        right = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(right))?);
    }
    block.conjuncts = rest;
    read_elsewhere(block, &elsewhere)?;
    block.stand_in(&elsewhere, around);
    block.semis.push(Semi { right, on, anti: false, null_aware: false });
    Ok(true)
}

/// Replaces columns of an input that goes by equal ones.
pub(crate) fn read_elsewhere(block: &mut Block, map: &HashMap<Column, Expr>) -> Result<()> {
    let on = block.semis.iter_mut().flat_map(|semi| &mut semi.on);
    let on = on.chain(block.lefts.iter_mut().flat_map(|left| &mut left.on));
    let all = on.chain(&mut block.conjuncts).chain(&mut block.after).chain(&mut block.fallible);
    for expr in all.chain(block.outputs.iter_mut().map(|output| &mut output.expr)) {
        *expr = substitute(std::mem::take(expr), map)?;
    }
    Ok(())
}

/// The ordinals of a right side's columns that a condition equates with something else.
pub(crate) fn equated(on: &[Expr], right: &LogicalPlan) -> BTreeSet<usize> {
    let columns = columns_of(right);
    let schema = right.schema();
    let mut ordinals = BTreeSet::new();
    for conjunct in on {
        let Expr::BinaryExpr(BinaryExpr { left: a, op: Operator::Eq, right: b }) = conjunct else {
            continue;
        };
        for (column, other) in [(a, b), (b, a)] {
            let Expr::Column(column) = column.as_ref() else { continue };
            let exact = schema.data_type(column).is_ok_and(is_exact_equality);
            if exact && !reads_any(other, &columns) {
                ordinals.extend(schema.maybe_index_of_column(column));
            }
        }
    }
    ordinals
}
