//! Runs DataFusion's own sqllogictest suite through planc's artifacts.
//!
//! Every query of the suite runs twice in two lanes: as DataFusion plans it, and as an
//! artifact that was encoded, decoded and bound again. The `codec` lane encodes the plan as it
//! was written, the `passes` lane its canonical form, so that a difference says which of the
//! two is at fault. Statements (`CREATE`, `SET`, `INSERT` …) run once.
//!
//! The suite's files come from the package `datafusion-sqllogictest`, which `cargo fetch`
//! unpacks. Data files that this package does not ship are made up ([`stand_in`]): what is
//! compared are two runs on the same rows, never the suite's expected text.

mod compare;
mod known;
mod lane;
mod record;
mod report;
mod run;
mod sandbox;
mod session;
mod stand_in;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use futures::StreamExt;

use report::Report;
use sandbox::Sandbox;

/// Runs DataFusion's sqllogictest suite through planc's artifacts and compares the rows.
#[derive(Parser)]
#[command(name = "conformance", max_term_width = 100)]
struct Cli {
    /// The files to run, as globs below the suite's folder [default: all]
    #[arg(long, value_name = "GLOB")]
    files: Vec<String>,
    /// The suite's `test_files` [default: where cargo has unpacked them]
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,
    /// How many files run at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
    /// Exit with 1 where such a record is found
    #[arg(long, value_name = "WHAT")]
    fail_on: Vec<FailOn>,
    /// Write the tables as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write every record that did not come back equal, one JSON object a line
    #[arg(long, value_name = "FILE")]
    details: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Rows, names or types differ, a replay fails where the direct run does not, or a panic
    Wrong,
    /// A query that has no artifact
    Refused,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Plans of debug builds want room, and panics are findings, which the report shows.
    std::panic::set_hook(Box::new(|panic| {
        if std::env::var_os("PLANC_PANICS").is_some() {
            eprintln!("{panic}");
        }
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cli.jobs.max(1) + 1)
        .thread_stack_size(64 << 20)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(suite(&cli)),
        Err(why) => Err(why.to_string()),
    };
    match done {
        Ok(report) => {
            let failed = cli.fail_on.iter().any(|what| match what {
                FailOn::Wrong => report.wrong() > 0,
                FailOn::Refused => report.refused() > 0,
            });
            ExitCode::from(u8::from(failed))
        }
        Err(why) => {
            eprintln!("conformance: {why}");
            ExitCode::from(2)
        }
    }
}

async fn suite(cli: &Cli) -> Result<Report, String> {
    let suite = match &cli.suite {
        Some(suite) => suite.clone(),
        None => sandbox::suite()?,
    };
    let sandbox = Arc::new(Sandbox::new(&suite)?);
    let files = sandbox.files(&cli.files)?;
    if files.is_empty() {
        return Err("no file of the suite has such a name".to_owned());
    }
    let total = files.len();
    let mut report = Report::default();
    let mut broken = Vec::new();
    let runs = files.into_iter().map(|file| {
        let sandbox = Arc::clone(&sandbox);
        let name = file.clone();
        let task = async move { run::file(&sandbox, &file).await };
        async move {
            let done = tokio::spawn(task).await.map_err(|why| why.to_string());
            (name, done.and_then(|done| done))
        }
    });
    let mut runs = futures::stream::iter(runs).buffer_unordered(cli.jobs.max(1));
    while let Some((name, done)) = runs.next().await {
        match done {
            Ok(found) => report.add(name, found),
            Err(why) => broken.push(format!("{name}: {why}")),
        }
        if report.len() % 20 == 0 {
            eprintln!("{} of {total} files", report.len());
        }
    }
    print!("{}", report.text());
    if let Some(path) = &cli.markdown {
        std::fs::write(path, report.markdown()).map_err(|why| why.to_string())?;
    }
    if let Some(path) = &cli.details {
        std::fs::write(path, report.details()).map_err(|why| why.to_string())?;
    }
    if broken.is_empty() { Ok(report) } else { Err(broken.join("\n")) }
}
