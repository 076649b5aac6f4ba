//! Results go to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use planc_ir::Diagnostic;

use super::Exit;
use crate::report::{FileReport, Format, render};

/// The two streams, and what they are connected to.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    /// Standard output is a terminal that wants colours.
    pub(crate) colour: bool,
    terminal: bool,
}

impl Console {
    pub(crate) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        Console { colour: choice != anstream::ColorChoice::Never && terminal, terminal }
    }

    /// A line of results. A closed pipe is no error: nobody reads any more.
    pub(crate) fn say(&self, line: impl Display) {
        let _ = writeln!(anstream::stdout(), "{line}");
    }

    /// Text of results, with its own line ends.
    pub(crate) fn print(&self, text: &str) {
        let _ = anstream::stdout().write_all(text.as_bytes());
    }

    /// A line beside the results.
    pub(crate) fn note(&self, line: impl Display) {
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// The format of diagnostics where none was asked for.
    pub(crate) fn default_format(&self) -> Format {
        if self.terminal { Format::Full } else { Format::Concise }
    }

    /// Reports that the command cannot do its work.
    pub(crate) fn fail(&self, reports: &[FileReport]) -> Exit {
        self.notes(reports);
        Exit::Failed
    }

    /// Diagnostics beside the results.
    pub(crate) fn notes(&self, reports: &[FileReport]) {
        let terminal = std::io::stderr().is_terminal();
        let format = if terminal { Format::Full } else { Format::Concise };
        for report in reports {
            let _ = anstream::stderr()
                .write_all(render(report, format, terminal && self.colour).as_bytes());
        }
    }

    /// A wrong use of the command line.
    pub(crate) fn usage(&self, message: impl Display, help: Option<String>) -> Exit {
        self.note(format_args!("error: {message}"));
        if let Some(help) = help {
            self.note(format_args!("    help: {help}"));
        }
        Exit::Failed
    }

    /// A finding that belongs to no file.
    pub(crate) fn finding(&self, path: &str, finding: Diagnostic) -> Exit {
        self.fail(&[FileReport::new(path, "", vec![finding])])
    }

    /// A bar on standard error, where that is a terminal.
    pub(crate) fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        bar
    }

    /// A spinner on standard error, where that is a terminal.
    pub(crate) fn spinner(&self, what: String) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner().with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(100));
        spinner
    }
}

/// Milliseconds with as many digits as are worth reading.
pub(crate) fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1e3),
    }
}

/// A number with its noun: `1 rule`, `2 rules`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
