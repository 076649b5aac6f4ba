//! What Ibis spells in PostgreSQL's and DuckDB's ways: the exclusive or, and unsigned types.

use std::borrow::Cow;
use std::ops::ControlFlow;

use sqlparser::ast::{
    DataType, Expr, Query, SetExpr, SetOperator, SetQuantifier, VisitMut, VisitorMut,
};
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

/// Whether rows are counted where tables are intersected or subtracted: DataFusion does not.
pub(super) fn counts_rows(query: &mut Query) -> bool {
    struct Sets;
    impl VisitorMut for Sets {
        type Break = ();

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            let mut open = vec![query.body.as_ref()];
            while let Some(body) = open.pop() {
                if let SetExpr::SetOperation { op, set_quantifier, left, right } = body {
                    let all = matches!(set_quantifier, SetQuantifier::All);
                    if all && matches!(op, SetOperator::Intersect | SetOperator::Except) {
                        return ControlFlow::Break(());
                    }
                    open.extend([left.as_ref(), right.as_ref()]);
                }
            }
            ControlFlow::Continue(())
        }
    }
    query.visit(&mut Sets).is_break()
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
