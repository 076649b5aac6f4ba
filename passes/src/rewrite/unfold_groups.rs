//! Groups that are made below a join and added up above it are groups of the joined rows.
//!
//! `sum(a.s * b.c)` over groups `a` with `s = sum(x)`, joined along their keys with groups `b` with
//! `c = count(*)`, is `sum(x)` over the rows of both, joined: every row of the one group meets every
//! row of the other. So each group below must be counted once in every product that is added up,
//! unless all that is asked is a minimum or the like. 64-bit integers wrap, and sums ignore NULL as
//! products pass it on, so this holds for NULL and overflow too. Behind a left join, a count that
//! is 0 where it is missing is a count of what is missing itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, ExprSchema, JoinType, NullEquality, Result, ScalarValue};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::utils::{split_binary, split_conjunction};
use datafusion::logical_expr::{
    Expr, ExprSchemable, Filter, Join, LogicalPlan, Operator, Projection, binary_expr,
};

use crate::PassContext;
use crate::block::columns_of;
use crate::grouping::{
    Grouping, aliased, call, is_count_star, is_fallible_input, is_multiplicity_blind, plain_call,
};
use crate::property::{is_exact_equality, is_volatile};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Aggregate(aggregate) = &node else { return Ok(Transformed::no(node)) };
        if !matches!(aggregate.input.as_ref(), LogicalPlan::Join(_) | LogicalPlan::Filter(_))
            || aggregate.aggr_expr.is_empty()
        {
            return Ok(Transformed::no(node));
        }
        let mut found = Vec::new();
        leaves(&aggregate.input, None, &mut found);
        if found.is_empty() {
            return Ok(Transformed::no(node));
        }
        let Some(grouping) = Grouping::of(aggregate) else { return Ok(Transformed::no(node)) };
        Ok(match unfolded(grouping, found, cx)? {
            Some(plan) => Transformed::yes(plan),
            None => Transformed::no(node),
        })
    })
}

/// Groups below a join.
struct Leaf {
    grouping: Grouping,
    /// Of the right side of a left join: a column that is NULL only where no row matches.
    padded: Option<Column>,
}

impl Leaf {
    fn call(&self, column: &Column) -> Option<&Expr> {
        self.grouping.calls.iter().find(|own| own.column == *column).map(|own| &own.expr)
    }

    fn reads(&self, expr: &Expr) -> bool {
        expr.column_refs().into_iter().any(|column| self.call(column).is_some())
    }
}

/// The groups among the inputs of joins, with what the conditions read of their calls: nothing.
fn leaves(plan: &LogicalPlan, padded: Option<&Column>, found: &mut Vec<Leaf>) {
    match plan {
        LogicalPlan::Filter(filter) if padded.is_none() => {
            leaves(&filter.input, None, found);
            found.retain(|leaf| !leaf.reads(&filter.predicate));
        }
        LogicalPlan::Join(join) if padded.is_none() => {
            match join.join_type {
                JoinType::Inner => {
                    leaves(&join.left, None, found);
                    leaves(&join.right, None, found);
                }
                JoinType::Left => {
                    leaves(&join.left, None, found);
                    let key = join.on.first().and_then(|(_, right)| right.try_as_col());
                    let nothing = join.null_equality == NullEquality::NullEqualsNothing;
                    if let Some(key) = key.filter(|_| nothing) {
                        leaves(&join.right, Some(key), found);
                    }
                }
                JoinType::LeftSemi | JoinType::LeftAnti => leaves(&join.left, None, found),
                _ => {}
            }
            let on = join.on.iter().flat_map(|(left, right)| [left, right]);
            let on: Vec<&Expr> = on.chain(join.filter.iter().flat_map(split_conjunction)).collect();
            found.retain(|leaf| !on.iter().any(|on| leaf.reads(on)));
        }
        LogicalPlan::Aggregate(aggregate) => {
            let Some(grouping) = Grouping::of(aggregate) else { return };
            let schema = grouping.input.schema();
            let keys = grouping.keys.iter().all(|key| {
                !is_volatile(&key.expr)
                    && aggregate.schema.data_type(&key.column).is_ok_and(is_exact_equality)
            });
            let all = grouping.keys.iter().chain(&grouping.calls).map(|own| &own.expr);
            let plain = all
                .clone()
                .all(|expr| !is_volatile(expr) && !is_fallible_input(expr, schema.as_ref()));
            if keys && plain && !grouping.keys.is_empty() && !grouping.calls.is_empty() {
                found.push(Leaf { grouping, padded: padded.cloned() });
            }
        }
        _ => {}
    }
}

/// A call over the rows, and the groups that it takes into account.
struct Call {
    expr: Expr,
    counted: HashSet<usize>,
}

fn unfolded(
    grouping: Grouping,
    mut leaves: Vec<Leaf>,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    leaves.retain(|leaf| !grouping.keys.iter().any(|key| leaf.reads(&key.expr)));
    loop {
        if leaves.is_empty() {
            return Ok(None);
        }
        let mut inputs = Inputs { leaves: &leaves, columns: HashMap::new(), cx };
        let mut calls = Vec::with_capacity(grouping.calls.len());
        let mut bad: HashSet<usize> = HashSet::new();
        for defined in &grouping.calls {
            let read = (0..leaves.len())
                .filter(|at| leaves.get(*at).is_some_and(|leaf| leaf.reads(&defined.expr)));
            let read: HashSet<usize> = read.collect();
            match over_rows(&defined.expr, &grouping, &mut inputs)? {
                Some(Call { expr, counted }) => {
                    if !is_multiplicity_blind(&expr) {
                        bad.extend((0..leaves.len()).filter(|at| !counted.contains(at)));
                    }
                    calls.push(expr);
                }
                None if read.is_empty() && is_multiplicity_blind(&defined.expr) => {
                    calls.push(defined.expr.clone());
                }
                None if read.is_empty() => bad.extend(0..leaves.len()),
                None => bad.extend(read),
            }
        }
        if bad.is_empty() {
            return rebuilt(grouping, calls, &inputs).map(Some);
        }
        let mut at = 0;
        leaves.retain(|_| {
            at += 1;
            !bad.contains(&(at - 1))
        });
    }
}

/// What is needed of the rows below.
struct Inputs<'l> {
    leaves: &'l [Leaf],
    /// The columns to be computed of the rows of each leaf: the place of the leaf and what it is.
    columns: HashMap<Column, (usize, Expr)>,
    cx: &'l PassContext<'l>,
}

impl Inputs<'_> {
    /// The argument of a call below, as a column of the rows.
    fn column(&mut self, leaf: usize, expr: &Expr) -> Column {
        let known = self.columns.iter().find(|(_, (at, own))| *at == leaf && own == expr);
        if let Some((column, _)) = known {
            return column.clone();
        }
        let column = Column::from_name(self.cx.fresh());
        self.columns.insert(column.clone(), (leaf, expr.clone()));
        column
    }

    /// The leaf whose call the column is.
    fn of(&self, column: &Column) -> Option<(usize, &Expr)> {
        let mut all = self.leaves.iter().enumerate();
        all.find_map(|(at, leaf)| Some((at, leaf.call(column)?)))
    }

    fn is_padded(&self, leaf: usize) -> bool {
        self.leaves.get(leaf).is_some_and(|leaf| leaf.padded.is_some())
    }
}

/// The call over the rows that gives what a call over the groups gives.
fn over_rows(outer: &Expr, grouping: &Grouping, inputs: &mut Inputs) -> Result<Option<Call>> {
    let Some((name, argument)) = plain_call(outer) else { return Ok(None) };
    let Some(function) = call(outer) else { return Ok(None) };
    let schema = grouping.input.schema();
    let with = |argument: Expr| {
        let mut function = function.clone();
        function.params.args = vec![argument];
        Expr::AggregateFunction(function)
    };
    if matches!(name, "min" | "max" | "bool_and" | "bool_or") {
        let Expr::Column(column) = argument else { return Ok(None) };
        let Some((leaf, below)) = inputs.of(column) else { return Ok(None) };
        let (Some((own, arg)), true) = (plain_call(below), true) else { return Ok(None) };
        if own != name {
            return Ok(None);
        }
        let arg = arg.clone();
        let expr = with(Expr::Column(inputs.column(leaf, &arg)));
        return Ok(Some(Call { expr, counted: HashSet::from([leaf]) }));
    }
    if name != "sum" || argument.get_type(schema.as_ref())? != DataType::Int64 {
        return Ok(None);
    }
    if let Some(column) = zero_if_missing(argument) {
        return counted(column, inputs);
    }
    let mut taken = HashSet::new();
    let mut product: Option<Expr> = None;
    for factor in split_binary(argument, Operator::Multiply) {
        if factor.get_type(schema.as_ref())? != DataType::Int64 {
            return Ok(None);
        }
        let factor = match factor {
            Expr::Column(column) if inputs.of(column).is_some() => {
                let Some((leaf, below)) = inputs.of(column) else { return Ok(None) };
                let Some((own, arg)) = plain_call(below) else { return Ok(None) };
                let (own, arg, star) = (own.to_owned(), arg.clone(), is_count_star(below));
                if !taken.insert(leaf) {
                    return Ok(None);
                }
                match own.as_str() {
                    "count" if inputs.is_padded(leaf) => return Ok(None),
                    "count" if star => continue,
                    "count" => {
                        let there = Expr::Column(inputs.column(leaf, &arg)).is_not_null();
                        let then = vec![(Box::new(there), Box::new(number(1)))];
                        Expr::Case(Case::new(None, then, Some(Box::new(number(0)))))
                    }
                    "sum" => Expr::Column(inputs.column(leaf, &arg)),
                    _ => return Ok(None),
                }
            }
            other if inputs.leaves.iter().any(|leaf| leaf.reads(other)) => return Ok(None),
            other => other.clone(),
        };
        product = Some(match product {
            Some(product) => binary_expr(product, Operator::Multiply, factor),
            None => factor,
        });
    }
    if taken.is_empty() {
        return Ok(None);
    }
    let expr = with(product.unwrap_or_else(|| number(1)));
    Ok(Some(Call { expr, counted: taken }))
}

fn number(value: i64) -> Expr {
    Expr::Literal(ScalarValue::Int64(Some(value)), None)
}

/// The column of `CASE WHEN c IS NOT NULL THEN c ELSE 0 END`.
fn zero_if_missing(expr: &Expr) -> Option<&Column> {
    let Expr::Case(Case { expr: None, when_then_expr, else_expr: Some(otherwise) }) = expr else {
        return None;
    };
    let [(when, then)] = when_then_expr.as_slice() else { return None };
    let (Expr::IsNotNull(tested), Expr::Column(column)) = (when.as_ref(), then.as_ref()) else {
        return None;
    };
    (tested == then && **otherwise == number(0)).then_some(column)
}

/// The sum of counts that are 0 where no row matches.
fn counted(column: &Column, inputs: &mut Inputs) -> Result<Option<Call>> {
    let Some((leaf, below)) = inputs.of(column) else { return Ok(None) };
    let Some(("count", arg)) = plain_call(below) else { return Ok(None) };
    let Some(key) = inputs.leaves.get(leaf).and_then(|leaf| leaf.padded.clone()) else {
        return Ok(None);
    };
    let (star, arg) = (is_count_star(below), arg.clone());
    let argument = if star { key } else { inputs.column(leaf, &arg) };
    let args = vec![Expr::Column(argument)];
    let call = AggregateFunction::new_udf(count_udaf(), args, false, None, Vec::new(), None);
    let expr = Expr::AggregateFunction(call);
    Ok(Some(Call { expr, counted: HashSet::from([leaf]) }))
}

fn rebuilt(grouping: Grouping, calls: Vec<Expr>, inputs: &Inputs) -> Result<LogicalPlan> {
    let mut grouping = grouping;
    for (defined, expr) in grouping.calls.iter_mut().zip(calls) {
        defined.expr = expr;
    }
    let input = Arc::unwrap_or_clone(grouping.input);
    grouping.input = Arc::new(opened(input, inputs)?);
    grouping.build()
}

/// The joins with the rows in the place of the groups.
fn opened(plan: LogicalPlan, inputs: &Inputs) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Filter(filter) => {
            let input = opened(Arc::unwrap_or_clone(filter.input), inputs)?;
            Ok(LogicalPlan::Filter(Filter::try_new(filter.predicate, Arc::new(input))?))
        }
        LogicalPlan::Join(join) => {
            let left = opened(Arc::unwrap_or_clone(join.left), inputs)?;
            let both = matches!(join.join_type, JoinType::Inner | JoinType::Left);
            let right = match both {
                true => Arc::new(opened(Arc::unwrap_or_clone(join.right), inputs)?),
                false => join.right,
            };
            Ok(LogicalPlan::Join(Join::try_new(
                Arc::new(left),
                right,
                join.on,
                join.filter,
                join.join_type,
                join.join_constraint,
                join.null_equality,
                join.null_aware,
            )?))
        }
        LogicalPlan::Aggregate(aggregate) => {
            let own = columns_of(&LogicalPlan::Aggregate(aggregate.clone()));
            let leaf = inputs.leaves.iter().position(|leaf| {
                leaf.grouping.keys.iter().all(|key| own.contains(&key.column))
                    && leaf.grouping.calls.iter().all(|call| own.contains(&call.column))
            });
            let Some(at) = leaf else { return Ok(LogicalPlan::Aggregate(aggregate)) };
            let Some(leaf) = inputs.leaves.get(at) else {
                return Ok(LogicalPlan::Aggregate(aggregate));
            };
            let mut exprs: Vec<Expr> = leaf
                .grouping
                .keys
                .iter()
                .map(|key| aliased(key.expr.clone(), &key.column))
                .collect();
            let mut computed: Vec<_> =
                inputs.columns.iter().filter(|(_, (leaf, _))| *leaf == at).collect();
            computed.sort_by_key(|(column, _)| (*column).clone());
            exprs.extend(computed.into_iter().map(|(column, (_, e))| aliased(e.clone(), column)));
            let input = Arc::clone(&leaf.grouping.input);
            Ok(LogicalPlan::Projection(Projection::try_new(exprs, input)?))
        }
        other => Ok(other),
    }
}
