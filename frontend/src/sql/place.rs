//! From sqlparser's lines and columns to byte offsets in the rule's text.

use std::cell::OnceCell;
use std::ops::ControlFlow;

use planc_ir::{LineIndex, Span};
use sqlparser::ast::{CastKind, Expr, Select, Spanned, Values, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer};

use super::dialect::relocate;
use super::extent::extent;
use super::source::skip_mark;

/// One token's place in the text that was parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) token: Token,
}

/// Finds places in one rule. Cheap until something has to be placed.
pub(crate) struct Places<'a> {
    /// What sqlparser reads: the text behind a byte order mark, or its translation.
    sql: &'a str,
    /// What stands before `sql` in the text that the user knows, in bytes.
    base: usize,
    /// The user's text, where `sql` is a translation of it.
    original: Option<&'a str>,
    lines: OnceCell<LineIndex<'a>>,
    lexemes: OnceCell<Vec<Lexeme>>,
}

impl<'a> Places<'a> {
    /// Places in `text`, or in `text` for errors found in its translation.
    pub(crate) fn new(text: &'a str, translated: Option<&'a str>) -> Self {
        let (rest, base) = skip_mark(text);
        let (lines, lexemes) = (OnceCell::new(), OnceCell::new());
        match translated {
            None => Places { sql: rest, base, original: None, lines, lexemes },
            Some(sql) => Places { sql, base, original: Some(rest), lines, lexemes },
        }
    }

    /// True where the rule is written in DataFusion's dialect: places are exact there.
    pub(crate) fn is_original(&self) -> bool {
        self.original.is_none()
    }

    /// The text that sqlparser reads.
    pub(crate) fn sql(&self) -> &'a str {
        self.sql
    }

    /// Where the user wrote what sqlparser saw at `span`; `None` where nobody knows.
    pub(crate) fn span(&self, span: SqlSpan) -> Option<Span> {
        self.in_text(self.in_sql(span)?)
    }

    /// As [`span`](Self::span), grown to whole tokens and to balanced brackets: sqlparser's
    /// span of a call ends before its `)`.
    pub(crate) fn closed(&self, span: SqlSpan) -> Option<Span> {
        self.in_text(self.balanced(self.in_sql(span)?))
    }

    /// From a function's name to the bracket that closes its arguments.
    pub(crate) fn call(&self, name: SqlSpan) -> Option<Span> {
        self.in_text(self.call_in_sql(name)?)
    }

    /// As [`call`](Self::call), in [`sql`](Self::sql).
    pub(crate) fn call_in_sql(&self, name: SqlSpan) -> Option<Span> {
        let name = self.in_sql(name)?;
        Some(Span::new(name.start, self.call_end(name)))
    }

    fn call_end(&self, name: Span) -> usize {
        let lexemes = self.lexemes();
        let next = lexemes.partition_point(|lexeme| lexeme.start < name.end);
        match lexemes.get(next) {
            Some(open) if open.token == Token::LParen => {
                self.balanced(Span::new(name.start, open.end)).end
            }
            _ => name.end,
        }
    }

    /// An expression, as far as its text reaches, with brackets, keywords and OVER.
    pub(crate) fn expression(&self, expr: &Expr) -> Option<Span> {
        let rough = self.rough(expr)?;
        if let Some(exact) = extent(self.lexemes(), rough, expr) {
            return self.in_text(exact);
        }
        match expr {
            Expr::Function(function) => {
                let arguments = self.balanced(rough);
                let name = self.in_sql(function.name.span())?;
                let call = self.call_end(name).max(arguments.end);
                self.in_text(Span::new(name.start.min(arguments.start), call))
            }
            _ => self.in_text(self.balanced(rough)),
        }
    }

    /// What sqlparser knows of an expression's place, or of its parts'.
    fn rough(&self, expr: &Expr) -> Option<Span> {
        struct Parts(SqlSpan);
        impl Visitor for Parts {
            type Break = ();

            fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
                self.0 = self.0.union(&expr.span());
                ControlFlow::Continue(())
            }
        }
        let mut parts = Parts(expr.span());
        let _ = expr.visit(&mut parts);
        self.in_sql(parts.0)
    }

    /// The first and the last token of a span of the user's text.
    pub(crate) fn ends(&self, span: Span) -> Option<(Span, Span)> {
        let inside = |lexeme: &&Lexeme| {
            let placed = self.in_text(Span::new(lexeme.start, lexeme.end));
            placed.is_some_and(|at| span.start <= at.start && at.end <= span.end)
        };
        let mut tokens = self.lexemes().iter().filter(inside);
        let first = tokens.next()?;
        let last = tokens.next_back().unwrap_or(first);
        let placed = |lexeme: &Lexeme| self.in_text(Span::new(lexeme.start, lexeme.end));
        Some((placed(first)?, placed(last)?))
    }

    /// From the word VALUES to its last row.
    pub(crate) fn values(&self, values: &Values) -> Option<Span> {
        let first = self.in_sql(values.rows.first()?.span())?;
        let last = self.span(values.rows.last()?.span());
        let lexemes = self.lexemes();
        let before = lexemes.partition_point(|lexeme| lexeme.end <= first.start);
        let word = lexemes.get(..before)?.iter().rev().find(
            |lexeme| matches!(&lexeme.token, Token::Word(word) if word.keyword == Keyword::VALUES),
        )?;
        self.spanning(self.in_text(Span::new(word.start, word.end)), last)
    }

    /// The type that a cast names, or the field that qualifies an interval.
    pub(crate) fn type_of(&self, expr: &Expr) -> Option<Span> {
        let whole = extent(self.lexemes(), self.rough(expr)?, expr)?;
        let lexemes = self.lexemes();
        let first = lexemes.partition_point(|lexeme| lexeme.end <= whole.start);
        let behind = lexemes.partition_point(|lexeme| lexeme.start < whole.end);
        let tokens = lexemes.get(first..behind)?;
        let is_as = |lexeme: &Lexeme| matches!(&lexeme.token, Token::Word(word) if word.keyword == Keyword::AS);
        let (from, to) = match expr {
            Expr::Cast { kind: CastKind::DoubleColon, .. } => {
                (tokens.iter().rposition(|l| l.token == Token::DoubleColon)? + 1, tokens.len())
            }
            Expr::Cast { .. } => (tokens.iter().rposition(is_as)? + 1, tokens.len() - 1),
            Expr::Interval(interval) => {
                let value = self.in_sql(interval.value.span())?;
                (tokens.iter().position(|l| l.start >= value.end)?, tokens.len())
            }
            _ => return None,
        };
        let (start, end) = (tokens.get(from)?.start, tokens.get(to.checked_sub(1)?)?.end);
        self.in_text(Span::new(start, end))
    }

    /// True where a piece of the user's text holds no comment.
    pub(crate) fn is_plain(&self, start: usize, end: usize) -> bool {
        let text = start.checked_sub(self.base).zip(end.checked_sub(self.base));
        text.and_then(|(start, end)| self.sql.get(start..end))
            .is_some_and(|piece| !piece.contains("--") && !piece.contains("/*"))
    }

    /// From the first token at or behind the start of one span to the end of another, both
    /// grown to balanced brackets.
    pub(crate) fn spanning(&self, first: Option<Span>, last: Option<Span>) -> Option<Span> {
        let (first, last) = (first?, last?);
        Some(Span::new(first.start.min(last.start), last.end.max(first.end)))
    }

    /// Where something stands, with the keyword before it if it is one of `words`.
    pub(crate) fn with_keyword(&self, span: SqlSpan, words: &[Keyword]) -> Option<Span> {
        let span = self.balanced(self.in_sql(span)?);
        let lexemes = self.lexemes();
        let mut first = lexemes.partition_point(|lexeme| lexeme.end <= span.start);
        let mut start = span.start;
        while let Some(before) = first.checked_sub(1).and_then(|at| lexemes.get(at)) {
            let keyword = match &before.token {
                Token::Word(word) if word.quote_style.is_none() => word.keyword,
                _ => break,
            };
            if !words.contains(&keyword) {
                break;
            }
            start = before.start;
            first -= 1;
        }
        self.in_text(Span::new(start, span.end))
    }

    /// The comma that stands behind the last column of a SELECT.
    pub(crate) fn comma_before_from(&self, select: &Select) -> Option<Span> {
        let last = self.in_sql(select.projection.last()?.span())?;
        // Looking at the text first spares most rules their tokens.
        let between = self.sql.get(last.end..)?.to_ascii_lowercase();
        let before = between.split_once("from").map(|(before, _)| before.trim_end())?;
        if !before.ends_with(',') {
            return None;
        }
        let lexemes = self.lexemes();
        let from = lexemes.partition_point(|lexeme| lexeme.start < last.end);
        let tokens = lexemes.get(from..)?;
        let at = tokens.iter().position(
            |lexeme| matches!(&lexeme.token, Token::Word(word) if word.keyword == Keyword::FROM),
        )?;
        let comma = tokens.get(at.checked_sub(1)?)?;
        let span = Span::new(comma.start, comma.end);
        (comma.token == Token::Comma).then(|| self.in_text(span)).flatten()
    }

    /// The first such keyword behind a place.
    pub(crate) fn keyword_behind(&self, place: SqlSpan, keyword: Keyword) -> Option<Span> {
        let from = self.in_sql(place)?.end;
        let found = self.lexemes().iter().filter(|lexeme| lexeme.start >= from).find(|lexeme| {
            matches!(&lexeme.token, Token::Word(word)
                if word.keyword == keyword && word.quote_style.is_none())
        })?;
        self.in_text(Span::new(found.start, found.end))
    }

    /// The token at a position as sqlparser's error messages give it; behind the last token,
    /// the empty span there.
    pub(crate) fn token_at(&self, location: Location) -> Option<Span> {
        let offset = self.offset(location);
        let lexemes = self.lexemes();
        let found = lexemes.iter().find(|lexeme| lexeme.start <= offset && offset < lexeme.end);
        match found {
            Some(lexeme) => self.in_text(Span::new(lexeme.start, lexeme.end)),
            None if location.line == 0 || offset >= self.sql.trim_end().len() => self.end(),
            None => {
                let width = self.sql.get(offset..)?.chars().next().map_or(0, char::len_utf8);
                self.in_text(Span::new(offset, offset + width))
            }
        }
    }

    /// The empty span behind the last token.
    pub(crate) fn end(&self) -> Option<Span> {
        let end = match self.original {
            None => self.lexemes().last().map_or(self.sql.trim_end().len(), |last| last.end),
            Some(original) => original.trim_end().len(),
        };
        Some(Span::new(self.base + end, self.base + end))
    }

    /// A span of bytes of [`sql`](Self::sql), in the user's text.
    pub(crate) fn in_text(&self, span: Span) -> Option<Span> {
        let placed = match self.original {
            None => span,
            Some(original) => relocate(self.lexemes(), self.sql, original, span)?,
        };
        Some(Span::new(placed.start + self.base, placed.end + self.base))
    }

    /// The byte offsets of a span of sqlparser's.
    pub(crate) fn in_sql(&self, span: SqlSpan) -> Option<Span> {
        if span.start.line == 0 {
            return None;
        }
        Some(Span::new(self.offset(span.start), self.offset(span.end)))
    }

    /// The tokens of [`sql`](Self::sql), without white space and comments.
    pub(crate) fn lexemes(&self) -> &[Lexeme] {
        self.lexemes.get_or_init(|| lexemes(self.sql))
    }

    fn offset(&self, location: Location) -> usize {
        let lines = self.lines.get_or_init(|| LineIndex::new(self.sql));
        lines.offset(location.line as usize, location.column as usize)
    }

    fn balanced(&self, span: Span) -> Span {
        let lexemes = self.lexemes();
        let first = lexemes.partition_point(|lexeme| lexeme.end <= span.start);
        let behind = lexemes.partition_point(|lexeme| lexeme.start < span.end);
        let mut open = 0_usize;
        let mut unopened = 0_usize;
        for lexeme in lexemes.get(first..behind).unwrap_or_default() {
            match bracket(&lexeme.token) {
                1 => open += 1,
                -1 if open > 0 => open -= 1,
                -1 => unopened += 1,
                _ => {}
            }
        }
        let mut grown = span;
        for lexeme in lexemes.get(behind..).unwrap_or_default() {
            if open == 0 {
                break;
            }
            open = open.saturating_add_signed(bracket(&lexeme.token));
            grown.end = lexeme.end;
        }
        for lexeme in lexemes.get(..first).unwrap_or_default().iter().rev() {
            if unopened == 0 {
                break;
            }
            unopened = unopened.saturating_add_signed(-bracket(&lexeme.token));
            grown.start = lexeme.start;
        }
        grown
    }
}

fn bracket(token: &Token) -> isize {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => 1,
        Token::RParen | Token::RBracket | Token::RBrace => -1,
        _ => 0,
    }
}

/// Splits SQL into tokens with their byte offsets; what cannot be split ends the list.
pub(crate) fn lexemes(sql: &str) -> Vec<Lexeme> {
    let mut tokens = Vec::new();
    // An error leaves the tokens before it in the buffer.
    let _ = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location_into_buf(&mut tokens);
    let mut cursor = Cursor { text: sql, line: 1, column: 1, offset: 0 };
    tokens
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
        .map(|TokenWithSpan { token, span }| {
            let start = cursor.advance(span.start);
            Lexeme { start, end: cursor.advance(span.end), token }
        })
        .collect()
}

/// Walks a text once, from one position to the next.
struct Cursor<'a> {
    text: &'a str,
    line: u64,
    column: u64,
    offset: usize,
}

impl Cursor<'_> {
    fn advance(&mut self, to: Location) -> usize {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        for character in rest.chars() {
            if (self.line, self.column) >= (to.line, to.column) {
                break;
            }
            self.offset += character.len_utf8();
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_byte_offsets_whatever_stands_before_them() {
        let text = "select 'ä€', -- \u{1F600}\r\n\t\"ß\" ,f( (x) ) from t";
        let texts: Vec<&str> = lexemes(text).iter().map(|l| &text[l.start..l.end]).collect();
        let expected =
            ["select", "'ä€'", ",", "\"ß\"", ",", "f", "(", "(", "x", ")", ")", "from", "t"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn calls_end_at_their_bracket() {
        let text = "\u{feff}select f(g(1), 'x)') from t";
        let places = Places::new(text, None);
        let name = SqlSpan::new(Location::new(1, 8), Location::new(1, 9));
        let call = places.call(name).unwrap();
        assert_eq!(&text[call.start..call.end], "f(g(1), 'x)')");
        let open = SqlSpan::new(Location::new(1, 8), Location::new(1, 13));
        let closed = places.closed(open).unwrap();
        assert_eq!(&text[closed.start..closed.end], "f(g(1), 'x)')");
    }
}
