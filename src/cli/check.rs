//! `planc check`: every diagnostic of every rule.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use planc_ir::Severity;

use super::console::Console;
use super::{Exit, Global, with_compiler};
use crate::driver::{Compiler, Outcome, Selected, apply_levels};
use crate::project::Project;
use crate::report::{FileReport, Format, render, summary};

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Rules or rule files; all when none is named
    #[arg(value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// How diagnostics are written [default: full on a terminal, else concise]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output_format: Option<Format>,
    /// Warnings fail the command too
    #[arg(long)]
    pub(crate) error_on_warning: bool,
}

pub(crate) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Exit {
    with_compiler(global, console, |project, compiler| {
        let chosen = match chosen(&args.files, project, compiler) {
            Ok(chosen) => chosen,
            Err((file, nearest)) => {
                let nearest = nearest.map(|name| format!("did you mean `{name}`?"));
                return console.usage(format_args!("`{file}` is no rule of this project"), nearest);
            }
        };
        let selected = chosen.as_ref().map_or(Selected::All, Selected::These);
        let wanted = chosen.as_ref().map_or(compiler.rules.len(), BTreeSet::len);
        let bar = console.bar(wanted as u64, "checking");
        let compiled = compiler.compile(selected, &|_, _| bar.inc(1));
        bar.finish_and_clear();
        let asked = |index: &usize| chosen.as_ref().is_none_or(|chosen| chosen.contains(index));
        let outcomes = compiled.outcomes.iter().enumerate().filter(|(index, _)| asked(index));
        let outcomes = outcomes.filter_map(|(index, outcome)| Some((index, outcome.as_ref()?)));
        let reports = reports(project, compiler, outcomes);
        let format = args.output_format.unwrap_or(console.default_format());
        for report in &reports {
            console.print(&render(report, format, console.colour));
        }
        if format != Format::JsonLines {
            console.note(summary(&reports, wanted));
        }
        exit(&reports, args.error_on_warning)
    })
}

/// The reports of some rules, levels applied, sorted by path and place.
pub(crate) fn reports<'a>(
    project: &Project,
    compiler: &Compiler,
    outcomes: impl Iterator<Item = (usize, &'a Outcome)>,
) -> Vec<FileReport> {
    let mut reports: Vec<FileReport> = outcomes
        .filter_map(|(index, outcome)| {
            let rule = compiler.rules.get(index)?;
            let mut left = apply_levels(&outcome.record.diagnostics, &rule.text, &project.config);
            left.sort_by_key(|found| (found.span, found.code));
            Some(rule.report(left))
        })
        .collect();
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    reports
}

pub(crate) fn exit(reports: &[FileReport], error_on_warning: bool) -> Exit {
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum::<usize>();
    let errors = count(Severity::Error) > 0;
    let warnings = error_on_warning && count(Severity::Warning) > 0;
    if errors || warnings { Exit::Findings } else { Exit::Clean }
}

/// The rules that these arguments name: by name, by path from the project, by path from here.
fn chosen(
    files: &[PathBuf],
    project: &Project,
    compiler: &Compiler,
) -> Result<Option<BTreeSet<usize>>, (String, Option<String>)> {
    if files.is_empty() {
        return Ok(None);
    }
    let absolute = |path: &Path| std::fs::canonicalize(path).ok();
    let mut chosen = BTreeSet::new();
    for file in files {
        let text = file.to_string_lossy();
        let named = compiler.rules.iter().position(|rule| rule.name == text || rule.path == text);
        let index = named.or_else(|| {
            let wanted = absolute(file)?;
            compiler
                .rules
                .iter()
                .position(|rule| absolute(&project.root.join(&rule.path)).as_ref() == Some(&wanted))
        });
        let Some(index) = index else {
            let names =
                compiler.rules.iter().flat_map(|rule| [rule.path.as_str(), rule.name.as_str()]);
            let nearest = planc_ir::suggest::nearest(&text, names).map(str::to_owned);
            return Err((text.into_owned(), nearest));
        };
        chosen.insert(index);
    }
    Ok(Some(chosen))
}
