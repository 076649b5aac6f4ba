//! Declared constraints against the data: all of it for `planc test --constraints`, a sample
//! before a run whose rules relied on them.

use std::collections::{BTreeMap, BTreeSet};

use planc_backend::{Binding, Bindings, Extent, Limits, Session, Source, check_constraint};
use planc_ir::constraint::relied_on;
use planc_ir::{Catalog, Constraint, ConstraintKind, Diagnostic, Digest, Plan, Span, code};

use super::run::{Runner, block_on};
use crate::project::Project;

/// What became of one declared constraint.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// No row breaks it.
    Holds,
    /// Rows break it, or the source cannot be read.
    Broken(Diagnostic),
    /// Nobody looked, and why.
    Unchecked(&'static str),
}

/// Why a source's constraints are not looked at: its author vouches for them.
const TRUSTED: &str = "trusted: `trust = true`";

/// Checks every declared constraint of the project's sources against all of their data.
///
/// # Errors
///
/// P0901 where the engine cannot start, P0708 where the check is interrupted.
pub fn check_constraints(
    project: &Project,
    catalog: &Catalog,
    limits: &Limits,
) -> Result<Vec<(Constraint, Verdict)>, Diagnostic> {
    let mut constraints = Vec::new();
    for name in project.sources().keys() {
        if let Some(table) = catalog.get(name) {
            constraints.extend(table.constraints.list(name));
        }
    }
    let session = Session::new(&project.settings(), limits)?;
    let work = async {
        let mut opened = BTreeMap::new();
        let mut verdicts = Vec::new();
        for constraint in constraints {
            let verdict = verdict(project, &session, &constraint, &mut opened).await;
            verdicts.push((constraint, verdict));
        }
        Ok(verdicts)
    };
    block_on(async {
        let interruption = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        planc_backend::within(limits, interruption, work).await
    })
}

async fn verdict(
    project: &Project,
    session: &Session,
    constraint: &Constraint,
    opened: &mut BTreeMap<String, Source>,
) -> Verdict {
    let sources = project.sources();
    if is_trusted(project, &constraint.table) {
        return Verdict::Unchecked(TRUSTED);
    }
    for table in tables(constraint) {
        if opened.contains_key(table) {
            continue;
        }
        let Some(config) = sources.get(table) else { continue };
        if config.get_ref().ddl.is_some() {
            return Verdict::Unchecked("a DDL file has no data");
        }
        let source = match project.source_spec(table, config) {
            Ok(spec) => session.open(table, &spec).await,
            Err(error) => Err(error),
        };
        match source {
            Ok(source) => drop(opened.insert(table.to_owned(), source)),
            Err(error) => {
                let span = config.span();
                return Verdict::Broken(error.at(Span::new(span.start, span.end)));
            }
        }
    }
    match check_constraint(session, constraint, opened, Extent::All).await {
        Ok(None) => Verdict::Holds,
        Ok(Some(finding)) | Err(finding) => {
            let span = sources.get(constraint.table.as_str()).map(|config| config.span());
            Verdict::Broken(finding.at(span.map(|span| Span::new(span.start, span.end))))
        }
    }
}

/// The table of a constraint, and the one that it refers to.
fn tables(constraint: &Constraint) -> Vec<&str> {
    let referred = match &constraint.kind {
        ConstraintKind::References(reference) => Some(reference.table.as_str()),
        _ => None,
    };
    std::iter::once(constraint.table.as_str()).chain(referred).collect()
}

/// Whether the project takes this source's constraints for true.
pub fn is_trusted(project: &Project, source: &str) -> bool {
    project.sources().get(source).is_some_and(|config| config.get_ref().trust)
}

/// The note about sources whose constraints these rules relied on and nobody checks.
pub fn trust_note<'t>(
    project: &Project,
    catalog: &Catalog,
    relied: impl Iterator<Item = &'t str>,
) -> Option<String> {
    let tables: BTreeSet<String> =
        relied_on(relied, catalog).into_iter().map(|constraint| constraint.table).collect();
    let trusted: Vec<String> = tables
        .into_iter()
        .filter(|table| is_trusted(project, table))
        .map(|table| format!("`{table}`"))
        .collect();
    (!trusted.is_empty()).then(|| {
        format!(
            "note: rules rely on declared constraints of {}, which no run checks (trust = true)",
            trusted.join(", ")
        )
    })
}

impl Runner<'_> {
    /// The constraints that a plan and the rules inlined into it relied on. Of an artifact
    /// that no rule here compiles to, nothing is known, so all of its tables' count.
    pub(super) fn relied_on(
        &self,
        rule: Option<usize>,
        digest: Option<&Digest>,
        plan: &Plan,
        bindings: &Bindings,
    ) -> Vec<Constraint> {
        let record = |index: usize| self.outcomes.get(index)?.as_ref().map(|o| &o.record);
        let of_digest = || {
            let outcomes = self.outcomes.iter().flatten();
            outcomes.map(|outcome| &outcome.record).find(|r| r.digest.as_ref() == digest)
        };
        let own = rule.map_or_else(of_digest, record);
        let mut texts: Vec<String> =
            own.map(|record| record.constraints.clone()).unwrap_or_default();
        if own.is_none() {
            let reads = plan.reads().unwrap_or_default();
            texts.extend(reads.into_iter().map(|read| format!("{}: all ()", read.name)));
        }
        for (name, binding) in bindings {
            let upstream = self.compiler.rules.iter().position(|rule| rule.name == *name);
            if let (Binding::Plan(_), Some(index)) = (binding, upstream) {
                texts.extend(record(index).into_iter().flat_map(|r| r.constraints.clone()));
            }
        }
        relied_on(texts.iter().map(String::as_str), self.compiler.catalog())
    }

    /// Looks at a sample of the data for rows that break what the run relies on.
    pub(super) async fn sample(
        &self,
        constraints: &[Constraint],
        bindings: &Bindings,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let mut sources = BTreeMap::new();
        for constraint in constraints {
            if is_trusted(self.project, &constraint.table) {
                continue;
            }
            let mut readable = true;
            for table in tables(constraint) {
                if sources.contains_key(table) {
                    continue;
                }
                // A join that a rewrite dropped leaves its table unbound.
                let source = match bindings.get(table) {
                    Some(Binding::Source(source)) => Ok(source.clone()),
                    _ => match self.binding(table).await {
                        Ok(Binding::Source(source)) => Ok(source),
                        Ok(Binding::Plan(_)) => {
                            readable = false;
                            continue;
                        }
                        Err(error) => Err(error),
                    },
                };
                match source {
                    Ok(source) => drop(sources.insert(table.to_owned(), source)),
                    // The run itself does not need it; what cannot be read breaks nothing.
                    Err(error) if error.code == code::SCHEMA_ONLY => readable = false,
                    Err(error) => return Err(vec![error]),
                }
            }
            if !readable {
                continue;
            }
            match check_constraint(&self.session, constraint, &sources, Extent::Sample).await {
                Ok(finding) => findings.extend(finding),
                Err(error) => findings.push(error),
            }
        }
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }
}
