//! The 22 TPC-H queries, each in four spellings.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use fastrand::Rng;
use planc_proof::check::Checker;
use planc_proof::differ::{Relation, relation_optimised};
use planc_proof::tpch;

/// Spellings that have the digest of the query as the benchmark has it, of 66. This number only
/// grows.
const LEAST: usize = 66;

#[test]
fn spellings_have_one_digest() {
    let work = || {
        std::panic::set_hook(Box::new(|_| {}));
        let checker = Checker::new();
        let mut wrong = Vec::new();
        let mut same = 0;
        for query in tpch::queries() {
            assert!(query.others.len() >= 3, "{}", query.name);
            let worlds: Vec<_> =
                (0..3).map(|seed| tpch::world(&mut Rng::with_seed(seed), &query.text)).collect();
            for (place, (title, text)) in query.others.iter().enumerate() {
                match relation_optimised(&checker, &worlds, &query.text, text) {
                    Relation::Same => same += 1,
                    // Two digests and the same rows.
                    Relation::Unclear => {}
                    other => wrong.push(format!("{} {place} ({title}): {other:?}", query.name)),
                }
            }
        }
        (same, wrong)
    };
    let done = std::thread::Builder::new().stack_size(256 << 20).spawn(work).unwrap().join();
    let _ = std::panic::take_hook();
    let (same, wrong) = done.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same >= LEAST, "{same} of at least {LEAST}");
}
