//! P0408: a column of VALUES that is a number in one row and text in another. DataFusion casts the
//! text.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Expr, Query, SetExpr, Value, Values};

use super::super::place::Places;
use super::super::walk::{self, Piece};

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk::pieces(query, &mut |piece| {
        if let Piece::Query(query) = piece
            && let SetExpr::Values(values) = query.body.as_ref()
        {
            found.extend(mixed(values, places));
        }
    });
    found
}

fn mixed(values: &Values, places: &Places<'_>) -> Option<Diagnostic> {
    let (first, others) = values.rows.split_first()?;
    let text = first.content.iter().enumerate().find_map(|(nth, leading)| {
        let leading = is_text(leading)?;
        let column = others.iter().filter_map(|row| row.content.get(nth));
        column.into_iter().find(|expr| is_text(expr).is_some_and(|text| text != leading))
    })?;
    Some(
        Diagnostic::new(code::IMPLICIT_CAST, "a column of VALUES holds numbers and text")
            .at(places.expression(text))
            .help("write all rows of a column in one type"),
    )
}

/// Whether a literal is text or a number; `None` for all else.
fn is_text(expr: &Expr) -> Option<bool> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::Number(..) => Some(false),
        Value::SingleQuotedString(_) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "values (1, 'a'), ('2', 'b')",
            "P0408 1:19-1:22 ['2'] a column of VALUES holds numbers and text; write all rows of a column in one type",
        );
        check("values (1, 'a'), (2, null)", "");
    }
}
