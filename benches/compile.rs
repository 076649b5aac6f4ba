//! What a compile costs: the 22 TPC-H queries as rules, without a cache and with a full one.
//!
//! Both include all that `planc compile` does in its process: the project file, the lock, the
//! rules' texts and the store are read from disk every time. The sources' schemas come from
//! the lock; there are no tables.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use planc::driver::{Compiler, Selected, Status, load_catalog};
use planc::project::Project;

mod tpch;

/// Compiles the project and checks that every rule ended as it should.
fn compile(root: &Path, expected: Status) {
    let project = Project::load(root, None).unwrap();
    let rules = project.rules().unwrap();
    let (catalog, _) = load_catalog(&project).unwrap();
    let mode = project.config.cache.mode;
    let compiler = Compiler::new(&project, rules, catalog, mode);
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    assert_eq!(compiled.outcomes.len(), 22);
    for (rule, outcome) in compiler.rules.iter().zip(&compiled.outcomes) {
        assert_eq!(outcome.as_ref().unwrap().status, expected, "{}", rule.name);
    }
    assert_eq!(compiler.planned(), if expected == Status::Cached { 0 } else { 22 });
}

fn compile_tpch(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tpch::write_project(root, &tpch::queries());
    let mut group = criterion.benchmark_group("compile 22 rules");
    group.sample_size(20);
    group.bench_function("cold", |bencher| {
        let forget = || drop(fs::remove_dir_all(root.join(".planc")));
        bencher.iter_batched(forget, |()| compile(root, Status::Compiled), BatchSize::PerIteration);
    });
    group.bench_function("warm", |bencher| bencher.iter(|| compile(root, Status::Cached)));
    group.finish();
}

criterion_group!(benches, compile_tpch);
criterion_main!(benches);
