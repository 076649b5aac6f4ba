//! Runs the files of `golden/`. `PLANC_BLESS=1` rewrites their outputs.

use std::path::Path;

use planc::golden::{Failure, Surroundings, run_file};
use planc_ir::substrait::FORMAT;

#[test]
fn golden_cases_hold() {
    let bless = std::env::var_os("PLANC_BLESS").is_some();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    insta::glob!("../..", "golden/**/*.md", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let report = runtime.block_on(run_file(path, &text, None, &Surroundings::default()));
        let pinned = is_pinned(&text);
        if bless && !pinned {
            report.bless(path, &text).unwrap();
        }
        let open =
            report.failures.iter().filter(|failure| !(bless && failure.blessable && !pinned));
        let open: Vec<String> = open.map(|failure| shown(path, failure)).collect();
        let accept = if pinned {
            "digests of a released format do not move: raise substrait::FORMAT, then bless"
        } else {
            "to accept the outputs: PLANC_BLESS=1 cargo test --test it golden_cases_hold"
        };
        assert!(open.is_empty(), "{}\n{accept}", open.join("\n"));
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.remove_snapshot_suffix();
        settings.set_snapshot_path(path.parent().unwrap().join("snapshots"));
        for trace in &report.traces {
            let name = trace.path.file_stem().unwrap().to_str().unwrap();
            settings.bind(|| insta::assert_snapshot!(name, trace.text.trim()));
        }
    });
}

/// A failure with the command that runs its case alone.
fn shown(path: &Path, failure: &Failure) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
    let file = path.strip_prefix(&root).unwrap_or(path).display().to_string();
    let Failure { case, line, message, .. } = failure;
    format!("{file}:{line}: {case}: {message}\nagain: cargo run -- test {file} --case \"{case}\"\n")
}

/// Whether the digests of a file may not be blessed: it pins those of a released format, and
/// the encoder still writes that format.
fn is_pinned(text: &str) -> bool {
    let says = |what: &str| {
        text.lines().find_map(|line| line.strip_prefix(what)).map(|value| value.trim().to_owned())
    };
    match (says("Format:"), says("Released:")) {
        (Some(format), Some(released)) => format == FORMAT.to_string() && released != "no",
        _ => false,
    }
}

#[test]
fn a_changed_pin_of_a_released_format_needs_a_new_number() {
    let file = |format: u32, released: &str| format!("Format: {format}\nReleased: {released}\n");
    assert!(is_pinned(&file(FORMAT, "0.1.0")));
    assert!(!is_pinned(&file(FORMAT, "no")));
    assert!(!is_pinned(&file(FORMAT - 1, "0.1.0")), "the encoder has moved on, so the pins may");
    assert!(!is_pinned("# A file of another kind\n"));
    let stability = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/digest/stability.md");
    let text = std::fs::read_to_string(stability).unwrap();
    assert!(
        text.contains(&format!("\nFormat: {FORMAT}\n")),
        "the pins are of the encoder's format"
    );
    assert!(text.contains("\nReleased: "));
    assert!(text.matches("```digest\n").count() >= 8);
}
