//! Baselines: the findings that an old project has, so that only new ones fail it.
//!
//! A finding is known by its file, code, message and the text at its place, never by its
//! line: lines move. Equal findings are counted.

use std::collections::BTreeMap;

use planc_ir::{Code, Diagnostic};
use serde::{Deserialize, Serialize};

use super::{FileReport, SCHEMA_VERSION};

/// The content of a baseline file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline {
    schema_version: u32,
    /// How often each finding is there, by its fingerprint.
    findings: BTreeMap<String, Known>,
}

/// One finding of a baseline. Only `count` is compared; the rest is for people.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    path: String,
    code: Code,
    message: String,
    count: usize,
}

impl Baseline {
    /// All findings of some reports.
    pub fn of(reports: &[FileReport]) -> Self {
        let mut findings: BTreeMap<String, Known> = BTreeMap::new();
        for (report, finding) in
            reports.iter().flat_map(|r| r.diagnostics.iter().map(move |d| (r, d)))
        {
            let print = fingerprint(&report.path, finding.code, &key(report, finding));
            let known = findings.entry(print).or_insert_with(|| Known {
                path: report.path.clone(),
                code: finding.code,
                message: finding.message.clone(),
                count: 0,
            });
            known.count += 1;
        }
        Baseline { schema_version: SCHEMA_VERSION, findings }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if baseline.schema_version != SCHEMA_VERSION {
            return Err(format!("it has the version {}", baseline.schema_version));
        }
        Ok(baseline)
    }

    /// The text of the file: sorted, a good diff.
    pub fn render(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Takes the known findings out of the reports; how many there were.
    pub fn subtract(&self, reports: &mut [FileReport]) -> usize {
        let mut left: BTreeMap<&str, usize> =
            self.findings.iter().map(|(print, known)| (print.as_str(), known.count)).collect();
        let mut known = 0;
        for report in reports {
            let keys: Vec<String> = report
                .diagnostics
                .iter()
                .map(|finding| fingerprint(&report.path, finding.code, &key(report, finding)))
                .collect();
            let mut keys = keys.iter();
            report.diagnostics.retain(|_| {
                let count = keys.next().and_then(|print| left.get_mut(print.as_str()));
                match count {
                    Some(count) if *count > 0 => {
                        *count -= 1;
                        known += 1;
                        false
                    }
                    _ => true,
                }
            });
        }
        known
    }
}

/// What a finding says and the text that it says it of.
pub(super) fn key(report: &FileReport, finding: &Diagnostic) -> String {
    let text = finding.span.and_then(|span| report.text.get(span.start..span.end));
    format!("{}\u{0}{}", finding.message, text.unwrap_or_default())
}

/// A short digest of a finding that stays the same when other lines change.
pub(super) fn fingerprint(path: &str, code: Code, key: &str) -> String {
    let digest = blake3::hash(format!("{path}\u{0}{}\u{0}{key}", code.id).as_bytes());
    digest.to_hex().chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planc_ir::{Span, code};

    #[test]
    fn lines_may_move_and_new_findings_stay() {
        let report = |text: &str, found: &[usize]| {
            let diagnostics = found
                .iter()
                .map(|at| Diagnostic::new(code::VOLATILE, "now").at(Span::new(*at, at + 3)))
                .collect();
            vec![FileReport::new("a.sql", text, diagnostics)]
        };
        let old = Baseline::of(&report("now now", &[0, 4]));
        let old = Baseline::parse(&old.render()).unwrap();
        let mut moved = report("\n\nnow now now", &[2, 6, 10]);
        assert_eq!(old.subtract(&mut moved), 2);
        assert_eq!(moved[0].diagnostics.len(), 1);
        assert!(Baseline::parse("{").is_err());
    }
}
