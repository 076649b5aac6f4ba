//! `planc explain`: a code's page, a rule's plan pass by pass, an artifact as text.

use clap::Args;
use datafusion::physical_plan::displayable;
use planc_artifacts::Lookup;
use planc_ir::{Code, Digest, substrait};

use super::console::Console;
use super::{Exit, Global, run, with_compiler};
use crate::driver::{Compiled, Compiler, RunOptions, Runner, Selected, Selection, select};
use crate::project::Project;

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// A code (`P0201`, `unknown-table`), a rule, or an artifact's digest
    #[arg(value_name = "RULE|CODE|DIGEST")]
    what: String,
    /// How the rule would run on today's data: the order of its joins, the estimated rows and
    /// what they rest on, and the physical plan
    #[arg(long)]
    replay: bool,
    /// With --replay: a parameter's value
    #[arg(long, value_name = "NAME=VALUE", requires = "replay")]
    param: Vec<String>,
}

pub(crate) fn run(global: &Global, args: &ExplainArgs, console: &Console) -> Exit {
    if let Some(code) = Code::find(&args.what).filter(|_| !args.replay) {
        console.print(code.page);
        return Exit::Clean;
    }
    if args.replay {
        return with_compiler(global, console, |project, compiler| {
            replay(project, compiler, args, console)
        });
    }
    with_compiler(global, console, |_, compiler| match args.what.parse::<Digest>() {
        Ok(digest) => artifact(compiler, &digest, console),
        Err(_) => rule(compiler, &args.what, console),
    })
}

fn artifact(compiler: &Compiler, digest: &Digest, console: &Console) -> Exit {
    match compiler.store().map(|store| store.artifact(digest)) {
        Some(Lookup::Hit(bytes)) => match substrait::describe(&bytes) {
            Ok(text) => {
                console.print(&text);
                Exit::Clean
            }
            Err(error) => console.finding(&digest.short(), error),
        },
        Some(Lookup::Broken(reason)) => {
            console.usage(format_args!("the artifact is broken: {reason}"), None)
        }
        Some(Lookup::Miss) | None => {
            let help = "`planc compile` lists the digests of the rules".to_owned();
            console.usage(format_args!("the store holds no artifact {digest}"), Some(help))
        }
    }
}

/// The rule of this name.
fn find(
    compiler: &Compiler,
    compiled: &Compiled,
    name: &str,
    console: &Console,
) -> Result<usize, Exit> {
    let names: Vec<(&str, &str)> =
        compiler.rules.iter().map(|rule| (rule.name.as_str(), rule.path.as_str())).collect();
    match select(&[name.to_owned()], &names, &compiled.graph) {
        Selection::Rules(found) => found.into_iter().next().ok_or(Exit::Failed),
        Selection::Unknown(name, nearest) => {
            let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            Err(console.usage(format_args!("`{name}` is no code, no rule and no digest"), help))
        }
    }
}

/// What a run of the rule would do.
fn replay(project: &Project, compiler: &Compiler, args: &ExplainArgs, console: &Console) -> Exit {
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let index = match find(compiler, &compiled, &args.what, console) {
        Ok(index) => index,
        Err(exit) => return exit,
    };
    let params = match run::parameters(&args.param) {
        Ok(params) => params,
        Err(message) => return console.usage(message, None),
    };
    let options = RunOptions { params, ..RunOptions::default() };
    let runner = match Runner::new(project, compiler, &compiled.outcomes, options) {
        Ok(runner) => runner,
        Err(error) => return console.finding("planc explain", error),
    };
    match runner.replay_of(index) {
        Ok(replay) => {
            for choice in &replay.order {
                console.say(format_args!("== join order\n{choice}\n"));
            }
            let physical = displayable(replay.physical.as_ref()).indent(false);
            console.say(format_args!("== physical plan\n{physical}"));
            Exit::Clean
        }
        Err(findings) => {
            if let Some(rule) = compiler.rules.get(index) {
                console.notes(&[rule.report(findings)]);
            }
            Exit::Findings
        }
    }
}

fn rule(compiler: &Compiler, name: &str, console: &Console) -> Exit {
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let index = match find(compiler, &compiled, name, console) {
        Ok(index) => index,
        Err(exit) => return exit,
    };
    let mut text = String::new();
    let explained = compiler.explain(index, &compiled, &mut |step| {
        if step.fired || step.round == 0 {
            let round =
                if step.round == 0 { String::new() } else { format!(" (round {})", step.round) };
            let fired = if step.fired { "" } else { ": nothing to do" };
            text.push_str(&format!(
                "== {}{round}{fired}\n   {}\n",
                step.pass.name, step.pass.reason
            ));
            if step.fired {
                text.push_str(&format!("{}\n\n", step.plan.display_indent()));
            }
        }
    });
    match explained {
        Ok((planned, canonical)) => {
            console.say(format_args!("== as planned\n{planned}\n"));
            console.print(&text);
            console.say(format_args!("== canonical\n{canonical}"));
            if let Some(digest) =
                compiled.outcomes.get(index).and_then(|o| o.as_ref()?.record.digest)
            {
                console.say(format_args!("\ndigest {digest}"));
            }
            Exit::Clean
        }
        Err(findings) => {
            if let Some(rule) = compiler.rules.get(index) {
                console.notes(&[rule.report(findings)]);
            }
            Exit::Findings
        }
    }
}
