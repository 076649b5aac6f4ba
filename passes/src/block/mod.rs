//! Query blocks: what lies between two relations that cannot be looked through.
//!
//! A block is a set of inner-joined inputs, the conjuncts that hold on their rows, semi, anti
//! and left joins onto them, and the expressions that come out. Written SQL nests the parts of
//! a block in many ways; taken apart and put together again they nest in one. The passes of
//! [`crate::pipeline::BLOCKS`] work on the parts.
//!
//! A row of a block is made in this order: the product of `inputs`, filtered by `conjuncts`,
//! then by `semis`; each of `lefts` in turn; filtered by `after`; filtered by `fallible`, in
//! their order; then `outputs`. Columns have unique names in the whole plan, so the parts can
//! be moved without capture.

mod build;
mod classes;
mod collect;
mod known;
mod normalize;
mod order;
mod uses;

use std::collections::{HashMap, HashSet};

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, ExprSchema, Result, ScalarValue, plan_datafusion_err,
};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::PassContext;

pub(crate) use classes::Classes;
pub(crate) use collect::{collect, mark_schema};
pub(crate) use known::{known_conjuncts, known_equalities};
pub(crate) use normalize::{keep_mark, normalize};
pub(crate) use order::order;
pub(crate) use uses::{How, Readers, Uses};

/// One block. See the [module](self).
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    /// The inner-joined inputs.
    pub(crate) inputs: Vec<LogicalPlan>,
    /// What holds on the rows of the inputs. None of these can fail or is volatile.
    pub(crate) conjuncts: Vec<Expr>,
    /// Semi and anti joins onto the inputs.
    pub(crate) semis: Vec<Semi>,
    /// Left joins and mark joins onto the inputs, in order.
    pub(crate) lefts: Vec<Left>,
    /// What holds on the rows behind `lefts` and reads their columns. Cannot fail.
    pub(crate) after: Vec<Expr>,
    /// Conjuncts that can fail, in their written order.
    pub(crate) fallible: Vec<Expr>,
    /// The columns that come out, as expressions over the columns of the parts.
    pub(crate) outputs: Vec<Output>,
}

/// A column of a block, under the name by which it is known outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) column: Column,
    pub(crate) expr: Expr,
}

/// A semi join, or an anti join.
#[derive(Debug, Clone)]
pub(crate) struct Semi {
    pub(crate) right: LogicalPlan,
    pub(crate) on: Vec<Expr>,
    pub(crate) anti: bool,
    /// Of an anti join: that of `NOT IN`, which a NULL on either side defeats.
    pub(crate) null_aware: bool,
}

/// A left join, or a mark join.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    pub(crate) right: LogicalPlan,
    pub(crate) on: Vec<Expr>,
    /// Of a mark join: its one column, which says whether a row has a partner. The columns of
    /// the right side do not come out then, and no row comes twice.
    pub(crate) mark: Option<DFSchemaRef>,
}

impl Left {
    /// The columns that come out.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.mark.as_ref().unwrap_or(self.right.schema()).columns()
    }

    /// The column of a mark join.
    pub(crate) fn mark_column(&self) -> Option<Column> {
        self.mark.as_ref()?.columns().pop()
    }
}

/// What a block's surroundings say about it.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) cx: &'a PassContext<'a>,
    /// What reads the columns outside.
    pub(crate) readers: Readers<'a>,
    /// Whether names, order and number of the columns must stay.
    pub(crate) exact: bool,
    /// Whether the reader cannot tell how often a row comes.
    pub(crate) any_multiplicity: bool,
}

impl Block {
    /// A block of one relation that cannot be looked through.
    pub(crate) fn leaf(plan: LogicalPlan) -> Self {
        let outputs = identity(&plan);
        Block { inputs: vec![plan], outputs, ..Block::default() }
    }

    /// The expression of every output, by its name.
    pub(crate) fn map(&self) -> HashMap<Column, Expr> {
        self.outputs.iter().map(|o| (o.column.clone(), o.expr.clone())).collect()
    }

    /// The columns that the left joins add.
    pub(crate) fn left_columns(&self) -> HashSet<Column> {
        self.lefts.iter().flat_map(Left::columns).collect()
    }

    /// The columns of the parts that are read outside; `None` where that is not known.
    pub(crate) fn read_outside(&self, around: &Surroundings) -> Result<Option<HashSet<Column>>> {
        let (uses, complete) = around.readers.resolve()?;
        if !complete {
            return Ok(None);
        }
        let map = self.map();
        let mut columns = HashSet::new();
        for (_, expr) in uses {
            columns.extend(substitute(expr, &map)?.column_refs().into_iter().cloned());
        }
        for output in &self.outputs {
            let passed = matches!(&output.expr, Expr::Column(own) if *own == output.column);
            if around.exact || !passed {
                columns.extend(output.expr.column_refs().into_iter().cloned());
            }
        }
        Ok(Some(columns))
    }

    /// Keeps the names of columns that go, for those outside who may read them: each comes out
    /// as the expression that stands for it.
    pub(crate) fn stand_in(&mut self, map: &HashMap<Column, Expr>, around: &Surroundings) {
        if around.exact {
            // All that is read comes out as one of the outputs already.
            return;
        }
        let mut gone: Vec<(&Column, &Expr)> = map.iter().collect();
        gone.sort_by_key(|(column, _)| *column);
        for (column, expr) in gone {
            let itself = matches!(expr, Expr::Column(own) if own == column);
            if !itself && !self.outputs.iter().any(|output| output.column == *column) {
                self.outputs.push(Output { column: column.clone(), expr: expr.clone() });
            }
        }
    }

    /// Adds a conjunct where it belongs.
    pub(crate) fn filter(&mut self, conjunct: Expr) {
        if matches!(conjunct, Expr::Literal(ScalarValue::Boolean(Some(true)), _)) {
            return;
        }
        if crate::property::is_fallible(&conjunct, self) {
            self.fallible.push(conjunct);
        } else if !self.lefts.is_empty() && reads_any(&conjunct, &self.left_columns()) {
            self.after.push(conjunct);
        } else {
            self.conjuncts.push(conjunct);
        }
    }
}

/// The columns of a relation as outputs.
pub(crate) fn identity(plan: &LogicalPlan) -> Vec<Output> {
    let columns = plan.schema().columns().into_iter();
    columns.map(|column| Output { expr: Expr::Column(column.clone()), column }).collect()
}

/// Replaces columns by expressions, in the plans of subqueries too.
pub(crate) fn substitute(expr: Expr, map: &HashMap<Column, Expr>) -> Result<Expr> {
    let replaced = expr.transform_up(|expr| match &expr {
        Expr::Column(column) => match map.get(column) {
            Some(to) if *to != expr => Ok(Transformed::yes(to.clone())),
            _ => Ok(Transformed::no(expr)),
        },
        _ => Ok(Transformed::no(expr)),
    })?;
    Ok(replaced.data)
}

/// Whether an expression reads any of these columns.
pub(crate) fn reads_any(expr: &Expr, columns: &HashSet<Column>) -> bool {
    expr.column_refs().into_iter().any(|column| columns.contains(column))
}

/// Whether an expression reads these columns only.
pub(crate) fn reads_only(expr: &Expr, columns: &HashSet<Column>) -> bool {
    expr.column_refs().into_iter().all(|column| columns.contains(column))
}

/// The columns of a relation.
pub(crate) fn columns_of(plan: &LogicalPlan) -> HashSet<Column> {
    plan.schema().columns().into_iter().collect()
}

impl Block {
    fn schemas(&self) -> impl Iterator<Item = &DFSchema> {
        let rights = self.lefts.iter().map(|left| &left.right);
        let rights = rights.chain(self.semis.iter().map(|semi| &semi.right));
        let marks = self.lefts.iter().filter_map(|left| left.mark.as_deref());
        self.inputs.iter().chain(rights).map(|plan| plan.schema().as_ref()).chain(marks)
    }
}

/// The types of the columns of the parts.
impl ExprSchema for Block {
    fn field_from_column(&self, column: &Column) -> Result<&FieldRef> {
        self.schemas()
            .find(|schema| schema.has_column(column))
            .ok_or_else(|| plan_datafusion_err!("there is no column {column}"))?
            .field_from_column(column)
    }
}

/// The columns of two blocks.
#[derive(Debug)]
pub(crate) struct Both<'a>(pub(crate) &'a Block, pub(crate) &'a Block);

impl ExprSchema for Both<'_> {
    fn field_from_column(&self, column: &Column) -> Result<&FieldRef> {
        self.0.field_from_column(column).or_else(|_| self.1.field_from_column(column))
    }
}
