//! What commands say about files: diagnostics as text for people and as JSON for machines.

mod baseline;
mod graph;
mod json;
mod machine;
mod text;

use std::sync::Arc;

use planc_ir::{Diagnostic, Severity};

pub use baseline::Baseline;
pub use graph::{dot, html};
pub use json::{DiagnosticLine, SCHEMA_VERSION, diagnostic_lines};
pub use text::{Format, render, render_all, statistics, summary};

/// The diagnostics of one file.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The rule, where the file is one.
    pub rule: Option<String>,
    /// The file's path as it is shown.
    pub path: String,
    /// Its text, into which the spans point.
    pub text: Arc<str>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

impl FileReport {
    /// A report about a file that is no rule.
    pub fn new(path: &str, text: impl Into<Arc<str>>, diagnostics: Vec<Diagnostic>) -> Self {
        FileReport { rule: None, path: path.to_owned(), text: text.into(), diagnostics }
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}
