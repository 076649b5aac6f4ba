//! `planc compile`: artifacts and their digests.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use planc_artifacts::Lookup;
use planc_ir::{Diagnostic, Digest, code};
use serde::Serialize;

use super::check::reports;
use super::console::{Console, counted, milliseconds};
use super::run::selection;
use super::{Exit, Global, with_compiler};
use crate::driver::{Compiler, DeepPlans, Outcome, Selected, Status, output_findings, trust_note};
use crate::project::Project;
use crate::report::{DiagnosticLine, FileReport, diagnostic_lines, render};

#[derive(Args)]
pub(crate) struct CompileArgs {
    /// Rules: `rule`, `+rule` with all that it reads, `rule+` with all that read it; all when
    /// none is named
    rules: Vec<String>,
    /// Writes each artifact to DIR/NAME.substrait
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One JSON object a line, and one with the totals
    #[arg(long)]
    json: bool,
}

/// One rule as `compile --json` writes it.
#[derive(Serialize)]
struct RuleLine<'a> {
    schema_version: u32,
    rule: &'a str,
    path: &'a str,
    status: Status,
    digest: Option<Digest>,
    deep_digest: Option<Digest>,
    deep_fallback: Option<&'a str>,
    ms: f64,
    diagnostics: Vec<DiagnosticLine<'a>>,
    constraints: &'a [String],
}

/// The last line of `compile --json`.
#[derive(Serialize)]
struct TotalLine {
    schema_version: u32,
    summary: Totals,
}

/// What a compile did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Totals {
    pub(crate) rules: usize,
    pub(crate) compiled: usize,
    pub(crate) cached: usize,
    pub(crate) failed: usize,
    /// How many rules were planned, rather than found in the store.
    pub(crate) planned: usize,
    pub(crate) ms: f64,
}

pub(crate) fn run(global: &Global, args: &CompileArgs, console: &Console) -> Exit {
    with_compiler(global, console, |project, compiler| {
        let clock = Instant::now();
        let bar = console.bar(compiler.rules.len() as u64, "compiling");
        // Selectors follow the graph, so all rules are started; what was not asked for is
        // only looked up.
        let compiled = compiler.compile(Selected::All, &|_, _| bar.inc(1));
        bar.finish_and_clear();
        let chosen = match selection(&args.rules, compiler, &compiled) {
            Ok(chosen) => chosen,
            Err(exit) => return exit(console),
        };
        let asked = |index: &usize| chosen.as_ref().is_none_or(|chosen| chosen.contains(index));
        let outcomes: Vec<(usize, &Outcome)> = compiled
            .outcomes
            .iter()
            .enumerate()
            .filter(|(index, _)| asked(index))
            .filter_map(|(index, outcome)| Some((index, outcome.as_ref()?)))
            .collect();
        let deep = DeepPlans::new(compiler, &compiled).digests();
        let totals =
            totals(outcomes.iter().map(|(_, outcome)| *outcome), compiler, clock.elapsed());
        let mut wrong = false;
        for (index, outcome) in &outcomes {
            let Some(rule) = compiler.rules.get(*index) else { continue };
            let report = reports(project, compiler, std::iter::once((*index, *outcome))).pop();
            let mut report = report.unwrap_or_else(|| rule.report(vec![]));
            // The artifact is right whatever is wrong with the place of its rows.
            let of_output = output_findings(project, compiler, rule, Some(&outcome.record));
            let unwritable = !of_output.is_empty();
            wrong |= unwritable;
            report.diagnostics.extend(of_output);
            let deep = deep.get(*index).and_then(Option::as_ref);
            let fallback = deep.and_then(|deep| deep.fallback.as_deref());
            if args.json {
                let line = RuleLine {
                    schema_version: crate::report::SCHEMA_VERSION,
                    rule: &rule.name,
                    path: &rule.path,
                    status: outcome.status,
                    digest: outcome.record.digest,
                    deep_digest: deep.map(|deep| deep.digest),
                    deep_fallback: fallback,
                    ms: round(outcome.time),
                    diagnostics: diagnostic_lines(&report),
                    constraints: &outcome.record.constraints,
                };
                console.say(serde_json::to_string(&line).unwrap_or_default());
            } else {
                console.say(rule_row(&rule.name, outcome));
                for constraint in &outcome.record.constraints {
                    console.say(format_args!("    relies on {constraint}"));
                }
                if let Some(reason) = fallback {
                    console.say(format_args!("    not inlined for its deep digest: {reason}"));
                }
                if outcome.status == Status::Failed || unwritable {
                    let format = console.default_format();
                    console.print(&render(&report, format, console.colour));
                }
            }
        }
        if args.json {
            let line = TotalLine { schema_version: crate::report::SCHEMA_VERSION, summary: totals };
            console.say(serde_json::to_string(&line).unwrap_or_default());
        } else {
            console.note(total_row(&totals));
        }
        let relied = outcomes.iter().flat_map(|(_, outcome)| &outcome.record.constraints);
        let relied = relied.map(String::as_str);
        if let Some(note) = trust_note(project, compiler.catalog(), relied) {
            console.note(note);
        }
        if let Some(folder) = &args.out
            && let Err(report) = write_artifacts(folder, project, compiler, &outcomes)
        {
            return console.fail(&[report]);
        }
        if totals.failed > 0 || wrong { Exit::Findings } else { Exit::Clean }
    })
}

pub(crate) fn totals<'a>(
    outcomes: impl Iterator<Item = &'a Outcome>,
    compiler: &Compiler,
    time: Duration,
) -> Totals {
    let mut totals = Totals {
        rules: 0,
        compiled: 0,
        cached: 0,
        failed: 0,
        planned: compiler.planned(),
        ms: round(time),
    };
    for outcome in outcomes {
        totals.rules += 1;
        match outcome.status {
            Status::Compiled => totals.compiled += 1,
            Status::Cached => totals.cached += 1,
            Status::Failed => totals.failed += 1,
        }
    }
    totals
}

/// Rule, digest, status, time.
pub(crate) fn rule_row(name: &str, outcome: &Outcome) -> String {
    let digest = outcome.record.digest.map_or("-".to_owned(), |digest| digest.to_string());
    let status = match outcome.status {
        Status::Compiled => "compiled",
        Status::Cached => "cached",
        Status::Failed => "failed",
    };
    format!("{name:<32} {digest:<64} {status:<8} {:>9}", milliseconds(outcome.time))
}

pub(crate) fn total_row(totals: &Totals) -> String {
    let Totals { rules, compiled, cached, failed, planned, ms } = totals;
    format!(
        "{}: {compiled} compiled, {cached} cached, {failed} failed; {planned} planned; {ms:.0} ms",
        counted(*rules, "rule")
    )
}

fn round(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn write_artifacts(
    folder: &Path,
    project: &Project,
    compiler: &Compiler,
    outcomes: &[(usize, &Outcome)],
) -> Result<(), FileReport> {
    let failed = |error: std::io::Error| {
        let message = format!("`{}` cannot be written: {error}", folder.display());
        project.report(vec![Diagnostic::new(code::OUTPUT_FAILED, message)])
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (index, outcome) in outcomes {
        let (Some(rule), Some(digest)) = (compiler.rules.get(*index), outcome.record.digest) else {
            continue;
        };
        let stored = || match compiler.store().map(|store| store.artifact(&digest)) {
            Some(Lookup::Hit(bytes)) => Some(bytes),
            _ => None,
        };
        let Some(bytes) = outcome.artifact.clone().or_else(stored) else { continue };
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::io::Write::write_all(&mut file, &bytes).map_err(failed)?;
        file.persist(folder.join(format!("{}.substrait", rule.name)))
            .map_err(|error| failed(error.error))?;
    }
    Ok(())
}
