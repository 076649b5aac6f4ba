//! Random queries of fixed seeds, for a bounded time, and the catalogue of pairs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use planc_proof::check::Checker;
use planc_proof::pairs::{self, Catalogue, Mode};
use planc_proof::{differ, fuzz};

/// On a thread with a stack for deep plans in debug builds.
fn deep<T: Send + 'static>(work: impl FnOnce(&Checker) -> T + Send + 'static) -> T {
    let work = move || {
        // DataFusion panics on some queries as they are written, and the checker knows.
        std::panic::set_hook(Box::new(|_| {}));
        work(&Checker::new())
    };
    let done = std::thread::Builder::new().stack_size(256 << 20).spawn(work).unwrap().join();
    let _ = std::panic::take_hook();
    done.unwrap()
}

fn in_seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[test]
fn canonical_plans_and_artifacts_give_the_rows_of_random_queries() {
    let (figures, cases) = deep(|checker| {
        let mut cases = Vec::new();
        let mut note = |case: fuzz::Case| cases.push(case.golden());
        let figures = fuzz::run(checker, 1, in_seconds(20), 250, &mut note);
        (figures, cases)
    });
    println!("{figures}");
    assert!(cases.is_empty(), "{}\n{figures}", cases.join("\n"));
    // Most queries must be real ones, whatever the machine.
    assert!(figures.held * 3 >= figures.tried * 2, "{figures}");
}

#[test]
fn a_changed_meaning_changes_the_digest() {
    let (counts, merged) = deep(|checker| differ::mutate(checker, 1, in_seconds(15), 60));
    println!("{counts}");
    assert!(merged.is_empty(), "{}", merged.join("\n"));
    assert!(counts.total().apart > 0, "{counts}");
}

#[test]
fn respellings_keep_the_rows() {
    let (counts, examples) = deep(|checker| differ::respell(checker, 1, in_seconds(10), 40));
    println!("{counts}");
    let total = counts.total();
    assert_eq!((total.apart, total.merged), (0, 0), "{}", examples.join("\n"));
    assert!(total.same > 0, "{counts}");
}

/// Pairs of `pairs/` that have one digest today, of those that give the same rows. These numbers
/// only grow.
const KEYED: usize = 498;
/// The same without keys, and with NULLs in every column.
const BARE: usize = 454;

/// Of the second catalogue, which was written without knowledge of the passes.
const COMPANY_KEYED: usize = 213;
/// The same without keys, and with NULLs in every column.
const COMPANY_BARE: usize = 169;

/// Measures the pairs in a mode: at least so many have one digest.
fn check_pairs(catalogue: Catalogue, mode: Mode, least: usize) {
    let found = deep(move |checker| pairs::measure(checker, pairs::pairs(catalogue), mode, "", 2));
    println!("{mode:?}: {} of {}", found.same, found.same + found.different);
    assert_eq!(found.failed, 0, "{}", found.report);
    assert!(found.same >= least, "{mode:?}: {} of at least {least}", found.same);
}

#[test]
fn pairs_that_mean_the_same_have_one_digest() {
    check_pairs(Catalogue::Employees, Mode::Keyed, KEYED);
}

#[test]
fn pairs_over_tables_without_keys_have_one_digest() {
    check_pairs(Catalogue::Employees, Mode::Bare, BARE);
}

#[test]
fn pairs_of_classical_rules_have_one_digest() {
    check_pairs(Catalogue::Company, Mode::Keyed, COMPANY_KEYED);
}

#[test]
fn pairs_of_classical_rules_without_keys_have_one_digest() {
    check_pairs(Catalogue::Company, Mode::Bare, COMPANY_BARE);
}

#[test]
fn near_misses_have_two_digests() {
    for (catalogue, least) in [(Catalogue::Misses, 60), (Catalogue::PayrollMisses, 0)] {
        for mode in [Mode::Keyed, Mode::Bare] {
            let pairs = pairs::pairs(catalogue);
            let found = deep(move |checker| pairs::measure(checker, pairs, mode, "", 6));
            // A pair of one digest whose rows differ fails.
            assert_eq!(found.failed, 0, "{}", found.report);
            assert!(found.no_pairs > least, "{mode:?}: {}", found.no_pairs);
        }
    }
}
