//! A semi join that finds a partner for every row does nothing; one that finds none, or an
//! anti join, is decided in the same way.
//!
//! That is so where an input of the block is itself such a partner (`a JOIN b ON a.k = b.k`
//! needs no `a.k IN (SELECT k FROM b)`; a row of `t` is found in `t`), and where a declared
//! foreign key says that the partner exists. What is left is that the compared columns are
//! not NULL. A partner that is looked for among a few literal values is an IN list.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, TableScan};
use planc_ir::catalog::{declared, table_name};
use planc_ir::table_function::called;

use super::merge_self_joins::widened;
use super::split_semis::equated_with_left;
use crate::PassContext;
use crate::block::{Block, Both, Classes, Semi, Surroundings, substitute};
use crate::property::cardinality::cardinality;
use crate::property::{
    is_exact_equality, is_fallible, is_volatile, subquery_of, unique_when_equal, unique_within,
};

/// Longer lists stay joins, which hash them.
const MOST_LISTED: usize = 64;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = block.semis.len();
    while place > 0 {
        place -= 1;
        let Some(semi) = block.semis.get(place) else { break };
        if let Some(found) = decided(semi) {
            let passes = found != semi.anti;
            block.semis.remove(place);
            if !passes {
                block.conjuncts.push(Expr::Literal(ScalarValue::Boolean(Some(false)), None));
            }
            fired = true;
            continue;
        }
        if let Some(listed) = listed(semi) {
            block.semis.remove(place);
            block.filter(listed);
            fired = true;
            continue;
        }
        if semi.null_aware {
            continue;
        }
        if let Some((input, condition)) = own_table(block, place, around)? {
            let anti = block.semis.remove(place).anti;
            if let Some(plan) = input.1
                && let Some(own) = block.inputs.get_mut(input.0)
            {
                *own = plan;
            }
            match condition {
                Some(condition) if anti => block.filter(Expr::IsNotTrue(Box::new(condition))),
                Some(condition) => {
                    split_conjunction_owned(condition).into_iter().for_each(|c| block.filter(c));
                }
                None if anti => {
                    block.conjuncts.push(Expr::Literal(ScalarValue::Boolean(Some(false)), None));
                }
                None => {}
            }
            fired = true;
            continue;
        }
        let found = match own_partner(block, semi)? {
            Some(columns) => Some(columns),
            None => foreign_key(block, &semi.right, &semi.on)?.map(|found| {
                found.rely(around.cx);
                found.columns
            }),
        };
        if let Some(columns) = found {
            let anti = block.semis.remove(place).anti;
            let columns = columns.into_iter().map(|column| Box::new(Expr::Column(column)));
            if anti {
                // Only a NULL keeps a row from its partner.
                let none = Expr::Literal(ScalarValue::Boolean(Some(false)), None);
                block.filter(columns.map(Expr::IsNull).reduce(Expr::or).unwrap_or(none));
            } else {
                columns.for_each(|column| block.filter(Expr::IsNotNull(column)));
            }
            fired = true;
        }
    }
    Ok(fired)
}

/// A partner among literal values is an IN list.
fn listed(semi: &Semi) -> Option<Expr> {
    let LogicalPlan::Values(values) = &semi.right else { return None };
    let [Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right })] = semi.on.as_slice()
    else {
        return None;
    };
    let columns = semi.right.schema().columns();
    let (place, expr) = [(left, right), (right, left)].into_iter().find_map(|(column, expr)| {
        let Expr::Column(column) = column.as_ref() else { return None };
        let place = columns.iter().position(|own| own == column)?;
        Some((place, expr.as_ref().clone()))
    })?;
    // A list of floats is compared by their bits, and a join finds -0.0 for 0.0.
    let data_type = semi.right.schema().fields().get(place)?.data_type();
    if !is_exact_equality(data_type) {
        return None;
    }
    let literal = |row: &Vec<Expr>| match row.get(place) {
        Some(literal @ Expr::Literal(..)) => Some(literal.clone()),
        _ => None,
    };
    let list: Vec<Expr> = values.values.iter().map(literal).collect::<Option<_>>()?;
    let own = |column: &&Column| columns.contains(column);
    if list.len() > MOST_LISTED || expr.column_refs().iter().any(own) {
        return None;
    }
    let found = expr.in_list(list, semi.null_aware);
    Some(if semi.anti && !semi.null_aware { Expr::IsNotTrue(Box::new(found)) } else { found })
}

/// Whether every row finds a partner, or none does, whatever the row.
fn decided(semi: &Semi) -> Option<bool> {
    let is = |expr: &Expr, truth: bool| {
        matches!(expr, Expr::Literal(value, _)
            if *value == ScalarValue::Boolean(Some(truth)) || (!truth && value.is_null()))
    };
    let rows = cardinality(&semi.right);
    if rows.is_empty() || (!semi.null_aware && semi.on.iter().any(|on| is(on, false))) {
        return Some(false);
    }
    (rows.min > 0 && semi.on.iter().all(|on| is(on, true))).then_some(true)
}

/// The scan below filters, its qualifier, and what the filters say.
pub(super) fn filtered_scan(plan: &LogicalPlan) -> Option<(&TableScan, Vec<&Expr>)> {
    match plan {
        LogicalPlan::Filter(filter) => {
            let (scan, mut conjuncts) = filtered_scan(&filter.input)?;
            conjuncts.extend(datafusion::logical_expr::utils::split_conjunction(&filter.predicate));
            Some((scan, conjuncts))
        }
        LogicalPlan::SubqueryAlias(alias) => match alias.input.as_ref() {
            // The name of a table function does not say with what it is called.
            LogicalPlan::TableScan(scan)
                if scan.fetch.is_none() && scan.filters.is_empty() && called(scan).is_none() =>
            {
                Some((scan, Vec::new()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// What is known on the rows of a block, written in one way.
struct Facts {
    classes: Classes,
    conjuncts: HashSet<Expr>,
}

impl Facts {
    fn of(block: &Block) -> Result<Self> {
        let classes = Classes::find(&block.conjuncts, block);
        let mut facts = Facts { classes, conjuncts: HashSet::new() };
        for conjunct in &block.conjuncts {
            let written = facts.written(conjunct)?;
            facts.conjuncts.insert(written);
        }
        Ok(facts)
    }

    /// An expression over the first members of the classes.
    fn written(&self, expr: &Expr) -> Result<Expr> {
        let first = |column: &Column| {
            let first = self.classes.equal(column).first().unwrap_or(column);
            (column.clone(), Expr::Column(first.clone()))
        };
        let map: HashMap<Column, Expr> = expr.column_refs().into_iter().map(first).collect();
        substitute(expr.clone(), &map)
    }
}

/// An input by its place, and with more columns where it needs them.
type Widened = (usize, Option<LogicalPlan>);

/// The condition under which a row of an input is found in its own table: where the columns that
/// the join and the filters of the other side read are equal to the row's, the row itself is the
/// partner, or none is. With a key among the equal columns all others are equal too.
fn own_table(
    block: &Block,
    place: usize,
    around: &Surroundings,
) -> Result<Option<(Widened, Option<Expr>)>> {
    let Some(semi) = block.semis.get(place) else { return Ok(None) };
    let Some((right, filters)) = filtered_scan(&semi.right) else { return Ok(None) };
    let conditions: Vec<&Expr> = semi.on.iter().chain(filters).collect();
    let schema = semi.right.schema();
    let movable = |expr: &&Expr| {
        !is_volatile(expr)
            && !is_fallible(expr, &Both(block, &Block::leaf(semi.right.clone())))
            && !has_subquery(expr)
    };
    if !conditions.iter().all(movable) {
        return Ok(None);
    }
    let equated = equated_with_left(block, semi)?;
    for (at, input) in block.inputs.iter().enumerate() {
        let Some((scan, below)) = filtered_scan(input) else { continue };
        let LogicalPlan::SubqueryAlias(alias) = input else { continue };
        if scan.table_name != right.table_name || !below.is_empty() {
            continue;
        }
        // Columns of the right side that are equal to those of the same name of the input.
        let equal: HashSet<&Column> = equated
            .iter()
            .filter(|(column, to)| {
                matches!(to, Expr::Column(to) if to.name == column.name
                    && input.schema().has_column(to))
            })
            .map(|(column, _)| column)
            .collect();
        let ordinals = equal.iter().filter_map(|column| schema.maybe_index_of_column(column));
        let ordinals = ordinals.collect();
        let takes_null =
            |on: &Expr| matches!(on, Expr::BinaryExpr(on) if on.op == Operator::IsNotDistinctFrom);
        // NULLs may repeat in what is only UNIQUE, and here they are partners.
        let unique = match semi.on.iter().any(takes_null) {
            true => unique_within(&semi.right, &ordinals),
            false => unique_when_equal(&semi.right, &ordinals),
        };
        let foreign = |column: &Column| schema.has_column(column);
        let known = |expr: &&Expr| {
            let refs = expr.column_refs();
            refs.iter().all(|column| !foreign(column) || equal.contains(*column))
        };
        let all_known = conditions.iter().all(known);
        if !all_known && unique.is_none() {
            continue;
        }
        let mut map = HashMap::new();
        let mut missing = false;
        for column in schema.columns() {
            let own = Column::new(Some(alias.alias.clone()), &column.name);
            missing |= !input.schema().has_column(&own);
            map.insert(column, Expr::Column(own));
        }
        let mut parts = Vec::new();
        for condition in &conditions {
            let mapped = substitute((*condition).clone(), &map)?;
            match &mapped {
                Expr::BinaryExpr(BinaryExpr { left, op, right }) if left == right => match op {
                    Operator::Eq if is_column(left) => {
                        parts.push(Expr::IsNotNull(left.clone()));
                    }
                    Operator::IsNotDistinctFrom if is_column(left) => {}
                    _ => parts.push(mapped),
                },
                _ => parts.push(mapped),
            }
        }
        if !all_known && let Some(unique) = unique {
            unique.rely(around.cx);
        }
        let wide = if missing { Some(widened(input, right)?) } else { None };
        return Ok(Some(((at, wide.flatten()), conjunction(parts))));
    }
    Ok(None)
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(_))
}

fn has_subquery(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(subquery_of(expr).is_some())).unwrap_or(true)
}

/// The columns that must not be NULL, where an input is a partner of each of its rows.
fn own_partner(block: &Block, semi: &Semi) -> Result<Option<Vec<Column>>> {
    let Some((right, filters)) = filtered_scan(&semi.right) else { return Ok(None) };
    let facts = Facts::of(block)?;
    for input in &block.inputs {
        let Some((scan, below)) = filtered_scan(input) else { continue };
        if scan.table_name != right.table_name || !below.is_empty() {
            continue;
        }
        // The columns of the right side as columns of the input.
        let mut map = HashMap::new();
        for column in semi.right.schema().columns() {
            let own = input.schema().columns().into_iter().find(|own| own.name == column.name);
            if let Some(own) = own {
                map.insert(column, Expr::Column(own));
            }
        }
        if let Some(not_null) =
            implied(&facts, semi.on.iter().chain(filters.iter().copied()), &map, &semi.right)?
        {
            return Ok(Some(not_null));
        }
    }
    Ok(None)
}

/// Whether each expression holds with its columns replaced; the columns that `x = x` leaves.
fn implied<'e>(
    facts: &Facts,
    exprs: impl Iterator<Item = &'e Expr>,
    map: &HashMap<Column, Expr>,
    right: &LogicalPlan,
) -> Result<Option<Vec<Column>>> {
    let foreign: HashSet<Column> = right.schema().columns().into_iter().collect();
    let mut not_null = Vec::new();
    for expr in exprs {
        let mapped = facts.written(&substitute(expr.clone(), map)?)?;
        if mapped.column_refs().iter().any(|column| foreign.contains(*column)) {
            return Ok(None);
        }
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = &mapped
            && left == right
            && let Expr::Column(column) = left.as_ref()
        {
            not_null.push(column.clone());
        } else if matches!(&mapped, Expr::BinaryExpr(BinaryExpr { left, op, right })
            if *op == Operator::IsNotDistinctFrom && left == right && is_column(left))
        {
            continue;
        } else if !facts.conjuncts.contains(&mapped) {
            return Ok(None);
        }
    }
    Ok(Some(not_null))
}

/// A declared foreign key: where its columns are not NULL, a partner exists.
pub(crate) struct ForeignKey {
    /// The referring columns, as the block knows them.
    pub(crate) columns: Vec<Column>,
    table: String,
    names: Vec<String>,
}

impl ForeignKey {
    /// Notes that a rewrite is right because of it.
    pub(crate) fn rely(&self, cx: &PassContext) {
        cx.rely_on(&self.table, "references", &self.names);
    }
}

/// The foreign key along which a right side is joined on a condition.
pub(crate) fn foreign_key(
    block: &Block,
    right_side: &LogicalPlan,
    on: &[Expr],
) -> Result<Option<ForeignKey>> {
    let Some((right, filters)) = filtered_scan(right_side) else { return Ok(None) };
    let target = table_name(&right.table_name);
    // Pairs of a referring column and the name of the column that it is compared with.
    let mut pairs: Vec<(Column, String)> = Vec::new();
    for conjunct in on {
        let Expr::BinaryExpr(BinaryExpr { left: a, op: Operator::Eq, right: b }) = conjunct else {
            return Ok(None);
        };
        let (Expr::Column(a), Expr::Column(b)) = (a.as_ref(), b.as_ref()) else {
            return Ok(None);
        };
        let in_right = |column: &Column| right_side.schema().has_column(column);
        match (in_right(a), in_right(b)) {
            (false, true) => pairs.push((a.clone(), b.name.clone())),
            (true, false) => pairs.push((b.clone(), a.name.clone())),
            _ => return Ok(None),
        }
    }
    let facts = Facts::of(block)?;
    for input in &block.inputs {
        let Some((scan, _)) = filtered_scan(input) else { continue };
        let Some(constraints) = declared(scan) else { continue };
        for reference in constraints.references.iter().filter(|r| r.table == target) {
            // Each pair must be one of the reference, through equal columns, and all of it.
            let own = |column: &Column| {
                let equal = facts.classes.equal(column).iter().chain(std::iter::once(column));
                let mut found = equal.filter(|equal| input.schema().has_column(equal));
                found.next().cloned()
            };
            let mut referring = Vec::new();
            let covered = pairs.iter().all(|(column, to)| {
                let Some(column) = own(column) else { return false };
                let mut named = reference.columns.iter().zip(&reference.to);
                let fits = named.any(|(from, target)| *from == column.name && target == to);
                referring.push(column);
                fits
            });
            // A row with a NULL in any of its columns refers to nothing.
            let all = reference
                .columns
                .iter()
                .all(|from| referring.iter().any(|column| column.name == *from));
            if !covered || !all {
                continue;
            }
            // A filter on the partner must hold because of the row itself.
            let mut map = HashMap::new();
            for column in right_side.schema().columns() {
                let place = pairs.iter().position(|(_, to)| *to == column.name);
                if let Some(column_of) = place.and_then(|place| referring.get(place)) {
                    map.insert(column, Expr::Column(column_of.clone()));
                }
            }
            if implied(&facts, filters.iter().copied(), &map, right_side)?.is_none() {
                continue;
            }
            let table = table_name(&scan.table_name);
            let names = reference.columns.clone();
            return Ok(Some(ForeignKey { columns: referring, table, names }));
        }
    }
    Ok(None)
}
