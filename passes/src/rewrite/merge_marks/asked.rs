//! What marks, semi and anti joins ask of a table, in a form in which it can be compared.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::{conjunction, split_binary};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator};

use crate::block::{Block, Surroundings, columns_of, substitute};
use crate::property::is_volatile;
use crate::rewrite::drop_semi_joins::filtered_scan;
use crate::rewrite::merge_self_joins::widened;
use crate::rewrite::split_semis::never_null;

/// A table and the conditions on its rows, those of the join among them.
pub(crate) struct Asked {
    /// The column of a mark join.
    pub(super) mark: Option<Column>,
    pub(crate) table: String,
    pub(crate) conditions: HashSet<Expr>,
}

impl Asked {
    /// Of a right side that is a table, perhaps filtered.
    pub(crate) fn of(right: &LogicalPlan, on: &[Expr]) -> Result<Option<Self>> {
        let Some((scan, filters)) = filtered_scan(right) else { return Ok(None) };
        let all = || on.iter().chain(filters.iter().copied());
        if all().any(is_volatile) {
            return Ok(None);
        }
        // All right sides under one name, so that conditions can be compared.
        let map = one_name(right);
        let conditions = all().map(|on| Ok(turned(substitute(on.clone(), &map)?)));
        let table = scan.table_name.to_string();
        Ok(Some(Asked { mark: None, table, conditions: conditions.collect::<Result<_>>()? }))
    }
}

fn one_name(right: &LogicalPlan) -> HashMap<Column, Expr> {
    let name =
        |column: Column| (column.clone(), Expr::Column(Column::new(Some("\u{1}"), column.name)));
    right.schema().columns().into_iter().map(name).collect()
}

/// An equality in one of its two ways, whatever the sides are called.
fn turned(expr: Expr) -> Expr {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Eq | Operator::IsNotDistinctFrom)
                && right.to_string() < left.to_string() =>
        {
            Expr::BinaryExpr(BinaryExpr { left: right, op, right: left })
        }
        other => other,
    }
}

/// What the marks of a block ask.
pub(super) fn marks(block: &Block) -> Result<Vec<Asked>> {
    let mut marks = Vec::new();
    for left in &block.lefts {
        let Some(mark) = left.mark_column() else { continue };
        if let Some(asked) = Asked::of(&left.right, &left.on)? {
            marks.push(Asked { mark: Some(mark), ..asked });
        }
    }
    Ok(marks)
}

/// The rows of one right side or the other, where both are filters of one table with one condition
/// on its rows and those of the block.
pub(super) fn either(
    one: (&LogicalPlan, &[Expr]),
    other: (&LogicalPlan, &[Expr]),
) -> Result<Option<LogicalPlan>> {
    let (Some((a, first)), Some((b, second))) = (filtered_scan(one.0), filtered_scan(other.0))
    else {
        return Ok(None);
    };
    let volatile = first.iter().chain(&second).any(|filter| is_volatile(filter));
    if a.table_name != b.table_name || volatile {
        return Ok(None);
    }
    let conditions = |(right, on): (&LogicalPlan, &[Expr])| -> Result<HashSet<Expr>> {
        let map = one_name(right);
        on.iter().map(|on| Ok(turned(substitute(on.clone(), &map)?))).collect()
    };
    if conditions(one)? != conditions(other)? {
        return Ok(None);
    }
    let Some(relation) = widened(unfiltered(one.0), b)? else { return Ok(None) };
    let LogicalPlan::SubqueryAlias(alias) = &relation else { return Ok(None) };
    let own = |column: Column| {
        let to = Column::new(Some(alias.alias.clone()), &column.name);
        (column, Expr::Column(to))
    };
    let map: HashMap<Column, Expr> = other.0.schema().columns().into_iter().map(own).collect();
    let second = second.into_iter().map(|filter| substitute(filter.clone(), &map));
    let second = conjunction(second.collect::<Result<Vec<_>>>()?);
    let filters = conjunction(first.into_iter().cloned()).zip(second);
    Ok(Some(match filters {
        Some((first, second)) => {
            LogicalPlan::Filter(Filter::try_new(first.or(second), Arc::new(relation))?)
        }
        None => relation,
    }))
}

fn unfiltered(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Filter(filter) => unfiltered(&filter.input),
        other => other,
    }
}

/// A column of the block and one of the right side that an equality compares.
fn pair<'e>(on: &'e Expr, right: &HashSet<Column>) -> Option<(&'e Column, &'e Column)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right: other }) = on else {
        return None;
    };
    let (Expr::Column(a), Expr::Column(b)) = (left.as_ref(), other.as_ref()) else { return None };
    match (right.contains(a), right.contains(b)) {
        (false, true) => Some((a, b)),
        (true, false) => Some((b, a)),
        _ => None,
    }
}

fn is_null(expr: &Expr, of: &Column) -> bool {
    matches!(expr, Expr::IsNull(inner) if matches!(inner.as_ref(), Expr::Column(c) if c == of))
}

/// Anti joins that together ask what `NOT IN` asks.
pub(super) fn not_in(block: &mut Block, around: &Surroundings) -> Result<bool> {
    for place in 0..block.semis.len() {
        let Some(semi) = block.semis.get(place).filter(|semi| semi.anti && !semi.null_aware) else {
            continue;
        };
        let [on] = semi.on.as_slice() else { continue };
        let right = columns_of(&semi.right);
        let parts = split_binary(on, Operator::Or);
        let Some(equality) = parts.iter().find(|part| pair(part, &right).is_some()) else {
            continue;
        };
        let Some((outer, inner)) = pair(equality, &right) else { continue };
        let others = parts.iter().filter(|part| *part != equality);
        let known = others.clone().all(|part| is_null(part, outer) || is_null(part, inner));
        if !known {
            continue;
        }
        let mut gone = Vec::new();
        let mut open = Vec::new();
        for column in [outer, inner] {
            if others.clone().any(|part| is_null(part, column)) {
                continue;
            }
            match apart(block, place, equality, column)? {
                Some(other) => gone.push(other),
                None => open.push(column),
            }
        }
        if gone.is_empty() && parts.len() == 1 {
            continue;
        }
        let reasons: Option<Vec<_>> =
            open.into_iter().map(|column| never_null(block, &semi.right, column)).collect();
        let Some(reasons) = reasons else { continue };
        reasons.iter().flatten().for_each(|reason| reason.note(around.cx));
        let equality = (*equality).clone();
        if let Some(semi) = block.semis.get_mut(place) {
            semi.on = vec![equality];
            semi.null_aware = true;
        }
        gone.sort_unstable();
        gone.dedup();
        for other in gone.into_iter().rev() {
            block.semis.remove(other);
        }
        return Ok(true);
    }
    Ok(false)
}

/// Another anti join with the table, whose condition is that the column is NULL.
fn apart(block: &Block, place: usize, equality: &Expr, column: &Column) -> Result<Option<usize>> {
    let Some(semi) = block.semis.get(place) else { return Ok(None) };
    let Some(mut own) = Asked::of(&semi.right, &semi.on)? else { return Ok(None) };
    let map = one_name(&semi.right);
    let on: Vec<&Expr> = semi.on.iter().collect();
    if on != [equality] {
        return Ok(None);
    }
    own.conditions.remove(&turned(substitute(equality.clone(), &map)?));
    let null = Expr::IsNull(Box::new(Expr::Column(column.clone())));
    own.conditions.insert(substitute(null, &map)?);
    for (at, other) in block.semis.iter().enumerate() {
        if at == place || !other.anti || other.null_aware {
            continue;
        }
        if let Some(asked) = Asked::of(&other.right, &other.on)?
            && asked.table == own.table
            && asked.conditions == own.conditions
        {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
