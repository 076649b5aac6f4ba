//! DataFusion's own test queries: what DataFusion plans gets no error, and what it refuses
//! gets one.
//!
//! The crate `datafusion-sqllogictest` ships them. They are read from cargo's registry, where
//! that has them; `cargo fetch` of a project that depends on the crate brings them there.
//! `PLANC_SLT=all` tries every query, `PLANC_SLT=5` every fifth; else it is every 40th.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use planc_ir::{Catalog, Diagnostic, Table};
use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::ddl::ddl_schema;
use super::judge::Judge;
use super::keys::Keys;
use super::parameters::ParameterTypes;
use super::provider::Provider;
use super::testing::{STATE, rendered};
use super::{SqlRule, parse, plan};

/// The folder of the newest version in the registry.
fn test_files() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    registries
        .flatten()
        .map(|registry| registry.path().join("datafusion-sqllogictest-55.2.0/test_files"))
        .find(|folder| folder.is_dir())
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "slt" || e == "part") {
            found.push(path);
        }
    }
}

/// The records of a file: whether each is a query, and its SQL.
fn records(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let query = line.starts_with("query ");
        if !query && !line.starts_with("statement ") {
            continue;
        }
        let mut sql = String::new();
        while let Some(line) = lines.next_if(|line| !line.is_empty() && *line != "----") {
            sql.push_str(line);
            sql.push('\n');
        }
        found.push((query, sql));
    }
    found
}

struct Tried {
    planned: usize,
    refused: usize,
    placed: usize,
    faults: Vec<String>,
}

#[test]
fn the_queries_of_datafusions_tests_are_judged_as_datafusion_does() {
    let Some(folder) = test_files() else {
        println!("SKIPPED: the registry does not have datafusion-sqllogictest 55.2.0");
        return;
    };
    let every = match std::env::var("PLANC_SLT").as_deref() {
        Ok("all") => 1,
        Ok(number) => number.parse().unwrap(),
        Err(_) => 40,
    };
    let mut files = Vec::new();
    files_below(&folder, &mut files);
    assert!(files.len() > 300, "{} files", files.len());
    let mut tried = Tried { planned: 0, refused: 0, placed: 0, faults: Vec::new() };
    let mut nth = 0;
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let mut catalog = Catalog::default();
        for (query, sql) in records(&text) {
            if !query {
                create(&sql, &mut catalog);
                continue;
            }
            nth += 1;
            if nth % every == 0 {
                judge(&sql, &catalog, path, &mut tried);
            }
        }
    }
    println!(
        "{} queries that DataFusion plans, {} that it refuses, of these {} placed",
        tried.planned, tried.refused, tried.placed
    );
    assert!(tried.planned * every > 8_000, "{}", tried.planned);
    assert!(tried.faults.is_empty(), "{}", tried.faults.join("\n"));
}

fn judge(sql: &str, catalog: &Catalog, path: &Path, tried: &mut Tried) {
    let params = BTreeMap::new();
    let rule = SqlRule { text: sql, dialect: "datafusion", params: &params };
    // Statements of other kinds (EXPLAIN, SHOW) are no rules.
    let Ok(parsed) = parse(&rule) else { return };
    let query = parsed.query.as_ref().unwrap();
    let types = Arc::new(ParameterTypes { params: params.clone() });
    let judge =
        Judge { provider: Provider { catalog, state: &STATE, types, keys: Keys::default() } };
    let judged = judge.logical(query).and_then(|plan| judge.physical(&plan));
    let found = plan(&parsed, catalog, &STATE).diagnostics;
    let errors: Vec<&Diagnostic> = found.iter().filter(|d| d.is_error()).collect();
    let shown = || format!("{}: {sql}{}", path.display(), rendered(sql, &found));
    match judged {
        Ok(()) => {
            tried.planned += 1;
            // A placeholder has no type here; in a project it has one.
            if errors.iter().any(|error| error.code.id != "P0806") {
                tried.faults.push(format!("PLANNED, {}", shown()));
            }
        }
        Err(error) => {
            tried.refused += 1;
            tried.placed += usize::from(errors.iter().any(|error| error.span.is_some()));
            if errors.is_empty() {
                tried.faults.push(format!("REFUSED, {}\n{}", shown(), error.strip_backtrace()));
            }
        }
    }
}

/// Puts a created table or view into the catalog, where its columns can be told.
fn create(sql: &str, catalog: &mut Catalog) {
    let external = sql.trim_start().to_lowercase().starts_with("create external table");
    if external {
        // The columns stand in the first brackets behind the name.
        let Some(end) = sql.to_lowercase().find("stored as") else { return };
        let text = sql[..end].replacen("EXTERNAL", "", 1).replacen("external", "", 1);
        let text = text.split("PARTITIONED BY").next().unwrap().to_owned();
        insert(&text.replace(",\n)", "\n)"), catalog);
        return;
    }
    let Ok(statements) = Parser::parse_sql(&GenericDialect {}, sql) else { return };
    for statement in statements {
        match statement {
            Statement::CreateTable(create) if create.query.is_none() => insert(sql, catalog),
            Statement::CreateTable(create) => {
                let columns = create.columns.clone();
                let mut bare = create.clone();
                bare.query = None;
                if columns.is_empty() {
                    let name = create.name.to_string().to_lowercase();
                    view(&name, &create.query.unwrap().to_string(), catalog);
                } else {
                    insert(&bare.to_string(), catalog);
                }
            }
            Statement::CreateView(create) => {
                let name = create.name.to_string().to_lowercase();
                view(&name, &create.query.to_string(), catalog);
            }
            _ => {}
        }
    }
}

fn insert(text: &str, catalog: &mut Catalog) {
    for (name, table) in ddl_schema(text).unwrap_or_default() {
        // Declared keys let DataFusion plan what it refuses without them; rules have none.
        catalog.insert(name, Table { constraints: Default::default(), ..table });
    }
}

fn view(name: &str, query: &str, catalog: &mut Catalog) {
    let params = BTreeMap::new();
    let rule = SqlRule { text: query, dialect: "datafusion", params: &params };
    let Ok(parsed) = parse(&rule) else { return };
    if let Some(plan) = plan(&parsed, catalog, &STATE).plan {
        catalog.insert(name, Table::new(&plan.output_schema()));
    }
}
