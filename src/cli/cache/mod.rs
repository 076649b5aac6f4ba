//! `planc cache`: looking after the tiers.

mod archive;
mod doctor;
mod gc;
mod keygen;
mod stats;
mod transfer;
mod verify;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use planc_artifacts::{Entry, Store};

use super::console::Console;
use super::{Exit, Global, cache_notes, load_project};
use crate::driver::{Compiled, Compiler, DeepPlans, Selected, load_catalog};
use crate::project::Project;
use crate::project::config::CacheMode;

#[derive(Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Subcommand)]
enum CacheCommand {
    /// Say what the tiers hold, and what they did for past commands
    Stats(stats::StatsArgs),
    /// Remove what is old and needed by nobody
    Gc(gc::GcArgs),
    /// Put what the project needs into the remote tier
    Push(transfer::PushArgs),
    /// Fetch what the project needs from the remote tier
    Pull(transfer::PullArgs),
    /// Write what the project needs to one file
    Export(archive::ExportArgs),
    /// Put a file that `export` wrote into the local tier
    Import(archive::ImportArgs),
    /// Try the tiers: credentials, permissions, clocks, conditional puts, latency
    Doctor(doctor::DoctorArgs),
    /// Check every entry, and compile some rules again to compare
    Verify(verify::VerifyArgs),
    /// Write a new private key to a file outside the project, and print its public key
    Keygen(keygen::KeygenArgs),
}

pub(crate) fn run(global: &Global, args: &CacheArgs, console: &Console) -> Exit {
    let global = &Global { patient: true, ..global.clone() };
    match &args.command {
        CacheCommand::Stats(args) => stats::run(global, args, console),
        CacheCommand::Gc(args) => gc::run(global, args, console),
        CacheCommand::Push(args) => transfer::push(global, args, console),
        CacheCommand::Pull(args) => transfer::pull(global, args, console),
        CacheCommand::Export(args) => archive::export(global, args, console),
        CacheCommand::Import(args) => archive::import(global, args, console),
        CacheCommand::Doctor(args) => doctor::run(global, args, console),
        CacheCommand::Verify(args) => verify::run(global, args, console),
        CacheCommand::Keygen(args) => keygen::run(global, args, console),
    }
}

/// The store alone: no rules, no schemas.
fn with_store(global: &Global, console: &Console, work: impl FnOnce(&Store) -> Exit) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let mode = global.cache.unwrap_or(CacheMode::ReadWrite);
    let store = Store::new(project.store_config(mode));
    let exit = work(&store);
    for problem in store.problems() {
        console.note(format_args!("{}: {}", problem.kind.code().id, problem.message));
    }
    exit
}

/// A project whose rules were compiled, or found, with what they needed of the store.
struct Needed<'a> {
    compiler: &'a Compiler<'a>,
    compiled: &'a Compiled,
    store: &'a Store,
    entries: BTreeSet<Entry>,
}

/// Compiles the project, so that it is known which entries it needs, and works with these.
fn with_needed(
    global: &Global,
    mode: CacheMode,
    console: &Console,
    work: impl FnOnce(&Needed) -> Exit,
) -> Exit {
    match load_project(global) {
        Ok(project) => of_project(&project, mode, console, work),
        Err(report) => console.fail(&[report]),
    }
}

fn of_project(
    project: &Project,
    mode: CacheMode,
    console: &Console,
    work: impl FnOnce(&Needed) -> Exit,
) -> Exit {
    let (catalog, notes) = match load_catalog(project) {
        Ok(loaded) => loaded,
        Err(reports) => return console.fail(&reports),
    };
    console.notes(&notes);
    let rules = match project.rules() {
        Ok(rules) => rules,
        Err(report) => return console.fail(&[report]),
    };
    let compiler = Compiler::new(project, rules, catalog, mode).tracking();
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    DeepPlans::new(&compiler, &compiled).digests();
    let Some(store) = compiler.store() else {
        return console.usage("the cache is off: all its tiers are", None);
    };
    let entries = store.used();
    let needed = Needed { compiler: &compiler, compiled: &compiled, store, entries };
    let exit = work(&needed);
    cache_notes(project, &compiler, console).unwrap_or(exit).max(exit)
}

/// Bytes with as many digits as are worth reading.
fn bytes(count: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{}.{} {unit}", count / size, count % size * 10 / size),
        None => format!("{count} B"),
    }
}
