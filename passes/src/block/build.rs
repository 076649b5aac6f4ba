//! Putting a block together again, always in the same way.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::{
    Column, DFSchema, JoinConstraint, JoinType, NullEquality, Result, ScalarValue,
};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    EmptyRelation, Expr, Filter, Join, LogicalPlan, Operator, Projection,
};
use planc_ir::key::expression_key;

use super::collect::aliased;
use super::{Block, Left, Surroundings, columns_of, identity, reads_only};

/// The relation of a block: filtered inputs joined from left to right in their order, each
/// next one connected to those before it where there is one; the other joins above.
pub(super) fn build(block: Block, around: &Surroundings) -> Result<LogicalPlan> {
    let Block { mut inputs, mut conjuncts, semis, lefts, after, fallible, outputs } = block;
    if inputs.len() > 1 {
        inputs.retain(|input| !is_one_row(input));
    }
    if inputs.is_empty() {
        inputs.push(one_row());
    }
    let mut filtered = Vec::with_capacity(inputs.len());
    for input in inputs {
        let columns = columns_of(&input);
        let own = take(&mut conjuncts, |conjunct| {
            !conjunct.column_refs().is_empty() && reads_only(conjunct, &columns)
        });
        filtered.push((filter(input, own)?, columns));
    }
    let (mut plan, mut columns) = filtered.remove(0);
    while !filtered.is_empty() {
        let next = filtered.iter().position(|(_, right)| {
            conjuncts.iter().any(|conjunct| connects(conjunct, &columns, right))
        });
        let (right, right_columns) = filtered.remove(next.unwrap_or(0));
        columns.extend(right_columns);
        let on = take(&mut conjuncts, |conjunct| {
            !conjunct.column_refs().is_empty() && reads_only(conjunct, &columns)
        });
        plan = join(plan, right, on, JoinType::Inner, false)?;
    }
    plan = filter(plan, conjuncts)?;
    for semi in semis {
        let kind = if semi.anti { JoinType::LeftAnti } else { JoinType::LeftSemi };
        plan = join(plan, semi.right, semi.on, kind, semi.null_aware)?;
    }
    for left in lefts {
        plan = match left.mark_column() {
            None => join(plan, left.right, left.on, JoinType::Left, false)?,
            Some(name) => marked(plan, left, &name)?,
        };
    }
    plan = filter(plan, after)?;
    if let Some(predicate) = conjunction(fallible) {
        // Their order stays, and what holds below holds before they are computed.
        plan = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?);
    }
    if around.exact {
        let outputs: Vec<_> = outputs.into_iter().map(|o| (o.column, o.expr)).collect();
        let same = plan.schema().fields().len() == outputs.len()
            && plan.schema().columns().iter().zip(&outputs).all(|(have, (column, expr))| {
                have == column && matches!(expr, Expr::Column(own) if own == column)
            });
        if same {
            return Ok(plan);
        }
        let exprs = outputs.into_iter().map(|(column, expr)| aliased(expr, &column)).collect();
        return Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?));
    }
    let computed: Vec<_> = outputs
        .into_iter()
        .filter(|output| !matches!(&output.expr, Expr::Column(own) if *own == output.column))
        .collect();
    if computed.is_empty() {
        return Ok(plan);
    }
    let names: HashSet<&Column> = computed.iter().map(|output| &output.column).collect();
    let passed = identity(&plan).into_iter().filter(|output| !names.contains(&output.column));
    let mut exprs: Vec<Expr> = passed.map(|output| output.expr).collect();
    exprs.extend(computed.iter().map(|output| aliased(output.expr.clone(), &output.column)));
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
}

/// A mark join, and the name of its column.
fn marked(plan: LogicalPlan, left: Left, name: &Column) -> Result<LogicalPlan> {
    let joined = join(plan, left.right, left.on, JoinType::LeftMark, false)?;
    let mut exprs: Vec<Expr> = joined.schema().columns().into_iter().map(Expr::Column).collect();
    if let Some(mark) = exprs.pop() {
        exprs.push(aliased(mark, name));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(joined))?))
}

/// The relation of one row without columns.
pub(super) fn one_row() -> LogicalPlan {
    let schema = Arc::new(DFSchema::empty());
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema })
}

fn is_one_row(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::EmptyRelation(empty)
        if empty.produce_one_row && empty.schema.fields().is_empty())
}

/// Moves what `picks` says out of a list.
fn take(from: &mut Vec<Expr>, mut picks: impl FnMut(&Expr) -> bool) -> Vec<Expr> {
    let (taken, left) = std::mem::take(from).into_iter().partition(|expr| picks(expr));
    *from = left;
    taken
}

/// Whether a conjunct compares the columns of both sides and no others.
fn connects(conjunct: &Expr, left: &HashSet<Column>, right: &HashSet<Column>) -> bool {
    let refs = conjunct.column_refs();
    refs.iter().any(|column| left.contains(*column))
        && refs.iter().any(|column| right.contains(*column))
        && refs.iter().all(|column| left.contains(*column) || right.contains(*column))
}

/// Orders conjuncts by what they say, not by how their columns are called, and drops repeats.
pub(crate) fn sorted(conjuncts: Vec<Expr>, schemas: &[&DFSchema]) -> Result<Vec<Expr>> {
    let mut keyed = Vec::with_capacity(conjuncts.len());
    for conjunct in conjuncts {
        keyed.push((expression_key(&conjunct, schemas)?, conjunct));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.dedup_by_key(|(key, _)| *key);
    Ok(keyed.into_iter().map(|(_, conjunct)| conjunct).collect())
}

fn filter(input: LogicalPlan, conjuncts: Vec<Expr>) -> Result<LogicalPlan> {
    match conjunction(sorted(conjuncts, &[input.schema()])?) {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?)),
        None => Ok(input),
    }
}

fn join(
    left: LogicalPlan,
    right: LogicalPlan,
    conjuncts: Vec<Expr>,
    kind: JoinType,
    null_aware: bool,
) -> Result<LogicalPlan> {
    let (left_columns, right_columns) = (columns_of(&left), columns_of(&right));
    let conjuncts = sorted(conjuncts, &[left.schema(), right.schema()])?;
    let pair = |expr: &Expr, equality: Operator| match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == equality => {
            let reads =
                |expr: &Expr, columns| !expr.column_refs().is_empty() && reads_only(expr, columns);
            if reads(left, &left_columns) && reads(right, &right_columns) {
                Some((left.as_ref().clone(), right.as_ref().clone()))
            } else if reads(right, &left_columns) && reads(left, &right_columns) {
                Some((right.as_ref().clone(), left.as_ref().clone()))
            } else {
                None
            }
        }
        _ => None,
    };
    // Pairs that take NULL for a value like others can be hashed too, if all of them do.
    let any = conjuncts.iter().any(|conjunct| pair(conjunct, Operator::Eq).is_some());
    let (equality, null_equality) = if any || null_aware {
        (Operator::Eq, NullEquality::NullEqualsNothing)
    } else {
        (Operator::IsNotDistinctFrom, NullEquality::NullEqualsNull)
    };
    let (mut on, mut rest) = (Vec::new(), Vec::new());
    for conjunct in conjuncts {
        match pair(&conjunct, equality) {
            Some(pair) => on.push(pair),
            None => rest.push(conjunct),
        }
    }
    let null_equality = if on.is_empty() { NullEquality::NullEqualsNothing } else { null_equality };
    if on.is_empty() && rest.is_empty() && kind != JoinType::Inner {
        // Only an inner join may be without a condition.
        rest.push(Expr::Literal(ScalarValue::Boolean(Some(true)), None));
    }
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left),
        Arc::new(right),
        on,
        conjunction(rest),
        kind,
        JoinConstraint::On,
        null_equality,
        null_aware,
    )?))
}
