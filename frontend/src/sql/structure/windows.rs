//! P0212 and P0310: windows that nothing defines, frames that end before they begin, and
//! offsets that count no rows.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    Expr, Ident, NamedWindowExpr, OrderBy, Query, Select, Spanned, UnaryOperator, Value, Visit,
    Visitor, WindowFrame, WindowFrameBound as Bound, WindowFrameUnits, WindowSpec, WindowType,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span as SqlSpan, Token};

use super::super::lookups::normalized;
use super::Build;
use super::own::{items, ordered};

impl Build<'_, '_> {
    pub(super) fn windows(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        let mut windows = Windows { names: Vec::new(), specs: Vec::new(), depth: 0 };
        items(select)
            .chain(select.having.as_ref())
            .chain(select.qualify.as_ref())
            .chain(ordered(order_by))
            .for_each(|expr| {
                let _ = expr.visit(&mut windows);
            });
        for definition in &select.named_window {
            match &definition.1 {
                NamedWindowExpr::NamedWindow(name) => windows.names.push(name.clone()),
                NamedWindowExpr::WindowSpec(spec) => {
                    windows.spec(spec, Behind::Name(definition.0.span));
                }
            }
        }
        for (at, definition) in select.named_window.iter().enumerate() {
            let name = normalized(&definition.0);
            let mut before = select.named_window.iter().take(at);
            if before.any(|other| normalized(&other.0) == name) {
                self.found.push(
                    Diagnostic::new(
                        code::DUPLICATE_ALIAS,
                        format!("two windows of this SELECT are called `{name}`"),
                    )
                    .at(self.places.span(definition.0.span))
                    .help("rename one of them"),
                );
            }
        }
        let defined: BTreeSet<String> =
            select.named_window.iter().map(|definition| normalized(&definition.0)).collect();
        for name in &windows.names {
            let wanted = normalized(name);
            if !defined.contains(&wanted) {
                let message = format!("there is no window `{wanted}` in this SELECT");
                let near = did_you_mean(&wanted, defined.iter().map(String::as_str));
                let help = near.unwrap_or_else(|| format!("define it: `WINDOW {wanted} AS (…)`"));
                self.found.push(
                    Diagnostic::new(code::UNKNOWN_WINDOW, message)
                        .at(self.places.span(name.span))
                        .help(help),
                );
            }
        }
        for framed in &windows.specs {
            self.frame(framed);
            self.offsets(framed);
        }
    }

    fn frame(&mut self, framed: &Framed) {
        let frame = &framed.frame;
        let end = frame.end_bound.as_ref().unwrap_or(&Bound::CurrentRow);
        let (last, message) = match (&frame.start_bound, end) {
            (Bound::Following(None), _) => (false, "no frame begins there"),
            (_, Bound::Preceding(None)) => (true, "no frame ends there"),
            (Bound::Following(Some(_)), Bound::CurrentRow | Bound::Preceding(_))
            | (Bound::CurrentRow, Bound::Preceding(_)) => (true, "the frame ends before it begins"),
            _ => return,
        };
        let last = last && frame.end_bound.is_some();
        self.found.push(
            Diagnostic::new(code::WINDOW_FRAME, message)
                .at(self.bound(framed, last))
                .help("from earlier to later: `BETWEEN 1 PRECEDING AND CURRENT ROW`"),
        );
    }

    /// ROWS and GROUPS count, and RANGE measures along one column.
    fn offsets(&mut self, framed: &Framed) {
        let frame = &framed.frame;
        let bounds = [Some(&frame.start_bound), frame.end_bound.as_ref()];
        let offsets: Vec<&Expr> = bounds
            .into_iter()
            .flatten()
            .filter_map(|bound| match bound {
                Bound::Preceding(Some(offset)) | Bound::Following(Some(offset)) => {
                    Some(offset.as_ref())
                }
                _ => None,
            })
            .collect();
        if frame.units == WindowFrameUnits::Range {
            if framed.keys > 1 && !offsets.is_empty() {
                let message = "RANGE measures along one column, and the window is ordered by more";
                self.found.push(
                    Diagnostic::new(code::WINDOW_FRAME, message)
                        .at(self.units(framed).and_then(|at| self.tokens(at, at)))
                        .help("order by one column, or write ROWS"),
                );
            }
            return;
        }
        for offset in offsets.into_iter().filter(|offset| counts_nothing(offset)) {
            let message = format!("{} counts from 0 on, and `{offset}` is no count", frame.units);
            self.found.push(
                Diagnostic::new(code::WINDOW_FRAME, message)
                    .at(self.places.expression(offset))
                    .help("write a whole number, or RANGE for a distance in values"),
            );
        }
    }

    /// Where a bound of a frame stands, the first or the last one. sqlparser knows no place
    /// for most of them, so its words are looked for behind what it knows.
    fn bound(&self, framed: &Framed, last: bool) -> Option<Span> {
        let mut at = self.units(framed)? + 1;
        let between = self.word(at) == Keyword::BETWEEN;
        at += usize::from(between);
        if last {
            let lexemes = self.places.lexemes();
            at = (at..lexemes.len()).find(|at| self.word(*at) == Keyword::AND)? + 1;
        }
        const ENDS: [Keyword; 3] = [Keyword::PRECEDING, Keyword::FOLLOWING, Keyword::ROW];
        let end = (at..at + MOST_TOKENS).find(|at| ENDS.contains(&self.word(*at)))?;
        self.tokens(at, end)
    }

    /// The token that says ROWS, RANGE or GROUPS.
    fn units(&self, framed: &Framed) -> Option<usize> {
        const UNITS: [Keyword; 3] = [Keyword::ROWS, Keyword::RANGE, Keyword::GROUPS];
        let from = match framed.behind {
            Behind::Name(name) => self.places.in_sql(name)?.end,
            Behind::Call(name) => self.places.call_in_sql(name)?.end,
        };
        let lexemes = self.places.lexemes();
        let first = lexemes.partition_point(|lexeme| lexeme.start < from);
        // A window in the PARTITION BY of another one has a frame of its own before this one.
        let by = framed.by.and_then(|by| self.places.in_sql(by)).map_or(from, |by| by.end);
        let first = first.max(lexemes.partition_point(|lexeme| lexeme.start < by));
        (first..lexemes.len()).find(|at| UNITS.contains(&self.word(*at)))
    }

    fn word(&self, at: usize) -> Keyword {
        match self.places.lexemes().get(at).map(|lexeme| &lexeme.token) {
            Some(Token::Word(word)) => word.keyword,
            _ => Keyword::NoKeyword,
        }
    }

    fn tokens(&self, first: usize, last: usize) -> Option<Span> {
        let lexemes = self.places.lexemes();
        let (first, last) = (lexemes.get(first)?, lexemes.get(last)?);
        self.places.in_text(Span::new(first.start, last.end))
    }
}

/// No bound of a frame is longer.
const MOST_TOKENS: usize = 20;

/// True for a literal that is no number of rows.
fn counts_nothing(offset: &Expr) -> bool {
    match offset {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) | Value::SingleQuotedString(digits) => {
                digits.parse::<u64>().is_err()
            }
            _ => true,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } | Expr::Interval(_) => true,
        _ => false,
    }
}

/// A window with a frame.
struct Framed {
    frame: WindowFrame,
    /// How many expressions it is ordered by.
    keys: usize,
    /// The last expression before the frame.
    by: Option<SqlSpan>,
    behind: Behind,
}

/// What stands before the window.
#[derive(Clone, Copy)]
enum Behind {
    /// The name that WINDOW gives it.
    Name(SqlSpan),
    /// The name of the call that it belongs to, before the arguments.
    Call(SqlSpan),
}

/// The windows that the calls of one SELECT name or spell out.
struct Windows {
    names: Vec<Ident>,
    specs: Vec<Framed>,
    depth: usize,
}

impl Windows {
    fn spec(&mut self, spec: &WindowSpec, behind: Behind) {
        self.names.extend(spec.window_name.clone());
        if let Some(frame) = &spec.window_frame {
            let by = spec.order_by.last().map(Spanned::span);
            let by = by.or_else(|| spec.partition_by.last().map(Spanned::span));
            let (frame, keys) = (frame.clone(), spec.order_by.len());
            self.specs.push(Framed { frame, keys, by, behind });
        }
    }
}

impl Visitor for Windows {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Function(call) = expr
        {
            match &call.over {
                Some(WindowType::NamedWindow(name)) => self.names.push(name.clone()),
                Some(WindowType::WindowSpec(spec)) => {
                    self.spec(spec, Behind::Call(call.name.span()));
                }
                None => {}
            }
        }
        ControlFlow::Continue(())
    }
}
