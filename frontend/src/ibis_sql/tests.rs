//! What is put right, what is left alone, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use planc_ir::{Catalog, Settings, Table, planning_state};

use super::pattern::{read, replacement};
use super::{parse, plan};
use crate::sql::{Planned, SqlRule};

fn planned(text: &str) -> Planned {
    let mut catalog = Catalog::default();
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
    let entry = Field::new(
        "entries",
        DataType::Struct(
            vec![
                Field::new("key", DataType::Utf8, false),
                Field::new("value", DataType::Int64, true),
            ]
            .into(),
        ),
        false,
    );
    let fields = vec![
        Field::new("i", DataType::Int64, true),
        Field::new("f", DataType::Float64, true),
        Field::new("g", DataType::Float32, true),
        Field::new("dec", DataType::Decimal128(15, 2), true),
        Field::new("s", DataType::Utf8, true),
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("a", list.clone(), true),
        Field::new("c", list, true),
        Field::new("m", DataType::Map(Arc::new(entry), false), true),
    ];
    catalog.insert("t", Table::new(&Schema::new(fields)));
    let state = planning_state(&Settings::default());
    let params = BTreeMap::new();
    let rule = SqlRule { text, dialect: "datafusion", params: &params };
    let parsed = parse(&rule).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    plan(&parsed, &catalog, &state, &["small".to_owned()].into())
}

/// The expression that becomes of one over `t`; or the codes of what is wrong.
fn check(expr: &str, expected: &str) {
    let text = format!("select {expr} as x from t");
    let planned = planned(&text);
    let found = match &planned.plan {
        Some(plan) => {
            let text = plan.logical.display_indent().to_string();
            let first = text.lines().next().unwrap_or_default();
            let first = first.trim_start_matches("Projection: ");
            first.strip_suffix(" AS x").unwrap_or(first).replace("t.", "")
        }
        None => {
            let errors = planned.diagnostics.iter().filter(|found| found.is_error());
            errors.map(|found| format!("{}: {}", found.code, found.message)).collect()
        }
    };
    assert!(found.contains(expected), "{expr}\n  is {found}\n not {expected}");
}

#[test]
fn casts_round_as_ibis_does() {
    check("cast(f as bigint)", "CASE WHEN f - floor(f) = Float64(0.5) THEN");
    check("cast(round(f) as bigint)", "CAST(round(f) AS Int64)");
    check("cast(round(f, 1) as bigint)", "CASE WHEN round(f, Int64(1)) - floor");
    check("cast(dec as bigint)", "CAST(CAST(dec AS Decimal128(14, 0)) AS Int64)");
    check("cast(avg(dec) as bigint)", "CASE WHEN avg(dec) - floor");
    // A decimal in one engine, a float in the other.
    check("cast(i * 0.5 as bigint)", "P0512");
    check("cast(f * 0.5 as bigint)", "CASE WHEN");
    check("cast(random() as bigint)", "P0512");
    check("cast(f as varchar)", "P0512");
    check("cast(2.5 as bigint)", "P0512");
    check("cast(2.0 as bigint)", "CAST(Float64(2) AS Int64)");
    check("(select cast(y as bigint) from (select i * 0.5 as y from t) limit 1)", "P0512");
    check("(select cast(y as bigint) from (select f + 1 as y from t) limit 1)", "(<subquery>)");
    check("sqrt(i)", "CASE WHEN CAST(i AS Float64) < Float64(0) THEN Float64(NaN) ELSE sqrt");
    check("sign(f)", "CASE WHEN isnan(f) THEN Float64(0) ELSE signum(f) END");
    check("reverse(s)", "P0512");
    check("(select max(i) from t)", "(<subquery>)");
    check("s like 'a\\_b'", "LIKE Utf8(\"a\\\\_b\")");
    check("s like s", "P0512");
    check("cast(from_unixtime(i) as varchar)", "P0512");
}

#[test]
fn rows_are_counted_as_ibis_counts() {
    for (op, join) in [("intersect", "LeftSemi"), ("except", "LeftAnti")] {
        let text = format!("select 1 from (select i from t {op} all select i from t as u)");
        let plan = planned(&text).plan.unwrap().logical.display_indent().to_string();
        let on = "number of the equal row = number of the equal row";
        assert!(plan.contains(join) && plan.contains(on), "{plan}");
        assert!(plan.contains("row_number() PARTITION BY [t.i]"), "{plan}");
        let text = format!("select i from t {op} select i from t as u");
        let plan = planned(&text).plan.unwrap().logical.display_indent().to_string();
        assert!(plan.contains(join) && !plan.contains("row_number"), "{plan}");
    }
    let text = "select avg(n) as x from (select row_number() over (order by i) - 1 as n from t)";
    let plan = planned(text).plan.unwrap().logical.display_indent().to_string();
    assert!(plan.contains("avg(CAST(n AS Float64))"), "{plan}");
    let text = "select avg(case when n > 1 then i else n end) as x \
                from (select i, row_number() over (order by i) - 1 as n from t)";
    let plan = planned(text).plan.unwrap().logical.display_indent().to_string();
    assert!(
        plan.contains("avg(CAST(CASE WHEN n > Int64(1) THEN t.i ELSE n END AS Float64))"),
        "{plan}"
    );
}

#[test]
fn conditions_around_a_query_name_its_columns() {
    let around = |condition: &str| {
        let text = format!(
            "select i, f from (select t0.i, t0.f, t0.g + 1 as g, max(t0.i) over () as _w \
             from t as t0) as _t where {condition}"
        );
        planned(&text).plan.is_some()
    };
    assert!(around("t0.i = _w"));
    assert!(around("i = _w and _t.f > 1"));
    // It is not the column that the inner query gives.
    assert!(!around("t0.g = 1"));
    assert!(!around("t0.dec = 1"));
    assert!(!around("u.i = 1"));
}

#[test]
fn nan_is_the_greatest_float() {
    let extreme = |text: &str| {
        let planned = planned(text);
        let plan = planned.plan.unwrap_or_else(|| panic!("{text}: {:?}", planned.diagnostics));
        plan.logical.display_indent().to_string()
    };
    let text = "select s, max(f) - min(f) as x, min(i) from t group by s";
    let plan = extreme(text);
    let max = "CASE WHEN max(t.f), NaN > Int64(0) THEN Float64(NaN) ELSE max(t.f) of numbers END";
    assert!(plan.contains(max), "{plan}");
    let min = "CASE WHEN min(t.f) of numbers IS NULL AND min(t.f), NaN > Int64(0) THEN";
    assert!(plan.contains(min), "{plan}");
    assert!(plan.contains("count(CASE WHEN isnan(t.f) THEN Int64(1) END)"), "{plan}");
    assert!(plan.contains("min(t.i)]]"), "{plan}");
    let plan = extreme("select max(f) over (partition by s order by i) as x from t");
    assert!(plan.contains("count(CASE WHEN isnan(t.f) THEN Int64(1) END) PARTITION BY"), "{plan}");
    let plan = extreme("select max(i) over (partition by s order by i) as x from t");
    assert!(!plan.contains("isnan"), "{plan}");
}

#[test]
fn letters_become_one_letter_each() {
    check("upper(s)", "ELSE upper(s) END");
    check("lower(s)", "translate(x, Utf8(\"İΣ\"), Utf8(\"iσ\"))");
}

#[test]
fn decimals_meet_single_floats_in_32_bits() {
    check("g > 1.1", "g > Float32(1.1)");
    check("g + -0.5", "g + Float32(-0.5)");
    check("g in (1.1, 2.5)", "g IN ([Float32(1.1), Float32(2.5)])");
    check("g between 0.5 and 1.5", "g BETWEEN Float32(0.5) AND Float32(1.5)");
    check("coalesce(g, 1.1)", "coalesce(g, Float32(1.1))");
    check("case when i > 1 then g else 1.1 end", "THEN g ELSE Float32(1.1) END");
    check("case g when 1.1 then 'a' end", "CASE g WHEN Float32(1.1) THEN");
    // Both are floats of 64 bits.
    check("coalesce(g, f, 1.1)", "coalesce(g, f, Float64(1.1))");
    check("g > f", "g > f");
    for mixed in ["g > dec", "g > 123456789.25", "g > i * 0.5", "nullif(g, dec)"] {
        check(mixed, "P0512");
    }
    let mixed = planned("select g from t union all select 1.5 from t");
    assert!(mixed.plan.is_none(), "{:?}", mixed.diagnostics);
}

#[test]
fn small_integers_are_made_small() {
    let found = |expr: &str| {
        let text = format!("select s, {expr} as small from t order by small limit 3");
        planned(&text).plan.map(|plan| plan.logical.schema().field(1).data_type().clone())
    };
    assert_eq!(found("1 + 1"), Some(DataType::Int8));
    assert_eq!(found("case when i > 1 then 0 when i > 2 then -1 end"), Some(DataType::Int8));
    for wide in ["100 + 100", "i", "cast(i as smallint)", "case when i > 1 then 1000 end"] {
        assert_eq!(found(wide), None, "{wide}");
    }
}

#[test]
fn null_is_no_number() {
    check("f is not null and isnan(f)", "isnan(f)");
    check(
        "i > 0 and f is not null and f is not null and isnan(f)",
        "i > Int64(0) AND f IS NOT NULL AND isnan(f)",
    );
    check("i is not null and isnan(f)", "i IS NOT NULL AND isnan(f)");
}

#[test]
fn spellings_of_other_dialects_are_read() {
    check("i # 5", "i BIT_XOR Int64(5)");
    check("s || '#' || \"s\"", "s || Utf8(\"#\") || s");
    check("cast(i as utinyint)", "CAST(i AS UInt8)");
    check("cast(i as ubigint)", "CAST(i AS UInt64)");
}

#[test]
fn patterns_mean_the_same() {
    let search = "case when s is null then null else \
                  coalesce(array_length(regexp_match(s, '\\d+')) > 0, false) end";
    check(search, "coalesce(regexp_like(s, Utf8(\"[0-9]+\")), Boolean(false))");
    check(
        "regexp_match(s, '(' || '(a)?(b)' || ')')[3]",
        "regexp_replace(s, Utf8(\"(?s:^.*?)((a)?(b))(?s:.*$)\"), Utf8(\"${3}\"))",
    );
    check("regexp_match(s, '(' || 'a' || ')')[3]", "P0512");
    check("regexp_match(s, s)", "P0512");
    check("regexp_replace(s, 'a', 'b', 'g')", "regexp_replace(s, Utf8(\"a\"), Utf8(\"b\")");
    check("regexp_replace(s, '(a)(b)', '\\2$', 'g')", "Utf8(\"${2}$$\")");
    check("regexp_replace(s, 'a', '\\1', 'g')", "P0512");
    check("regex_split(s, 'a')", "P0512");
    check("string_to_array(s, ',')", "CASE WHEN s = Utf8(\"\") THEN make_array(Utf8(\"\")) ELSE");
    check("string_to_array(s, s)", "P0512");
    check("levenshtein(s, 'a')", "P0512");
    check("extract_url_field(s, 'path')", "P0512");
}

#[test]
fn patterns_are_written_for_rust() {
    for (pattern, written, groups) in [
        ("a(b)(?:c)", "a(b)(?:c)", 1),
        (r"\w+\s\D", r"[0-9A-Za-z_]+[\t\n\f\r ][^0-9]", 0),
        (r"[\d[:alpha:]-]\(", r"[0-9[:alpha:]-]\(", 0),
        (r"\bx\b", r"(?-u:\b)x(?-u:\b)", 0),
        ("[]a]", r"[\]a]", 0),
    ] {
        let found = read(pattern).unwrap();
        assert_eq!((found.text.as_str(), found.groups), (written, groups), "{pattern}");
    }
    for pattern in [r"\pL", "(?i)a", "(?P<n>a)", "[a&&b]", "[[a]]", r"[\D]", "[a", "a{,2}", "\\"] {
        assert!(read(pattern).is_err(), "{pattern}");
    }
    assert_eq!(replacement("$1\\0", 0).unwrap(), "$$1${0}");
    assert!(replacement("\\", 0).is_err());
}

#[test]
fn lists_and_maps_are_asked_as_ibis_asks() {
    check(
        "coalesce(array_position(a, i), 0) - 1",
        "CASE WHEN a IS NULL OR i IS NULL THEN Int64(NULL) ELSE",
    );
    check("array_position(a, i)", "P0512");
    check("array_sort(a)", "array_sort(a, Utf8(\"ASC\"), Utf8(\"NULLS LAST\"))");
    check("array_union(a, c)", "CASE WHEN a IS NULL AND c IS NULL THEN");
    check("array_intersect(a, c)", "array_filter(a, (x) -> x IS NOT NULL AND array_has(c, x))");
    check(
        "coalesce(map_extract(m, 'k')[2], 0)",
        "CASE WHEN m IS NULL THEN Int64(NULL) ELSE coalesce(",
    );
    check(
        "case when array_length(a) > 0 then array_to_string(a, '-') else null end",
        "CASE WHEN empty(a) IS FALSE AND empty(array_filter(a, (x) -> x IS NOT NULL)) THEN Utf8",
    );
    check("array_to_string(a, '-')", "THEN Utf8(NULL) ELSE array_to_string(a, Utf8(\"-\")) END");
}

#[test]
fn times_are_counted_as_ibis_counts() {
    check("cast(ts as varchar)", "CASE WHEN strpos(replace(CAST(ts AS Utf8)");
    // The day of a timestamp is a date in Ibis.
    check("cast(date_trunc('day', ts) as varchar)", "P0512");
    check("from_unixtime(i)", "CAST(CAST(i AS Int64) * Int64(1000000) AS Timestamp(µs))");
    check(
        "arrow_cast(i * 1, 'Timestamp(Second, None)')",
        "CAST(CAST(i * Int64(1) AS Int64) * Int64(1000000) AS Timestamp(µs))",
    );
    check("arrow_cast(i, 'Timestamp(Microsecond, None)')", "P0512");
    check("to_char(ts, '%f')", "to_char(ts, Utf8(\"%6f\"))");
    check("to_char(ts, '%Y-%-d')", "to_char(ts, Utf8(\"%Y-%-d\"))");
    check("to_char(ts, '%c')", "P0512");
    check("extract_microsecond(ts)", "date_part(Utf8(\"microsecond\"), ts) % Int32(1000000)");
    check("extract_epoch_seconds_timestamp(ts)", "/ Int64(1000000)");
}

#[test]
fn what_stands_above_is_planned_anew() {
    // The place becomes nullable, in a union and around a subquery, too.
    let place = "coalesce(array_position(a, i), 0)";
    for text in [
        format!("select {place} as p from t union all select 1 as p"),
        format!("select p from (select {place} as p from t) where p is null"),
        format!(
            "select p from (select {place} as p from t) as o where exists \
             (select 1 from t where t.i = o.p)"
        ),
    ] {
        let planned = planned(&text);
        let plan = planned.plan.unwrap_or_else(|| panic!("{text}: {:?}", planned.diagnostics));
        assert!(plan.logical.schema().field(0).is_nullable(), "{text}");
    }
}
