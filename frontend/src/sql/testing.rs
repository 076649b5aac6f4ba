//! What the tests of the front end share.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Diagnostic, LineIndex, Settings, Table, planning_state};

use super::{Planned, SqlRule, parse, plan};

/// The tables that the tests and the diagnostics' pages speak of.
pub(crate) static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    let mut table = |name: &str, fields: Vec<Field>| {
        catalog.insert(name, Table::new(&Schema::new(fields)));
    };
    table(
        "orders",
        vec![
            Field::new("id", DataType::Int64, false),
            Field::new("customer_id", DataType::Int64, true),
            Field::new("amount", DataType::Float64, true),
            Field::new("placed_on", DataType::Date32, true),
            Field::new("status", DataType::Utf8, true),
        ],
    );
    table(
        "customers",
        vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
            Field::new("country", DataType::Utf8, true),
        ],
    );
    let point =
        vec![Field::new("x", DataType::Int64, true), Field::new("y", DataType::Int64, true)];
    table(
        "nested.shapes",
        vec![
            Field::new("id", DataType::Int64, true),
            Field::new("at", DataType::Struct(Fields::from(point)), true),
            Field::new("tags", DataType::new_list(DataType::Utf8, true), true),
            Field::new("Mixed", DataType::Int64, true),
        ],
    );
    catalog
});

/// The state that rules are planned with.
pub(crate) static STATE: LazyLock<SessionState> =
    LazyLock::new(|| planning_state(&Settings::default()));

/// Parses and plans a rule of the default dialect.
pub(crate) fn planned(sql: &str) -> Planned {
    planned_as(sql, "datafusion")
}

/// Parses and plans a rule.
pub(crate) fn planned_as(sql: &str, dialect: &str) -> Planned {
    let params: BTreeMap<String, DataType> =
        [("since".to_owned(), DataType::Date32), ("least".to_owned(), DataType::Int64)].into();
    match parse(&SqlRule { text: sql, dialect, params: &params }) {
        Ok(parsed) => plan(&parsed, &CATALOG, &STATE),
        Err(diagnostics) => Planned { plan: None, diagnostics },
    }
}

/// Asserts what is reported on a rule, as [`rendered`] writes it, one line each.
#[track_caller]
pub(crate) fn check(sql: &str, expected: &str) {
    check_as(sql, "datafusion", expected);
}

/// As [`check`], for a rule in another dialect.
#[track_caller]
pub(crate) fn check_as(sql: &str, dialect: &str, expected: &str) {
    let planned = planned_as(sql, dialect);
    let actual = rendered(sql, &planned.diagnostics);
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if std::env::var_os("PLANC_BLESS").is_some() {
        // For whoever rewrites the expectations: the call and what is reported today.
        println!("BLESS {}\n{actual}\nEND", std::panic::Location::caller());
        return;
    }
    assert_eq!(actual, expected.join("\n"), "\nin {sql}");
    assert_eq!(planned.plan.is_none(), planned.diagnostics.iter().any(Diagnostic::is_error));
}

/// `P0202 1:8-1:14 \`amout\` message; help`, with line and column from 1 and the text there.
pub(crate) fn rendered(sql: &str, diagnostics: &[Diagnostic]) -> String {
    let index = LineIndex::new(sql);
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        let mut line = diagnostic.code.to_string();
        match diagnostic.span {
            Some(span) => {
                let (start, end) = (index.position(span.start), index.position(span.end));
                let text = sql.get(span.start..span.end).expect("spans are on characters");
                write!(line, " {}:{}-{}:{}", start.line, start.column, end.line, end.column)
                    .unwrap();
                write!(line, " [{}]", text.split_whitespace().collect::<Vec<_>>().join(" "))
                    .unwrap();
            }
            None => line.push_str(" -"),
        }
        write!(line, " {}", diagnostic.message).unwrap();
        if let Some(help) = &diagnostic.help {
            write!(line, "; {help}").unwrap();
        }
        lines.push(line);
    }
    lines.join("\n")
}
