//! A left join of which only is asked whether it found a match is a mark join.
//!
//! `SELECT a.* FROM a LEFT JOIN (SELECT DISTINCT k, TRUE AS i FROM b) c ON a.k = c.k
//! WHERE c.i IS NOT NULL OR a.x > 1` asks for `a.k IN (SELECT k FROM b) OR a.x > 1`. What is tested
//! must not be NULL in a match, and a row must match once at most. A mark never comes twice, so the
//! groups that saw to that are not needed any more.

use std::collections::HashSet;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::inner_to_semi::equated;
use crate::PassContext;
use crate::block::{Block, Left, Surroundings, columns_of, mark_schema, reads_any};
use crate::property::{is_volatile, known, rejects_null, unique_when_equal};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    for place in 0..block.lefts.len() {
        let Some(left) = block.lefts.get(place) else { break };
        if left.mark.is_some() || left.on.is_empty() || left.on.iter().any(is_volatile) {
            continue;
        }
        let columns = columns_of(&left.right);
        let Some(unread) = only_tested(block, place, &columns, around)? else { continue };
        if !around.any_multiplicity {
            let matched = equated(&left.on, &left.right);
            let Some(unique) = unique_when_equal(&left.right, &matched) else { continue };
            unique.rely(around.cx);
        }
        let name = Column::from_name(around.cx.fresh());
        let tests = block.after.iter_mut().chain(&mut block.fallible);
        let outputs = block.outputs.iter_mut().filter(|output| !unread.contains(&output.column));
        for expr in tests.chain(outputs.map(|output| &mut output.expr)) {
            *expr = marked(std::mem::take(expr), &columns, &name)?;
        }
        block.outputs.retain(|output| !unread.contains(&output.column));
        if let Some(left) = block.lefts.get_mut(place) {
            left.mark = Some(mark_schema(&name)?);
        }
        fired = true;
    }
    Ok(fired)
}

/// Where all that is read of a left join's columns is whether there was a match: those of its
/// columns that come out of the block unread.
fn only_tested(
    block: &Block,
    place: usize,
    columns: &HashSet<Column>,
    around: &Surroundings,
) -> Result<Option<HashSet<Column>>> {
    let Some(left) = block.lefts.get(place) else { return Ok(None) };
    let others = block.lefts.iter().enumerate().filter(|(other, _)| *other != place);
    if others.flat_map(|(_, other)| &other.on).any(|on| reads_any(on, columns)) {
        return Ok(None);
    }
    let (uses, complete) = around.readers.resolve()?;
    if !complete {
        return Ok(None);
    }
    // What passes through is read outside, or nowhere.
    let mut unread = HashSet::new();
    let mut tests: Vec<&Expr> = block.after.iter().chain(&block.fallible).collect();
    for output in &block.outputs {
        let passed = matches!(&output.expr, Expr::Column(own) if *own == output.column);
        if passed && !around.exact && columns.contains(&output.column) {
            unread.insert(output.column.clone());
        } else {
            tests.push(&output.expr);
        }
    }
    if uses.iter().any(|(_, expr)| reads_any(expr, &unread)) {
        return Ok(None);
    }
    tests.retain(|expr| reads_any(expr, columns));
    let tested = tests
        .iter()
        .try_fold(HashSet::new(), |mut all, expr| tested(expr, columns, &mut all).then_some(all));
    let Some(tested) = tested.filter(|tested| !tested.is_empty()) else { return Ok(None) };
    let told = tested.iter().all(|column| tells(left, column, around.cx));
    Ok(told.then_some(unread))
}

/// Whether an expression reads the columns in tests for NULL only; which ones it tests.
fn tested(expr: &Expr, columns: &HashSet<Column>, found: &mut HashSet<Column>) -> bool {
    let mut only = true;
    let walk = expr.apply(|expr| match expr {
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => match inner.as_ref() {
            Expr::Column(column) if columns.contains(column) => {
                found.insert(column.clone());
                Ok(TreeNodeRecursion::Jump)
            }
            _ => Ok(TreeNodeRecursion::Continue),
        },
        Expr::Column(column) if columns.contains(column) => {
            only = false;
            Ok(TreeNodeRecursion::Stop)
        }
        _ => Ok(TreeNodeRecursion::Continue),
    });
    only && walk.is_ok()
}

/// Whether the column is NULL in no match.
fn tells(left: &Left, column: &Column, cx: &PassContext) -> bool {
    let alone = HashSet::from([column.clone()]);
    let right: &LogicalPlan = &left.right;
    left.on.iter().any(|on| rejects_null(on, &alone))
        || right.schema().nullable(column).is_ok_and(|nullable| !nullable)
        || !known(right).is_nullable(&Expr::Column(column.clone()), right.schema(), cx)
}

/// The same with the mark instead of the tests.
fn marked(expr: Expr, columns: &HashSet<Column>, mark: &Column) -> Result<Expr> {
    let own = |inner: &Expr| matches!(inner, Expr::Column(column) if columns.contains(column));
    let marked = expr.transform_down(|expr| {
        Ok(match expr {
            Expr::IsNotNull(inner) if own(&inner) => Transformed::yes(Expr::Column(mark.clone())),
            Expr::IsNull(inner) if own(&inner) => {
                Transformed::yes(Expr::Not(Box::new(Expr::Column(mark.clone()))))
            }
            other => Transformed::no(other),
        })
    })?;
    Ok(marked.data)
}
