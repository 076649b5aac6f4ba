//! Properties of expressions over `a` (nullable), `n` (not), `f` (a float) and `s` (text).

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::ExprSchemable;
use datafusion::prelude::SessionContext;

use super::*;

fn schema() -> DFSchema {
    let fields = vec![
        Field::new("a", DataType::Int64, true),
        Field::new("n", DataType::Int64, false),
        Field::new("f", DataType::Float64, true),
        Field::new("s", DataType::Utf8, true),
        Field::new("p", DataType::Boolean, true),
        Field::new("d", DataType::Decimal128(10, 2), true),
    ];
    DFSchema::try_from(Schema::new(fields)).unwrap()
}

fn expr(sql: &str) -> Expr {
    SessionContext::new().parse_sql_expr(sql, &schema()).unwrap()
}

fn columns(names: &str) -> HashSet<Column> {
    names.split_whitespace().map(Column::from_name).collect()
}

#[track_caller]
fn check(holds: impl Fn(&Expr) -> bool, yes: &[&str], no: &[&str]) {
    for sql in yes {
        assert!(holds(&expr(sql)), "{sql}");
    }
    for sql in no {
        assert!(!holds(&expr(sql)), "{sql}");
    }
}

#[test]
fn what_can_fail() {
    check(
        |expr| is_fallible(expr, &schema()),
        &[
            "a / n",
            "a % 0",
            "a / -1",
            "cast(s as int)",
            "d * d",
            "-d",
            "substr(s, 1, a)",
            "random()",
            "cast(a as int)",
            "coalesce(a / n, 1)",
            "s ~ s",
        ],
        &[
            "a + n * 2",
            "a / 2",
            "a % 3",
            "f / f",
            "cast(a as varchar)",
            "try_cast(s as int)",
            "a > 1 and s like 'a%'",
            "case when a > 1 then a end",
            "s || s",
            "substr(s, 2, 1)",
            "a in (1, 2)",
            "upper(s) = 'A'",
            "cast(a as double)",
        ],
    );
}

#[test]
fn what_can_be_null() {
    check(
        |expr| is_nullable(expr, &schema(), &columns("s")),
        &["a", "a + n", "case when n > 1 then n end", "nullif(n, 1)", "a = 1 or n = 1"],
        &[
            "n",
            "n + 1",
            "s",
            "upper(s)",
            "a is null",
            "coalesce(a, 0) <> 0",
            "coalesce(a, n)",
            "coalesce(a, 0)",
            "case when a is not null then a else 0 end",
            "case when a is null then 0 else a end",
            "a is not distinct from n",
            "concat(a, s)",
        ],
    );
}

#[test]
fn what_null_makes_null() {
    check(
        |expr| is_strict(expr, &columns("a")),
        &["a + n", "a = 1", "a between 1 and 3", "a in (1, 2)", "not (a > n)", "a in (1, n)"],
        &["a is null", "coalesce(a, 1)", "a = 1 or p", "case when a > 1 then 1 else 2 end"],
    );
    check(
        |expr| is_strict(expr, &columns("a s")),
        &["cast(a as varchar) || s"],
        &["a between 1 and 2", "concat(a, s)"],
    );
}

#[test]
fn what_rejects_null() {
    check(
        |expr| rejects_null(expr, &columns("a")),
        &[
            "a = 1",
            "a is not null",
            "a > 1 and p",
            "a > 1 is true",
            "(a > 1) is not distinct from true",
            "coalesce(a > 1, false)",
            "case when a > 1 then true else false end",
            "false",
            "null",
            "a = 1 or a = 2",
            "a <> 1",
            "not (a = 1)",
        ],
        &[
            "a is null",
            "a = 1 or p",
            "coalesce(a, 1) = 1",
            "(a > 1) is not true",
            "n = 1",
            "case when a > 1 then false else true end",
            "a is not distinct from n",
        ],
    );
    check(|expr| rejects_null(expr, &columns("a s")), &["a = 1 or s = 'x'"], &["a = 1 or p"]);
}

#[test]
fn casts_that_lose_nothing() {
    use DataType::*;
    for (from, to) in [
        (Int32, Int64),
        (UInt32, Int64),
        (Int64, Decimal128(20, 0)),
        (Float32, Float64),
        (Decimal128(10, 2), Decimal128(12, 4)),
        (Int32, Float64),
    ] {
        assert!(is_lossless_cast(&from, &to), "{from} {to}");
    }
    for (from, to) in [
        (Int64, Int32),
        (Int32, UInt32),
        (UInt64, Int64),
        (Int64, Float64),
        (Decimal128(10, 2), Decimal128(12, 1)),
        (Decimal128(10, 2), Decimal128(10, 3)),
        (Int64, Decimal128(19, 1)),
        (Utf8, Int64),
    ] {
        assert!(!is_lossless_cast(&from, &to), "{from} {to}");
    }
    assert!(expr("a").get_type(&schema()).is_ok_and(|t| is_exact_equality(&t)));
    assert!(!is_exact_equality(&Float64));
}
