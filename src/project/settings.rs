//! The settings of a SQL rule: `-- planc: key = value` lines in the comments at its top.

use std::collections::BTreeMap;

use planc_ir::{Diagnostic, Span, code};
use serde::Deserialize;

use super::config::OutputConfig;

/// What a rule says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSettings {
    /// The dialect, where it is not the project's.
    pub dialect: Option<String>,
    /// Where `run --write` puts the rows.
    pub output: Option<OutputConfig>,
    /// One line for people.
    pub description: Option<String>,
    /// The columns that the output must have, and their types.
    pub schema: Option<BTreeMap<String, String>>,
}

/// Reads the settings. Only comment lines before the first other line count.
///
/// # Errors
///
/// P0807, placed in the comment.
pub fn rule_settings(text: &str) -> Result<RuleSettings, Diagnostic> {
    let mut toml = String::new();
    // Where each line of `toml` comes from: its offset there, and in the rule.
    let mut origins = Vec::new();
    let mut offset = 0;
    let mut at_the_top = true;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches('\u{feff}').trim();
        at_the_top &= content.is_empty() || content.starts_with("--");
        if let Some(finding) = lost_setting(content, at_the_top) {
            let start =
                offset + line.len() - line.trim_start_matches('\u{feff}').trim_start().len();
            return Err(finding.at(Some(Span::new(start, start + content.len()))));
        }
        if !at_the_top {
            offset += line.len();
            continue;
        }
        let setting = content.strip_prefix("--").map(str::trim_start);
        if let Some(setting) = setting.and_then(|comment| comment.strip_prefix("planc:")) {
            let start = offset + line.find("planc:").unwrap_or(0) + "planc:".len();
            origins.push((toml.len(), start));
            toml.push_str(setting);
            toml.push('\n');
        }
        offset += line.len();
    }
    toml::from_str(&toml).map_err(|error| {
        let place = |at: usize| {
            let line = origins.iter().rev().find(|(from, _)| *from <= at);
            line.map(|(from, start)| start + at - from)
        };
        let span = error.span().and_then(|s| Some(Span::new(place(s.start)?, place(s.end)?)));
        Diagnostic::new(code::RULE_SETTINGS, sentence(&error, &toml))
            .at(span)
            .help("settings are TOML, one a line: -- planc: output = { delta = \"out/top\" }")
    })
}

/// A comment that was meant as a setting and is none.
fn lost_setting(content: &str, at_the_top: bool) -> Option<Diagnostic> {
    let comment = content.strip_prefix("--")?.trim_start();
    let rest = comment.strip_prefix("planc")?;
    let wrong =
        |message: &str, help: &str| Some(Diagnostic::new(code::RULE_SETTINGS, message).help(help));
    if rest.starts_with(':') && !at_the_top {
        let help = "move it above the query, into the comments at the top of the file";
        return wrong("a setting below the query's first line says nothing", help);
    }
    let key = rest.strip_prefix(' ').and_then(|rest| rest.split_once('=')).map(|(key, _)| key);
    let is_key = key
        .is_some_and(|key| matches!(key.trim(), "dialect" | "output" | "description" | "schema"));
    if is_key && at_the_top {
        return wrong("a setting needs a colon: `-- planc: …`", "write `planc:`");
    }
    None
}

/// Where the settings of a rule give this key a value: the value, in the rule's text.
pub fn setting_place(text: &str, key: &str) -> Option<Span> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches('\u{feff}').trim();
        if !(content.is_empty() || content.starts_with("--")) {
            return None;
        }
        let setting = line.find("planc:").map(|at| at + "planc:".len());
        if let Some(from) = setting
            && let Some((name, value)) = line.get(from..)?.split_once('=')
            && name.trim() == key
        {
            let start =
                offset + line.len() - value.len() + (value.len() - value.trim_start().len());
            return Some(Span::new(start, start + value.trim().len()));
        }
        offset += line.len();
    }
    None
}

/// An error of the TOML reader as one sentence. Of a key that is given twice the reader tells the
/// place and not the name.
pub(crate) fn sentence(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
    match error.span().and_then(|span| text.get(span)) {
        Some(key) if message == "duplicate key" && !key.is_empty() => {
            format!("the key `{}` is given twice", key.trim())
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_in_the_comments_at_the_top() {
        let text = "-- Top customers\n-- planc: dialect = \"duckdb\"\n\n--planc:output={csv=\"o.csv\"}\nselect 1\n-- planc is good = yes\n";
        let settings = rule_settings(text).unwrap();
        assert_eq!(settings.dialect.as_deref(), Some("duckdb"));
        assert_eq!(settings.output.unwrap().csv.as_deref(), Some("o.csv"));
        assert_eq!(rule_settings("select 1").unwrap(), RuleSettings::default());
    }

    #[test]
    fn settings_that_say_nothing_are_placed() {
        let text = "-- planc output = { csv = 'o.csv' }\nselect 1";
        let error = rule_settings(text).unwrap_err();
        let span = error.span.unwrap();
        assert_eq!(&text[span.start..span.end], "-- planc output = { csv = 'o.csv' }");
        assert!(error.message.contains("needs a colon"), "{}", error.message);
        let text = "select 1\n  -- planc: dialect = 'duckdb'\n";
        let error = rule_settings(text).unwrap_err();
        let span = error.span.unwrap();
        assert_eq!(&text[span.start..span.end], "-- planc: dialect = 'duckdb'");
        assert!(error.message.contains("below the query"), "{}", error.message);
    }

    #[test]
    fn values_have_places() {
        let text = "-- one\n-- planc: dialect = \"dukdb\" \nselect 1";
        let span = setting_place(text, "dialect").unwrap();
        assert_eq!(&text[span.start..span.end], "\"dukdb\"");
        assert_eq!(setting_place(text, "output"), None);
    }

    #[test]
    fn a_wrong_setting_is_placed() {
        let text = "-- one\n-- planc: dialect = \"duckdb\"\n-- planc: outptu = 3\nselect 1";
        let error = rule_settings(text).unwrap_err();
        let span = error.span.unwrap();
        assert_eq!(&text[span.start..span.end], "outptu");
        assert!(error.message.contains("unknown field `outptu`"), "{}", error.message);
        let error =
            rule_settings("-- planc: dialect = 'hive'\n-- planc: dialect = 'tsql'").unwrap_err();
        assert_eq!(error.message, "the key `dialect` is given twice");
    }
}
