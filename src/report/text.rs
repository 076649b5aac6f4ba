//! Diagnostics for people: miette's graphical report on a terminal, a line each elsewhere.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use planc_ir::{Code, Diagnostic, LineIndex, Severity, Span};

use super::{FileReport, machine};

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the source around each place.
    Full,
    /// `path:line:column: severity[code] message` and, indented, the help.
    Concise,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
}

/// Writes the diagnostics of a run over so many rules.
pub fn render_all(reports: &[FileReport], format: Format, colour: bool, rules: usize) -> String {
    match format {
        Format::Json => machine::json_document(reports, rules),
        Format::Github => machine::github(reports),
        Format::Gitlab => machine::gitlab(reports),
        Format::Sarif => machine::sarif(reports),
        Format::Junit => machine::junit(reports),
        Format::Full | Format::Concise | Format::JsonLines => {
            reports.iter().map(|report| render(report, format, colour)).collect()
        }
    }
}

/// How many findings each code has, the most frequent first; as JSON where that is asked for.
pub fn statistics(reports: &[FileReport], format: Format) -> String {
    let mut counts: BTreeMap<Code, (usize, usize)> = BTreeMap::new();
    for finding in reports.iter().flat_map(|report| &report.diagnostics) {
        let count = counts.entry(finding.code).or_default();
        count.0 += 1;
        count.1 += usize::from(!finding.fixes.is_empty());
    }
    let mut counts: Vec<(Code, (usize, usize))> = counts.into_iter().collect();
    counts.sort_by_key(|(code, (count, _))| (std::cmp::Reverse(*count), *code));
    if matches!(format, Format::Json | Format::JsonLines) {
        let entries: Vec<_> = counts
            .iter()
            .map(|(code, (count, fixable))| {
                serde_json::json!({
                    "schema_version": super::SCHEMA_VERSION,
                    "code": code,
                    "name": code.name,
                    "count": count,
                    "fixable": fixable,
                })
            })
            .collect();
        return match format {
            Format::Json => serde_json::Value::Array(entries).to_string() + "\n",
            _ => entries.iter().map(|entry| format!("{entry}\n")).collect(),
        };
    }
    let line = |(code, (count, fixable)): &(Code, (usize, usize))| {
        let fixable = if *fixable > 0 { format!(" ({fixable} with --fix)") } else { String::new() };
        format!("{count:>6}  {code}  {}{fixable}\n", code.name)
    };
    counts.iter().map(line).collect()
}

/// Writes one file's diagnostics. `colour` is for [`Format::Full`].
pub fn render(report: &FileReport, format: Format, colour: bool) -> String {
    let mut out = String::new();
    match format {
        Format::Full => {
            let theme =
                if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
            let handler =
                GraphicalReportHandler::new_themed(theme).with_links(false).with_width(100);
            // miette counts columns in bytes.
            let handler = handler.without_primary_span_start();
            for diagnostic in &report.diagnostics {
                let name = format!("{}{}", report.path, place(report, diagnostic));
                let source = NamedSource::new(name, report.text.to_string());
                if handler.render_report(&mut out, &Shown { diagnostic, source }).is_err() {
                    concise(&mut out, report, diagnostic);
                }
                out.push('\n');
            }
        }
        Format::Concise => {
            for diagnostic in &report.diagnostics {
                concise(&mut out, report, diagnostic);
            }
        }
        Format::JsonLines
        | Format::Json
        | Format::Github
        | Format::Gitlab
        | Format::Sarif
        | Format::Junit => {
            for line in super::diagnostic_lines(report) {
                out.push_str(&serde_json::to_string(&line).unwrap_or_default());
                out.push('\n');
            }
        }
    }
    out
}

fn concise(out: &mut String, report: &FileReport, diagnostic: &Diagnostic) {
    let severity = word(diagnostic.severity);
    let place = place(report, diagnostic);
    let Diagnostic { code, message, help, .. } = diagnostic;
    let _ = writeln!(out, "{}{place}: {severity}[{code}] {message}", report.path);
    if let Some(help) = help {
        let _ = writeln!(out, "    help: {help}");
    }
}

/// `:line:column`, where there is a place.
fn place(report: &FileReport, diagnostic: &Diagnostic) -> String {
    diagnostic.span.map_or(String::new(), |span| {
        let at = LineIndex::new(&report.text).position(span.start);
        format!(":{}:{}", at.line, at.column)
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// `3 errors and 1 warning in 2 of 10 rules`.
pub fn summary(reports: &[FileReport], rules: usize) -> String {
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum::<usize>();
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings == 0 {
        return format!("{} checked, no findings", plural(rules, "rule"));
    }
    let files = reports.iter().filter(|report| !report.diagnostics.is_empty()).count();
    format!(
        "{} and {} in {} ({} checked)",
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(files, "file"),
        plural(rules, "rule"),
    )
}

/// A diagnostic as miette wants it.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let Diagnostic { code, severity, .. } = self.diagnostic;
        Some(Box::new(format!("{}[{code}] {}", word(*severity), code.name)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = self.diagnostic.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labelled = |span: Span, words: Option<&String>| {
            LabeledSpan::new(words.cloned(), span.start, span.end - span.start)
        };
        let own = self.diagnostic.span.map(|span| labelled(span, self.diagnostic.label.as_ref()));
        let related =
            self.diagnostic.related.iter().map(move |(span, words)| labelled(*span, Some(words)));
        Some(Box::new(own.into_iter().chain(related)))
    }
}
