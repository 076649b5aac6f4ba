//! The demo project on disk: Delta tables, rules and a project file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{DatePart, date_part, filter_record_batch};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use planc_backend::sink::delta::{self, Mode, WriteOptions};
use planc_backend::{Limits, Session};
use planc_ir::{Diagnostic, Settings, code};

use super::data::{TableData, tables};

/// Every file of the project that is not data: its path and its text.
const FILES: [(&str, &str); 14] = [
    ("planc.toml", include_str!("planc.toml")),
    (".gitignore", include_str!("gitignore")),
    ("rules/staging/sales.sql", include_str!("rules/staging/sales.sql")),
    ("rules/marts/late_suppliers.sql", include_str!("rules/marts/late_suppliers.sql")),
    ("rules/marts/revenue_by_nation.sql", include_str!("rules/marts/revenue_by_nation.sql")),
    ("rules/marts/top_customers.sql", include_str!("rules/marts/top_customers.sql")),
    ("rules/adhoc/big_orders.sql", include_str!("rules/adhoc/big_orders.sql")),
    ("rules/duckdb/shipping_by_month.sql", include_str!("rules/duckdb/shipping_by_month.sql")),
    ("rules/tpch/q01_pricing_summary.sql", include_str!("rules/tpch/q01_pricing_summary.sql")),
    ("rules/tpch/q03_shipping_priority.sql", include_str!("rules/tpch/q03_shipping_priority.sql")),
    (
        "rules/tpch/q05_local_supplier_volume.sql",
        include_str!("rules/tpch/q05_local_supplier_volume.sql"),
    ),
    ("rules/tpch/q06_forecast_revenue.sql", include_str!("rules/tpch/q06_forecast_revenue.sql")),
    (
        "rules/tpch/q13_customer_distribution.sql",
        include_str!("rules/tpch/q13_customer_distribution.sql"),
    ),
    (
        "rules/tpch/q18_large_volume_customer.sql",
        include_str!("rules/tpch/q18_large_volume_customer.sql"),
    ),
];

/// The file by which a finished demo is known. It holds the scale factor.
const MARKER: &str = "data/.planc-demo";

/// How the names of unfinished demos begin. They lie inside the folder that they are for.
const UNFINISHED: &str = ".planc-demo-";

/// The first and the last year in which TPC-H ships anything.
const SHIP_YEARS: std::ops::RangeInclusive<i32> = 1992..=1998;

/// What [`write`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// The tables written. Empty where the folder held the demo already.
    pub tables: Vec<WrittenTable>,
    /// The project's other files that were written, relative to its folder.
    pub files: Vec<&'static str>,
}

/// A Delta table of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTable {
    /// Its name in rules.
    pub name: &'static str,
    /// Its rows at the latest version.
    pub rows: usize,
    /// Its commits; the latest version is one less.
    pub commits: usize,
}

/// Writes the demo into a folder, which is made where it is missing. The tables have the
/// scale factor `scale`, over 0 and up to 10.
///
/// The project appears in the folder once all of it is written: an interrupted call leaves
/// nothing that looks like a project. A folder that holds the demo already keeps its data and
/// the user's edits; files that were deleted are written again.
///
/// # Errors
/// P0809 where the folder holds anything else, or the demo at another scale, or cannot be
/// written; what the backend says where a table cannot be written.
pub async fn write(dir: &Path, scale: f64) -> Result<Demo, Diagnostic> {
    if !(scale > 0.0 && scale <= 10.0) {
        let message = format!("{scale} is no scale factor for the demo");
        return Err(Diagnostic::new(code::PROJECT_FOLDER, message)
            .help("choose one over 0 and up to 10; 0.01 makes about 60,000 line items"));
    }
    match Contents::of(dir)? {
        Contents::Nothing => {}
        Contents::Demo(found) if found == scale => {
            return Ok(Demo { tables: Vec::new(), files: write_missing(dir)? });
        }
        Contents::Demo(found) => {
            let message = format!("`{}` holds a demo of scale {found}", dir.display());
            return Err(Diagnostic::new(code::PROJECT_FOLDER, message)
                .help("choose another folder, or delete this one"));
        }
        Contents::Other(name) => {
            let message = format!("`{}` is not empty: it holds `{name}`", dir.display());
            return Err(Diagnostic::new(code::PROJECT_FOLDER, message)
                .help("choose a new or an empty folder"));
        }
    }
    fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))?;
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(dir);
    let unfinished = unfinished.map_err(|error| unwritable(dir, &error))?;
    let tables = write_tables(unfinished.path(), scale).await?;
    let files = write_missing(unfinished.path())?;
    let marker = unfinished.path().join(MARKER);
    fs::write(&marker, format!("{scale}\n")).map_err(|error| unwritable(&marker, &error))?;
    publish(unfinished.path(), dir).map_err(|error| unwritable(dir, &error))?;
    Ok(Demo { tables, files })
}

/// What a folder holds.
#[derive(Debug, PartialEq)]
enum Contents {
    /// Nothing, or it does not exist.
    Nothing,
    /// A demo of this scale.
    Demo(f64),
    /// This, which is not ours.
    Other(String),
}

impl Contents {
    /// Looks, and clears away what killed calls left behind.
    fn of(dir: &Path) -> Result<Contents, Diagnostic> {
        if let Ok(marker) = fs::read_to_string(dir.join(MARKER))
            && let Ok(scale) = marker.trim().parse()
        {
            return Ok(Contents::Demo(scale));
        }
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::Nothing),
            Err(error) => return Err(unwritable(dir, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| unwritable(dir, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with(UNFINISHED) {
                return Ok(Contents::Other(name));
            }
            fs::remove_dir_all(entry.path()).map_err(|error| unwritable(&entry.path(), &error))?;
        }
        Ok(Contents::Nothing)
    }
}

/// Writes the files of [`FILES`] that are not there, and names them.
fn write_missing(dir: &Path) -> Result<Vec<&'static str>, Diagnostic> {
    let mut written = Vec::new();
    for (name, text) in FILES {
        let path = dir.join(name);
        if path.exists() {
            continue;
        }
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&path, text)).map_err(|error| unwritable(&path, &error))?;
        written.push(name);
    }
    Ok(written)
}

/// Moves a finished demo to its place, the data with the marker last.
fn publish(from: &Path, to: &Path) -> io::Result<()> {
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(from)? {
        names.push(entry?.file_name().into());
    }
    names.sort_by_key(|name| name == Path::new("data"));
    names.iter().try_for_each(|name| fs::rename(from.join(name), to.join(name)))
}

async fn write_tables(dir: &Path, scale: f64) -> Result<Vec<WrittenTable>, Diagnostic> {
    let session = Session::new(&Settings::default(), &Limits::default())?;
    let mut written = Vec::new();
    let mut generated = tables(scale);
    loop {
        // Generating takes seconds of computing, during which Ctrl-C must still be heard.
        let next = tokio::task::spawn_blocking(move || (generated.next(), generated)).await;
        let (table, rest) = next.map_err(internal)?;
        generated = rest;
        let Some(table) = table else { return Ok(written) };
        written.push(write_table(&session, dir, &table.map_err(internal)?).await?);
    }
}

/// Writes one table. `lineitem` takes a commit for each year of shipping, so that there are
/// versions to travel to; `orders` is partitioned by its status.
async fn write_table(
    session: &Session,
    dir: &Path,
    table: &TableData,
) -> Result<WrittenTable, Diagnostic> {
    let at = dir.join("data").join(table.name);
    let mut commits = 0;
    if table.name == "lineitem" {
        for year in SHIP_YEARS {
            let shipped = shipped_in(year, &table.batches).map_err(internal)?;
            commit(session, &at, table, shipped).await?;
            commits += 1;
        }
    } else {
        commit(session, &at, table, table.batches.clone()).await?;
        commits += 1;
    }
    Ok(WrittenTable { name: table.name, rows: table.rows(), commits })
}

/// The line items that were shipped in a year.
fn shipped_in(year: i32, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let filter = |batch: &RecordBatch| {
        let shipped = batch.column_by_name("l_shipdate").ok_or_else(|| {
            ArrowError::SchemaError("lineitem has no column l_shipdate".to_owned())
        })?;
        let years = date_part(shipped, DatePart::Year)?;
        let wanted = eq(&years, &Int32Array::new_scalar(year))?;
        filter_record_batch(batch, &wanted)
    };
    batches.iter().map(filter).collect()
}

/// Adds one commit to a table, which the first one makes.
async fn commit(
    session: &Session,
    at: &Path,
    table: &TableData,
    batches: Vec<RecordBatch>,
) -> Result<(), Diagnostic> {
    let partition_by =
        if table.name == "orders" { vec!["o_orderstatus".to_owned()] } else { vec![] };
    let options = WriteOptions { mode: Mode::Append, partition_by, ..WriteOptions::default() };
    let location = at.to_string_lossy();
    delta::write_batches(session, &location, Arc::clone(&table.schema), batches, options).await?;
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("`{}` cannot be written: {error}", path.display());
    Diagnostic::new(code::PROJECT_FOLDER, message)
}

fn internal(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(code::INTERNAL, format!("the demo's tables cannot be generated: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_demo_is_written_whole_and_kept() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("new/demo");
        let demo = write(&dir, 0.001).await.unwrap();
        let commits: Vec<_> = demo.tables.iter().map(|t| (t.name, t.rows, t.commits)).collect();
        assert_eq!(commits[0], ("region", 5, 1));
        assert_eq!(commits[7], ("lineitem", 6005, 7));
        assert!(dir.join("data/lineitem/_delta_log/00000000000000000006.json").is_file());
        assert!(dir.join("data/orders/o_orderstatus=F").is_dir());
        assert!(dir.join(".gitignore").is_file());
        let left = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.filter(|name| name.to_string_lossy().starts_with(UNFINISHED)).count(), 0);

        let rule = dir.join("rules/adhoc/big_orders.sql");
        fs::write(&rule, "select 1").unwrap();
        fs::remove_file(dir.join("rules/staging/sales.sql")).unwrap();
        let again = write(&dir, 0.001).await.unwrap();
        let restored = Demo { tables: vec![], files: vec!["rules/staging/sales.sql"] };
        assert_eq!(again, restored);
        assert_eq!(fs::read_to_string(&rule).unwrap(), "select 1");

        let other = write(&dir, 0.002).await.unwrap_err();
        assert!(other.message.ends_with("holds a demo of scale 0.001"), "{}", other.message);
    }

    #[tokio::test]
    async fn folders_of_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        let error = write(dir.path(), 0.001).await.unwrap_err();
        assert_eq!(error.code, code::PROJECT_FOLDER);
        assert!(error.message.contains("thesis.txt"), "{}", error.message);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(write(&dir.path().join("new"), scale).await.is_err());
        }
    }

    #[test]
    fn every_rule_file_is_embedded() {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/rules");
        for entry in walkdir::WalkDir::new(&rules) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(rules.parent().unwrap()).unwrap();
                assert!(FILES.iter().any(|(file, _)| Path::new(file) == name), "{name:?}");
            }
        }
    }
}
