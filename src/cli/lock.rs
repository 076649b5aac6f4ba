//! `planc lock`: the schemas of all sources.

use clap::Args;
use planc_ir::{Diagnostic, Table, code};

use super::console::Console;
use super::{Exit, Global, load_project};
use crate::driver::read_lock;
use crate::project::lock::Lock;
use crate::project::{LOCK, Project};
use crate::report::FileReport;

#[derive(Args)]
pub(crate) struct LockArgs {
    /// Writes nothing; fails where a source's schema is not the one in the lock
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(global: &Global, args: &LockArgs, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let spinner = console.spinner("reading schemas".to_owned());
    let lock = read_lock(&project);
    spinner.finish_and_clear();
    let lock = match lock {
        Ok(lock) => lock,
        Err(reports) => return console.fail(&reports),
    };
    if args.check {
        return check(&project, &lock, console);
    }
    match write(&project, &lock) {
        Ok(()) => {
            console.note(format_args!("{LOCK}: {} sources", lock.tables.len()));
            Exit::Clean
        }
        Err(report) => console.fail(&[report]),
    }
}

/// Writes the lock beside and renames it into its place.
pub(crate) fn write(project: &Project, lock: &Lock) -> Result<(), FileReport> {
    let unreadable = |diagnostic: Diagnostic| {
        let message =
            format!("a source has a type that the lock cannot hold: {}", diagnostic.message);
        FileReport::new(LOCK, "", vec![Diagnostic::new(code::CONFIG, message)])
    };
    if Lock::parse(&lock.render()).map_err(unreadable)? != *lock {
        let message = "a source has a column whose type or name does not read back from the lock";
        return Err(FileReport::new(LOCK, "", vec![Diagnostic::new(code::CONFIG, message)]));
    }
    let written = tempfile::NamedTempFile::new_in(&project.root).and_then(|mut file| {
        std::io::Write::write_all(&mut file, lock.render().as_bytes())?;
        #[cfg(unix)]
        std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(project.root.join(LOCK)).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| {
        let message = format!("the lock cannot be written: {error}");
        FileReport::new(LOCK, "", vec![Diagnostic::new(code::CONFIG, message)])
    })
}

fn check(project: &Project, now: &Lock, console: &Console) -> Exit {
    let locked = match project.lock() {
        Ok(Some(locked)) => locked,
        Ok(None) => {
            let missing = Diagnostic::new(code::NO_LOCK, format!("there is no {LOCK}"))
                .help("run `planc lock`");
            return console.finding(LOCK, missing);
        }
        Err(report) => return console.fail(&[report]),
    };
    let mut findings = Vec::new();
    for (name, table) in &now.tables {
        match locked.tables.get(name) {
            None => findings.push(Diagnostic::new(
                code::LOCK_MISSING,
                format!("the lock does not know the source `{name}`"),
            )),
            Some(old) if old != table => findings.push(Diagnostic::new(
                code::LOCK_STALE,
                format!("the schema of `{name}` changed: {}", difference(old, table)),
            )),
            Some(_) => {}
        }
    }
    for name in locked.tables.keys().filter(|name| !now.tables.contains_key(*name)) {
        findings.push(Diagnostic::new(
            code::LOCK_STALE,
            format!("the lock has `{name}`, which is no source any more"),
        ));
    }
    if findings.is_empty() {
        console.note(format_args!("{LOCK}: {} sources, all as locked", now.tables.len()));
        return Exit::Clean;
    }
    let findings = findings
        .into_iter()
        .map(|finding| finding.help("review the change, then run `planc lock`"));
    console.notes(&[FileReport::new(LOCK, "", findings.collect())]);
    Exit::Findings
}

/// What changed, column by column.
fn difference(old: &Table, new: &Table) -> String {
    let mut changes = Vec::new();
    for field in old.schema.fields() {
        match new.schema.field_with_name(field.name()) {
            Err(_) => changes.push(format!("`{}` is gone", field.name())),
            Ok(now) if now.data_type() != field.data_type() => changes.push(format!(
                "`{}` was {} and is {}",
                field.name(),
                field.data_type(),
                now.data_type()
            )),
            Ok(now) if now.is_nullable() != field.is_nullable() => {
                let now = if now.is_nullable() { "may now be NULL" } else { "is now NOT NULL" };
                changes.push(format!("`{}` {now}", field.name()));
            }
            Ok(_) => {}
        }
    }
    for field in new.schema.fields() {
        if old.schema.field_with_name(field.name()).is_err() {
            changes.push(format!("`{}` {} is new", field.name(), field.data_type()));
        }
    }
    if old.constraints != new.constraints {
        changes.push("what its DDL file declares about keys and references".to_owned());
    }
    if changes.is_empty() {
        changes.push("the order of the columns or their metadata".to_owned());
    }
    changes.join(", ")
}
