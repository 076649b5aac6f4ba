//! What Ibis spells in PostgreSQL's and DuckDB's ways: the exclusive or, and unsigned types.

use std::borrow::Cow;
use std::ops::ControlFlow;

use sqlparser::ast::{DataType, Expr, Query, VisitMut, VisitorMut};
use sqlparser::tokenizer::Token;

use crate::sql::place::lexemes;

/// The text with `^` for `#`; every place stays where it was.
pub(super) fn operators(text: &str) -> Cow<'_, str> {
    if !text.contains('#') {
        return Cow::Borrowed(text);
    }
    let mut changed = text.to_owned();
    for lexeme in lexemes(text) {
        if lexeme.token == Token::Sharp && text.get(lexeme.start..lexeme.end) == Some("#") {
            changed.replace_range(lexeme.start..lexeme.end, "^");
        }
    }
    Cow::Owned(changed)
}

/// The types of casts, in DataFusion's words.
pub(super) fn types(query: &mut Query) {
    struct Casts;
    impl VisitorMut for Casts {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Cast { data_type, .. } = expr {
                known(data_type);
            }
            ControlFlow::Continue(())
        }
    }
    let _ = query.visit(&mut Casts);
}

fn known(data_type: &mut DataType) {
    *data_type = match data_type {
        DataType::UTinyInt => DataType::TinyIntUnsigned(None),
        DataType::USmallInt => DataType::SmallIntUnsigned(None),
        DataType::UBigInt => DataType::BigIntUnsigned(None),
        DataType::Custom(name, modifiers)
            if modifiers.is_empty() && name.to_string().eq_ignore_ascii_case("uinteger") =>
        {
            DataType::IntUnsigned(None)
        }
        _ => return,
    };
}
