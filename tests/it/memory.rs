//! What a run holds in memory does not grow with its output, whichever way the rows go. The peak
//! is that of the process, as Linux keeps it, so that copies count too.

use std::process::Stdio;
use std::time::Duration;

use crate::sandbox::Sandbox;

const FEW_ROWS: usize = 20_000;
const MANY_ROWS: usize = 300_000;
const ROWS_OF_A_TABLE: usize = 600_000;
const BYTES_OF_A_ROW: usize = 12 * 32;

/// A data file is kept until it is whole.
const FILE_SIZE: &str = "8M";

/// The most bytes that a process has had in memory until now.
fn peak_of(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.unwrap_or(0_usize) * 1024
}

/// Runs planc to its good end and gives its peak.
fn peak(sandbox: &Sandbox, args: &[&str]) -> usize {
    let mut command = sandbox.command();
    // What glibc keeps for other threads is no rows.
    command.args(args).env("MALLOC_ARENA_MAX", "1");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    loop {
        peak = peak.max(peak_of(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{args:?}");
            assert!(peak > 0, "{args:?}");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn rows(count: usize) -> String {
    format!(
        "select value as id, repeat(md5(cast(value as varchar)), 12) as s \
         from generate_series(1, {count})"
    )
}

/// By less than half of what the rows are.
fn grows_little(what: &str, few: usize, many: usize, rows: usize) {
    let growth = many.saturating_sub(few);
    let megabytes = |bytes: usize| bytes >> 20;
    eprintln!("{what}: {} MB, then {} MB", megabytes(few), megabytes(many));
    assert!(
        growth < rows * BYTES_OF_A_ROW / 2,
        "{what}: {} MB for {FEW_ROWS} rows, {} MB for {rows}",
        megabytes(few),
        megabytes(many)
    );
}

#[test]
fn files_and_standard_output_of_any_size_take_little_memory() {
    let shop = Sandbox::shop();
    shop.file("rules/few.sql", rows(FEW_ROWS));
    shop.file("rules/many.sql", rows(MANY_ROWS));
    for format in ["csv", "json", "arrow", "arrow-file", "parquet"] {
        let of = |rule| peak(&shop, &["run", rule, "--format", format, "--output", "out"]);
        grows_little(format, of("few"), of("many"), MANY_ROWS);
    }
    let of = |rule| peak(&shop, &["run", rule, "--format", "csv"]);
    grows_little("standard output", of("few"), of("many"), MANY_ROWS);
    let of = |rule| peak(&shop, &["run", rule]);
    grows_little("preview", of("few"), of("many"), MANY_ROWS);
}

/// A merge is not among them: it joins its rows with the table's, and holds them for that.
#[test]
fn tables_of_any_size_take_little_memory() {
    let shop = Sandbox::shop();
    let file_size = format!(", target_file_size = '{FILE_SIZE}'");
    let replaced = format!("{file_size}, replace_where = 'id > 0'");
    for (mode, more) in [
        ("overwrite", file_size.as_str()),
        ("append", file_size.as_str()),
        ("replace-where", replaced.as_str()),
    ] {
        let of = |count| {
            let output = format!("{{ delta = 'out-{mode}', mode = '{mode}'{more} }}");
            shop.file("rules/kept.sql", format!("-- planc: output = {output}\n{}", rows(count)));
            peak(&shop, &["run", "kept", "--write"])
        };
        // The first write makes the table.
        of(1);
        grows_little(mode, of(FEW_ROWS), of(ROWS_OF_A_TABLE), ROWS_OF_A_TABLE);
    }
}
