//! An aggregate of a whole relation of which only is asked whether there were rows is a mark.
//!
//! `SELECT a.* FROM a, (SELECT count(*) AS c FROM b) t WHERE t.c = 0 OR a.x > 1` asks for
//! `NOT EXISTS (SELECT 1 FROM b) OR a.x > 1`; a minimum that is not NULL says the same. A count of
//! `k` that is less than the count of all rows says that there is a row in which `k` is NULL. The
//! aggregate has one row, whatever the relation holds, so joining with it or not is one.
//!
//! Where more is read of it, `c = 0` says that such a minimum is NULL, and `c <> 0` nothing beside a condition that no NULL passes of a
//! minimum, a sum or the like: without rows these are NULL.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator};

use super::group_windows::copied;
use crate::block::{Block, Left, Surroundings, mark_schema, reads_any, substitute};
use crate::grouping::{Grouping, call, is_count_star};
use crate::property::{is_fallible, is_volatile, known, rejects_null};

/// The relation is read once for each mark; for more, the aggregate reads it once.
const MOST_MARKS: usize = 3;

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let mut fired = false;
    let mut place = 0;
    while block.inputs.len() > 1 && place < block.inputs.len() {
        let grouping = match block.inputs.get(place) {
            Some(LogicalPlan::Aggregate(aggregate)) if aggregate.group_expr.is_empty() => {
                Grouping::of(aggregate)
            }
            _ => None,
        };
        match grouping {
            Some(grouping) if marked(block, place, &grouping, around)? => fired = true,
            Some(grouping) => {
                fired |= tested_by_null(block, &grouping, around)?;
                fired |= drop_implied(block, &grouping, around);
                place += 1;
            }
            None => place += 1,
        }
    }
    Ok(fired)
}

/// A question whether a relation has rows: those on which all of `filters` hold.
struct Asked {
    filters: Vec<Expr>,
    truth: bool,
}

fn asked(expr: &Expr, grouping: &Grouping, around: &Surroundings) -> Option<Asked> {
    let of = |expr: &Expr| match expr {
        Expr::Column(column) => {
            grouping.calls.iter().find(|defined| defined.column == *column).map(|d| &d.expr)
        }
        _ => None,
    };
    match expr {
        Expr::IsNull(inner) => {
            Some(Asked { filters: rows_of(of(inner)?, grouping, around)?, truth: false })
        }
        Expr::IsNotNull(inner) => {
            Some(Asked { filters: rows_of(of(inner)?, grouping, around)?, truth: true })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, op, right) = match (of(left), of(right)) {
                (Some(left), None) => {
                    let truth = against(*op, right)?;
                    return Some(Asked { filters: counted(left, grouping, around)?, truth });
                }
                (None, Some(right)) => {
                    let truth = against(op.swap()?, left)?;
                    return Some(Asked { filters: counted(right, grouping, around)?, truth });
                }
                (Some(left), Some(right)) if is_count_star(left) => (right, op.swap()?, left),
                (Some(left), Some(right)) => (left, *op, right),
                (None, None) => return None,
            };
            // The count of a column, and that of all rows.
            let truth = match op {
                Operator::Lt | Operator::NotEq => true,
                Operator::GtEq | Operator::Eq => false,
                _ => return None,
            };
            let argument = plain_count(left)?;
            let all = is_count_star(right) && call(right)?.params.filter.is_none();
            let filters = vec![Expr::IsNull(Box::new(argument.clone()))];
            all.then_some(Asked { filters, truth })
        }
        _ => None,
    }
}

/// Whether a count that compares so with a literal is that of some rows, or of none.
fn against(op: Operator, literal: &Expr) -> Option<bool> {
    let Expr::Literal(ScalarValue::Int64(Some(number)), _) = literal else { return None };
    match (op, number) {
        (Operator::Eq | Operator::LtEq, 0) | (Operator::Lt, 1) => Some(false),
        (Operator::NotEq | Operator::Gt, 0) | (Operator::GtEq, 1) => Some(true),
        _ => None,
    }
}

/// The argument of a count without FILTER and DISTINCT.
fn plain_count(expr: &Expr) -> Option<&Expr> {
    let call = call(expr)?;
    let params = &call.params;
    match params.args.as_slice() {
        [arg] if call.func.name() == "count" && !params.distinct && params.filter.is_none() => {
            Some(arg)
        }
        _ => None,
    }
}

/// Which rows a count counts, or finds different values in.
fn counted(expr: &Expr, grouping: &Grouping, around: &Surroundings) -> Option<Vec<Expr>> {
    let call = call(expr)?;
    match call.params.args.as_slice() {
        [arg] if call.func.name() == "count" => seen(expr, arg, grouping, around),
        _ => None,
    }
}

/// Which rows make the result of a call another than NULL.
fn rows_of(expr: &Expr, grouping: &Grouping, around: &Surroundings) -> Option<Vec<Expr>> {
    let call = call(expr)?;
    match call.params.args.as_slice() {
        [arg]
            if matches!(
                call.func.name(),
                "min" | "max" | "sum" | "avg" | "bool_and" | "bool_or"
            ) =>
        {
            seen(expr, arg, grouping, around)
        }
        _ => None,
    }
}

/// The rows in which the argument of a call is not NULL, of those that its FILTER passes.
fn seen(expr: &Expr, arg: &Expr, grouping: &Grouping, around: &Surroundings) -> Option<Vec<Expr>> {
    let schema = grouping.input.schema();
    let mut filters: Vec<Expr> = call(expr)?.params.filter.iter().map(|f| *f.clone()).collect();
    if known(&grouping.input).is_nullable(arg, schema, around.cx) {
        filters.push(Expr::IsNotNull(Box::new(arg.clone())));
    }
    let plain = |expr: &Expr| !is_volatile(expr) && !is_fallible(expr, schema.as_ref());
    (plain(arg) && filters.iter().all(plain)).then_some(filters)
}

/// Puts marks for an aggregate of which nothing but such questions is read.
fn marked(
    block: &mut Block,
    place: usize,
    grouping: &Grouping,
    around: &Surroundings,
) -> Result<bool> {
    let own: HashSet<Column> = grouping.calls.iter().map(|d| d.column.clone()).collect();
    let (uses, complete) = around.readers.resolve()?;
    let on = block.lefts.iter().flat_map(|left| &left.on);
    let mut on = on.chain(block.semis.iter().flat_map(|semi| &semi.on));
    if !complete || on.any(|on| reads_any(on, &own)) {
        return Ok(false);
    }
    let passes = |output: &crate::block::Output| {
        let passed = matches!(&output.expr, Expr::Column(own) if *own == output.column);
        passed && !around.exact && own.contains(&output.column)
    };
    let passed: HashSet<Column> =
        block.outputs.iter().filter(|o| passes(o)).map(|o| o.column.clone()).collect();
    if uses.iter().any(|(_, expr)| reads_any(expr, &passed)) {
        return Ok(false);
    }
    let computed = block.outputs.iter().filter(|output| !passes(output));
    let tests = block.conjuncts.iter().chain(&block.after).chain(&block.fallible);
    let tests = tests.chain(computed.map(|output| &output.expr));
    let mut all: Vec<Vec<Expr>> = Vec::new();
    for test in tests.filter(|test| reads_any(test, &own)) {
        let mut only = true;
        test.apply(|expr| {
            if let Some(Asked { filters, .. }) = asked(expr, grouping, around) {
                if !all.contains(&filters) {
                    all.push(filters);
                }
                return Ok(TreeNodeRecursion::Jump);
            }
            only &= !matches!(expr, Expr::Column(column) if own.contains(column));
            Ok(if only { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        })?;
        if !only {
            return Ok(false);
        }
    }
    if all.is_empty() || all.len() > MOST_MARKS {
        return Ok(false);
    }
    let questions = all.clone();
    let mut marks = Vec::with_capacity(all.len());
    for mut filters in all {
        let mut input = grouping.input.as_ref().clone();
        if !marks.is_empty() {
            let Some((copy, names)) = copied(&input, around.cx)? else { return Ok(false) };
            let renamed = filters.into_iter().map(|filter| substitute(filter, &names));
            (input, filters) = (copy, renamed.collect::<Result<_>>()?);
        }
        if let Some(predicate) = conjunction(filters) {
            input = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?);
        }
        marks.push((Column::from_name(around.cx.fresh()), input));
    }
    let answer = |expr: Expr| -> Result<Expr> {
        let answered = expr.transform_down(|expr| {
            let Some(Asked { filters, truth }) = asked(&expr, grouping, around) else {
                return Ok(Transformed::no(expr));
            };
            let at = questions.iter().position(|known| *known == filters);
            let Some((name, _)) = at.and_then(|at| marks.get(at)) else {
                return Ok(Transformed::no(expr));
            };
            let mark = Expr::Column(name.clone());
            Ok(Transformed::yes(if truth { mark } else { Expr::Not(Box::new(mark)) }))
        })?;
        Ok(answered.data)
    };
    block.outputs.retain(|output| !passed.contains(&output.column));
    let (early, rest): (Vec<Expr>, Vec<Expr>) =
        std::mem::take(&mut block.conjuncts).into_iter().partition(|test| reads_any(test, &own));
    block.conjuncts = rest;
    let early = early.into_iter().map(&answer).collect::<Result<Vec<_>>>()?;
    for expr in block.after.iter_mut().chain(&mut block.fallible) {
        *expr = answer(std::mem::take(expr))?;
    }
    for output in &mut block.outputs {
        output.expr = answer(std::mem::take(&mut output.expr))?;
    }
    block.inputs.remove(place);
    for (name, right) in marks {
        block.lefts.push(Left { right, on: Vec::new(), mark: Some(mark_schema(&name)?) });
    }
    early.into_iter().for_each(|test| block.filter(test));
    Ok(true)
}

/// Asks a minimum, a sum or the like whether there were rows, rather than a count beside it.
fn tested_by_null(block: &mut Block, grouping: &Grouping, around: &Surroundings) -> Result<bool> {
    let told = grouping.calls.iter().find(|defined| {
        rows_of(&defined.expr, grouping, around).is_some_and(|filters| filters.is_empty())
    });
    let Some(told) = told else { return Ok(false) };
    let mut fired = false;
    let outputs = block.outputs.iter_mut().map(|output| &mut output.expr);
    let all = block.conjuncts.iter_mut().chain(&mut block.after).chain(&mut block.fallible);
    for expr in all.chain(outputs) {
        let answered = std::mem::take(expr).transform_down(|expr| {
            if !matches!(expr, Expr::BinaryExpr(_)) {
                return Ok(Transformed::no(expr));
            }
            let answer = match asked(&expr, grouping, around) {
                Some(Asked { filters, truth }) if filters.is_empty() => truth,
                _ => return Ok(Transformed::no(expr)),
            };
            let value = Box::new(Expr::Column(told.column.clone()));
            let test = if answer { Expr::IsNotNull(value) } else { Expr::IsNull(value) };
            Ok(Transformed::yes(test))
        })?;
        fired |= answered.transformed;
        *expr = answered.data;
    }
    Ok(fired)
}

/// Drops `count(*) <> 0` beside a condition that holds with rows only.
fn drop_implied(block: &mut Block, grouping: &Grouping, around: &Surroundings) -> bool {
    let fed = grouping.calls.iter().filter(|defined| {
        call(&defined.expr).is_some_and(|call| {
            matches!(call.func.name(), "min" | "max" | "sum" | "avg" | "bool_and" | "bool_or")
        })
    });
    let fed: Vec<HashSet<Column>> = fed.map(|d| HashSet::from([d.column.clone()])).collect();
    if fed.is_empty() {
        return false;
    }
    let there = |expr: &Expr| {
        matches!(asked(expr, grouping, around),
            Some(Asked { filters, truth: true }) if filters.is_empty())
            && !matches!(expr, Expr::IsNotNull(_))
    };
    let rejects = |expr: &Expr| !there(expr) && fed.iter().any(|own| rejects_null(expr, own));
    if !block.conjuncts.iter().any(there) || !block.conjuncts.iter().any(rejects) {
        return false;
    }
    block.conjuncts.retain(|conjunct| !there(conjunct));
    true
}
