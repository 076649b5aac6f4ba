//! Declared constraints against data that keeps or breaks them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use datafusion::datasource::MemTable;
use planc_ir::catalog::Reference;
use planc_ir::{Constraint, ConstraintKind, code};

use super::session;
use crate::Source;
use crate::constraint::{Extent, check_constraint};

fn source(columns: Vec<(&str, ArrayRef)>) -> Source {
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    Source::of(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap()))
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

/// What the check of a constraint on `t` says, or an empty text.
async fn check(kind: ConstraintKind, extent: Extent) -> String {
    let ints = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let small = |values: Vec<Option<i32>>| Arc::new(Int32Array::from(values)) as ArrayRef;
    let t = source(vec![
        ("id", ints(vec![Some(1), Some(2), Some(3), Some(4)])),
        ("a", ints(vec![Some(7), None, Some(7), None])),
        ("b", ints(vec![Some(1), Some(1), Some(2), Some(2)])),
        ("Ref", small(vec![Some(10), None, Some(20), Some(30)])),
    ]);
    let u = source(vec![("key", ints(vec![Some(10), Some(20), None]))]);
    let sources = BTreeMap::from([("t".to_owned(), t), ("u.v".to_owned(), u)]);
    let constraint = Constraint { table: "t".to_owned(), kind };
    let found = check_constraint(&session(), &constraint, &sources, extent).await.unwrap();
    found.map_or(String::new(), |found| {
        assert_eq!(found.code, code::CONSTRAINT_BROKEN);
        found.message
    })
}

#[tokio::test]
async fn breaking_values_are_named() {
    for extent in [Extent::All, Extent::Sample] {
        let key = |columns: &[&str]| ConstraintKind::Key(names(columns));
        let unique = |columns: &[&str]| ConstraintKind::Unique(names(columns));
        assert_eq!(check(key(&["id"]), extent).await, "");
        assert_eq!(check(unique(&["a", "b"]), extent).await, "");
        assert_eq!(check(ConstraintKind::NotNull("b".to_owned()), extent).await, "");
        let broken = |what: &str| format!("`t` breaks its constraint {what}");
        assert_eq!(check(unique(&["a"]), extent).await, broken("unique (a): a = 7 in 2 rows"));
        assert_eq!(
            check(key(&["a"]), extent).await,
            broken("key (a): a = NULL in 2 rows, a = 7 in 2 rows")
        );
        assert_eq!(
            check(ConstraintKind::NotNull("a".to_owned()), extent).await,
            broken("not_null (a): a = NULL in 2 rows")
        );
        let refers = |columns: &[&str]| {
            ConstraintKind::References(Reference {
                columns: names(columns),
                table: "u.v".to_owned(),
                to: names(&["key"]),
            })
        };
        assert_eq!(
            check(refers(&["Ref"]), extent).await,
            broken("references (Ref) to u.v (key): Ref = 30 in 1 row")
        );
        assert!(check(refers(&["a"]), extent).await.contains("a = 7 in 2 rows"));
    }
}
