//! P0408: text that meets numbers, and the like, where DataFusion casts one side: in
//! comparisons, IN and BETWEEN, branches of CASE, `coalesce`, and the sides of a UNION.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Location as DfLocation};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr as SqlExpr, Query, Spanned, Visit, Visitor};
use sqlparser::tokenizer::Location;

use super::super::place::Places;

pub(super) fn lint(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // The closures never fail, and neither do the walks.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Union(union) = node {
            found.extend(sides(&union.inputs));
        }
        let inputs = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found.extend(mix(expr, &inputs));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    found
        .into_iter()
        .map(|Mixed { at, left, right, what }| {
            let message = match what {
                What::Comparison => {
                    format!("a value of type {left} is compared with one of type {right}")
                }
                _ => format!("values of type {left} and of type {right} become one"),
            };
            let place = smallest(query, at, |expr| what.is_written_as(expr))
                .and_then(|expr| places.expression(&expr));
            Diagnostic::new(code::IMPLICIT_CAST, message)
                .at(place.or_else(|| places.token_at(at)))
                .help("cast one side yourself, so that it is plain which is meant")
        })
        .collect()
}

/// Values of different kinds, and where a column of them stands.
struct Mixed {
    at: Location,
    left: DataType,
    right: DataType,
    what: What,
}

/// How they meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Comparison,
    Branches,
    Arguments,
    Sides,
}

impl What {
    fn is_written_as(self, expr: &SqlExpr) -> bool {
        match self {
            What::Comparison => matches!(
                expr,
                SqlExpr::BinaryOp { .. }
                    | SqlExpr::Between { .. }
                    | SqlExpr::InList { .. }
                    | SqlExpr::InSubquery { .. }
            ),
            What::Branches => matches!(expr, SqlExpr::Case { .. }),
            What::Arguments => matches!(expr, SqlExpr::Function(_)),
            What::Sides => matches!(expr, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_)),
        }
    }
}

fn mix(expr: &Expr, inputs: &DFSchema) -> Option<Mixed> {
    match expr {
        Expr::BinaryExpr(binary) if compares(binary.op) => {
            first(What::Comparison, &binary.left, [binary.right.as_ref()], inputs)
        }
        Expr::InList(list) => first(What::Comparison, &list.expr, &list.list, inputs),
        Expr::Between(between) => {
            let bounds = [between.low.as_ref(), between.high.as_ref()];
            first(What::Comparison, &between.expr, bounds, inputs)
        }
        Expr::InSubquery(test) => {
            let left = test.expr.get_type(inputs).ok()?;
            let right = test.subquery.subquery.schema().field(0).data_type().clone();
            let at = location(column_place(&test.expr)?);
            (kind(&left)? != kind(&right)?).then_some(Mixed {
                at,
                left,
                right,
                what: What::Comparison,
            })
        }
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
            let mut branches = branches.chain(case.else_expr.as_deref());
            let leading = branches.next()?;
            let at = column_place(expr)?;
            mixed(What::Branches, leading, branches, inputs, Some(at))
        }
        Expr::ScalarFunction(call)
            if ["coalesce", "nullif", "greatest", "least"].contains(&call.name()) =>
        {
            let (leading, others) = call.args.split_first()?;
            first(What::Arguments, leading, others, inputs)
        }
        _ => None,
    }
}

fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
    )
}

/// The first of `others` that is of another kind than `leading`.
fn first<'e>(
    what: What,
    leading: &'e Expr,
    others: impl IntoIterator<Item = &'e Expr>,
    inputs: &DFSchema,
) -> Option<Mixed> {
    mixed(what, leading, others, inputs, None)
}

/// As [`first`], shown at a place that is known.
fn mixed<'e>(
    what: What,
    leading: &'e Expr,
    others: impl IntoIterator<Item = &'e Expr>,
    inputs: &DFSchema,
    place: Option<DfLocation>,
) -> Option<Mixed> {
    let left = leading.get_type(inputs).ok()?;
    let left_kind = kind(&left)?;
    let literal = |side: &Expr| matches!(side, Expr::Literal(..));
    others.into_iter().find_map(|other| {
        let right = other.get_type(inputs).ok()?;
        let right_kind = kind(&right)?;
        // `date_column = '2026-01-01'` is how dates are written.
        let usual = match (left_kind, right_kind) {
            (Kind::Text, Kind::Time) => literal(leading),
            (Kind::Time, Kind::Text) => literal(other),
            _ => false,
        };
        if left_kind == right_kind || usual {
            return None;
        }
        let at = place.or_else(|| column_place(leading)).or_else(|| column_place(other))?;
        Some(Mixed { at: location(at), left: left.clone(), right, what })
    })
}

/// The first column of a set operation whose sides are of different kinds.
fn sides(inputs: &[Arc<LogicalPlan>]) -> Option<Mixed> {
    let (first, others) = inputs.split_first()?;
    others.iter().find_map(|other| {
        let pairs = first.schema().fields().iter().zip(other.schema().fields());
        let (nth, left, right) = pairs.enumerate().find_map(|(nth, (left, right))| {
            let (left, right) = (left.data_type(), right.data_type());
            (kind(left)? != kind(right)?).then(|| (nth, left.clone(), right.clone()))
        })?;
        let place = |side: &LogicalPlan| column_place(side.expressions().get(nth)?);
        let at = place(first).or_else(|| place(other))?;
        Some(Mixed { at: location(at), left, right, what: What::Sides })
    })
}

pub(super) fn location(at: DfLocation) -> Location {
    Location::new(at.line, at.column)
}

pub(super) fn column_place(expr: &Expr) -> Option<DfLocation> {
    let mut place = None;
    let _ = expr.apply(|expr| {
        if let Expr::Column(column) = expr
            && let Some(span) = column.spans.first()
        {
            place = Some(span.start);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    place
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
    Time,
}

fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Kind::Text),
        DataType::Boolean => Some(Kind::Truth),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Time32(_) => {
            Some(Kind::Time)
        }
        data_type if data_type.is_numeric() => Some(Kind::Number),
        _ => None,
    }
}

/// The smallest expression of a kind around a place.
pub(super) fn smallest(
    query: &Query,
    at: Location,
    wanted: impl Fn(&SqlExpr) -> bool,
) -> Option<SqlExpr> {
    struct Walk<F> {
        at: Location,
        wanted: F,
        found: Option<SqlExpr>,
    }
    impl<F: Fn(&SqlExpr) -> bool> Visitor for Walk<F> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &SqlExpr) -> ControlFlow<()> {
            if (self.wanted)(expr) {
                let span = expr.span();
                if span.start <= self.at && self.at < span.end {
                    self.found = Some(expr.clone());
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut walk = Walk { at, wanted, found: None };
    let _ = query.visit(&mut walk);
    walk.found
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders where status = 1 and id > 2",
            "P0408 1:29-1:39 [status = 1] a value of type Utf8 is compared with one of type Int64; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select o.id from orders o join customers c on o.customer_id = c.name",
            "P0408 1:47-1:69 [o.customer_id = c.name] a value of type Int64 is compared with one of type Utf8; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select id from orders where id = '1'",
            "P0408 1:29-1:37 [id = '1'] a value of type Int64 is compared with one of type Utf8; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select id from orders where status > placed_on",
            "P0408 1:29-1:47 [status > placed_on] a value of type Utf8 is compared with one of type Date32; cast one side yourself, so that it is plain which is meant",
        );
        check("select id from orders where placed_on > '2026-01-01' and amount > 1", "");
    }
}
