//! Text to one query's syntax tree.

use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{Query, Select, SetExpr, Spanned, Statement};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer};

use super::place::{Lexeme, Places};
use super::source::skip_mark;
use super::{Parsed, SqlRule, balance, dialect, foreign, lookups, reread, template};

/// The deepest nesting of brackets and subqueries that is parsed.
pub(crate) const MAX_DEPTH: usize = 128;

/// What a query can begin with.
const QUERY_STARTS: [Keyword; 5] =
    [Keyword::SELECT, Keyword::WITH, Keyword::FROM, Keyword::VALUES, Keyword::TABLE];

/// What other statements begin with. A word of neither list is a plain syntax error.
const STATEMENT_STARTS: [Keyword; 40] = [
    Keyword::ALTER,
    Keyword::ANALYZE,
    Keyword::ATTACH,
    Keyword::BEGIN,
    Keyword::CALL,
    Keyword::CLOSE,
    Keyword::COMMENT,
    Keyword::COMMIT,
    Keyword::COPY,
    Keyword::CREATE,
    Keyword::DEALLOCATE,
    Keyword::DECLARE,
    Keyword::DELETE,
    Keyword::DESC,
    Keyword::DESCRIBE,
    Keyword::DROP,
    Keyword::EXECUTE,
    Keyword::EXPLAIN,
    Keyword::EXPORT,
    Keyword::FETCH,
    Keyword::FLUSH,
    Keyword::GRANT,
    Keyword::INSERT,
    Keyword::INSTALL,
    Keyword::KILL,
    Keyword::LOAD,
    Keyword::LOCK,
    Keyword::MERGE,
    Keyword::PRAGMA,
    Keyword::PREPARE,
    Keyword::REFRESH,
    Keyword::REPLACE,
    Keyword::RESET,
    Keyword::REVOKE,
    Keyword::ROLLBACK,
    Keyword::SET,
    Keyword::SHOW,
    Keyword::TRUNCATE,
    Keyword::UPDATE,
    Keyword::USE,
];

pub(crate) fn parse(rule: &SqlRule<'_>) -> Result<Parsed, Vec<Diagnostic>> {
    let (text, base) = skip_mark(rule.text);
    let shifted = |mut diagnostic: Diagnostic| {
        diagnostic.span = diagnostic.span.map(|s| Span::new(s.start + base, s.end + base));
        diagnostic
    };
    let templates = template::template_marks(text);
    if !templates.is_empty() {
        return Err(templates.into_iter().map(shifted).collect());
    }
    if text.trim().is_empty() {
        return Err(vec![empty()]);
    }
    let translated = dialect::translate(text, rule.dialect).map_err(|d| vec![shifted(d)])?;
    let places = Places::new(rule.text, translated.as_deref());
    let mut query = one_query(&places)?;
    if translated.is_some() {
        foreign::nulls::write_out(&mut query, rule.dialect);
        foreign::rewrite::rewrite(&mut query, rule.dialect);
    }
    balance::balance(&mut query).map_err(|span| vec![too_deep(places.closed(span))])?;
    Ok(Parsed {
        lookups: lookups::lookups(&query),
        text: rule.text.to_owned(),
        params: rule.params.clone(),
        dialect: rule.dialect.to_owned(),
        query: Some(query),
        translated,
    })
}

fn one_query(places: &Places<'_>) -> Result<Box<Query>, Vec<Diagnostic>> {
    let tokens = Tokenizer::new(&GenericDialect {}, places.sql())
        .tokenize_with_location()
        .map_err(|error| vec![unreadable(places, &error.message, error.location)])?;
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    while parser.consume_token(&Token::SemiColon) {}
    let first = parser.peek_token();
    if first.token == Token::EOF {
        return Err(vec![empty()]);
    }
    if starts_other_statement(&first.token) {
        return Err(vec![not_a_query(places.span(first.span), &first.token)]);
    }
    let statement = parser.parse_statement().map_err(|error| {
        let near = parser.peek_token();
        vec![syntax(places, error, &near)]
    })?;
    let mut ended = false;
    while parser.consume_token(&Token::SemiColon) {
        ended = true;
    }
    let next = parser.peek_token();
    match next.token {
        Token::EOF => {}
        _ if ended => return Err(vec![second_statement(places, &next)]),
        _ => {
            let words = format!("Expected: the end of the query, found: {}", next.token);
            return Err(vec![syntax(places, ParserError::ParserError(words), &next)]);
        }
    }
    match statement {
        Statement::Query(query) => match refused_body(&query) {
            Some(span) => Err(vec![not_a_query(places.span(span), &first.token)]),
            None => Ok(query),
        },
        _ => Err(vec![not_a_query(places.span(first.span), &first.token)]),
    }
}

fn starts_other_statement(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            !QUERY_STARTS.contains(&word.keyword) && STATEMENT_STARTS.contains(&word.keyword)
        }
        _ => false,
    }
}

/// Where a query changes or makes a table: `WITH … INSERT`, `SELECT … INTO`.
fn refused_body(query: &Query) -> Option<SqlSpan> {
    match query.body.as_ref() {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Some(statement.span()),
        SetExpr::Select(select) => into_target(select),
        SetExpr::Query(inner) => refused_body(inner),
        _ => None,
    }
}

fn into_target(select: &Select) -> Option<SqlSpan> {
    select.into.as_ref().map(|into| into.name.span())
}

fn empty() -> Diagnostic {
    Diagnostic::new(code::EMPTY_RULE, "the file holds no query")
        .help("write one query, or remove the file")
}

fn not_a_query(span: Option<Span>, first: &Token) -> Diagnostic {
    let what = match first {
        Token::Word(word) if !QUERY_STARTS.contains(&word.keyword) => word.value.to_uppercase(),
        _ => "this statement".to_owned(),
    };
    Diagnostic::new(code::NOT_A_QUERY, format!("a rule is a query, and {what} is none"))
        .at(span)
        .help(
            "keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top \
             of the file",
        )
}

fn second_statement(places: &Places<'_>, next: &TokenWithSpan) -> Diagnostic {
    Diagnostic::new(code::SEVERAL_STATEMENTS, "a rule is one statement, and here a second begins")
        .at(places.span(next.span))
        .help("put each query into a file of its own; one rule can read another by its name")
}

/// The diagnostic for deep nesting.
pub(crate) fn too_deep(span: Option<Span>) -> Diagnostic {
    Diagnostic::new(code::TOO_DEEP, "the query is nested too deeply here")
        .at(span)
        .help(format!("nest at most about {MAX_DEPTH} levels; a CTE takes a level out"))
}

pub(crate) fn unreadable(places: &Places<'_>, message: &str, location: Location) -> Diagnostic {
    let message = lower_first(message.trim_end_matches([' ', ':']));
    Diagnostic::new(code::SYNTAX, message).at(places.token_at(location))
}

pub(crate) fn syntax(places: &Places<'_>, error: ParserError, near: &TokenWithSpan) -> Diagnostic {
    let words = match error {
        ParserError::RecursionLimitExceeded => return too_deep(places.span(near.span)),
        ParserError::ParserError(words) | ParserError::TokenizerError(words) => words,
    };
    // Where the parser tries one reading after the other, the limit of depth that ended the
    // first is forgotten, and the second fails with words that mislead.
    if let Some(deep) = first_deep(places.lexemes()) {
        return too_deep(places.in_text(deep));
    }
    let (words, location) = split_location(&words);
    let ends_early = words.ends_with("found: EOF");
    let first = location.unwrap_or(if ends_early { reread::END } else { near.span.start });
    let (words, location) = match reread::further(places.sql(), first) {
        Some(further) => further,
        None => (words.to_owned(), first),
    };
    let diagnostic = Diagnostic::new(code::SYNTAX, readable(&words));
    if words.ends_with("found: EOF") {
        return diagnostic
            .at(places.end())
            .help("the query ends too early: is a bracket or clause missing?");
    }
    diagnostic.at(places.token_at(location))
}

/// The first token that stands under very many brackets or prefix operators.
fn first_deep(lexemes: &[Lexeme]) -> Option<Span> {
    let mut depth = 0_usize;
    let mut prefixes = 0_usize;
    for lexeme in lexemes {
        depth = match &lexeme.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth + 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth.saturating_sub(1),
            _ => depth,
        };
        prefixes = match &lexeme.token {
            Token::Minus | Token::Plus | Token::Tilde => prefixes + 1,
            Token::Word(word) if word.keyword == Keyword::NOT => prefixes + 1,
            Token::Word(word) if word.keyword == Keyword::CASE => prefixes + 1,
            Token::LParen => prefixes,
            _ => 0,
        };
        if depth.max(prefixes) > MAX_DEPTH / 2 {
            return Some(Span::new(lexeme.start, lexeme.end));
        }
    }
    None
}

/// sqlparser writes the place into its message.
pub(crate) fn split_location(words: &str) -> (&str, Option<Location>) {
    let Some((before, place)) = words.rsplit_once(" at Line: ") else {
        return (words, None);
    };
    let location = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?))
    });
    (before, location)
}

/// "Expected: X, found: Y" in a sentence's form.
fn readable(words: &str) -> String {
    match words.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")) {
        Some((expected, "EOF")) => format!("expected {expected}, found the end of the text"),
        Some((expected, found)) => format!("expected {expected}, found `{found}`"),
        None => lower_first(words.trim_end_matches('.')),
    }
}

fn lower_first(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "syntax error".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn syntax_errors_are_placed_and_readable() {
        check(
            "select id form orders x",
            "P0101 1:16-1:22 [orders] expected the end of the query, found `orders`",
        );
        check("select (id from orders", "P0101 1:12-1:16 [from] expected ), found `from`");
        check(
            "select id, from orders",
            "P0404 1:10-1:11 [,] DataFusion ignores the comma before FROM; remove it",
        );
        check(
            "select (select 1",
            "P0101 1:17-1:17 [] expected ), found the end of the text; the query ends too early: is a bracket or clause missing?",
        );
        check(
            "select id from (select id from orders where id in (1, 2) t",
            "P0101 1:58-1:59 [t] expected ), found `t`",
        );
        check(
            "select case when id = 1 then 2 from orders",
            "P0101 1:32-1:36 [from] expected END, found `from`",
        );
        check(
            "select case, id x y from (select 1 as case, 2 as id)",
            "P0101 1:19-1:20 [y] expected the end of the query, found `y`",
        );
        check("select 'abc", "P0101 1:8-1:9 ['] unterminated string literal");
        check(
            "select id from orders where",
            "P0101 1:28-1:28 [] expected an expression, found the end of the text; the query ends too early: is a bracket or clause missing?",
        );
        check(
            "select id from orders )",
            "P0101 1:23-1:24 [)] expected the end of the query, found `)`",
        );
        check(
            "\u{feff}select 'ä', ? + ] from orders",
            "P0101 1:18-1:19 []] expected an expression, found `]`",
        );
    }

    #[test]
    fn only_one_query_is_a_rule() {
        check(
            "insert into orders select * from orders",
            "P0102 1:1-1:7 [insert] a rule is a query, and INSERT is none; keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top of the file",
        );
        check(
            "with a as (select 1) insert into orders select * from a",
            "P0102 1:22-1:56 [insert into orders select * from a] a rule is a query, and this statement is none; keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top of the file",
        );
        check(
            "copy orders to 'x'",
            "P0102 1:1-1:5 [copy] a rule is a query, and COPY is none; keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top of the file",
        );
        check(
            "explain select 1",
            "P0102 1:1-1:8 [explain] a rule is a query, and EXPLAIN is none; keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top of the file",
        );
        check(
            "select id into t from orders",
            "P0102 1:16-1:17 [t] a rule is a query, and this statement is none; keep the SELECT; where its rows go is said by `-- planc: output = {…}` at the top of the file",
        );
        check(
            "select 1; select 2",
            "P0103 1:11-1:17 [select] a rule is one statement, and here a second begins; put each query into a file of its own; one rule can read another by its name",
        );
        check(
            " -- nothing\n ;",
            "P0104 - the file holds no query; write one query, or remove the file",
        );
        check("  ", "P0104 - the file holds no query; write one query, or remove the file");
        check("select id from orders; -- done\n ; /* x */", "");
        check(
            "select id from {{ ref('orders') }}",
            "P0105 1:16-1:35 [{{ ref('orders') }}] planc reads SQL, and this is template syntax; name the table itself: planc reads another rule as `orders`",
        );
    }

    #[test]
    fn deep_nesting_is_refused_or_works() {
        for (open, close) in
            [("(", ")"), ("(select ", ")"), ("abs(", ")"), ("not ", ""), ("- ", "")]
        {
            let sql = format!("select {}1{}", open.repeat(3000), close.repeat(3000));
            let diagnostics = super::super::testing::planned(&sql).diagnostics;
            assert_eq!(diagnostics.len(), 1, "{open}: {diagnostics:?}");
            assert_eq!(diagnostics[0].code.id, "P0108", "{open}: {diagnostics:?}");
            assert!(diagnostics[0].span.is_some());
        }
        for chain in [" and id = 1", " or id = 1", " + 1"] {
            let terms = if chain.contains('+') { 1000 } else { 10_000 };
            let sql = format!(
                "select id from orders where id = 1 {}",
                chain.repeat(terms).replace(" = 3 +", " +")
            );
            let planned = super::super::testing::planned(&sql);
            assert!(
                planned.plan.is_some(),
                "{chain}: {:?}",
                planned.diagnostics.first().map(|d| &d.message)
            );
        }
    }
}
