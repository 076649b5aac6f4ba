//! The command line: arguments in, exit code out.

mod cache;
mod check;
mod compile;
mod completions;
mod console;
mod demo;
mod diff;
mod dups;
mod explain;
mod explain_replay;
mod impact;
mod index;
mod init;
mod inspect;
mod lock;
mod maintain;
mod migrate;
mod run;
mod runs;
mod table;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use planc_artifacts::Zone;
use planc_ir::Diagnostic;

use crate::driver::{Compiler, apply_levels, load_catalog};
use crate::project::Project;
use crate::project::cache::CacheOverrides;
use crate::project::config::CacheMode;
use crate::report::FileReport;
use console::Console;

/// The stack of planc's threads: plans are trees, and deep ones need room to be built and freed.
const STACK: usize = planc_ir::substrait::STACK + (16 << 20);

/// A compiler for query plans: check rules, compile them to Substrait artifacts, and replay
/// them on Delta tables.
#[derive(Parser)]
#[command(name = "planc", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of all commands.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// The project's folder [default: the nearest one upwards with a planc.toml]
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The profile: the [env.NAME] table of planc.toml whose sources and outputs hold
    #[arg(long, global = true, value_name = "NAME", env = "PLANC_ENV")]
    env: Option<String>,
    /// How the artifact cache is used [default: as planc.toml says]
    #[arg(long, global = true, value_name = "MODE")]
    cache: Option<CacheMode>,
    /// How the remote tier of the cache is used [default: as planc.toml says]
    #[arg(long, global = true, value_name = "MODE", env = "PLANC_REMOTE_CACHE")]
    remote_cache: Option<CacheMode>,
    /// The trust zone of this build: `trusted`, `pr/NUMBER` or `own` [default: from the CI job]
    #[arg(long, global = true, value_name = "ZONE", env = "PLANC_ZONE")]
    zone: Option<Zone>,
    /// The command is about the cache: it waits for the remote tier as long as it takes.
    #[arg(skip)]
    patient: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make the demo project and walk through check, compile and run
    Demo(demo::DemoArgs),
    /// Make a project
    Init(init::InitArgs),
    /// Report every diagnostic of every rule
    Check(check::CheckArgs),
    /// Compile rules to artifacts and print their digests
    Compile(compile::CompileArgs),
    /// Replay rules, or an artifact by its digest
    Run(run::RunArgs),
    /// List past runs
    Runs(runs::RunsArgs),
    /// Explain a diagnostic's code, a rule's plan, or an artifact
    Explain(explain::ExplainArgs),
    /// Say which rules a change really touches, and why
    Impact(impact::ImpactArgs),
    /// Say what differs between two rules, artifacts or files
    Diff(diff::DiffArgs),
    /// List rules that mean the same
    Dups(dups::DupsArgs),
    /// Run the project's golden cases, or check its constraints against the data
    Test(test::TestArgs),
    /// Print any Substrait file
    Inspect(inspect::InspectArgs),
    /// Rewrite the cache's artifacts to this planc's format
    Migrate(migrate::MigrateArgs),
    /// Look after the artifact cache: statistics, collection, transfer, trust
    Cache(cache::CacheArgs),
    /// Write planc.lock, the schemas of all sources
    Lock(lock::LockArgs),
    /// Index the files of a Delta source, so that runs read fewer of them
    Index(index::IndexArgs),
    /// Keep up a rule's Delta output: optimize, vacuum, checkpoint
    Maintain(maintain::MaintainArgs),
    /// Print the completions for a shell
    Completions(completions::CompletionsArgs),
}

/// How a command ended; the process exits with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Clean, or warnings only.
    Clean = 0,
    /// Errors were found.
    Findings = 1,
    /// Usage, configuration or internal error.
    Failed = 2,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |at| format!(" at {at}"));
        let message = panic.payload_as_str().unwrap_or("no message");
        // Front ends catch panics of third-party code and report them in their place.
        if std::env::var_os("PLANC_PANICS").is_some() {
            eprintln!("planc: panic{place}: {message}");
        }
    }));
    let cli = Cli::parse();
    // A pool that exists already is one of a test.
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let console = Console::new();
    // The main thread's stack is the shell's choice.
    let run = move || match cli.command {
        Command::Demo(args) => demo::run(&args, &console),
        Command::Init(args) => init::run(&args, &console),
        Command::Check(args) => check::run(&cli.global, &args, &console),
        Command::Compile(args) => compile::run(&cli.global, &args, &console),
        Command::Run(args) => run::run(&cli.global, &args, &console),
        Command::Runs(args) => runs::run(&cli.global, &args, &console),
        Command::Explain(args) => explain::run(&cli.global, &args, &console),
        Command::Impact(args) => impact::run(&cli.global, &args, &console),
        Command::Diff(args) => diff::run(&cli.global, &args, &console),
        Command::Dups(args) => dups::run(&cli.global, &args, &console),
        Command::Test(args) => test::run(&cli.global, &args, &console),
        Command::Inspect(args) => inspect::run(&args, &console),
        Command::Migrate(args) => migrate::run(&cli.global, &args, &console),
        Command::Cache(args) => cache::run(&cli.global, &args, &console),
        Command::Lock(args) => lock::run(&cli.global, &args, &console),
        Command::Index(args) => index::run(&cli.global, &args, &console),
        Command::Maintain(args) => maintain::run(&cli.global, &args, &console),
        Command::Completions(args) => completions::run(&args),
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    let exit = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => {
            eprintln!("planc: internal error; please report it (PLANC_PANICS=1 shows where)");
            Exit::Failed
        }
        Err(error) => {
            eprintln!("planc: no thread can be started: {error}");
            Exit::Failed
        }
    };
    ExitCode::from(exit as u8)
}

/// A loaded project with its compiler: what most commands begin with.
pub(crate) fn with_compiler(
    global: &Global,
    console: &Console,
    work: impl FnOnce(&Project, &Compiler) -> Exit,
) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let (catalog, notes) = match load_catalog(&project) {
        Ok(loaded) => loaded,
        Err(reports) => return console.fail(&reports),
    };
    console.notes(&notes);
    let rules = match project.rules() {
        Ok(rules) => rules,
        Err(report) => return console.fail(&[report]),
    };
    let mode = global.cache.unwrap_or(project.config.cache.mode);
    let compiler = Compiler::new(&project, rules, catalog, mode);
    let exit = work(&project, &compiler);
    cache_notes(&project, &compiler, console).unwrap_or(exit).max(exit)
}

/// Reports what went wrong with the cache. Where that is an error, the command ends with it.
pub(crate) fn cache_notes(
    project: &Project,
    compiler: &Compiler,
    console: &Console,
) -> Option<Exit> {
    let path = &project.config.cache.local;
    let notes = apply_levels(&compiler.notes(), "", path, &project.config);
    if notes.is_empty() {
        return None;
    }
    let failed = notes.iter().any(Diagnostic::is_error);
    console.notes(&[FileReport::new(path, "", notes)]);
    failed.then_some(Exit::Findings)
}

pub(crate) fn load_project(global: &Global) -> Result<Project, FileReport> {
    let here = PathBuf::from(".");
    let folder = global.project.as_ref().unwrap_or(&here);
    let mut project = Project::load(folder, global.env.as_deref())?;
    project.cache = project.cache.with(CacheOverrides {
        remote: global.remote_cache,
        zone: global.zone.clone(),
        patient: global.patient,
    });
    Ok(project)
}
