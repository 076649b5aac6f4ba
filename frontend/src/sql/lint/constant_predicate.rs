//! P0409: a condition that no row can change.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{BinaryOperator as Op, Expr, Query};

use super::super::place::Places;
use super::super::walk::{self, Piece};

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut conditions = Conditions { places, found: Vec::new() };
    walk::pieces(query, &mut |piece| {
        let Piece::Query(query) = piece else { return };
        walk::selects(&query.body, &mut |select| {
            let clauses = [&select.selection, &select.having, &select.qualify];
            clauses.into_iter().flatten().for_each(|condition| conditions.condition(condition));
        });
    });
    conditions.found
}

struct Conditions<'a, 't> {
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
}

impl Conditions<'_, '_> {
    fn condition(&mut self, condition: &Expr) {
        match condition {
            Expr::Nested(inner) => self.condition(inner),
            Expr::BinaryOp { left, op: Op::And | Op::Or, right } => {
                self.condition(left);
                self.condition(right);
            }
            _ if compares_constants(condition) => {
                self.report(condition, "is the same for all rows")
            }
            Expr::BinaryOp { left, op, right } if same_column(left, right) => match op {
                Op::Eq | Op::GtEq | Op::LtEq => {
                    self.report(condition, "compares a column with itself: true unless it is NULL");
                }
                Op::NotEq | Op::Gt | Op::Lt => {
                    self.report(condition, "compares a column with itself: never true");
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn report(&mut self, condition: &Expr, what: &str) {
        self.found.push(
            Diagnostic::new(code::CONSTANT_PREDICATE, format!("the condition {what}"))
                .at(self.places.expression(condition))
                .help("remove it, or name the column that is meant"),
        );
    }
}

/// A comparison of literals. `WHERE TRUE` and the like say themselves what they are.
fn compares_constants(condition: &Expr) -> bool {
    let Expr::BinaryOp { left, op, right } = condition else { return false };
    matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq)
        && is_literal(left)
        && is_literal(right)
        && !is_null_or_parameter(left)
        && !is_null_or_parameter(right)
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_literal(inner),
        _ => false,
    }
}

fn is_null_or_parameter(expr: &Expr) -> bool {
    use sqlparser::ast::Value;
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Null | Value::Placeholder(_)),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_null_or_parameter(inner),
        _ => false,
    }
}

fn same_column(left: &Expr, right: &Expr) -> bool {
    matches!(left, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        && left.to_string().eq_ignore_ascii_case(&right.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders where 1 = 1 and id > 1",
            "P0409 1:29-1:34 [1 = 1] the condition is the same for all rows; remove it, or name the column that is meant",
        );
        check(
            "select id from orders where id > 1 or ('a' <> 'b')",
            "P0409 1:40-1:50 ['a' <> 'b'] the condition is the same for all rows; remove it, or name the column that is meant",
        );
        check(
            "select id from orders o where o.id = o.id and o.amount < O.amount",
            r"
                P0409 1:31-1:42 [o.id = o.id] the condition compares a column with itself: true unless it is NULL; remove it, or name the column that is meant
                P0409 1:47-1:66 [o.amount < O.amount] the condition compares a column with itself: never true; remove it, or name the column that is meant
            ",
        );
        check("select id from orders where true", "");
        check("select id from orders where $least = 1 and id = 1", "");
    }
}
