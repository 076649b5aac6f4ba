//! From rules to artifacts, through the store.
//!
//! For each rule: its action key gives the tables that it looks up, these and their
//! fingerprints give the result key, and only where the store has no result the rule is
//! parsed, planned, brought to its canonical form and encoded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use arrow::datatypes::{Field, Schema};
use datafusion::execution::context::SessionState;
use planc_artifacts::{
    Action, ActionKey, ActionRecord, FieldRecord, LocalStore, Lookup, ResultKey, ResultRecord,
};
use planc_frontend::sql::{Parsed, SqlRule};
use planc_ir::type_text::{parse_type, type_text};
use planc_ir::{Catalog, Diagnostic, Digest, Table, code, substrait};
use rayon::prelude::*;

use super::graph::Graph;
use crate::project::Project;
use crate::project::config::CacheMode;
use crate::project::rules::Rule;

/// How a rule's compilation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Planned and encoded now.
    Compiled,
    /// The result was in the store.
    Cached,
    /// There are errors, now or in the store.
    Failed,
}

/// What compiling one rule gave.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The artifact's digest, output, lookups and findings (at default severities).
    pub record: ResultRecord,
    /// The artifact, where it was made now.
    pub artifact: Option<Vec<u8>>,
    /// Wall-clock time that went into this rule.
    pub time: Duration,
}

/// Which rules to compile.
#[derive(Debug, Clone, Copy)]
pub enum Selected<'a> {
    /// Every rule.
    All,
    /// These, by position, and all that they read.
    These(&'a BTreeSet<usize>),
}

/// Called behind each rule, from any thread.
pub type Progress<'a> = &'a (dyn Fn(&Rule, &Outcome) + Sync);

/// What compiling gave.
#[derive(Debug)]
pub struct Compiled {
    /// The outcomes in the order of the rules; none for a rule that was not asked for.
    pub outcomes: Vec<Option<Outcome>>,
    /// Which rules read which, as far as was looked.
    pub graph: Graph,
}

/// Compiles the rules of one project.
pub struct Compiler<'p> {
    project: &'p Project,
    /// The rules, sorted by name.
    pub rules: Vec<Rule>,
    catalog: Catalog,
    store: Option<LocalStore>,
    writes: bool,
    parameters: BTreeMap<String, String>,
    state: OnceLock<SessionState>,
    planned: AtomicUsize,
    notes: Mutex<BTreeSet<String>>,
}

/// A rule on its way.
struct Started {
    key: Option<ActionKey>,
    parsed: Option<Parsed>,
    lookups: Vec<String>,
    /// Set where the rule ended before planning.
    failed: Option<Vec<Diagnostic>>,
    time: Duration,
}

impl<'p> Compiler<'p> {
    /// A compiler over the project's rules and the schemas of its sources.
    pub fn new(project: &'p Project, rules: Vec<Rule>, catalog: Catalog, mode: CacheMode) -> Self {
        let folder = project.root.join(&project.config.cache.local);
        let parameters = project.params.iter().map(|(name, t)| (name.clone(), t.to_string()));
        Compiler {
            project,
            rules,
            catalog,
            store: (mode != CacheMode::Off).then(|| LocalStore::new(folder, "trusted")),
            writes: mode == CacheMode::ReadWrite,
            parameters: parameters.collect(),
            state: OnceLock::new(),
            planned: AtomicUsize::new(0),
            notes: Mutex::default(),
        }
    }

    /// How many rules were parsed or planned, rather than found in the store.
    pub fn planned(&self) -> usize {
        self.planned.load(Ordering::Relaxed)
    }

    /// The sources' tables with what is declared about them.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The store, unless the cache is off.
    pub fn store(&self) -> Option<&LocalStore> {
        self.store.as_ref()
    }

    /// What went wrong with the store so far, as P0602 and P0603.
    pub fn notes(&self) -> Vec<Diagnostic> {
        let notes = self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let notes = notes.iter().map(|note| match note.strip_prefix("write: ") {
            Some(reason) => Diagnostic::new(
                code::STORE_UNWRITABLE,
                format!("the store cannot be written, so nothing is remembered: {reason}"),
            ),
            None => Diagnostic::new(
                code::BROKEN_ENTRY,
                format!("a broken cache entry was passed over: {note}"),
            ),
        });
        notes.collect()
    }

    /// The planning state, built when it is first needed.
    pub fn state(&self) -> &SessionState {
        self.state.get_or_init(|| planc_ir::planning_state(&self.project.settings()))
    }

    /// Compiles the selected rules and all that they read, in dependency order, those of one
    /// wave in parallel. `progress` is called behind each.
    pub fn compile(&self, selected: Selected, progress: Progress) -> Compiled {
        let started = self.start_all(selected);
        let graph = self.graph(&started);
        let mut outcomes: Vec<Option<Outcome>> = vec![None; self.rules.len()];
        let mut catalog = self.catalog.clone();
        for wave in graph.waves() {
            let compiled: Vec<(usize, Outcome)> = wave
                .par_iter()
                .filter_map(|index| {
                    let (rule, started) = (self.rules.get(*index)?, started.get(*index)?.as_ref()?);
                    let outcome = self.finish(*index, rule, started, &catalog, &outcomes, &graph);
                    progress(rule, &outcome);
                    Some((*index, outcome))
                })
                .collect();
            for (index, outcome) in compiled {
                if let Some(rule) = self.rules.get(index)
                    && outcome.record.digest.is_some()
                    && let Some(table) = output_table(&outcome.record)
                {
                    catalog.insert(rule.name.clone(), table);
                }
                if let Some(slot) = outcomes.get_mut(index) {
                    *slot = Some(outcome);
                }
            }
        }
        for (index, slot) in outcomes.iter_mut().enumerate() {
            if let Some(rule) = self.rules.get(index)
                && slot.is_none()
                && started.get(index).is_some_and(Option::is_some)
            {
                let outcome = failed(vec![self.cyclic(index, &graph)], Duration::ZERO);
                progress(rule, &outcome);
                *slot = Some(outcome);
            }
        }
        self.suggest_rules(&mut outcomes);
        Compiled { outcomes, graph }
    }

    /// Starts the selected rules, then the rules that they read, and so on.
    fn start_all(&self, selected: Selected) -> Vec<Option<Started>> {
        let mut started: Vec<Option<Started>> = self.rules.iter().map(|_| None).collect();
        let mut open: BTreeSet<usize> = match selected {
            Selected::All => (0..self.rules.len()).collect(),
            Selected::These(rules) => rules.clone(),
        };
        while !open.is_empty() {
            let wave: Vec<(usize, Started)> = open
                .par_iter()
                .filter_map(|index| Some((*index, self.start(self.rules.get(*index)?))))
                .collect();
            let reads = wave.iter().flat_map(|(_, started)| &started.lookups);
            let reads: BTreeSet<usize> = reads.filter_map(|name| self.position(name)).collect();
            for (index, rule) in wave {
                if let Some(slot) = started.get_mut(index) {
                    *slot = Some(rule);
                }
            }
            let fresh = |index: &usize| started.get(*index).is_some_and(Option::is_none);
            open = reads.into_iter().filter(fresh).collect();
        }
        started
    }

    /// The rule of this name; of several with one name, the first.
    fn position(&self, name: &str) -> Option<usize> {
        let first = self.rules.partition_point(|rule| rule.name.as_str() < name);
        self.rules.get(first).filter(|rule| rule.name == name).map(|_| first)
    }

    /// The front end knows the sources and the rules of earlier waves only, so the names of
    /// all rules are suggested here.
    fn suggest_rules(&self, outcomes: &mut [Option<Outcome>]) {
        let findings = outcomes.iter_mut().flatten().flat_map(|o| o.record.diagnostics.iter_mut());
        for finding in findings.filter(|f| f.code == code::UNKNOWN_TABLE && f.help.is_none()) {
            let name = finding.message.split('`').nth(1).unwrap_or_default();
            let names = self.rules.iter().map(|rule| rule.name.as_str());
            finding.help = planc_ir::suggest::did_you_mean(name, names);
        }
    }

    /// Finds the tables that a rule looks up: in the store, or by parsing it.
    fn start(&self, rule: &Rule) -> Started {
        let clock = Instant::now();
        let started = |key, parsed, lookups, failed| Started {
            key,
            parsed,
            lookups,
            failed,
            time: clock.elapsed(),
        };
        if let Some(error) = &rule.unreadable {
            return started(None, None, vec![], Some(vec![error.clone()]));
        }
        let dialect = self.dialect(rule);
        if !planc_frontend::sql::DIALECTS.contains(&dialect) {
            let known = planc_frontend::sql::DIALECTS.iter().copied();
            let error =
                Diagnostic::new(code::RULE_SETTINGS, format!("there is no dialect `{dialect}`"))
                    .help_opt(planc_ir::suggest::did_you_mean(dialect, known));
            return started(None, None, vec![], Some(vec![error]));
        }
        let key = self.action_key(rule);
        if let Some(action) = self.found(|store| store.action(&key)) {
            return started(Some(key), None, action.lookups, None);
        }
        match self.parse(rule) {
            Ok(parsed) => {
                let lookups = parsed.lookups.clone();
                self.put(|store| {
                    store.put_action(&key, &ActionRecord { lookups: lookups.clone() })
                });
                started(Some(key), Some(parsed), lookups, None)
            }
            Err(errors) => {
                // No catalog can change this result.
                let record = ResultRecord { diagnostics: errors.clone(), ..empty_record() };
                self.put(|store| {
                    store.put_result(&key.result(&BTreeMap::new()), &record)?;
                    store.put_action(&key, &ActionRecord { lookups: vec![] })
                });
                started(Some(key), None, vec![], Some(errors))
            }
        }
    }

    fn graph(&self, started: &[Option<Started>]) -> Graph {
        let reads = |started: &Option<Started>| {
            let lookups = started.iter().flat_map(|started| &started.lookups);
            lookups.filter_map(|name| self.position(name)).collect()
        };
        Graph::new(started.iter().map(reads).collect())
    }

    /// Compiles one rule against the catalog, unless the store has the result.
    fn finish(
        &self,
        index: usize,
        rule: &Rule,
        started: &Started,
        catalog: &Catalog,
        outcomes: &[Option<Outcome>],
        graph: &Graph,
    ) -> Outcome {
        let clock = Instant::now();
        let time = || started.time + clock.elapsed();
        if let Some(errors) = &started.failed {
            return failed(errors.clone(), time());
        }
        let Some(action) = started.key else { return failed(vec![], time()) };
        if let Some(upstream) = self.broken_upstream(index, outcomes, graph) {
            let message = format!("not checked: it reads `{upstream}`, which has errors");
            let finding = Diagnostic::new(code::UPSTREAM_FAILED, message);
            return failed(vec![finding], time());
        }
        let lookups: BTreeMap<String, Option<Digest>> = started
            .lookups
            .iter()
            .map(|name| (name.clone(), catalog.get(name).map(|table| table.fingerprint())))
            .collect();
        let key = action.result(&lookups);
        if let Some(record) = self.found(|store| store.result(&key)) {
            let status = if record.digest.is_some() { Status::Cached } else { Status::Failed };
            return Outcome { status, record, artifact: None, time: time() };
        }
        let (record, artifact) = match &started.parsed {
            Some(parsed) => self.plan(parsed, catalog, lookups),
            None => match self.parse(rule) {
                Ok(parsed) => self.plan(&parsed, catalog, lookups),
                Err(diagnostics) => (ResultRecord { diagnostics, ..empty_record() }, None),
            },
        };
        self.remember(&key, &record, artifact.as_deref());
        let status = if artifact.is_some() { Status::Compiled } else { Status::Failed };
        Outcome { status, record, artifact, time: time() }
    }

    fn plan(
        &self,
        parsed: &Parsed,
        catalog: &Catalog,
        lookups: BTreeMap<String, Option<Digest>>,
    ) -> (ResultRecord, Option<Vec<u8>>) {
        self.planned.fetch_add(1, Ordering::Relaxed);
        let planned = planc_frontend::sql::plan(parsed, catalog, self.state());
        let mut record =
            ResultRecord { diagnostics: planned.diagnostics, lookups, ..empty_record() };
        let Some(plan) = planned.plan else { return (record, None) };
        let encoded = planc_passes::canonicalize(plan, self.state(), &mut |_| {})
            .and_then(|plan| substrait::encode(&plan).map(|encoded| (plan, encoded)));
        match encoded {
            Ok((plan, encoded)) => {
                match fields(&plan.output_schema()) {
                    Ok(output) => record.output = output,
                    Err(error) => {
                        record.diagnostics.push(error);
                        return (record, None);
                    }
                }
                record.constraints = plan.relied_on.into_iter().collect();
                record.digest = Some(Digest::of(&encoded.bytes));
                record.portable = encoded.portable;
                (record, Some(encoded.bytes))
            }
            Err(error) => {
                record.diagnostics.push(error);
                (record, None)
            }
        }
    }

    /// Plans a rule anew, shows every pass to `trace`, and gives the plan as it was planned
    /// and its canonical form, both as text.
    ///
    /// # Errors
    ///
    /// The rule's errors.
    pub fn explain(
        &self,
        index: usize,
        compiled: &Compiled,
        trace: planc_passes::Trace,
    ) -> Result<(String, String), Vec<Diagnostic>> {
        let rule = self.rules.get(index).ok_or_else(Vec::new)?;
        if let Some(error) = &rule.unreadable {
            return Err(vec![error.clone()]);
        }
        let mut catalog = self.catalog.clone();
        for (rule, outcome) in self.rules.iter().zip(&compiled.outcomes) {
            if let Some(outcome) =
                outcome.as_ref().filter(|outcome| outcome.record.digest.is_some())
                && let Some(table) = output_table(&outcome.record)
            {
                catalog.insert(rule.name.clone(), table);
            }
        }
        let planned = planc_frontend::sql::plan(&self.parse(rule)?, &catalog, self.state());
        let plan = planned.plan.ok_or(planned.diagnostics)?;
        let before = plan.logical.display_indent().to_string();
        let canonical =
            planc_passes::canonicalize(plan, self.state(), trace).map_err(|e| vec![e])?;
        Ok((before, canonical.logical.display_indent_schema().to_string()))
    }

    fn parse(&self, rule: &Rule) -> Result<Parsed, Vec<Diagnostic>> {
        planc_frontend::sql::parse(&SqlRule {
            text: &rule.text,
            dialect: self.dialect(rule),
            params: &self.project.params,
        })
    }

    fn dialect<'a>(&'a self, rule: &'a Rule) -> &'a str {
        rule.settings.dialect.as_deref().unwrap_or(self.project.config.project.dialect.get_ref())
    }

    fn action_key(&self, rule: &Rule) -> ActionKey {
        let format = substrait::FORMAT.to_string();
        let action = Action {
            source: rule.text.as_bytes(),
            front_end: "sql",
            dialect: self.dialect(rule),
            time_zone: self.project.config.project.time_zone.get_ref(),
            parameters: &self.parameters,
            versions: &[env!("CARGO_PKG_VERSION"), &format, datafusion::DATAFUSION_VERSION],
        };
        action.key()
    }

    /// The name of a rule that this one reads and that has no artifact.
    fn broken_upstream(
        &self,
        index: usize,
        outcomes: &[Option<Outcome>],
        graph: &Graph,
    ) -> Option<&str> {
        let mut upstream = graph.upstream([index]).into_iter().filter(|other| *other != index);
        let broken = upstream.find(|other| {
            let outcome = outcomes.get(*other).and_then(Option::as_ref);
            outcome.is_none_or(|outcome| outcome.record.digest.is_none())
        })?;
        self.rules.get(broken).map(|rule| rule.name.as_str())
    }

    fn cyclic(&self, index: usize, graph: &Graph) -> Diagnostic {
        let name = |rule: &usize| self.rules.get(*rule).map_or("", |rule| rule.name.as_str());
        if let Some(cycle) = graph.cycle(index) {
            let path: Vec<&str> = cycle.iter().map(name).collect();
            let message = format!("the rule reads itself: {}", path.join(" → "));
            return Diagnostic::new(code::RULE_CYCLE, message)
                .help("let one of these rules read the sources instead");
        }
        let mut upstream = graph.upstream([index]).into_iter();
        let cyclic = upstream.find(|rule| graph.cycle(*rule).is_some());
        let message = format!(
            "not checked: it reads `{}`, which has errors",
            cyclic.as_ref().map_or("", name)
        );
        Diagnostic::new(code::UPSTREAM_FAILED, message)
    }

    fn found<T>(&self, look: impl Fn(&LocalStore) -> Lookup<T>) -> Option<T> {
        match look(self.store.as_ref()?) {
            Lookup::Hit(found) => Some(found),
            Lookup::Miss => None,
            Lookup::Broken(reason) => {
                self.note(reason);
                None
            }
        }
    }

    fn remember(&self, key: &ResultKey, record: &ResultRecord, artifact: Option<&[u8]>) {
        // A suggestion for an unknown table depends on names that the key does not cover.
        if record.diagnostics.iter().any(|finding| finding.code == code::UNKNOWN_TABLE) {
            return;
        }
        self.put(|store| {
            if let Some(artifact) = artifact {
                store.put_artifact(artifact)?;
            }
            store.put_result(key, record)
        });
    }

    fn put(&self, put: impl Fn(&LocalStore) -> std::io::Result<()>) {
        if let Some(store) = self.store.as_ref().filter(|_| self.writes)
            && let Err(error) = put(store)
        {
            self.note(format!("write: {}: {error}", store.root().display()));
        }
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(note);
    }
}

fn failed(diagnostics: Vec<Diagnostic>, time: Duration) -> Outcome {
    let record = ResultRecord { diagnostics, ..empty_record() };
    Outcome { status: Status::Failed, record, artifact: None, time }
}

fn empty_record() -> ResultRecord {
    ResultRecord {
        digest: None,
        diagnostics: vec![],
        output: vec![],
        lookups: BTreeMap::new(),
        constraints: vec![],
        portable: false,
    }
}

fn fields(schema: &Schema) -> Result<Vec<FieldRecord>, Diagnostic> {
    let record = |field: &std::sync::Arc<Field>| {
        let data_type = type_text(field.data_type()).ok_or_else(|| {
            let message = format!("the type of the output column `{}` has no text", field.name());
            Diagnostic::new(code::NOT_REPRESENTABLE, message)
        })?;
        Ok(FieldRecord { name: field.name().clone(), data_type, nullable: field.is_nullable() })
    };
    schema.fields().iter().map(record).collect()
}

/// A rule's output as a table for the rules that read it.
fn output_table(record: &ResultRecord) -> Option<Table> {
    let field = |field: &FieldRecord| {
        Some(Field::new(&field.name, parse_type(&field.data_type).ok()?, field.nullable))
    };
    let fields: Option<Vec<Field>> = record.output.iter().map(field).collect();
    Some(Table::new(&Schema::new(fields?)))
}
