//! Random queries of fixed seeds, for a bounded time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use planc_proof::check::Checker;
use planc_proof::fuzz;

/// On a thread with a stack for deep plans in debug builds.
fn deep<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(256 << 20).spawn(work).unwrap().join().unwrap()
}

#[test]
fn canonical_plans_and_artifacts_give_the_rows_of_random_queries() {
    let (figures, cases) = deep(|| {
        // DataFusion panics on some queries as they are written, and the checker knows.
        std::panic::set_hook(Box::new(|_| {}));
        let checker = Checker::new();
        let mut cases = Vec::new();
        let until = Instant::now() + Duration::from_secs(20);
        let figures = fuzz::run(&checker, 134, until, 130, &mut |case| cases.push(case.golden()));
        (figures, cases)
    });
    let _ = std::panic::take_hook();
    println!("{figures}");
    assert!(cases.is_empty(), "{}\n{figures}", cases.join("\n"));
    // Most queries must be real ones, whatever the machine.
    assert!(figures.held * 3 >= figures.tried * 2, "{figures}");
}
