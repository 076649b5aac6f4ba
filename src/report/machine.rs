//! Findings as other systems read them: GitHub's and GitLab's annotations, SARIF, JUnit.

use planc_ir::{CODES, Code, LineIndex, Position, Severity};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

use super::{FileReport, SCHEMA_VERSION, diagnostic_lines};

/// One JSON document: the findings in an array, and their numbers.
pub fn json_document(reports: &[FileReport], rules: usize) -> String {
    let lines: Vec<_> = reports.iter().flat_map(diagnostic_lines).collect();
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum::<usize>();
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "diagnostics": lines,
        "summary": {
            "rules": rules,
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
        },
    }))
}

/// Workflow commands, which GitHub shows beside the changed lines.
pub fn github(reports: &[FileReport]) -> String {
    let mut out = String::new();
    for finding in findings(reports) {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = finding.place.map_or(String::new(), |(start, end)| {
            // GitHub takes columns only where a finding stays on one line.
            let columns = match start.line == end.line {
                true => format!(",col={},endColumn={}", start.column, end.column),
                false => String::new(),
            };
            format!(",line={},endLine={}{columns}", start.line, end.line)
        });
        let title = property(&format!("{} {}", finding.code.id, finding.code.name));
        let message = data(&finding.text());
        out.push_str(&format!(
            "::{level} file={}{place},title={title}::{message}\n",
            property(finding.path)
        ));
    }
    out
}

/// GitLab's code quality report.
pub fn gitlab(reports: &[FileReport]) -> String {
    let mut seen: Vec<String> = Vec::new();
    let entries: Vec<Value> = findings(reports)
        .map(|finding| {
            // Equal findings on equal text are told apart by their order.
            let own = super::baseline::fingerprint(finding.path, finding.code, &finding.key);
            let nth = seen.iter().filter(|known| **known == own).count();
            seen.push(own.clone());
            let begin = finding.place.map_or((1, 1), |(start, _)| (start.line, start.column));
            let end = finding.place.map_or((1, 1), |(_, end)| (end.line, end.column));
            json!({
                "description": finding.text(),
                "check_name": finding.code.id,
                "fingerprint": format!("{own}-{nth}"),
                "severity": match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                },
                "location": {
                    "path": finding.path,
                    "positions": {
                        "begin": { "line": begin.0, "column": begin.1 },
                        "end": { "line": end.0, "column": end.1 },
                    },
                },
            })
        })
        .collect();
    pretty(&Value::Array(entries))
}

/// SARIF 2.1.0.
pub fn sarif(reports: &[FileReport]) -> String {
    let used: Vec<&planc_ir::CodeInfo> = CODES
        .iter()
        .copied()
        .filter(|code| findings(reports).any(|finding| finding.code.id == code.id))
        .collect();
    let rules: Vec<Value> = used
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "name": code.name,
                "shortDescription": { "text": code.summary },
                "help": { "text": code.page, "markdown": code.page },
                "defaultConfiguration": { "level": level(code.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = findings(reports)
        .map(|finding| {
            let mut location =
                json!({ "artifactLocation": { "uri": uri(finding.path), "uriBaseId": "SRCROOT" } });
            if let (Some((start, end)), Some(object)) = (finding.place, location.as_object_mut()) {
                let region = json!({
                    "startLine": start.line,
                    "startColumn": start.column,
                    "endLine": end.line,
                    "endColumn": end.column,
                });
                object.insert("region".to_owned(), region);
            }
            json!({
                "ruleId": finding.code.id,
                "ruleIndex": used.iter().position(|code| code.id == finding.code.id),
                "level": level(finding.severity),
                "message": { "text": finding.text() },
                "locations": [{ "physicalLocation": location }],
                "partialFingerprints": {
                    "planc/v1":
                        super::baseline::fingerprint(finding.path, finding.code, &finding.key),
                },
            })
        })
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "planc",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // Through the types of the format, so that what is written is valid.
    match serde_json::from_value::<Sarif>(document) {
        Ok(sarif) => serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n",
        Err(error) => format!("{{\"error\": {:?}}}\n", error.to_string()),
    }
}

/// A JUnit report: a suite a file, a failed case a finding, one passed case for a clean file.
pub fn junit(reports: &[FileReport]) -> String {
    let mut report = Report::new("planc check");
    for file in reports {
        let mut suite = TestSuite::new(&file.path);
        for finding in findings(std::slice::from_ref(file)) {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(level(finding.severity)).set_message(finding.text());
            let at = finding
                .place
                .map_or(String::new(), |(start, _)| format!(":{}:{}", start.line, start.column));
            let name = format!("{} {}{at}", finding.code.id, finding.code.name);
            let mut case = TestCase::new(name, status);
            case.set_classname(&file.path);
            suite.add_test_case(case);
        }
        if file.diagnostics.is_empty() {
            suite.add_test_case(TestCase::new("clean", TestCaseStatus::success()));
        }
        report.add_test_suite(suite);
    }
    report.to_string().unwrap_or_default()
}

/// One finding with its place resolved.
struct Finding<'a> {
    path: &'a str,
    code: Code,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    place: Option<(Position, Position)>,
    /// What stays the same when lines above it change.
    key: String,
}

impl Finding<'_> {
    fn text(&self) -> String {
        match self.help {
            Some(help) => format!("{}\nhelp: {help}", self.message),
            None => self.message.to_owned(),
        }
    }
}

fn findings(reports: &[FileReport]) -> impl Iterator<Item = Finding<'_>> {
    reports.iter().flat_map(|report| {
        let index = LineIndex::new(&report.text);
        report.diagnostics.iter().map(move |diagnostic| Finding {
            path: &report.path,
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            place: diagnostic
                .span
                .map(|span| (index.position(span.start), index.position(span.end))),
            key: super::baseline::key(report, diagnostic),
        })
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planc_ir::{Diagnostic, Span, code};

    fn reports() -> Vec<FileReport> {
        let found = Diagnostic::new(code::UNKNOWN_COLUMN, "no column `ä`: 100%")
            .at(Span::new(7, 9))
            .help("did you mean `a`?");
        let mut report = FileReport::new("rules/a, b.sql", "select ä\nfrom t", vec![found]);
        report.rule = Some("a".to_owned());
        vec![report, FileReport::new("rules/c.sql", "select 1", vec![])]
    }

    #[test]
    fn github_escapes_what_it_must() {
        assert_eq!(
            github(&reports()),
            "::error file=rules/a%2C b.sql,line=1,endLine=1,col=8,endColumn=9,\
             title=P0202 unknown-column::no column `ä`: 100%25%0Ahelp: did you mean `a`?\n"
        );
    }

    #[test]
    fn sarif_is_of_its_format() {
        let text = sarif(&reports());
        let read: Sarif = serde_json::from_str(&text).unwrap();
        assert_eq!(read.runs.len(), 1);
        let raw: Value = serde_json::from_str(&text).unwrap();
        let result = &raw["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "P0202");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "rules/a%2C%20b.sql");
        assert_eq!(place["region"]["startColumn"], 8);
        assert_eq!(place["region"]["endColumn"], 9);
    }

    #[test]
    fn gitlab_and_junit_hold_every_finding() {
        let entries: Value = serde_json::from_str(&gitlab(&reports())).unwrap();
        assert_eq!(entries[0]["check_name"], "P0202");
        assert_eq!(entries[0]["location"]["positions"]["begin"]["column"], 8);
        let xml = junit(&reports());
        assert!(xml.contains("failures=\"1\""), "{xml}");
        assert!(xml.contains("name=\"clean\""), "{xml}");
    }
}
