//! Wrong and right queries over EMP and DEPT and over a clinic, each with what must be reported and
//! where.
//!
//! The files in `corpus/` have a query a line. Before it stand the codes that are reported
//! on it, in order of their places, or `ok`; in it, carets enclose each place. DataFusion
//! itself, physical planning included, must refuse exactly the queries with an error.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use planc_ir::{Catalog, Diagnostic, Severity};

use super::ddl::ddl_schema;
use super::judge::Judge;
use super::keys::Keys;
use super::parameters::ParameterTypes;
use super::provider::Provider;
use super::testing::{STATE, rendered};
use super::{Planned, SqlRule, parse, plan};

const TABLES: &str = "
    create table emp (empno int not null, ename varchar not null, job varchar, mgr int,
        hiredate timestamp, sal decimal(7, 2), comm decimal(7, 2), deptno int,
        slacker boolean);
    create table dept (deptno int not null, name varchar);
    create table dept2 (dno int not null, name varchar);
    create table bonus (ename varchar, job varchar, sal int, comm int);
    create table salgrade (grade int, losal int, hisal int);
    create table patients (id int not null, name varchar not null, born date, height double,
        vip boolean, city_id int);
    create table visits (id bigint not null, patient_id int, doctor_id int, seen_at timestamp,
        cost decimal(10, 2), notes varchar);
    create table doctors (id int not null, name varchar, field varchar, fee decimal(8, 2),
        hired date);
    create table cities (id int not null, name varchar, area double);";

static EMP: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    for (name, table) in ddl_schema(TABLES).unwrap() {
        catalog.insert(name, table);
    }
    catalog
});

/// One line of a file.
struct Case {
    codes: Vec<String>,
    sql: String,
    places: Vec<(usize, usize)>,
}

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (codes, marked) = line.split_once(' ').unwrap();
            let codes = codes.split(',').filter(|code| *code != "ok");
            let mut sql = String::new();
            let mut marks = Vec::new();
            for (nth, piece) in marked.split('^').enumerate() {
                if nth > 0 {
                    marks.push(sql.len());
                }
                sql.push_str(piece);
            }
            assert!(marks.len() % 2 == 0, "{line}");
            let places = marks.chunks(2).map(|pair| (pair[0], pair[1])).collect();
            Case { codes: codes.map(str::to_owned).collect(), sql, places }
        })
        .collect()
}

fn planned(sql: &str) -> Planned {
    match parse(&SqlRule { text: sql, dialect: "datafusion", params: &BTreeMap::new() }) {
        Ok(parsed) => plan(&parsed, &EMP, &STATE),
        Err(diagnostics) => Planned { plan: None, diagnostics },
    }
}

/// DataFusion's refusal of a query, physical planning included.
fn refusal(sql: &str) -> Option<String> {
    let params = BTreeMap::new();
    let parsed = match parse(&SqlRule { text: sql, dialect: "datafusion", params: &params }) {
        Ok(parsed) => parsed,
        Err(errors) => return Some(errors[0].message.clone()),
    };
    let types = Arc::new(ParameterTypes { params });
    let judge =
        Judge { provider: Provider { catalog: &EMP, state: &STATE, types, keys: Keys::default() } };
    let query = parsed.query.as_ref().unwrap();
    let judged = judge.logical(query).and_then(|plan| judge.physical(&plan));
    judged.err().map(|error| error.strip_backtrace())
}

/// What is wrong with how a case is reported.
fn fault(case: &Case) -> Option<String> {
    let found = planned(&case.sql).diagnostics;
    let refused = refusal(&case.sql);
    let errors: Vec<&Diagnostic> = found.iter().filter(|d| d.is_error()).collect();
    let shown = || format!("{}\n{}", case.sql, rendered(&case.sql, &found));
    match (&refused, errors.is_empty()) {
        (Some(words), true) => return Some(format!("CLEAN BUT REFUSED {}\n  {words}", shown())),
        (None, false) => return Some(format!("REFUSED BUT PLANNED {}", shown())),
        _ => {}
    }
    // Beside an error, warnings are not of interest here.
    let least = if errors.is_empty() { Severity::Warning } else { Severity::Error };
    let reported: Vec<(String, Option<(usize, usize)>)> = found
        .iter()
        .filter(|d| d.severity <= least)
        .map(|d| (d.code.id.to_owned(), d.span.map(|span| (span.start, span.end))))
        .collect();
    let expected: Vec<(String, Option<(usize, usize)>)> =
        case.codes.iter().cloned().zip(case.places.iter().copied().map(Some)).collect();
    if reported == expected {
        return None;
    }
    let wanted = case.places.iter().map(|(from, to)| &case.sql[*from..*to]);
    Some(format!(
        "WANTED {} [{}] in {}\n  {}",
        case.codes.join(","),
        wanted.collect::<Vec<_>>().join("] ["),
        shown(),
        refused.unwrap_or_default()
    ))
}

#[track_caller]
fn check(files: &[&str], least: usize) {
    let mut number = 0;
    let mut faults = Vec::new();
    for file in files {
        for case in cases(file) {
            number += 1;
            faults.extend(fault(&case).map(|fault| format!("{file}: {fault}")));
        }
    }
    assert!(number >= least, "only {number} queries");
    assert!(faults.is_empty(), "{} of {number}:\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn wrong_names_are_placed() {
    check(&["names.txt"], 130);
}

#[test]
fn wrong_texts_are_placed() {
    check(&["syntax.txt"], 20);
}

#[test]
fn misplaced_aggregates_and_windows_are_placed() {
    check(&["grouping.txt"], 70);
}

#[test]
fn wrong_shapes_are_placed() {
    check(&["shape.txt"], 60);
}

#[test]
fn wrong_types_are_placed() {
    check(&["types.txt"], 150);
}

#[test]
fn wrong_queries_over_a_clinic_are_placed() {
    check(&["clinic.txt"], 300);
}

#[test]
fn doubtful_queries_are_warned_of() {
    check(&["warnings.txt"], 30);
}

#[test]
fn right_queries_are_clean() {
    check(&["right.txt"], 300);
}
