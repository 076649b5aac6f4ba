//! A project on disk: its file, its lock, its rules.

pub mod bundle;
pub mod cache;
pub mod config;
pub mod constraints;
mod files;
pub mod lock;
pub mod outputs;
pub mod revision;
pub mod rules;
pub mod settings;
pub mod sources;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::DataType;
use planc_backend::{Limits, SourceSpec};
use planc_ir::{Code, Diagnostic, Settings, Severity, Span, code};
use toml::Spanned;

use crate::report::FileReport;
use cache::Cache;
use config::{Config, OutputConfig, PyProject, RunSection, SourceConfig};
use lock::Lock;
use outputs::Output;
use rules::Rule;

/// The project file's name.
pub const FILE: &str = "planc.toml";
/// The lock's name, beside the project file.
pub const LOCK: &str = "planc.lock";

/// A loaded project.
#[derive(Debug)]
pub struct Project {
    /// The folder that all relative paths start from.
    pub root: PathBuf,
    /// The folder that data and the cache lie in: `root`, or, for a revision that was taken
    /// out of git, the root of the working tree.
    pub home: PathBuf,
    /// The project file's name: `planc.toml` or `pyproject.toml`.
    pub file: String,
    /// The project file's text.
    pub text: Arc<str>,
    /// What it says.
    pub config: Config,
    /// The declared parameters with their types.
    pub params: BTreeMap<String, DataType>,
    /// The zone and the keys of its cache.
    pub cache: Cache,
    env: Option<String>,
}

impl Project {
    /// Loads the project of `folder`, or of the nearest folder above that has one.
    ///
    /// # Errors
    ///
    /// P0802 where there is none; P0801 and P0805, placed in the project file.
    pub fn load(folder: &Path, env: Option<&str>) -> Result<Project, FileReport> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        for root in folder.ancestors() {
            for file in [FILE, "pyproject.toml"] {
                let path = root.join(file);
                if !path.is_file() {
                    continue;
                }
                let read = std::fs::read(&path).map_err(|error| {
                    let message = format!("the file cannot be read: {error}");
                    FileReport::new(file, "", vec![Diagnostic::new(code::CONFIG, message)])
                })?;
                let text: Arc<str> = match String::from_utf8(read) {
                    Ok(text) => text.into(),
                    Err(error) => {
                        let at = error.utf8_error().valid_up_to();
                        let diagnostic = Diagnostic::new(
                            code::CONFIG,
                            format!("the file is not UTF-8: byte {at} is wrong"),
                        );
                        return Err(FileReport::new(file, "", vec![diagnostic]));
                    }
                };
                let report = |diagnostics| FileReport::new(file, Arc::clone(&text), diagnostics);
                let Some(config) = read_config(file, &text).map_err(|error| report(vec![error]))?
                else {
                    continue;
                };
                let cache = Cache::new(&config.cache, root).map_err(|faults| {
                    let wrong = |(message, span): (String, Option<Span>)| {
                        Diagnostic::new(code::CONFIG, message).at(span)
                    };
                    report(faults.into_iter().map(wrong).collect())
                })?;
                let project = Project {
                    cache,
                    root: root.to_owned(),
                    home: root.to_owned(),
                    file: file.to_owned(),
                    params: BTreeMap::new(),
                    env: env.map(str::to_owned),
                    text: Arc::clone(&text),
                    config,
                };
                return project.checked().map_err(report);
            }
        }
        let message = format!("there is no {FILE} in `{}` or above it", folder.display());
        let diagnostic = Diagnostic::new(code::NO_PROJECT, message)
            .help("`planc init` makes a project here, `planc demo` one to try");
        Err(FileReport::new(FILE, "", vec![diagnostic]))
    }

    /// Checks what the types of the configuration do not.
    fn checked(mut self) -> Result<Project, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut fail = |message: String, span: std::ops::Range<usize>, help: Option<String>| {
            let span = (span.start < span.end).then(|| Span::new(span.start, span.end));
            wrong.push(Diagnostic::new(code::CONFIG, message).at(span).help_opt(help));
        };
        let dialect = &self.config.project.dialect;
        if !planc_frontend::sql::DIALECTS.contains(&dialect.get_ref().as_str()) {
            let known = planc_frontend::sql::DIALECTS.iter().copied();
            let help = planc_ir::suggest::did_you_mean(dialect.get_ref(), known);
            fail(format!("there is no dialect `{}`", dialect.get_ref()), dialect.span(), help);
        }
        let zone = &self.config.project.time_zone;
        if zone.get_ref().parse::<arrow::array::timezone::Tz>().is_err() {
            let help = "use UTC, a name such as Europe/Berlin or an offset such as +02:00";
            fail(
                format!("there is no time zone `{}`", zone.get_ref()),
                zone.span(),
                Some(help.to_owned()),
            );
        }
        for (key, entry) in &self.config.lint {
            if let config::LintEntry::Paths(paths) = entry {
                let unknown = paths.iter().flat_map(|(glob, levels)| {
                    let wrong = globset::Glob::new(glob).is_err();
                    let glob = wrong.then(|| format!("`{glob}` is no glob"));
                    let codes = levels.keys().filter(|code| Code::find(code).is_none());
                    glob.into_iter().chain(codes.map(|code| format!("there is no code `{code}`")))
                });
                unknown.for_each(|message| fail(message, key.span(), None));
                if key.get_ref() != "paths" {
                    fail(format!("`{}` is no level", key.get_ref()), key.span(), None);
                }
            } else if let (Some(code), config::LintEntry::Level(level)) =
                (Code::find(key.get_ref()), entry)
                && code.severity == Severity::Error
                && *level != config::Level::Error
            {
                let message = format!("`{}` is an error, and only warnings have levels", code.id);
                fail(message, key.span(), Some("remove the line".to_owned()));
            } else if Code::find(key.get_ref()).is_none() {
                let known = planc_ir::CODES.iter().flat_map(|code| [code.id, code.name]);
                let help = planc_ir::suggest::did_you_mean(key.get_ref(), known);
                fail(format!("there is no code `{}`", key.get_ref()), key.span(), help);
            }
        }
        for (name, text) in &self.config.params {
            match parameter_type(text.get_ref()) {
                Some(data_type) => drop(self.params.insert(name.clone(), data_type)),
                None => {
                    let message =
                        format!("parameter `{name}`: there is no type `{}`", text.get_ref());
                    fail(
                        message,
                        text.span(),
                        Some("write a SQL type, such as date or bigint".to_owned()),
                    );
                }
            }
        }
        if let Some(env) = &self.env
            && !self.config.env.contains_key(env)
        {
            let known = self.config.env.keys().map(String::as_str);
            fail(
                format!("there is no profile `{env}`"),
                0..0,
                planc_ir::suggest::did_you_mean(env, known),
            );
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// What changes the meaning of a query.
    pub fn settings(&self) -> Settings {
        Settings { time_zone: self.config.project.time_zone.get_ref().clone() }
    }

    /// Every source as the chosen profile has it.
    pub fn sources(&self) -> BTreeMap<&str, &Spanned<SourceConfig>> {
        let base = self.config.sources.iter();
        let overrides = self.env.as_ref().and_then(|env| self.config.env.get(env));
        let overrides = overrides.into_iter().flat_map(|env| env.sources.iter());
        base.chain(overrides).map(|(name, source)| (name.as_str(), source)).collect()
    }

    /// Where and how a source is read.
    ///
    /// # Errors
    ///
    /// P0801 and P0805, placed in the project file.
    pub fn source_spec(
        &self,
        name: &str,
        config: &Spanned<SourceConfig>,
    ) -> Result<SourceSpec, Diagnostic> {
        // A DDL file belongs to the project's text, all others are data.
        let root = if config.get_ref().ddl.is_some() { &self.root } else { &self.home };
        sources::source(root, name, config.get_ref()).map_err(|error| {
            let span = config.span();
            error.at(Span::new(span.start, span.end))
        })
    }

    /// The limits of a run: those that were given, and the project's for the others.
    pub fn limits(&self, given: Limits) -> Limits {
        let RunSection { threads, batch_rows } = self.config.run;
        Limits {
            threads: given.threads.or(threads.map(|threads| threads.get().into())),
            batch_rows: given.batch_rows.or(batch_rows.map(NonZeroUsize::get)),
            ..given
        }
    }

    /// The Delta table of run records, if there is one.
    ///
    /// # Errors
    ///
    /// P0805.
    pub fn runs_table(&self) -> Result<Option<String>, Diagnostic> {
        self.config.runs.delta.as_ref().map(|at| sources::location(&self.home, at)).transpose()
    }

    /// A rule's output as the chosen profile has it.
    ///
    /// # Errors
    ///
    /// P0807 and P0805, placed in the rule where the output is declared there.
    pub fn output(&self, rule: &Rule) -> Result<Option<Output>, Diagnostic> {
        let output = self.output_config(rule).map(|config| {
            // A profile's output stands in the project file.
            let own = rule.settings.output.as_ref() == Some(config);
            let place = settings::setting_place(&rule.text, "output").filter(|_| own);
            outputs::output(&self.root, config).map_err(|error| error.at(place))
        });
        output.transpose()
    }

    /// What the chosen profile, or the rule itself, says of its output.
    pub fn output_config<'a>(&'a self, rule: &'a Rule) -> Option<&'a OutputConfig> {
        let env = self.env.as_ref().and_then(|env| self.config.env.get(env));
        env.and_then(|env| env.outputs.get(&rule.name)).or(rule.settings.output.as_ref())
    }

    /// The lock, if there is one.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, placed in its text.
    pub fn lock(&self) -> Result<Option<Lock>, FileReport> {
        let text = match std::fs::read_to_string(self.root.join(LOCK)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let message = format!("the lock cannot be read: {error}");
                let diagnostic =
                    Diagnostic::new(code::CONFIG, message).help("`planc lock` writes it anew");
                return Err(FileReport::new(LOCK, "", vec![diagnostic]));
            }
        };
        Lock::parse(&text).map(Some).map_err(|error| FileReport::new(LOCK, text, vec![error]))
    }

    /// A report about the project file.
    pub fn report(&self, diagnostics: Vec<Diagnostic>) -> FileReport {
        FileReport::new(&self.file, Arc::clone(&self.text), diagnostics)
    }
}

fn read_config(file: &str, text: &str) -> Result<Option<Config>, Diagnostic> {
    let read = if file == FILE {
        toml::from_str(text).map(Some)
    } else {
        toml::from_str(text).map(|file: PyProject| file.tool.and_then(|tool| tool.planc))
    };
    read.map_err(|error| {
        let span = error.span().map(|span| Span::new(span.start, span.end));
        Diagnostic::new(code::CONFIG, settings::sentence(&error, text)).at(span)
    })
}

/// A type as SQL writes it, or as Arrow does.
pub fn parameter_type(text: &str) -> Option<DataType> {
    if let Ok(data_type) = text.parse::<DataType>() {
        return Some(planc_ir::catalog::logical_type(&data_type));
    }
    let one_column = format!("create table t (c {text})");
    let tables = planc_frontend::sql::ddl_schema(&one_column).ok()?;
    let [(_, table)] = tables.as_slice() else { return None };
    let [field] = table.schema.fields().as_ref() else { return None };
    Some(field.data_type().clone())
}
