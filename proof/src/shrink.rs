//! From a failing query to a small one, with few tables and rows.

use arrow::array::RecordBatch;
use planc_ir::catalog::Constraints;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, JoinConstraint,
    JoinOperator, Query, Select, SetExpr, TableFactor, Value,
};

use crate::edit::{self, Edits, Name};
use crate::world::World;

/// The smallest query and world that single removals lead to while `fails` holds of them.
/// At most `tries` are tried.
pub fn shrink(
    world: &World,
    text: &str,
    tries: usize,
    fails: &dyn Fn(&World, &str) -> bool,
) -> (World, String) {
    let mut left = tries;
    let mut world = world.clone();
    let mut text = text.to_owned();
    loop {
        let before = (text.clone(), size(&world));
        // Without the tables that are not needed, everything behind is faster.
        world = fewer_tables(world, &text, &mut left, fails);
        text = smaller_query(&world, text, &mut left, fails);
        world = fewer_tables(world, &text, &mut left, fails);
        world = fewer_rows(world, &text, &mut left, fails);
        if left == 0 || before == (text.clone(), size(&world)) {
            return (world, text);
        }
    }
}

fn size(world: &World) -> (usize, usize) {
    (world.tables.len(), world.tables.iter().map(|table| table.rows.num_rows()).sum())
}

fn smaller_query(
    world: &World,
    text: String,
    left: &mut usize,
    fails: &dyn Fn(&World, &str) -> bool,
) -> String {
    let Some(mut query) = edit::parse(&text) else { return text };
    let mut best = text;
    let mut number = 0;
    while *left > 0
        && let Some((_, smaller)) = edit::nth(&query, &Removals, number)
    {
        *left -= 1;
        let candidate = smaller.to_string().replace("ORDER BY", "order by");
        if candidate.len() <= best.len() + 2 && candidate != best && fails(world, &candidate) {
            query = smaller;
            best = candidate;
        } else {
            number += 1;
        }
    }
    best
}

fn fewer_tables(
    mut world: World,
    text: &str,
    left: &mut usize,
    fails: &dyn Fn(&World, &str) -> bool,
) -> World {
    let mut place = 0;
    while place < world.tables.len() && *left > 0 {
        let mut smaller = world.clone();
        smaller.tables.remove(place);
        *left -= 1;
        if fails(&smaller, text) {
            world = smaller;
            continue;
        }
        let mut plain = world.clone();
        plain.tables[place].constraints = Constraints::default();
        if world.tables[place].constraints != Constraints::default() && *left > 0 {
            *left -= 1;
            if fails(&plain, text) {
                world = plain;
            }
        }
        world = fewer_columns(world, place, text, left, fails);
        place += 1;
    }
    world
}

fn fewer_columns(
    mut world: World,
    place: usize,
    text: &str,
    left: &mut usize,
    fails: &dyn Fn(&World, &str) -> bool,
) -> World {
    let mut column = 0;
    while column < world.tables[place].rows.num_columns() && *left > 0 {
        let rows = &world.tables[place].rows;
        let kept: Vec<usize> = (0..rows.num_columns()).filter(|other| *other != column).collect();
        let Ok(narrow) = rows.project(&kept) else { return world };
        let mut smaller = world.clone();
        smaller.tables[place].rows = narrow;
        *left -= 1;
        if kept.is_empty() || !fails(&smaller, text) {
            column += 1;
        } else {
            world = smaller;
        }
    }
    world
}

fn fewer_rows(
    mut world: World,
    text: &str,
    left: &mut usize,
    fails: &dyn Fn(&World, &str) -> bool,
) -> World {
    for place in 0..world.tables.len() {
        let mut row = 0;
        while row < world.tables[place].rows.num_rows() && *left > 0 {
            let Some(rows) = without(&world.tables[place].rows, row) else { break };
            let mut smaller = world.clone();
            smaller.tables[place].rows = rows;
            *left -= 1;
            if fails(&smaller, text) {
                world = smaller;
            } else {
                row += 1;
            }
        }
    }
    world
}

fn without(rows: &RecordBatch, row: usize) -> Option<RecordBatch> {
    let (head, tail) = (rows.slice(0, row), rows.slice(row + 1, rows.num_rows() - row - 1));
    arrow::compute::concat_batches(&rows.schema(), [&head, &tail]).ok()
}

struct Removals;

impl Edits for Removals {
    fn query(&self, query: &Query) -> Vec<(Name, Query)> {
        let mut smaller = Vec::new();
        let mut with = |change: &dyn Fn(&mut Query)| {
            let mut other = query.clone();
            change(&mut other);
            smaller.push(("query", other));
        };
        // One level of a derived table or of parentheses less.
        if let SetExpr::Select(select) = query.body.as_ref()
            && let [from] = select.from.as_slice()
            && from.joins.is_empty()
            && let TableFactor::Derived { subquery, .. } = &from.relation
        {
            with(&|other| *other = subquery.as_ref().clone());
        }
        if let SetExpr::Query(inner) = query.body.as_ref() {
            with(&|other| *other = inner.as_ref().clone());
        }
        if let Some(clause) = &query.with {
            with(&|other| other.with = None);
            for place in 0..clause.cte_tables.len() {
                with(&|other| *other = clause.cte_tables[place].query.as_ref().clone());
                if clause.cte_tables.len() > 1 {
                    with(&|other| {
                        if let Some(with) = &mut other.with {
                            with.cte_tables.remove(place);
                        }
                    });
                }
            }
        }
        if query.order_by.is_some() {
            with(&|other| {
                other.order_by = None;
                other.limit_clause = None;
            });
        }
        if query.limit_clause.is_some() {
            with(&|other| other.limit_clause = None);
        }
        smaller
    }

    fn body(&self, body: &SetExpr) -> Vec<(Name, SetExpr)> {
        match body {
            SetExpr::SetOperation { left, right, .. } => {
                vec![("side", left.as_ref().clone()), ("side", right.as_ref().clone())]
            }
            SetExpr::Query(query) if query.order_by.is_none() && query.with.is_none() => {
                vec![("parentheses", query.body.as_ref().clone())]
            }
            _ => Vec::new(),
        }
    }

    fn select(&self, select: &Select) -> Vec<(Name, Select)> {
        let mut smaller = Vec::new();
        let mut with = |change: &dyn Fn(&mut Select)| {
            let mut other = select.clone();
            change(&mut other);
            smaller.push(("select", other));
        };
        for (place, from) in select.from.iter().enumerate() {
            if select.from.len() > 1 {
                with(&|other| {
                    other.from.remove(place);
                });
            }
            for join in 0..from.joins.len() {
                with(&|other| {
                    other.from[place].joins.remove(join);
                });
                with(&|other| {
                    let join = other.from[place].joins.remove(join);
                    other.from[place].relation = join.relation;
                });
                let inner =
                    JoinOperator::Join(JoinConstraint::On(Expr::value(Value::Boolean(true))));
                if from.joins[join].join_operator != inner {
                    with(&|other| other.from[place].joins[join].join_operator = inner.clone());
                }
            }
        }
        if select.selection.is_some() {
            with(&|other| other.selection = None);
        }
        if select.having.is_some() {
            with(&|other| other.having = None);
        }
        if select.distinct.is_some() {
            with(&|other| other.distinct = None);
        }
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            for place in 0..keys.len() {
                with(&|other| {
                    if let GroupByExpr::Expressions(keys, _) = &mut other.group_by {
                        keys.remove(place);
                    }
                });
            }
        }
        if select.projection.len() > 1 {
            for place in 0..select.projection.len() {
                with(&|other| {
                    other.projection.remove(place);
                });
            }
        }
        smaller
    }

    fn expression(&self, expr: &Expr) -> Vec<(Name, Expr)> {
        let mut parts: Vec<Expr> = Vec::new();
        match expr {
            Expr::BinaryOp { left, right, .. }
            | Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right) => {
                parts.extend([left.as_ref().clone(), right.as_ref().clone()]);
            }
            Expr::Nested(inner)
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Cast { expr: inner, .. }
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::Substring { expr: inner, .. }
            | Expr::Trim { expr: inner, .. } => parts.push(inner.as_ref().clone()),
            Expr::Case { conditions, else_result, operand, .. } => {
                parts.extend(conditions.iter().map(|when| when.result.clone()));
                parts.extend(else_result.as_deref().cloned());
                parts.extend(operand.as_deref().cloned());
                if conditions.len() > 1 {
                    let mut other = expr.clone();
                    if let Expr::Case { conditions, .. } = &mut other {
                        conditions.pop();
                    }
                    parts.push(other);
                }
            }
            Expr::InList { list, expr: inner, negated } if list.len() > 1 => {
                for place in 0..list.len() {
                    let mut list = list.clone();
                    list.remove(place);
                    parts.push(Expr::InList { list, expr: inner.clone(), negated: *negated });
                }
            }
            Expr::Function(function) => parts.extend(simpler_calls(function)),
            _ => {}
        }
        let literal =
            matches!(expr, Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if !literal {
            parts.push(Expr::value(Value::Boolean(true)));
            parts.push(Expr::value(Value::Number("1".to_owned(), false)));
        }
        parts.into_iter().map(|part| ("expression", part)).collect()
    }
}

fn simpler_calls(function: &Function) -> Vec<Expr> {
    let mut calls = Vec::new();
    if function.filter.is_some() {
        calls.push(Expr::Function(Function { filter: None, ..function.clone() }));
    }
    if let FunctionArguments::List(list) = &function.args {
        if list.duplicate_treatment.is_some() {
            let mut plain = list.clone();
            plain.duplicate_treatment = None;
            let args = FunctionArguments::List(plain);
            calls.push(Expr::Function(Function { args, ..function.clone() }));
        }
        for argument in &list.args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) = argument {
                calls.push(inner.clone());
            }
        }
    }
    calls
}
