//! P0402: a comparison with NULL is NULL, and no row passes a condition that is NULL.

use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{BinaryOperator as Op, Expr, Query, Value, ValueWithSpan};

use super::super::place::Places;
use super::super::walk;

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::expressions(query, &mut |expr| {
        let Some(help) = way_out(expr) else { return };
        let message = "a comparison with NULL is never true";
        let finding =
            Diagnostic::new(code::NULL_COMPARISON, message).at(places.expression(expr)).help(help);
        found.push(with_fix(expr, finding, places));
    });
    found
}

/// What to write instead of a comparison with NULL.
fn way_out(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::BinaryOp { left, op, right } if is_null(left) || is_null(right) => match op {
            Op::Eq => Some("write `IS NULL`"),
            Op::NotEq => Some("write `IS NOT NULL`"),
            Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => Some("NULL is neither more nor less"),
            _ => None,
        },
        Expr::InList { list, negated: true, .. } if list.iter().any(is_null) => {
            Some("NOT IN with a NULL in its list is never true: take it out")
        }
        Expr::InList { list, .. } if list.iter().any(is_null) => {
            Some("a NULL in the list finds nothing: write `… OR x IS NULL`")
        }
        _ => None,
    }
}

/// `x = NULL` becomes `x IS NULL`, where nothing else, such as a comment, stands between.
fn with_fix(expr: &Expr, finding: Diagnostic, places: &Places<'_>) -> Diagnostic {
    let Expr::BinaryOp { left, op, right } = expr else { return finding };
    let test = match op {
        Op::Eq => "IS NULL",
        Op::NotEq => "IS NOT NULL",
        _ => return finding,
    };
    let (whole, left_place) = (finding.span, places.expression(left));
    if !places.is_original() || !is_null(right) || is_null(left) {
        return finding;
    }
    match (whole, left_place) {
        (Some(whole), Some(left)) if places.is_plain(left.end, whole.end) => {
            finding.fix(Span::new(left.end, whole.end), format!(" {test}"))
        }
        _ => finding,
    }
}

fn is_null(expr: &Expr) -> bool {
    match expr {
        Expr::Value(ValueWithSpan { value, .. }) => *value == Value::Null,
        Expr::Nested(inner) => is_null(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders where status = null or (null) <> status",
            r"
                P0402 1:29-1:42 [status = null] a comparison with NULL is never true; write `IS NULL`
                P0402 1:46-1:62 [(null) <> status] a comparison with NULL is never true; write `IS NOT NULL`
            ",
        );
        check(
            "select status = null as x, id > null as y from orders",
            r"
                P0402 1:8-1:21 [status = null] a comparison with NULL is never true; write `IS NULL`
                P0402 1:28-1:37 [id > null] a comparison with NULL is never true; NULL is neither more nor less
            ",
        );
        check(
            "select id from orders where status not in ('a', null)",
            "P0402 1:29-1:54 [status not in ('a', null)] a comparison with NULL is never true; NOT IN with a NULL in its list is never true: take it out",
        );
        check(
            "select id from orders where status in (null)",
            "P0402 1:29-1:45 [status in (null)] a comparison with NULL is never true; a NULL in the list finds nothing: write `… OR x IS NULL`",
        );
        check(
            "select id from orders where status is not distinct from null or status is null",
            "P0301 1:29-1:79 [status is not distinct from null or status is null] Cannot infer common argument type for comparison operation Utf8 IS NOT DISTINCT FROM Boolean",
        );
        check("select coalesce(null, status) || null as x from orders", "");
    }
}
