//! The project file, `planc.toml`, as it is written.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroUsize};

use planc_ir::Code;
use serde::Deserialize;
use toml::Spanned;

use super::constraints::{ColumnSets, ReferenceConfig};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[project]`
    pub project: ProjectSection,
    /// `[sources.NAME]`
    pub sources: BTreeMap<String, Spanned<SourceConfig>>,
    /// `[params]`: name to type.
    pub params: BTreeMap<String, Spanned<String>>,
    /// `[cache]`
    pub cache: CacheSection,
    /// `[lint]`: code or its name to level; in `[lint.paths."GLOB"]`, for some files.
    pub lint: BTreeMap<Spanned<String>, LintEntry>,
    /// `[run]`
    pub run: RunSection,
    /// `[runs]`
    pub runs: RunsSection,
    /// `[env.NAME]`
    pub env: BTreeMap<String, EnvSection>,
}

/// `[project]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSection {
    /// A name for people.
    pub name: String,
    /// The dialect of rules that name none of their own.
    pub dialect: Spanned<String>,
    /// Globs of rule files, relative to the project.
    pub rules: Vec<Spanned<String>>,
    /// The session's time zone.
    pub time_zone: Spanned<String>,
    /// Globs of files that are no rules although one of `rules` matches.
    pub exclude: Vec<Spanned<String>>,
    /// The largest rule that is read, in bytes.
    pub max_rule_bytes: usize,
}

impl Default for ProjectSection {
    fn default() -> Self {
        let unplaced = |text: &str| Spanned::new(0..0, text.to_owned());
        ProjectSection {
            name: String::new(),
            dialect: unplaced("datafusion"),
            rules: ["sql", "substrait", "substrait.json", "toml"]
                .map(|ending| unplaced(&format!("rules/**/*.{ending}")))
                .into(),
            time_zone: unplaced("UTC"),
            exclude: Vec::new(),
            max_rule_bytes: 16 << 20,
        }
    }
}

/// `[sources.NAME]`: exactly one of the formats, with its options.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// A Delta table: path or URL.
    pub delta: Option<String>,
    /// Parquet file or folder.
    pub parquet: Option<String>,
    /// CSV file or folder.
    pub csv: Option<String>,
    /// JSON lines.
    pub json: Option<String>,
    /// Arrow IPC.
    pub arrow: Option<String>,
    /// A `.sql` file with `CREATE TABLE`: schema only.
    pub ddl: Option<String>,
    /// The Delta version to read.
    pub version: Option<u64>,
    /// The time whose Delta version is read (RFC 3339).
    pub timestamp: Option<String>,
    /// How a Delta table is scanned.
    pub scan: Option<ScanConfig>,
    /// The range of versions whose changes are read.
    pub changes: Option<ChangesConfig>,
    /// Whether a CSV file begins with the column names.
    pub header: Option<bool>,
    /// What separates the fields of a CSV file.
    pub delimiter: Option<char>,
    /// Columns whose values are unique and not NULL; or several such lists.
    pub key: ColumnSets,
    /// Columns whose values are unique where none is NULL; or several such lists.
    pub unique: ColumnSets,
    /// Columns without NULLs.
    pub not_null: Vec<Spanned<String>>,
    /// Foreign keys.
    pub references: Vec<Spanned<ReferenceConfig>>,
    /// Takes the declared constraints for true: no test and no run looks at the data.
    pub trust: bool,
}

impl SourceConfig {
    /// Where the data lie and which state of them is read, for people: `data/orders version 3`.
    pub fn data(&self) -> String {
        let SourceConfig { delta, parquet, csv, json, arrow, .. } = self;
        let at = [delta, parquet, csv, json, arrow].into_iter().flatten().next();
        let mut said = at.cloned().unwrap_or_default();
        let version = self.version.map(|version| format!(" version {version}"));
        let time = self.timestamp.as_ref().map(|time| format!(" as of {time}"));
        let changes = self.changes.map(|ChangesConfig { from, to }| match to {
            Some(to) => format!(" changes {from} to {to}"),
            None => format!(" changes from {from}"),
        });
        let header = self.header.filter(|header| !header).map(|_| " without a header".to_owned());
        let delimiter = self.delimiter.map(|delimiter| format!(" with `{delimiter}`"));
        said.extend([version, time, changes, header, delimiter].into_iter().flatten());
        said
    }
}

impl OutputConfig {
    /// What decides which rows the output holds, for people.
    pub fn rows(&self) -> String {
        let at = [&self.delta, &self.parquet, &self.csv].into_iter().flatten().next();
        let mut said = at.cloned().unwrap_or_default();
        if let Some(mode) = self.mode.filter(|mode| *mode != WriteMode::Overwrite) {
            said.push_str(match mode {
                WriteMode::Append => ", append",
                WriteMode::Merge => ", merge",
                WriteMode::ReplaceWhere | WriteMode::Overwrite => ", replace-where",
            });
        }
        if !self.key.is_empty() {
            said.push_str(&format!(" on {}", self.key.join(", ")));
        }
        said.extend(self.replace_where.iter().map(|condition| format!(" {condition}")));
        if !self.partition_by.is_empty() {
            said.push_str(&format!(", partitioned by {}", self.partition_by.join(", ")));
        }
        said
    }
}

/// `changes = { from = 10, to = 13 }` of a Delta source.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesConfig {
    /// The first version.
    pub from: u64,
    /// The last version; the latest without it.
    pub to: Option<u64>,
}

/// `scan = { … }` of a Delta source. No option but `schema` changes a row or a digest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanConfig {
    /// Adds a column with each row's file.
    pub file_column: Option<String>,
    /// Dictionaries for partition values.
    pub wrap_partition_values: Option<bool>,
    /// Views for strings and binaries.
    pub schema_force_view_types: Option<bool>,
    /// Filters inside the Parquet reader.
    pub enable_parquet_pushdown: Option<bool>,
    /// Columns that are read with other types: name to SQL type, with NOT NULL or NULL behind it.
    pub schema: BTreeMap<String, String>,
}

/// `[cache]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSection {
    /// The local tier's folder, relative to the project.
    pub local: String,
    /// The remote tier: `s3://`, `gs://`, `az://`, `https://`, or a folder.
    pub remote: Option<String>,
    /// Whether the tiers are read, written, both or neither.
    pub mode: CacheMode,
    /// The same of the local tier alone.
    pub local_mode: Option<CacheMode>,
    /// The same of the remote tier alone.
    pub remote_mode: Option<CacheMode>,
    /// How long one request to the remote tier may take.
    pub timeout_ms: Option<u64>,
    /// How long a command waits for the remote tier before it asks whether that is worth it.
    pub patience_ms: Option<u64>,
    /// How many requests to the remote tier are under way at once.
    pub concurrency: Option<usize>,
    /// The trust zone that records are put into.
    pub zone: Option<Spanned<String>>,
    /// The public keys of those who may sign records, each with a name.
    pub keys: BTreeMap<String, Spanned<String>>,
    /// Whether records in the zone `trusted` must be signed.
    pub require_signed: bool,
}

impl Default for CacheSection {
    fn default() -> Self {
        CacheSection {
            local: ".planc/cache".to_owned(),
            remote: None,
            mode: CacheMode::ReadWrite,
            local_mode: None,
            remote_mode: None,
            timeout_ms: None,
            patience_ms: None,
            concurrency: None,
            zone: None,
            keys: BTreeMap::new(),
            require_signed: false,
        }
    }
}

/// `[run]`: what a run uses where the command line does not say.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunSection {
    /// Threads that work at once.
    pub threads: Option<NonZeroU16>,
    /// Rows in a batch.
    pub batch_rows: Option<NonZeroUsize>,
}

/// `[runs]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunsSection {
    /// A Delta table that every run's record is added to, beside the files: path or URL.
    pub delta: Option<String>,
}

/// How the cache is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CacheMode {
    /// Reads and writes.
    ReadWrite,
    /// Reads only.
    ReadOnly,
    /// Neither.
    Off,
    /// Reads and writes, and compiles what it finds again, to compare.
    #[serde(skip_deserializing)]
    Verify,
}

/// A code's level in `[lint]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Reported, and fails the command.
    Error,
    /// Reported.
    Warn,
    /// Not reported.
    Allow,
}

/// One entry of `[lint]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a level is \"error\", \"warn\" or \"allow\"; `paths` is a table of them"
)]
pub enum LintEntry {
    /// The level of the code that is the key.
    Level(Level),
    /// Under the key `paths`: globs of files, relative to the project, with their levels.
    Paths(BTreeMap<String, BTreeMap<String, Level>>),
}

/// `[env.NAME]`: what a profile, chosen with `--env`, puts in the place of the base.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvSection {
    /// Sources, each whole.
    pub sources: BTreeMap<String, Spanned<SourceConfig>>,
    /// Outputs by rule name, each whole.
    pub outputs: BTreeMap<String, OutputConfig>,
}

/// `output = { … }` of a rule: exactly one of the formats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputConfig {
    /// A Delta table: path or URL.
    pub delta: Option<String>,
    /// A Parquet file.
    pub parquet: Option<String>,
    /// A CSV file.
    pub csv: Option<String>,
    /// How the rows of a Delta table meet those that are there.
    pub mode: Option<WriteMode>,
    /// The columns that identify a row.
    pub key: Vec<String>,
    /// The condition of the rows that are replaced, in SQL.
    pub replace_where: Option<String>,
    /// What may happen to the schema of a Delta table that exists.
    pub schema_mode: Option<WriteSchema>,
    /// The partition columns of a Delta table.
    pub partition_by: Vec<String>,
    /// The size at which a data file of a Delta table is closed: `"128M"`.
    pub target_file_size: Option<String>,
}

/// How an output's rows meet the rows that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteMode {
    /// They take their place.
    Overwrite,
    /// They are added.
    Append,
    /// Each takes the place of the one with the same key.
    Merge,
    /// They take the place of those that `replace_where` is true for.
    #[serde(alias = "replace_where")]
    ReplaceWhere,
}

/// `schema_mode` of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteSchema {
    /// It must be the rows' own.
    Same,
    /// New columns are added to it.
    Merge,
    /// It becomes the rows' own.
    Overwrite,
}

/// `pyproject.toml`, of which only `[tool.planc]` is looked at.
#[derive(Deserialize)]
pub(crate) struct PyProject {
    pub(crate) tool: Option<PyProjectTool>,
}

#[derive(Deserialize)]
pub(crate) struct PyProjectTool {
    pub(crate) planc: Option<Config>,
}

impl Config {
    /// The level that `[lint]` gives a code, by id or by name, in the file at `path`. Of
    /// several globs that match, the last in the order of the alphabet counts.
    pub fn level(&self, code: Code, path: &str) -> Option<Level> {
        let mut level = None;
        for (key, entry) in &self.lint {
            if let LintEntry::Level(given) = entry
                && Code::find(key.get_ref()) == Some(code)
            {
                level = Some(*given);
            }
        }
        for (glob, levels) in self.lint_paths() {
            let named = levels.iter().find(|(key, _)| Code::find(key) == Some(code));
            if let Some((_, given)) = named
                && globset::Glob::new(glob).is_ok_and(|g| g.compile_matcher().is_match(path))
            {
                level = Some(*given);
            }
        }
        level
    }

    /// The globs of `[lint.paths]` with the levels of each.
    pub fn lint_paths(&self) -> impl Iterator<Item = (&String, &BTreeMap<String, Level>)> {
        self.lint
            .values()
            .filter_map(|entry| match entry {
                LintEntry::Paths(paths) => Some(paths),
                LintEntry::Level(_) => None,
            })
            .flatten()
    }
}
