//! Foreign dialects: polyglot-sql translates them to DataFusion's SQL before anything else.
//!
//! Only its translation is used, never its optimizer (which changes what a query means).
//! What it says it cannot express in DataFusion's SQL is an error here, not a guess.

use planc_ir::{Diagnostic, LineIndex, Span, code};
use polyglot_sql::dialects::{Dialect, DialectType, TranspileOptions};
use polyglot_sql::{ComplexityGuardOptions, Error, UnsupportedLevel};
use sqlparser::tokenizer::Token;

use super::parse::too_deep;
use super::place::{Lexeme, lexemes};

/// The dialects that a rule can be written in. The first is the default; it is read as it
/// stands, the others are translated to it.
pub const DIALECTS: &[&str] = &[
    "datafusion",
    "athena",
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "hive",
    "mysql",
    "oracle",
    "postgresql",
    "presto",
    "redshift",
    "snowflake",
    "spark",
    "sqlite",
    "trino",
    "tsql",
];

/// The deepest nesting that is translated.
const MAX_DEPTH: usize = 128;

/// Translates `sql` to DataFusion's dialect; `None` where it is written in that.
///
/// # Errors
/// P0101 where the text is not SQL of that dialect, P0108 for deep nesting, P0109 for an
/// unknown dialect and for what cannot be said in DataFusion's SQL. Spans are in `sql`.
pub(crate) fn translate(sql: &str, dialect: &str) -> Result<Option<String>, Diagnostic> {
    if dialect == "datafusion" {
        return Ok(None);
    }
    let known: Option<DialectType> =
        DIALECTS.contains(&dialect).then(|| dialect.parse().ok()).flatten();
    let Some(source) = known else {
        let message = format!("planc knows no dialect `{dialect}`");
        return Err(Diagnostic::new(code::DIALECT, message)
            .help(format!("the dialects are {}", DIALECTS.join(", "))));
    };
    let mut options = TranspileOptions::default();
    options.unsupported_level = UnsupportedLevel::Raise;
    options.complexity_guard = ComplexityGuardOptions {
        max_parser_depth: Some(MAX_DEPTH),
        max_input_bytes: None,
        max_tokens: None,
        max_ast_nodes: None,
        max_ast_depth: None,
        max_parenthesis_depth: Some(MAX_DEPTH),
        max_function_call_depth: Some(MAX_DEPTH),
    };
    let statements = Dialect::get(source)
        .transpile_with(sql, DialectType::DataFusion, options)
        .map_err(|error| refusal(sql, dialect, error))?;
    Ok(Some(statements.join(";\n")))
}

fn refusal(sql: &str, dialect: &str, error: Error) -> Diagnostic {
    match error {
        Error::Tokenize { message, line, column, start, end }
        | Error::Parse { message, line, column, start, end }
        | Error::Syntax { message, line, column, start, end } => {
            if message.contains("E_GUARD") {
                return too_deep(None);
            }
            let message = message.trim_end_matches('.').to_owned();
            let span = token_span(sql, line, column, start, end);
            Diagnostic::new(code::SYNTAX, format!("not {dialect} SQL: {message}")).at(span)
        }
        Error::Internal(words) if words.contains("E_GUARD") => too_deep(None),
        other => {
            let words = other.to_string();
            let words = words.strip_prefix("Unsupported: ").unwrap_or(&words);
            let message = match words.strip_suffix(" is not supported in datafusion") {
                Some(what) => format!("{what} has no translation from {dialect} to DataFusion"),
                None => {
                    format!("the rule cannot be brought from {dialect} to DataFusion: {words}")
                }
            };
            Diagnostic::new(code::DIALECT, message).help(
                "write this rule in DataFusion's dialect: `-- planc: dialect = \"datafusion\"`",
            )
        }
    }
}

/// polyglot's offsets count characters; its line and column are of the token's start or end,
/// so they only serve where it gives no offsets.
fn token_span(sql: &str, line: usize, column: usize, start: usize, end: usize) -> Option<Span> {
    let byte = |characters: usize| {
        sql.char_indices().nth(characters).map_or(sql.len(), |(offset, _)| offset)
    };
    if end > start {
        return Some(Span::new(byte(start), byte(end)));
    }
    if line == 0 {
        return None;
    }
    let at = LineIndex::new(sql).offset(line, column.max(1));
    Some(Span::new(at, at))
}

/// Finds in `original` what stands at `span` of its translation, by the names and literals
/// in it. `None` where that is not certain: a wrong place is worse than none.
pub(crate) fn relocate(
    translated: &[Lexeme],
    sql: &str,
    original: &str,
    span: Span,
) -> Option<Span> {
    let source = lexemes(original);
    let within = translated
        .iter()
        .filter(|lexeme| span.start <= lexeme.start && lexeme.end <= span.end)
        .filter_map(|lexeme| word(&lexeme.token).map(|word| (lexeme.start, word)));
    let mut placed: Option<Span> = None;
    for (start, wanted) in within {
        let count = |lexemes: &[Lexeme]| {
            lexemes.iter().filter(|lexeme| word(&lexeme.token).as_ref() == Some(&wanted)).count()
        };
        let nth = translated
            .iter()
            .filter(|lexeme| word(&lexeme.token).as_ref() == Some(&wanted))
            .position(|lexeme| lexeme.start == start)?;
        let (there, here) = (count(translated), count(&source));
        if here == 0 {
            // A word that the translation added, such as the name of another function.
            continue;
        }
        if there != here {
            return None;
        }
        let found = source
            .iter()
            .filter(|lexeme| word(&lexeme.token).as_ref() == Some(&wanted))
            .nth(nth)?;
        placed = Some(match placed {
            None => Span::new(found.start, found.end),
            Some(so_far) => Span::new(so_far.start.min(found.start), so_far.end.max(found.end)),
        });
    }
    let placed = placed?;
    // Words that moved apart would underline half of the query.
    let roomy = (sql.get(span.start..span.end)?.len() + 16) * 4;
    (placed.end - placed.start <= roomy).then_some(placed)
}

/// What stays the same in a translation: names and literals, not keywords' case or quotes.
fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        Token::Number(digits, _) => Some(digits.clone()),
        Token::SingleQuotedString(text) => Some(format!("'{text}")),
        Token::Placeholder(name) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check_as;
    use super::*;

    #[test]
    fn every_dialect_is_compiled_in() {
        for dialect in DIALECTS {
            let translated = translate("select a, 1 from t where a > 2", dialect);
            assert!(translated.is_ok(), "{dialect}: {translated:?}");
        }
        let unknown = translate("select 1", "mumps").unwrap_err();
        assert_eq!(unknown.code, code::DIALECT);
    }

    #[test]
    fn faults_are_shown_in_the_original_text() {
        check_as(
            "SELECT `amout` FROM `orders` o WHERE IFNULL(o.status, 'x') = 'y'",
            "mysql",
            "P0202 1:8-1:15 [`amout`] no table in scope has a column `amout`; did you mean `amount`?",
        );
        check_as(
            "SELECT id FROM orders QUALIFY upper(1, 2) > 1",
            "duckdb",
            "P0101 1:38-1:39 [,] not duckdb SQL: Expected RParen, got Comma (',') near [upper(1, 2) >]",
        );
        check_as(
            "SELECT id FROM orders WHERE",
            "spark",
            "P0101 1:23-1:28 [WHERE] not spark SQL: Unexpected token: Where",
        );
        check_as(
            "SELECT 'ä', id FROM custmers",
            "postgresql",
            "P0201 1:21-1:29 [custmers] there is no table, rule or CTE `custmers`; did you mean `customers`?",
        );
    }

    #[test]
    fn places_are_found_by_their_words() {
        let original = "select `A b`, cnt from t where cnt > 1";
        let sql = "SELECT \"A b\", cnt FROM t WHERE cnt > 1";
        let translated = lexemes(sql);
        let second = sql.rfind("cnt").unwrap();
        let found = relocate(&translated, sql, original, Span::new(second, second + 3)).unwrap();
        assert_eq!(found.start, original.rfind("cnt").unwrap());
        let added = "SELECT cnt, cnt FROM t WHERE cnt > 1";
        assert_eq!(relocate(&lexemes(added), added, original, Span::new(7, 10)), None);
    }
}
