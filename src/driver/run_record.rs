//! The record of a run: a JSON line in a file of its day.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use planc_backend::measure::Measured;
use planc_backend::{Binding, Bindings, Pruned, Replay};
use planc_ir::{Diagnostic, Digest};
use serde::Serialize;

use super::run::Rows;
use crate::report::SCHEMA_VERSION;

/// Where records lie, from the project's folder: a file for each day, named after it.
pub const RUNS: &str = ".planc/runs";

/// What one run read, did and gave.
#[derive(Debug, Serialize)]
pub struct RunRecord {
    schema_version: u32,
    /// An id that no other run has; ids sort by time.
    run: String,
    /// The rule; none for a bare digest.
    rule: Option<String>,
    digest: Option<Digest>,
    status: &'static str,
    /// The codes of what failed it.
    codes: Vec<&'static str>,
    started: String,
    ended: String,
    ms: f64,
    sources: Vec<SourceRead>,
    /// Where rows were written, if not to the terminal.
    output: Option<String>,
    /// The version of a Delta table that holds the rows.
    output_version: Option<u64>,
    /// True where the same run was committed before, so that nothing was written.
    unchanged: bool,
    /// How many rows it gave.
    rows: Option<u64>,
    #[serde(flatten)]
    measured: Measured,
    /// What each scan of a Delta table reads of its files.
    #[serde(skip)]
    scans: Vec<(String, Pruned)>,
    #[serde(skip)]
    clock: DateTime<Utc>,
}

/// A table that was read.
#[derive(Debug, Serialize)]
struct SourceRead {
    name: String,
    /// Of a Delta table.
    version: Option<u64>,
}

/// What is known of a run while it goes on.
#[derive(Debug, Default)]
pub struct Seen {
    sources: Vec<SourceRead>,
    scans: Vec<(String, Pruned)>,
    replay: Option<Replay>,
}

impl Seen {
    /// The tables that were opened, and what runs on them.
    pub fn new(bindings: &Bindings, replay: Replay) -> Self {
        let sources = bindings.iter().filter_map(|(name, binding)| match binding {
            Binding::Source(source) => {
                Some(SourceRead { name: name.clone(), version: source.version })
            }
            Binding::Plan(_) => None,
        });
        let scans = bindings.iter().filter_map(|(name, binding)| match binding {
            Binding::Source(source) => Some((name, source.pruning.as_ref()?.scans())),
            Binding::Plan(_) => None,
        });
        let scans = scans.flat_map(|(name, scans)| {
            scans.into_iter().map(|pruned| (name.clone(), pruned)).collect::<Vec<_>>()
        });
        Seen { sources: sources.collect(), scans: scans.collect(), replay: Some(replay) }
    }
}

impl RunRecord {
    /// The record of a run that starts now.
    pub fn begin(rule: Option<String>, digest: Option<Digest>) -> Self {
        let clock = Utc::now();
        let parts = [
            rule.clone().unwrap_or_default().into_bytes(),
            std::process::id().to_le_bytes().to_vec(),
            clock.timestamp_nanos_opt().unwrap_or_default().to_le_bytes().to_vec(),
        ];
        let unique = Digest::of_parts(parts.iter().map(Vec::as_slice)).to_string();
        let unique: String = unique.chars().take(8).collect();
        RunRecord {
            schema_version: SCHEMA_VERSION,
            run: format!("{}-{unique}", clock.format("%Y%m%dT%H%M%S%3f")),
            rule,
            digest,
            status: "running",
            codes: Vec::new(),
            started: clock.to_rfc3339_opts(SecondsFormat::Millis, true),
            ended: String::new(),
            ms: 0.0,
            sources: Vec::new(),
            output: None,
            output_version: None,
            unchanged: false,
            rows: None,
            measured: Measured::default(),
            scans: Vec::new(),
            clock,
        }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.run
    }

    /// For each scan of a Delta table, which files the steps of pruning left, in words.
    pub fn pruning(&self) -> Vec<String> {
        let line = |(name, pruned): &(String, Pruned)| {
            let step = |count: Option<usize>| count.unwrap_or(pruned.files);
            format!(
                "{name}: {} files; {} after partitions, {} after statistics, {} after the index",
                pruned.files,
                step(pruned.after_partitions),
                step(pruned.after_statistics),
                pruned.scanned
            )
        };
        self.scans.iter().map(line).collect()
    }

    /// The run has ended so.
    pub fn end(&mut self, result: &Result<Rows, Vec<Diagnostic>>, seen: Seen) {
        let now = Utc::now();
        self.ended = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        self.ms = (now - self.clock).num_microseconds().unwrap_or_default() as f64 / 1e3;
        self.sources = seen.sources;
        if let Some(replay) = seen.replay {
            self.measured = replay.measured();
            // What no reader ever saw, by the log's statistics and the index.
            let unseen = seen.scans.iter().map(|(_, pruned)| pruned.files - pruned.scanned);
            self.measured.files_pruned += unseen.sum::<usize>() as u64;
            self.scans = seen.scans;
            self.rows = self.measured.operators.iter().find_map(|operator| operator.rows);
        }
        match result {
            Ok(rows) => {
                self.status = "succeeded";
                match rows {
                    Rows::Preview(preview) => self.rows = Some(preview.total),
                    Rows::Written { location, rows, version } => {
                        self.output = Some(location.clone());
                        self.output_version = *version;
                        self.rows = Some(*rows);
                    }
                    Rows::Unchanged { location, version } => {
                        self.output = Some(location.clone());
                        self.output_version = Some(*version);
                        self.unchanged = true;
                        self.rows = Some(0);
                    }
                    Rows::Streamed => {}
                }
            }
            Err(findings) => {
                self.status = "failed";
                self.codes = findings.iter().map(|finding| finding.code.id).collect();
            }
        }
    }

    /// Adds the record to the file of its day.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn append(&self, project: &Path) -> std::io::Result<()> {
        let folder = project.join(RUNS);
        std::fs::create_dir_all(&folder)?;
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let file = folder.join(format!("{}.jsonl", self.clock.format("%Y-%m-%d")));
        // One write of a whole line: runs of several processes do not mix.
        OpenOptions::new().create(true).append(true).open(file)?.write_all(&line)
    }
}
