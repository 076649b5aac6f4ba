//! What is known to hold on the rows of a relation, from the filters below.

use std::collections::{HashMap, HashSet};

use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, binary_expr};

use super::{columns_of, reads_only, substitute};
use crate::property::{is_fallible, is_volatile};

/// Conjuncts over the columns of a relation that are TRUE on each of its rows.
pub(crate) fn known_conjuncts(plan: &LogicalPlan) -> Vec<Expr> {
    match plan {
        LogicalPlan::Filter(filter) => {
            let mut known = known_conjuncts(&filter.input);
            let own = split_conjunction(&filter.predicate).into_iter();
            known.extend(own.filter(|conjunct| may_be_repeated(conjunct, plan)).cloned());
            known
        }
        LogicalPlan::Sort(sort) => known_conjuncts(&sort.input),
        LogicalPlan::Limit(limit) => known_conjuncts(&limit.input),
        LogicalPlan::Window(window) => known_conjuncts(&window.input),
        LogicalPlan::Projection(projection) => {
            renamed(known_conjuncts(&projection.input), &projection.expr, plan)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let grouping_sets = matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]);
            if grouping_sets || aggregate.group_expr.is_empty() {
                return Vec::new();
            }
            renamed(known_conjuncts(&aggregate.input), &aggregate.group_expr, plan)
        }
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Inner => {
                let mut known = known_conjuncts(&join.left);
                known.extend(known_conjuncts(&join.right));
                let filter = join.filter.iter().flat_map(split_conjunction);
                known.extend(filter.filter(|conjunct| may_be_repeated(conjunct, plan)).cloned());
                known
            }
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => known_conjuncts(&join.left),
            _ => Vec::new(),
        },
        LogicalPlan::Union(union) => {
            let columns = plan.schema().columns();
            let mut branches = union.inputs.iter().map(|input| {
                let own = input.schema().columns().into_iter();
                let map: HashMap<Column, Expr> =
                    own.zip(columns.iter().cloned().map(Expr::Column)).collect();
                let known = known_conjuncts(input).into_iter();
                known.filter_map(|conjunct| substitute(conjunct, &map).ok()).collect::<Vec<_>>()
            });
            let mut known = branches.next().unwrap_or_default();
            for branch in branches {
                known.retain(|conjunct| branch.contains(conjunct));
            }
            known
        }
        _ => Vec::new(),
    }
}

/// Whether a conjunct may be computed on rows of another relation, too.
fn may_be_repeated(conjunct: &Expr, plan: &LogicalPlan) -> bool {
    !is_volatile(conjunct) && !is_fallible(conjunct, plan.schema().as_ref())
}

/// Equalities of columns that are TRUE on each row of a relation.
pub(crate) fn known_equalities(plan: &LogicalPlan) -> Vec<Expr> {
    let is_equality = |expr: &&Expr| {
        matches!(expr, Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right })
            if matches!((left.as_ref(), right.as_ref()), (Expr::Column(_), Expr::Column(_))))
    };
    match plan {
        LogicalPlan::Filter(filter) => {
            let mut known = known_equalities(&filter.input);
            known.extend(
                split_conjunction(&filter.predicate).into_iter().filter(is_equality).cloned(),
            );
            known
        }
        LogicalPlan::Sort(sort) => known_equalities(&sort.input),
        LogicalPlan::Limit(limit) => known_equalities(&limit.input),
        LogicalPlan::Window(window) => known_equalities(&window.input),
        LogicalPlan::Projection(projection) => {
            let columns = columns_of(plan);
            let mut known = known_equalities(&projection.input);
            known.retain(|equality| reads_only(equality, &columns));
            known
        }
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Inner if join.null_equality == NullEquality::NullEqualsNothing => {
                let mut known = known_equalities(&join.left);
                known.extend(known_equalities(&join.right));
                let pairs = join.on.iter();
                let pairs = pairs.map(|(l, r)| binary_expr(l.clone(), Operator::Eq, r.clone()));
                known.extend(pairs.filter(|pair| is_equality(&pair)));
                let filter = join.filter.iter().flat_map(split_conjunction);
                known.extend(filter.filter(is_equality).cloned());
                known
            }
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => {
                known_equalities(&join.left)
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What stays known where only `exprs` come out, under the names of `plan`.
fn renamed(known: Vec<Expr>, exprs: &[Expr], plan: &LogicalPlan) -> Vec<Expr> {
    let mut map = HashMap::new();
    for (expr, name) in exprs.iter().zip(plan.schema().columns()) {
        if let Expr::Column(column) = expr.clone().unalias_nested().data {
            map.entry(column).or_insert(Expr::Column(name));
        }
    }
    let inner: HashSet<Column> = map.keys().cloned().collect();
    let outer = columns_of(plan);
    known
        .into_iter()
        .filter(|conjunct| reads_only(conjunct, &inner))
        .filter_map(|conjunct| substitute(conjunct, &map).ok())
        .filter(|conjunct| reads_only(conjunct, &outer) && !conjunct.column_refs().is_empty())
        .collect()
}
