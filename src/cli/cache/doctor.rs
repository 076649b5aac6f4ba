//! `planc cache doctor`.

use clap::Args;
use planc_artifacts::{Finding, Verdict};
use serde::Serialize;

use super::{Console, Exit, Global, with_store};
use crate::report::SCHEMA_VERSION;

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    tier: String,
    check: &'a str,
    verdict: Verdict,
    detail: &'a str,
    code: Option<&'a str>,
}

pub(crate) fn run(global: &Global, args: &DoctorArgs, console: &Console) -> Exit {
    with_store(global, console, |store| {
        let findings = store.doctor();
        for finding in &findings {
            let Finding { tier, check, verdict, detail, code } = finding;
            if args.json {
                let code = code.map(|code| code.id);
                let tier = tier.to_string();
                let verdict = *verdict;
                let line =
                    Line { schema_version: SCHEMA_VERSION, tier, check, verdict, detail, code };
                console.say(serde_json::to_string(&line).unwrap_or_default());
                continue;
            }
            let word = match verdict {
                Verdict::Good => "ok",
                Verdict::Note => "note",
                Verdict::Failed => "FAILED",
            };
            let code = code.map_or(String::new(), |code| format!(" [{code}]"));
            console.say(format_args!("{word:<7} {:<7} {check}: {detail}{code}", tier.to_string()));
        }
        let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failed);
        if failed { Exit::Findings } else { Exit::Clean }
    })
}
