//! What the tiers did for a process, and for all processes of the last days.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::LocalTier;
use crate::local::is_absent;

/// The folder of the counts of past processes, one JSON object a line, a file a day.
pub(crate) const LOG: &str = "log";

/// What looking for records in one tier gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierCounts {
    /// Records that were found and believed.
    pub hits: u64,
    /// Records that were not, by reason: `missing`, `corrupt`, `forbidden`, `misconfigured`,
    /// `timed out`, `unavailable`, `refused`, `skipped`, `no artifact`.
    pub misses: BTreeMap<String, u64>,
    /// Entries that were written.
    pub written: u64,
    /// Bytes of the entries that were read or written.
    pub bytes: u64,
}

/// What the store did for one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The folder.
    pub local: TierCounts,
    /// The object store.
    pub remote: TierCounts,
    /// The time that compiling took elsewhere or earlier for the results found, in
    /// microseconds.
    pub saved_micros: u64,
}

/// The sum over past processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many processes.
    pub processes: u64,
    /// Their counts together.
    pub counts: Counts,
}

impl TierCounts {
    pub(crate) fn missed(&mut self, why: &str) {
        *self.misses.entry(why.to_owned()).or_default() += 1;
    }

    fn add(&mut self, other: &TierCounts) {
        self.hits += other.hits;
        self.written += other.written;
        self.bytes += other.bytes;
        for (why, count) in &other.misses {
            *self.misses.entry(why.clone()).or_default() += count;
        }
    }
}

impl Counts {
    /// Appends them to the day's file: one short write, so that lines of several processes do
    /// not mix.
    pub(crate) fn append(&self, tier: &LocalTier) -> io::Result<()> {
        let folder = tier.root().join(LOG);
        fs::create_dir_all(&folder)?;
        let day = chrono::Utc::now().format("%Y-%m-%d.jsonl").to_string();
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(folder.join(day))?.write_all(&line)
    }
}

impl Summary {
    /// Over the counts that the tier's folder keeps. Lines that are none are left out: a
    /// process may have been killed while it wrote one.
    ///
    /// # Errors
    ///
    /// Where the folder is there and cannot be read.
    pub fn of(tier: &LocalTier) -> io::Result<Summary> {
        let mut summary = Summary::default();
        let days = match fs::read_dir(tier.root().join(LOG)) {
            Ok(days) => days,
            Err(error) if is_absent(&error) => return Ok(summary),
            Err(error) => return Err(error),
        };
        for day in days {
            let text = fs::read(day?.path())?;
            for line in String::from_utf8_lossy(&text).lines() {
                let Ok(counts) = serde_json::from_str::<Counts>(line) else { continue };
                summary.processes += 1;
                summary.counts.local.add(&counts.local);
                summary.counts.remote.add(&counts.remote);
                summary.counts.saved_micros += counts.saved_micros;
            }
        }
        Ok(summary)
    }
}
