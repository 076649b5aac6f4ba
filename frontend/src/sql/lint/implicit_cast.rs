//! P0408: comparisons of text with numbers, and the like, where DataFusion casts one side.

use std::ops::ControlFlow;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Location as DfLocation};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr as SqlExpr, Query, Spanned, Visit, Visitor};
use sqlparser::tokenizer::{Location, Span as SqlSpan};

use super::super::place::Places;

pub(super) fn lint(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut mixed = Vec::new();
    // The closures never fail, and neither do the walks.
    let _ = plan.apply_with_subqueries(|node| {
        let inputs = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                mixed.extend(comparison(expr, &inputs));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    mixed
        .into_iter()
        .map(|Mixed { at, left, right }| {
            let message = format!("a value of type {left} is compared with one of type {right}");
            let place = smallest_comparison(query, at).and_then(|expr| places.expression(&expr));
            Diagnostic::new(code::IMPLICIT_CAST, message)
                .at(place.or_else(|| places.span(SqlSpan::new(at, at))))
                .help("cast one side yourself, so that it is plain which is meant")
        })
        .collect()
}

/// A comparison whose sides are of different kinds, and where a column in it stands.
struct Mixed {
    at: Location,
    left: DataType,
    right: DataType,
}

fn comparison(expr: &Expr, inputs: &DFSchema) -> Option<Mixed> {
    let Expr::BinaryExpr(binary) = expr else { return None };
    let compares = matches!(
        binary.op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
    );
    if !compares {
        return None;
    }
    let left = binary.left.get_type(inputs).ok()?;
    let right = binary.right.get_type(inputs).ok()?;
    let (left_kind, right_kind) = (kind(&left)?, kind(&right)?);
    // `date_column = '2026-01-01'` is how dates are written.
    let literal = |side: &Expr| matches!(side, Expr::Literal(..));
    let usual = match (left_kind, right_kind) {
        (Kind::Text, Kind::Time) => literal(&binary.left),
        (Kind::Time, Kind::Text) => literal(&binary.right),
        _ => false,
    };
    if left_kind == right_kind || usual {
        return None;
    }
    let columns = [&binary.left, &binary.right];
    let spans = columns.into_iter().find_map(|side| column_place(side))?;
    Some(Mixed { at: Location::new(spans.line, spans.column), left, right })
}

fn column_place(expr: &Expr) -> Option<DfLocation> {
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

/// The smallest operator expression around a place.
fn smallest_comparison(query: &Query, at: Location) -> Option<SqlExpr> {
    struct Walk {
        at: Location,
        found: Option<SqlExpr>,
    }
    impl Visitor for Walk {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &SqlExpr) -> ControlFlow<()> {
            if let SqlExpr::BinaryOp { .. } = expr {
                let span = expr.span();
                if span.start <= self.at && self.at < span.end {
                    self.found = Some(expr.clone());
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut walk = Walk { at, found: None };
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
