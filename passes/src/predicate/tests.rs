//! Implication, contradiction and the spelling of ranges.

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::prelude::SessionContext;

use super::*;

fn schema() -> DFSchema {
    let fields = vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
        Field::new("d", DataType::Date32, true),
        Field::new("s", DataType::Utf8, true),
        Field::new("f", DataType::Float64, true),
    ];
    DFSchema::try_from(Schema::new(fields)).unwrap()
}

fn expr(sql: &str) -> Expr {
    SessionContext::new().parse_sql_expr(sql, &schema()).unwrap()
}

#[test]
fn one_spelling_for_a_set() {
    for (written, spelled) in [
        ("a > 5 and a > 7", "a > Int64(7)"),
        ("a >= 5", "a > Int64(4)"),
        ("a > 4 and a < 6", "a = Int64(5)"),
        ("a in (3, 1, 2, 2)", "a = Int64(1) OR a = Int64(2) OR a = Int64(3)"),
        ("a > 0 and a <= 3", "a = Int64(1) OR a = Int64(2) OR a = Int64(3)"),
        ("a in (9, 7, 5, 3)", "a IN ([Int64(3), Int64(5), Int64(7), Int64(9)])"),
        ("a <> 3 and a <> 1 and a > 0", "a > Int64(1) AND a != Int64(3)"),
        ("a < 5 or a > 5", "a != Int64(5)"),
        ("a < 5 or a >= 5 and a < 9", "a < Int64(9)"),
        ("s > 'a' and s >= 'b'", "s >= Utf8(\"b\")"),
        ("s = 'x' or s = 'b'", "s = Utf8(\"b\") OR s = Utf8(\"x\")"),
    ] {
        let range = expr(written);
        let range = Range::of(&range, &schema()).unwrap();
        assert_eq!(range.spelled().unwrap().to_string(), spelled, "{written}");
    }
    for none in ["f > 1.0 and f > 2.0", "a > b", "a > 1 and b > 1", "a is null"] {
        assert!(Range::of(&expr(none), &schema()).is_none(), "{none}");
    }
    assert!(Range::of(&expr("a > 7 and a < 8"), &schema()).unwrap().is_empty());
    assert!(!Range::of(&expr("s > 'a' and s < 'b'"), &schema()).unwrap().is_empty());
    assert!(Range::of(&expr("a > 7 or a < 8"), &schema()).unwrap().is_all());
}

#[test]
fn what_follows() {
    let schema = schema();
    let logic = Logic { schema: &schema };
    for (p, q) in [
        ("a > 7", "a > 5"),
        ("a = 7", "a in (5, 7)"),
        ("a > 7", "a is not null"),
        ("a > 7 and b = 1", "a > 5"),
        ("a > 7", "a > 5 or b = 1"),
        ("a = b", "b is not null"),
        ("a = 1 or a = 2", "a < 9 or b = 1"),
        ("f > 1.0", "f is not null"),
        ("upper(s) = 'A'", "upper(s) is not null"),
    ] {
        assert!(implies(&expr(p), &expr(q), logic), "{p} implies {q}");
        assert!(!implies(&expr(q), &expr(p), logic), "{q} does not imply {p}");
    }
    for (p, q) in [
        ("a > 7", "a < 5"),
        ("a is null", "a = 5"),
        ("a = b", "a <> b"),
        ("f > 1.0", "f <= 1.0"),
        ("a = 1 and b = 2", "b = 3 or a = 4"),
        ("s like 'a%'", "s not like 'a%'"),
    ] {
        assert!(contradicts(&expr(p), &expr(q), logic), "{p} excludes {q}");
        assert!(contradicts(&expr(q), &expr(p), logic), "{q} excludes {p}");
    }
    for (p, q) in [("a > 7", "b < 5"), ("f > 1.0", "f < 0.0"), ("a is null", "b = 1")] {
        assert!(!contradicts(&expr(p), &expr(q), logic), "{p} goes with {q}");
    }
}
