//! Predicates in one form.
//!
//! `NOT` goes down to where it ends; chains of `AND` and `OR` are flattened, rid of repeats and
//! of what follows from the rest, factored and sorted; tests for NULL and for truth are taken
//! apart down to columns; comparisons of one expression with literals become one set of values
//! in one spelling.
//!
//! Everywhere this keeps TRUE, FALSE and NULL apart. Where only TRUE counts (filters, join
//! conditions, `WHEN`, `FILTER`), NULL is as good as FALSE, and more holds: `a > 5 AND a < 3`
//! is FALSE, `a IS NOT NULL AND a > 5` is `a > 5`.
//!
//! Operands that can fail stay behind those that cannot, in their written order, and volatile
//! ones are neither copied, merged nor moved past each other.

mod chains;
mod nulls;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, BinaryExpr, Case, InList};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::{Logic, Range, connective, contradicts, implies, negate, operands};
use crate::property::{is_exact_equality, is_fallible, is_guard, is_volatile, rejects_null};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        if !place.is_condition && is_plain(&expr) {
            return Ok(Transformed::no(expr));
        }
        let before = expr.clone();
        let normalizer = Normalizer { place, settles: true };
        let mut after = normalizer.expr(expr, place.is_condition)?;
        if place.is_condition {
            after = normalizer.as_blocks_order(after);
        }
        let changed = after != before;
        Ok(Transformed::new_transformed(after, changed))
    })
}

fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_plain(&alias.expr),
        expr => matches!(expr, Expr::Column(_) | Expr::Literal(..)),
    }
}

struct Normalizer<'a> {
    place: &'a Place<'a>,
    /// Whether what is known below may decide a predicate.
    settles: bool,
}

impl Normalizer<'_> {
    /// `is_condition`: only TRUE counts, so that NULL may become FALSE.
    fn expr(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        Ok(self.settled(self.rewritten(expr, is_condition)?, is_condition))
    }

    /// A predicate that what is known below decides is a literal.
    fn settled(&self, expr: Expr, is_condition: bool) -> Expr {
        if !self.settles || !is_predicate(&expr) {
            return expr;
        }
        let facts = self.place.known();
        let (known, optional) = (&facts.conditions, &facts.optional);
        if known.is_empty() && optional.is_empty() {
            return expr;
        }
        let logic = Logic { schema: self.place.schema() };
        if known.iter().any(|known| implies(known, &expr, logic)) {
            lit(true)
        } else if is_condition
            && (known.iter().any(|known| contradicts(known, &expr, logic))
                || optional.iter().any(|padded| {
                    // Where it does not hold, its columns are NULL.
                    let columns = padded.column_refs().into_iter().cloned().collect();
                    contradicts(padded, &expr, logic) && rejects_null(&expr, &columns)
                }))
        {
            lit(false)
        } else {
            known.iter().find_map(|known| self.pinned(known, &expr)).unwrap_or(expr)
        }
    }

    /// The one value that a range leaves of what is known: `r <= 1` of a rank is `r = 1`.
    fn pinned(&self, known: &Expr, expr: &Expr) -> Option<Expr> {
        let schema = self.place.schema();
        let both = Range::of(known, schema)?.joined(Operator::And, &Range::of(expr, schema)?)?;
        let pinned = both.spelled()?;
        let is_equality = matches!(pinned, Expr::BinaryExpr(BinaryExpr { op: Operator::Eq, .. }));
        (is_equality && pinned != *expr).then_some(pinned)
    }

    fn rewritten(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        match expr {
            Expr::Alias(mut alias) => {
                alias.expr = Box::new(self.expr(*alias.expr, is_condition)?);
                Ok(Expr::Alias(alias))
            }
            Expr::Literal(ScalarValue::Boolean(None), _) if is_condition => Ok(lit(false)),
            Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
                self.chain(op, operands(expr, op), is_condition)
            }
            Expr::Not(inner) => match negate(*inner) {
                Expr::Not(inner) => Ok(Expr::Not(Box::new(self.expr(*inner, false)?))),
                negated => self.expr(negated, is_condition),
            },
            Expr::IsUnknown(inner) | Expr::IsNull(inner) => self.is_null(*inner, is_condition),
            Expr::IsNotUnknown(inner) | Expr::IsNotNull(inner) => {
                self.is_not_null(*inner, is_condition)
            }
            Expr::IsTrue(inner) => self.is_true(*inner, is_condition),
            Expr::IsFalse(inner) => self.is_true(negate(*inner), is_condition),
            Expr::IsNotTrue(inner) => self.is_not_true(*inner, is_condition),
            Expr::IsNotFalse(inner) => self.is_not_true(negate(*inner), is_condition),
            Expr::BinaryExpr(BinaryExpr {
                op: Operator::IsDistinctFrom | Operator::IsNotDistinctFrom,
                ..
            }) => self.distinct(expr, is_condition),
            Expr::InList(within) if within.list.iter().any(is_null_literal) => {
                self.in_list_with_null(within, is_condition)
            }
            Expr::Case(case) => self.case(case, is_condition),
            Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
                params.filter = match params.filter.take() {
                    Some(filter) => Some(Box::new(self.expr(*filter, true)?)),
                    None => None,
                };
                let args = params.args.into_iter();
                params.args = args.map(|arg| self.expr(arg, false)).collect::<Result<_>>()?;
                Ok(Expr::AggregateFunction(AggregateFunction { func, params }))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if is_condition && self.is_never(&left, op, &right) =>
            {
                Ok(lit(false))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if self.is_always(&left, op, &right) =>
            {
                Ok(lit(true))
            }
            other => {
                let visit = |child| Ok(Transformed::yes(self.expr(child, false)?));
                Ok(self.spelled(other.map_children(visit).data()?))
            }
        }
    }

    /// Nothing is less than itself.
    fn is_never(&self, left: &Expr, op: Operator, right: &Expr) -> bool {
        let strict = matches!(op, Operator::NotEq | Operator::Lt | Operator::Gt);
        let schema = self.place.schema().as_ref();
        strict
            && left == right
            && !is_volatile(left)
            && left.get_type(schema).is_ok_and(|data_type| is_exact_equality(&data_type))
    }

    /// What is not NULL is not greater than itself.
    fn is_always(&self, left: &Expr, op: Operator, right: &Expr) -> bool {
        let loose = matches!(op, Operator::LtEq | Operator::GtEq);
        let schema = self.place.schema().as_ref();
        loose
            && left == right
            && !is_volatile(left)
            && left.get_type(schema).is_ok_and(|data_type| is_exact_equality(&data_type))
            && !is_fallible(left, schema)
            && !self.place.is_nullable(left)
    }

    /// A comparison or a list in the spelling of its set of values.
    fn spelled(&self, expr: Expr) -> Expr {
        let comparison = match &expr {
            Expr::BinaryExpr(binary) => binary.op.supports_propagation(),
            Expr::InList(_) => true,
            _ => false,
        };
        if !comparison {
            return expr;
        }
        let range = Range::of(&expr, self.place.schema());
        let spelled = range.and_then(|range| range.spelled()).unwrap_or(expr);
        match connective(&spelled) {
            Some(op) => self.in_order(spelled, op),
            None => spelled,
        }
    }

    fn case(&self, case: Case, is_condition: bool) -> Result<Expr> {
        // What a filter below says too may only hold because the CASE asks it as well: where
        // they are merged, all parts are computed at once.
        let settles = self.settles && !is_guard(&case, self.place.schema());
        let when = Normalizer { settles, ..*self };
        let Case { expr, when_then_expr, else_expr } = case;
        let searched = expr.is_none();
        let visit = |expr: Box<Expr>, condition| self.expr(*expr, condition).map(Box::new);
        Ok(Expr::Case(Case {
            expr: expr.map(|expr| visit(expr, false)).transpose()?,
            when_then_expr: when_then_expr
                .into_iter()
                .map(|(condition, then)| {
                    let condition = when.expr(*condition, searched)?;
                    Ok((Box::new(condition), visit(then, is_condition)?))
                })
                .collect::<Result<_>>()?,
            else_expr: else_expr.map(|expr| visit(expr, is_condition)).transpose()?,
        }))
    }

    /// `x IN (1, NULL)` is TRUE or NULL, `x NOT IN (1, NULL)` is FALSE or NULL.
    fn in_list_with_null(&self, within: InList, is_condition: bool) -> Result<Expr> {
        if !is_condition {
            let visit = |child| Ok(Transformed::yes(self.expr(child, false)?));
            return Expr::InList(within).map_children(visit).data();
        }
        if within.negated {
            return Ok(lit(false));
        }
        let InList { expr, mut list, negated } = within;
        list.retain(|item| !is_null_literal(item));
        if list.is_empty() {
            return Ok(lit(false));
        }
        self.expr(Expr::InList(InList { expr, list, negated }), true)
    }

    /// `IS NOT DISTINCT FROM` is equality, and FALSE rather than NULL, where one side cannot be
    /// NULL.
    fn distinct(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return Ok(expr) };
        if self.place.is_null_aware() {
            // As an equality it would be a second key, and such a join takes one.
            let (left, right) = (self.expr(*left, false)?, self.expr(*right, false)?);
            return Ok(datafusion::logical_expr::binary_expr(left, op, right));
        }
        let equal = op == Operator::IsNotDistinctFrom;
        let nullable = (self.place.is_nullable(&left), self.place.is_nullable(&right));
        match (&*left, &*right) {
            (other, null) | (null, other) if is_null_literal(null) => {
                let other = other.clone();
                return if equal {
                    self.is_null(other, is_condition)
                } else {
                    self.is_not_null(other, is_condition)
                };
            }
            _ => {}
        }
        if nullable == (true, true) || is_volatile(&left) || is_volatile(&right) {
            let binary = BinaryExpr {
                left: Box::new(self.expr(*left, false)?),
                op,
                right: Box::new(self.expr(*right, false)?),
            };
            return Ok(Expr::BinaryExpr(binary));
        }
        let equality = Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right });
        match (equal, nullable) {
            (true, (false, false)) => self.expr(equality, is_condition),
            (false, (false, false)) => self.expr(negate(equality), is_condition),
            (true, _) => self.is_true(equality, is_condition),
            (false, _) => self.is_not_true(equality, is_condition),
        }
    }

    /// TRUE where the predicate is, else FALSE: `p AND p IS NOT NULL`.
    fn is_true(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        if is_condition || !self.place.is_nullable(&expr) {
            return self.expr(expr, true);
        }
        match connective(&expr) {
            Some(op) => {
                let parts = operands(expr, op).into_iter().map(|part| Expr::IsTrue(Box::new(part)));
                self.chain(op, parts.collect(), is_condition)
            }
            None if is_leaf(&expr) => {
                let known = Expr::IsNotNull(Box::new(expr.clone()));
                self.chain(Operator::And, vec![expr, known], is_condition)
            }
            None => Ok(Expr::IsTrue(Box::new(self.expr(expr, true)?))),
        }
    }

    /// TRUE where the predicate is not, else FALSE: `NOT p OR p IS NULL`.
    fn is_not_true(&self, expr: Expr, is_condition: bool) -> Result<Expr> {
        if !self.place.is_nullable(&expr) {
            return self.expr(negate(expr), is_condition);
        }
        match connective(&expr) {
            Some(op) => {
                let parts = operands(expr, op);
                let parts = parts.into_iter().map(|part| Expr::IsNotTrue(Box::new(part)));
                self.chain(crate::predicate::dual(op), parts.collect(), is_condition)
            }
            None if is_leaf(&expr) => {
                let unknown = Expr::IsNull(Box::new(expr.clone()));
                self.chain(Operator::Or, vec![negate(expr), unknown], is_condition)
            }
            None => Ok(Expr::IsNotTrue(Box::new(self.expr(expr, true)?))),
        }
    }
}

/// Whether the expression is one that a condition below may have said.
fn is_predicate(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => {
            connective(expr) == Some(Operator::Or) || binary.op.supports_propagation()
        }
        Expr::InList(_) | Expr::Like(_) | Expr::IsNull(_) | Expr::Not(_) => true,
        _ => false,
    }
}

fn is_null_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// Predicates that may be written twice: small ones, and none that is volatile.
fn is_leaf(expr: &Expr) -> bool {
    let small = match expr {
        Expr::Not(inner) => is_leaf(inner),
        expr => {
            matches!(expr, Expr::Column(_) | Expr::BinaryExpr(_) | Expr::InList(_) | Expr::Like(_))
        }
    };
    small && !is_volatile(expr)
}
