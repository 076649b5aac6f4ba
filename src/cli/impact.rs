//! `planc impact`: which rules a change really touches, and why.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::console::{Console, counted};
use super::{Exit, Global, load_project};
use crate::driver::{Effect, RuleImpact, impact};
use crate::project::Project;
use crate::project::revision::Revision;
use crate::report::{FileReport, SCHEMA_VERSION};

#[derive(Args)]
pub(crate) struct ImpactArgs {
    /// The state before: a git revision, or a project's folder
    base: String,
    /// The state after [default: the project as it lies here]
    head: Option<String>,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line a rule
    Text,
    /// One JSON object a line
    Json,
    /// A table for a pull request
    Markdown,
}

/// A rule as `impact --format json` writes it.
#[derive(Serialize)]
struct RuleLine<'a> {
    schema_version: u32,
    #[serde(flatten)]
    impact: &'a RuleImpact,
}

#[derive(Serialize)]
struct TotalLine {
    schema_version: u32,
    summary: Totals,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    rules: usize,
    changed: usize,
    rebuild: usize,
    unaffected: usize,
    respelled: usize,
    unchanged: usize,
    added: usize,
    removed: usize,
    failed: usize,
}

/// A state of the project, owned where it was taken out of git or lies elsewhere.
enum State {
    Here,
    Folder(Box<Project>),
    Revision(Box<Revision>),
}

impl State {
    fn project<'a>(&'a self, here: &'a Project) -> &'a Project {
        match self {
            State::Here => here,
            State::Folder(project) => project,
            State::Revision(revision) => &revision.project,
        }
    }
}

pub(crate) fn run(global: &Global, args: &ImpactArgs, console: &Console) -> Exit {
    // Two folders need no project around them.
    let here = match load_project(global) {
        Ok(project) => Ok(project),
        Err(_) if is_project(&args.base) => Project::load(Path::new(&args.base), None),
        Err(report) => Err(report),
    };
    let here = match here {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let both = || -> Result<(State, State), FileReport> {
        let head = args.head.as_deref().map(|head| state(head, &here, global)).transpose()?;
        Ok((state(&args.base, &here, global)?, head.unwrap_or(State::Here)))
    };
    let (base, head) = match both() {
        Ok(states) => states,
        Err(report) => return console.fail(&[report]),
    };
    let mode = global.cache.unwrap_or(here.config.cache.mode);
    let impacts = match impact(base.project(&here), head.project(&here), mode) {
        Ok(impacts) => impacts,
        Err(reports) => return console.fail(&reports),
    };
    let totals = totals(&impacts);
    match args.format {
        Format::Text => {
            for impact in impacts.iter().filter(|impact| impact.effect != Effect::Unchanged) {
                console.print(&text(impact));
            }
            console.note(summary(&totals));
        }
        Format::Json => {
            for impact in &impacts {
                let line = RuleLine { schema_version: SCHEMA_VERSION, impact };
                console.say(serde_json::to_string(&line).unwrap_or_default());
            }
            let line = TotalLine { schema_version: SCHEMA_VERSION, summary: totals };
            console.say(serde_json::to_string(&line).unwrap_or_default());
            return exit(&impacts);
        }
        Format::Markdown => console.print(&markdown(&impacts, &totals)),
    }
    exit(&impacts)
}

fn exit(impacts: &[RuleImpact]) -> Exit {
    let failed = impacts.iter().any(|impact| impact.effect == Effect::Failed);
    if failed { Exit::Findings } else { Exit::Clean }
}

fn is_project(folder: &str) -> bool {
    ["planc.toml", "pyproject.toml"].iter().any(|file| Path::new(folder).join(file).is_file())
}

fn state(name: &str, here: &Project, global: &Global) -> Result<State, FileReport> {
    if is_project(name) {
        let project = Project::load(Path::new(name), global.env.as_deref())?;
        return Ok(State::Folder(Box::new(project)));
    }
    Ok(State::Revision(Box::new(here.at_revision(name)?)))
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Failed => "failed",
        Effect::Added => "added",
        Effect::Removed => "removed",
        Effect::Changed => "changed",
        Effect::Rebuild => "rebuild",
        Effect::Unaffected => "skip",
        Effect::Respelled => "respelled",
        Effect::Unchanged => "unchanged",
    }
}

/// Why, in one sentence: the rules that it came through, then the causes.
fn why(impact: &RuleImpact) -> String {
    let mut parts = Vec::new();
    if !impact.through.is_empty() {
        let through = impact.through.iter().map(|rule| format!("`{rule}`"));
        let through = through.collect::<Vec<_>>().join(", ");
        parts.push(match impact.effect {
            Effect::Unaffected => format!("{through} changed, without effect here"),
            _ => format!("through {through}"),
        });
    }
    parts.extend(impact.causes.iter().cloned());
    if let Some(reason) = &impact.fallback {
        parts.push(format!("compared by its own plan and its upstream's digests: {reason}"));
    }
    parts.join("; ")
}

fn text(impact: &RuleImpact) -> String {
    let line = format!("{:<32} {:<10} {}", impact.rule, word(impact.effect), why(impact));
    format!("{}\n", line.trim_end())
}

fn markdown(impacts: &[RuleImpact], totals: &Totals) -> String {
    let mut out = format!("**planc impact**: {}\n", summary(totals));
    let shown: Vec<&RuleImpact> =
        impacts.iter().filter(|impact| impact.effect != Effect::Unchanged).collect();
    if !shown.is_empty() {
        out.push_str("\n| rule | effect | why |\n| --- | --- | --- |\n");
        for impact in shown {
            let why = why(impact).replace('|', "\\|").replace('\n', " ");
            out.push_str(&format!("| `{}` | {} | {why} |\n", impact.rule, word(impact.effect)));
        }
    }
    out
}

fn totals(impacts: &[RuleImpact]) -> Totals {
    let mut totals = Totals { rules: impacts.len(), ..Totals::default() };
    for impact in impacts {
        *match impact.effect {
            Effect::Failed => &mut totals.failed,
            Effect::Added => &mut totals.added,
            Effect::Removed => &mut totals.removed,
            Effect::Changed => &mut totals.changed,
            Effect::Rebuild => &mut totals.rebuild,
            Effect::Unaffected => &mut totals.unaffected,
            Effect::Respelled => &mut totals.respelled,
            Effect::Unchanged => &mut totals.unchanged,
        } += 1;
    }
    totals
}

fn summary(totals: &Totals) -> String {
    let Totals { rules, changed, rebuild, unaffected, respelled, unchanged, .. } = totals;
    let mut parts = vec![
        format!("{changed} changed"),
        format!("{rebuild} to rebuild"),
        format!("{unaffected} to skip"),
        format!("{respelled} respelled"),
        format!("{unchanged} unchanged"),
    ];
    for (count, what) in
        [(totals.added, "added"), (totals.removed, "removed"), (totals.failed, "failed")]
    {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{}: {}", counted(*rules, "rule"), parts.join(", "))
}
