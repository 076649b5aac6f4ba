//! From what a rule says of its output to what the backend takes.

use std::num::NonZeroU64;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use planc_backend::SourceSpec;
use planc_backend::sink::delta::{Mode, SchemaMode, WriteOptions};
use planc_ir::{Diagnostic, code};

use super::config::{OutputConfig, WriteMode, WriteSchema};
use super::sources::location;

/// Where a rule's rows go.
#[derive(Debug, Clone)]
pub enum Output {
    /// A Delta table.
    Delta {
        /// Its folder or URL.
        at: String,
        /// How it is written. Who writes is not known yet.
        options: Box<WriteOptions>,
    },
    /// A Parquet file.
    Parquet(String),
    /// A CSV file.
    Csv(String),
}

impl Output {
    /// Path or URL.
    pub fn location(&self) -> &str {
        match self {
            Output::Delta { at, .. } | Output::Parquet(at) | Output::Csv(at) => at,
        }
    }

    /// The output as a source of the rules downstream. A CSV file does not say its types; the
    /// rule that wrote it does.
    pub fn as_source(&self, schema: Option<SchemaRef>) -> SourceSpec {
        match self {
            Output::Delta { at, .. } => SourceSpec::delta(at),
            Output::Parquet(at) => SourceSpec::Parquet { url: at.clone() },
            Output::Csv(at) => {
                SourceSpec::Csv { url: at.clone(), header: true, delimiter: b',', schema }
            }
        }
    }
}

/// The output that a rule declares, with its location made absolute.
///
/// # Errors
///
/// P0807 where it names no format or several, or options that do not fit together; P0805 where a
/// variable is not set.
pub fn output(root: &Path, config: &OutputConfig) -> Result<Output, Diagnostic> {
    let wrong = |message: &str| Err(Diagnostic::new(code::RULE_SETTINGS, message));
    let formats = [&config.delta, &config.parquet, &config.csv];
    let mut named = formats.into_iter().enumerate().filter_map(|(i, at)| Some((i, at.as_ref()?)));
    let (Some((format, at)), None) = (named.next(), named.next()) else {
        return wrong("an output has exactly one of `delta`, `parquet` and `csv`");
    };
    let at = location(root, at)?;
    if format == 0 {
        return Ok(Output::Delta { at, options: Box::new(options(config)?) });
    }
    let of_delta = config.schema_mode.is_some()
        || config.replace_where.is_some()
        || config.target_file_size.is_some()
        || !config.partition_by.is_empty();
    if of_delta || config.mode.is_some_and(|mode| mode != WriteMode::Overwrite) {
        return wrong("a file is written anew each time; how rows meet others is for Delta tables");
    }
    Ok(if format == 1 { Output::Parquet(at) } else { Output::Csv(at) })
}

fn options(config: &OutputConfig) -> Result<WriteOptions, Diagnostic> {
    let wrong = |message: &str| Err(Diagnostic::new(code::RULE_SETTINGS, message));
    let mode = match (config.mode, &config.replace_where) {
        (Some(WriteMode::ReplaceWhere), Some(predicate)) => {
            Mode::ReplaceWhere { predicate: predicate.clone() }
        }
        (_, Some(_)) => {
            let message = "`replace_where` is for the mode `replace-where`";
            let help =
                "write mode = \"replace-where\" beside it; without a mode all rows are replaced";
            return Err(Diagnostic::new(code::RULE_SETTINGS, message).help(help));
        }
        (Some(WriteMode::ReplaceWhere), None) => {
            return wrong("the mode `replace-where` needs `replace_where`, a condition in SQL");
        }
        (Some(WriteMode::Append), None) => Mode::Append,
        (Some(WriteMode::Merge), None) => Mode::Merge { key: config.key.clone() },
        (Some(WriteMode::Overwrite) | None, None) => Mode::Overwrite,
    };
    if mode == (Mode::Merge { key: Vec::new() }) {
        return wrong("the mode `merge` needs `key`, the columns that identify a row");
    }
    let schema_mode = config.schema_mode.map(|mode| match mode {
        WriteSchema::Same => SchemaMode::Same,
        WriteSchema::Merge => SchemaMode::Merge,
        WriteSchema::Overwrite => SchemaMode::Overwrite,
    });
    if schema_mode == Some(SchemaMode::Overwrite) && mode != Mode::Overwrite {
        return wrong("only the mode `overwrite` can overwrite the schema");
    }
    let target_file_bytes = match &config.target_file_size {
        None => None,
        Some(_) if matches!(mode, Mode::Merge { .. }) => {
            return wrong("a merge takes its file size from the table: delta.targetFileSize");
        }
        Some(text) => match parse_bytes(text).map(|bytes| NonZeroU64::new(bytes as u64)) {
            Ok(Some(bytes)) => Some(bytes),
            Ok(None) => return wrong("`target_file_size` is more than nothing"),
            Err(why) => return wrong(&format!("`target_file_size`: {why}")),
        },
    };
    let partition_by = config.partition_by.clone();
    Ok(WriteOptions { mode, schema_mode, partition_by, target_file_bytes, ..Default::default() })
}

/// A number of bytes with a unit: `512M`, `2GiB`.
///
/// # Errors
///
/// A sentence, where it is none.
pub fn parse_bytes(text: &str) -> Result<usize, String> {
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit =
        match text.get(number.len()..).unwrap_or("").to_ascii_uppercase().trim_end_matches('B') {
            "" => 1,
            "K" | "KI" => 1 << 10,
            "M" | "MI" => 1 << 20,
            "G" | "GI" => 1 << 30,
            unit => return Err(format!("`{unit}` is no unit of memory: K, M and G are")),
        };
    let number: usize = number.parse().map_err(|_| format!("`{text}` is no number of bytes"))?;
    number.checked_mul(unit).ok_or_else(|| format!("`{text}` is too much"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_fit_together() {
        let check = |toml: &str| {
            let config: OutputConfig = toml::from_str(toml).unwrap();
            output(Path::new("/p"), &config).map_err(|error| error.message)
        };
        let delta = |toml: &str| match check(&format!("delta = 'out'\n{toml}")) {
            Ok(Output::Delta { at, options }) => {
                assert_eq!(at, "/p/out");
                Ok(options.mode)
            }
            Ok(other) => panic!("{other:?}"),
            Err(message) => Err(message),
        };
        assert_eq!(delta(""), Ok(Mode::Overwrite));
        assert_eq!(delta("mode = 'append'"), Ok(Mode::Append));
        let key = vec!["id".to_owned()];
        assert_eq!(delta("mode = 'merge'\nkey = ['id']"), Ok(Mode::Merge { key }));
        let replaced = Mode::ReplaceWhere { predicate: "d = 1".to_owned() };
        assert_eq!(delta("mode = 'replace-where'\nreplace_where = 'd = 1'"), Ok(replaced));
        for (toml, words) in [
            ("mode = 'merge'", "needs `key`"),
            ("mode = 'replace-where'", "needs `replace_where`"),
            ("mode = 'append'\nreplace_where = 'd = 1'", "is for the mode"),
            ("replace_where = 'd = 1'", "is for the mode"),
            ("mode = 'append'\nschema_mode = 'overwrite'", "only the mode `overwrite`"),
            ("target_file_size = '0'", "more than nothing"),
            ("target_file_size = '1Q'", "no unit"),
            ("csv = 'x'", "exactly one"),
        ] {
            let error = delta(toml).unwrap_err();
            assert!(error.contains(words), "{toml}: {error}");
        }
        assert!(check("csv = 'x'\nmode = 'append'").unwrap_err().contains("written anew"));
        assert!(check("csv = 'x'\nmode = 'overwrite'").is_ok());
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_bytes("512M"), Ok(512 << 20));
        assert_eq!(parse_bytes("2GiB"), Ok(2 << 30));
        assert_eq!(parse_bytes("100"), Ok(100));
        assert!(parse_bytes("many").is_err());
    }
}
