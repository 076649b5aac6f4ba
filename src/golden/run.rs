//! Runs one golden case.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use planc_backend::{Binding, Bindings, Session};
use planc_frontend::sql::{self, SqlRule};
use planc_frontend::substrait::{self as ingest, Producer, SubstraitRule};
use planc_ir::catalog::table_name;
use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, Digest, LineIndex, Plan, Severity, substrait};

use super::case::{Case, QuerySource};
use super::setting::{Setting, Surroundings};
use super::table;
use crate::driver::Trace;
use crate::project::bundle::Lane;

/// A case, run.
#[derive(Default)]
pub(super) struct Run {
    pub(super) digests: BTreeMap<String, Option<Digest>>,
    pub(super) fired: BTreeSet<&'static str>,
    /// The canonical plan of every query that has one.
    pub(super) plans: BTreeMap<String, String>,
    /// What keeps queries from having a plan.
    pub(super) errors: Vec<String>,
    /// The text of every kind of output block.
    pub(super) outputs: BTreeMap<String, String>,
    /// Label and text of every trace that is asked for.
    pub(super) traces: Vec<(String, String)>,
}

impl Run {
    /// Runs every query of a case. `folder` is where its Substrait files lie.
    pub(super) async fn of(
        case: &Case,
        folder: &Path,
        around: &Surroundings,
    ) -> Result<Run, String> {
        let setting = Setting::of(case, around).await?;
        let mut run = Run::default();
        for query in &case.queries {
            let label = &query.label;
            let (plan, text, diagnostics) = planned(&query.source, &setting, folder, around)?;
            let shown = shown(&text, &diagnostics);
            run.outputs.entry("diagnostics".to_owned()).or_default().push_str(&shown);
            match plan {
                Some(plan) => {
                    let failed = |message| format!("sql {label}: {message}");
                    run.query(label, plan, &setting).await.map_err(failed)?;
                }
                None => {
                    run.digests.insert(label.clone(), None);
                    let errors = diagnostics.into_iter().filter(|d| d.severity == Severity::Error);
                    let errors: Vec<Diagnostic> = errors.collect();
                    let errors = self::shown(&text, &errors);
                    run.errors.push(format!("`{label}` has errors:\n{errors}"));
                }
            }
        }
        let wanted = case.asserts.iter().filter_map(|line| line.text.strip_prefix("trace "));
        let wanted: BTreeSet<&str> = wanted.map(str::trim).collect();
        run.traces.retain(|(label, _)| wanted.contains(label.as_str()));
        Ok(run)
    }

    async fn query(&mut self, label: &str, plan: Plan, setting: &Setting) -> Result<(), String> {
        let state = setting.session.state();
        let message = |error: Diagnostic| error.message;
        let uncanonical = plan.logical.clone();
        let (trace, canonical) = Trace::of(plan, state).map_err(message)?;
        self.fired.extend(trace.steps.iter().filter(|step| step.fired).map(|step| step.pass));
        self.traces.push((label.to_owned(), trace.text()));
        let encoded = substrait::encode(&canonical).map_err(message)?;
        let digest = Digest::of(&encoded.bytes);
        self.digests.insert(label.to_owned(), Some(digest));
        let digests = self.outputs.entry("digest".to_owned()).or_default();
        digests.push_str(&format!("{label} {digest}\n"));
        let plan = format!("{}\n", canonical.logical.display_indent());
        self.plans.insert(label.to_owned(), plan.clone());
        self.outputs.entry("plan".to_owned()).or_insert(plan);
        if !canonical.logical.get_parameter_names().unwrap_or_default().is_empty() {
            // A case gives its parameters types and no values.
            return Ok(());
        }
        let decoded = substrait::decode(&encoded.bytes, state).map_err(message)?;
        let replayed =
            rows(&setting.session, &decoded, &setting.bindings).await.map_err(message)?;
        let expected = direct_rows(&setting.direct, uncanonical, &setting.bindings).await?;
        if replayed != expected {
            return Err(format!("the artifact gives\n{replayed}and DataFusion\n{expected}"));
        }
        self.outputs.entry("rows".to_owned()).or_insert(replayed);
        Ok(())
    }
}

/// A query's plan before the passes, its text, and what the front end found.
fn planned(
    source: &QuerySource,
    setting: &Setting,
    folder: &Path,
    around: &Surroundings,
) -> Result<(Option<Plan>, String, Vec<Diagnostic>), String> {
    let state = setting.session.state();
    let sql = |text: &str, dialect: Option<&str>| {
        let dialect = dialect.unwrap_or(&setting.dialect);
        let (plan, diagnostics) =
            match sql::parse(&SqlRule { text, dialect, params: &setting.params }) {
                Ok(parsed) => {
                    let planned = sql::plan(&parsed, &setting.catalog, state);
                    (planned.plan, planned.diagnostics)
                }
                Err(diagnostics) => (None, diagnostics),
            };
        (plan, text.to_owned(), diagnostics)
    };
    match source {
        QuerySource::Sql { dialect, text } => Ok(sql(text, dialect.as_deref())),
        QuerySource::Rule { name } => {
            let rule = around.rules.iter().find(|rule| rule.name == *name);
            let rule = rule.ok_or_else(|| {
                let names = around.rules.iter().map(|rule| rule.name.as_str());
                let help =
                    did_you_mean(name, names).map_or(String::new(), |help| format!("; {help}"));
                format!("there is no rule `{name}`{help}")
            })?;
            match &rule.unreadable {
                Some(error) => Ok((None, rule.text.to_string(), vec![error.clone()])),
                None => match rule.bundle.as_ref().and_then(|b| Some((b, b.plan.as_ref()?))) {
                    Some((bundle, bytes)) if bundle.lane != Lane::Sql => {
                        let rule = SubstraitRule { bytes, facts: &bundle.facts };
                        match ingest::parse(&rule) {
                            Ok(parsed) => {
                                let planned = ingest::plan(&parsed, &setting.catalog, state);
                                Ok((planned.plan, String::new(), planned.diagnostics))
                            }
                            Err(diagnostics) => Ok((None, String::new(), diagnostics)),
                        }
                    }
                    _ => Ok(sql(&rule.text, rule.settings.dialect.as_deref())),
                },
            }
        }
        QuerySource::Substrait { path } => {
            let file = folder.join(path);
            let bytes = std::fs::read(&file)
                .map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
            match ingest::parse(&SubstraitRule { bytes: &bytes, facts: &[] }) {
                // The golden cases of artifacts look at what is in them.
                Ok(parsed) if parsed.producer == Producer::Planc => {
                    match substrait::decode(&bytes, state) {
                        Ok(plan) => Ok((Some(plan), String::new(), vec![])),
                        Err(finding) => Ok((None, String::new(), vec![finding])),
                    }
                }
                Ok(parsed) => {
                    let planned = ingest::plan(&parsed, &setting.catalog, state);
                    Ok((planned.plan, String::new(), planned.diagnostics))
                }
                Err(diagnostics) => Ok((None, String::new(), diagnostics)),
            }
        }
    }
}

fn shown(text: &str, diagnostics: &[Diagnostic]) -> String {
    let index = LineIndex::new(text);
    let line = |found: &Diagnostic| {
        let place = found.span.map_or(String::new(), |span| {
            let at = index.position(span.start);
            format!("{}:{} ", at.line, at.column)
        });
        format!("{place}{} {}\n", found.code, found.message)
    };
    diagnostics.iter().map(line).collect()
}

async fn rows(session: &Session, plan: &Plan, bindings: &Bindings) -> Result<String, Diagnostic> {
    let replay = planc_backend::replay(session, plan, bindings).await?;
    let all = planc_backend::preview::preview(replay.stream()?, usize::MAX).await?;
    table::write(&all.schema, &all.batches, is_ordered(&plan.logical))
        .map_err(|error| Diagnostic::new(planc_ir::code::INTERNAL, error.to_string()))
}

/// The plan as DataFusion made it, on the same tables, without passes and without an artifact.
async fn direct_rows(
    direct: &SessionContext,
    plan: LogicalPlan,
    bindings: &Bindings,
) -> Result<String, String> {
    use datafusion::common::tree_node::Transformed;
    use datafusion::datasource::provider_as_source;
    let ordered = is_ordered(&plan);
    let bound = plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::TableScan(mut scan) => {
            if let Some(Binding::Source(source)) = bindings.get(&table_name(&scan.table_name)) {
                scan.source = provider_as_source(Arc::clone(&source.provider));
            }
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        other => Ok(Transformed::no(other)),
    });
    let plan = bound.map_err(|error| error.to_string())?.data;
    let frame = direct.execute_logical_plan(plan).await.map_err(|error| error.to_string())?;
    let schema = frame.schema().as_arrow().clone();
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    table::write(&schema, &batches, ordered).map_err(|error| error.to_string())
}

/// Whether the rows of a plan have an order: a sort at its top, below projections and limits.
fn is_ordered(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => is_ordered(&projection.input),
        LogicalPlan::Limit(limit) => is_ordered(&limit.input),
        LogicalPlan::SubqueryAlias(alias) => is_ordered(&alias.input),
        _ => false,
    }
}
