//! The catalog of a project's sources: from the lock, or from the sources themselves.

use std::collections::BTreeMap;

use planc_backend::{Limits, Session, SourceSpec};
use planc_ir::{Catalog, Diagnostic, Table, code};

use crate::project::config::SourceConfig;
use crate::project::constraints;
use crate::project::lock::Lock;
use crate::project::{LOCK, Project};
use crate::report::FileReport;
use toml::Spanned;

/// The schemas of all sources. With a lock nothing else is read; without one every source
/// is opened for its schema.
///
/// # Errors
///
/// P0803 for a source that the lock does not know, P0810 for a constraint on what is not there;
/// without a lock, what [`read_lock`] says.
pub fn load_catalog(project: &Project) -> Result<(Catalog, Vec<FileReport>), Vec<FileReport>> {
    let mut notes = Vec::new();
    let lock = match project.lock().map_err(|report| vec![report])? {
        Some(lock) => lock,
        None if project.sources().is_empty() => Lock::default(),
        None => {
            let lock = read_lock(project)?;
            let message =
                format!("the project has no {LOCK}, so every source was opened for its schema");
            let note = Diagnostic::new(code::NO_LOCK, message)
                .help("`planc lock` writes one: then `check` needs no table, no network and no credentials");
            notes.push(project.report(vec![note]));
            lock
        }
    };
    let mut catalog = Catalog::default();
    let mut missing = Vec::new();
    for (name, config) in project.sources() {
        match lock.tables.get(name) {
            Some(table) => catalog.insert(name, table.clone()),
            None => {
                let span = planc_ir::Span::new(config.span().start, config.span().end);
                let message = format!("{LOCK} does not know the source `{name}`");
                let diagnostic = Diagnostic::new(code::LOCK_MISSING, message);
                missing.push(diagnostic.at(span).help("run `planc lock`"));
            }
        }
    }
    let sources = project.sources();
    let declared = sources.iter().map(|(name, config)| (*name, config.get_ref()));
    if let Err(wrong) = constraints::declare(declared, &mut catalog) {
        missing.extend(wrong);
    }
    if missing.is_empty() { Ok((catalog, notes)) } else { Err(vec![project.report(missing)]) }
}

/// Reads the schema of every source anew.
///
/// # Errors
///
/// All sources that cannot be read, placed in the project file or in their DDL.
pub fn read_lock(project: &Project) -> Result<Lock, Vec<FileReport>> {
    let mut reports = Vec::new();
    let mut opened = Vec::new();
    let mut tables = BTreeMap::new();
    for (name, config) in project.sources() {
        match project.source_spec(name, config) {
            Ok(SourceSpec::Ddl { path }) => match ddl_table(project, name, config, &path) {
                Ok(table) => drop(tables.insert(name.to_owned(), table)),
                Err(report) => reports.push(report),
            },
            Ok(spec) => opened.push((name, config, spec)),
            Err(error) => reports.push(project.report(vec![error])),
        }
    }
    let read = super::run::block_on(async {
        let session = Session::new(&project.settings(), &Limits::default())?;
        let mut read = Vec::new();
        for (name, config, spec) in opened {
            read.push((name, config, session.read_schema(name, &spec).await));
        }
        Ok(read)
    });
    match read {
        Err(error) => reports.push(project.report(vec![error])),
        Ok(read) => {
            for (name, config, schema) in read {
                match schema {
                    Ok(schema) => drop(tables.insert(name.to_owned(), Table::new(&schema))),
                    Err(error) => reports.push(placed(project, config, error)),
                }
            }
        }
    }
    if reports.is_empty() { Ok(Lock { tables }) } else { Err(reports) }
}

fn placed(project: &Project, config: &Spanned<SourceConfig>, error: Diagnostic) -> FileReport {
    let span = planc_ir::Span::new(config.span().start, config.span().end);
    project.report(vec![error.at(span)])
}

/// The table that a DDL file declares for a source: the one of that name, or its only one.
fn ddl_table(
    project: &Project,
    name: &str,
    config: &Spanned<SourceConfig>,
    path: &str,
) -> Result<Table, FileReport> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("source `{name}`: `{path}` cannot be read: {error}");
        placed(project, config, Diagnostic::new(code::SOURCE_UNREADABLE, message))
    })?;
    let tables = planc_frontend::sql::ddl_schema(&text)
        .map_err(|errors| FileReport::new(path, text.as_str(), errors))?;
    let only = tables.len() == 1;
    let found = tables.into_iter().find(|(table, _)| only || table == name);
    let renamed = found.map(|(own, mut table)| {
        // A table that refers to itself does so under the name that rules know.
        for reference in table.constraints.references.iter_mut().filter(|r| r.table == own) {
            reference.table = name.to_owned();
        }
        table
    });
    renamed.ok_or_else(|| {
        let message = format!("source `{name}`: `{path}` creates no table of this name");
        placed(project, config, Diagnostic::new(code::SOURCE_UNREADABLE, message))
    })
}
