//! What a replay costs: the 22 TPC-H queries from their artifacts, against DataFusion planning
//! and running the same SQL on the same providers with its own settings.
//!
//! Both sides begin with opened tables. The replay decodes the artifact, binds it, chooses the
//! join order and runs; DataFusion parses, plans and runs. Beside them runs the replay with the
//! joins as they are planned. Runs alternate, and the shortest of each side counts. The tables
//! are made once and kept below the target folder.
//!
//! `cargo bench --bench replay -- [q05 …]`. Variables: `PLANC_BENCH_SCALE` (1),
//! `PLANC_BENCH_RUNS` (5), and `PLANC_BENCH_SHUFFLE`, a seed with which the inputs of all inner
//! joins are put in random order before the replay, as if the canonical form had done so.
//! `PLANC_BENCH_PLANS` shows the physical plans with their metrics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::common::JoinType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator};
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use fastrand::Rng;
use futures::StreamExt;
use planc::demo::data::schemas;
use planc::driver::{Compiler, Selected, load_catalog};
use planc::project::Project;
use planc::project::config::CacheMode;
use planc_backend::{Binding, Bindings, JoinOrder, Limits, Session, SourceSpec, replay_with};
use planc_ir::{Plan, Settings, planning_state, substrait};
use tokio::runtime::Runtime;

mod tpch;

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn main() {
    let scale = variable("PLANC_BENCH_SCALE").unwrap_or(1.0);
    let runs = variable("PLANC_BENCH_RUNS").unwrap_or(5);
    let show = std::env::var_os("PLANC_BENCH_PLANS").is_some();
    let shuffle: Option<u64> = variable("PLANC_BENCH_SHUFFLE");
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| arg.starts_with('q')).collect();
    let runtime = Runtime::new().unwrap();
    let data = data(&runtime, scale);
    let artifacts = artifacts();
    let session = Session::new(&Settings::default(), &Limits::default()).unwrap();
    let (bindings, context) = runtime.block_on(open(&session, &data));
    println!("TPC-H at scale {scale}, the best of {runs} runs");
    let state = planning_state(&Settings::default());
    println!(
        "{:6} {:^29} {:>6} {:^29}",
        "", "milliseconds", "ratio", "thousand rows given by operators"
    );
    let columns = ["direct", "replay", "planned", "", "direct", "replay", "planned"];
    let [a, b, c, d, e, f, g] = columns;
    println!("{:6} {a:>9} {b:>9} {c:>9} {d:>6} {e:>9} {f:>9} {g:>9}", "");
    let mut ratios = Vec::new();
    for (name, sql, artifact) in artifacts {
        if !chosen.is_empty() && !chosen.contains(&name) {
            continue;
        }
        let replayed = |order| {
            runtime.block_on(async {
                let clock = Instant::now();
                let mut plan = substrait::decode(&artifact, &state).unwrap();
                if let Some(seed) = shuffle {
                    plan = Plan::new(shuffled(plan.logical, &mut Rng::with_seed(seed)));
                }
                let replay = replay_with(&session, &plan, &bindings, order).await.unwrap();
                let rows = drain(replay.stream().unwrap()).await;
                Ran::new(clock, rows, &replay.physical)
            })
        };
        let direct = || {
            runtime.block_on(async {
                let clock = Instant::now();
                let frame = context.sql(&sql).await.unwrap();
                let task = Arc::new(frame.task_ctx());
                let physical = frame.create_physical_plan().await.unwrap();
                let stream = execute_stream(Arc::clone(&physical), task).unwrap();
                let rows = drain(stream).await;
                Ran::new(clock, rows, &physical)
            })
        };
        let mut best = [Duration::MAX; 3];
        let mut work = [0; 3];
        for run in 0..runs {
            let sides = [direct(), replayed(JoinOrder::Chosen), replayed(JoinOrder::AsPlanned)];
            for (place, side) in sides.iter().enumerate() {
                best[place] = side.time.min(best[place]);
                work[place] = side.touched;
                assert_eq!(side.rows, sides[0].rows, "{name}");
                if show && run == 0 {
                    println!("{name}, {}:\n{}", ["direct", "replay", "planned"][place], side.plan);
                }
            }
        }
        let [direct, replay, planned] = best.map(|time| time.as_secs_f64() * 1e3);
        let work = work.map(|rows| rows as f64 / 1e3);
        let ratio = replay / direct;
        ratios.push(ratio);
        print!("{name:6} {direct:9.1} {replay:9.1} {planned:9.1} {ratio:6.2} ");
        println!("{:9.0} {:9.0} {:9.0}", work[0], work[1], work[2]);
    }
    let mean = ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64;
    let worst = ratios.iter().fold(0.0, |worst: f64, ratio| worst.max(*ratio));
    println!("geometric mean {:.3}, worst {worst:.2}", mean.exp());
}

/// One run of a query.
struct Ran {
    time: Duration,
    rows: usize,
    touched: usize,
    plan: String,
}

impl Ran {
    fn new(clock: Instant, rows: usize, physical: &Arc<dyn ExecutionPlan>) -> Self {
        let time = clock.elapsed();
        let plan = DisplayableExecutionPlan::with_metrics(physical.as_ref()).indent(false);
        Ran { time, rows, touched: touched(physical), plan: plan.to_string() }
    }
}

/// The rows that all operators of a plan gave: a measure of its work that no machine changes.
fn touched(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or_default();
    own + plan.children().into_iter().map(touched).sum::<usize>()
}

async fn drain(mut stream: SendableRecordBatchStream) -> usize {
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    rows
}

/// The folder with a Delta table for each table.
fn data(runtime: &Runtime, scale: f64) -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tpch-{scale}"));
    if !kept.exists() {
        let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        runtime.block_on(planc::demo::write(fresh.path(), scale)).unwrap();
        let _ = fs::rename(fresh.path(), &kept);
    }
    kept.join("data")
}

/// Name, SQL and artifact of each query.
fn artifacts() -> Vec<(String, String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tpch::write_project(root, &tpch::queries());
    let project = Project::load(root, None).unwrap();
    let rules = project.rules().unwrap();
    let (catalog, _) = load_catalog(&project).unwrap();
    let compiler = Compiler::new(&project, rules, catalog, CacheMode::Off);
    let compiled = compiler.compile(Selected::All, &|_, _| {});
    let rules = compiler.rules.iter().zip(compiled.outcomes);
    let rules = rules.map(|(rule, outcome)| {
        let sql = fs::read_to_string(root.join(&rule.path)).unwrap();
        (rule.name.clone(), sql, outcome.unwrap().artifact.unwrap())
    });
    rules.collect()
}

/// The tables, bound for replays and registered for SQL.
async fn open(session: &Session, data: &Path) -> (Bindings, SessionContext) {
    let mut bindings = Bindings::new();
    let context = SessionContext::new();
    for (name, _) in schemas() {
        let spec = SourceSpec::delta(data.join(name).display().to_string());
        let source = session.open(name, &spec).await.unwrap();
        context.register_table(name, Arc::clone(&source.provider)).unwrap();
        bindings.insert(name.to_owned(), Binding::Source(source));
    }
    (bindings, context)
}

/// The plan with the inputs of its inner joins in random order.
fn shuffled(plan: LogicalPlan, rng: &mut Rng) -> LogicalPlan {
    let shuffled = plan.transform_down(|node| {
        if !matches!(&node, LogicalPlan::Join(join) if join.join_type == JoinType::Inner) {
            return Ok(Transformed::no(node));
        }
        let columns: Vec<Expr> = node.schema().columns().into_iter().map(Expr::Column).collect();
        let (mut inputs, mut predicates) = (Vec::new(), Vec::new());
        take_apart(node, &mut inputs, &mut predicates);
        if inputs.len() < 2 {
            return Ok(Transformed::no(inputs.remove(0)));
        }
        let inputs: Vec<_> = inputs.into_iter().map(|input| shuffled(input, rng)).collect();
        let mut inputs = inputs;
        rng.shuffle(&mut inputs);
        let mut inputs = inputs.into_iter();
        let mut builder = LogicalPlanBuilder::from(inputs.next().unwrap());
        for input in inputs {
            builder = builder.cross_join(input)?;
        }
        if let Some(predicate) = conjunction(predicates) {
            builder = builder.filter(predicate)?;
        }
        let plan = builder.project(columns)?.build()?;
        Ok(Transformed::new(plan, true, datafusion::common::tree_node::TreeNodeRecursion::Jump))
    });
    shuffled.unwrap().data
}

fn take_apart(plan: LogicalPlan, inputs: &mut Vec<LogicalPlan>, predicates: &mut Vec<Expr>) {
    match plan {
        LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
            take_apart(Arc::unwrap_or_clone(join.left), inputs, predicates);
            take_apart(Arc::unwrap_or_clone(join.right), inputs, predicates);
            predicates.extend(join.on.into_iter().map(|(left, right)| {
                let equal = BinaryExpr::new(Box::new(left), Operator::Eq, Box::new(right));
                Expr::BinaryExpr(equal)
            }));
            predicates.extend(join.filter);
        }
        other => inputs.push(other),
    }
}
