//! A table that is joined with itself on a key is one table.
//!
//! `SELECT p.x, q.y FROM t p JOIN t q ON p.id = q.id` is `SELECT x, y FROM t WHERE id IS NOT
//! NULL` where `id` is unique: the only partner of a row is the row itself.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, SubqueryAlias, TableScan, TableScanBuilder};

use super::inner_to_semi::read_elsewhere;
use crate::block::{Block, Classes, Surroundings};
use crate::property::unique_when_equal;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    while let Some((first, second)) = pair(block, around) {
        let removed = block.inputs.remove(second);
        let Some(kept) = block.inputs.get_mut(first) else { break };
        let (Some((scan, name)), Some((other, _))) = (scan_of(kept), scan_of(&removed)) else {
            break;
        };
        let schema = scan.source.schema();
        let all = |scan: &TableScan| match &scan.projection {
            Some(projection) => projection.clone(),
            None => (0..schema.fields().len()).collect(),
        };
        let mut projection = all(scan);
        projection.extend(all(other));
        projection.sort_unstable();
        projection.dedup();
        let name = name.clone();
        let scan =
            TableScanBuilder::from(scan.clone()).with_projection(Some(projection)).build()?;
        let scan = Arc::new(LogicalPlan::TableScan(scan));
        *kept = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(scan, name.clone())?);
        let map: HashMap<Column, Expr> = removed
            .schema()
            .columns()
            .into_iter()
            .map(|column| {
                let to = Column::new(Some(name.clone()), &column.name);
                (column, Expr::Column(to))
            })
            .collect();
        // The comparison of a column with itself says that it is not NULL.
        for conjunct in std::mem::take(&mut block.conjuncts) {
            let conjunct = crate::block::substitute(conjunct, &map)?;
            match self_comparison(&conjunct) {
                Some(column) => {
                    block.conjuncts.push(Expr::IsNotNull(Box::new(Expr::Column(column))));
                }
                None => block.conjuncts.push(conjunct),
            }
        }
        read_elsewhere(block, &map)?;
        block.stand_in(&map, around);
        fired = true;
    }
    Ok(fired)
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
        LogicalPlan::TableScan(scan) if scan.fetch.is_none() && scan.filters.is_empty() => {
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
