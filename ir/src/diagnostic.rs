//! What planc says about a rule: errors and warnings as values.

use serde::{Deserialize, Serialize};

use crate::{Code, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule cannot be compiled or run.
    Error,
    /// It runs, but probably not as its author thinks.
    Warning,
}

/// One finding about one source text.
///
/// It names no file: the same text gives the same diagnostics wherever it lies, so they can
/// be cached by content. The driver adds the path when it reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What kind of finding; `planc explain CODE` shows its page.
    pub code: Code,
    /// The code's default severity, or what the project's `[lint]` table made of it.
    pub severity: Severity,
    /// One sentence without a full stop at its end.
    pub message: String,
    /// The smallest piece of source that is wrong, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// A few words that stand under `span` in the full report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Other places that take part, each with its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<(Span, String)>,
    /// Edits of the text that are safe to make and end the finding; together or not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Edit>,
}

/// A piece of text in the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Diagnostic {
    /// A finding of this code with its default severity and no place yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity,
            message: message.into(),
            span: None,
            label: None,
            help: None,
            related: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Places the finding.
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// Sets the words under the place.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says the way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As [`help`](Self::help), where there may be none.
    pub fn help_opt(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Adds another place.
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// Adds an edit that helps to end the finding.
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Edit { span, text: text.into() });
        self
    }

    /// True for an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
