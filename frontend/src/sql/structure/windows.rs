//! P0212 and P0310: windows that nothing defines, and frames that end before they begin.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    Expr, Ident, NamedWindowExpr, OrderBy, Query, Select, Spanned, Visit, Visitor, WindowFrame,
    WindowFrameBound as Bound, WindowSpec, WindowType,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

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
                NamedWindowExpr::WindowSpec(spec) => windows.spec(spec),
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
        for (spec, frame) in &windows.specs {
            self.frame(spec, frame);
        }
    }

    fn frame(&mut self, spec: &WindowSpec, frame: &WindowFrame) {
        let end = frame.end_bound.as_ref().unwrap_or(&Bound::CurrentRow);
        let (bound, last, message) = match (&frame.start_bound, end) {
            (start @ Bound::Following(None), _) => (start, false, "no frame begins there"),
            (_, end @ Bound::Preceding(None)) => (end, true, "no frame ends there"),
            (Bound::Following(Some(_)), end @ (Bound::CurrentRow | Bound::Preceding(_)))
            | (Bound::CurrentRow, end @ Bound::Preceding(_)) => {
                (end, true, "the frame ends before it begins")
            }
            _ => return,
        };
        let span = self.bound(spec, frame, bound, last);
        self.found.push(
            Diagnostic::new(code::WINDOW_FRAME, message)
                .at(span)
                .help("from earlier to later: `BETWEEN 1 PRECEDING AND CURRENT ROW`"),
        );
    }

    /// Where a bound of a frame stands. sqlparser knows no place for most of them, so its
    /// words are looked for between what it knows.
    fn bound(
        &self,
        spec: &WindowSpec,
        frame: &WindowFrame,
        bound: &Bound,
        last: bool,
    ) -> Option<Span> {
        let by = spec.order_by.last().map(Spanned::span);
        let by = by.or_else(|| spec.partition_by.last().map(Spanned::span));
        let value = [Some(&frame.start_bound), frame.end_bound.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|bound| match bound {
                Bound::Preceding(Some(value)) | Bound::Following(Some(value)) => Some(value.span()),
                _ => None,
            });
        let lexemes = self.places.lexemes();
        let from = match by {
            Some(by) => self.places.in_sql(by)?.end,
            // BETWEEN and the kind of the frame stand before the first value.
            None => self.places.in_sql(value?)?.start.saturating_sub(1),
        };
        let first = lexemes.partition_point(|lexeme| lexeme.start < from);
        let word = |at: usize| match lexemes.get(at).map(|lexeme| &lexeme.token) {
            Some(Token::Word(word)) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let mut at = (first..lexemes.len()).find(|at| word(*at) == Keyword::BETWEEN)? + 1;
        if last {
            at = (at..lexemes.len()).find(|at| word(*at) == Keyword::AND)? + 1;
        }
        let words = bound.to_string().split_whitespace().count();
        let (start, end) = (lexemes.get(at)?, lexemes.get(at + words - 1)?);
        self.places.in_text(Span::new(start.start, end.end))
    }
}

/// The windows that the calls of one SELECT name or spell out.
struct Windows {
    names: Vec<Ident>,
    specs: Vec<(WindowSpec, WindowFrame)>,
    depth: usize,
}

impl Windows {
    fn spec(&mut self, spec: &WindowSpec) {
        self.names.extend(spec.window_name.clone());
        if let Some(frame) = &spec.window_frame {
            self.specs.push((spec.clone(), frame.clone()));
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
                Some(WindowType::WindowSpec(spec)) => self.spec(spec),
                None => {}
            }
        }
        ControlFlow::Continue(())
    }
}
