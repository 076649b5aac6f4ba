//! Runs golden cases and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use planc_backend::{Binding, Bindings, Limits, Session, Source};
use planc_frontend::sql::{self, SqlRule};
use planc_ir::{Catalog, Diagnostic, Digest, LineIndex, Plan, Settings, Table, substrait};

use super::case::{Case, parse};
use super::table;

/// What is wrong with one case.
#[derive(Debug)]
pub struct Failure {
    /// The case's heading and line.
    pub case: String,
    /// What was expected and what came.
    pub message: String,
}

/// Runs every case of a file. The second value is the file with its outputs as they are now;
/// blessing writes it back.
pub async fn run_file(text: &str) -> (Vec<Failure>, String) {
    let fail = |case: &str, message: String| Failure { case: case.to_owned(), message };
    let cases = match parse(text) {
        Ok(cases) => cases,
        Err(message) => return (vec![fail("the file", message)], text.to_owned()),
    };
    let mut failures = Vec::new();
    let mut edits = Vec::new();
    for case in &cases {
        let name = format!("{} (line {})", case.title, case.line);
        match Run::of(case).await {
            Err(message) => failures.push(fail(&name, message)),
            Ok(run) => {
                failures.extend(run.asserted(case).into_iter().map(|message| fail(&name, message)));
                for block in &case.outputs {
                    let now = run.outputs.get(&block.kind).cloned().unwrap_or_default();
                    if now != block.text {
                        let message =
                            format!("`{}` is now:\n{now}and was:\n{}", block.kind, block.text);
                        failures.push(fail(&name, message));
                        edits.push((block.range.clone(), now));
                    }
                }
            }
        }
    }
    let mut blessed = text.to_owned();
    for (range, now) in edits.into_iter().rev() {
        blessed.replace_range(range, &now);
    }
    (failures, blessed)
}

/// A case, run.
struct Run {
    digests: BTreeMap<String, Option<Digest>>,
    fired: BTreeSet<&'static str>,
    outputs: BTreeMap<String, String>,
}

impl Run {
    async fn of(case: &Case) -> Result<Run, String> {
        let limits = Limits { threads: Some(1), ..Limits::default() };
        let session = Session::new(&Settings::default(), &limits).map_err(|error| error.message)?;
        let direct = SessionContext::new_with_state(session.state().clone());
        let mut catalog = Catalog::default();
        let mut bindings = Bindings::new();
        for (name, text) in &case.tables {
            let batch = table::read(text).map_err(|error| format!("table {name}: {error}"))?;
            catalog.insert(name, Table::new(&batch.schema()));
            let table =
                MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|e| e.to_string())?;
            let table = Arc::new(table);
            direct.register_table(name, table.clone()).map_err(|e| e.to_string())?;
            bindings.insert(name.clone(), Binding::Source(Source::of(table)));
        }
        let mut run =
            Run { digests: BTreeMap::new(), fired: BTreeSet::new(), outputs: BTreeMap::new() };
        for (label, dialect, text) in &case.queries {
            let rule = SqlRule { text, dialect, params: &BTreeMap::new() };
            let (plan, diagnostics) = match sql::parse(&rule) {
                Ok(parsed) => {
                    let planned = sql::plan(&parsed, &catalog, session.state());
                    (planned.plan, planned.diagnostics)
                }
                Err(diagnostics) => (None, diagnostics),
            };
            run.outputs
                .entry("diagnostics".to_owned())
                .or_default()
                .push_str(&shown(text, &diagnostics));
            let Some(plan) = plan else {
                run.digests.insert(label.clone(), None);
                continue;
            };
            let uncanonical = plan.logical.clone();
            let canonical = planc_passes::canonicalize(plan, session.state(), &mut |step| {
                if step.fired {
                    run.fired.insert(step.name);
                }
            })
            .map_err(|error| format!("sql {label}: {}", error.message))?;
            let encoded = substrait::encode(&canonical)
                .map_err(|error| format!("sql {label}: {}", error.message))?;
            let digest = Digest::of(&encoded.bytes);
            run.digests.insert(label.clone(), Some(digest));
            run.outputs
                .entry("digest".to_owned())
                .or_default()
                .push_str(&format!("{label} {digest}\n"));
            let plan = format!("{}\n", canonical.logical.display_indent());
            run.outputs.entry("plan".to_owned()).or_insert(plan);

            let decoded =
                substrait::decode(&encoded.bytes, session.state()).map_err(|e| e.message)?;
            let replayed = rows(&session, &decoded, &bindings)
                .await
                .map_err(|e| format!("sql {label}: {}", e.message))?;
            let expected = direct_rows(&direct, uncanonical, &bindings).await?;
            if replayed != expected {
                return Err(format!(
                    "sql {label}: the artifact gives\n{replayed}and DataFusion\n{expected}"
                ));
            }
            run.outputs.entry("rows".to_owned()).or_insert(replayed);
        }
        Ok(run)
    }

    fn asserted(&self, case: &Case) -> Vec<String> {
        let wrong = |line: &&String| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => false,
                ["same", a, b] => {
                    !matches!((self.digest(a), self.digest(b)), (Some(a), Some(b)) if a == b)
                }
                ["differ", a, b] => {
                    !matches!((self.digest(a), self.digest(b)), (Some(a), Some(b)) if a != b)
                }
                ["fires", pass] => !self.fired.contains(pass),
                ["quiet", pass] => self.fired.contains(pass),
                _ => true,
            }
        };
        case.asserts.iter().filter(wrong).map(|line| format!("`{line}` does not hold")).collect()
    }

    fn digest(&self, label: &str) -> Option<Digest> {
        self.digests.get(label).copied().flatten()
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
            if let Some(Binding::Source(source)) = bindings.get(scan.table_name.table()) {
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
