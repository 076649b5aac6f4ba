//! `--watch`: checks again whenever a file of the project changes.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

use super::CheckArgs;
use crate::cli::console::Console;
use crate::cli::{Exit, Global, load_project};

/// Editors write a file in several steps: this long nothing must happen.
const QUIET: Duration = Duration::from_millis(150);

pub(super) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Exit {
    let root = match load_project(global) {
        Ok(project) => project.root.clone(),
        Err(report) => return console.fail(&[report]),
    };
    let (sender, changes) = mpsc::channel();
    let watched = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let touched = event.is_ok_and(|event| {
            !event.kind.is_access() && event.paths.iter().any(|path| concerns(path))
        });
        if touched {
            let _ = sender.send(());
        }
    });
    let mut watcher = match watched {
        Ok(watcher) => watcher,
        Err(error) => return console.usage(format_args!("files cannot be watched: {error}"), None),
    };
    if let Err(error) = watcher.watch(&root, RecursiveMode::Recursive) {
        return console.usage(format_args!("`{}`: {error}", root.display()), None);
    }
    loop {
        super::once(global, args, console);
        console.note("watching; Ctrl-C ends");
        if changes.recv().is_err() {
            return Exit::Clean;
        }
        while changes.recv_timeout(QUIET).is_ok() {}
    }
}

/// Rules, the project's files and DDL; not what planc itself writes.
fn concerns(path: &Path) -> bool {
    let own = path.components().any(|part| {
        let part = part.as_os_str();
        part == ".planc" || part == ".git"
    });
    let ending = path.extension().and_then(|ending| ending.to_str());
    !own && matches!(ending, Some("sql" | "toml" | "lock" | "json" | "substrait"))
}
