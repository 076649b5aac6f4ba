//! A table that is joined with itself on a key is one table.
//!
//! `SELECT p.x, q.y FROM t p JOIN t q ON p.id = q.id` is `SELECT x, y FROM t WHERE id IS NOT
//! NULL` where `id` is unique: the only partner of a row is the row itself. So is one
//! that is left joined with itself on a key that is not NULL. Groups of one table by the same keys, equal in these, are the same groups.

mod groups;

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, SubqueryAlias, TableScan, TableScanBuilder};

use planc_ir::key::relation_key;
use planc_ir::table_function::called;

use super::drop_left_joins::put_values;
use super::inner_to_semi::read_elsewhere;
use super::merge_unions::is_repeatable;
use crate::block::{Block, Classes, Surroundings};
use crate::property::cardinality::cardinality;
use crate::property::keys::not_null;
use crate::property::unique_when_equal;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = twins(block, around)?;
    while let Some((first, second)) = pair(block, around) {
        let removed = block.inputs.remove(second);
        let Some(kept) = block.inputs.get_mut(first) else { break };
        let (Some((_, name)), Some((other, _))) = (scan_of(kept), scan_of(&removed)) else {
            break;
        };
        let name = name.clone();
        if let Some(wide) = widened(kept, other)? {
            *kept = wide;
        }
        let map: HashMap<Column, Expr> = removed
            .schema()
            .columns()
            .into_iter()
            .map(|column| {
                let to = Column::new(Some(name.clone()), &column.name);
                (column, Expr::Column(to))
            })
            .collect();
        replaced(block, &map, around)?;
        fired = true;
    }
    while groups::merged(block, around)? {
        fired = true;
    }
    while let Some((place, first)) = left_pair(block, around)? {
        let left = block.lefts.remove(place);
        let Some(kept) = block.inputs.get_mut(first) else { break };
        let (Some((_, name)), Some((other, _))) = (scan_of(kept), scan_of(&left.right)) else {
            break;
        };
        let name = name.clone();
        if let Some(wide) = widened(kept, other)? {
            *kept = wide;
        }
        let own = |column: Column| {
            let to = Column::new(Some(name.clone()), &column.name);
            (column, Expr::Column(to))
        };
        let map = left.right.schema().columns().into_iter().map(own).collect();
        put_values(block, &map, around)?;
        fired = true;
    }
    Ok(fired)
}

/// A left join of a table with itself on a key that is not NULL, and the input that it joins.
fn left_pair(block: &Block, around: &Surroundings) -> Result<Option<(usize, usize)>> {
    for (place, left) in block.lefts.iter().enumerate().filter(|(_, left)| left.mark.is_none()) {
        let Some((right, _)) = scan_of(&left.right) else { continue };
        for (first, input) in block.inputs.iter().enumerate() {
            let Some((scan, name)) = scan_of(input) else { continue };
            if scan.table_name != right.table_name {
                continue;
            }
            let schema = left.right.schema();
            let mut equal = BTreeSet::new();
            let own = |on: &Expr| {
                let Expr::BinaryExpr(binary) = on else { return None };
                if binary.op != datafusion::logical_expr::Operator::Eq {
                    return None;
                }
                let (Expr::Column(a), Expr::Column(b)) =
                    (binary.left.as_ref(), binary.right.as_ref())
                else {
                    return None;
                };
                let (mine, other) = if schema.has_column(a) { (a, b) } else { (b, a) };
                let partner = Column::new(Some(name.clone()), &mine.name);
                schema.maybe_index_of_column(mine).filter(|_| *other == partner)
            };
            if !left.on.iter().all(|on| own(on).is_some_and(|at| equal.insert(at))) {
                continue;
            }
            let never = not_null(&left.right);
            let reasons: Option<Vec<_>> = equal.iter().map(|at| never.get(at)).collect();
            let unique = unique_when_equal(&left.right, &equal).filter(|_| !equal.is_empty());
            let (Some(reasons), Some(unique)) = (reasons, unique) else { continue };
            reasons.into_iter().flatten().for_each(|reason| reason.note(around.cx));
            unique.rely(around.cx);
            return Ok(Some((place, first)));
        }
    }
    Ok(None)
}

/// Puts columns for those of an input that goes. The comparison of a column with itself says
/// that it is not NULL.
fn replaced(block: &mut Block, map: &HashMap<Column, Expr>, around: &Surroundings) -> Result<()> {
    for conjunct in std::mem::take(&mut block.conjuncts) {
        let conjunct = crate::block::substitute(conjunct, map)?;
        match self_comparison(&conjunct) {
            Some(column) => block.filter(Expr::IsNotNull(Box::new(Expr::Column(column)))),
            None => block.conjuncts.push(conjunct),
        }
    }
    read_elsewhere(block, map)?;
    block.stand_in(map, around);
    Ok(())
}

/// The same one row twice: relations of one row at most that compute the same.
fn twins(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let single: Vec<usize> = (0..block.inputs.len())
        .filter(|place| {
            let input = block.inputs.get(*place);
            input.is_some_and(|input| cardinality(input).is_at_most_one())
        })
        .collect();
    if single.len() < 2 {
        return Ok(false);
    }
    let mut seen = HashMap::new();
    let mut twins = Vec::new();
    for place in single {
        let Some(input) = block.inputs.get(place) else { continue };
        if !is_repeatable(input)? {
            continue;
        }
        match seen.entry(relation_key(input)?) {
            Entry::Occupied(first) => twins.push((place, *first.get())),
            Entry::Vacant(free) => {
                free.insert(place);
            }
        }
    }
    let fired = !twins.is_empty();
    for (place, first) in twins.into_iter().rev() {
        let removed = block.inputs.remove(place);
        let Some(kept) = block.inputs.get(first) else { break };
        let kept = kept.schema().columns().into_iter().map(Expr::Column);
        let map = removed.schema().columns().into_iter().zip(kept).collect();
        replaced(block, &map, around)?;
    }
    Ok(fired)
}

/// A scan with the columns of another one as well.
pub(crate) fn widened(plan: &LogicalPlan, other: &TableScan) -> Result<Option<LogicalPlan>> {
    let Some((scan, name)) = scan_of(plan) else { return Ok(None) };
    let schema = scan.source.schema();
    let all = |scan: &TableScan| match &scan.projection {
        Some(projection) => projection.clone(),
        None => (0..schema.fields().len()).collect(),
    };
    let mut projection = all(scan);
    projection.extend(all(other));
    projection.sort_unstable();
    projection.dedup();
    let scan = TableScanBuilder::from(scan.clone()).with_projection(Some(projection)).build()?;
    let scan = Arc::new(LogicalPlan::TableScan(scan));
    Ok(Some(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(scan, name.clone())?)))
}

fn self_comparison(conjunct: &Expr) -> Option<Column> {
    use datafusion::logical_expr::Operator;
    let Expr::BinaryExpr(binary) = conjunct else { return None };
    match (binary.left.as_ref(), binary.op, binary.right.as_ref()) {
        (Expr::Column(left), Operator::Eq, Expr::Column(right)) if left == right => {
            Some(left.clone())
        }
        _ => None,
    }
}

fn scan_of(plan: &LogicalPlan) -> Option<(&TableScan, &datafusion::common::TableReference)> {
    let LogicalPlan::SubqueryAlias(alias) = plan else { return None };
    match alias.input.as_ref() {
        // Calls of one table function have one name, whatever their arguments.
        LogicalPlan::TableScan(scan)
            if scan.fetch.is_none() && scan.filters.is_empty() && called(scan).is_none() =>
        {
            Some((scan, &alias.alias))
        }
        _ => None,
    }
}

/// Two inputs that scan one table and are equal in a key of it.
fn pair(block: &Block, around: &Surroundings) -> Option<(usize, usize)> {
    let classes = Classes::find(&block.conjuncts, block);
    for (first, plan) in block.inputs.iter().enumerate() {
        let Some((scan, _)) = scan_of(plan) else { continue };
        for (second, other) in block.inputs.iter().enumerate().skip(first + 1) {
            let Some((other_scan, other_name)) = scan_of(other) else { continue };
            if other_scan.table_name != scan.table_name {
                continue;
            }
            let columns = plan.schema().columns().into_iter().enumerate();
            let equal = columns.filter(|(_, column)| {
                let partner = Column::new(Some(other_name.clone()), &column.name);
                block.nullable(column).is_ok() && classes.equal(column).contains(&partner)
            });
            let equal = equal.map(|(ordinal, _)| ordinal).collect();
            if let Some(unique) = unique_when_equal(plan, &equal) {
                if equal.is_empty() {
                    continue;
                }
                unique.rely(around.cx);
                return Some((first, second));
            }
        }
    }
    None
}
