//! Diagnostics for machines: one JSON object a line.

use planc_ir::{Code, LineIndex, Position, Severity};
use serde::Serialize;

use super::FileReport;

/// The version of all machine output.
pub const SCHEMA_VERSION: u32 = 1;

/// One diagnostic as `check --output-format json-lines` writes it.
#[derive(Debug, Serialize)]
pub struct DiagnosticLine<'a> {
    schema_version: u32,
    rule: Option<&'a str>,
    path: &'a str,
    code: Code,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    start: Option<Position>,
    end: Option<Position>,
}

/// The lines of one file, in the order of its diagnostics.
pub fn diagnostic_lines(report: &FileReport) -> Vec<DiagnosticLine<'_>> {
    let index = LineIndex::new(&report.text);
    let lines = report.diagnostics.iter().map(|diagnostic| DiagnosticLine {
        schema_version: SCHEMA_VERSION,
        rule: report.rule.as_deref(),
        path: &report.path,
        code: diagnostic.code,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        start: diagnostic.span.map(|span| index.position(span.start)),
        end: diagnostic.span.map(|span| index.position(span.end)),
    });
    lines.collect()
}
