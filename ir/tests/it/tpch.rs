//! The queries of TPC-H, on tables without rows: the plans are what is tested here.

use std::path::Path;
use std::time::{Duration, Instant};

use datafusion::prelude::SessionContext;
use planc_ir::substrait::{decode, encode};
use planc_ir::{Plan, Settings, planning_state};

use crate::harness::check;

const TABLES: &[&str] = &[
    "region (r_regionkey BIGINT NOT NULL, r_name VARCHAR, r_comment VARCHAR)",
    "nation (n_nationkey BIGINT NOT NULL, n_name VARCHAR, n_regionkey BIGINT, n_comment VARCHAR)",
    "supplier (s_suppkey BIGINT NOT NULL, s_name VARCHAR, s_address VARCHAR, s_nationkey BIGINT,
        s_phone VARCHAR, s_acctbal DECIMAL(15, 2), s_comment VARCHAR)",
    "customer (c_custkey BIGINT NOT NULL, c_name VARCHAR, c_address VARCHAR, c_nationkey BIGINT,
        c_phone VARCHAR, c_acctbal DECIMAL(15, 2), c_mktsegment VARCHAR, c_comment VARCHAR)",
    "part (p_partkey BIGINT NOT NULL, p_name VARCHAR, p_mfgr VARCHAR, p_brand VARCHAR,
        p_type VARCHAR, p_size INT, p_container VARCHAR, p_retailprice DECIMAL(15, 2),
        p_comment VARCHAR)",
    "partsupp (ps_partkey BIGINT NOT NULL, ps_suppkey BIGINT NOT NULL, ps_availqty INT,
        ps_supplycost DECIMAL(15, 2), ps_comment VARCHAR)",
    "orders (o_orderkey BIGINT NOT NULL, o_custkey BIGINT, o_orderstatus VARCHAR,
        o_totalprice DECIMAL(15, 2), o_orderdate DATE, o_orderpriority VARCHAR, o_clerk VARCHAR,
        o_shippriority INT, o_comment VARCHAR)",
    "lineitem (l_orderkey BIGINT NOT NULL, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT,
        l_quantity DECIMAL(15, 2), l_extendedprice DECIMAL(15, 2), l_discount DECIMAL(15, 2),
        l_tax DECIMAL(15, 2), l_returnflag VARCHAR, l_linestatus VARCHAR, l_shipdate DATE,
        l_commitdate DATE, l_receiptdate DATE, l_shipinstruct VARCHAR, l_shipmode VARCHAR,
        l_comment VARCHAR)",
];

#[tokio::test]
async fn all_queries_come_back() {
    let context = SessionContext::new_with_state(planning_state(&Settings::default()));
    for table in TABLES {
        let sql = format!("CREATE TABLE {table}");
        context.sql(&sql).await.unwrap().collect().await.unwrap();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tpch");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 22);
    let mut faults = Vec::new();
    let state = context.state();
    let (mut planning, mut encoding, mut decoding) = <(Duration, Duration, Duration)>::default();
    let mut size = 0;
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        faults.extend(check(&context, &sql).await);
        let start = Instant::now();
        let plan = state.create_logical_plan(&sql).await.unwrap();
        let plan = Plan::new(state.optimize(&plan).unwrap());
        planning += start.elapsed();
        let start = Instant::now();
        let bytes = encode(&plan).unwrap().bytes;
        encoding += start.elapsed();
        size += bytes.len();
        let start = Instant::now();
        decode(&bytes, &state).unwrap();
        decoding += start.elapsed();
    }
    println!("planned in {planning:?}, encoded in {encoding:?}, decoded in {decoding:?}: {size} B");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
}
