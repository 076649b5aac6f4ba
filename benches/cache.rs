//! What the cache is worth: 1,000 rules from a warm local tier, from a remote tier on loopback,
//! and compiled from nothing, each as a whole `planc compile`; and the bytes that a rule takes.
//!
//! The rules are those of `benches/check.rs`: the 22 TPC-H queries, each many times with another
//! comment. The remote tiers are moto's S3 server, where `.ci/servers` installed it, and a shared
//! folder. moto is written in Python: a real store answers later and more at once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use planc::project::FILE;

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/servers/mod.rs"]
mod servers;
mod tpch;

const RULES: usize = 1_000;

fn write_project(root: &Path, remote: &str) {
    tpch::write_project(root, &tpch::many(RULES));
    let config = root.join(FILE);
    let tiers =
        format!("[cache]\nremote = \"{remote}\"\ntimeout_ms = 20000\npatience_ms = 600000\n");
    fs::write(&config, fs::read_to_string(&config).unwrap() + &tiers).unwrap();
}

/// One compile, which must find all rules but so many in the cache.
fn compile(root: &Path, environment: &[(&'static str, String)], args: &[&str], planned: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planc"));
    command.current_dir(root).args(["compile", "--json"]).args(args);
    for (name, value) in environment {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let wanted = format!("\"planned\":{planned},");
    assert!(text.lines().last().unwrap().contains(&wanted), "{}", text.lines().last().unwrap());
}

fn forget(root: &Path) {
    drop(fs::remove_dir_all(root.join(".planc")));
}

fn bytes(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files.filter(|file| file.file_type().is_file()).map(|file| file.metadata().unwrap().len()).sum()
}

fn thousand_rules(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let shared = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_project(root, &format!("file://{}", shared.path().display()));
    let mut group = criterion.benchmark_group("1,000 rules, whole process");
    group.sample_size(10);
    group.bench_function("compiled from nothing", |bencher| {
        let work = |()| compile(root, &[], &["--cache", "off"], RULES);
        bencher.iter_batched(|| forget(root), work, BatchSize::PerIteration);
    });
    compile(root, &[], &[], RULES);
    let cache = root.join(".planc/cache");
    let artifacts = bytes(&cache.join("cas"));
    let records = bytes(&cache.join("ac")) + bytes(&cache.join("rc"));
    let count = RULES as u64;
    eprintln!(
        "bytes of {RULES} rules: {} a rule in records; {artifacts} in the artifacts of 22 plans",
        records / count
    );
    group.bench_function("from a warm local tier", |bencher| {
        bencher.iter(|| compile(root, &[], &[], 0));
    });
    group.bench_function("from a shared folder", |bencher| {
        let work = |()| compile(root, &[], &[], 0);
        bencher.iter_batched(|| forget(root), work, BatchSize::PerIteration);
    });
    if let Some(server) = servers::s3() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write_project(root, &server.url("bench"));
        let environment = server.environment();
        compile(root, &environment, &[], RULES);
        group.bench_function("from S3 (moto) on loopback", |bencher| {
            let work = |()| compile(root, &environment, &[], 0);
            bencher.iter_batched(|| forget(root), work, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, thousand_rules);
criterion_main!(benches);
