//! Which rules the arguments of `planc check` name: rules, files, folders, standard input.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use planc_ir::{Diagnostic, code};

use super::CheckArgs;
use crate::project::Project;
use crate::project::rules::Rule;

/// The rules of the project and the files that were named beside them.
pub(super) struct Choice {
    /// Sorted by name.
    pub(super) rules: Vec<Rule>,
    /// The positions of those to check; `None` for all.
    pub(super) chosen: Option<BTreeSet<usize>>,
}

/// A message and the way out.
type Wrong = (String, Option<String>);

pub(super) fn choose(
    args: &CheckArgs,
    project: &Project,
    mut rules: Vec<Rule>,
) -> Result<Choice, Wrong> {
    if args.files.is_empty() {
        return Ok(Choice { rules, chosen: None });
    }
    let mut paths: BTreeSet<String> = BTreeSet::new();
    for file in &args.files {
        if file == Path::new("-") {
            let rule = from_stdin(args, project)?;
            paths.insert(rule.path.clone());
            put(&mut rules, rule);
            continue;
        }
        named(file, args, project, &mut rules, &mut paths)?;
    }
    rules.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    let chosen = rules.iter().enumerate().filter(|(_, rule)| paths.contains(&rule.path));
    let chosen = chosen.map(|(index, _)| index).collect();
    Ok(Choice { rules, chosen: Some(chosen) })
}

/// Finds what one argument names: a rule by name or path, a file, or all in a folder.
fn named(
    file: &Path,
    args: &CheckArgs,
    project: &Project,
    rules: &mut Vec<Rule>,
    paths: &mut BTreeSet<String>,
) -> Result<(), Wrong> {
    let text = file.to_string_lossy().replace('\\', "/");
    if let Some(rule) = rules.iter().find(|rule| rule.name == text || rule.path == text) {
        paths.insert(rule.path.clone());
        return Ok(());
    }
    let Ok(wanted) = std::fs::canonicalize(file) else {
        let names = rules.iter().flat_map(|rule| [rule.path.as_str(), rule.name.as_str()]);
        let help = planc_ir::suggest::did_you_mean(&text, names);
        return Err((format!("`{text}` is no rule of this project, and no file"), help));
    };
    let place = |rule: &Rule| std::fs::canonicalize(project.root.join(&rule.path)).ok();
    let inside = rules.iter().filter(|rule| place(rule).is_some_and(|at| at.starts_with(&wanted)));
    let found: Vec<String> = inside.map(|rule| rule.path.clone()).collect();
    if !found.is_empty() {
        paths.extend(found);
        return Ok(());
    }
    if wanted.is_dir() {
        return Ok(());
    }
    // A file that is no rule of the project is read as if it were one.
    if args.force_exclude || file.extension().is_none_or(|ending| ending != "sql") {
        return match args.force_exclude {
            true => Ok(()),
            false => Err((format!("`{text}` is no rule of this project"), None)),
        };
    }
    let rule = project.rule_at(file);
    paths.insert(rule.path.clone());
    put(rules, rule);
    Ok(())
}

/// Adds a rule, in the place of the one at its path. A name that is taken gets another.
fn put(rules: &mut Vec<Rule>, mut rule: Rule) {
    if let Some(known) = rules.iter_mut().find(|known| known.path == rule.path) {
        rule.name.clone_from(&known.name);
        *known = rule;
        return;
    }
    while rules.iter().any(|known| known.name == rule.name) {
        rule.name.push('_');
    }
    rules.push(rule);
}

fn from_stdin(args: &CheckArgs, project: &Project) -> Result<Rule, Wrong> {
    let mut bytes = Vec::new();
    let limit = project.config.project.max_rule_bytes;
    let read = std::io::stdin().lock().take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| (format!("standard input cannot be read: {error}"), None))?;
    let named: PathBuf = args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("stdin.sql"));
    let mut rule = project.rule_at(&named);
    rule.unreadable = None;
    match planc_frontend::sql::source_text(&bytes, limit) {
        Ok(text) => {
            rule.text = Arc::from(text);
            match crate::project::settings::rule_settings(text) {
                Ok(settings) => rule.settings = settings,
                Err(error) => rule.unreadable = Some(error),
            }
        }
        Err(error) if error.code == code::NOT_UTF8 || error.code == code::TOO_LARGE => {
            rule.unreadable = Some(Diagnostic { span: None, ..error });
        }
        Err(error) => rule.unreadable = Some(error),
    }
    Ok(rule)
}
