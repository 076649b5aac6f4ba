//! How the columns of a block are read outside of it.
//!
//! Two inputs of a block can look alike inside and be told apart by their readers only. What
//! the readers do is kept as a chain of borrowed frames, and looked at in such a case alone.

use std::collections::HashMap;

use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::Expr;

use super::substitute;

/// The expressions of one relation above.
#[derive(Clone, Copy)]
pub(crate) struct Uses<'a> {
    /// What the relation does with them.
    pub(crate) how: How,
    /// The expressions, over the columns of the relation below.
    pub(crate) exprs: &'a [Expr],
    /// The columns that they define, where it is a projection: readers further above know
    /// those only.
    pub(crate) defined: Option<&'a DFSchema>,
    /// The relation above this one.
    pub(crate) parent: Option<&'a Uses<'a>>,
}

/// What a relation does with expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Filters by them.
    Where,
    /// Joins on them.
    On,
    /// Groups by them.
    Group,
    /// Aggregates them.
    Aggregate,
    /// Orders by them, the first one first.
    Order,
    /// Passes them on.
    Output,
    /// Gives them to the user, each in its place.
    Result,
}

impl Uses<'_> {
    /// All expressions above, over the columns below, each with a tag that says how it is read.
    pub(crate) fn resolve(&self) -> Result<Vec<(usize, Expr)>> {
        let mut all = match self.parent {
            Some(parent) => parent.resolve()?,
            None => Vec::new(),
        };
        if let Some(schema) = self.defined {
            let columns = schema.columns().into_iter();
            let exprs = self.exprs.iter().map(|expr| expr.clone().unalias_nested().data);
            let map: HashMap<Column, Expr> = columns.zip(exprs).collect();
            for (_, expr) in &mut all {
                *expr = substitute(std::mem::take(expr), &map)?;
            }
        }
        if self.how != How::Output {
            for (place, expr) in self.exprs.iter().enumerate() {
                let place = match self.how {
                    How::Order | How::Result => place,
                    _ => 0,
                };
                let tag = (self.how as usize) << 32 | place;
                all.push((tag, expr.clone().unalias_nested().data));
            }
        }
        Ok(all)
    }
}
