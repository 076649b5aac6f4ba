//! `planc check`: every diagnostic of every rule.

mod fix;
mod select;
mod watch;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use planc_ir::{Diagnostic, Severity, Span, code};

use super::console::Console;
use super::{Exit, Global, cache_notes, load_project};
use crate::driver::{Compiler, Outcome, Selected, apply_levels, load_catalog, output_findings};
use crate::project::Project;
use crate::project::rules::Rule;
use crate::report::{Baseline, FileReport, Format, render_all, statistics, summary};

#[derive(Args, Default)]
pub(crate) struct CheckArgs {
    /// Rules, files or folders; `-` is standard input; all rules when none is named
    #[arg(value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// How diagnostics are written [default: full on a terminal, else concise]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output_format: Option<Format>,
    /// Write the diagnostics to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
    /// Count the findings by code instead of showing them
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Write the safe fixes into the files, then report what is left
    #[arg(long, conflicts_with = "diff")]
    pub(crate) fix: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long)]
    pub(crate) diff: bool,
    /// Report only what is not in this baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write today's findings to the --baseline file
    #[arg(long, requires = "baseline")]
    pub(crate) write_baseline: bool,
    /// The name of the file that standard input is
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin_filename: Option<PathBuf>,
    /// Skip named files that the project excludes, too
    #[arg(long)]
    pub(crate) force_exclude: bool,
    /// Exit with 0 in spite of findings
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Warnings fail the command too
    #[arg(long)]
    pub(crate) error_on_warning: bool,
    /// Check again whenever a file of the project changes
    #[arg(long, conflicts_with_all = ["fix", "diff", "write_baseline"])]
    pub(crate) watch: bool,
}

pub(crate) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Exit {
    if args.watch { watch::run(global, args, console) } else { once(global, args, console) }
}

fn once(global: &Global, args: &CheckArgs, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let (catalog, notes) = match load_catalog(&project) {
        Ok(loaded) => loaded,
        Err(reports) => return console.fail(&reports),
    };
    console.notes(&notes);
    let rules = match project.rules() {
        Ok(rules) => rules,
        Err(report) => return console.fail(&[report]),
    };
    let choice = match select::choose(args, &project, rules) {
        Ok(choice) => choice,
        Err((message, help)) => return console.usage(message, help),
    };
    let mode = global.cache.unwrap_or(project.config.cache.mode);
    let compiler = Compiler::new(&project, choice.rules, catalog, mode);
    let mut work = Work { project: &project, compiler, chosen: choice.chosen, console };
    let mut reports = work.reports();
    if args.fix || args.diff {
        match fix::run(&mut work, args.diff) {
            Ok(fix::Done::Shown(changed)) => {
                return if changed && !args.exit_zero { Exit::Findings } else { Exit::Clean };
            }
            Ok(fix::Done::Written(left)) => reports = left,
            Err(message) => return console.usage(message, None),
        }
    }
    let wanted = work.wanted();
    if args.files.is_empty() {
        reports.extend(project_findings(&project, &work.compiler.rules));
    }
    if let Some(path) = &args.baseline
        && let Err(message) = against_baseline(path, args.write_baseline, &mut reports, console)
    {
        return console.usage(message, None);
    }
    let format = args.output_format.unwrap_or(console.default_format());
    let text = match args.statistics {
        true => statistics(&reports, format),
        false => render_all(&reports, format, console.colour && args.output_file.is_none(), wanted),
    };
    match &args.output_file {
        None => console.print(&text),
        Some(path) => {
            if let Err(error) = std::fs::write(path, &text) {
                let message = format!("`{}` cannot be written: {error}", path.display());
                return console.usage(message, None);
            }
        }
    }
    console.note(summary(&reports, wanted));
    let of_cache = cache_notes(&project, &work.compiler, console).unwrap_or(Exit::Clean);
    if args.exit_zero { Exit::Clean } else { exit(&reports, args.error_on_warning).max(of_cache) }
}

/// The rules that are checked.
struct Work<'p, 'c> {
    project: &'p Project,
    compiler: Compiler<'p>,
    /// Positions; `None` for all rules.
    chosen: Option<BTreeSet<usize>>,
    console: &'c Console,
}

impl Work<'_, '_> {
    fn wanted(&self) -> usize {
        self.chosen.as_ref().map_or(self.compiler.rules.len(), BTreeSet::len)
    }

    /// Compiles what is asked for and reports on it.
    fn reports(&self) -> Vec<FileReport> {
        let selected = self.chosen.as_ref().map_or(Selected::All, Selected::These);
        let bar = self.console.bar(self.wanted() as u64, "checking");
        let compiled = self.compiler.compile(selected, &|_, _| bar.inc(1));
        bar.finish_and_clear();
        let asked = |index: &usize| self.chosen.as_ref().is_none_or(|c| c.contains(index));
        let outcomes = compiled.outcomes.iter().enumerate().filter(|(index, _)| asked(index));
        let outcomes = outcomes.filter_map(|(index, outcome)| Some((index, outcome.as_ref()?)));
        let mut found = reports(self.project, &self.compiler, outcomes);
        for report in output_reports(self, &compiled.outcomes) {
            match found.iter_mut().find(|known| known.path == report.path) {
                Some(known) => known.diagnostics.extend(report.diagnostics),
                None => found.push(report),
            }
        }
        found
    }
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
            let found = &outcome.record.diagnostics;
            let mut left = apply_levels(found, &rule.text, &rule.path, &project.config);
            left.sort_by_key(|found| (found.span, found.code));
            Some(rule.report(left))
        })
        .collect();
    reports.sort_by(|a, b| a.path.cmp(&b.path));
    reports
}

/// What is wrong with the project as a whole: globs without files.
fn project_findings(project: &Project, rules: &[Rule]) -> Vec<FileReport> {
    let mut found = Vec::new();
    if project.config.project.rules.is_empty() {
        let message = "`rules` is empty: nothing is checked";
        found.push(Diagnostic::new(code::NO_RULES, message));
    }
    for glob in project.idle_globs(rules) {
        let span = glob.span();
        let place = (span.start < span.end).then(|| Span::new(span.start, span.end));
        let message = format!("`{}` finds no file", glob.get_ref());
        found.push(
            Diagnostic::new(code::NO_RULES, message)
                .at(place)
                .help("a rule is a file such as `rules/top.sql`"),
        );
    }
    for (glob, _) in project.config.lint_paths() {
        let matcher = globset::Glob::new(glob).map(|glob| glob.compile_matcher());
        if matcher.is_ok_and(|glob| rules.iter().all(|rule| !glob.is_match(&rule.path))) {
            let message = format!("[lint.paths]: `{glob}` matches no rule");
            found.push(Diagnostic::new(code::NO_RULES, message));
        }
    }
    for (env, section) in &project.config.env {
        for name in section.outputs.keys().filter(|name| rules.iter().all(|r| r.name != **name)) {
            let message = format!("[env.{env}.outputs]: there is no rule `{name}`");
            let names = rules.iter().map(|rule| rule.name.as_str());
            let help = planc_ir::suggest::did_you_mean(name, names);
            found.push(Diagnostic::new(code::CONFIG, message).help_opt(help));
        }
    }
    let found = apply_levels(&found, &project.text, &project.file, &project.config);
    let mut reports = Vec::new();
    if !found.is_empty() {
        reports.push(project.report(found));
    }
    reports
}

/// What is wrong with the outputs of the checked rules, and which of them write where another
/// rule of the project writes.
fn output_reports(work: &Work<'_, '_>, outcomes: &[Option<Outcome>]) -> Vec<FileReport> {
    let rules = &work.compiler.rules;
    let chosen = |index: usize| work.chosen.as_ref().is_none_or(|c| c.contains(&index));
    let written = |rule: &Rule| {
        let output = work.project.output(rule).ok().flatten()?;
        let at = crate::driver::place(output.location()).display().to_string();
        Some(at.trim_end_matches('/').to_owned())
    };
    let places: Vec<Option<String>> = rules.iter().map(written).collect();
    let mut reports = Vec::new();
    for (index, rule) in rules.iter().enumerate().filter(|(index, _)| chosen(*index)) {
        let record = outcomes.get(index).and_then(Option::as_ref).map(|outcome| &outcome.record);
        let mut found = output_findings(work.project, &work.compiler, rule, record);
        // Of two that are checked, the later is to blame.
        let same = |other: usize| {
            places.get(index) == places.get(other) && (other < index || !chosen(other))
        };
        let other = (0..rules.len()).filter(|other| *other != index).find(|other| same(*other));
        let written = places.get(index).is_some_and(Option::is_some);
        if let Some(other) = other.and_then(|other| rules.get(other)).filter(|_| written) {
            let message = format!("`{}` writes the same output", other.path);
            let place = crate::project::settings::setting_place(&rule.text, "output");
            let finding = Diagnostic::new(code::OUTPUT_CLASH, message).at(place);
            found.push(finding.help("give each rule an output of its own"));
        }
        if !found.is_empty() {
            reports.push(rule.report(found));
        }
    }
    reports
}

fn against_baseline(
    path: &std::path::Path,
    write: bool,
    reports: &mut [FileReport],
    console: &Console,
) -> Result<(), String> {
    let shown = path.display();
    if write {
        let baseline = Baseline::of(reports);
        std::fs::write(path, baseline.render())
            .map_err(|error| format!("`{shown}` cannot be written: {error}"))?;
        console.note(format_args!("wrote {shown}"));
        baseline.subtract(reports);
        return Ok(());
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the baseline `{shown}` cannot be read: {error}"))?;
    let baseline =
        Baseline::parse(&text).map_err(|why| format!("`{shown}` is no baseline: {why}"))?;
    let known = baseline.subtract(reports);
    if known > 0 {
        console.note(format_args!("{known} known from {shown}"));
    }
    Ok(())
}

pub(crate) fn exit(reports: &[FileReport], error_on_warning: bool) -> Exit {
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum::<usize>();
    let errors = count(Severity::Error) > 0;
    let warnings = error_on_warning && count(Severity::Warning) > 0;
    if errors || warnings { Exit::Findings } else { Exit::Clean }
}
