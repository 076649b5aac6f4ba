//! `planc diff`: what changed between two rules, artifacts or files: nothing, or meaning.

use std::path::Path;

use clap::Args;
use planc_artifacts::Lookup;
use planc_ir::{Diagnostic, Digest, Plan, code, substrait};
use serde::Serialize;

use super::console::Console;
use super::{Exit, Global, with_compiler};
use crate::driver::{Compiled, Compiler, Lineage, Selected, changed_lines, load_catalog};
use crate::project::Project;
use crate::project::rules::Rule;
use crate::report::{FileReport, SCHEMA_VERSION};

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// A rule, an artifact's digest, a .sql or .substrait file, or REVISION:RULE
    a: String,
    /// Another one
    b: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What `diff --json` writes.
#[derive(Serialize)]
struct DiffLine<'a> {
    schema_version: u32,
    same: bool,
    a: Digest,
    b: Digest,
    changes: &'a [String],
    diff: &'a str,
}

/// One side: a canonical plan and its digest.
struct Side {
    digest: Digest,
    plan: Plan,
}

pub(crate) fn run(global: &Global, args: &DiffArgs, console: &Console) -> Exit {
    with_compiler(global, console, |project, compiler| {
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        let side = |name: &str| side(name, project, compiler, &compiled);
        let (a, b) = match (side(&args.a), side(&args.b)) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => {
                let reports: Vec<FileReport> = [a.err(), b.err()].into_iter().flatten().collect();
                return console.fail(&reports);
            }
        };
        let same = a.digest == b.digest;
        let (mut changes, mut diff) = (vec![], String::new());
        if !same {
            changes = Lineage::of(&a.plan.logical).changes(&Lineage::of(&b.plan.logical));
            let text = |side: &Side| side.plan.logical.display_indent().to_string();
            diff = changed_lines(&text(&a), &text(&b));
            if diff.is_empty() {
                // Only types differ, or whether a value can be NULL.
                let text = |side: &Side| side.plan.logical.display_indent_schema().to_string();
                diff = changed_lines(&text(&a), &text(&b));
            }
        }
        if args.json {
            let line = DiffLine {
                schema_version: SCHEMA_VERSION,
                same,
                a: a.digest,
                b: b.digest,
                changes: &changes,
                diff: &diff,
            };
            console.say(serde_json::to_string(&line).unwrap_or_default());
        } else if same {
            console.say(format_args!("same digest {}", a.digest));
        } else {
            console.say(format_args!("- {} {}", a.digest, args.a));
            console.say(format_args!("+ {} {}", b.digest, args.b));
            for change in &changes {
                console.say(format_args!("  {change}"));
            }
            console.print(&format!("\n{diff}"));
        }
        if same { Exit::Clean } else { Exit::Findings }
    })
}

fn side(
    name: &str,
    project: &Project,
    compiler: &Compiler,
    compiled: &Compiled,
) -> Result<Side, FileReport> {
    let report = |error| FileReport::new(name, "", vec![error]);
    let dotted = name.replace('/', ".");
    let is_rule = |rule: &&Rule| rule.name == dotted || rule.path == name;
    if let Some(rule) = compiler.rules.iter().find(is_rule) {
        return of_rule(rule, compiler, compiled);
    }
    let digest = compiler
        .digest(name)
        .map_err(|message| report(Diagnostic::new(code::NO_ARTIFACT, message)))?;
    if let Some(digest) = digest {
        return match compiler.store().map(|store| store.artifact(&digest)) {
            Some(Lookup::Hit(bytes)) => of_bytes(&bytes, compiler).map_err(report),
            _ => {
                let message = format!("the store holds no artifact {digest}");
                Err(report(Diagnostic::new(code::NO_ARTIFACT, message)))
            }
        };
    }
    if Path::new(name).is_file() {
        if name.ends_with(".sql") {
            let rule = project.rule_at(Path::new(name));
            return of_rule(&rule, compiler, compiled);
        }
        let bytes = std::fs::read(name).map_err(|error| {
            report(Diagnostic::new(code::NO_ARTIFACT, format!("it cannot be read: {error}")))
        })?;
        return of_bytes(&bytes, compiler).map_err(report);
    }
    if let Some((revision, rule)) = name.split_once(':') {
        return at_revision(project, revision, rule);
    }
    let names = compiler.rules.iter().map(|rule| rule.name.as_str());
    let message = format!("`{name}` is no rule, no digest and no file");
    let help = planc_ir::suggest::did_you_mean(name, names);
    Err(report(Diagnostic::new(code::CONFIG, message).help_opt(help)))
}

fn at_revision(project: &Project, revision: &str, rule: &str) -> Result<Side, FileReport> {
    let taken = project.at_revision(revision)?;
    let first = |mut reports: Vec<FileReport>| reports.remove(0);
    let (catalog, _) = load_catalog(&taken.project).map_err(first)?;
    let rules = taken.project.rules()?;
    let mode = project.config.cache.mode;
    let compiler = Compiler::new(&taken.project, rules, catalog, mode);
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let found = compiler.rules.iter().find(|known| known.name == rule || known.path == rule);
    let found = found.ok_or_else(|| {
        let message = format!("{revision} has no rule `{rule}`");
        FileReport::new(revision, "", vec![Diagnostic::new(code::REVISION, message)])
    })?;
    of_rule(found, &compiler, &compiled)
}

fn of_rule(rule: &Rule, compiler: &Compiler, compiled: &Compiled) -> Result<Side, FileReport> {
    let (_, plan) = compiler.trace(rule, compiled).map_err(|errors| rule.report(errors))?;
    let encoded = substrait::encode(&plan).map_err(|error| rule.report(vec![error]))?;
    of_bytes(&encoded.bytes, compiler).map_err(|error| rule.report(vec![error]))
}

fn of_bytes(bytes: &[u8], compiler: &Compiler) -> Result<Side, Diagnostic> {
    let plan = substrait::decode(bytes, compiler.state())?;
    Ok(Side { digest: Digest::of(bytes), plan })
}
