//! What the canonical form costs: the 22 TPC-H queries through the passes, beside DataFusion's
//! own optimizer on the same plans, and the artifact's way out and back.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use datafusion::execution::context::SessionState;
use planc::demo::data::schemas;
use planc_frontend::sql::{self, SqlRule};
use planc_ir::{Catalog, Digest, Plan, Settings, Table, planning_state, substrait};

fn plans() -> Vec<Plan> {
    let mut catalog = Catalog::default();
    for (name, schema) in schemas() {
        catalog.insert(name, Table::new(&schema));
    }
    let state = planning_state(&Settings::default());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let plan = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let rule = SqlRule { text: &text, dialect: "datafusion", params: &BTreeMap::new() };
        sql::plan(&sql::parse(&rule).unwrap(), &catalog, &state).plan.unwrap()
    };
    paths.iter().map(plan).collect()
}

fn tpch(criterion: &mut Criterion) {
    let state = planning_state(&Settings::default());
    let plans = plans();
    let canonical = |plan: Plan| planc_passes::canonicalize(plan, &state, &mut |_| {}).unwrap();
    let done: Vec<Plan> = plans.iter().cloned().map(canonical).collect();
    let bytes: Vec<Vec<u8>> =
        done.iter().map(|plan| substrait::encode(plan).unwrap().bytes).collect();
    println!("{} bytes in {} artifacts", bytes.iter().map(Vec::len).sum::<usize>(), bytes.len());
    where_time_goes(&plans, &state);
    let mut group = criterion.benchmark_group("22 TPC-H queries");
    group.sample_size(10);
    group.bench_function("DataFusion's optimizer", |bencher| {
        let optimize = |plans: Vec<Plan>| {
            for plan in plans {
                black_box(state.optimize(&plan.logical).unwrap());
            }
        };
        bencher.iter_batched(|| plans.clone(), optimize, BatchSize::LargeInput);
    });
    group.bench_function("canonicalize", |bencher| {
        let run = |plans: Vec<Plan>| plans.into_iter().map(canonical).for_each(forget);
        bencher.iter_batched(|| plans.clone(), run, BatchSize::LargeInput);
    });
    group.bench_function("encode and hash", |bencher| {
        let encode = |plan: &Plan| Digest::of(&substrait::encode(plan).unwrap().bytes);
        bencher.iter(|| done.iter().map(encode).for_each(forget));
    });
    group.bench_function("decode", |bencher| {
        let decode = |bytes: &Vec<u8>| substrait::decode(bytes, &state).unwrap();
        bencher.iter(|| bytes.iter().map(decode).for_each(forget));
    });
    group.finish();
}

fn forget<T>(value: T) {
    black_box(value);
}

/// Prints what each pass takes over all queries, and how many rounds they need.
fn where_time_goes(plans: &[Plan], state: &SessionState) {
    let mut spent: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut rounds = 0;
    for plan in plans.iter().cloned() {
        let (mut last, mut round) = (Instant::now(), 0);
        let trace = &mut |step: &planc_passes::Step| {
            *spent.entry(step.name).or_default() += last.elapsed();
            (last, round) = (Instant::now(), step.round);
        };
        planc_passes::canonicalize(plan, state, trace).unwrap();
        rounds += round;
    }
    let mut spent: Vec<_> = spent.into_iter().collect();
    spent.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    println!("{rounds} rounds for {} queries", plans.len());
    for (pass, time) in spent.iter().filter(|(_, time)| time.as_micros() >= 100) {
        println!("{pass:24} {:9.2} ms", time.as_secs_f64() * 1e3);
    }
}

criterion_group!(benches, tpch);
criterion_main!(benches);
