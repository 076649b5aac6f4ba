//! `planc explain`: a code's page, a rule's plan pass by pass, an artifact as text.

use clap::Args;
use planc_artifacts::Lookup;
use planc_ir::{Code, Digest, substrait};

use super::console::Console;
use super::{Exit, Global, with_compiler};
use crate::driver::{Compiler, Selected, Selection, select};

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// A code (`P0201`, `unknown-table`), a rule, or an artifact's digest
    #[arg(value_name = "RULE|CODE|DIGEST")]
    what: String,
}

pub(crate) fn run(global: &Global, args: &ExplainArgs, console: &Console) -> Exit {
    if let Some(code) = Code::find(&args.what) {
        console.print(code.page);
        return Exit::Clean;
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

fn rule(compiler: &Compiler, name: &str, console: &Console) -> Exit {
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let names: Vec<(&str, &str)> =
        compiler.rules.iter().map(|rule| (rule.name.as_str(), rule.path.as_str())).collect();
    let index = match select(&[name.to_owned()], &names, &compiled.graph) {
        Selection::Rules(found) => found.into_iter().next(),
        Selection::Unknown(name, nearest) => {
            let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            return console.usage(format_args!("`{name}` is no code, no rule and no digest"), help);
        }
    };
    let Some(index) = index else { return Exit::Failed };
    let mut text = String::new();
    let explained = compiler.explain(index, &compiled, &mut |step| {
        if step.fired || step.round == 0 {
            let round =
                if step.round == 0 { String::new() } else { format!(" (round {})", step.round) };
            let fired = if step.fired { "" } else { ": nothing to do" };
            text.push_str(&format!("== {}{round}{fired}\n   {}\n", step.name, step.reason));
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
