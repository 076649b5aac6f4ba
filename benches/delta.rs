//! Delta at the size that matters: a table of 2 million rows in 200 files.
//!
//! Three questions, each through the `planc` binary or the functions that it calls:
//! - **reads**: aggregates and filters by replay, against DataFusion planning and running the
//!   same SQL on the same provider; the shortest of several runs of each, in turn;
//! - **index**: how many files a filter on a column that is not the partition reads, by the log's
//!   statistics alone and with `planc index`;
//! - **writes**: the peak memory of `planc run --write` for these rows, and for ten times as many.
//!
//! `cargo bench --bench delta -- [reads] [index] [writes]`; all of them without an argument. The
//! table is made once and kept below the target folder (90 MB). Variables: `PLANC_BENCH_RUNS`
//! (7), `PLANC_BENCH_MEMORY`, a `--memory-limit` for the writes (none).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::{execute_stream, stream::RecordBatchStreamAdapter};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use planc_backend::sink::delta::{Mode, WriteOptions, write};
use planc_backend::{Binding, Bindings, Limits, Session, Source, SourceSpec, replay};
use planc_ir::{Plan, Settings, planning_state, substrait};
use tokio::runtime::Runtime;

/// Files of the table, ten to a day.
const FILES: usize = 200;

/// Rows of a file.
const ROWS: usize = 10_000;

const DAYS: usize = 20;

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = Runtime::new().unwrap();
    let table = data(&runtime);
    if wants("reads") {
        reads(&runtime, &table);
    }
    if wants("index") {
        index(&table);
    }
    if wants("writes") {
        writes(&table);
    }
}

/// One file: numbers that run through the table, hashes that are anywhere, a long text.
fn batch(file: usize) -> RecordBatch {
    let rows = || (0..ROWS).map(move |row| file * ROWS + row);
    let scrambled = |n: usize| (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let columns: [(&str, ArrayRef); 6] = [
        ("day", Arc::new(StringArray::from_iter_values(rows().map(|_| day(file))))),
        ("id", Arc::new(Int64Array::from_iter_values(rows().map(|n| n as i64)))),
        (
            "user",
            Arc::new(Int64Array::from_iter_values(rows().map(|n| (scrambled(n) % 100_000) as i64))),
        ),
        (
            "amount",
            Arc::new(Float64Array::from_iter_values(rows().map(|n| (n % 1000) as f64 / 4.0))),
        ),
        (
            "state",
            Arc::new(StringArray::from_iter_values(
                rows().map(|n| ["open", "paid", "sent", "done"][n % 4]),
            )),
        ),
        (
            "note",
            Arc::new(StringArray::from_iter_values(
                rows().map(|n| format!("order {:x}", scrambled(n))),
            )),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn day(file: usize) -> String {
    format!("2026-01-{:02}", 1 + file * DAYS / FILES)
}

fn data(runtime: &Runtime) -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("delta-2m");
    if kept.join("done").exists() {
        return kept.join("events");
    }
    let _ = std::fs::remove_dir_all(&kept);
    let table = kept.join("events");
    let session = Session::new(&Settings::default(), &Limits::default()).unwrap();
    for file in 0..FILES {
        let batch = batch(file);
        let schema: SchemaRef = batch.schema();
        let stream = futures::stream::iter([Ok(batch)]);
        let stream = Box::pin(RecordBatchStreamAdapter::new(schema, stream));
        let options = WriteOptions {
            mode: Mode::Append,
            partition_by: vec!["day".to_owned()],
            ..WriteOptions::default()
        };
        runtime.block_on(write(&session, stream, table.to_str().unwrap(), options)).unwrap();
    }
    std::fs::write(kept.join("done"), "").unwrap();
    table
}

const QUERIES: [(&str, &str); 5] = [
    (
        "aggregate",
        "select count(*), sum(amount), min(id), max(id), count(distinct state) from events",
    ),
    ("group by", "select state, day, count(*), sum(amount) from events group by state, day"),
    ("partition", "select count(*), sum(amount) from events where day = '2026-01-07'"),
    ("id range", "select sum(amount) from events where id between 700000 and 800000"),
    ("user", "select id, amount from events where user = 4711 order by id"),
];

fn reads(runtime: &Runtime, table: &Path) {
    let runs: usize = variable("PLANC_BENCH_RUNS").unwrap_or(7);
    let session = Session::new(&Settings::default(), &Limits::default()).unwrap();
    let spec = SourceSpec::delta(table.to_str().unwrap());
    let source = runtime.block_on(session.open("events", &spec)).unwrap();
    let context = SessionContext::new_with_state(session.state().clone());
    context.register_table("events", Arc::clone(&source.provider)).unwrap();
    println!("{:12} {:>10} {:>10} {:>6}  (ms, the shortest of {runs})", "", "direct", "replay", "");
    for (name, sql) in QUERIES {
        let artifact = artifact(runtime, sql, &source);
        let (mut direct, mut replayed) = (Duration::MAX, Duration::MAX);
        for _ in 0..runs {
            direct = direct.min(runtime.block_on(run_directly(&context, sql)));
            replayed = replayed.min(runtime.block_on(run_replay(&session, &artifact, &source)));
        }
        let ratio = replayed.as_secs_f64() / direct.as_secs_f64();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("{name:12} {:10.1} {:10.1} {ratio:6.2}", ms(direct), ms(replayed));
    }
}

/// The query as a compiled rule keeps it.
fn artifact(runtime: &Runtime, sql: &str, source: &Source) -> Vec<u8> {
    let context = SessionContext::new_with_state(planning_state(&Settings::default()));
    let empty = MemTable::try_new(Arc::clone(&source.schema), vec![vec![]]).unwrap();
    context.register_table("events", Arc::new(empty)).unwrap();
    let plan = runtime.block_on(context.state().create_logical_plan(sql)).unwrap();
    substrait::encode(&Plan::new(plan)).unwrap().bytes
}

async fn run_directly(context: &SessionContext, sql: &str) -> Duration {
    let clock = Instant::now();
    let frame = context.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let mut batches = execute_stream(plan, context.task_ctx()).unwrap();
    while let Some(batch) = batches.next().await {
        batch.unwrap();
    }
    clock.elapsed()
}

async fn run_replay(session: &Session, artifact: &[u8], source: &Source) -> Duration {
    let clock = Instant::now();
    let plan = substrait::decode(artifact, session.state()).unwrap();
    let bindings: Bindings = [("events".to_owned(), Binding::Source(source.clone()))].into();
    let replay = replay(session, &plan, &bindings).await.unwrap();
    let mut batches = replay.stream().unwrap();
    while let Some(batch) = batches.next().await {
        batch.unwrap();
    }
    clock.elapsed()
}

/// A project over the table, with these rules.
fn project(table: &Path, rules: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = format!("[sources.events]\ndelta = '{}'\n", table.display());
    std::fs::write(folder.path().join("planc.toml"), config).unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    for (name, sql) in rules {
        std::fs::write(folder.path().join(format!("rules/{name}.sql")), sql).unwrap();
    }
    planc(folder.path(), &["lock"]);
    folder
}

/// What the binary says on standard error.
fn planc(project: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planc"));
    let output = command.current_dir(project).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

fn index(table: &Path) {
    let rules = [
        ("user", "select id, amount from events where user = 4711 order by id"),
        ("note", "select id from events where note = 'order 4d2' order by id"),
        ("users", "select count(*) as n from events where user in (1, 22, 333)"),
    ];
    let folder = project(table, &rules);
    let scan = |rule: &str| {
        let said = planc(folder.path(), &["run", rule, "--explain-pruning"]);
        said.lines().find(|line| line.starts_with("events: ")).unwrap().to_owned()
    };
    let before: Vec<_> = rules.iter().map(|(rule, _)| scan(rule)).collect();
    let clock = Instant::now();
    planc(folder.path(), &["index", "events", "--columns", "user,note"]);
    println!("index of 200 files by two columns: {:.1} s", clock.elapsed().as_secs_f64());
    for ((rule, _), before) in rules.iter().zip(before) {
        println!("{rule:6} without  {before}\n{rule:6} with     {}", scan(rule));
    }
}

fn writes(table: &Path) {
    let once = "-- planc: output = { delta = 'once' }\nselect * from events";
    let tenfold = "-- planc: output = { delta = 'tenfold' }\n\
                   select events.* from events cross join \
                   (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) as v(n)";
    let folder = project(table, &[("once", once), ("tenfold", tenfold)]);
    for rule in ["once", "tenfold"] {
        let clock = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_planc"));
        command.current_dir(folder.path()).args(["run", rule, "--write"]);
        if let Some(limit) = variable::<String>("PLANC_BENCH_MEMORY") {
            command.args(["--memory-limit", &limit]);
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(resident(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "{rule}");
        let seconds = clock.elapsed().as_secs_f64();
        println!(
            "overwrite {rule:8} {seconds:6.1} s, peak {:6.1} MB resident",
            peak as f64 / 1024.0
        );
    }
}

/// The most that a process had in memory, in kilobytes, as Linux keeps it; 0 elsewhere.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
