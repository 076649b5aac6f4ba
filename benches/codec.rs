//! What an artifact costs beside the planning that it saves: the 22 TPC-H queries, planned and
//! optimised by DataFusion, encoded and hashed, and decoded.
//!
//! The encoded plans are the optimised ones, so that all three speak of the same plans.
//! `encode` proves itself by decoding what it wrote, and that is part of its time.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group};
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use planc::demo::data::schemas;
use planc_ir::substrait::{STACK, decode, encode};
use planc_ir::{Digest, Plan, Settings, planning_state};

fn codec(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let context = SessionContext::new_with_state(planning_state(&Settings::default()));
    for (name, schema) in schemas() {
        let table = EmptyTable::new(schema);
        context.register_table(name, Arc::new(table)).unwrap();
    }
    let state = context.state();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch");
    let queries: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|query| fs::read_to_string(query.unwrap().path()).unwrap())
        .collect();
    let planned = |sql: &str| {
        let plan = runtime.block_on(state.create_logical_plan(sql)).unwrap();
        Plan::new(state.optimize(&plan).unwrap())
    };
    let plans: Vec<Plan> = queries.iter().map(|sql| planned(sql)).collect();
    let artifacts: Vec<Vec<u8>> = plans.iter().map(|plan| encode(plan).unwrap().bytes).collect();
    let bytes: usize = artifacts.iter().map(Vec::len).sum();
    println!("{} artifacts, {bytes} bytes, {} each", artifacts.len(), bytes / artifacts.len());

    let mut group = criterion.benchmark_group("22 TPC-H queries");
    group.sample_size(20);
    group.bench_function("plan and optimise", |bencher| {
        bencher.iter(|| queries.iter().map(|sql| planned(sql)).collect::<Vec<_>>());
    });
    group.bench_function("encode and hash", |bencher| {
        bencher.iter(|| {
            let digests = plans.iter().map(|plan| Digest::of(&encode(plan).unwrap().bytes));
            digests.collect::<Vec<_>>()
        });
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            artifacts.iter().map(|bytes| decode(bytes, &state).unwrap()).collect::<Vec<_>>()
        });
    });
    group.finish();
}

criterion_group!(benches, codec);

/// On a thread with room, as planc's own threads are.
fn main() {
    let threads = std::thread::Builder::new().stack_size(2 * STACK);
    threads.spawn(benches).unwrap().join().unwrap();
    Criterion::default().configure_from_args().final_summary();
}
