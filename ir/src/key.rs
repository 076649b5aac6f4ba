//! The identity of a plan while it is being compiled.
//!
//! `LogicalPlan` speaks in names, so two spellings of one plan are different values. A
//! [`PlanKey`] is a structural hash over field *ordinals*: aliases, qualifiers, source spans
//! and relations that only rename have no part in it; everything that can change a row has.
//!
//! What is equal by definition of the hash, because it is equal by definition of the algebra:
//! a scan with filters or a fetch and the same relations above a bare scan; `Sort` with a
//! fetch and `Limit` above `Sort`; `OFFSET 0`, no offset and `OFFSET NULL`; `DISTINCT` and
//! grouping by every column; `NOT` of a predicate and its negated form; `IS UNKNOWN` and
//! `IS NULL`; nested `AND`s (`OR`s) and one flat chain of them in the same order; a join's
//! `on` pairs and the same equalities at the head of its condition; `ROLLUP`, `CUBE` and the
//! grouping sets that they stand for; `RESPECT NULLS` and nothing.
//!
//! The hash is written out by hand, not by `derive(Hash)`, so that it is the same on every
//! machine. Every match on a plan's fields names all of them: a field that DataFusion adds
//! does not compile here until somebody has said what it means.

mod expression;
mod relation;
mod sink;
mod value;

use std::collections::HashMap;
use std::fmt;

use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

pub(crate) use expression::{Scope, chain, grouping_sets};
pub(crate) use relation::{filter_columns, is_identity, is_lateral, is_true, widened_schema};
use sink::Sink;

/// A structural hash. See the [module](self).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanKey([u8; 32]);

impl fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The key of a whole plan: its relations and the names of its output columns.
///
/// Errors for nodes that are no queries (DDL, DML, `EXPLAIN`) and for columns that the input
/// does not have.
pub fn plan_key(plan: &LogicalPlan) -> Result<PlanKey> {
    let mut sink = Sink::new("plan");
    sink.key(relation_key(plan)?);
    sink.list(plan.schema().fields(), |sink, field| {
        sink.text(field.name());
        Ok(())
    })?;
    Ok(sink.finish())
}

/// The key of a relation: as [`plan_key`], but output names have no part in it. Inputs of a
/// join are ordered by this one, so that no alias can change the order.
pub fn relation_key(plan: &LogicalPlan) -> Result<PlanKey> {
    relation::Walk::default().relation(plan)
}

/// The key of an expression over the columns of `inputs`, which are numbered through from
/// the first input to the last.
pub fn expression_key(expr: &Expr, inputs: &[&DFSchema]) -> Result<PlanKey> {
    let mut sink = Sink::new("expression");
    let scope = Scope::over(inputs.iter().copied());
    relation::Walk::default().expression(&mut sink, expr, &scope)?;
    Ok(sink.finish())
}

/// The key of an expression whose columns stand for the numbers in `labels`: what is compared
/// before the order of the inputs, and with it the ordinals, is known.
pub fn labelled_key(expr: &Expr, labels: &HashMap<Column, usize>) -> Result<PlanKey> {
    let mut sink = Sink::new("expression");
    let scope = Scope::labelled(labels);
    relation::Walk::default().expression(&mut sink, expr, &scope)?;
    Ok(sink.finish())
}
