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
    /// What reads the relation's own columns.
    pub(crate) parent: Readers<'a>,
}

/// Who reads the columns of a relation.
#[derive(Clone, Copy)]
pub(crate) enum Readers<'a> {
    /// Nobody but those named so far.
    Nobody,
    /// Anybody may read anything.
    Unknown,
    /// A relation above, and its readers.
    Above(&'a Uses<'a>),
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
    /// Needs all of them, each in its place.
    Result,
}

impl Readers<'_> {
    /// All expressions above, over the columns below, each with a tag that says how it is
    /// read; and whether these are all.
    pub(crate) fn resolve(&self) -> Result<(Vec<(usize, Expr)>, bool)> {
        let uses = match self {
            Readers::Nobody => return Ok((Vec::new(), true)),
            Readers::Unknown => return Ok((Vec::new(), false)),
            Readers::Above(uses) => uses,
        };
        let (mut all, complete) = uses.parent.resolve()?;
        if let Some(schema) = uses.defined {
            let columns = schema.columns().into_iter();
            let exprs = uses.exprs.iter().map(|expr| expr.clone().unalias_nested().data);
            let map: HashMap<Column, Expr> = columns.zip(exprs).collect();
            for (_, expr) in &mut all {
                *expr = substitute(std::mem::take(expr), &map)?;
            }
        }
        if uses.how != How::Output {
            for (place, expr) in uses.exprs.iter().enumerate() {
                let place = match uses.how {
                    How::Order | How::Result => place,
                    _ => 0,
                };
                let tag = (uses.how as usize) << 32 | place;
                all.push((tag, expr.clone().unalias_nested().data));
            }
        }
        Ok((all, complete))
    }
}
