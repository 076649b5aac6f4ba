//! How far an expression reaches in the text.
//!
//! sqlparser's spans of expressions are made of their parts' spans: `x IS NULL` ends behind
//! `x`, a cast begins behind its bracket, a window's OVER is left out. What is exact is the
//! parser itself. So runs of tokens around the rough span are parsed again, the shortest
//! first, until one gives this expression.

use planc_ir::Span;
use sqlparser::ast::Expr;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::parse::MAX_DEPTH;
use super::place::Lexeme;

/// How many tokens an expression may begin before its rough span: `EXTRACT ( YEAR FROM x`.
const BEFORE: usize = 7;

/// How many tokens outside of brackets may follow the rough span.
const BEHIND: usize = 40;

/// Longer expressions are not parsed again.
const LONGEST: usize = 1_500;

/// The exact place of `expr`, whose parts stand at `rough`.
pub(crate) fn extent(lexemes: &[Lexeme], rough: Span, expr: &Expr) -> Option<Span> {
    let first = lexemes.partition_point(|lexeme| lexeme.end <= rough.start);
    let behind = lexemes.partition_point(|lexeme| lexeme.start < rough.end).max(first + 1);
    if behind - first > LONGEST {
        return None;
    }
    let begin = first.saturating_sub(BEFORE);
    (begin..=first).rev().find_map(|start| ending(lexemes, start, behind, expr))
}

/// The shortest run of tokens from `start` that covers `behind` and is `expr`.
fn ending(lexemes: &[Lexeme], start: usize, behind: usize, expr: &Expr) -> Option<Span> {
    let from = lexemes.get(start)?.start;
    let mut depth = 0_isize;
    let mut followed = 0;
    let mut tokens: Vec<TokenWithSpan> = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate().skip(start) {
        let covered = at + 1 >= behind;
        match &lexeme.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            Token::Comma | Token::SemiColon if depth == 0 => return None,
            Token::Word(word) if depth == 0 && ends(word.keyword) && word.quote_style.is_none() => {
                return None;
            }
            _ => {}
        }
        if depth < 0 || tokens.len() > LONGEST || followed > BEHIND {
            return None;
        }
        tokens.push(TokenWithSpan::wrap(lexeme.token.clone()));
        if covered && depth == 0 {
            followed += 1;
            if parses_to(&tokens, expr) {
                return Some(Span::new(from, lexeme.end));
            }
        }
    }
    None
}

/// Keywords that no expression holds outside of brackets.
fn ends(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::SELECT
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::UNION
            | Keyword::JOIN
            | Keyword::QUALIFY
    )
}

fn parses_to(tokens: &[TokenWithSpan], expr: &Expr) -> bool {
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens.to_vec());
    match parser.parse_expr() {
        Ok(parsed) => parser.peek_token().token == Token::EOF && parsed == *expr,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::lexemes;
    use super::*;

    #[test]
    fn the_parser_tells_where_an_expression_ends() {
        for sql in [
            "x is not null",
            "cast(a as decimal(5, 2))",
            "a::int",
            "extract(year from d) + 1",
            "sum(x) over (partition by a order by b rows between 1 preceding and current row)",
            "interval '1' day",
            "not (a and b)",
            "(a, b) in (select 1, 2)",
            "date '2020-01-01'",
            "case when a then b end",
            "a between 1 and -2",
        ] {
            let whole = format!("select 1 + 1, {sql}, y from t where z");
            let start = whole.find(sql).unwrap();
            let lexemes = lexemes(&whole);
            let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql).unwrap();
            let expr = parser.parse_expr().unwrap();
            // As sqlparser sees it, from the first name or number on.
            let part = start + sql.find(['a', 'b', 'x', 'd', '1', '2']).unwrap();
            let found = extent(&lexemes, Span::new(part, part + 1), &expr);
            assert_eq!(found.map(|span| &whole[span.start..span.end]), Some(sql));
        }
    }
}
