//! From what the project file says of a source to what the backend takes.

use std::path::{Component, Path, PathBuf};

use planc_backend::{Changes, ColumnOverride, DeltaScan, SourceSpec};
use planc_ir::{Diagnostic, code};

use super::config::SourceConfig;
use super::parameter_type;

/// The source that `[sources.NAME]` describes, with its location made absolute.
///
/// # Errors
///
/// P0801 where it names no format or several, or an option of another format; P0805 where a
/// variable is not set.
pub fn source(root: &Path, name: &str, config: &SourceConfig) -> Result<SourceSpec, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(code::CONFIG, message);
    let SourceConfig { delta, parquet, csv, json, arrow, ddl, .. } = config;
    let formats = [
        ("delta", delta),
        ("parquet", parquet),
        ("csv", csv),
        ("json", json),
        ("arrow", arrow),
        ("ddl", ddl),
    ];
    let named: Vec<_> =
        formats.into_iter().filter_map(|(format, at)| Some((format, at.as_ref()?))).collect();
    let [(format, at)] = named.as_slice() else {
        let found = match named.as_slice() {
            [] => "none of them".to_owned(),
            several => {
                several.iter().map(|(f, _)| format!("`{f}`")).collect::<Vec<_>>().join(" and ")
            }
        };
        return Err(wrong(format!(
            "source `{name}` needs exactly one of delta, parquet, csv, json, arrow and ddl, and has {found}"
        )));
    };
    let of_delta = config.version.is_some()
        || config.timestamp.is_some()
        || config.scan.is_some()
        || config.changes.is_some();
    if *format != "delta" && of_delta {
        return Err(wrong(format!(
            "source `{name}`: `version`, `timestamp`, `scan` and `changes` are for Delta tables, not for {format}"
        )));
    }
    if *format != "csv" && (config.header.is_some() || config.delimiter.is_some()) {
        return Err(wrong(format!(
            "source `{name}`: `header` and `delimiter` are for CSV files, not for {format}"
        )));
    }
    let url = location(root, at)?;
    Ok(match *format {
        "delta" => delta_source(name, url, config)?,
        "parquet" => SourceSpec::Parquet { url },
        "csv" => SourceSpec::Csv {
            url,
            header: config.header.unwrap_or(true),
            delimiter: u8::try_from(config.delimiter.unwrap_or(',')).map_err(|_| {
                wrong(format!("source `{name}`: `delimiter` is one ASCII character"))
            })?,
            schema: None,
        },
        "json" => SourceSpec::Json { url },
        "arrow" => SourceSpec::Arrow { url },
        _ => SourceSpec::Ddl { path: url },
    })
}

fn delta_source(name: &str, url: String, config: &SourceConfig) -> Result<SourceSpec, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(code::CONFIG, message);
    if config.version.is_some() && config.timestamp.is_some() {
        return Err(wrong(format!("source `{name}` has a `version` or a `timestamp`, not both")));
    }
    if let Some(changes) = config.changes {
        if config.version.is_some() || config.timestamp.is_some() || config.scan.is_some() {
            return Err(wrong(format!(
                "source `{name}`: `changes` has its own versions, and no `scan`"
            )));
        }
        let changes = Changes { from: changes.from, to: changes.to };
        return Ok(SourceSpec::DeltaChanges { url, changes });
    }
    let timestamp = config.timestamp.as_deref().map(|text| {
        parse_time(text).ok_or_else(|| {
            wrong(format!("source `{name}`: `{text}` is no time"))
                .help("write it as 2026-01-31T12:00:00Z")
        })
    });
    let scan = config.scan.clone().unwrap_or_default();
    let defaults = DeltaScan::default();
    let overrides = scan.schema.iter().map(|(column, text)| {
        let parsed = column_override(text).ok_or_else(|| {
            let message = format!("source `{name}`: `{column}`: there is no type `{text}`");
            wrong(message).help("write a SQL type, such as decimal(20, 2) or bigint not null")
        });
        Ok((column.clone(), parsed?))
    });
    let schema = overrides.collect::<Result<_, Diagnostic>>()?;
    Ok(SourceSpec::Delta {
        url,
        version: config.version,
        timestamp: timestamp.transpose()?,
        scan: DeltaScan {
            file_column: scan.file_column,
            wrap_partition_values: scan
                .wrap_partition_values
                .unwrap_or(defaults.wrap_partition_values),
            schema_force_view_types: scan
                .schema_force_view_types
                .unwrap_or(defaults.schema_force_view_types),
            enable_parquet_pushdown: scan
                .enable_parquet_pushdown
                .unwrap_or(defaults.enable_parquet_pushdown),
            schema,
        },
    })
}

/// A SQL type, with NOT NULL or NULL behind it or neither.
fn column_override(text: &str) -> Option<ColumnOverride> {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |place: usize, word: &str| {
        let at = words.len().checked_sub(place).and_then(|at| words.get(at));
        at.is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let (kept, nullable) = match (is(2, "not"), is(1, "null")) {
        (true, true) => (words.len() - 2, Some(false)),
        (false, true) => (words.len() - 1, Some(true)),
        _ => (words.len(), None),
    };
    if kept == 0 {
        return None;
    }
    let of_type = words.get(..kept)?.join(" ");
    Some(ColumnOverride { data_type: parameter_type(&of_type)?, nullable })
}

/// A time as RFC 3339 writes it.
pub fn parse_time(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&chrono::Utc))
}

/// A path without `.` and `..`, which object stores do not know.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// A location with `${VAR}` filled in from the environment and a relative path joined to the
/// project's folder.
///
/// # Errors
///
/// P0805 where a variable is not set.
pub fn location(root: &Path, text: &str) -> Result<String, Diagnostic> {
    let mut at = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        let value = std::env::var(name).map_err(|_| {
            let message = format!("the environment variable `{name}` of `{text}` is not set");
            Diagnostic::new(code::UNSET_VARIABLE, message)
        })?;
        at.push_str(before);
        at.push_str(&value);
        rest = behind;
    }
    at.push_str(rest);
    if at.contains("://") {
        return Ok(at);
    }
    Ok(without_dots(&root.join(at)).to_string_lossy().into_owned())
}
