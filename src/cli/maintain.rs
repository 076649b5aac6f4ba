//! `planc maintain`: upkeep of a rule's Delta output.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;
use planc_backend::upkeep::{Kept, Upkeep, Vacuum, maintain};
use planc_backend::{Limits, Session};

use super::console::Console;
use super::run::parse_duration;
use super::{Exit, Global, load_project};
use crate::driver::block_on;
use crate::project::outputs::{Output, parse_bytes};

#[derive(Args)]
pub(crate) struct MaintainArgs {
    /// The rule whose output it is
    #[arg(value_name = "RULE")]
    rule: String,
    /// Put small files together
    #[arg(long)]
    optimize: bool,
    /// The size of the files that --optimize makes: 128M [default: the table's]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, requires = "optimize")]
    target_size: Option<usize>,
    /// Remove files that no retained version needs
    #[arg(long)]
    vacuum: bool,
    /// How long --vacuum keeps what is not current: 168h [default: the table's; never less]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "vacuum")]
    retention: Option<Duration>,
    /// Only say what --vacuum would remove
    #[arg(long, requires = "vacuum")]
    dry_run: bool,
    /// Write a checkpoint of the log
    #[arg(long)]
    checkpoint: bool,
}

pub(crate) fn run(global: &Global, args: &MaintainArgs, console: &Console) -> Exit {
    if !(args.optimize || args.vacuum || args.checkpoint) {
        let help = "choose some of --optimize, --vacuum and --checkpoint".to_owned();
        return console.usage("there is nothing to do", Some(help));
    }
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let rules = match project.rules() {
        Ok(rules) => rules,
        Err(report) => return console.fail(&[report]),
    };
    let Some(rule) = rules.iter().find(|rule| rule.name == args.rule) else {
        let names = rules.iter().map(|rule| rule.name.as_str());
        let help = planc_ir::suggest::did_you_mean(&args.rule, names);
        return console.usage(format_args!("there is no rule `{}`", args.rule), help);
    };
    let at = match project.output(rule) {
        Ok(Some(Output::Delta { at, .. })) => at,
        Ok(_) => {
            let message = format_args!("`{}` writes no Delta table", args.rule);
            return console.usage(message, None);
        }
        Err(error) => return console.fail(&[rule.report(vec![error])]),
    };
    let size = args.target_size.and_then(|size| NonZeroU64::new(size as u64));
    let upkeep = Upkeep {
        optimize: args.optimize.then_some(size),
        vacuum: args.vacuum.then_some(Vacuum { retention: args.retention, dry_run: args.dry_run }),
        checkpoint: args.checkpoint,
    };
    let spinner = console.spinner(format!("maintaining {}", args.rule));
    let kept = block_on(async {
        let session = Session::new(&project.settings(), &Limits::default())?;
        maintain(&session, &at, &upkeep).await
    });
    spinner.finish_and_clear();
    match kept {
        Ok(kept) => {
            say(args, &kept, console);
            Exit::Clean
        }
        Err(error) => {
            console.notes(&[rule.report(vec![error])]);
            Exit::Findings
        }
    }
}

fn say(args: &MaintainArgs, kept: &Kept, console: &Console) {
    let rule = &args.rule;
    if let Some((from, to)) = kept.optimized {
        console.note(format_args!("{rule}: {from} files put together into {to}"));
    }
    if let Some(files) = &kept.vacuumed {
        let done = if args.dry_run { "would be removed" } else { "removed" };
        console.note(format_args!("{rule}: {} files {done}", files.len()));
        for file in files.iter().filter(|_| args.dry_run) {
            console.say(file);
        }
    }
    if let Some(version) = kept.checkpoint {
        console.note(format_args!("{rule}: checkpoint of version {version}"));
    }
}
