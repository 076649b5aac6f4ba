//! What makes the round trip.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::common::metadata::FieldMetadata;
use datafusion::logical_expr::{Cast, Expr, LogicalPlanBuilder, TryCast, lit};
use planc_ir::Plan;
use planc_ir::substrait::{decode, encode};

use crate::harness::{check, context, round_trip};

async fn all(queries: &[&str]) {
    let context = context().await;
    let mut faults = Vec::new();
    for sql in queries {
        faults.extend(check(&context, sql).await);
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
}

#[tokio::test]
async fn plain_queries() {
    all(&[
        "SELECT 1",
        "SELECT id, n, s FROM t",
        "SELECT * FROM t WHERE id > 2 AND n IS NOT NULL ORDER BY id DESC",
        "SELECT id + 1 AS next, s FROM t WHERE s LIKE 'o%' OR s ILIKE 'ON_'",
        "SELECT id FROM t WHERE s NOT LIKE 'fo\\%%' ",
        "SELECT id FROM t WHERE s LIKE 'fo$%%' ESCAPE '$'",
        "SELECT id FROM t WHERE s SIMILAR TO '(one|two)'",
        "SELECT id FROM t WHERE s NOT SIMILAR TO 'o%'",
        "SELECT id, CASE WHEN n > 20 THEN 'big' WHEN n > 5 THEN 'mid' ELSE 'none' END FROM t",
        "SELECT CASE n WHEN 10 THEN 'ten' WHEN NULL THEN 'null' END AS k FROM t",
        "SELECT id FROM t WHERE n IN (10, 30) AND id NOT IN (1)",
        "SELECT id FROM t WHERE n BETWEEN 10 AND 30 AND id NOT BETWEEN 3 AND 4",
        "SELECT n IS TRUE FROM (SELECT n > 10 AS n FROM t)",
        "SELECT n IS NOT FALSE, n IS UNKNOWN, n IS NOT UNKNOWN, n IS NOT TRUE, n IS FALSE FROM (SELECT n > 10 AS n FROM t)",
        "SELECT id, n IS DISTINCT FROM 10, n IS NOT DISTINCT FROM 10 FROM t",
        "SELECT -n, abs(x), x / 0.0, id % 2, id * n - id / 2 FROM t",
        "SELECT id / 0 FROM t",
        "SELECT s || 'x', concat(s, 'x'), upper(s), substr(s, 2), length(s) FROM t",
        "SELECT id & 3, id | 4, id ^ 1, id << 2, id >> 1 FROM t",
        "SELECT s ~ '^o', s ~* '^O', s !~ 'x', s !~* 'x' FROM t",
        "SELECT CAST(s AS INT) FROM t WHERE id < 0",
        "SELECT TRY_CAST(s AS INT), CAST(n AS VARCHAR), CAST(id AS DOUBLE) FROM t",
        "SELECT id FROM t ORDER BY n NULLS FIRST, s DESC NULLS LAST, id LIMIT 3 OFFSET 1",
        "SELECT id FROM t ORDER BY id LIMIT 1 + 1",
        "SELECT DISTINCT n FROM t",
        "SELECT DISTINCT n, s FROM t ORDER BY n LIMIT 2",
        "VALUES (1, 'a', NULL), (2, NULL, 2.5)",
        "SELECT * FROM (VALUES (1), (2)) AS v(a) WHERE a > 1",
        "SELECT * FROM t WHERE false",
        "SELECT count(*) FROM t WHERE 1 = 0",
        "SELECT a.id, a.id AS id2 FROM (SELECT id AS id FROM t) a",
    ])
    .await;
}

#[tokio::test]
async fn joins() {
    all(&[
        "SELECT * FROM t JOIN u ON t.id = u.id",
        "SELECT t.id, u.id FROM t LEFT JOIN u ON t.id = u.id AND u.n > 10",
        "SELECT * FROM t RIGHT JOIN u USING (id)",
        "SELECT * FROM t FULL JOIN u ON t.id = u.id AND t.n = u.n",
        "SELECT a.id, b.id FROM t a JOIN t b ON a.n = b.n AND a.id < b.id",
        "SELECT * FROM t a CROSS JOIN u b WHERE a.id < 3",
        "SELECT a.s, b.s FROM t a, t b, u c WHERE a.id = b.id AND b.id = c.id",
        "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
        "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.n > t.n)",
        "SELECT id FROM t WHERE id IN (SELECT id FROM u)",
        "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)",
        "SELECT id FROM t WHERE n NOT IN (SELECT n FROM u WHERE n IS NOT NULL)",
        "SELECT id FROM t WHERE id IN (SELECT id FROM u) OR n = 50",
        "SELECT id, (SELECT max(n) FROM u WHERE u.id = t.id) AS m FROM t",
        "SELECT id FROM t WHERE n > (SELECT avg(n) FROM u)",
        "SELECT id FROM t LEFT SEMI JOIN u ON t.id = u.id",
        "SELECT id FROM t LEFT ANTI JOIN u ON t.id = u.id",
        "SELECT u.n FROM t RIGHT SEMI JOIN u ON t.id = u.id",
        "SELECT u.n FROM t RIGHT ANTI JOIN u ON t.id = u.id",
        "SELECT * FROM t NATURAL JOIN u",
        "SELECT n FROM t INTERSECT SELECT n FROM u",
        "SELECT n FROM t INTERSECT ALL SELECT n FROM u",
        "SELECT n FROM t EXCEPT SELECT n FROM u",
        "SELECT n FROM t EXCEPT ALL SELECT n FROM u",
        "SELECT t.id FROM t JOIN u ON true",
        "SELECT t.id FROM t LEFT JOIN u ON true",
        "SELECT t.id, l.n FROM t CROSS JOIN LATERAL (SELECT u.n FROM u WHERE u.id = t.id) l",
        "SELECT t.id FROM t JOIN u ON t.id = u.id OR t.n = u.n",
        "WITH a AS (SELECT id, n FROM t), b AS (SELECT id, n FROM u) SELECT a.id, b.n, c.n FROM a JOIN b ON a.id = b.id JOIN a c ON c.id = b.id",
    ])
    .await;
}

#[tokio::test]
async fn unions_and_nullability() {
    all(&[
        "SELECT id FROM t UNION ALL SELECT id FROM u",
        "SELECT id AS a, id AS b FROM t UNION ALL SELECT n, id FROM u",
        "SELECT id FROM t UNION SELECT id FROM u UNION ALL SELECT n FROM u",
        "SELECT id, s FROM t UNION ALL SELECT n, NULL FROM u",
        "SELECT 1 AS a UNION ALL SELECT 2.5 UNION ALL SELECT NULL",
        "SELECT id, n FROM t UNION ALL BY NAME SELECT n, s FROM u",
        "SELECT a.id, b.id AS id2 FROM t a JOIN t b ON a.id = b.id UNION ALL SELECT id, n FROM u",
    ])
    .await;
}

#[tokio::test]
async fn aggregates() {
    all(&[
        "SELECT count(*), count(n), count(DISTINCT n), sum(n), avg(n), min(s), max(x) FROM t",
        "SELECT n, count(*) FROM t GROUP BY n HAVING count(*) > 1",
        "SELECT n, n AS m, n + 1, count(*) FROM t GROUP BY n, n, n + 1",
        "SELECT 'k' AS k, count(*) FROM t GROUP BY 'k', s",
        "SELECT sum(n) FILTER (WHERE id > 2), count(*) FILTER (WHERE s IS NULL) FROM t",
        "SELECT array_agg(s ORDER BY id DESC) FROM t",
        "SELECT first_value(n ORDER BY id DESC), last_value(s ORDER BY n) FROM t",
        "SELECT first_value(s) IGNORE NULLS FROM (SELECT s FROM t ORDER BY id)",
        "SELECT string_agg(s, ',' ORDER BY s) FROM t",
        "SELECT stddev(n), median(n), bool_and(n > 5), approx_distinct(n), corr(id, n) FROM t",
        "SELECT n, s, count(*), grouping(n), grouping(s), grouping(n, s) FROM t GROUP BY ROLLUP(n, s)",
        "SELECT n, s, sum(id) FROM t GROUP BY CUBE(n, s)",
        "SELECT n, s, sum(id), grouping(s) FROM t GROUP BY GROUPING SETS ((n), (s), (n), ())",
        "SELECT n, s, x, sum(id) FROM t GROUP BY n, ROLLUP(s, x)",
        "SELECT a, b FROM (SELECT n AS a, grouping(n) AS b FROM t GROUP BY ROLLUP(n)) GROUP BY ROLLUP(a, b)",
        "SELECT DISTINCT ON (n) n, id, s FROM t ORDER BY n, id DESC",
        "SELECT DISTINCT ON (n) id FROM t",
        "SELECT count(DISTINCT n), sum(DISTINCT id) FROM t",
        "SELECT sum(o_total) / count(*) FROM orders GROUP BY o_status",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM t",
    ])
    .await;
}

#[tokio::test]
async fn windows() {
    all(&[
        "SELECT id, row_number() OVER (ORDER BY id), rank() OVER (PARTITION BY n ORDER BY s) FROM t",
        "SELECT id, sum(n) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "SELECT id, sum(n) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM t",
        "SELECT id, sum(n) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING) FROM t",
        "SELECT id, sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "SELECT id, count(*) OVER (ORDER BY d RANGE BETWEEN INTERVAL '1' YEAR PRECEDING AND CURRENT ROW) FROM t",
        "SELECT id, first_value(n) IGNORE NULLS OVER (ORDER BY id DESC) FROM t",
        "SELECT id, lag(n) OVER (ORDER BY id), lead(n, 2, 0) OVER (ORDER BY id), nth_value(s, 2) OVER (ORDER BY id) FROM t",
        "SELECT id, last_value(n) OVER (PARTITION BY s ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM t",
        "SELECT id, count(DISTINCT n) OVER (PARTITION BY s) FROM t",
        "SELECT id, sum(n) FILTER (WHERE id > 1) OVER (ORDER BY id) FROM t",
        "SELECT id, ntile(2) OVER (ORDER BY id), percent_rank() OVER (ORDER BY n), cume_dist() OVER (ORDER BY n) FROM t",
        "SELECT id, sum(n) OVER (), avg(x) OVER (PARTITION BY n) FROM t",
        "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY n ORDER BY id) AS r FROM t) WHERE r = 1",
        "SELECT id, row_number() OVER (ORDER BY id) AS a, row_number() OVER (ORDER BY id) AS b FROM t",
        "SELECT n, sum(count(*)) OVER (ORDER BY n) FROM t GROUP BY n",
        "SELECT id, sum(n) OVER (ORDER BY id ROWS BETWEEN 0 PRECEDING AND 0 FOLLOWING) FROM t",
        "SELECT id, count(*) OVER (ORDER BY id ROWS 2 PRECEDING) FROM t",
    ])
    .await;
}

#[tokio::test]
async fn types_and_literals() {
    all(&[
        "SELECT * FROM typed",
        "SELECT u8 + 1, u64 * 2, dec * dec, dec + 1, dec / 3, dec256 + 1 FROM typed",
        "SELECT ts + INTERVAL '1 day 2 hours', utc - INTERVAL '3 months', ts - ts FROM typed",
        "SELECT berlin, CAST(utc AS TIMESTAMP), date_trunc('day', berlin), utc < berlin FROM typed",
        "SELECT TIMESTAMPTZ '2020-01-01 00:00:00+02' AS a, TIMESTAMP '2020-01-01' AS b, DATE '2020-01-01' AS c, TIME '01:02:03' AS d",
        "SELECT INTERVAL '1 year 2 months', INTERVAL '3 days', INTERVAL '1 hour 2.5 seconds'",
        "SELECT extract(year FROM d), date_part('dow', d), d + INTERVAL '1' MONTH, d - DATE '2020-01-01' FROM t",
        "SELECT X'00ff', 1e10, 'NaN'::double, -0.0::double, 12345678901234567890, 0.1",
        "SELECT arrow_cast(1, 'UInt8'), arrow_cast(NULL, 'UInt16'), arrow_cast(1.5, 'Float16')",
        "SELECT arrow_cast('a', 'Utf8View'), arrow_cast('a', 'LargeUtf8'), arrow_cast('a', 'Dictionary(Int32, Utf8)')",
        "SELECT arrow_cast(1, 'Decimal128(5, -2)'), arrow_cast(1.5, 'Decimal32(5, 2)'), arrow_cast(1.5, 'Decimal64(9, 2)'), arrow_cast(1.5, 'Decimal256(40, 3)')",
        "SELECT arrow_cast(1000, 'Duration(ms)'), arrow_cast(0, 'Date64'), arrow_cast(arrow_cast(5, 'Int32'), 'Time32(s)'), arrow_cast('12:00:00.5', 'Time64(us)')",
        "SELECT arrow_cast('2020-01-01T00:00:00', 'Timestamp(s, \"+02:00\")'), arrow_cast(X'6162', 'FixedSizeBinary(2)')",
        "SELECT [1, 2, 3], ['a', NULL], [], [[1], []], named_struct('a', 1, 'b', [1.5]), MAP {'a': 1, 'b': NULL}",
        "SELECT arrow_cast([1, 2], 'FixedSizeList(2, Int64)'), arrow_cast([1, 2], 'LargeList(Int32)')",
        "SELECT arrow_cast(named_struct('a', 1), 'Struct(\"a\": Int64)'), CAST(NULL AS STRUCT<a INT, b VARCHAR>)",
        "SELECT l, r, m, ll, lr FROM nested",
        "SELECT r['a'], r.b, l[1], m['k'], lr[1]['p'], array_length(ll) FROM nested",
        "SELECT CAST(l AS BIGINT[]), make_array(id, id + 1), named_struct('i', id, 'l', l) FROM nested",
        "SELECT id FROM nested WHERE l @> [1] AND array_has(l, 2)",
        "SELECT to_timestamp('2020-01-01'), to_char(d, '%Y'), now() IS NULL FROM t",
        "SELECT coalesce(n, 0), nullif(n, 10), greatest(n, id), nvl(s, 'x') FROM t",
        "SELECT CAST(1 AS DECIMAL(20, 5)) + CAST(2 AS DECIMAL(30, 3)), CAST(1 AS DECIMAL(38, 10)) * 2",
    ])
    .await;
}

#[tokio::test]
async fn unnest_and_recursion() {
    all(&[
        "SELECT unnest(l) FROM nested",
        "SELECT id, unnest(l), unnest(ll) FROM nested",
        "SELECT id, unnest(r) FROM nested",
        "SELECT id, unnest(unnest(ll)) FROM nested",
        "SELECT * FROM unnest([1, 2, 3]) AS v(x)",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n % 3 + 1 FROM r) SELECT * FROM r",
        "WITH RECURSIVE r AS (SELECT id, n, 0 AS depth FROM t WHERE id = 1 UNION ALL SELECT u.id, u.n, depth + 1 FROM r JOIN u ON u.n = r.n WHERE depth < 3) SELECT * FROM r ORDER BY depth, id",
    ])
    .await;
}

#[tokio::test]
async fn table_functions() {
    all(&[
        "SELECT * FROM generate_series(1, 5)",
        "SELECT value FROM range(5, 1, -2)",
        "SELECT * FROM generate_series(NULL, 5)",
        "SELECT v + 1 FROM generate_series(3) AS s(v) WHERE v > 1 ORDER BY v DESC LIMIT 2",
        "SELECT count(*) FROM range(DATE '2020-01-01', DATE '2020-02-01', INTERVAL '1' DAY)",
        "SELECT * FROM generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-02', INTERVAL '8' HOUR)",
        "SELECT a.value, b.value FROM generate_series(1, 2) a, generate_series(1, 3) b WHERE a.value < b.value",
        "SELECT id, value FROM t LEFT JOIN range(2, 9) AS r ON id = value",
        "SELECT id FROM t WHERE id IN (SELECT value FROM generate_series(2, 4))",
    ])
    .await;
}

#[tokio::test]
async fn questions_of_a_star_schema() {
    all(&[
        "SELECT c_region, o_status, sum(o_total) AS total, grouping(c_region) + grouping(o_status) AS level, rank() OVER (PARTITION BY grouping(c_region) + grouping(o_status) ORDER BY sum(o_total) DESC) AS place FROM orders JOIN customer ON o_customer = c_id GROUP BY ROLLUP (c_region, o_status) ORDER BY level DESC, place, c_region, o_status",
        "SELECT o_id FROM orders a WHERE o_total > (SELECT avg(o_total) * 0.9 FROM orders b WHERE b.o_customer = a.o_customer) ORDER BY o_id",
        "WITH m AS (SELECT o_customer AS c, date_part('month', o_date) AS mon, sum(o_total) AS total FROM orders GROUP BY 1, 2) SELECT a.c, a.mon, a.total, b.total FROM m a JOIN m b ON a.c = b.c AND b.mon = a.mon + 1 ORDER BY a.c, a.mon",
        "SELECT c_region, c_name, sum(o_total) AS s, sum(o_total) * 100 / sum(sum(o_total)) OVER (PARTITION BY c_region) AS share FROM orders JOIN customer ON o_customer = c_id GROUP BY c_region, c_name ORDER BY c_region, share DESC, c_name",
        "WITH a AS (SELECT o_customer AS c, o_date AS d, sum(sum(o_total)) OVER (PARTITION BY o_customer ORDER BY o_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run FROM orders GROUP BY 1, 2), b AS (SELECT l_order AS c, sum(l_price) AS p FROM lines GROUP BY 1) SELECT coalesce(a.c, b.c) AS k, d, run, p FROM a FULL JOIN b ON a.c = b.c AND run >= p ORDER BY k, d",
        "SELECT o_customer, o_status FROM orders WHERE o_total > 10 INTERSECT SELECT o_customer, o_status FROM orders WHERE o_total < 200 EXCEPT SELECT c_id, 'P' FROM customer",
        "SELECT c_name FROM customer c WHERE EXISTS (SELECT 1 FROM orders WHERE o_customer = c.c_id) AND (NOT EXISTS (SELECT 1 FROM orders JOIN lines ON o_id = l_order WHERE o_customer = c.c_id AND l_discount > 0.05) OR c_region NOT IN (SELECT c_region FROM customer WHERE c_balance < 0)) ORDER BY c_name",
        "SELECT CASE WHEN (SELECT count(*) FROM lines WHERE l_quantity BETWEEN 1 AND 3) > 2 THEN (SELECT avg(l_price) FROM lines WHERE l_quantity BETWEEN 1 AND 3) ELSE (SELECT sum(l_price) FROM lines) END AS small",
        "SELECT kind, k, sum(v), count(*) FROM (SELECT 'order' AS kind, o_customer AS k, o_total AS v FROM orders UNION ALL SELECT 'line', l_order, -l_price FROM lines) AS both GROUP BY GROUPING SETS ((kind, k), (kind), ()) ORDER BY kind NULLS LAST, k NULLS LAST",
        "SELECT * FROM (SELECT o_status, o_date, o_total, lag(o_total) OVER w AS before, lead(o_total, 1, 0) OVER w AS after FROM orders WINDOW w AS (PARTITION BY o_status ORDER BY o_date)) WHERE o_total IS DISTINCT FROM before ORDER BY o_status, o_date",
        "SELECT * FROM (SELECT c_region, c_name, sum(o_total) AS s, row_number() OVER (PARTITION BY c_region ORDER BY sum(o_total) DESC, c_name) AS r FROM orders JOIN customer ON o_customer = c_id GROUP BY CUBE (c_region, c_name)) WHERE r <= 2 ORDER BY c_region NULLS FIRST, r",
        "SELECT o_customer FROM orders GROUP BY o_customer HAVING count(DISTINCT o_status) = (SELECT count(DISTINCT o_status) - 1 FROM orders)",
        "SELECT o_date, avg(sum(o_total)) OVER (ORDER BY o_date RANGE BETWEEN INTERVAL '20' DAY PRECEDING AND INTERVAL '20' DAY FOLLOWING) AS smooth, sum(o_total) FILTER (WHERE o_status = 'F') FROM orders GROUP BY o_date ORDER BY o_date",
    ])
    .await;
}

#[tokio::test]
async fn business_queries() {
    all(&[
        "SELECT o_status, sum(l_price * (1 - l_discount)) AS revenue, count(*) AS n FROM orders JOIN lines ON o_id = l_order WHERE o_date >= DATE '2024-01-01' AND o_date < DATE '2024-01-01' + INTERVAL '2' MONTH GROUP BY o_status ORDER BY revenue DESC, o_status",
        "SELECT c_name, sum(o_total) AS total FROM customer LEFT JOIN orders ON c_id = o_customer GROUP BY c_id, c_name HAVING sum(o_total) > (SELECT avg(o_total) FROM orders) ORDER BY total",
        "SELECT c_region, count(DISTINCT o_id) FROM customer, orders WHERE c_id = o_customer AND o_id IN (SELECT l_order FROM lines GROUP BY l_order HAVING sum(l_quantity) > 3) GROUP BY c_region",
        "SELECT c_name FROM customer c WHERE NOT EXISTS (SELECT * FROM orders o WHERE o.o_customer = c.c_id AND EXISTS (SELECT * FROM lines l WHERE l.l_order = o.o_id AND l.l_discount IS NULL))",
        "SELECT a.c_name, b.c_name FROM customer a JOIN customer b ON a.c_region = b.c_region AND a.c_id < b.c_id",
        "WITH best AS (SELECT o_customer, max(o_total) AS m FROM orders GROUP BY o_customer) SELECT c_name, o_id FROM customer JOIN best ON c_id = best.o_customer JOIN orders o ON o.o_customer = c_id AND o_total = m ORDER BY 1, 2 LIMIT 10",
        "SELECT substr(c_name, 1, 1) AS initial, sum(c_balance) FROM customer WHERE c_balance > (SELECT avg(c_balance) FROM customer WHERE c_balance > 0) OR c_region IS NULL GROUP BY 1",
        "SELECT l_order, sum(CASE WHEN l_discount > 0 THEN l_price ELSE 0 END) / sum(l_price) FROM lines GROUP BY l_order ORDER BY l_order",
        "SELECT o_id, l.q FROM orders, (SELECT l_order AS k, 0.5 * avg(l_quantity) AS q FROM lines GROUP BY l_order) l WHERE k = o_id",
    ])
    .await;
}

#[tokio::test]
async fn lambdas() {
    let context = context().await;
    let dialect = "SET datafusion.sql_parser.dialect = 'DuckDB'";
    context.sql(dialect).await.unwrap().collect().await.unwrap();
    for sql in [
        "SELECT array_transform(l, x -> x * 2 + id), array_filter(l, x -> x > 1) FROM nested",
        "SELECT array_any_match(l, x -> x = id) FROM nested",
        "SELECT array_transform(ll, x -> array_transform(x, y -> y + array_length(x))) FROM nested",
    ] {
        let faults = check(&context, sql).await;
        assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    }
}

#[tokio::test]
async fn metadata_of_literals_and_casts() {
    let context = context().await;
    let metadata =
        |value: &str| FieldMetadata::from(BTreeMap::from([("unit".to_owned(), value.to_owned())]));
    let cast_to = |data_type: DataType| {
        let field = Field::new("", data_type, true);
        std::sync::Arc::new(field.with_metadata(metadata("cm").to_hashmap()))
    };
    let plan = |unit: &str| {
        let length = Expr::Literal(ScalarValue::Int64(Some(3)), Some(metadata(unit)));
        let cast = Expr::Cast(Cast::new_from_field(Box::new(lit("4")), cast_to(DataType::Int32)));
        let tried = TryCast::new_from_field(Box::new(lit("x")), cast_to(DataType::Int64));
        let columns = [length.alias("a"), cast.alias("b"), Expr::TryCast(tried).alias("c")];
        LogicalPlanBuilder::empty(true).project(columns).unwrap().build().unwrap()
    };
    let encoded = round_trip(&context, &plan("m")).await.unwrap_or_else(|fault| panic!("{fault}"));
    let decoded = decode(&encoded.bytes, &context.state()).unwrap();
    for (field, unit) in decoded.logical.schema().fields().iter().zip(["m", "cm", "cm"]) {
        assert_eq!(field.metadata().get("unit").map(String::as_str), Some(unit), "{field:?}");
    }
    assert_ne!(encoded.bytes, encode(&Plan::new(plan("km"))).unwrap().bytes);
}
