//! `planc dups`: rules that mean the same.

use clap::Args;
use serde::Serialize;

use super::console::Console;
use super::{Exit, Global, with_compiler};
use crate::driver::{Duplicates, Selected, duplicates};
use crate::report::SCHEMA_VERSION;

#[derive(Args)]
pub(crate) struct DupsArgs {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// A group as `dups --json` writes it.
#[derive(Serialize)]
struct GroupLine<'a> {
    schema_version: u32,
    #[serde(flatten)]
    group: &'a Duplicates,
}

pub(crate) fn run(global: &Global, args: &DupsArgs, console: &Console) -> Exit {
    with_compiler(global, console, |_, compiler| {
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        let groups = duplicates(compiler, &compiled);
        for group in &groups {
            if args.json {
                let line = GroupLine { schema_version: SCHEMA_VERSION, group };
                console.say(serde_json::to_string(&line).unwrap_or_default());
                continue;
            }
            let rules = group.rules.join(", ");
            match group.digest {
                Some(digest) => console.say(format_args!("{rules}: same digest {digest}")),
                None => console.say(format_args!(
                    "{rules}: the same down to the sources, deep digest {}",
                    group.deep_digest
                )),
            }
        }
        let failed = compiled.outcomes.iter().flatten().filter(|o| o.record.digest.is_none());
        let failed = match failed.count() {
            0 => String::new(),
            failed => format!("; {failed} have errors and were left out"),
        };
        let alike: usize = groups.iter().map(|group| group.rules.len()).sum();
        console.note(format_args!(
            "{} rules: {alike} in {} groups that mean the same{failed}",
            compiler.rules.len(),
            groups.len()
        ));
        Exit::Clean
    })
}
