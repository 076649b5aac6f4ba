//! Replaying artifacts: load, bind, run, and hand the rows on.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use datafusion::common::ParamValues;
use datafusion::common::ScalarValue;
use datafusion::common::metadata::ScalarAndMetadata;
use planc_artifacts::Lookup;
use planc_backend::preview::Preview;
use planc_backend::sink::delta::{self, Provenance, WriteOptions};
use planc_backend::sink::{self, Format};
use planc_backend::{Binding, Bindings, Limits, Replay, Session, SourceSpec, within};
use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, Digest, Plan, code, substrait};

use super::compile::{Compiler, Outcome, output_table};
use super::output_findings::output_findings;
use super::run_key::{run_key, source_states};
use super::run_record::{RunRecord, Seen};
use super::target::{Target, write};
use crate::project::outputs::Output;
use crate::project::rules::Rule;
use crate::project::{LOCK, Project};

/// Where the file indexes of sources lie, from the project's folder.
pub const INDEXES: &str = ".planc/index";

/// What a run does beside reading rows.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// Commits to the rules' outputs.
    pub write: bool,
    /// Commits again what was committed before.
    pub again: bool,
    /// Says which files each step of pruning leaves.
    pub explain_pruning: bool,
    /// Versions or times that override a Delta source's own.
    pub at: BTreeMap<String, At>,
    /// Locations for tables that the project does not have, for a bare digest.
    pub sources: BTreeMap<String, SourceSpec>,
    /// Values of parameters, as typed.
    pub params: BTreeMap<String, String>,
    /// Memory, threads and time.
    pub limits: Limits,
    /// A file for the rows, and how they are written there or to standard output.
    pub output: Option<PathBuf>,
    /// The format of the rows; none is the preview.
    pub format: Option<Format>,
    /// How many rows the preview keeps.
    pub rows: usize,
}

/// A place in a Delta table's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// A version.
    Version(u64),
    /// The version that was current then.
    Time(DateTime<Utc>),
}

/// Where a rule's rows went.
#[derive(Debug)]
pub enum Rows {
    /// To the caller, the first of them.
    Preview(Preview),
    /// To a file or a table.
    Written {
        /// Where.
        location: String,
        /// How many.
        rows: u64,
        /// The version of a Delta table that holds them.
        version: Option<u64>,
    },
    /// Nowhere, since the same run was committed before.
    Unchanged {
        /// The table that holds them.
        location: String,
        /// Its version.
        version: u64,
    },
    /// To standard output.
    Streamed,
}

/// Runs rules of a compiled project.
pub struct Runner<'p> {
    pub(super) project: &'p Project,
    pub(super) compiler: &'p Compiler<'p>,
    pub(super) outcomes: &'p [Option<Outcome>],
    options: RunOptions,
    pub(super) session: Session,
    notes: Mutex<Vec<String>>,
}

impl<'p> Runner<'p> {
    /// A runner over what compiling gave.
    ///
    /// # Errors
    ///
    /// P0901 where the engine's runtime cannot be built.
    pub fn new(
        project: &'p Project,
        compiler: &'p Compiler<'p>,
        outcomes: &'p [Option<Outcome>],
        mut options: RunOptions,
    ) -> Result<Self, Diagnostic> {
        options.limits = project.limits(options.limits);
        let session = Session::new(&project.settings(), &options.limits)?;
        let mut session = session.with_indexes(project.home.join(INDEXES));
        if options.explain_pruning {
            session = session.with_explained_pruning();
        }
        let notes = Mutex::default();
        Ok(Runner { project, compiler, outcomes, options, session, notes })
    }

    /// Runs one rule: to its output with `write`, else to a file, standard output or a preview.
    ///
    /// # Errors
    ///
    /// All findings: P05xx and P06xx of the artifact, P07xx of the run (P0711 where a sample of
    /// the data breaks a constraint that the rule relied on), P0806 of parameters.
    pub fn run_rule(&self, index: usize) -> Result<Rows, Vec<Diagnostic>> {
        let one = |error| vec![error];
        let rule = self.compiler.rules.get(index).ok_or_else(Vec::new)?;
        let (plan, digest) = self.rule_plan(index).map_err(one)?;
        let output =
            if self.options.write { self.project.output(rule).map_err(one)? } else { None };
        if output.is_some() {
            let record = self.outcomes.get(index).and_then(Option::as_ref).map(|o| &o.record);
            let found = output_findings(self.project, self.compiler, rule, record);
            if !found.is_empty() {
                return Err(found);
            }
        }
        self.run(&plan, Some(index), None, output.as_ref().map(|output| (output, rule, digest)))
    }

    /// Runs an artifact by its digest alone.
    ///
    /// # Errors
    ///
    /// As [`run_rule`](Self::run_rule).
    pub fn run_digest(&self, digest: &Digest) -> Result<Rows, Vec<Diagnostic>> {
        let plan = self.load(digest).map_err(|error| vec![error])?;
        self.run(&plan, None, Some(digest), None)
    }

    /// What the last run has to say beside its rows.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, line: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// How a rule would run today, without running it: the orders of its joins with their
    /// estimates, and the physical plan.
    ///
    /// # Errors
    ///
    /// As [`run_rule`](Self::run_rule).
    pub fn replay_of(&self, index: usize) -> Result<Replay, Vec<Diagnostic>> {
        let (plan, _) = self.rule_plan(index).map_err(|error| vec![error])?;
        let plan = self.with_parameters(plan)?;
        let work = async {
            let bindings = self.bindings(&plan).await?;
            let replay = planc_backend::replay(&self.session, &plan, &bindings).await;
            replay.map_err(|error| vec![error])
        };
        block_on(async { Ok(work.await) }).map_err(|error| vec![error])?
    }

    /// Runs, and leaves a record of it.
    fn run(
        &self,
        plan: &Plan,
        rule: Option<usize>,
        digest: Option<&Digest>,
        output: Option<(&Output, &Rule, Digest)>,
    ) -> Result<Rows, Vec<Diagnostic>> {
        let rule_name = rule.and_then(|rule| self.compiler.rules.get(rule)).map(|r| r.name.clone());
        let digest_of = || rule.and_then(|rule| self.outcomes.get(rule)?.as_ref()?.record.digest);
        let mut record = RunRecord::begin(rule_name, digest.copied().or_else(digest_of));
        let seen = Mutex::default();
        let result = self.attempt(plan, rule, digest, output, record.id(), &seen);
        let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        record.end(&result, seen);
        if self.options.explain_pruning {
            record.pruning().into_iter().for_each(|line| self.note(line));
        }
        // What cannot be written costs the record and not the run.
        if let Err(error) = record.append(&self.project.home) {
            self.note(format!("the record of the run cannot be written: {error}"));
        }
        if let Err(error) = self.record_in_table(&record) {
            self.note(format!("the record of the run is not in the table: {}", error.message));
        }
        result
    }

    fn record_in_table(&self, record: &RunRecord) -> Result<(), Diagnostic> {
        let Some(location) = self.project.runs_table()? else { return Ok(()) };
        self.guard(&Target::Delta(location.clone(), Box::default()))?;
        for rule in &self.compiler.rules {
            if let Ok(Some(output)) = self.project.output(rule)
                && real(&place(output.location())) == real(&place(&location))
            {
                let message = format!("`{location}` is the output of `{}`", rule.name);
                return Err(Diagnostic::new(code::CONFIG, message)
                    .help("give the table of runs a place of its own"));
            }
        }
        let record = serde_json::to_value(record).map_err(|error| {
            Diagnostic::new(code::INTERNAL, format!("the record of a run is no JSON: {error}"))
        })?;
        block_on(super::run_table::append(&self.session, &location, &record))
    }

    fn attempt(
        &self,
        plan: &Plan,
        rule: Option<usize>,
        digest: Option<&Digest>,
        output: Option<(&Output, &Rule, Digest)>,
        run: &str,
        seen: &Mutex<Seen>,
    ) -> Result<Rows, Vec<Diagnostic>> {
        let plan = self.with_parameters(plan.clone())?;
        let one = |error| vec![error];
        let provenance = output.map(|(_, rule, digest)| {
            let provenance = Provenance::new(&rule.name, digest);
            Provenance { run: Some(run.to_owned()), ..provenance }
        });
        let file = |format, path: &str| match provenance.clone() {
            Some(provenance) => Target::Output(format, place(path), provenance),
            None => Target::File(format, place(path)),
        };
        let target = match output {
            Some((Output::Delta { at, options }, ..)) => {
                let params = self.declared_parameters();
                let provenance = provenance.clone();
                let options = WriteOptions { provenance, params, ..*options.clone() };
                Target::Delta(at.clone(), Box::new(options))
            }
            Some((Output::Parquet(path), ..)) => file(Format::Parquet, path),
            Some((Output::Csv(path), ..)) => file(Format::Csv, path),
            None => match (self.options.format, &self.options.output) {
                (format, Some(path)) => Target::File(format.unwrap_or(Format::Csv), path.clone()),
                (Some(format), None) => Target::Stdout(format),
                (None, None) => Target::Preview(self.options.rows),
            },
        };
        self.guard(&target).map_err(one)?;
        let work = async {
            let bindings = self.bindings(&plan).await?;
            let findings = planc_backend::check_reads(&plan, &bindings);
            if !findings.is_empty() {
                return Err(findings);
            }
            let relied_on = self.relied_on(rule, digest, &plan, &bindings);
            self.sample(&relied_on, &bindings).await?;
            let replay =
                planc_backend::replay(&self.session, &plan, &bindings).await.map_err(one)?;
            if let Ok(mut seen) = seen.lock() {
                *seen = Seen::new(&bindings, replay.clone());
            }
            let target = self.identified(target, &plan, &bindings);
            // On a task of its own: an operator that works for minutes within one poll must
            // not keep the timeout and Ctrl-C from being heard.
            Task::spawn(write(self.session.clone(), replay, target)).join().await.map_err(one)
        };
        block_on(async {
            let interruption = async {
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            within(&self.options.limits, interruption, async { Ok(work.await) }).await
        })
        .map_err(one)?
    }

    /// A table as target, with the states of the sources and what they make of the run's key.
    fn identified(&self, mut target: Target, plan: &Plan, bindings: &Bindings) -> Target {
        if let Target::Delta(_, options) = &mut target
            && let Some(provenance) = &mut options.provenance
        {
            provenance.sources = source_states(bindings);
            let (rule, digest) = (provenance.rule.clone(), provenance.digest);
            if !self.options.again {
                let params = &self.options.params;
                options.run_key = run_key(plan, &digest, bindings, params, &rule, options);
            }
        }
        target
    }

    /// The values of the parameters that have one.
    fn declared_parameters(&self) -> BTreeMap<String, ScalarValue> {
        let names = self.project.params.keys();
        names.filter_map(|name| Some((name.clone(), self.parameter(name).ok()?))).collect()
    }

    /// Refuses to write over the project's own files and the tables that it reads.
    fn guard(&self, target: &Target) -> Result<(), Diagnostic> {
        let target = match target {
            Target::File(_, path) | Target::Output(_, path, _) => path.clone(),
            Target::Delta(location, _) => place(location),
            Target::Preview(_) | Target::Stdout(_) => return Ok(()),
        };
        let refused = |what: &str| {
            let message = format!("`{}` is {what} and is not written over", target.display());
            Diagnostic::new(code::OUTPUT_FAILED, message).help("choose another place for the rows")
        };
        match kept(self.project, &self.compiler.rules, &target) {
            Some(what) => Err(refused(&what)),
            None => Ok(()),
        }
    }

    /// What every table name in the plan stands for, through the rules that it inlines.
    async fn bindings(&self, plan: &Plan) -> Result<Bindings, Vec<Diagnostic>> {
        let mut bindings = Bindings::new();
        let mut findings = Vec::new();
        let mut plans = vec![plan.clone()];
        while let Some(plan) = plans.pop() {
            let reads = plan.reads().map_err(|error| {
                vec![Diagnostic::new(code::INTERNAL, format!("the plan cannot be walked: {error}"))]
            })?;
            for read in reads {
                if bindings.contains_key(&read.name) {
                    continue;
                }
                match self.binding(&read.name).await {
                    Ok(binding) => {
                        if let Binding::Plan(plan) = &binding {
                            plans.push(plan.clone());
                        }
                        bindings.insert(read.name, binding);
                    }
                    Err(error) => findings.push(error),
                }
            }
        }
        if findings.is_empty() { Ok(bindings) } else { Err(findings) }
    }

    pub(super) async fn binding(&self, name: &str) -> Result<Binding, Diagnostic> {
        if let Some(spec) = self.options.sources.get(name) {
            return Ok(Binding::Source(self.session.open(name, spec).await?));
        }
        if let Some(index) = self.compiler.rules.iter().position(|rule| rule.name == name) {
            return self.upstream(index).await;
        }
        let sources = self.project.sources();
        let Some(config) = sources.get(name) else {
            let message =
                format!("the artifact reads `{name}`, which is no source and no rule here");
            let help = did_you_mean(name, sources.keys().copied())
                .unwrap_or_else(|| format!("say where it lies: --source {name}=PATH"));
            return Err(Diagnostic::new(code::SOURCE_UNREADABLE, message).help(help));
        };
        let mut spec = self.project.source_spec(name, config)?;
        if let Some(at) = self.options.at.get(name) {
            travel(name, &mut spec, at)?;
        }
        Ok(Binding::Source(self.session.open(name, &spec).await?))
    }

    /// An upstream rule: its output where it has one and this version of the rule wrote it,
    /// else its plan.
    async fn upstream(&self, index: usize) -> Result<Binding, Diagnostic> {
        let rule = self.compiler.rules.get(index);
        let rule = rule.ok_or_else(|| Diagnostic::new(code::INTERNAL, "a rule vanished"))?;
        let (plan, digest) = self.rule_plan(index)?;
        let Some(output) = self.project.output(rule)? else {
            return Ok(Binding::Plan(self.with_parameters(plan).map_err(first)?));
        };
        let again = format!("write it: planc run {} --write", rule.name);
        let record = self.outcomes.get(index).and_then(Option::as_ref).map(|o| &o.record);
        let schema = record.and_then(output_table).map(|table| table.schema);
        let source = self.session.open(&rule.name, &output.as_source(schema)).await;
        let source = source.map_err(|error| error.help(again.clone()))?;
        let written = match &output {
            Output::Delta { at, .. } => {
                delta::last_written_digest(at.as_str(), source.version).await?
            }
            Output::Parquet(at) | Output::Csv(at) => sink::written_digest(&place(at))?,
        };
        if written != Some(digest) {
            let message = match (written, &output) {
                (Some(other), _) => format!(
                    "the output of `{}` was written by {}, and the rule is now {}",
                    rule.name,
                    other.short(),
                    digest.short()
                ),
                (None, Output::Delta { .. }) => {
                    format!("the output of `{}` was not written by planc", rule.name)
                }
                (None, _) => format!(
                    "the output of `{}` was not written by planc, or changed since",
                    rule.name
                ),
            };
            return Err(Diagnostic::new(code::STALE_UPSTREAM, message).help(again));
        }
        Ok(Binding::Source(source))
    }

    fn rule_plan(&self, index: usize) -> Result<(Plan, Digest), Diagnostic> {
        let outcome = self.outcomes.get(index).and_then(Option::as_ref);
        let outcome = outcome.ok_or_else(|| Diagnostic::new(code::INTERNAL, "a rule vanished"))?;
        let digest = outcome.record.digest.ok_or_else(|| {
            let name = self.compiler.rules.get(index).map_or("", |rule| rule.name.as_str());
            Diagnostic::new(code::NO_ARTIFACT, format!("`{name}` has errors and no artifact"))
        })?;
        let plan = match &outcome.artifact {
            Some(bytes) => substrait::decode(bytes, self.compiler.state())?,
            None => self.load(&digest)?,
        };
        Ok((plan, digest))
    }

    fn load(&self, digest: &Digest) -> Result<Plan, Diagnostic> {
        let found = self.compiler.store().map_or(Lookup::Miss, |store| store.artifact(digest));
        match found {
            Lookup::Hit(bytes) => substrait::decode(&bytes, self.compiler.state()),
            Lookup::Miss => {
                let message = format!("the store holds no artifact {digest}");
                Err(Diagnostic::new(code::NO_ARTIFACT, message)
                    .help("`planc compile` lists the digests of the rules"))
            }
            Lookup::Broken(reason) => {
                let message = format!("the artifact is broken: {reason}");
                Err(Diagnostic::new(code::NO_ARTIFACT, message)
                    .help("delete the file and compile again"))
            }
        }
    }

    /// Puts the parameters' values into the plan.
    fn with_parameters(&self, plan: Plan) -> Result<Plan, Vec<Diagnostic>> {
        let names = plan.logical.get_parameter_names().unwrap_or_default();
        if names.is_empty() {
            return Ok(plan);
        }
        let mut findings = Vec::new();
        let mut values = std::collections::HashMap::new();
        for name in names.iter().map(|name| name.trim_start_matches('$')).collect::<BTreeSet<_>>() {
            match self.parameter(name) {
                Ok(value) => drop(values.insert(name.to_owned(), ScalarAndMetadata::from(value))),
                Err(finding) => findings.push(finding),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let bound = plan.logical.with_param_values(ParamValues::Map(values));
        bound
            .map(Plan::new)
            .map_err(|error| vec![Diagnostic::new(code::PARAMETER, error.strip_backtrace())])
    }

    fn parameter(&self, name: &str) -> Result<ScalarValue, Diagnostic> {
        let data_type = self.project.params.get(name).unwrap_or(&DataType::Utf8);
        let Some(text) = self.options.params.get(name) else {
            let message = format!("the parameter `{name}` has no value");
            return Err(Diagnostic::new(code::PARAMETER, message)
                .help(format!("give it: --param {name}=VALUE")));
        };
        let wrong = |why: &str| {
            let message =
                format!("the parameter `{name}` is of type {data_type}, and `{text}` {why}");
            Diagnostic::new(code::PARAMETER, message)
        };
        if loses(text, data_type) {
            return Err(wrong("says more than it holds"));
        }
        ScalarValue::from(text.as_str()).cast_to(data_type).map_err(|_| wrong("is none"))
    }
}

/// Whether the type holds less than the text says: digits behind the point, or a time of day.
fn loses(text: &str, data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            let digits = text.split_once('.').map_or("", |(_, digits)| digits);
            let digits = digits.trim_end().trim_end_matches('0');
            !digits.contains(['e', 'E']) && digits.len() > usize::try_from(*scale).unwrap_or(0)
        }
        DataType::Date32 | DataType::Date64 => text.trim().contains([':', 'T']),
        _ => false,
    }
}

/// What lies at a place that nothing may be written to: the project's own files and its sources.
pub(super) fn kept(project: &Project, rules: &[Rule], target: &Path) -> Option<String> {
    let target = real(target);
    for file in [project.file.as_str(), LOCK] {
        if real(&project.root.join(file)) == target {
            return Some("the project's own file".to_owned());
        }
    }
    let same_name = |rule: &&Rule| Path::new(&rule.path).file_name() == target.file_name();
    let is_it = |rule: &&Rule| real(&project.root.join(&rule.path)) == target;
    if let Some(rule) = rules.iter().filter(same_name).find(is_it) {
        return Some(format!("the rule `{}`", rule.name));
    }
    for (name, config) in project.sources() {
        let Ok(spec) = project.source_spec(name, config) else { continue };
        let source = real(&place(spec.location()));
        if target == source {
            return Some(format!("the source `{name}`"));
        }
        if target.starts_with(&source) {
            return Some(format!("within the source `{name}`"));
        }
        if source.starts_with(&target) {
            return Some(format!("the folder of the source `{name}`"));
        }
    }
    None
}

/// A location as a path: `file://` URLs are paths as well.
pub(crate) fn place(location: &str) -> PathBuf {
    let url = planc_backend::location::parse(location, code::OUTPUT_FAILED).ok();
    let path = url.as_ref().and_then(planc_backend::location::local_path);
    path.unwrap_or_else(|| PathBuf::from(location))
}

/// A path without links, where it, or at least its folder, exists.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent().and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// A spawned task that is stopped when this is dropped.
struct Task<T>(tokio::task::JoinHandle<Result<T, Diagnostic>>);

impl<T: Send + 'static> Task<T> {
    fn spawn(work: impl Future<Output = Result<T, Diagnostic>> + Send + 'static) -> Self {
        Task(tokio::spawn(work))
    }

    async fn join(mut self) -> Result<T, Diagnostic> {
        let joined = (&mut self.0).await;
        joined.unwrap_or_else(|error| {
            let message = format!("the query ended without a result: {error}");
            Err(Diagnostic::new(code::RUN_FAILED, message))
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn first(findings: Vec<Diagnostic>) -> Diagnostic {
    let first = findings.into_iter().next();
    first.unwrap_or_else(|| Diagnostic::new(code::INTERNAL, "a finding vanished"))
}

fn travel(name: &str, spec: &mut SourceSpec, at: &At) -> Result<(), Diagnostic> {
    let SourceSpec::Delta { version, timestamp, .. } = spec else {
        let message = match spec {
            SourceSpec::DeltaChanges { .. } => {
                format!("--at: `{name}` is a range of changes, which planc.toml sets")
            }
            _ => format!("--at: `{name}` is no Delta table, so it has one version only"),
        };
        return Err(Diagnostic::new(code::CONFIG, message));
    };
    (*version, *timestamp) = match at {
        At::Version(version) => (Some(*version), None),
        At::Time(time) => (None, Some(*time)),
    };
    Ok(())
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(
    work: impl Future<Output = Result<T, Diagnostic>>,
) -> Result<T, Diagnostic> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Diagnostic::new(
            code::INTERNAL,
            format!("the threads for the run cannot be started: {error}"),
        )
    })?;
    let result = runtime.block_on(work);
    // Work that was cut off gets a moment to clean up behind itself. What does not hear of it,
    // within one long poll, must not hold the process; its unfinished files go here.
    runtime.shutdown_timeout(Duration::from_secs(2));
    sink::discard_staged();
    result
}
