//! From Markdown to cases.

use std::ops::Range;

use planc_ir::suggest::did_you_mean;

/// One heading's blocks, with the tables and settings of the headings above it.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// The heading's line, from 1.
    pub line: usize,
    /// Name and text of every table in sight.
    pub tables: Vec<(String, String)>,
    /// The `toml` blocks in sight, one below the other: settings as in `planc.toml`.
    pub settings: String,
    /// Every query, in order.
    pub queries: Vec<Query>,
    /// The lines of all `assert` blocks.
    pub asserts: Vec<Assert>,
    /// The output blocks.
    pub outputs: Vec<Block>,
}

/// A query and the label by which assertions name it.
#[derive(Debug, Clone)]
pub struct Query {
    /// The label.
    pub label: String,
    /// What is asked.
    pub source: QuerySource,
}

/// Where a query comes from.
#[derive(Debug, Clone)]
pub enum QuerySource {
    /// `sql LABEL [dialect]`
    Sql {
        /// The dialect, where the case names one.
        dialect: Option<String>,
        /// The text.
        text: String,
    },
    /// `rule LABEL NAME`: a rule of the project, over the case's tables.
    Rule {
        /// The rule's name.
        name: String,
    },
    /// `substrait LABEL path`: a file, its path from the golden file's folder.
    Substrait {
        /// The path.
        path: String,
    },
}

/// A line of an `assert` block.
#[derive(Debug, Clone)]
pub struct Assert {
    /// What is asserted.
    pub text: String,
    /// The line in the file, from 1.
    pub line: usize,
}

/// A block that cannot be read. The cases beside it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The heading that it stands below; empty before the first.
    pub case: String,
    /// The line that opens the block.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A fenced block whose text a run writes.
#[derive(Debug, Clone)]
pub struct Block {
    /// The line that opens it, from 1.
    pub line: usize,
    /// `plan`, `diagnostics`, `rows` or `digest`.
    pub kind: String,
    /// The text between the fences.
    pub text: String,
    /// Where that text stands in the file.
    pub range: Range<usize>,
}

/// The blocks that a file may have.
const BLOCKS: &[&str] = &[
    "table",
    "toml",
    "sql",
    "rule",
    "substrait",
    "assert",
    "plan",
    "diagnostics",
    "rows",
    "digest",
];

/// The cases of a file: every heading that has a query. Beside them the blocks that are not
/// closed or of an unknown kind, each with its line.
pub fn parse(file: &str) -> (Vec<Case>, Vec<Fault>) {
    let mut cases = Vec::new();
    let mut faults = Vec::new();
    let mut sight = Sight::default();
    let mut depth = 0;
    let mut case = Case::default();
    let mut lines = Lines { rest: file, offset: 0, number: 0 };
    while let Some((line, _)) = lines.next_line() {
        let hashes = line.chars().take_while(|c| *c == '#').count();
        if hashes > 0 && line.chars().nth(hashes) == Some(' ') {
            finish(&mut cases, &mut case, &sight);
            depth = hashes;
            sight.leave(depth);
            case.title = line.trim_start_matches('#').trim().to_owned();
            case.line = lines.number;
        } else if let Some(info) = line.strip_prefix("```") {
            let opened = lines.number;
            let mut words = info.split_whitespace();
            let kind = words.next().unwrap_or("");
            let mut fault = |message: String| {
                faults.push(Fault { case: case.title.clone(), line: opened, message });
            };
            let Some((text, range)) = lines.block() else {
                fault(format!("the block `{kind}` is not closed"));
                continue;
            };
            let mut word = || words.next().unwrap_or("").to_owned();
            match kind {
                "table" => sight.tables.push((depth, word(), text)),
                "toml" => sight.settings.push((depth, text)),
                "sql" => {
                    let (label, dialect) = (word(), word());
                    let dialect = (!dialect.is_empty()).then_some(dialect);
                    case.queries.push(Query { label, source: QuerySource::Sql { dialect, text } });
                }
                "rule" => {
                    let (label, name) = (word(), word());
                    case.queries.push(Query { label, source: QuerySource::Rule { name } });
                }
                "substrait" => {
                    let (label, path) = (word(), word());
                    case.queries.push(Query { label, source: QuerySource::Substrait { path } });
                }
                "assert" => {
                    let asserts = text.lines().enumerate().map(|(place, text)| Assert {
                        text: text.trim().to_owned(),
                        line: opened + 1 + place,
                    });
                    case.asserts.extend(asserts);
                }
                "plan" | "diagnostics" | "rows" | "digest" => {
                    let kind = kind.to_owned();
                    case.outputs.push(Block { line: opened, kind, text, range });
                }
                other => {
                    let help = did_you_mean(other, BLOCKS.iter().copied());
                    let help = help.map_or(String::new(), |help| format!("; {help}"));
                    fault(format!("there is no block `{other}`{help}"));
                }
            }
        }
    }
    finish(&mut cases, &mut case, &sight);
    (cases, faults)
}

/// What the headings that the current one lies below have, with their depths.
#[derive(Default)]
struct Sight {
    tables: Vec<(usize, String, String)>,
    settings: Vec<(usize, String)>,
}

impl Sight {
    fn leave(&mut self, depth: usize) {
        self.tables.retain(|(of, ..)| *of < depth);
        self.settings.retain(|(of, _)| *of < depth);
    }
}

fn finish(cases: &mut Vec<Case>, case: &mut Case, sight: &Sight) {
    let mut done = std::mem::take(case);
    if !done.queries.is_empty() {
        let tables = sight.tables.iter();
        done.tables = tables.map(|(_, name, text)| (name.clone(), text.clone())).collect();
        done.settings = sight.settings.iter().map(|(_, text)| text.as_str()).collect();
        cases.push(done);
    }
}

struct Lines<'a> {
    rest: &'a str,
    offset: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its end, and where it starts.
    fn next_line(&mut self) -> Option<(&'a str, usize)> {
        if self.rest.is_empty() {
            return None;
        }
        let start = self.offset;
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
        self.number += 1;
        Some((line.trim_end_matches('\r'), start))
    }

    /// The text up to the closing fence.
    fn block(&mut self) -> Option<(String, Range<usize>)> {
        let from = self.offset;
        let mut text = String::new();
        loop {
            let (line, start) = self.next_line()?;
            if line == "```" {
                return Some((text, from..start));
            }
            text.push_str(line);
            text.push('\n');
        }
    }
}
