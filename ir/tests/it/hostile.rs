//! Bytes that nobody encoded: decoding ends in a plan or a diagnostic, never in a panic.

use planc_ir::key::plan_key;
use planc_ir::substrait::{decode, describe, encode};
use planc_ir::{Code, Plan};

use crate::harness::{context, plans};

const QUERIES: &[&str] = &[
    "SELECT o_status, sum(l_price * (1 - l_discount)) AS revenue FROM orders JOIN lines ON o_id = l_order WHERE o_date >= DATE '2024-01-01' GROUP BY o_status ORDER BY revenue DESC LIMIT 5",
    "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u) OR s LIKE 'o%'",
    "SELECT n, s, count(*), grouping(n) FROM t GROUP BY ROLLUP(n, s)",
    "SELECT id, sum(n) FILTER (WHERE id > 1) OVER (PARTITION BY s ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT id, unnest(l), unnest(ll), unnest(r) FROM nested",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT [1, NULL], named_struct('a', 1), MAP {'k': 1}, arrow_cast(1, 'UInt8'), INTERVAL '1 month', arrow_cast('2020-07-01T12:00:00Z', 'Timestamp(ms, \"Europe/Berlin\")')",
    "SELECT DISTINCT ON (n) n, CASE WHEN id > 1 THEN s ELSE 'x' END FROM t ORDER BY n, id",
    "SELECT substr(s, 1, 2), date_trunc('month', d), TRY_CAST(s AS INT), coalesce(n, 0) FROM t UNION ALL SELECT s, NULL, n, id FROM u",
];

/// A generator of its own, so that the cases are the same everywhere: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

#[tokio::test]
async fn mutated_artifacts_are_refused_or_read() {
    let context = context().await;
    let state = context.state();
    let mut artifacts = Vec::new();
    for sql in QUERIES {
        let (analyzed, optimized) = plans(&context, sql).await;
        for plan in [analyzed, optimized] {
            artifacts.push(encode(&Plan::new(plan)).unwrap().bytes);
        }
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for case in 0..20_000 {
        let mut bytes = artifacts[random.below(artifacts.len())].clone();
        match case % 4 {
            0 => bytes.truncate(random.below(bytes.len())),
            1 => {
                for _ in 0..=random.below(6) {
                    let at = random.below(bytes.len());
                    bytes[at] ^= 1 << random.below(8);
                }
            }
            2 => {
                for _ in 0..=random.below(3) {
                    let at = random.below(bytes.len());
                    bytes[at] = random.next() as u8;
                }
            }
            _ => {
                let other = &artifacts[random.below(artifacts.len())];
                let (from, at) = (random.below(other.len()), random.below(bytes.len()));
                let length = random.below(64).min(other.len() - from).min(bytes.len() - at);
                bytes[at..at + length].copy_from_slice(&other[from..from + length]);
            }
        }
        let _ = describe(&bytes);
        match decode(&bytes, &state) {
            Ok(plan) => {
                read += 1;
                // What was read can be written, or is refused.
                let _ = encode(&plan);
            }
            Err(why) => {
                refused += 1;
                assert!(["P0501", "P0502"].contains(&why.code.id), "{why:?}");
            }
        }
    }
    assert!(read > 100 && refused > 10_000, "{read} read, {refused} refused");
}

#[tokio::test]
async fn random_bytes_are_refused() {
    let state = context().await.state();
    let mut random = Random(42);
    for _ in 0..20_000 {
        let length = random.below(80);
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        assert!(decode(&bytes, &state).is_err());
    }
}

#[tokio::test]
async fn deep_and_large_bytes_are_refused() {
    let state = context().await.state();
    // Filters within filters: each message wraps the one before.
    let mut bytes: Vec<u8> = Vec::new();
    for _ in 0..20_000 {
        bytes = wrapped(2, &bytes);
    }
    let plan = wrapped(3, &wrapped(2, &wrapped(1, &bytes)));
    let why = decode(&plan, &state).unwrap_err();
    assert_eq!(why.code.id, "P0501");
    assert!(why.message.contains("nested"), "{why:?}");
    let why = decode(&vec![0; 100 << 20], &state).unwrap_err();
    assert_eq!(why.code, Code::find("P0501").unwrap());
}

/// A length-delimited field.
fn wrapped(field: u8, content: &[u8]) -> Vec<u8> {
    let mut message = vec![field << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(content);
    message
}

#[test]
fn plans_deeper_than_prost_reads_come_back() {
    // DataFusion's own walks over such plans want more stack than a test has.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(deep_plans_come_back());
    });
    thread.unwrap().join().unwrap();
}

async fn deep_plans_come_back() {
    let context = context().await;
    let sum = (1..=90).map(|n| format!(" + n * {n}")).collect::<String>();
    let mut query = "WITH q0 AS (SELECT id, n FROM t)".to_owned();
    for level in 1..70 {
        let below = level - 1;
        query += &format!(
            ", q{level} AS (SELECT id, n + {level} AS n FROM q{below} WHERE n > {level} LIMIT 10)"
        );
    }
    query += " SELECT * FROM q69";
    let wide = (0..500).map(|n| format!("id <> {n}")).collect::<Vec<_>>().join(" AND ");
    for sql in [format!("SELECT id{sum} FROM t"), query, format!("SELECT id FROM t WHERE {wide}")] {
        let state = context.state();
        let plan = state.create_logical_plan(&sql).await.unwrap();
        let encoded = encode(&Plan::new(plan.clone())).unwrap();
        let decoded = decode(&encoded.bytes, &state).unwrap();
        assert_eq!(plan_key(&plan).unwrap(), plan_key(&decoded.logical).unwrap());
        assert!(describe(&encoded.bytes).unwrap().contains("read t"));
    }
}

#[tokio::test]
async fn faults_say_where() {
    let context = context().await;
    let (_, plan) = plans(&context, "SELECT id + 1 AS x FROM t WHERE n > 2").await;
    let bytes = encode(&Plan::new(plan)).unwrap().bytes;
    // The anchors of functions are made to point to none.
    let at = bytes.windows(3).rposition(|w| w == [0x1a, 0x02, 0x08]).unwrap_or(0);
    let mut broken = bytes.clone();
    broken[at] = 0xff;
    assert!(decode(&broken, &context.state()).is_err());
    let text = describe(&bytes).unwrap();
    assert!(text.contains("read t (id i64, n i64?)"), "{text}");
    assert!(text.contains("filter gt($1, 2)"), "{text}");
}
