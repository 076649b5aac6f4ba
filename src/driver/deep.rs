//! The deep digest: what a rule asks of the sources, with every rule upstream inlined.
//!
//! A rule's own digest reads other rules as tables, so it says nothing of what these do. The
//! deep digest is that of the canonical plan down to the sources, without what the rule does
//! not read of them. It changes only when what the rule would return changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::logical_plan::{Projection, TableScan};
use datafusion::logical_expr::{Expr, LogicalPlan};
use planc_artifacts::{DeepKey, DeepRecord, Lookup, RecordKind};
use planc_ir::catalog::table_name;
use planc_ir::inline::inline;
use planc_ir::table_function::reads_no_table;
use planc_ir::{Digest, Plan, SchemaSource, Table, substrait};
use rayon::prelude::*;

use super::compile::{Compiled, Compiler};

/// The most relations that an inlined plan may have: bringing it to its canonical form takes
/// longer than in proportion.
const MOST_RELATIONS: usize = 400;

/// The most characters of a reason.
const LONGEST_REASON: usize = 160;

/// A rule's deep digest.
pub type Deep = DeepRecord;

/// The deep plans of one compilation's rules, made as they are asked for.
pub struct DeepPlans<'a> {
    compiler: &'a Compiler<'a>,
    compiled: &'a Compiled,
    /// For each rule the artifact of its canonical plan down to the sources, or why there is
    /// none. A rule is inlined in this form, so that a long chain of rules stays small.
    artifacts: Vec<OnceLock<std::result::Result<Vec<u8>, String>>>,
}

impl<'a> DeepPlans<'a> {
    /// Over what compiling gave.
    pub fn new(compiler: &'a Compiler<'a>, compiled: &'a Compiled) -> Self {
        let artifacts = compiler.rules.iter().map(|_| OnceLock::new()).collect();
        DeepPlans { compiler, compiled, artifacts }
    }

    /// The deep digest of every rule that has an artifact, from the store where it is there.
    pub fn digests(&self) -> Vec<Option<Deep>> {
        let mut deep: Vec<Option<Deep>> = self.compiler.rules.iter().map(|_| None).collect();
        self.compiler.prefetch(RecordKind::Deep, || {
            let reading = (0..deep.len()).filter(|index| self.reads_rules(*index));
            reading.filter_map(|index| Some(self.key(index)?.digest())).collect()
        });
        for wave in self.compiled.graph.waves() {
            let found: Vec<(usize, Option<Deep>)> =
                wave.par_iter().map(|index| (*index, self.digest(*index, &deep))).collect();
            for (index, found) in found {
                if let Some(slot) = deep.get_mut(index) {
                    *slot = found;
                }
            }
        }
        deep
    }

    /// The canonical plan behind a deep digest; the rule's own where that fell back.
    pub fn plan(&self, index: usize, deep: &Deep) -> Option<LogicalPlan> {
        let bytes = match &deep.fallback {
            Some(_) => self.own(index).ok()?,
            None => self.artifact(index).ok()?,
        };
        Some(substrait::decode(&bytes, self.compiler.state()).ok()?.logical)
    }

    fn digest(&self, index: usize, deep: &[Option<Deep>]) -> Option<Deep> {
        let own = self.compiled.outcomes.get(index)?.as_ref()?.record.digest?;
        let reads = self.compiled.graph.reads(index);
        if reads.is_empty() {
            return Some(Deep { digest: own, fallback: None });
        }
        let key = self.key(index);
        if let Some(key) = &key
            && !self.compiler.verifies()
            && let Some(record) = self.stored(key)
        {
            return Some(record);
        }
        let (record, bytes) = match self.artifact(index) {
            Ok(bytes) => (Deep { digest: Digest::of(&bytes), fallback: None }, Some(bytes)),
            Err(reason) => {
                let reason = shortened(reason);
                let mut parts = vec!["planc deep fallback 1".to_owned(), own.to_string()];
                for read in reads {
                    parts.push(self.compiler.rules.get(*read)?.name.clone());
                    parts.push(deep.get(*read)?.as_ref()?.digest.to_string());
                }
                let digest = Digest::of_parts(parts.iter().map(String::as_bytes));
                (Deep { digest, fallback: Some(reason) }, None)
            }
        };
        if let Some(key) = key {
            self.compiler.put_deep(index, &key, &record, bytes.as_deref());
        }
        Some(record)
    }

    fn reads_rules(&self, index: usize) -> bool {
        !self.compiled.graph.reads(index).is_empty()
    }

    fn stored(&self, key: &DeepKey) -> Option<DeepRecord> {
        self.compiler.store()?.deep(key)
    }

    fn key(&self, index: usize) -> Option<DeepKey> {
        let result = |index: usize| self.compiled.outcomes.get(index)?.as_ref()?.key;
        let upstream = self.compiled.graph.upstream([index]);
        let mut keys = BTreeMap::new();
        for other in upstream.into_iter().filter(|other| *other != index) {
            keys.insert(self.compiler.rules.get(other)?.name.as_str(), result(other)?);
        }
        Some(result(index)?.deep(&keys))
    }

    /// The artifact of a rule's plan with everything upstream inlined.
    fn artifact(&self, index: usize) -> std::result::Result<Vec<u8>, String> {
        let slot = self.artifacts.get(index).ok_or("it is no rule")?;
        slot.get_or_init(|| self.find(index)).clone()
    }

    fn find(&self, index: usize) -> std::result::Result<Vec<u8>, String> {
        let key = self.key(index).filter(|_| !self.compiler.verifies());
        let stored = key.and_then(|key| self.stored(&key));
        match stored {
            Some(Deep { fallback: Some(reason), .. }) => return Err(reason),
            Some(Deep { digest, fallback: None }) => {
                let stored = self.compiler.store().map(|store| store.artifact(&digest));
                if let Some(Lookup::Hit(bytes)) = stored {
                    return Ok(bytes);
                }
            }
            None => {}
        }
        self.make(index)
    }

    fn make(&self, index: usize) -> std::result::Result<Vec<u8>, String> {
        let engine = |error: DataFusionError| error.strip_backtrace();
        let state = self.compiler.state();
        let own = self.own(index)?;
        let plan = substrait::decode(&own, state).map_err(|error| error.message)?.logical;
        let name = self.compiler.rules.get(index).map_or("", |rule| rule.name.as_str());
        if let Some(call) = volatile_call(&plan).map_err(engine)? {
            return Err(format!("`{name}` calls {call}, which gives another result each time"));
        }
        let mut upstream = BTreeMap::new();
        for read in self.compiled.graph.reads(index) {
            let rule = self.compiler.rules.get(*read).ok_or("it is no rule")?;
            let plan = substrait::decode(&self.artifact(*read)?, state);
            let plan = plan.map_err(|error| error.message)?.logical;
            upstream.insert(rule.name.as_str(), unordered(plan).map_err(engine)?);
        }
        if upstream.is_empty() {
            return Ok(own);
        }
        let plan = plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::TableScan(scan) = node else { return Ok(Transformed::no(node)) };
            let name = table_name(&scan.table_name);
            match upstream.get(name.as_str()) {
                Some(plan) if !reads_no_table(&scan) => {
                    inline(scan, plan.clone()).map(Transformed::yes)
                }
                _ => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            }
        });
        let plan = plan.map_err(engine)?.data;
        // Down to the sources: what is declared about them, and the types that follow.
        let plan = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) => Ok(Transformed::yes(self.with_constraints(scan))),
            other => other.recompute_schema().map(Transformed::yes),
        });
        let plan = plan.map_err(engine)?.data;
        let relations = relations(&plan).map_err(engine)?;
        if relations > MOST_RELATIONS {
            return Err(format!("inlined, `{name}` has {relations} relations"));
        }
        let canonical = planc_passes::canonicalize(Plan::new(plan), state, &mut |_| {})
            .map_err(|error| format!("inlined, it has no canonical form: {}", error.message))?;
        let encoded = substrait::encode(&canonical)
            .map_err(|error| format!("inlined, it has no artifact: {}", error.message))?;
        Ok(encoded.bytes)
    }

    /// The rule's own artifact.
    fn own(&self, index: usize) -> std::result::Result<Vec<u8>, String> {
        let outcome = self.compiled.outcomes.get(index).and_then(Option::as_ref);
        let outcome = outcome.ok_or("it was not compiled")?;
        let digest = outcome.record.digest.ok_or("it has errors")?;
        let stored = || match self.compiler.store().map(|store| store.artifact(&digest)) {
            Some(Lookup::Hit(bytes)) => Some(bytes),
            _ => None,
        };
        let bytes = outcome.artifact.clone().or_else(stored);
        Ok(bytes.ok_or("its artifact is gone")?)
    }

    /// Artifacts know of no constraints, so the catalog says what is declared about the
    /// columns that a scan has.
    fn with_constraints(&self, scan: TableScan) -> LogicalPlan {
        let known = self.compiler.catalog().get(&table_name(&scan.table_name));
        let Some(known) = known.filter(|_| !reads_no_table(&scan)) else {
            return LogicalPlan::TableScan(scan);
        };
        let schema: SchemaRef = scan.source.schema();
        let there = |column: &String| schema.field_with_name(column).is_ok();
        let mut constraints = known.constraints.clone();
        constraints.keys.retain(|key| key.iter().all(there));
        constraints.unique.retain(|key| key.iter().all(there));
        constraints.not_null.retain(there);
        constraints.references.retain(|reference| reference.columns.iter().all(there));
        let table = Table { schema, constraints };
        let source = Arc::new(SchemaSource::of(Arc::new(table)));
        LogicalPlan::TableScan(TableScan { source, ..scan })
    }
}

fn shortened(reason: String) -> String {
    if reason.chars().count() <= LONGEST_REASON {
        return reason;
    }
    let start: String = reason.chars().take(LONGEST_REASON).collect();
    format!("{start}…")
}

/// A plan as a table of it is read: without the order that its rule gives its rows.
fn unordered(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
            unordered(Arc::unwrap_or_clone(sort.input))?
        }
        LogicalPlan::Projection(projection) => {
            let input = unordered(Arc::unwrap_or_clone(projection.input))?;
            let (expr, schema) = (projection.expr, projection.schema);
            let projection = Projection::try_new_with_schema(expr, Arc::new(input), schema)?;
            LogicalPlan::Projection(projection)
        }
        other => other,
    })
}

/// The first function in the plan that gives another result each time.
fn volatile_call(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if expr.is_volatile_node() {
                    let name = match expr {
                        Expr::ScalarFunction(call) => format!("{}()", call.func.name()),
                        other => other.to_string(),
                    };
                    found.insert(name);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found.into_iter().next())
}

fn relations(plan: &LogicalPlan) -> Result<usize> {
    let mut count = 0;
    plan.apply_with_subqueries(|_| {
        count += 1;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(count)
}
