//! The rules of a project: which files they are, and what they are called.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use planc_ir::{Diagnostic, Span, code};

use toml::Spanned;

use super::Project;
use super::bundle::{self, Bundle};
use super::files::walk;
use super::settings::{RuleSettings, rule_settings};
use crate::report::FileReport;

/// The endings of rule files, longest first.
const ENDINGS: [&str; 4] = [".substrait.json", ".substrait", ".toml", ".sql"];

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The name by which other rules read it: its path behind the glob's literal prefix,
    /// parts joined by dots, without the ending.
    pub name: String,
    /// The file, relative to the project where it lies in it, with `/` between the parts.
    pub path: String,
    /// The text; empty where it could not be read as text, and for a plan without SQL.
    pub text: Arc<str>,
    /// What the comments at its top say, or the TOML file of a bundle.
    pub settings: RuleSettings,
    /// The plan and what stands beside it; none for a SQL file. The text is then the SQL of
    /// the bundle.
    pub bundle: Option<Arc<Bundle>>,
    /// Why the file cannot be a rule, if it cannot.
    pub unreadable: Option<Diagnostic>,
}

impl Rule {
    /// A report about this rule.
    pub fn report(&self, diagnostics: Vec<Diagnostic>) -> FileReport {
        let report = FileReport::new(&self.path, Arc::clone(&self.text), diagnostics);
        FileReport { rule: Some(self.name.clone()), ..report }
    }

    /// What the result of a bundle depends on.
    pub fn bundle_key(&self) -> Option<&[u8]> {
        self.bundle.as_ref().map(|bundle| bundle.key.as_slice())
    }
}

impl Project {
    /// All rules that the globs find, sorted by name. Of rules with one name all but the
    /// first are unreadable, with P0208.
    ///
    /// # Errors
    ///
    /// P0801 for a glob that is none.
    pub fn rules(&self) -> Result<Vec<Rule>, FileReport> {
        let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
        let mut unread: BTreeMap<PathBuf, String> = BTreeMap::new();
        let mut excluded = Vec::new();
        for glob in &self.config.project.exclude {
            excluded.push(self.matcher(glob)?);
        }
        for glob in &self.config.project.rules {
            let pattern = glob.get_ref();
            let matcher = self.matcher(glob)?;
            let prefix = literal_prefix(pattern);
            let found = walk(&self.root.join(&prefix));
            unread.extend(found.unread);
            for path in found.files {
                let Ok(relative) = path.strip_prefix(&self.root) else { continue };
                let out = excluded.iter().any(|excluded| excluded.is_match(relative));
                let beside = path.extension().is_some_and(|ending| ending == "toml")
                    && bundle::has_plan(&path);
                if matcher.is_match(relative) && !out && !beside {
                    let name = rule_name(relative.strip_prefix(&prefix).unwrap_or(relative));
                    files.entry(path).or_insert(name);
                }
            }
        }
        let mut rules: Vec<Rule> =
            files.into_iter().map(|(path, name)| self.rule(&path, name)).collect();
        rules.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for rule in &mut rules {
            let clash = if let Some(other) = first.get(&rule.name) {
                format!("`{}` and `{other}` are both the rule `{}`", rule.path, rule.name)
            } else if self.sources().contains_key(rule.name.as_str()) {
                format!("`{}` is a rule and a source of {}", rule.name, self.file)
            } else {
                first.insert(rule.name.clone(), rule.path.clone());
                continue;
            };
            let help = "rename one of them: a name in SQL must mean one table";
            let place = Span::new(0, rule.text.find('\n').unwrap_or(rule.text.len()));
            rule.unreadable = Some(Diagnostic::new(code::NAME_CLASH, clash).at(place).help(help));
        }
        // What cannot be looked into is reported like a rule that cannot be read.
        for (path, reason) in unread {
            let mut rule =
                self.rule(&path, rule_name(path.strip_prefix(&self.root).unwrap_or(&path)));
            let message = format!("the folder cannot be read: {reason}");
            rule.unreadable = Some(Diagnostic::new(code::CONFIG, message));
            rules.push(rule);
        }
        rules.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        Ok(rules)
    }

    /// The globs in `rules` that find none of these rules.
    pub fn idle_globs(&self, rules: &[Rule]) -> Vec<&Spanned<String>> {
        let idle = |glob: &&Spanned<String>| {
            // Nobody asked for the default's other endings.
            let placed = glob.span().start < glob.span().end;
            if !(placed || rules.is_empty() && glob.get_ref().ends_with(".sql")) {
                return false;
            }
            let Ok(matcher) = matcher(glob.get_ref()) else { return false };
            !rules.iter().any(|rule| matcher.is_match(&rule.path))
        };
        self.config.project.rules.iter().filter(idle).collect()
    }

    fn matcher(&self, glob: &Spanned<String>) -> Result<GlobMatcher, FileReport> {
        let pattern = glob.get_ref();
        matcher(pattern).map_err(|error| {
            let message = format!("`{pattern}` is no glob: {error}");
            let span = Span::new(glob.span().start, glob.span().end);
            self.report(vec![Diagnostic::new(code::CONFIG, message).at(span)])
        })
    }

    /// The files of golden cases, sorted: `golden/**/*.md`.
    pub fn golden_files(&self) -> Vec<PathBuf> {
        let files = walk(&self.root.join("golden")).files.into_iter();
        files.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
    }

    /// A file that need not be one of the rules, read as if it were.
    pub fn rule_at(&self, path: &Path) -> Rule {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let name = rule_name(Path::new(path.file_name().unwrap_or_default()));
        self.rule(&path, name)
    }

    fn rule(&self, path: &Path, name: String) -> Rule {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let mut rule = Rule {
            name,
            path: relative
                .components()
                .map(|c| c.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("/"),
            text: Arc::from(""),
            settings: RuleSettings::default(),
            bundle: None,
            unreadable: None,
        };
        if rule.name.split('.').any(str::is_empty) {
            let message = "the file has no name before its ending, so no rule can read it";
            rule.unreadable = Some(Diagnostic::new(code::CONFIG, message).help("rename the file"));
            return rule;
        }
        if !rule.path.ends_with(".sql") {
            match self.read_bundle(path) {
                Ok((bundle, settings)) => {
                    rule.text = bundle.sql.clone().unwrap_or_default();
                    rule.settings = settings;
                    rule.bundle = Some(Arc::new(bundle));
                }
                Err(error) => rule.unreadable = Some(error),
            }
            return rule;
        }
        match self.read_rule(path) {
            Ok((text, settings)) => {
                rule.text = text;
                match settings {
                    Ok(settings) => rule.settings = settings,
                    Err(error) => rule.unreadable = Some(error),
                }
            }
            Err(error) => {
                if error.code == code::NOT_UTF8 {
                    rule.text = readable_start(path);
                }
                rule.unreadable = Some(error);
            }
        }
        rule
    }

    fn read_rule(
        &self,
        path: &Path,
    ) -> Result<(Arc<str>, Result<RuleSettings, Diagnostic>), Diagnostic> {
        let bytes = self.read_bytes(path)?;
        let limit = self.config.project.max_rule_bytes;
        let text = planc_frontend::sql::source_text(&bytes, limit)?;
        Ok((Arc::from(text), rule_settings(text)))
    }

    /// A plan and the TOML file beside it, or such a file alone.
    fn read_bundle(&self, path: &Path) -> Result<(Bundle, RuleSettings), Diagnostic> {
        let alone = path.extension().is_some_and(|ending| ending == "toml");
        let toml = if alone { Some(path.to_owned()) } else { bundle::toml_beside(path) };
        let plan = if alone { None } else { Some(self.read_bytes(path)?) };
        let toml = toml.map(|toml| self.read_bytes(&toml)).transpose()?;
        let limit = self.config.project.max_rule_bytes;
        let text = toml.as_deref().map(|toml| planc_frontend::sql::source_text(toml, limit));
        Bundle::new(plan, text.transpose()?)
    }

    fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, Diagnostic> {
        let limit = self.config.project.max_rule_bytes;
        let unreadable = |error: std::io::Error| {
            Diagnostic::new(code::CONFIG, format!("the file cannot be read: {error}"))
        };
        // Asked before it is read: a file of gigabytes must not fill the memory.
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > limit as u64 {
            return Err(Diagnostic::new(
                code::TOO_LARGE,
                format!("the rule has {size} bytes, the limit is {limit}"),
            )
            .help("raise `max_rule_bytes` in the [project] table, or keep data out of rules"));
        }
        std::fs::read(path).map_err(unreadable)
    }
}

/// The text before the first byte that is none, so that this byte has a line and a column.
fn readable_start(path: &Path) -> Arc<str> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let valid = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            bytes.get(..error.valid_up_to()).and_then(|b| str::from_utf8(b).ok()).unwrap_or("")
        }
    };
    Arc::from(valid)
}

fn matcher(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher())
}

/// The folders of a glob before its first wildcard.
fn literal_prefix(pattern: &str) -> PathBuf {
    let parts: Vec<&str> = pattern.split('/').collect();
    let folders = parts.split_last().map_or(&[][..], |(_, folders)| folders);
    folders.iter().take_while(|part| !part.contains(['*', '?', '[', '{'])).collect()
}

fn rule_name(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    let name = parts.join(".");
    let ending = ENDINGS.into_iter().find(|ending| name.ends_with(ending)).unwrap_or("");
    name.strip_suffix(ending).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_behind_the_literal_prefix() {
        for (pattern, path, name) in [
            ("rules/**/*.sql", "rules/marts/top.sql", "marts.top"),
            ("rules/marts/*.sql", "rules/marts/top.sql", "top"),
            ("*.sql", "top.sql", "top"),
            ("rules/top.sql", "rules/top.sql", "top"),
            ("a/**/*.substrait.json", "a/x.substrait.json", "x"),
        ] {
            assert!(matcher(pattern).unwrap().is_match(path), "{pattern} {path}");
            let behind = Path::new(path).strip_prefix(literal_prefix(pattern)).unwrap();
            assert_eq!(rule_name(behind), name, "{pattern} {path}");
        }
    }
}
