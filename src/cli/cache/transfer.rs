//! `planc cache push` and `planc cache pull`.

use clap::Args;
use planc_artifacts::{Store, Transfer};

use super::{CacheMode, Console, Exit, Global, bytes, with_needed, with_store};

#[derive(Args)]
pub(crate) struct PushArgs {
    /// Everything in the local tier, not only what the project needs
    #[arg(long)]
    all: bool,
}

#[derive(Args)]
pub(crate) struct PullArgs {
    /// Everything in the remote tier, not only what the project needs
    #[arg(long)]
    all: bool,
}

/// Whoever says `push` wants the remote tier written, whatever the project's default is.
fn writing(global: &Global) -> Global {
    let remote_cache = global.remote_cache.or(Some(CacheMode::ReadWrite));
    Global { remote_cache, ..global.clone() }
}

pub(crate) fn push(global: &Global, args: &PushArgs, console: &Console) -> Exit {
    let global = writing(global);
    let report = |store: &Store, transfer: &Transfer| {
        let Transfer { moved, bytes: size, present, left, failed } = transfer;
        let size = bytes(*size);
        console.say(format_args!(
            "pushed {moved} entries ({size}); {present} were there, {left} were not believed or \
             stay here, {failed} failed"
        ));
        // What could not be reached was not pushed to, whatever the counts say.
        if *failed > 0 || !store.problems().is_empty() { Exit::Findings } else { Exit::Clean }
    };
    if args.all {
        return with_store(&global, console, |store| {
            if store.remote().is_none() {
                return no_remote(console);
            }
            match store.local().list() {
                Ok(listed) => {
                    let entries = listed.into_iter().map(|listed| listed.entry);
                    report(store, &store.push(&entries.collect()))
                }
                Err(error) => console.usage(error, None),
            }
        });
    }
    with_needed(&global, CacheMode::ReadWrite, console, |needed| {
        if needed.store.remote().is_none() {
            return no_remote(console);
        }
        needed.store.finish();
        report(needed.store, &needed.store.push(&needed.entries))
    })
}

pub(crate) fn pull(global: &Global, args: &PullArgs, console: &Console) -> Exit {
    if args.all {
        return with_store(global, console, |store| match store.pull_all() {
            Ok(Transfer { moved, bytes: size, present, left, failed }) => {
                let size = bytes(size);
                console.say(format_args!(
                    "pulled {moved} entries ({size}); {present} records were here, {left} were \
                     not believed, {failed} failed"
                ));
                if failed > 0 { Exit::Findings } else { Exit::Clean }
            }
            Err(problem) => console.usage(problem.message, None),
        });
    }
    // What is not found is compiled, as only that shows what the rules downstream need.
    with_needed(global, CacheMode::ReadWrite, console, |needed| {
        if needed.store.remote().is_none() {
            return no_remote(console);
        }
        let counts = needed.store.counts();
        let planned = needed.compiler.planned();
        console.say(format_args!(
            "{} rules: {} records came from the remote tier, {} were here; {planned} rules were \
             in neither",
            needed.compiled.outcomes.len(),
            counts.remote.hits,
            counts.local.hits,
        ));
        Exit::Clean
    })
}

fn no_remote(console: &Console) -> Exit {
    let help = "set `remote` under [cache] in planc.toml".to_owned();
    console.usage("there is no remote tier", Some(help))
}
