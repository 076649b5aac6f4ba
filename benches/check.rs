//! What a check costs: one file as a whole process, and 1,000 rules beside what DataFusion
//! alone takes for the same text.
//!
//! The rules are the 22 TPC-H queries, each many times with another comment, so that no two
//! texts are equal. The schemas come from the lock; there are no tables.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;
use futures::executor::block_on;
use planc::demo::data::schemas;
use planc::driver::{Compiler, Selected, load_catalog};
use planc::project::Project;
use rayon::prelude::*;

mod tpch;

const RULES: usize = 1_000;

fn check(root: &Path, planned: usize) {
    let project = Project::load(root, None).unwrap();
    let rules = project.rules().unwrap();
    let (catalog, _) = load_catalog(&project).unwrap();
    let compiler = Compiler::new(&project, rules, catalog, project.config.cache.mode);
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    assert_eq!(compiled.outcomes.len(), RULES);
    assert_eq!(compiler.planned(), planned);
}

fn process(root: &Path, cache: &str) {
    let program = env!("CARGO_BIN_EXE_planc");
    let args = ["--cache", cache, "check", "rules/r0000.sql"];
    let output = Command::new(program).current_dir(root).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn one_file(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    tpch::write_project(folder.path(), tpch::many(1).iter());
    let mut group = criterion.benchmark_group("check one file, whole process");
    group.bench_function("cold", |bencher| bencher.iter(|| process(folder.path(), "off")));
    process(folder.path(), "read-write");
    group.bench_function("warm", |bencher| bencher.iter(|| process(folder.path(), "read-write")));
    group.finish();
}

fn many_rules(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let rules = tpch::many(RULES);
    tpch::write_project(root, &rules);
    let mut group = criterion.benchmark_group("1,000 rules");
    group.sample_size(10);
    let context = SessionContext::new();
    for (name, schema) in schemas() {
        context.register_table(name, Arc::new(EmptyTable::new(schema))).unwrap();
    }
    let state = context.state();
    group.bench_function("DataFusion, SQL to optimised plan", |bencher| {
        bencher.iter(|| {
            rules.par_iter().for_each(|(_, sql)| {
                let plan = block_on(state.create_logical_plan(sql)).unwrap();
                state.optimize(&plan).unwrap();
            });
        });
    });
    group.bench_function("cold", |bencher| {
        let forget = || drop(fs::remove_dir_all(root.join(".planc")));
        bencher.iter_batched(forget, |()| check(root, RULES), BatchSize::PerIteration);
    });
    group.bench_function("warm", |bencher| bencher.iter(|| check(root, 0)));
    group.finish();
}

criterion_group!(benches, one_file, many_rules);
criterion_main!(benches);
