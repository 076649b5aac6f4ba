//! Where a text really stops being SQL.
//!
//! sqlparser tries one reading after the other and tells where the last one failed: `case` may be
//! a column's name, and a bracket may hold an expression or a join instead of a query. So what
//! begins with `CASE`, or with a bracket before a query, is read again by itself, and the reading
//! that came furthest is the one that the author meant.

use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::parse::{MAX_DEPTH, split_location};

/// More places than these are not read again.
const MOST_READINGS: usize = 64;

/// What is wrong behind `from`, and where, if a part that begins before it can be read further.
pub(crate) fn further(sql: &str, from: Location) -> Option<(String, Location)> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().ok()?;
    let written: Vec<TokenWithSpan> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let before = written.iter().take_while(|token| token.span.start <= from).count();
    let starts = (0..before).rev().filter(|at| begins(&written, *at).is_some());
    let failures = starts.take(MOST_READINGS).filter_map(|at| {
        let part = begins(&written, at)?;
        read(part, written.get(at..)?.to_vec()).err()
    });
    let placed = failures.filter_map(|error| {
        let ParserError::ParserError(words) = error else { return None };
        let (words, location) = split_location(&words);
        Some((words.to_owned(), location.unwrap_or(END)))
    });
    placed.filter(|(_, at)| *at > from).max_by_key(|(_, at)| *at)
}

/// Behind the last token.
pub(crate) const END: Location = Location { line: u64::MAX, column: u64::MAX };

/// A part that sqlparser reads in several ways.
#[derive(Debug, Clone, Copy)]
enum Part {
    Case,
    Subquery,
}

fn begins(tokens: &[TokenWithSpan], at: usize) -> Option<Part> {
    let keyword = |at: usize| match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    match &tokens.get(at)?.token {
        Token::LParen if matches!(keyword(at + 1), Keyword::SELECT | Keyword::WITH) => {
            Some(Part::Subquery)
        }
        Token::Word(_) if keyword(at) == Keyword::CASE => Some(Part::Case),
        _ => None,
    }
}

fn read(part: Part, tokens: Vec<TokenWithSpan>) -> Result<(), ParserError> {
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    parser.next_token();
    match part {
        Part::Case => parser.parse_case_expr().map(drop),
        Part::Subquery => {
            parser.parse_query()?;
            parser.expect_token(&Token::RParen).map(drop)
        }
    }
}
