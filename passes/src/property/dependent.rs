//! Columns whose values follow from those of others.
//!
//! Two rows that agree on a unique set of a table are one row of it, whatever it was joined
//! with since; equal columns follow from each other.

use std::collections::{BTreeSet, HashSet};

use datafusion::common::{Column, DFSchema, ExprSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use super::is_exact_equality;
use super::keys::{Reliance, unique_within};

/// The columns of a relation on which rows agree that agree on these.
#[derive(Debug, Default)]
pub(crate) struct Determined {
    /// The columns.
    pub(crate) columns: HashSet<Column>,
    /// The declared constraints behind it.
    pub(crate) reliance: BTreeSet<Reliance>,
}

impl Determined {
    /// What follows from these columns of a plan.
    pub(crate) fn by(plan: &LogicalPlan, columns: HashSet<Column>) -> Self {
        let mut determined = Determined { columns, reliance: BTreeSet::new() };
        // Each turn adds a column at least.
        while determined.extend(plan) {}
        determined
    }

    fn extend(&mut self, plan: &LogicalPlan) -> bool {
        match plan {
            LogicalPlan::Filter(filter) => {
                let schema = filter.input.schema();
                let conjuncts = split_conjunction(&filter.predicate).into_iter();
                let equal = conjuncts.filter(|conjunct| self.learn(conjunct, schema)).count() > 0;
                self.extend(&filter.input) || equal
            }
            LogicalPlan::Sort(sort) => self.extend(&sort.input),
            LogicalPlan::Limit(limit) => self.extend(&limit.input),
            LogicalPlan::Window(window) => self.extend(&window.input),
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Inner => {
                    let mut equal = false;
                    for (left, right) in &join.on {
                        if let (Expr::Column(left), Expr::Column(right)) = (left, right) {
                            equal |= self.equal(left, right, &join.schema);
                        }
                    }
                    for conjunct in join.filter.iter().flat_map(split_conjunction) {
                        equal |= self.learn(conjunct, &join.schema);
                    }
                    self.extend(&join.left) || self.extend(&join.right) || equal
                }
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                    self.extend(&join.left)
                }
                _ => false,
            },
            other => {
                let schema = other.schema();
                let known = schema.columns().into_iter().enumerate();
                let known: BTreeSet<usize> =
                    known.filter(|(_, c)| self.columns.contains(c)).map(|(at, _)| at).collect();
                if known.is_empty() || known.len() == schema.fields().len() {
                    return false;
                }
                let Some(unique) = unique_within(other, &known) else { return false };
                self.reliance.extend(unique.reliance);
                self.columns.extend(schema.columns());
                true
            }
        }
    }

    fn learn(&mut self, conjunct: &Expr, schema: &DFSchema) -> bool {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = conjunct else { return false };
        match (left.as_ref(), op, right.as_ref()) {
            (
                Expr::Column(left),
                Operator::Eq | Operator::IsNotDistinctFrom,
                Expr::Column(right),
            ) => self.equal(left, right, schema),
            _ => false,
        }
    }

    fn equal(&mut self, left: &Column, right: &Column, schema: &DFSchema) -> bool {
        let exact = |column: &Column| schema.data_type(column).is_ok_and(is_exact_equality);
        match (self.columns.contains(left), self.columns.contains(right)) {
            (true, false) if exact(left) && exact(right) => self.columns.insert(right.clone()),
            (false, true) if exact(left) && exact(right) => self.columns.insert(left.clone()),
            _ => false,
        }
    }
}
