//! `planc run`: replay.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use planc_backend::sink::Format;
use planc_backend::{Limits, SourceSpec};
use planc_ir::Digest;

use super::console::{Console, milliseconds};
use super::{Exit, Global, with_compiler};
use crate::driver::{
    At, Compiled, Compiler, Rows, RunOptions, Runner, Selected, Selection, select, trust_note,
};
use crate::project::Project;
use crate::project::outputs::parse_bytes;
use crate::project::sources::parse_time;
use crate::report::FileReport;

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Rules (`rule`, `+rule` with all that it reads, `rule+` with all that read it), or one
    /// artifact's digest
    #[arg(value_name = "RULES", required_unless_present = "all")]
    rules: Vec<String>,
    /// Every rule
    #[arg(long, conflicts_with = "rules")]
    all: bool,
    /// Commits the rows to the rules' outputs
    #[arg(long, conflicts_with_all = ["output", "format"])]
    write: bool,
    /// Writes even where the table says that the same run was committed before
    #[arg(long, requires = "write")]
    again: bool,
    /// Says how many files of each Delta table are read, and what each step left out
    #[arg(long)]
    explain_pruning: bool,
    /// Reads a Delta source as of a version or a time: NAME=12, NAME=2026-01-31T12:00:00Z
    #[arg(long, value_name = "SOURCE=WHEN")]
    at: Vec<String>,
    /// A table's location: a Delta folder, or a .parquet, .csv, .json or .arrow file
    #[arg(long, value_name = "NAME=URL")]
    source: Vec<String>,
    /// A parameter's value
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// How the rows are written: csv, json, arrow, arrow-file or parquet [default: a table of
    /// the first rows]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// A file for the rows
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many rows the table shows
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
    /// The longest that a rule may run: 90s, 5m, 500ms
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// The most memory that the query may hold before it spills or fails: 512M, 2G
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory_limit: Option<usize>,
    /// Threads that work at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Rows in a batch [default: 8192, fewer under a small memory limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch_rows: Option<u32>,
}

pub(crate) fn run(global: &Global, args: &RunArgs, console: &Console) -> Exit {
    let options = match options(args) {
        Ok(options) => options,
        Err(message) => return console.usage(message, None),
    };
    let binary =
        matches!(options.format, Some(Format::Parquet | Format::Arrow | Format::ArrowFile));
    if binary && options.output.is_none() && std::io::stdout().is_terminal() {
        return console
            .usage("this format is not for a terminal", Some("add --output FILE".to_owned()));
    }
    with_compiler(global, console, |project, compiler| {
        let digest: Option<Digest> = match args.rules.as_slice() {
            [one] => match compiler.digest(one) {
                Ok(digest) => digest,
                Err(message) => return console.usage(message, None),
            },
            _ => None,
        };
        if let Some(name) =
            options.at.keys().find(|name| !project.sources().contains_key(name.as_str()))
        {
            let help = planc_ir::suggest::did_you_mean(name, project.sources().keys().copied());
            return console.usage(format_args!("--at: there is no source `{name}`"), help);
        }
        let misspelled = |given: &str, known: &[&str]| {
            planc_ir::suggest::did_you_mean(given, known.iter().copied())
        };
        let known: Vec<&str> = project.params.keys().map(String::as_str).collect();
        if let Some(name) = options.params.keys().find(|name| !known.contains(&name.as_str()))
            && digest.is_none()
        {
            let help = misspelled(name, &known);
            let message = format_args!("--param: the project declares no parameter `{name}`");
            return console.usage(message, help);
        }
        let known: Vec<&str> = project.sources().keys().copied().collect();
        if let Some(name) = options.sources.keys().find(|name| !known.contains(&name.as_str()))
            && digest.is_none()
        {
            let help = misspelled(name, &known);
            return console.usage(format_args!("--source: there is no source `{name}`"), help);
        }
        // An artifact may read rules too, so a bare digest needs them as well.
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        let many = args.rules.len() != 1;
        if (options.format.is_some() || options.output.is_some()) && many && digest.is_none() {
            return console.usage("--format and --output are for one rule", None);
        }
        if options.write
            && let Some((a, b, place)) = shared_output(project, compiler)
        {
            let message = format!("`{a}` and `{b}` both write to {place}");
            return console.usage(message, Some("give each rule an output of its own".to_owned()));
        }
        let runner = match Runner::new(project, compiler, &compiled.outcomes, options) {
            Ok(runner) => runner,
            Err(error) => return console.finding("planc run", error),
        };
        if let Some(digest) = digest {
            let clock = Instant::now();
            let ran = runner.run_digest(&digest);
            beside(console, &runner);
            return match ran {
                Ok(rows) => show(console, &digest.short(), rows, clock.elapsed()),
                Err(findings) => failed(console, FileReport::new(&digest.short(), "", findings)),
            };
        }
        if compiler.rules.is_empty() {
            let help = "`rules` in [project] says where they lie".to_owned();
            return console.usage("the project has no rules", Some(help));
        }
        let chosen = match selection(&args.rules, compiler, &compiled) {
            Ok(chosen) => chosen,
            Err(exit) => return exit(console),
        };
        let run = |index: &usize| chosen.as_ref().is_none_or(|chosen| chosen.contains(index));
        let run: Vec<usize> = (0..compiler.rules.len()).filter(run).collect();
        let run = compiled.graph.upstream(run);
        let relied = compiled.outcomes.iter().enumerate().filter(|(index, _)| run.contains(index));
        let relied = relied.filter_map(|(_, outcome)| Some(&outcome.as_ref()?.record.constraints));
        let relied = relied.flatten().map(String::as_str);
        if let Some(note) = trust_note(project, compiler.catalog(), relied) {
            console.note(note);
        }
        run_rules(console, project, compiler, &compiled, &runner, chosen.as_ref())
    })
}

/// Two rules with one output: the later would undo the earlier.
fn shared_output(project: &Project, compiler: &Compiler) -> Option<(String, String, String)> {
    let mut written: BTreeMap<String, &str> = BTreeMap::new();
    for rule in &compiler.rules {
        if let Ok(Some(output)) = project.output(rule)
            && let Some(other) = written
                .insert(crate::driver::place(output.location()).display().to_string(), &rule.name)
        {
            return Some((other.to_owned(), rule.name.clone(), output.location().to_owned()));
        }
    }
    None
}

/// Runs the chosen rules in dependency order; a rule whose upstream failed is left out.
pub(crate) fn run_rules(
    console: &Console,
    project: &Project,
    compiler: &Compiler,
    compiled: &Compiled,
    runner: &Runner,
    chosen: Option<&BTreeSet<usize>>,
) -> Exit {
    let mut exit = Exit::Clean;
    let mut broken: BTreeSet<usize> = BTreeSet::new();
    let waves = compiled.graph.waves();
    let in_order: Vec<usize> = waves.iter().flatten().copied().collect();
    let behind = (0..compiler.rules.len()).filter(|index| !in_order.contains(index));
    for index in in_order.iter().copied().chain(behind) {
        let Some(rule) = compiler.rules.get(index) else { continue };
        if chosen.is_some_and(|chosen| !chosen.contains(&index)) {
            continue;
        }
        let Some(outcome) = compiled.outcomes.get(index).and_then(Option::as_ref) else { continue };
        if outcome.record.digest.is_none() {
            let reports =
                super::check::reports(project, compiler, std::iter::once((index, outcome)));
            console.notes(&reports);
            exit = Exit::Findings;
            broken.insert(index);
            continue;
        }
        let upstream = compiled.graph.upstream([index]);
        if let Some(cause) = broken.iter().find(|broken| upstream.contains(broken)) {
            let cause = compiler.rules.get(*cause).map_or("", |rule| rule.name.as_str());
            console.note(format_args!("{}: not run, since `{cause}` failed", rule.name));
            broken.insert(index);
            continue;
        }
        let spinner = console.spinner(format!("running {}", rule.name));
        let clock = Instant::now();
        let rows = runner.run_rule(index);
        spinner.finish_and_clear();
        beside(console, runner);
        match rows {
            Ok(rows) => drop(show(console, &rule.name, rows, clock.elapsed())),
            Err(findings) => {
                let interrupted = findings.iter().any(|f| f.code == planc_ir::code::INTERRUPTED);
                exit = failed(
                    console,
                    FileReport {
                        rule: Some(rule.name.clone()),
                        ..FileReport::new(&rule.path, Arc::clone(&rule.text), findings)
                    },
                );
                if interrupted {
                    return exit;
                }
                broken.insert(index);
            }
        }
    }
    exit
}

/// What a run has to say beside its rows.
fn beside(console: &Console, runner: &Runner) {
    for line in runner.take_notes() {
        console.note(line);
    }
}

fn failed(console: &Console, report: FileReport) -> Exit {
    console.notes(&[report]);
    Exit::Findings
}

fn show(console: &Console, name: &str, rows: Rows, time: Duration) -> Exit {
    match rows {
        Rows::Streamed => {}
        Rows::Unchanged { location, version } => console.note(format_args!(
            "{name}: this run was committed before, so nothing is written to {location} \
             (version {version})"
        )),
        Rows::Written { location, rows, .. } => {
            console.note(format_args!(
                "{name}: {} written to {location} in {}",
                counted(rows),
                milliseconds(time)
            ));
        }
        Rows::Preview(preview) => {
            match super::table::table(&preview) {
                Ok(table) => console.say(table),
                Err(error) => return console.usage(error, None),
            }
            let more = preview.total - preview.shown as u64;
            let more = if more > 0 { format!(", {more} more not shown") } else { String::new() };
            console.note(format_args!(
                "{name}: {}{more}, {}",
                counted(preview.total),
                milliseconds(time)
            ));
        }
    }
    Exit::Clean
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// The rules that selectors name; none for all. The error reports an unknown name.
#[expect(clippy::type_complexity)]
pub(crate) fn selection(
    selectors: &[String],
    compiler: &Compiler,
    compiled: &Compiled,
) -> Result<Option<BTreeSet<usize>>, Box<dyn FnOnce(&Console) -> Exit>> {
    if selectors.is_empty() {
        return Ok(None);
    }
    let names: Vec<(&str, &str)> =
        compiler.rules.iter().map(|rule| (rule.name.as_str(), rule.path.as_str())).collect();
    match select(selectors, &names, &compiled.graph) {
        Selection::Rules(chosen) => Ok(Some(chosen)),
        Selection::Unknown(name, nearest) => Err(Box::new(move |console| {
            let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            console.usage(format_args!("there is no rule `{name}`"), help)
        })),
    }
}

fn options(args: &RunArgs) -> Result<RunOptions, String> {
    let mut at = BTreeMap::new();
    for pair in &args.at {
        let (name, when) = split(pair, "--at")?;
        let version = when.parse().map(At::Version).ok();
        let when = version.or_else(|| parse_time(when).map(At::Time)).ok_or_else(|| {
            format!("--at: `{when}` is neither a version nor a time such as 2026-01-31T12:00:00Z")
        })?;
        at.insert(name.to_owned(), when);
    }
    let mut sources = BTreeMap::new();
    for pair in &args.source {
        let (name, url) = split(pair, "--source")?;
        sources.insert(name.to_owned(), source_at(url));
    }
    let params = parameters(&args.param)?;
    let named = args.output.as_deref().map_or(Ok(None), format_of);
    let format = match args.format {
        Some(format) => Some(format),
        None => named?,
    };
    Ok(RunOptions {
        write: args.write,
        again: args.again,
        explain_pruning: args.explain_pruning,
        at,
        sources,
        params,
        limits: Limits {
            memory: args.memory_limit,
            threads: args.threads.map(usize::from),
            timeout: args.timeout,
            batch_rows: args.batch_rows.map(|rows| rows as usize),
        },
        output: args.output.clone(),
        format,
        rows: args.rows,
    })
}

/// The values of `--param NAME=VALUE`, by name.
pub(crate) fn parameters(pairs: &[String]) -> Result<BTreeMap<String, String>, String> {
    let mut params = BTreeMap::new();
    for pair in pairs {
        let (name, value) = split(pair, "--param")?;
        if params.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("--param: `{name}` is given twice"));
        }
    }
    Ok(params)
}

fn split<'a>(pair: &'a str, option: &str) -> Result<(&'a str, &'a str), String> {
    pair.split_once('=').ok_or_else(|| format!("{option}: `{pair}` is not of the form NAME=VALUE"))
}

fn source_at(url: &str) -> SourceSpec {
    let ending = url.rsplit('.').next().unwrap_or("");
    match ending {
        "parquet" => SourceSpec::Parquet { url: url.to_owned() },
        "csv" => {
            SourceSpec::Csv { url: url.to_owned(), header: true, delimiter: b',', schema: None }
        }
        "json" | "jsonl" | "ndjson" => SourceSpec::Json { url: url.to_owned() },
        "arrow" | "ipc" | "feather" => SourceSpec::Arrow { url: url.to_owned() },
        _ => SourceSpec::delta(url),
    }
}

/// The format that a file's ending asks for.
fn format_of(path: &std::path::Path) -> Result<Option<Format>, String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Ok(match ending {
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "parquet" => Some(Format::Parquet),
        "arrow" | "arrows" => Some(Format::Arrow),
        "csv" => Some(Format::Csv),
        "" => None,
        other => {
            return Err(format!("--output: no format is called `.{other}`; say it: --format csv"));
        }
    })
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit = match text.get(number.len()..).unwrap_or("") {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("`{unit}` is no unit of time: ms, s, m and h are")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is no time"))?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| format!("`{text}` is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(parse_duration("5y").is_err());
        assert!(parse_duration("-5s").is_err());
    }
}
