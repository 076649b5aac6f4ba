//! `--fix` and `--diff`: safe edits, made until nothing is left to edit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Work;
use crate::cli::console::counted;
use crate::driver::{fixed, unified_diff};
use crate::report::FileReport;

/// An edit may bring another finding to light, but not without end.
const ROUNDS: usize = 8;

pub(super) enum Done {
    /// The differences were shown; whether there are any.
    Shown(bool),
    /// The files were written; what is left to report.
    Written(Vec<FileReport>),
}

pub(super) fn run(work: &mut Work<'_, '_>, show: bool) -> Result<Done, String> {
    let mut before: BTreeMap<String, Arc<str>> = BTreeMap::new();
    let mut number = 0;
    let mut reports = work.reports();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for report in &reports {
            let Some((text, edits)) = fixed(&report.text, &report.diagnostics) else { continue };
            let rule = work.compiler.rules.iter_mut().find(|rule| rule.path == report.path);
            // The text of a bundle is no file of its own.
            let Some(rule) = rule.filter(|rule| rule.bundle.is_none()) else { continue };
            before.entry(rule.path.clone()).or_insert_with(|| Arc::clone(&rule.text));
            rule.text = Arc::from(text);
            number += edits;
            changed = true;
        }
        if !changed {
            break;
        }
        reports = work.reports();
    }
    let rules = work.compiler.rules.iter();
    let changes = rules.filter_map(|rule| Some((rule, before.get(&rule.path)?)));
    if show {
        for (rule, before) in changes {
            work.console.print(&unified_diff(&rule.path, before, &rule.text));
        }
        return Ok(Done::Shown(!before.is_empty()));
    }
    for (rule, _) in changes {
        let path = work.project.root.join(&rule.path);
        replace(&path, &rule.text)
            .map_err(|error| format!("`{}` cannot be written: {error}", rule.path))?;
    }
    if number > 0 {
        let plural = if number == 1 { "" } else { "s" };
        work.console.note(format_args!("fixed {number} finding{plural} in {} files", before.len()));
    }
    let left = |rule: &&crate::project::rules::Rule| {
        let own = rule.settings.dialect.as_deref();
        let dialect = own.unwrap_or(work.project.config.project.dialect.get_ref());
        let found = reports.iter().any(|r| r.path == rule.path && !r.diagnostics.is_empty());
        dialect != "datafusion" && found
    };
    let foreign = work.compiler.rules.iter().filter(left).count();
    if foreign > 0 {
        work.console.note(format_args!(
            "{} in other dialects left as written: edits are made in DataFusion's dialect only",
            counted(foreign, "rule")
        ));
    }
    Ok(Done::Written(reports))
}

/// Writes a file whole: whoever reads it meanwhile sees the old text or the new one.
fn replace(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let target = std::fs::canonicalize(path)?;
    let folder = target.parent().unwrap_or(std::path::Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut fresh, text.as_bytes())?;
    fresh.as_file().set_permissions(std::fs::metadata(&target)?.permissions())?;
    fresh.persist(&target)?;
    Ok(())
}
