//! `IS NULL` and `IS NOT NULL`, taken apart down to what can be NULL.

use datafusion::common::Result;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, Operator};
use datafusion::prelude::lit;

use super::Normalizer;
use crate::predicate::{chain, negate};
use crate::property::{is_guard, is_volatile, strict_operands};

impl Normalizer<'_> {
    pub(super) fn is_null(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        match self.null_test(&expr) {
            Some(test) => self.expr(test, is_condition),
            None => Ok(Expr::IsNull(Box::new(self.expr(expr, false)?))),
        }
    }

    pub(super) fn is_not_null(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        match self.null_test(&expr) {
            Some(test) => self.expr(negate(test), is_condition),
            None => Ok(Expr::IsNotNull(Box::new(self.expr(expr, false)?))),
        }
    }

    /// What `expr IS NULL` says in smaller terms. `None` where there are none.
    fn null_test(&self, expr: &Expr) -> Option<Expr> {
        if is_volatile(expr) {
            return None;
        }
        if !self.place.is_nullable(expr) {
            return Some(lit(false));
        }
        match expr {
            Expr::Alias(alias) => Some(alias.expr.as_ref().clone().is_null()),
            Expr::Literal(value, _) => Some(lit(value.is_null())),
            // DataFusion computes both sides of what it makes of a CASE of booleans.
            Expr::Case(case) if is_guard(case, self.place.schema()) => None,
            Expr::Case(Case { expr: None, when_then_expr, else_expr }) => {
                let branches = when_then_expr.iter();
                let branches = branches
                    .map(|(when, then)| (when.clone(), Box::new(then.as_ref().clone().is_null())));
                let otherwise = match else_expr {
                    Some(expr) => expr.as_ref().clone().is_null(),
                    None => lit(true),
                };
                Some(Expr::Case(Case {
                    expr: None,
                    when_then_expr: branches.collect(),
                    else_expr: Some(Box::new(otherwise)),
                }))
            }
            expr => {
                let parts = strict_operands(expr)?.into_iter().map(|part| part.clone().is_null());
                Some(chain(Operator::Or, parts))
            }
        }
    }
}
