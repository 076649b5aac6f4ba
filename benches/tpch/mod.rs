//! A project over the TPC-H schemas without any table, as the benches check and compile it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot be set up must stop")]

use std::fs;
use std::path::Path;

use planc::demo::data::schemas;
use planc::project::lock::Lock;
use planc::project::{FILE, LOCK};
use planc_ir::Table;

/// Name and text of the 22 queries, in order.
pub fn queries() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tpch");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let query = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(query).collect()
}

/// So many rules: the queries again and again, each with another comment, so that no two texts
/// are equal.
#[allow(dead_code, reason = "not every bench wants many")]
pub fn many(rules: usize) -> Vec<(String, String)> {
    let queries = queries();
    let rule = |(n, (_, text)): (usize, &(String, String))| {
        (format!("r{n:04}"), format!("-- {n}\n{text}"))
    };
    queries.iter().cycle().take(rules).enumerate().map(rule).collect()
}

/// Writes a project of these rules; the schemas come from its lock.
pub fn write_project<'a>(root: &Path, rules: impl IntoIterator<Item = &'a (String, String)>) {
    let mut config = "[project]\nname = \"tpch\"\n".to_owned();
    let mut lock = Lock::default();
    for (name, schema) in schemas() {
        config.push_str(&format!("[sources.{name}]\ndelta = \"data/{name}\"\n"));
        lock.tables.insert(name.to_owned(), Table::new(&schema));
    }
    fs::write(root.join(FILE), config).unwrap();
    fs::write(root.join(LOCK), lock.render()).unwrap();
    fs::create_dir(root.join("rules")).unwrap();
    for (name, text) in rules {
        fs::write(root.join("rules").join(format!("{name}.sql")), text).unwrap();
    }
}
