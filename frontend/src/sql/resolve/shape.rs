//! Numbers of columns: the sides of set operations, rows of VALUES, lists of names, and
//! subqueries that stand for one value.
//!
//! What is found here counts only where DataFusion refuses the query.

use planc_ir::{Diagnostic, Severity, Span, code};
use sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Spanned, TableAlias, Values};
use sqlparser::tokenizer::Token;

use super::super::lookups::normalized;
use super::super::place::Lexeme;
use super::Resolver;

impl Resolver<'_, '_> {
    /// The sides of a set operation give equally many columns.
    pub(super) fn check_sides(
        &mut self,
        right: &SetExpr,
        left_width: Option<usize>,
        right_width: Option<usize>,
    ) {
        let (Some(wanted), Some(given)) = (left_width, right_width) else { return };
        if wanted == given {
            return;
        }
        let message = format!("this side has {}, the first one {wanted}", columns(given));
        let place = self.selected(right);
        self.shape.push(
            Diagnostic::new(code::SET_OPERATION_COLUMNS, message)
                .at(place)
                .help("select the same number of columns on all sides"),
        );
    }

    /// Where the columns of one side are listed.
    fn selected(&self, body: &SetExpr) -> Option<Span> {
        match body {
            SetExpr::Select(select) => {
                let place = |item: &SelectItem| match item {
                    SelectItem::UnnamedExpr(expr) => self.places.expression(expr),
                    SelectItem::ExprWithAlias { expr, alias } => {
                        let expr = self.places.expression(expr);
                        self.places.spanning(expr, self.places.span(alias.span))
                    }
                    SelectItem::Wildcard(options) => {
                        self.places.span(options.wildcard_token.0.span)
                    }
                    SelectItem::QualifiedWildcard(kind, options) => {
                        let name = self.places.span(kind.span());
                        let star = self.places.span(options.wildcard_token.0.span);
                        self.places.spanning(name, star)
                    }
                    item => self.places.closed(item.span()),
                };
                let first = select.projection.first().and_then(place);
                self.places.spanning(first, select.projection.last().and_then(place))
            }
            SetExpr::Values(values) => self.places.values(values),
            SetExpr::Query(query) => self.selected(&query.body),
            SetExpr::SetOperation { left, .. } => self.selected(left),
            _ => None,
        }
    }

    /// All rows of VALUES are as long as the first.
    pub(super) fn check_rows(&mut self, values: &Values) {
        let Some(wanted) = values.rows.first().map(|row| row.content.len()) else { return };
        let Some(row) = values.rows.iter().find(|row| row.content.len() != wanted) else { return };
        let message = format!(
            "the rows of VALUES differ in length: {} in the first, {} in another",
            columns(wanted),
            row.content.len()
        );
        let mut finding = Diagnostic::new(code::COLUMN_COUNT, message)
            .at(self.places.values(values))
            .help("give all rows the same number of values");
        if let Some(place) = self.places.closed(row.span()) {
            finding = finding.related(place, "this row");
        }
        self.shape.push(finding);
    }

    /// Two columns of the rule's output with one name: DataFusion keeps both.
    pub(super) fn warn_of_twins(&mut self, items: &[SelectItem]) {
        if self.depth != 1 {
            return;
        }
        let mut names: Vec<String> = Vec::new();
        for item in items {
            let (name, place) = match item {
                SelectItem::ExprWithAlias { alias, .. } => {
                    (normalized(alias), self.places.span(alias.span))
                }
                SelectItem::UnnamedExpr(
                    expr @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)),
                ) => {
                    let last = match expr {
                        Expr::Identifier(ident) => Some(ident),
                        Expr::CompoundIdentifier(idents) => idents.last(),
                        _ => None,
                    };
                    (last.map(normalized).unwrap_or_default(), self.places.expression(expr))
                }
                _ => continue,
            };
            if names.contains(&name) {
                let message = format!("two columns of the output are called `{name}`");
                let mut finding = Diagnostic::new(code::DUPLICATE_OUTPUT, message)
                    .at(place)
                    .help("give one another name: `… AS other`");
                finding.severity = Severity::Warning;
                // A new name for an alias changes nothing that can be named otherwise.
                if let (SelectItem::ExprWithAlias { .. }, Some(place)) = (item, finding.span)
                    && self.places.is_original()
                {
                    let free = (2..).map(|nth| format!("{name}_{nth}"));
                    let free = free.into_iter().find(|free| !names.contains(free));
                    finding = finding.fix(place, super::names::quoted(&free.unwrap_or_default()));
                }
                self.found.push(finding);
            }
            names.push(name);
        }
    }

    /// `*` stands for the columns of tables.
    pub(super) fn check_star(&mut self, star: Option<Span>) {
        if self.scopes.last().is_some_and(|scope| scope.relations.is_empty()) {
            let message = "`*` stands for the columns of tables, and there is no FROM";
            self.shape.push(Diagnostic::new(code::UNKNOWN_TABLE, message).at(star));
        }
    }

    /// An alias names all columns or none.
    pub(super) fn check_names(&mut self, alias: &TableAlias, width: Option<usize>, cte: bool) {
        let names: Vec<String> =
            alias.columns.iter().map(|column| normalized(&column.name)).collect();
        let twin = (1..names.len()).find(|at| {
            names.get(..*at).zip(names.get(*at)).is_some_and(|(before, name)| before.contains(name))
        });
        if let Some(column) = twin.and_then(|at| alias.columns.get(at)) {
            let message = format!("two columns of `{}` get one name", alias.name.value);
            self.shape.push(
                Diagnostic::new(code::DUPLICATE_OUTPUT, message)
                    .at(self.places.span(column.name.span))
                    .help("name each column differently"),
            );
        }
        let Some(wanted) = width else { return };
        let given = alias.columns.len();
        if given == 0 || given == wanted {
            return;
        }
        let first = alias.columns.first().and_then(|column| self.places.span(column.name.span));
        let last = alias.columns.last().and_then(|column| self.places.span(column.name.span));
        let mut place = self.places.spanning(first, last);
        // The names of a CTE's columns are shown with their brackets.
        if let Some(names) = place.filter(|_| cte) {
            let at = |span: Span| self.places.in_text(span);
            let lexemes = self.places.lexemes();
            let placed = |token: &Token, matches: &dyn Fn(Span) -> bool| {
                lexemes
                    .iter()
                    .filter(|lexeme| lexeme.token == *token)
                    .filter_map(|lexeme| at(Span::new(lexeme.start, lexeme.end)))
                    .find(|span| matches(*span))
            };
            let before = |lexeme: &&Lexeme| {
                let place = at(Span::new(lexeme.start, lexeme.end));
                lexeme.token == Token::LParen && place.is_some_and(|p| p.end <= names.start)
            };
            let open = lexemes.iter().rfind(before);
            let open = open.and_then(|open| at(Span::new(open.start, open.end)));
            let close = placed(&Token::RParen, &|span| span.start >= names.end);
            place = self.places.spanning(open, close).or(place);
        }
        let message = format!(
            "{} named here, and `{}` has {}",
            if given == 1 { "1 column is".to_owned() } else { format!("{given} columns are") },
            alias.name.value,
            columns(wanted)
        );
        self.shape.push(
            Diagnostic::new(code::COLUMN_COUNT, message)
                .at(place)
                .help("name all of them, or none"),
        );
    }

    /// A subquery that stands for one value has one column.
    pub(super) fn check_value(
        &mut self,
        query: &Query,
        around: Option<Span>,
        width: Option<usize>,
    ) {
        let Some(width) = width.filter(|width| *width != 1) else { return };
        let message = format!("the subquery stands for one value and selects {}", columns(width));
        let place = around.or_else(|| self.places.closed(query.span()));
        self.shape.push(
            Diagnostic::new(code::SUBQUERY_COLUMNS, message)
                .at(place)
                .help("select the one column that is meant"),
        );
    }
}

fn columns(number: usize) -> String {
    format!("{number} column{}", if number == 1 { "" } else { "s" })
}
