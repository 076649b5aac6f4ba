//! `planc cache gc`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use planc_artifacts::{Entry, GcOptions, GcReport, gc};

use super::{CacheMode, Console, Exit, Global, Needed, bytes, of_project, with_needed};
use crate::project::Project;

#[derive(Args)]
pub(crate) struct GcArgs {
    /// What nobody used for longer goes: 30d, 12h, …
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = age)]
    max_age: Duration,
    /// Where more is left, the oldest goes: 500MB, 2GB, …
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// Another project that uses the same tiers: what it needs stays too
    #[arg(long, value_name = "DIR")]
    keep: Vec<PathBuf>,
    /// The remote tier instead of the local one
    #[arg(long)]
    remote: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(global: &Global, args: &GcArgs, console: &Console) -> Exit {
    let mut keep = BTreeSet::new();
    for folder in &args.keep {
        let project = match Project::load(folder, global.env.as_deref()) {
            Ok(project) => project,
            Err(report) => return console.fail(&[report]),
        };
        let exit = of_project(&project, CacheMode::ReadWrite, console, |needed| {
            keep.extend(needed.entries.iter().cloned());
            Exit::Clean
        });
        if exit != Exit::Clean {
            return exit;
        }
    }
    let mode = global.cache.unwrap_or(CacheMode::ReadWrite);
    with_needed(global, mode, console, |needed| collect(needed, keep, args, console))
}

fn collect(needed: &Needed, keep: BTreeSet<Entry>, args: &GcArgs, console: &Console) -> Exit {
    let options = GcOptions {
        max_age: args.max_age,
        max_bytes: args.max_size,
        dry_run: args.dry_run,
        keep: keep.into_iter().chain(needed.entries.iter().cloned()).collect(),
    };
    let report = match args.remote {
        true => needed.store.gc_remote(&options).map_err(|problem| problem.message),
        false => gc(needed.store, &options).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => "another `planc cache gc` is at work".to_owned(),
            _ => format!("{}: {error}", needed.store.root().display()),
        }),
    };
    match report {
        Ok(report) => {
            console.say(words(&report, args.dry_run));
            Exit::Clean
        }
        Err(why) => console.usage(why, None),
    }
}

fn words(report: &GcReport, dry_run: bool) -> String {
    let GcReport { records, objects, bytes: gone, kept, kept_bytes, leftovers } = *report;
    let verb = if dry_run { "would go" } else { "removed" };
    format!(
        "{verb}: {records} records, {objects} artifacts ({}), {leftovers} leftovers; \
         {kept} entries ({}) stay",
        bytes(gone),
        bytes(kept_bytes)
    )
}

/// A number with a unit of time.
fn age(text: &str) -> Result<Duration, String> {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let found = units.into_iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(seconds).map(Duration::from_secs)
    });
    found.ok_or_else(|| "write it as 30d, 12h, 45m or 10s".to_owned())
}

/// A number of bytes, with a unit or without.
fn size(text: &str) -> Result<u64, String> {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1), ("", 1)];
    let found = units.into_iter().find_map(|(unit, size)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(size)
    });
    found.ok_or_else(|| "write it as 2GB, 500MB, 100kB or 4096".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_have_units() {
        assert_eq!(age("2h"), Ok(Duration::from_secs(7_200)));
        assert!(age("2").is_err() && age("d").is_err() && age("-1d").is_err());
        assert_eq!((size("3MB"), size("17")), (Ok(3_000_000), Ok(17)));
        assert!(size("many").is_err());
    }
}
