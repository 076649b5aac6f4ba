//! P0401: which rows a LIMIT keeps is chance unless an ORDER BY stands beside it.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{Distinct, Expr, LimitClause, Query, SetExpr, Spanned, Value, ValueWithSpan};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Span as SqlSpan;

use super::super::place::Places;
use super::super::walk::{self, Piece};

pub(super) fn lint(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Subqueries of EXISTS: whichever row is kept, the answer is the same.
    let mut existence: Vec<*const Query> = Vec::new();
    walk::pieces(query, &mut |piece| match piece {
        Piece::Expr(Expr::Exists { subquery, .. }) => {
            existence.push(std::ptr::from_ref(subquery.as_ref()));
        }
        Piece::Query(query) => {
            if query.order_by.is_none() {
                found.extend(distinct_on(&query.body, places));
            }
            if !existence.contains(&std::ptr::from_ref(query)) {
                found.extend(unordered(query, places));
            }
        }
        _ => {}
    });
    found
}

fn unordered(query: &Query, places: &Places<'_>) -> Option<Diagnostic> {
    let limit = limit_span(query)?;
    if is_ordered(query) || gives_one_row(&query.body) {
        return None;
    }
    let words = [Keyword::LIMIT, Keyword::OFFSET, Keyword::FETCH, Keyword::FIRST];
    Some(
        Diagnostic::new(code::LIMIT_WITHOUT_ORDER, "which rows are kept is not determined")
            .at(places.with_keyword(limit, &words))
            .help("add an ORDER BY whose columns are unique together"),
    )
}

/// DISTINCT ON keeps the first row of each group.
fn distinct_on(body: &SetExpr, places: &Places<'_>) -> Option<Diagnostic> {
    let SetExpr::Select(select) = body else { return None };
    let Some(Distinct::On(exprs)) = &select.distinct else { return None };
    let place = |expr: Option<&Expr>| expr.and_then(|expr| places.expression(expr));
    let keys = places.spanning(place(exprs.first()), place(exprs.last()));
    let select = places.span(select.select_token.0.span);
    Some(
        Diagnostic::new(
            code::LIMIT_WITHOUT_ORDER,
            "which row of each group is kept is not determined",
        )
        .at(keys.or(select))
        .help("add an ORDER BY that begins with these columns and goes on to one row"),
    )
}

fn limit_span(query: &Query) -> Option<SqlSpan> {
    if let Some(fetch) = &query.fetch {
        return Some(fetch.span());
    }
    match query.limit_clause.as_ref()? {
        LimitClause::LimitOffset { limit, offset, .. } => {
            let limit = limit.as_ref().filter(|limit| !is_nothing(limit));
            let offset = offset.as_ref().map(|o| &o.value).filter(|offset| !is_nothing(offset));
            match limit {
                Some(Expr::Value(ValueWithSpan { value: Value::Number(n, _), .. })) if n == "0" => {
                    None
                }
                limit => Some(limit.or(offset)?.span()),
            }
        }
        LimitClause::OffsetCommaLimit { offset, limit } => Some(offset.span().union(&limit.span())),
    }
}

/// `LIMIT NULL` and `OFFSET 0` keep all rows; a limit of 0 keeps none and is told apart above.
fn is_nothing(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(ValueWithSpan { value: Value::Null, .. }))
}

fn is_ordered(query: &Query) -> bool {
    query.order_by.is_some()
        || match query.body.as_ref() {
            SetExpr::Query(inner) => is_ordered(inner),
            _ => false,
        }
}

/// An aggregate without groups, one row of VALUES, a SELECT without FROM.
fn gives_one_row(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.from.is_empty(),
        SetExpr::Values(values) => values.rows.len() < 2,
        SetExpr::Query(inner) => gives_one_row(&inner.body),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders limit 3",
            "P0401 1:23-1:30 [limit 3] which rows are kept is not determined; add an ORDER BY whose columns are unique together",
        );
        check(
            "select id from orders limit 3 offset 2",
            "P0401 1:23-1:30 [limit 3] which rows are kept is not determined; add an ORDER BY whose columns are unique together",
        );
        check(
            "select id from (select id from orders offset 2) order by id",
            "P0401 1:39-1:47 [offset 2] which rows are kept is not determined; add an ORDER BY whose columns are unique together",
        );
        check("select id from orders order by id limit 3", "");
        check("select id from orders limit 0", "");
        check("(select id from orders order by id) limit 3", "");
        check("select 1 limit 1", "");
        check(
            "select id from orders o where exists (select 1 from customers c where c.id = o.id limit 1)",
            "",
        );
    }
}
