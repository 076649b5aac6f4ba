//! A file of golden cases: run, compared, and written anew where it is blessed.

use std::path::{Path, PathBuf};

use super::case::{Case, parse};
use super::run::Run;
use super::setting::Surroundings;
use super::snapshot::Snapshot;

/// What is wrong with one case.
#[derive(Debug)]
pub struct Failure {
    /// The case's heading; empty for the file as a whole.
    pub case: String,
    /// The heading's line.
    pub line: usize,
    /// What was expected and what came.
    pub message: String,
    /// Whether blessing accepts what came.
    pub blessable: bool,
}

/// What running a file gave.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases ran.
    pub cases: usize,
    /// What is wrong.
    pub failures: Vec<Failure>,
    /// The file with its outputs as they are now.
    pub blessed: String,
    /// The traces that the cases ask for, as they are now.
    pub traces: Vec<Snapshot>,
}

/// Runs the cases of a file, or the one under the heading `only`. `path` is for what cases
/// name: Substrait files, and the snapshots beside the file; `around` has the project's rules.
pub async fn run_file(
    path: &Path,
    text: &str,
    only: Option<&str>,
    around: &Surroundings,
) -> Report {
    let mut report = Report { blessed: text.to_owned(), ..Report::default() };
    let mut fail = |case: &Case, message: String, blessable: bool| {
        let (case, line) = (case.title.clone(), case.line);
        report.failures.push(Failure { case, line, message, blessable });
    };
    let cases = match parse(text) {
        Ok(cases) => cases,
        Err(message) => {
            fail(&Case::default(), message, false);
            return report;
        }
    };
    let mut edits = Vec::new();
    for case in cases.iter().filter(|case| only.is_none_or(|only| case.title == only)) {
        report.cases += 1;
        let run = match Run::of(case, path.parent().unwrap_or(Path::new(".")), around).await {
            Ok(run) => run,
            Err(message) => {
                fail(case, message, false);
                continue;
            }
        };
        for message in run.asserted(case) {
            fail(case, message, false);
        }
        for block in &case.outputs {
            let now = run.outputs.get(&block.kind).cloned().unwrap_or_default();
            if now != block.text {
                let message = format!("`{}` is now:\n{now}and was:\n{}", block.kind, block.text);
                fail(case, message, true);
                edits.push((block.range.clone(), now));
            }
        }
        for (label, text) in &run.traces {
            let snapshot = Snapshot::new(path, &case.title, label, text.clone());
            if let Err(message) = snapshot.compare() {
                fail(case, message, true);
            }
            report.traces.push(snapshot);
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    for (range, now) in edits.into_iter().rev() {
        report.blessed.replace_range(range, &now);
    }
    report
}

impl Report {
    /// Writes the outputs and traces as they are now, and says which files changed.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written.
    pub fn bless(&self, path: &Path, text: &str) -> std::io::Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        if self.blessed != text {
            std::fs::write(path, &self.blessed)?;
            written.push(path.to_owned());
        }
        for snapshot in &self.traces {
            if snapshot.compare().is_err() {
                snapshot.write()?;
                written.push(snapshot.path.clone());
            }
        }
        Ok(written)
    }
}
