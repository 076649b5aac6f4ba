//! From Markdown to cases.

use std::ops::Range;

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
    pub asserts: Vec<String>,
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

/// A fenced block whose text a run writes.
#[derive(Debug, Clone)]
pub struct Block {
    /// `plan`, `diagnostics`, `rows` or `digest`.
    pub kind: String,
    /// The text between the fences.
    pub text: String,
    /// Where that text stands in the file.
    pub range: Range<usize>,
}

/// The cases of a file: every heading that has a query.
///
/// # Errors
///
/// A block that is not closed or of an unknown kind, with its line.
pub fn parse(file: &str) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
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
            let (text, range) =
                lines.block().ok_or(format!("line {opened}: the block is not closed"))?;
            let mut words = info.split_whitespace();
            let kind = words.next().unwrap_or("");
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
                "assert" => case.asserts.extend(text.lines().map(|line| line.trim().to_owned())),
                "plan" | "diagnostics" | "rows" | "digest" => {
                    case.outputs.push(Block { kind: kind.to_owned(), text, range });
                }
                other => return Err(format!("line {opened}: there is no block `{other}`")),
            }
        }
    }
    finish(&mut cases, &mut case, &sight);
    Ok(cases)
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
