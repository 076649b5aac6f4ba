//! Bounded memory, spilling, and the ends of runs.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use datafusion::datasource::MemTable;
use planc_ir::code::{OUT_OF_MEMORY, RUN_FAILED};

use super::{bind, ids, limited, of, plan, run, session, shown};
use crate::preview::preview;
use crate::{Limits, Source, replay};

fn memory(batches: Vec<arrow::array::RecordBatch>) -> Source {
    let schema = batches[0].schema();
    Source::of(Arc::new(MemTable::try_new(schema, vec![batches]).unwrap()))
}

#[tokio::test]
async fn a_big_sort_spills_and_a_big_state_is_refused() {
    let source = memory((0..100).map(|n| ids(n * 8192..(n + 1) * 8192)).collect());
    let session = limited(&Limits { memory: Some(8 << 20), threads: Some(2), ..Limits::default() });
    let plan =
        plan("select id, s from t order by s, id", &[("t", Arc::clone(&source.schema))]).await;
    let run = replay(&session, &plan, &bind(&[("t", &source)])).await.unwrap();
    let result = preview(run.stream().unwrap(), 1).await.unwrap();
    assert_eq!(result.total, 819_200);
    let spills = |plan: &Arc<dyn datafusion::physical_plan::ExecutionPlan>| {
        let mut spills = 0;
        let mut plans = vec![Arc::clone(plan)];
        while let Some(plan) = plans.pop() {
            spills += plan.metrics().and_then(|metrics| metrics.spill_count()).unwrap_or(0);
            plans.extend(plan.children().into_iter().cloned());
        }
        spills
    };
    assert!(spills(&run.physical) > 0);
    let sql = "select length(string_agg(repeat(s, 20), ',')) from t";
    let error = super::run(&session, &source, sql).await.unwrap_err();
    assert_eq!(error.code, OUT_OF_MEMORY, "{error:?}");
    assert!(error.help.unwrap().contains("--memory-limit"));
}

#[tokio::test]
async fn errors_at_run_time_are_one_sentence() {
    let source = memory(vec![of([("n", Arc::new(Int64Array::from(vec![1, 0])) as ArrayRef)])]);
    for (sql, words) in [
        ("select 1 / n from t", "the query failed: division by zero"),
        ("select cast(concat('x', n) as int) from t", "the query failed: Cannot cast string 'x1'"),
    ] {
        let error = run(&session(), &source, sql).await.unwrap_err();
        assert_eq!(error.code, RUN_FAILED);
        assert!(error.message.starts_with(words), "{}", error.message);
    }
}

#[tokio::test]
async fn batches_may_be_small() {
    let source = memory(vec![ids(0..1000)]);
    let session = limited(&Limits { batch_rows: Some(7), threads: Some(1), ..Limits::default() });
    let sql = "select count(*), sum(id) from (select id from t order by s)";
    assert_eq!(shown(&run(&session, &source, sql).await.unwrap()), ["1000,499500"]);
}

#[test]
fn a_timeout_ends_heavy_work_soon() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for sql in [
        // One batch in, hours of batches out; and hours without a batch.
        "select count(*), sum(a.id * b.id) from t a, t b, t c where a.id + b.id <> c.id",
        "select count(*) from t a join t b on a.id + b.id < 0 and length(a.s) > b.id",
    ] {
        let started = std::time::Instant::now();
        let error = runtime.block_on(async {
            let source = memory(vec![ids(0..200_000)]);
            let timeout = Some(std::time::Duration::from_millis(200));
            let limits = Limits { timeout, threads: Some(2), ..Limits::default() };
            let session = limited(&limits);
            let work = run(&session, &source, sql);
            crate::within(&limits, std::future::pending(), work).await.unwrap_err()
        });
        assert_eq!(error.code, planc_ir::code::TIMEOUT);
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
    runtime.shutdown_background();
}
