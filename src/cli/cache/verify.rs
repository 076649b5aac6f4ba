//! `planc cache verify`: every entry against its name and signature, and some rules against
//! what compiling them gives.

use std::collections::BTreeSet;

use clap::Args;
use planc_artifacts::Audit;

use super::{CacheMode, Console, Exit, Global, cache_notes, load_project, with_store};
use crate::driver::{Compiler, DeepPlans, Selected, load_catalog};

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Compiles so many of the rules again and compares: 10%, 100%
    #[arg(long, value_name = "N%", value_parser = percent)]
    recompute: Option<u8>,
    /// The remote tier's entries too
    #[arg(long)]
    remote: bool,
}

pub(crate) fn run(global: &Global, args: &VerifyArgs, console: &Console) -> Exit {
    let exit = with_store(global, console, |store| {
        let local = match store.audit_local() {
            Ok(audit) => audit,
            Err(error) => return console.usage(error, None),
        };
        let mut exit = show("local", &local, console);
        if args.remote {
            match store.audit_remote() {
                Ok(audit) => exit = exit.max(show("remote", &audit, console)),
                Err(problem) => return console.usage(problem.message, None),
            }
        }
        exit
    });
    match args.recompute {
        Some(percent) if exit != Exit::Failed => exit.max(recompute(global, percent, console)),
        _ => exit,
    }
}

fn show(tier: &str, audit: &Audit, console: &Console) -> Exit {
    let Audit { objects, records, signed, dangling, problems } = audit;
    for problem in problems {
        console.say(format_args!("{}: {}", problem.kind.code().id, problem.message));
    }
    console.say(format_args!(
        "{tier}: {objects} artifacts and {records} records are right ({signed} signed), \
         {dangling} records lack their artifact, {} entries are wrong",
        problems.len()
    ));
    if problems.is_empty() { Exit::Clean } else { Exit::Findings }
}

fn recompute(global: &Global, percent: u8, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let (catalog, _) = match load_catalog(&project) {
        Ok(loaded) => loaded,
        Err(reports) => return console.fail(&reports),
    };
    let rules = match project.rules() {
        Ok(rules) => rules,
        Err(report) => return console.fail(&[report]),
    };
    let count = (rules.len() * usize::from(percent)).div_ceil(100);
    let mut order: Vec<usize> = (0..rules.len()).collect();
    // Another sample each time: in the end every rule has its turn.
    fastrand::shuffle(&mut order);
    let chosen: BTreeSet<usize> = order.into_iter().take(count).collect();
    let compiler = Compiler::new(&project, rules, catalog, CacheMode::Verify);
    let compiled = compiler.compile(Selected::These(&chosen), &|_, _| {});
    DeepPlans::new(&compiler, &compiled).digests();
    let found = cache_notes(&project, &compiler, console);
    let compared = compiled.outcomes.iter().flatten().count();
    let word = if found.is_some() { "not all agree" } else { "all agree" };
    console.say(format_args!(
        "{compared} rules were compiled again (those chosen and what they read): {word}"
    ));
    found.unwrap_or(Exit::Clean)
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<u8>().ok());
    let wrong = || "write it as 10% or 100%".to_owned();
    number.filter(|number| (1..=100).contains(number)).ok_or_else(wrong)
}
