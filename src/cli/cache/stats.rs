//! `planc cache stats`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use planc_artifacts::{Entry, Store, Summary, TierCounts};
use serde::Serialize;

use super::super::console::milliseconds;
use super::{Console, Exit, Global, bytes, with_store};
use crate::report::SCHEMA_VERSION;

#[derive(Args)]
pub(crate) struct StatsArgs {
    /// List the remote tier too, which takes a while where it holds much
    #[arg(long)]
    remote: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What a tier holds.
#[derive(Debug, Default, Serialize)]
struct Holds {
    objects: u64,
    object_bytes: u64,
    /// Records by zone.
    records: BTreeMap<String, u64>,
    record_bytes: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    local: Holds,
    remote: Option<Holds>,
    past: &'a Summary,
}

pub(crate) fn run(global: &Global, args: &StatsArgs, console: &Console) -> Exit {
    with_store(global, console, |store| match show(store, args, console) {
        Ok(()) => Exit::Clean,
        Err(why) => console.usage(why, None),
    })
}

fn show(store: &Store, args: &StatsArgs, console: &Console) -> Result<(), String> {
    let local = store.local().list().map_err(|error| error.to_string())?;
    let local = Holds::of(local.iter().map(|listed| (&listed.entry, listed.bytes)));
    let remote = match args.remote {
        true => {
            let listed = store.list_remote().map_err(|problem| problem.message)?;
            let entries = listed.iter().filter_map(|l| Some((l.entry.as_ref()?, l.bytes)));
            Some(Holds::of(entries))
        }
        false => None,
    };
    let past = Summary::of(store.local()).map_err(|error| error.to_string())?;
    if args.json {
        let line = Line { schema_version: SCHEMA_VERSION, local, remote, past: &past };
        console.say(serde_json::to_string(&line).unwrap_or_default());
        return Ok(());
    }
    console.say(format_args!("local   {}: {}", store.root().display(), local.words()));
    if let Some(tier) = store.remote() {
        let holds = remote.map_or("not listed (--remote)".to_owned(), |holds| holds.words());
        console.say(format_args!("remote  {}: {holds}", tier.shown()));
    }
    console.say(format_args!("in {} past commands:", past.processes));
    for (name, counts) in [("local", &past.counts.local), ("remote", &past.counts.remote)] {
        if *counts != TierCounts::default() {
            console.say(format_args!("{name:<7} {}", words(counts)));
        }
    }
    let saved = Duration::from_micros(past.counts.saved_micros);
    console.say(format_args!("compiling what was found took {} once", milliseconds(saved)));
    Ok(())
}

fn words(counts: &TierCounts) -> String {
    let misses: u64 = counts.misses.values().sum();
    let why: Vec<String> =
        counts.misses.iter().map(|(why, count)| format!("{count} {why}")).collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    format!("{} hits, {misses} misses{why}, {} entries written", counts.hits, counts.written)
}

impl Holds {
    fn of<'a>(entries: impl Iterator<Item = (&'a Entry, u64)>) -> Self {
        let mut holds = Holds::default();
        for (entry, bytes) in entries {
            match entry {
                Entry::Object(_) => {
                    holds.objects += 1;
                    holds.object_bytes += bytes;
                }
                Entry::Record { zone, .. } => {
                    *holds.records.entry(zone.to_string()).or_default() += 1;
                    holds.record_bytes += bytes;
                }
            }
        }
        holds
    }

    fn words(&self) -> String {
        let records: Vec<String> =
            self.records.iter().map(|(zone, count)| format!("{count} in {zone}")).collect();
        let records = if records.is_empty() { "none".to_owned() } else { records.join(", ") };
        format!(
            "{} artifacts ({}), records: {records} ({})",
            self.objects,
            bytes(self.object_bytes),
            bytes(self.record_bytes)
        )
    }
}
