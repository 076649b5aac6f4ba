//! `cargo run -p planc-proof -- fuzz --seconds 600 --seed 1`: long runs of the random tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use planc_proof::check::{Checker, Verdict};
use planc_proof::pairs::{self, Catalogue, Mode};
use planc_proof::{differ, fuzz, tpch};

/// Random tests of planc's canonical form.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Random queries: the rows of the canonical plan and of the artifact are those of the
    /// query as written.
    Fuzz {
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Where the seeds start.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only the query of `--seed`, shown in full.
        #[arg(long)]
        only: bool,
        /// Show queries that are refused or not run, with why.
        #[arg(long)]
        refusals: bool,
        /// How many smaller queries are tried for each fault.
        #[arg(long, default_value_t = 300)]
        tries: usize,
        /// Stop behind this many faults.
        #[arg(long, default_value_t = 20)]
        faults: usize,
    },
    /// Random queries and small changes of their meaning: where rows differ, digests must.
    Mutate {
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Where the seeds start.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Random queries and other spellings of them: how many have the same digest.
    Respell {
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Where the seeds start.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The TPC-H queries in other spellings, with the canonical plans of those that differ.
    Tpch {
        /// Only queries whose name contains this.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Pairs of queries that mean the same: how many have one digest, and which have two.
    Pairs {
        /// Only pairs whose file or name contains this.
        #[arg(default_value = "")]
        filter: String,
        /// Only the counts.
        #[arg(long)]
        brief: bool,
        /// Of the classical rewrite rules, over the tables of a company.
        #[arg(long)]
        company: bool,
        /// As generators of SQL print them, over the tables of a payroll.
        #[arg(long, conflicts_with = "company")]
        payroll: bool,
        /// Near misses of these, which must have two digests.
        #[arg(long)]
        misses: bool,
        /// Pairs over the tables of the payroll from this file instead.
        #[arg(long)]
        file: Option<std::path::PathBuf>,
        /// On how many random worlds rows are compared; with 0 all pairs count.
        #[arg(long, default_value_t = 6)]
        worlds: u64,
    },
}

fn main() {
    // Debug builds plan deep queries on a deep stack.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(|| run(Cli::parse()));
    let failed = thread.unwrap().join().unwrap();
    std::process::exit(i32::from(failed));
}

fn run(cli: Cli) -> bool {
    // DataFusion panics on some queries as they are written, and the checker knows.
    std::panic::set_hook(Box::new(|_| {}));
    let checker = Checker::new();
    match cli.command {
        Command::Fuzz { seed, only: true, .. } => {
            let (world, text) = fuzz::made(seed);
            println!("{}```sql a\n{text}\n```\n", world.golden());
            let verdict = checker.check(&world, &text);
            println!("{verdict:?}");
            matches!(verdict, Verdict::Fault(_))
        }
        Command::Fuzz { seconds, seed, faults, refusals, tries, .. } => {
            let until = Instant::now() + Duration::from_secs(seconds);
            let mut left = faults;
            let mut total = fuzz::Figures::default();
            let mut next = seed;
            let started = Instant::now();
            while left > 0 && Instant::now() < until {
                if refusals {
                    let (world, text) = fuzz::made(next);
                    match checker.check(&world, &text) {
                        Verdict::Held { .. } | Verdict::Fault(_) => {}
                        other => println!("{next} {other:?}\n{text}\n"),
                    }
                }
                if let Some(case) = fuzz::check_seed(&checker, next, tries, &mut total) {
                    println!("{}", case.golden());
                    left -= 1;
                }
                next += 1;
            }
            total.elapsed = started.elapsed();
            println!("seeds {seed} to {next}\n{total}");
            !total.faults.is_empty()
        }
        Command::Mutate { seconds, seed } => {
            let until = Instant::now() + Duration::from_secs(seconds);
            let (counts, merged) = differ::mutate(&checker, seed, until, usize::MAX);
            println!("{}\n{counts}", merged.join("\n"));
            !merged.is_empty()
        }
        Command::Respell { seconds, seed } => {
            let until = Instant::now() + Duration::from_secs(seconds);
            let (counts, examples) = differ::respell(&checker, seed, until, usize::MAX);
            println!("{counts}\n{}", examples.join("\n"));
            counts.total().merged + counts.total().apart > 0
        }
        Command::Tpch { filter } => {
            let mut same = 0;
            let mut tried = 0;
            for query in tpch::queries().into_iter().filter(|query| query.name.contains(&filter)) {
                let worlds: Vec<_> = (0..6)
                    .map(|seed| tpch::world(&mut fastrand::Rng::with_seed(seed), &query.text))
                    .collect();
                for (place, (title, text)) in query.others.iter().enumerate() {
                    let found = differ::relation_optimised(&checker, &worlds, &query.text, text);
                    tried += 1;
                    if matches!(found, differ::Relation::Same) {
                        same += 1;
                        continue;
                    }
                    println!("### {} {place} ({title}): {found:?}\n", query.name);
                    for text in [&query.text, text] {
                        let plan = checker.engine.plan(&worlds[0], text);
                        let plan = plan.map(|plan| checker.engine.canonical(plan));
                        match plan {
                            Ok(Ok(plan)) => {
                                println!("```\n{}\n```\n", plan.logical.display_indent())
                            }
                            other => println!("{other:?}"),
                        }
                    }
                }
            }
            println!("## TPC-H: {same} of {tried} spellings have the digest of their query");
            same < tried
        }
        Command::Pairs { filter, brief, worlds, company, payroll, misses, file } => {
            let catalogue = match (company, payroll, misses) {
                (_, true, false) => Catalogue::Payroll,
                (_, true, true) => Catalogue::PayrollMisses,
                (_, _, true) => Catalogue::Misses,
                (true, ..) => Catalogue::Company,
                _ => Catalogue::Employees,
            };
            let all = match file {
                Some(file) => {
                    let text = std::fs::read_to_string(file).unwrap();
                    pairs::parse(Catalogue::Payroll, "file", &text)
                }
                None => pairs::pairs(catalogue),
            };
            let mut failed = false;
            for mode in [Mode::Keyed, Mode::Bare] {
                let found = pairs::measure(&checker, all.clone(), mode, &filter, worlds);
                let (same, of) = (found.same, found.same + found.different);
                println!(
                    "## {mode:?}: {same} of {of} pairs have one digest; {} are none, {} failed\n",
                    found.no_pairs, found.failed
                );
                if !brief {
                    println!("{}", found.report);
                }
                failed |= found.failed > 0;
            }
            failed
        }
    }
}
