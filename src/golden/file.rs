//! A file of golden cases: run, compared, and written anew where it is blessed.

use std::path::{Path, PathBuf};

use super::case::{Case, Fault, parse};
use super::run::Run;
use super::setting::Surroundings;
use super::snapshot::Snapshot;

/// What is wrong with one case.
#[derive(Debug)]
pub struct Failure {
    /// The case's heading; empty for the file as a whole.
    pub case: String,
    /// The line of the block or assertion; the heading's, where it is the case as a whole.
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
    let (cases, faults) = parse(text);
    let wanted = |title: &str| only.is_none_or(|only| title == only);
    for fault in faults.into_iter().filter(|fault| wanted(&fault.case)) {
        let Fault { case, line, message } = fault;
        report.failures.push(Failure { case, line, message, blessable: false });
    }
    let mut fail = |case: &Case, line: usize, message: String, blessable: bool| {
        let case = case.title.clone();
        report.failures.push(Failure { case, line, message, blessable });
    };
    let mut edits = Vec::new();
    for case in cases.iter().filter(|case| wanted(&case.title)) {
        report.cases += 1;
        let run = match Run::of(case, path.parent().unwrap_or(Path::new(".")), around).await {
            Ok(run) => run,
            Err(message) => {
                fail(case, case.line, message, false);
                continue;
            }
        };
        let shows_errors = case.outputs.iter().any(|block| block.kind == "diagnostics");
        if !shows_errors {
            for message in &run.errors {
                fail(case, case.line, message.clone(), false);
            }
        }
        for (line, message) in run.asserted(case) {
            fail(case, line, message, false);
        }
        for block in &case.outputs {
            let now = run.outputs.get(&block.kind).cloned();
            // A query with errors has no outputs. What stood there is what it should give.
            let lost = now.is_none() && !block.text.trim().is_empty() && !run.errors.is_empty();
            let now = now.unwrap_or_default();
            if now == block.text || (lost && !shows_errors) {
                continue;
            }
            let nothing = if now.is_empty() { "(nothing)\n" } else { now.as_str() };
            let message = format!("`{}` is now:\n{nothing}and was:\n{}", block.kind, block.text);
            fail(case, block.line, message, !lost);
            if !lost {
                edits.push((block.range.clone(), now));
            }
        }
        for (label, text) in &run.traces {
            let snapshot = Snapshot::new(path, &case.title, label, text.clone());
            if let Err(message) = snapshot.compare() {
                fail(case, case.line, message, true);
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
