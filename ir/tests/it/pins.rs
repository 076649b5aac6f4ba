//! The bytes of format 1 stay what they are.

use std::fmt::Write;
use std::path::Path;

use planc_ir::substrait::encode;
use planc_ir::{Digest, Plan};

use crate::harness::{context, plans};

const QUERIES: &[&str] = &[
    "SELECT id, n + 1 AS m FROM t WHERE s LIKE 'a%' ORDER BY id LIMIT 5",
    "SELECT t.id FROM t LEFT JOIN u ON t.id = u.id WHERE t.n IN (1, 2, NULL)",
    "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)",
    "SELECT n, s, count(*), grouping(n) FROM t GROUP BY CUBE(n, s)",
    "SELECT id, sum(n) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT l, r['a'], m, [1, NULL], arrow_cast(1, 'UInt64') FROM nested",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
];

/// A digest that moves needs a new format number, unless no artifact of this format was ever
/// released. `PLANC_BLESS=1` writes the file.
#[tokio::test]
async fn digests_do_not_move() {
    let context = context().await;
    let mut found = String::new();
    for sql in QUERIES {
        let (analyzed, _) = plans(&context, sql).await;
        let bytes = encode(&Plan::new(analyzed)).unwrap().bytes;
        writeln!(found, "{} {sql}", Digest::of(&bytes)).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/pins.txt");
    if std::env::var_os("PLANC_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), found);
}
