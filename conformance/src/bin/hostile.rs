//! Mutates artifacts and reads them: decode, canonicalise, encode. Every step ends in a plan
//! or a diagnostic, within bounded time and memory; a panic or a slow case is printed with its
//! bytes.
//!
//! `cargo run -p planc-conformance --bin hostile -- --seconds 300`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use planc_ir::substrait::{decode, describe, encode, to_json};
use planc_ir::{Settings, planning_state};

/// Mutates artifacts and reads them, for some time.
#[derive(Parser)]
#[command(name = "hostile")]
struct Cli {
    /// How long
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Where the cases begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The artifacts that are mutated
    #[arg(long, value_name = "DIR", default_value = "ir/tests/fixtures/format-1")]
    artifacts: PathBuf,
}

/// A case that takes longer than this is a finding, in a debug build, too.
const SLOW: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Counts {
    cases: u64,
    refused: u64,
    read: u64,
    canonical: u64,
    written: u64,
    findings: u64,
    slowest: Duration,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    std::panic::set_hook(Box::new(|_| {}));
    // Plans of debug builds want room.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(move || run(&cli));
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(0))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(_))) => ExitCode::from(1),
        Ok(Ok(Err(why))) => {
            eprintln!("hostile: {why}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(2),
    }
}

fn run(cli: &Cli) -> Result<u64, String> {
    let artifacts = corpus(cli)?;
    let state = planning_state(&Settings::default());
    let mut random = fastrand::Rng::with_seed(cli.seed);
    let mut counts = Counts::default();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(cli.seconds) {
        let bytes = mutated(&artifacts, &mut random);
        counts.cases += 1;
        let began = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let _ = describe(&bytes);
            let _ = to_json(&bytes);
            let Ok(plan) = decode(&bytes, &state) else { return 0 };
            let Ok(plan) = planc_passes::canonicalize(plan, &state, &mut |_| {}) else { return 1 };
            if encode(&plan).is_err() { 2 } else { 3 }
        }));
        let took = began.elapsed();
        counts.slowest = counts.slowest.max(took);
        match done {
            Ok(0) => counts.refused += 1,
            Ok(reached) => {
                counts.read += 1;
                counts.canonical += u64::from(reached >= 2);
                counts.written += u64::from(reached >= 3);
            }
            Err(_) => {
                counts.findings += 1;
                println!("panic: {}", hex(&bytes));
            }
        }
        if took > SLOW {
            counts.findings += 1;
            println!("{took:?}: {}", hex(&bytes));
        }
    }
    println!(
        "{} cases in {} s from {} artifacts: {} refused, {} read, {} canonicalised, {} encoded; \
         slowest {:?}, peak memory {}, {} findings",
        counts.cases,
        cli.seconds,
        artifacts.len(),
        counts.refused,
        counts.read,
        counts.canonical,
        counts.written,
        counts.slowest,
        peak_memory(),
        counts.findings
    );
    Ok(counts.findings)
}

fn corpus(cli: &Cli) -> Result<Vec<Vec<u8>>, String> {
    let wrong = |why: std::io::Error| format!("{}: {why}", cli.artifacts.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&cli.artifacts).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|ending| ending == "substrait") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = paths.iter().map(|path| std::fs::read(path).map_err(wrong));
    let artifacts: Vec<_> = read.collect::<Result<_, _>>()?;
    if artifacts.is_empty() {
        return Err(format!("{} holds no artifact", cli.artifacts.display()));
    }
    Ok(artifacts)
}

/// An artifact with bits flipped, bytes replaced, a part of another put in, or cut short.
fn mutated(artifacts: &[Vec<u8>], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut pick = || random.choice(artifacts).cloned().unwrap_or_default();
    let (mut bytes, other) = (pick(), pick());
    for _ in 0..=random.usize(..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.usize(..bytes.len());
        match random.u8(..10) {
            0 => bytes.truncate(at),
            1..4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.u8(..8);
                }
            }
            4..7 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.u8(..);
                }
            }
            7 => {
                let end = (at + random.usize(..16)).min(bytes.len());
                let part: Vec<u8> = bytes.drain(at..end).collect();
                bytes.extend(part);
            }
            _ => {
                let from = random.usize(..=other.len());
                let to = (from + random.usize(..64)).min(other.len());
                let part = other.get(from..to).unwrap_or_default().to_vec();
                let end = (at + part.len()).min(bytes.len());
                bytes.splice(at..end, part);
            }
        }
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The most memory that this process has held, as Linux says it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
