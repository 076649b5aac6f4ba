//! One rule: its tables, its plan, its artifact.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use planc_artifacts::{Action, ActionKey, ActionRecord, RecordKind, ResultRecord};
use planc_frontend::sql::{Parsed, Planned, SqlRule};
use planc_ir::{Catalog, Diagnostic, Digest, Plan, code, substrait};

use super::bundle::Source;
use super::declared;
use super::output::{empty_record, failed, fields, output_table};
use super::{Compiled, Compiler, Outcome, Status};
use crate::driver::graph::Graph;
use crate::driver::trace::Trace;
use crate::project::rules::Rule;
use crate::project::settings::setting_place;

/// A rule on its way.
pub(super) struct Started {
    pub(super) key: Option<ActionKey>,
    pub(super) parsed: Option<Source>,
    pub(super) lookups: Vec<String>,
    /// Set where the rule ended before planning.
    pub(super) failed: Option<Vec<Diagnostic>>,
    pub(super) time: Duration,
}

impl Started {
    /// The fingerprints of the tables that it looks up.
    pub(super) fn tables(&self, catalog: &Catalog) -> BTreeMap<String, Option<Digest>> {
        let fingerprint = |name: &String| catalog.get(name).map(|table| table.fingerprint());
        self.lookups.iter().map(|name| (name.clone(), fingerprint(name))).collect()
    }
}

impl Compiler<'_> {
    /// Finds the tables that a rule looks up: in the store, or by parsing it.
    pub(super) fn start(&self, rule: &Rule) -> Started {
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
                    .at(setting_place(&rule.text, "dialect"))
                    .help_opt(planc_ir::suggest::did_you_mean(dialect, known));
            return started(None, None, vec![], Some(vec![error]));
        }
        let key = self.action_key(rule);
        let stored = self.store.as_ref().and_then(|store| store.action(&key));
        if let Some(action) = stored.as_ref().filter(|_| !self.verifies) {
            return started(Some(key), None, action.lookups.clone(), None);
        }
        match self.parse(rule) {
            Ok(parsed) => {
                let lookups = parsed.lookups();
                self.put_action(rule, &key, stored, ActionRecord { lookups: lookups.clone() });
                started(Some(key), Some(parsed), lookups, None)
            }
            Err(errors) => {
                // No catalog can change this result.
                let record = ResultRecord { diagnostics: errors.clone(), ..empty_record() };
                if let Some(store) = &self.store {
                    store.put_result(&key.result(&BTreeMap::new()), &record, None);
                }
                self.put_action(rule, &key, stored, ActionRecord { lookups: vec![] });
                started(Some(key), None, vec![], Some(errors))
            }
        }
    }

    /// Compiles one rule against the catalog, unless the store has the result.
    pub(super) fn finish(
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
            let place = planc_frontend::sql::table_place(&rule.text, upstream);
            let finding = Diagnostic::new(code::UPSTREAM_FAILED, message).at(place);
            return failed(vec![finding], time());
        }
        let lookups = started.tables(catalog);
        let key = action.result(&lookups);
        let stored = self.store.as_ref().and_then(|store| store.result(&key));
        let cached = |record: ResultRecord| {
            let status = if record.digest.is_some() { Status::Cached } else { Status::Failed };
            Outcome { status, record, artifact: None, key: Some(key), time: time() }
        };
        if let Some(record) = stored.as_ref().filter(|_| !self.verifies) {
            return cached(record.clone());
        }
        let (record, artifact) = match &started.parsed {
            Some(parsed) => self.plan(rule, parsed, catalog, lookups),
            None => match self.parse(rule) {
                Ok(parsed) => self.plan(rule, &parsed, catalog, lookups),
                Err(diagnostics) => (ResultRecord { diagnostics, ..empty_record() }, None),
            },
        };
        let (mut record, artifact) = match declared::differences(rule, &record) {
            found if found.is_empty() => (record, artifact),
            found => {
                let diagnostics = record.diagnostics.into_iter().chain(found).collect();
                let lookups = record.lookups;
                (ResultRecord { diagnostics, lookups, ..empty_record() }, None)
            }
        };
        if let Some(stored) = stored {
            if stored.agrees_with(&record) {
                return cached(stored);
            }
            self.disagree(rule, RecordKind::Result, key.digest());
        }
        record.micros = u64::try_from(time().as_micros()).unwrap_or(u64::MAX);
        self.remember(&key, &record, artifact.as_deref());
        let status = if artifact.is_some() { Status::Compiled } else { Status::Failed };
        Outcome { status, record, artifact, key: Some(key), time: time() }
    }

    fn plan(
        &self,
        rule: &Rule,
        parsed: &Source,
        catalog: &Catalog,
        lookups: BTreeMap<String, Option<Digest>>,
    ) -> (ResultRecord, Option<Vec<u8>>) {
        self.planned.fetch_add(1, Ordering::Relaxed);
        match (parsed, &rule.bundle) {
            (Source::Bundle(lanes), Some(bundle)) => {
                self.compile_bundle(bundle, lanes, catalog, lookups)
            }
            (Source::Bundle(_), None) => (empty_record(), None),
            (Source::Sql(parsed), _) => {
                let planned = planc_frontend::sql::plan(parsed, catalog, self.state());
                self.encode(planned, lookups)
            }
        }
    }

    /// Brings what a front end planned to its canonical form, and that to bytes.
    pub(super) fn encode(
        &self,
        planned: Planned,
        lookups: BTreeMap<String, Option<Digest>>,
    ) -> (ResultRecord, Option<Vec<u8>>) {
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

    /// Plans a rule anew, and gives its way through the passes and its canonical plan.
    ///
    /// # Errors
    ///
    /// The rule's errors.
    pub fn trace(
        &self,
        rule: &Rule,
        compiled: &Compiled,
    ) -> Result<(Trace, Plan), Vec<Diagnostic>> {
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
        let plan = match self.parse(rule)? {
            Source::Bundle(lanes) => self.plan_bundle(&lanes, &catalog)?,
            Source::Sql(parsed) => {
                let planned = planc_frontend::sql::plan(&parsed, &catalog, self.state());
                planned.plan.ok_or(planned.diagnostics)?
            }
        };
        Trace::of(plan, self.state()).map_err(|error| vec![error])
    }

    fn parse(&self, rule: &Rule) -> Result<Source, Vec<Diagnostic>> {
        match &rule.bundle {
            Some(bundle) => self.parse_bundle(rule, bundle),
            None => self.parse_sql(rule).map(|parsed| Source::Sql(Box::new(parsed))),
        }
    }

    pub(super) fn parse_sql(&self, rule: &Rule) -> Result<Parsed, Vec<Diagnostic>> {
        planc_frontend::sql::parse(&self.sql_of(rule))
    }

    pub(super) fn sql_of<'a>(&'a self, rule: &'a Rule) -> SqlRule<'a> {
        SqlRule { text: &rule.text, dialect: self.dialect(rule), params: &self.project.params }
    }

    fn dialect<'a>(&'a self, rule: &'a Rule) -> &'a str {
        rule.settings.dialect.as_deref().unwrap_or(self.project.config.project.dialect.get_ref())
    }

    pub(super) fn action_key(&self, rule: &Rule) -> ActionKey {
        let format = substrait::FORMAT.to_string();
        let action = Action {
            source: rule.bundle.as_ref().map_or(rule.text.as_bytes(), |bundle| &bundle.key),
            front_end: if rule.bundle.is_some() { "substrait" } else { "sql" },
            dialect: self.dialect(rule),
            time_zone: self.project.config.project.time_zone.get_ref(),
            parameters: &self.parameters,
            versions: &[env!("CARGO_PKG_VERSION"), &format, datafusion::DATAFUSION_VERSION],
        };
        action.key()
    }
}
