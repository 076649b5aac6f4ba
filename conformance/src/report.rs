//! What a run found, as text, Markdown and JSON lines.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use crate::known;
use crate::lane::Lane;
use crate::run::{Done, FileRun, Outcome};

/// The runs of all files, by name.
#[derive(Default)]
pub struct Report {
    files: BTreeMap<String, FileRun>,
}

/// Counts of records.
#[derive(Default, Clone, Copy)]
struct Counts {
    records: usize,
    statements: usize,
    not_planned: usize,
    not_run: usize,
    queries: usize,
    portable: usize,
    lanes: [LaneCounts; 2],
}

#[derive(Default, Clone, Copy)]
struct LaneCounts {
    equal: usize,
    both_fail: usize,
    error_gone: usize,
    open: usize,
    engine: usize,
    unstable: usize,
    refused: usize,
    wrong: usize,
}

impl Counts {
    fn add(&mut self, done: &Done) {
        self.records += 1;
        match done {
            Done::Statement => self.statements += 1,
            Done::NotPlanned => self.not_planned += 1,
            Done::StatementFailed(_) | Done::NotRun(_) => self.not_run += 1,
            Done::Query { outcomes, portable } => {
                self.queries += 1;
                self.portable += usize::from(*portable);
                for (lane, outcome) in self.lanes.iter_mut().zip(outcomes) {
                    match outcome {
                        Outcome::Equal => lane.equal += 1,
                        Outcome::BothFail => lane.both_fail += 1,
                        Outcome::ErrorGone => lane.error_gone += 1,
                        Outcome::Open => lane.open += 1,
                        Outcome::Engine => lane.engine += 1,
                        Outcome::Unstable => lane.unstable += 1,
                        Outcome::Refused(..) => lane.refused += 1,
                        Outcome::Wrong(_) => lane.wrong += 1,
                    }
                }
            }
        }
    }

    fn row(&self, name: &str) -> String {
        let mut cells = vec![
            name.to_owned(),
            self.records.to_string(),
            (self.statements + self.not_planned).to_string(),
            self.not_run.to_string(),
            self.queries.to_string(),
        ];
        for lane in &self.lanes {
            cells.push((lane.equal + lane.both_fail + lane.open).to_string());
            cells.push(lane.error_gone.to_string());
            cells.push((lane.unstable + lane.engine).to_string());
            cells.push(lane.refused.to_string());
            cells.push(lane.wrong.to_string());
        }
        format!("| {} |", cells.join(" | "))
    }
}

const HEAD: &str = "\
| file | records | no query | not run here | queries | codec: equal | error gone | unstable | refused | wrong | passes: equal | error gone | unstable | refused | wrong |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

impl Report {
    pub fn add(&mut self, name: String, run: FileRun) {
        self.files.insert(name, run);
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Records that are wrong in some lane.
    pub fn wrong(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Wrong(_)))
    }

    /// Records that are refused in some lane.
    pub fn refused(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Refused(..)))
    }

    fn count(&self, what: impl Fn(&Outcome) -> bool) -> usize {
        let queries = self.outcomes().filter(|outcomes| outcomes.iter().any(&what));
        queries.count()
    }

    fn outcomes(&self) -> impl Iterator<Item = &[Outcome; 2]> {
        self.files.values().flatten().filter_map(|(_, done)| match done {
            Done::Query { outcomes, .. } => Some(outcomes),
            _ => None,
        })
    }

    /// The totals, the refusals by reason, and the wrong records.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut total = Counts::default();
        self.files.values().flatten().for_each(|(_, done)| total.add(done));
        let _ = writeln!(
            text,
            "{} files, {} records: {} no query, {} not run here, {} queries, {} of them portable",
            self.files.len(),
            total.records,
            total.statements + total.not_planned,
            total.not_run,
            total.queries,
            total.portable
        );
        for (lane, counts) in Lane::ALL.iter().zip(&total.lanes) {
            let _ = writeln!(
                text,
                "{:6} {} equal, {} fail alike, {} open, {} errors gone, {} unstable, {} by the engine's fault, {} refused, {} wrong",
                lane.name(),
                counts.equal,
                counts.both_fail,
                counts.open,
                counts.error_gone,
                counts.unstable,
                counts.engine,
                counts.refused,
                counts.wrong
            );
        }
        for (reason, counts) in self.reasons() {
            let _ = writeln!(text, "{:5} {:5}  {reason}", counts[0], counts[1]);
        }
        for (name, run) in &self.files {
            for (record, done) in run {
                let Done::Query { outcomes, .. } = done else { continue };
                for (lane, outcome) in Lane::ALL.iter().zip(outcomes) {
                    if let Outcome::Wrong(why) = outcome {
                        let first = why.lines().next().unwrap_or_default();
                        let line = record.line;
                        let _ = writeln!(text, "{name}:{line}: {}: {first}", lane.name());
                    }
                }
            }
        }
        text
    }

    /// Reasons of refusals, with their counts by lane, the most frequent first.
    fn reasons(&self) -> Vec<(String, [usize; 2])> {
        let mut reasons: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        for outcomes in self.outcomes() {
            for (place, outcome) in outcomes.iter().enumerate() {
                if let Outcome::Refused(code, message) = outcome
                    && let Some(count) =
                        reasons.entry(reason(code, message)).or_default().get_mut(place)
                {
                    *count += 1;
                }
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().max().copied()));
        reasons
    }

    /// The table of files.
    pub fn markdown(&self) -> String {
        let mut text = HEAD.to_owned();
        let mut total = Counts::default();
        for (name, run) in &self.files {
            let mut counts = Counts::default();
            for (_, done) in run {
                counts.add(done);
                total.add(done);
            }
            text += &counts.row(name);
            text.push('\n');
        }
        text += &total.row("**all**");
        text += "\n\n| refused because | codec | passes |\n| --- | --: | --: |\n";
        for (reason, [codec, passes]) in self.reasons() {
            let _ = writeln!(text, "| {} | {codec} | {passes} |", reason.replace('|', "\\|"));
        }
        text += "\nThe engine's faults, which count as unstable:\n\n";
        for known in known::all() {
            let _ = writeln!(text, "- {known}");
        }
        text
    }

    /// Every record that did not come back equal.
    pub fn details(&self) -> String {
        let mut text = String::new();
        let mut line = |file: &str, line: usize, sql: &str, lane: &str, what: &str, why: &str| {
            let found = json!({
                "file": file, "line": line, "lane": lane, "what": what, "why": why, "sql": sql,
            });
            let _ = writeln!(text, "{found}");
        };
        for (name, run) in &self.files {
            for (record, done) in run {
                let (at, sql) = (record.line, record.sql.as_str());
                match done {
                    Done::StatementFailed(why) => line(name, at, sql, "", "statement failed", why),
                    Done::NotRun(why) => line(name, at, sql, "", "not run", why),
                    Done::Query { outcomes, .. } => {
                        for (lane, outcome) in Lane::ALL.iter().zip(outcomes) {
                            let (what, why) = match outcome {
                                Outcome::ErrorGone => ("error gone", ""),
                                Outcome::Open => ("open", ""),
                                Outcome::Engine => ("engine", known::why(name, at).unwrap_or("")),
                                Outcome::Unstable => ("unstable", ""),
                                Outcome::Refused(code, why) => (*code, why.as_str()),
                                Outcome::Wrong(why) => ("wrong", why.as_str()),
                                Outcome::Equal | Outcome::BothFail => continue,
                            };
                            line(name, at, sql, lane.name(), what, why);
                        }
                    }
                    Done::Statement | Done::NotPlanned => {}
                }
            }
        }
        text
    }
}

/// The code and the first words of a message: what names columns and types is left out.
fn reason(code: &str, message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let words = message.split_whitespace().take_while(|word| {
        !word.contains(|c: char| c.is_ascii_digit() || "()[]`\"'.#".contains(c))
    });
    let words: Vec<&str> = words.take(12).collect();
    format!("{code} {}", words.join(" "))
}
