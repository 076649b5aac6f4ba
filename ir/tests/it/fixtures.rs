//! Artifacts of every format ever written. They replay for ever: each is decoded, bound to
//! this crate's test tables, and gives the rows that it gave when it was made.
//!
//! A fixture is `tests/fixtures/format-N/NAME.substrait`, and beside it `NAME.txt`: the SQL
//! that it was made from, an empty line, its columns and its rows. `PLANC_BLESS=1` adds the
//! fixtures that are missing and never touches one that is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::logical_expr::LogicalPlan;
use planc_ir::Plan;
use planc_ir::substrait::{FORMAT, decode, encode};

use crate::harness::{bind, context, plans, rows};

/// One query for each kind of relation and expression that the codec writes.
const QUERIES: &[(&str, &str)] = &[
    ("projection", "SELECT id, n + 1 AS m, -n, s || 'x', upper(s) FROM t"),
    ("filter", "SELECT id FROM t WHERE n > 10 AND (s IS NULL OR s LIKE 'o%') AND NOT id = 9"),
    ("sort_fetch", "SELECT id FROM t ORDER BY n DESC NULLS LAST, id LIMIT 3 OFFSET 1"),
    ("values", "VALUES (1, 'a', NULL), (2, NULL, 2.5)"),
    ("table_function", "SELECT value FROM generate_series(1, 4) UNION ALL SELECT id FROM t"),
    ("empty", "SELECT id FROM t WHERE false"),
    ("no_rows_no_columns", "SELECT 1 AS one, 'x' AS x"),
    ("join_inner", "SELECT t.id, u.s FROM t JOIN u ON t.id = u.id AND t.n < u.n"),
    ("join_left", "SELECT t.id, u.n FROM t LEFT JOIN u ON t.id = u.id"),
    ("join_right", "SELECT t.id, u.n FROM t RIGHT JOIN u ON t.id = u.id"),
    ("join_full", "SELECT t.id, u.id FROM t FULL JOIN u ON t.id = u.id"),
    ("join_semi", "SELECT id FROM t LEFT SEMI JOIN u ON t.id = u.id"),
    ("join_anti", "SELECT u.n FROM t RIGHT ANTI JOIN u ON t.id = u.id"),
    ("join_cross", "SELECT t.id, u.id FROM t CROSS JOIN u WHERE t.id < 2"),
    ("join_null_aware", "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)"),
    ("intersect", "SELECT n FROM t INTERSECT SELECT n FROM u"),
    ("union", "SELECT id, n FROM t UNION ALL SELECT n, id FROM u"),
    ("distinct", "SELECT DISTINCT n FROM t"),
    ("distinct_on", "SELECT DISTINCT ON (n) n, id, s FROM t ORDER BY n, id DESC"),
    (
        "aggregate",
        "SELECT n, count(*), count(s), sum(id), avg(x), min(s), max(d) FROM t GROUP BY n",
    ),
    (
        "aggregate_options",
        "SELECT count(DISTINCT n), sum(n) FILTER (WHERE id > 2), array_agg(s ORDER BY id DESC), first_value(s ORDER BY id) IGNORE NULLS FROM t",
    ),
    ("grouping_sets", "SELECT n, s, count(*), grouping(n), grouping(s) FROM t GROUP BY CUBE(n, s)"),
    (
        "window_rows",
        "SELECT id, row_number() OVER (ORDER BY id), sum(n) OVER (PARTITION BY s ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    ),
    (
        "window_range",
        "SELECT id, sum(n) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING), count(*) OVER (ORDER BY d RANGE BETWEEN INTERVAL '1' YEAR PRECEDING AND CURRENT ROW) FROM t",
    ),
    (
        "window_groups",
        "SELECT id, sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    ),
    (
        "window_options",
        "SELECT id, first_value(n) IGNORE NULLS OVER (ORDER BY id DESC), sum(n) FILTER (WHERE id > 1) OVER (ORDER BY id), lag(n) OVER (ORDER BY id) FROM t",
    ),
    ("unnest", "SELECT id, unnest(l), unnest(r) FROM nested"),
    ("unnest_deep", "SELECT unnest(unnest(ll)) AS e FROM nested"),
    (
        "recursive",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    ),
    (
        "lateral",
        "SELECT t.id, l.n FROM t CROSS JOIN LATERAL (SELECT u.n FROM u WHERE u.id = t.id) l",
    ),
    (
        "scalar_subquery",
        "SELECT id, (SELECT max(n) FROM u WHERE u.id = t.id) AS m FROM t WHERE n > (SELECT min(n) FROM u)",
    ),
    ("exists", "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id) OR n = 50"),
    ("in_subquery", "SELECT id FROM t WHERE n IN (SELECT n FROM u) OR id = 2"),
    (
        "case",
        "SELECT CASE WHEN n > 20 THEN 'big' ELSE 'small' END, CASE n WHEN 10 THEN 'ten' END FROM t",
    ),
    ("in_between", "SELECT id FROM t WHERE n IN (10, 30, NULL) OR id BETWEEN 4 AND 5"),
    (
        "booleans",
        "SELECT b IS TRUE, b IS NOT FALSE, b IS UNKNOWN, NOT b FROM (SELECT n > 10 AS b FROM t)",
    ),
    (
        "patterns",
        "SELECT id, s LIKE 'fo\\%%', s ILIKE 'ON_', s SIMILAR TO 'o.*', s ~ '^o', s LIKE 'fo$%%' ESCAPE '$' FROM t",
    ),
    ("distinct_from", "SELECT n IS DISTINCT FROM 10, n IS NOT DISTINCT FROM NULL FROM t"),
    ("bits", "SELECT id & 3, id | 4, id ^ 1, id << 2, id >> 1 FROM t"),
    (
        "casts",
        "SELECT TRY_CAST(s AS INT), CAST(n AS VARCHAR), CAST(id AS DOUBLE) AS x, CAST(id AS DECIMAL(10, 2)) AS d, arrow_cast(n, 'UInt64') FROM t",
    ),
    ("decimals", "SELECT o_total * 2.50, o_total / 3, sum(o_total) OVER () FROM orders"),
    ("dates", "SELECT date_trunc('month', d), d + INTERVAL '1 month', extract(year FROM d) FROM t"),
    (
        "literals",
        "SELECT true, 1, 1.5, 'text', X'0aff', DATE '2020-02-29', TIMESTAMP '2020-01-01 12:00:00.123', INTERVAL '1 month 2 days', NULL, 2.5::decimal(5,1) AS d, 'NaN'::double AS nan, '-0.0'::double AS zero",
    ),
    (
        "literals_nested",
        "SELECT [1, NULL], [[1], []], named_struct('a', 1, 'b', [2.5]), MAP {'k': 1}",
    ),
    (
        "literals_typed",
        "SELECT arrow_cast(1, 'UInt8'), arrow_cast('x', 'Utf8View'), arrow_cast(1, 'Decimal256(50, 5)'), arrow_cast('2020-07-01T12:00:00Z', 'Timestamp(ms, \"Europe/Berlin\")'), arrow_cast('x', 'Dictionary(Int32, Utf8)'), arrow_cast([1, 2], 'FixedSizeList(2, Int64)')",
    ),
    ("types", "SELECT * FROM typed"),
    ("nested_fields", "SELECT r['a'], l[1], m, array_length(ll) FROM nested"),
    (
        "functions",
        "SELECT substr(s, 2), coalesce(n, 0), nullif(n, 10), round(x, 1), abs(n), power(x, 2), starts_with(s, 'o') FROM t",
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

#[tokio::test]
async fn artifacts_of_all_formats_replay() {
    let context = context().await;
    let state = context.state();
    let today = folder().join(format!("format-{FORMAT}"));
    if std::env::var_os("PLANC_BLESS").is_some() {
        fs::create_dir_all(&today).unwrap();
        for (name, sql) in QUERIES {
            let path = today.join(name).with_extension("substrait");
            if path.exists() {
                continue;
            }
            let (analyzed, _) = plans(&context, sql).await;
            let bytes = encode(&Plan::new(analyzed.clone())).unwrap().bytes;
            let text = format!("{sql}\n\n{}\n", rows(&context, analyzed).await.join("\n"));
            fs::write(path.with_extension("txt"), text).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        for entry in fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "substrait") {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let name = path.display();
            let plan = decode(&bytes, &state).unwrap_or_else(|why| panic!("{name}: {why:?}"));
            let found = rows(&context, bind(&context, plan.logical).await).await.join("\n");
            let text = fs::read_to_string(path.with_extension("txt")).unwrap();
            let wanted = text.split_once("\n\n").unwrap().1;
            assert_eq!(format!("{found}\n"), wanted, "{name}");
            seen.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    let names: BTreeSet<String> = QUERIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(seen.is_superset(&names), "{:?}", names.difference(&seen));
}

/// Every byte of `from` replaced once: the plan, and what decoding it says.
fn renamed(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut renamed = bytes.to_vec();
    renamed[at..at + to.len()].copy_from_slice(to);
    renamed
}

#[tokio::test]
async fn what_this_planc_does_not_have_is_refused() {
    let context = context().await;
    let plan = plans(&context, "SELECT substr(s, 2), n + 1, n & 3 FROM t").await.0;
    assert!(matches!(plan, LogicalPlan::Projection(_)));
    let bytes = encode(&Plan::new(plan)).unwrap().bytes;
    for (from, to) in [
        ("planc/format-1", "planc/format-2"),
        ("planc:datafusion-55", "planc:datafusion-56"),
        ("substr", "sabstr"),
        ("functions_arithmetic", "functions_arithmetix"),
        ("add:i64_i64", "add:i64_i65"),
    ] {
        let why = decode(&renamed(&bytes, from.as_bytes(), to.as_bytes()), &context.state());
        let why = why.expect_err(from);
        assert_eq!(why.code.id, "P0502", "{from}: {why:?}");
    }
}
