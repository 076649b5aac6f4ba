//! `planc demo`: a small real project, and the four steps of planc on it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::compile::{Totals, rule_row, total_row, totals};
use super::console::{Console, milliseconds};
use super::{Exit, check};
use crate::demo;
use crate::driver::{Compiled, Compiler, RunOptions, Runner, Selected, load_catalog, read_lock};
use crate::project::config::CacheMode;
use crate::project::{LOCK, Project};
use crate::report::{render, summary};

/// Where the demo goes unless somebody says otherwise.
pub(crate) const FOLDER: &str = "planc-demo";
/// The TPC-H scale factor: about 60,000 line items.
const SCALE: f64 = 0.01;

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// The folder to make
    #[arg(default_value = FOLDER)]
    folder: PathBuf,
}

pub(crate) fn run(args: &DemoArgs, console: &Console) -> Exit {
    match walk(&args.folder, console) {
        Ok(()) => Exit::Clean,
        Err(exit) => exit,
    }
}

/// Makes the demo project in the folder, with its lock.
pub(crate) fn make(folder: &Path, console: &Console) -> Result<Project, Exit> {
    let clock = Instant::now();
    let spinner = console.spinner("writing the TPC-H tables".to_owned());
    let written = crate::driver::block_on(demo::write(folder, SCALE));
    spinner.finish_and_clear();
    written.map_err(|error| console.finding(&folder.display().to_string(), error))?;
    let project = Project::load(folder, None).map_err(|report| console.fail(&[report]))?;
    let lock = read_lock(&project).map_err(|reports| console.fail(&reports))?;
    super::lock::write(&project, &lock).map_err(|report| console.fail(&[report]))?;
    console.say(format_args!(
        "{}: {} Delta tables, rules and {LOCK}, in {}",
        folder.display(),
        lock.tables.len(),
        milliseconds(clock.elapsed())
    ));
    Ok(project)
}

fn walk(folder: &Path, console: &Console) -> Result<(), Exit> {
    heading(console, "1. A project", &format!("planc init --demo {}", folder.display()));
    let project = make(folder, console)?;

    heading(console, "2. Check the rules", "planc check");
    let clock = Instant::now();
    with(&project, console, |compiler| {
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        let outcomes = compiled.outcomes.iter().enumerate();
        let outcomes = outcomes.filter_map(|(index, outcome)| Some((index, outcome.as_ref()?)));
        let reports = check::reports(&project, compiler, outcomes);
        for report in &reports {
            console.print(&render(report, console.default_format(), console.colour));
        }
        console.say(format_args!(
            "{}, in {}",
            summary(&reports, compiler.rules.len()),
            milliseconds(clock.elapsed())
        ));
        if check::exit(&reports, false) == Exit::Clean { Ok(()) } else { Err(Exit::Findings) }
    })?;

    heading(console, "3. Compile them to artifacts", "planc compile --cache off");
    let cold = with_mode(&project, console, CacheMode::Off, |compiler| {
        let clock = Instant::now();
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        rows(console, compiler, &compiled, clock.elapsed())
    })?;

    heading(console, "4. Run them on the Delta tables", "planc run --all --write");
    with(&project, console, |compiler| {
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        let options = RunOptions { write: true, rows: 3, ..RunOptions::default() };
        let runner = Runner::new(&project, compiler, &compiled.outcomes, options)
            .map_err(|error| console.finding("planc demo", error))?;
        match super::run::run_rules(console, &project, compiler, &compiled, &runner, None) {
            Exit::Clean => Ok(()),
            exit => Err(exit),
        }
    })?;

    heading(console, "5. Compile again: everything is in the cache", "planc compile");
    let warm = with(&project, console, |compiler| {
        let clock = Instant::now();
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        rows(console, compiler, &compiled, clock.elapsed())
    })?;
    console.say(format_args!("{:.0} ms the first time, {:.0} ms from the cache", cold.ms, warm.ms));

    let there = folder.display();
    console.say(format_args!(
        "\nTry next, in {there}:
  edit a rule and run `planc check`          a typo is found before any data is read
  planc run marts.top_customers              rows of one rule, through the rules that it reads
  planc run tpch.q01_pricing_summary --at lineitem=0
                                             the same question to an older version of the table
  planc run tpch.q06_forecast_revenue --format csv
  planc explain tpch.q03_shipping_priority   the plan, pass by pass
  planc explain P0401                        what a finding means
  b3sum .planc/cache/cas/*/*                 an artifact's name is the blake3 of its bytes"
    ));
    Ok(())
}

fn heading(console: &Console, title: &str, command: &str) {
    console.say(format_args!("\n== {title}\n   $ {command}\n"));
}

fn with<T>(
    project: &Project,
    console: &Console,
    work: impl FnOnce(&Compiler) -> Result<T, Exit>,
) -> Result<T, Exit> {
    with_mode(project, console, CacheMode::ReadWrite, work)
}

fn with_mode<T>(
    project: &Project,
    console: &Console,
    mode: CacheMode,
    work: impl FnOnce(&Compiler) -> Result<T, Exit>,
) -> Result<T, Exit> {
    let (catalog, _) = load_catalog(project).map_err(|reports| console.fail(&reports))?;
    let rules = project.rules().map_err(|report| console.fail(&[report]))?;
    work(&Compiler::new(project, rules, catalog, mode))
}

fn rows(
    console: &Console,
    compiler: &Compiler,
    compiled: &Compiled,
    time: Duration,
) -> Result<Totals, Exit> {
    for (rule, outcome) in compiler.rules.iter().zip(&compiled.outcomes) {
        if let Some(outcome) = outcome {
            console.say(rule_row(&rule.name, outcome));
        }
    }
    let totals = totals(compiled.outcomes.iter().flatten(), compiler, time);
    console.say(total_row(&totals));
    if totals.failed > 0 { Err(Exit::Findings) } else { Ok(totals) }
}
