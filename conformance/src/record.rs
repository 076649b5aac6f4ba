//! The records of a sqllogictest file.

use std::path::{Path, PathBuf};

use globset::Glob;

/// A statement or query of the suite.
#[derive(Debug, Clone)]
pub struct Record {
    /// The line of its SQL, from 1, in the file that was asked for or in an included one.
    pub line: usize,
    pub sql: String,
    /// True where the suite expects an error.
    pub error: bool,
}

/// How deep files may include each other.
const MOST_INCLUDED: usize = 8;

/// Reads a file and the ones that it includes, up to a `halt`.
pub fn read(path: &Path) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    read_into(path, 0, &mut records)?;
    Ok(records)
}

/// False where a `halt` was found.
fn read_into(path: &Path, depth: usize, records: &mut Vec<Record>) -> Result<bool, String> {
    if depth > MOST_INCLUDED {
        return Err(format!("{}: included too deep", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut lines = text.lines().zip(1..).peekable();
    let mut skip = false;
    while let Some((line, number)) = lines.next() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("halt"), _) => return Ok(false),
            (Some("include"), Some(pattern)) => {
                for file in included(path, pattern)? {
                    if !read_into(&file, depth + 1, records)? {
                        return Ok(false);
                    }
                }
            }
            (Some("onlyif"), Some(engine)) => skip |= !engine.eq_ignore_ascii_case("datafusion"),
            (Some("skipif"), Some(engine)) => skip |= engine.eq_ignore_ascii_case("datafusion"),
            (Some("query" | "statement"), kind) => {
                let mut sql = String::new();
                // The results stand behind `----`; what they are is of no matter here.
                while let Some((line, _)) = lines.next_if(|(line, _)| !line.trim().is_empty()) {
                    if line.trim() == "----" {
                        while lines.next_if(|(line, _)| !line.trim().is_empty()).is_some() {}
                        break;
                    }
                    sql.push_str(line);
                    sql.push('\n');
                }
                if !std::mem::take(&mut skip) {
                    let error = kind == Some("error");
                    records.push(Record { line: number + 1, sql: sql.trim().to_owned(), error });
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

fn included(from: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {pattern}: {why}", from.display());
    let folder = from.parent().ok_or_else(|| wrong(&"no folder"))?;
    let pattern = folder.join(pattern.trim_start_matches("./"));
    let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let glob = Glob::new(name).map_err(|why| wrong(&why))?.compile_matcher();
    let folder = pattern.parent().ok_or_else(|| wrong(&"no folder"))?;
    let entries = std::fs::read_dir(folder).map_err(|why| wrong(&why))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| glob.is_match(name)))
        .collect();
    files.sort();
    Ok(files)
}
