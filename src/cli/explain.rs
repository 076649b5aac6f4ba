//! `planc explain`: a code's page, a rule's plan pass by pass, an artifact as text.

use clap::Args;
use planc_artifacts::{FieldRecord, Lookup};
use planc_ir::{Code, Digest};
use serde::Serialize;

use super::console::Console;
use super::explain_replay::replay;
use super::inspect::{PlanFormat, show};
use super::{Exit, Global, run, with_compiler};
use crate::driver::{Compiled, Compiler, Selected, Selection, Trace, select};
use crate::project::rules::Rule;
use crate::report;

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// A code (`P0201`, `unknown-table`), a rule, or an artifact's digest
    #[arg(value_name = "RULE|CODE|DIGEST")]
    what: String,
    /// How a rule's plan is shown: every pass as text, the canonical plan as a DOT graph, a page,
    /// or one JSON object. An artifact is shown as text or as Substrait's JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// How the rule would run on today's data: the order of its joins, the estimated rows and
    /// what they rest on, and the physical plan
    #[arg(long, conflicts_with = "format")]
    replay: bool,
    /// With --replay: a parameter's value
    #[arg(long, value_name = "NAME=VALUE", requires = "replay")]
    param: Vec<String>,
}

/// How `explain` shows a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Dot,
    Html,
    Json,
}

/// A rule as `explain --format json` writes it.
#[derive(Serialize)]
struct RuleLine<'a> {
    schema_version: u32,
    rule: &'a str,
    path: &'a str,
    digest: Option<Digest>,
    output: &'a [FieldRecord],
    constraints: &'a [String],
    #[serde(flatten)]
    trace: &'a Trace,
}

pub(crate) fn run(global: &Global, args: &ExplainArgs, console: &Console) -> Exit {
    if args.replay {
        let params = match run::parameters(&args.param) {
            Ok(params) => params,
            Err(message) => return console.usage(message, None),
        };
        return with_compiler(global, console, |project, compiler| {
            replay(project, compiler, &args.what, params, console)
        });
    }
    if let Some(code) = Code::find(&args.what) {
        console.print(code.page);
        return Exit::Clean;
    }
    with_compiler(global, console, |_, compiler| match compiler.digest(&args.what) {
        Ok(Some(digest)) => match args.format {
            Format::Text => artifact(compiler, &digest, PlanFormat::Text, console),
            Format::Json => artifact(compiler, &digest, PlanFormat::Json, console),
            Format::Dot | Format::Html => console.usage("an artifact is text or json", None),
        },
        Err(message) => console.usage(message, None),
        Ok(None) => rule(compiler, &args.what, args.format, console),
    })
}

fn artifact(compiler: &Compiler, digest: &Digest, format: PlanFormat, console: &Console) -> Exit {
    match compiler.store().map(|store| store.artifact(digest)) {
        Some(Lookup::Hit(bytes)) => show(&digest.short(), &bytes, format, console),
        Some(Lookup::Broken(reason)) => {
            console.usage(format_args!("the artifact is broken: {reason}"), None)
        }
        Some(Lookup::Miss) | None => {
            let help = "`planc compile` lists the digests of the rules".to_owned();
            console.usage(format_args!("the store holds no artifact {digest}"), Some(help))
        }
    }
}

/// The rule of this name, or the help for a name that no rule has.
pub(crate) fn find<'a>(
    compiler: &'a Compiler,
    compiled: &Compiled,
    name: &str,
) -> Result<(usize, &'a Rule), Option<String>> {
    let names: Vec<(&str, &str)> =
        compiler.rules.iter().map(|rule| (rule.name.as_str(), rule.path.as_str())).collect();
    match select(&[name.to_owned()], &names, &compiled.graph) {
        Selection::Rules(found) => {
            let rule = |index: usize| Some((index, compiler.rules.get(index)?));
            found.into_iter().next().and_then(rule).ok_or(None)
        }
        Selection::Unknown(_, nearest) => {
            Err(nearest.map(|nearest| format!("did you mean `{nearest}`?")))
        }
    }
}

fn rule(compiler: &Compiler, name: &str, format: Format, console: &Console) -> Exit {
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let (index, rule) = match find(compiler, &compiled, name) {
        Ok(found) => found,
        Err(help) => {
            return console.usage(format_args!("`{name}` is no code, no rule and no digest"), help);
        }
    };
    let (trace, plan) = match compiler.trace(rule, &compiled) {
        Ok(traced) => traced,
        Err(findings) => {
            console.notes(&[rule.report(findings)]);
            return Exit::Findings;
        }
    };
    let record = compiled.outcomes.get(index).and_then(Option::as_ref).map(|o| &o.record);
    let digest = record.and_then(|record| record.digest);
    match format {
        Format::Text => {
            console.print(&trace.text());
            if let Some(digest) = digest {
                console.say(format_args!("\ndigest {digest}"));
            }
        }
        Format::Dot => console.print(&report::dot(&rule.name, &plan.logical)),
        Format::Html => {
            let digest = digest.map(|digest| digest.to_string());
            console.print(&report::html(&rule.name, &rule.text, digest.as_deref(), &trace));
        }
        Format::Json => {
            let line = RuleLine {
                schema_version: report::SCHEMA_VERSION,
                rule: &rule.name,
                path: &rule.path,
                digest,
                output: record.map_or(&[], |record| &record.output),
                constraints: record.map_or(&[], |record| &record.constraints),
                trace: &trace,
            };
            console.say(serde_json::to_string(&line).unwrap_or_default());
        }
    }
    Exit::Clean
}
