//! Columns that are equal on every row are one.
//!
//! `a.x = b.y AND a.x > 5` says the same as `a.x = b.y AND b.y > 5`. Each class of equal
//! columns is written as a chain of equalities from one representative; whatever reads a
//! member reads the representative, or the literal that all of them equal. A predicate over
//! one input's columns is written on every input that has columns of the same classes, and on
//! the right sides of left and semi joins whose conditions say that theirs are equal: there
//! every row that fails it finds no partner anyway. So it does not matter on which of them, or
//! how deep below, it was written.
//!
//! Only types count in which equal values are the same value; a float's zero has two signs.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator, binary_expr};
use std::sync::Arc;

use crate::block::{
    Block, Classes, Surroundings, columns_of, known_conjuncts, reads_any, reads_only, substitute,
};
use crate::grouping::{Grouping, filtered, is_fallible_input};
use crate::property::rejects_null;

pub(crate) fn apply(block: &mut Block, _around: &Surroundings) -> Result<bool> {
    let mut fired = plain_equalities(block);
    let before = block.conjuncts.clone();
    let inputs: Vec<HashSet<Column>> = block.inputs.iter().map(columns_of).collect();
    let ordered: Vec<Column> =
        block.inputs.iter().flat_map(|input| input.schema().columns()).collect();
    let mut conjuncts = std::mem::take(&mut block.conjuncts);
    let mut classes = Classes::take(&mut conjuncts, block);
    classes.sort_by(&ordered);

    // Whatever reads a member reads the representative.
    let mut representatives = HashMap::new();
    for (members, constant) in classes.members.iter().zip(&classes.constants) {
        let Some(first) = members.first() else { continue };
        let to = constant.clone().unwrap_or_else(|| Expr::Column(first.clone()));
        for column in members {
            representatives.insert(column.clone(), to.clone());
        }
    }
    if !representatives.is_empty() {
        fired |= replace_readers(block, &representatives)?;
    }

    fired |= same_tests(block)?;

    // What is known: the conjuncts, and what holds below the inputs and the semi joins.
    let known: Vec<Vec<Expr>> = block.inputs.iter().map(known_conjuncts).collect();
    let mut facts: Vec<Expr> = Vec::new();
    for conjunct in &conjuncts {
        push(&mut facts, substitute(conjunct.clone(), &representatives)?);
    }
    let mut own = facts.len();
    for conjunct in known.iter().flatten() {
        push(&mut facts, substitute(conjunct.clone(), &representatives)?);
    }
    for semi in block.semis.iter().filter(|semi| !semi.anti) {
        let right = columns_of(&semi.right);
        let to_left = equalities(&semi.on, &right, block)?;
        for conjunct in known_conjuncts(&semi.right) {
            let mapped = substitute(conjunct, &to_left)?;
            if inputs.iter().any(|columns| reads_only(&mapped, columns)) {
                push(&mut facts, substitute(mapped, &representatives)?);
            }
        }
    }

    drop_implied(&mut facts, &mut own, &classes, block);
    let mut placed: Vec<Expr> = Vec::new();
    for (number, fact) in facts.iter().enumerate() {
        let refs: HashSet<Column> = fact.column_refs().into_iter().cloned().collect();
        let mut anywhere = refs.is_empty();
        for (columns, known) in inputs.iter().zip(&known) {
            let Some(instance) = instance(fact, &refs, columns, &classes)? else { continue };
            anywhere = true;
            if !known.contains(&instance) {
                push(&mut placed, instance);
            }
        }
        // A fact about several inputs stands once.
        if (!anywhere && number < own) || refs.is_empty() {
            push(&mut placed, fact.clone());
        }
    }
    equalities_of(&classes, &inputs, &mut placed);
    fired |= !same(&before, &placed);
    block.conjuncts = placed;
    fired |= drop_null_groups(block)?;
    fired |= push_right(block, &facts)?;
    Ok(fired)
}

/// `IS NOT DISTINCT FROM` is `=` in a condition where one side is never NULL.
fn plain_equalities(block: &mut Block) -> bool {
    let plain = |expr: &Expr| -> Option<Expr> {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::IsNotDistinctFrom, right }) = expr
        else {
            return None;
        };
        let never_null = |side: &Expr| match side {
            Expr::Column(column) => !block.nullable(column).unwrap_or(true),
            Expr::Literal(value, _) => !value.is_null(),
            _ => false,
        };
        let plain = never_null(left) || never_null(right);
        plain.then(|| binary_expr(left.as_ref().clone(), Operator::Eq, right.as_ref().clone()))
    };
    let of = |list: &[Expr]| -> Vec<Option<Expr>> { list.iter().map(plain).collect() };
    let conjuncts = of(&block.conjuncts);
    let semis: Vec<_> = block
        .semis
        .iter()
        .map(|semi| if semi.null_aware { Vec::new() } else { of(&semi.on) })
        .collect();
    // Behind a left join its columns are NULL where there was no partner.
    let mut padded: HashSet<Column> = HashSet::new();
    let mut lefts = Vec::new();
    for left in &block.lefts {
        let on = left.on.iter();
        lefts.push(on.map(|on| plain(on).filter(|_| !reads_any(on, &padded))).collect());
        padded.extend(columns_of(&left.right));
    }
    let mut fired = false;
    let mut put = |list: &mut Vec<Expr>, new: Vec<Option<Expr>>| {
        for (expr, new) in list.iter_mut().zip(new) {
            if let Some(new) = new {
                *expr = new;
                fired = true;
            }
        }
    };
    put(&mut block.conjuncts, conjuncts);
    block.semis.iter_mut().zip(semis).for_each(|(semi, new)| put(&mut semi.on, new));
    block.lefts.iter_mut().zip(lefts).for_each(|(left, new)| put(&mut left.on, new));
    fired
}

/// Whether a row of a left join has found a partner is asked of one column: the first that the
/// condition compares, else the first that is never NULL.
fn same_tests(block: &mut Block) -> Result<bool> {
    let mut map: HashMap<Column, Column> = HashMap::new();
    for left in block.lefts.iter().filter(|left| left.mark.is_none()) {
        let schema = left.right.schema();
        let compared = |column: &Column| {
            let alone = std::iter::once(column.clone()).collect();
            left.on.iter().any(|on| rejects_null(on, &alone))
        };
        let never = |column: &Column| !schema.nullable(column).unwrap_or(true);
        let columns = schema.columns();
        let first =
            columns.iter().find(|c| compared(c)).or_else(|| columns.iter().find(|c| never(c)));
        let Some(first) = first else { continue };
        let others = columns.iter().filter(|c| *c != first && (compared(c) || never(c)));
        map.extend(others.map(|other| (other.clone(), first.clone())));
    }
    if map.is_empty() {
        return Ok(false);
    }
    let mut fired = false;
    let outputs = block.outputs.iter_mut().map(|output| &mut output.expr);
    for expr in block.after.iter_mut().chain(&mut block.fallible).chain(outputs) {
        let replaced = std::mem::take(expr).transform_down(|expr| {
            let tested = match &expr {
                Expr::IsNull(inner) | Expr::IsNotNull(inner) => match inner.as_ref() {
                    Expr::Column(column) => map.get(column),
                    _ => None,
                },
                _ => None,
            };
            let Some(first) = tested else { return Ok(Transformed::no(expr)) };
            let first = Box::new(Expr::Column(first.clone()));
            Ok(Transformed::yes(match expr {
                Expr::IsNull(_) => Expr::IsNull(first),
                _ => Expr::IsNotNull(first),
            }))
        })?;
        fired |= replaced.transformed;
        *expr = replaced.data;
    }
    Ok(fired)
}

/// Drops `x IS NOT NULL` where something else is not TRUE for a NULL.
fn drop_implied(facts: &mut Vec<Expr>, own: &mut usize, classes: &Classes, block: &Block) {
    let implied = |place: usize, fact: &Expr| {
        let Expr::IsNotNull(expr) = fact else { return false };
        let Expr::Column(column) = expr.as_ref() else { return false };
        let alone = std::iter::once(column.clone()).collect();
        classes.equal(column).len() > 1
            || !block.nullable(column).unwrap_or(true)
            || block
                .semis
                .iter()
                .filter(|semi| !semi.anti && !semi.null_aware)
                .any(|semi| semi.on.iter().any(|on| rejects_null(on, &alone)))
            || facts.iter().enumerate().any(|(other, fact)| {
                other != place && !matches!(fact, Expr::IsNotNull(_)) && rejects_null(fact, &alone)
            })
    };
    let drop: Vec<bool> = facts.iter().enumerate().map(|(n, fact)| implied(n, fact)).collect();
    let dropped = |places: &[bool]| places.iter().filter(|dropped| **dropped).count();
    let before = drop.get(..*own).map_or(0, dropped);
    let mut places = drop.iter();
    facts.retain(|_| !places.next().copied().unwrap_or(false));
    *own -= before;
}

/// The rows of a group whose key is NULL need not be kept from it where the key is compared.
fn drop_null_groups(block: &mut Block) -> Result<bool> {
    let rejected = |conditions: &[Expr], column: &Column| {
        let alone = std::iter::once(column.clone()).collect();
        conditions.iter().any(|condition| rejects_null(condition, &alone))
    };
    let mut fired = false;
    let conjuncts = std::mem::take(&mut block.conjuncts);
    for input in &mut block.inputs {
        fired |= with_null_groups(input, &|column| rejected(&conjuncts, column))?;
    }
    block.conjuncts = conjuncts;
    for semi in block.semis.iter_mut().filter(|semi| !semi.null_aware) {
        fired |= with_null_groups(&mut semi.right, &|column| rejected(&semi.on, column))?;
    }
    for left in &mut block.lefts {
        fired |= with_null_groups(&mut left.right, &|column| rejected(&left.on, column))?;
    }
    Ok(fired)
}

fn with_null_groups(plan: &mut LogicalPlan, rejected: &dyn Fn(&Column) -> bool) -> Result<bool> {
    let LogicalPlan::Aggregate(aggregate) = plan else { return Ok(false) };
    let LogicalPlan::Filter(filter) = aggregate.input.as_ref() else { return Ok(false) };
    let Some(mut grouping) = Grouping::of(aggregate) else { return Ok(false) };
    let idle = |conjunct: &&Expr| match conjunct {
        Expr::IsNotNull(expr) => {
            grouping.keys.iter().any(|key| key.expr == **expr && rejected(&key.column))
        }
        _ => false,
    };
    let (idle, rest): (Vec<&Expr>, Vec<&Expr>) =
        split_conjunction(&filter.predicate).into_iter().partition(idle);
    // What cannot be computed of a row that is filtered now must not be.
    let defined = grouping.keys.iter().chain(&grouping.calls).map(|defined| &defined.expr);
    let mut others = defined.chain(rest.iter().copied());
    let schema = filter.input.schema();
    if idle.is_empty() || others.any(|expr| is_fallible_input(expr, schema)) {
        return Ok(false);
    }
    grouping.input = filtered(&filter.input, rest.into_iter().cloned())?;
    *plan = grouping.build()?;
    Ok(true)
}

fn push(list: &mut Vec<Expr>, expr: Expr) {
    if !list.contains(&expr) {
        list.push(expr);
    }
}

/// Whether two lists hold the same conjuncts.
fn same(a: &[Expr], b: &[Expr]) -> bool {
    a.len() == b.len() && a.iter().all(|expr| b.contains(expr))
}

/// A fact in terms of one input's columns.
fn instance(
    fact: &Expr,
    refs: &HashSet<Column>,
    columns: &HashSet<Column>,
    classes: &Classes,
) -> Result<Option<Expr>> {
    if refs.is_empty() {
        return Ok(None);
    }
    let mut map = HashMap::new();
    for column in refs {
        let member = if columns.contains(column) {
            Some(column)
        } else {
            classes.equal(column).iter().find(|equal| columns.contains(equal))
        };
        let Some(member) = member else { return Ok(None) };
        // The first member within the input stands for the others.
        let first = classes.equal(member).iter().find(|equal| columns.contains(equal));
        map.insert(column.clone(), Expr::Column(first.unwrap_or(member).clone()));
    }
    Ok(Some(substitute(fact.clone(), &map)?))
}

/// The equalities of every class, always the same ones: within an input from its first member,
/// between inputs from the first of all; with the literal where there is one.
fn equalities_of(classes: &Classes, inputs: &[HashSet<Column>], placed: &mut Vec<Expr>) {
    let equal = |left: &Expr, right: &Expr| binary_expr(left.clone(), Operator::Eq, right.clone());
    for (members, constant) in classes.members.iter().zip(&classes.constants) {
        if let Some(constant) = constant {
            for column in members {
                push(placed, equal(&Expr::Column(column.clone()), constant));
            }
            continue;
        }
        let mut first: Option<&Column> = None;
        for columns in inputs {
            let mut own = members.iter().filter(|column| columns.contains(*column));
            let Some(leader) = own.next() else { continue };
            for other in own {
                push(placed, equal(&Expr::Column(leader.clone()), &Expr::Column(other.clone())));
            }
            match first {
                None => first = Some(leader),
                Some(first) => {
                    push(
                        placed,
                        equal(&Expr::Column(first.clone()), &Expr::Column(leader.clone())),
                    );
                }
            }
        }
    }
}

/// Replaces members by their representatives in everything above the conjuncts.
fn replace_readers(block: &mut Block, map: &HashMap<Column, Expr>) -> Result<bool> {
    let mut fired = false;
    let mut replace = |expr: &mut Expr| -> Result<()> {
        let replaced = substitute(expr.clone(), map)?;
        fired |= replaced != *expr;
        *expr = replaced;
        Ok(())
    };
    for semi in block.semis.iter_mut().filter(|semi| !semi.null_aware) {
        semi.on.iter_mut().try_for_each(&mut replace)?;
    }
    for left in &mut block.lefts {
        left.on.iter_mut().try_for_each(&mut replace)?;
    }
    block.after.iter_mut().try_for_each(&mut replace)?;
    block.fallible.iter_mut().try_for_each(&mut replace)?;
    for output in &mut block.outputs {
        // A column under its own name is no output of its own, but one that is now another's.
        replace(&mut output.expr)?;
    }
    Ok(fired)
}

/// The columns of a right side that a condition equates with one of the left: each with its
/// partner.
fn equalities(
    on: &[Expr],
    right: &HashSet<Column>,
    schema: &dyn ExprSchema,
) -> Result<HashMap<Column, Expr>> {
    let mut map = HashMap::new();
    for conjunct in on {
        let (a, b) = match conjunct {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::Eq | Operator::IsNotDistinctFrom,
                right,
            }) => (left, right),
            _ => continue,
        };
        let typed = |column: &Column| schema.data_type(column).ok().cloned();
        let mut learn = |from: &Expr, to: &Expr| {
            let Expr::Column(column) = from else { return };
            if !right.contains(column) {
                return;
            }
            let exact = typed(column).filter(crate::property::is_exact_equality);
            let same = match to {
                Expr::Column(to) => !right.contains(to) && typed(to) == exact,
                Expr::Literal(value, _) => Some(value.data_type()) == exact && !value.is_null(),
                _ => false,
            };
            if exact.is_some() && same {
                map.entry(column.clone()).or_insert_with(|| to.clone());
            }
        };
        learn(a, b);
        learn(b, a);
    }
    Ok(map)
}

/// Writes facts on the right sides of semi and left joins whose conditions carry them over.
fn push_right(block: &mut Block, facts: &[Expr]) -> Result<bool> {
    let mut fired = false;
    let mut pushes: Vec<(bool, usize, Vec<Expr>)> = Vec::new();
    let semis = block.semis.iter().enumerate().filter(|(_, semi)| !semi.null_aware);
    let semis = semis.map(|(at, semi)| (true, at, &semi.right, &semi.on));
    let lefts = block.lefts.iter().enumerate().map(|(at, left)| (false, at, &left.right, &left.on));
    for (is_semi, at, right, on) in semis.chain(lefts) {
        let columns = columns_of(right);
        let to_left = equalities(on, &columns, block)?;
        if to_left.is_empty() {
            continue;
        }
        let mut to_right = HashMap::new();
        let mut own = Vec::new();
        let mut pairs: Vec<(&Column, &Expr)> = to_left.iter().collect();
        pairs.sort_by_key(|(column, _)| *column);
        for (column, partner) in pairs {
            match partner {
                Expr::Column(partner) => {
                    to_right.entry(partner.clone()).or_insert_with(|| Expr::Column(column.clone()));
                }
                constant => own.push(binary_expr(
                    Expr::Column(column.clone()),
                    Operator::Eq,
                    constant.clone(),
                )),
            }
        }
        for fact in facts {
            let refs = fact.column_refs();
            if !refs.is_empty() && refs.iter().all(|column| to_right.contains_key(*column)) {
                own.push(substitute(fact.clone(), &to_right)?);
            }
        }
        let known = known_conjuncts(right);
        own.retain(|conjunct| !known.contains(conjunct));
        if !own.is_empty() {
            pushes.push((is_semi, at, own));
        }
    }
    for (is_semi, at, own) in pushes {
        let right = if is_semi {
            block.semis.get_mut(at).map(|semi| &mut semi.right)
        } else {
            block.lefts.get_mut(at).map(|left| &mut left.right)
        };
        let Some(right) = right else { continue };
        let Some(predicate) = datafusion::logical_expr::utils::conjunction(own) else { continue };
        let input = std::mem::take(right);
        *right = LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?);
        fired = true;
    }
    Ok(fired)
}
