//! `planc runs`: the records of past runs.

use std::fs;
use std::path::Path;

use clap::Args;
use serde_json::Value;

use super::console::{Console, milliseconds};
use super::{Exit, Global, load_project};
use crate::driver::RUNS;

#[derive(Args)]
pub(crate) struct RunsArgs {
    /// Only runs of this rule
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// How many of the latest runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    /// The whole records, one a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: &RunsArgs, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let records = match latest(&project.home.join(RUNS), args) {
        Ok(records) => records,
        Err(error) => return console.usage(format_args!("{RUNS} cannot be read: {error}"), None),
    };
    if records.is_empty() {
        let Some(name) = &args.rule else {
            console.note(format_args!("no run is recorded in {RUNS}"));
            return Exit::Clean;
        };
        let rules = project.rules().unwrap_or_default();
        if rules.iter().all(|rule| rule.name != *name) {
            let names = rules.iter().map(|rule| rule.name.as_str());
            let help = planc_ir::suggest::did_you_mean(name, names);
            return console.usage(format_args!("there is no rule `{name}`"), help);
        }
        console.note(format_args!("no run of `{name}` is recorded"));
    }
    for (line, record) in &records {
        if args.json {
            console.say(line);
        } else {
            console.say(summary(record));
        }
    }
    Exit::Clean
}

/// The latest records, oldest first. Lines that are no record are left out: a run may have
/// been killed while it wrote one.
fn latest(folder: &Path, args: &RunsArgs) -> std::io::Result<Vec<(String, Value)>> {
    if !folder.exists() || args.last == 0 {
        return Ok(Vec::new());
    }
    let mut days = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            days.push(path);
        }
    }
    days.sort();
    let mut found = Vec::new();
    for day in days.into_iter().rev() {
        let text = String::from_utf8_lossy(&fs::read(day)?).into_owned();
        for line in text.lines().rev() {
            let Ok(record) = serde_json::from_str::<Value>(line) else { continue };
            let rule = record.get("rule").and_then(Value::as_str);
            if args.rule.is_some() && args.rule.as_deref() != rule {
                continue;
            }
            found.push((line.to_owned(), record));
            if found.len() >= args.last {
                found.reverse();
                return Ok(found);
            }
        }
    }
    found.reverse();
    Ok(found)
}

/// A record as one line: when, what, how it ended, rows, time, and what was read.
fn summary(record: &Value) -> String {
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| record.get(key).and_then(Value::as_u64);
    let digest = text("digest");
    let what =
        if text("rule").is_empty() { digest.get(..12).unwrap_or(digest) } else { text("rule") };
    let codes = record.get("codes").and_then(Value::as_array).into_iter().flatten();
    let codes: String = codes.filter_map(Value::as_str).map(|code| format!(" {code}")).collect();
    let rows = number("rows").map_or("-".to_owned(), |rows| rows.to_string());
    let ms = record.get("ms").and_then(Value::as_f64).unwrap_or_default();
    let time = milliseconds(std::time::Duration::from_secs_f64(ms.max(0.0) / 1e3));
    let read = number("rows_read").unwrap_or_default();
    let files = number("files_scanned").unwrap_or_default();
    format!(
        "{}  {what}  {}{codes}  {rows} rows in {time}, {read} read from {files} files",
        text("started"),
        text("status")
    )
}
