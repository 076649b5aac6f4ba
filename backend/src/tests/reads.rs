//! Plans against sources that changed since they were compiled, and inlined rules.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field};
use planc_ir::Code;
use planc_ir::code::{COLUMN_DROPPED, COLUMN_RETYPED, SCHEMA_ONLY, SOURCE_UNREADABLE};

use super::{bind, commit, ids, of, open, plan, run_plan, schema_of, session, shown, text};
use crate::sink::delta::WriteOptions;
use crate::{Binding, SourceSpec, check_reads};

/// What `sql`, compiled for (`id`: Int64, `s`: Utf8, `old`: Int64), finds on a table that has
/// `id` and `s` now.
async fn check(sql: &str, fields: Vec<Field>, expected: &[(Code, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..3), WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let plan = plan(sql, &[("t", schema_of(fields))]).await;
    let findings = check_reads(&plan, &bind(&[("t", &source)]));
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{findings:?}");
    for (finding, (_, words)) in findings.iter().zip(expected) {
        assert!(finding.message.contains(words), "{}", finding.message);
    }
    let ran = run_plan(&session(), &plan, &bind(&[("t", &source)])).await;
    assert_eq!(ran.is_ok(), expected.is_empty(), "{ran:?}");
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

#[tokio::test]
async fn changed_columns_are_named() {
    let id = || field("id", DataType::Int64);
    let s = || field("s", DataType::Utf8);
    check("select s, id from t", vec![s(), id()], &[]).await;
    check("select id from t", vec![id()], &[]).await;
    let dropped = vec![id(), field("old", DataType::Int64)];
    let lost = [(COLUMN_DROPPED, "`t` no longer has the column `old`")];
    check("select id from t where old > 3", dropped, &lost).await;
    let retyped = vec![field("id", DataType::Utf8), s()];
    let changed = [(COLUMN_RETYPED, "`id` of `t` was Utf8 and is now Int64")];
    check("select id from t", retyped, &changed).await;
    let not_null = vec![Field::new("id", DataType::Int64, false), s()];
    let nullable = [(COLUMN_RETYPED, "was NOT NULL and may now be NULL")];
    check("select id from t", not_null, &nullable).await;
    let both = vec![field("is", DataType::Int64), field("s", DataType::Int64)];
    let two = [(COLUMN_DROPPED, "`is`"), (COLUMN_RETYPED, "`s`")];
    check("select * from t where s > (select max(\"is\") from t)", both, &two).await;
}

#[tokio::test]
async fn a_binding_that_is_missing_or_has_no_data() {
    let plan = plan("select id from t", &[("t", ids(0..0).schema())]).await;
    let findings = check_reads(&plan, &bind(&[]));
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), [SOURCE_UNREADABLE]);
    let ddl = SourceSpec::Ddl { path: "t.sql".to_owned() };
    assert_eq!(session().open("t", &ddl).await.unwrap_err().code, SCHEMA_ONLY);
}

#[tokio::test]
async fn rules_are_inlined_by_name() {
    let folder = tempfile::tempdir().unwrap();
    commit(folder.path(), &ids(0..100), WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let base = [("t", Arc::clone(&source.schema))];
    let small = plan("select s as name, id % 10 as k, id from t where id < 50", &base).await;
    let sql = "select k, count(*) as n from staging.small where id >= 20 group by k";
    let counted = plan(sql, &[("staging.small", small.output_schema())]).await;
    let sql = "select a.k, a.n, b.name from counted a join staging.small b on a.k = b.id \
               where a.k < 3 and b.id in (select k from counted)";
    let tables = [("counted", counted.output_schema()), ("staging.small", small.output_schema())];
    let top = plan(sql, &tables).await;
    let mut bindings = bind(&[("t", &source)]);
    bindings.insert("staging.small".to_owned(), Binding::Plan(small));
    bindings.insert("counted".to_owned(), Binding::Plan(counted));
    assert_eq!(check_reads(&top, &bindings), []);
    let rows = run_plan(&session(), &top, &bindings).await.unwrap();
    assert_eq!(shown(&rows), ["0,3,n0", "1,3,n1", "2,3,n2"]);
    assert_eq!(rows.schema().as_ref(), top.output_schema().as_ref());
}

#[tokio::test]
async fn a_rule_in_a_circle_is_an_error_and_no_overflow() {
    let schema = of([("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).schema();
    let circular = plan("select id from r where id > 0", &[("r", schema)]).await;
    let bindings = [("r".to_owned(), Binding::Plan(circular.clone()))].into();
    assert!(run_plan(&session(), &circular, &bindings).await.is_err());
}

#[tokio::test]
async fn names_in_other_cases_and_with_odd_characters_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let batch = of([("Id", text(&["x"])), ("a b", text(&["y"])), ("Ü.1", text(&["z"]))]);
    commit(folder.path(), &batch, WriteOptions::default()).await;
    let source = open(folder.path()).await;
    let sql = "select \"Ü.1\", \"Id\" from t \
               where \"a b\" = 'y' and \"Ü.1\" > 'a' and \"Id\" <> ''";
    let rows = super::run(&session(), &source, sql).await.unwrap();
    assert_eq!(shown(&rows), ["z,x"]);
}
