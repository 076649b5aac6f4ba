//! Groups of one table by the same keys are the same groups, with the calls of both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::{Column, Result, TableReference};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan};

use super::{scan_of, widened};
use crate::block::{Block, Classes, Surroundings, substitute};
use crate::grouping::{Defined, Grouping};
use crate::property::{is_fallible, is_volatile};

/// Groups of the filtered rows of a table.
struct Groups {
    grouping: Grouping,
    filters: HashSet<Expr>,
    relation: LogicalPlan,
}

fn groups(plan: &LogicalPlan) -> Option<Groups> {
    let LogicalPlan::Aggregate(aggregate) = plan else { return None };
    let grouping = Grouping::of(aggregate)?;
    let (filters, relation) = match grouping.input.as_ref() {
        LogicalPlan::Filter(filter) => {
            let filters = split_conjunction(&filter.predicate).into_iter().cloned().collect();
            (filters, filter.input.as_ref().clone())
        }
        other => (HashSet::new(), other.clone()),
    };
    scan_of(&relation)?;
    let schema = relation.schema();
    let defined = grouping.keys.iter().chain(&grouping.calls);
    let movable = |expr: &Expr| !is_volatile(expr) && !is_fallible(expr, schema.as_ref());
    let plain =
        defined.clone().all(|defined| !is_volatile(&defined.expr)) && filters.iter().all(movable);
    plain.then_some(Groups { grouping, filters, relation })
}

/// Makes one of two groupings of one table that are equal in all their keys.
pub(super) fn merged(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let places: Vec<usize> = block
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| matches!(input, LogicalPlan::Aggregate(_)))
        .map(|(place, _)| place)
        .collect();
    if places.len() < 2 {
        return Ok(false);
    }
    let classes = Classes::find(&block.conjuncts, block);
    for (at, first) in places.iter().enumerate() {
        for second in places.iter().skip(at + 1) {
            let (Some(one), Some(other)) = (block.inputs.get(*first), block.inputs.get(*second))
            else {
                continue;
            };
            let (Some(one), Some(other)) = (groups(one), groups(other)) else { continue };
            let Some((plan, map)) = both(one, other, &classes)? else { continue };
            if let Some(input) = block.inputs.get_mut(*first) {
                *input = plan;
            }
            block.inputs.remove(*second);
            super::replaced(block, &map, around)?;
            return Ok(true);
        }
    }
    Ok(false)
}

type Merged = (LogicalPlan, HashMap<Column, Expr>);

fn both(one: Groups, other: Groups, classes: &Classes) -> Result<Option<Merged>> {
    let (Some((own, name)), Some((scan, _))) = (scan_of(&one.relation), scan_of(&other.relation))
    else {
        return Ok(None);
    };
    if own.table_name != scan.table_name || one.grouping.keys.len() != other.grouping.keys.len() {
        return Ok(None);
    }
    let names = renamed(&other.relation, name);
    let filters = other.filters.iter().map(|filter| substitute(filter.clone(), &names));
    if filters.collect::<Result<HashSet<_>>>()? != one.filters {
        return Ok(None);
    }
    let mut map = HashMap::new();
    let mut met = HashSet::new();
    for key in &other.grouping.keys {
        let expr = substitute(key.expr.clone(), &names)?;
        let same = one
            .grouping
            .keys
            .iter()
            .find(|own| own.expr == expr && classes.equal(&own.column).contains(&key.column));
        let Some(same) = same else { return Ok(None) };
        if !met.insert(same.column.clone()) {
            return Ok(None);
        }
        map.insert(key.column.clone(), Expr::Column(same.column.clone()));
    }
    let Some(wide) = widened(&one.relation, scan)? else { return Ok(None) };
    let mut grouping = one.grouping;
    for Defined { column, expr } in other.grouping.calls {
        grouping.calls.push(Defined { column, expr: substitute(expr, &names)? });
    }
    let filters = match grouping.input.as_ref() {
        LogicalPlan::Filter(filter) => split_conjunction(&filter.predicate),
        _ => Vec::new(),
    };
    grouping.input = Arc::new(match conjunction(filters.into_iter().cloned()) {
        Some(predicate) => LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(wide))?),
        None => wide,
    });
    Ok(Some((grouping.build()?, map)))
}

/// The columns of a scan under the qualifier of another one.
fn renamed(relation: &LogicalPlan, name: &TableReference) -> HashMap<Column, Expr> {
    let own = |column: Column| {
        let to = Column::new(Some(name.clone()), &column.name);
        (column, Expr::Column(to))
    };
    relation.schema().columns().into_iter().map(own).collect()
}
