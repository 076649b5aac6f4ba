//! From rules to artifacts, through the store.
//!
//! For each rule: its action key gives the tables that it looks up, these and their
//! fingerprints give the result key, and only where the store has no result the rule is
//! parsed, planned, brought to its canonical form and encoded.

mod bundle;
mod declared;
mod expected;
mod output;
mod prefix;
mod rule;
mod stored;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use datafusion::execution::context::SessionState;
use planc_artifacts::{RecordKind, ResultKey, ResultRecord, Store};
use planc_ir::{Catalog, Diagnostic, code};
use rayon::prelude::*;

use self::output::failed;
pub(super) use self::output::output_table;
use self::rule::Started;
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
    /// Where the store has the result; none where the rule ended before its tables were known.
    pub key: Option<ResultKey>,
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
    store: Option<Store>,
    /// Whether what the store has is compiled again, to compare.
    verifies: bool,
    parameters: BTreeMap<String, String>,
    state: OnceLock<SessionState>,
    planned: AtomicUsize,
    /// Rules whose result in the store is not what compiling gives.
    disagreements: Mutex<Vec<Diagnostic>>,
}

impl<'p> Compiler<'p> {
    /// A compiler over the project's rules and the schemas of its sources.
    pub fn new(project: &'p Project, rules: Vec<Rule>, catalog: Catalog, mode: CacheMode) -> Self {
        let parameters = project.params.iter().map(|(name, t)| (name.clone(), t.to_string()));
        Compiler {
            project,
            rules,
            catalog,
            store: stored::open(project, mode),
            verifies: mode == CacheMode::Verify,
            parameters: parameters.collect(),
            state: OnceLock::new(),
            planned: AtomicUsize::new(0),
            disagreements: Mutex::default(),
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
    pub fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// Remembers which entries of the store are used, for [`Store::used`].
    pub fn tracking(mut self) -> Self {
        self.store = self.store.map(Store::tracking);
        self
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
            self.prefetch(RecordKind::Result, || {
                let started = wave.iter().filter_map(|index| started.get(*index)?.as_ref());
                started.filter_map(|s| Some(s.key?.result(&s.tables(&catalog)).digest())).collect()
            });
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
            self.prefetch(RecordKind::Action, || {
                let rules = open.iter().filter_map(|index| self.rules.get(*index));
                rules.map(|rule| self.action_key(rule).digest()).collect()
            });
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
    pub(super) fn position(&self, name: &str) -> Option<usize> {
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

    fn graph(&self, started: &[Option<Started>]) -> Graph {
        let reads = |started: &Option<Started>| {
            let lookups = started.iter().flat_map(|started| &started.lookups);
            lookups.filter_map(|name| self.position(name)).collect()
        };
        Graph::new(started.iter().map(reads).collect())
    }
}
