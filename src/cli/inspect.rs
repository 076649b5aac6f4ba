//! `planc inspect`: any Substrait file as text or JSON.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use planc_ir::{Diagnostic, substrait};

use super::Exit;
use super::console::Console;

/// The most bytes that are read: a plan is smaller, and its JSON not much larger.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// A Substrait plan, in binary or in Substrait's JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PlanFormat,
}

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// Extensions, relations and types, as a tree
    Text,
    /// Substrait's JSON mapping
    Json,
}

pub(crate) fn run(args: &InspectArgs, console: &Console) -> Exit {
    let name = args.file.display().to_string();
    match read(&args.file) {
        Ok(bytes) => show(&name, &bytes, args.format, console),
        Err(why) => console.usage(format_args!("{name}: {why}"), None),
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Prints a plan, in binary or JSON, which goes by this name.
pub(crate) fn show(name: &str, bytes: &[u8], format: PlanFormat, console: &Console) -> Exit {
    match shown(bytes, format) {
        Ok(text) => {
            console.print(&text);
            Exit::Clean
        }
        Err(finding) => {
            console.finding(name, finding);
            Exit::Findings
        }
    }
}

fn shown(bytes: &[u8], format: PlanFormat) -> Result<String, Diagnostic> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with('{'));
    let from_json = text.map(substrait::from_json).transpose()?;
    let bytes = from_json.as_deref().unwrap_or(bytes);
    match format {
        PlanFormat::Text => substrait::describe(bytes),
        PlanFormat::Json => substrait::to_json(bytes).map(|text| text + "\n"),
    }
}
