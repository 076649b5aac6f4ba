//! `cargo run -p planc-proof -- fuzz --seconds 600 --seed 1`: long runs of the random tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use planc_proof::check::{Checker, Verdict};
use planc_proof::fuzz;

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
        /// Stop behind this many faults.
        #[arg(long, default_value_t = 20)]
        faults: usize,
    },
}

fn main() {
    // Debug builds plan deep queries on a deep stack.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(|| run(Cli::parse()));
    let failed = thread.unwrap().join().unwrap();
    std::process::exit(i32::from(failed));
}

fn run(cli: Cli) -> bool {
    let checker = Checker::new();
    match cli.command {
        Command::Fuzz { seed, only: true, .. } => {
            let (world, text) = fuzz::made(seed);
            println!("{}```sql a\n{text}\n```\n", world.golden());
            let verdict = checker.check(&world, &text);
            println!("{verdict:?}");
            matches!(verdict, Verdict::Fault(_))
        }
        Command::Fuzz { seconds, seed, faults, refusals, .. } => {
            std::panic::set_hook(Box::new(|_| {}));
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
                if let Some(case) = fuzz::check_seed(&checker, next, &mut total) {
                    println!("{}", case.golden());
                    left -= 1;
                }
                next += 1;
            }
            total.elapsed = started.elapsed();
            println!("seeds {seed} to {next}\n{total}");
            !total.faults.is_empty()
        }
    }
}
