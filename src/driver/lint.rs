//! Levels and suppressions: applied to findings after the cache, never part of a result.

use planc_ir::{Diagnostic, LineIndex, Severity, code};

use super::suppress::suppressions;
use crate::project::config::{Config, Level};

/// The findings on the file at `path` that are left after `-- noqa` and the project's
/// `[lint]` table, with a P0414 for each `-- noqa` that silences nothing.
///
/// `-- noqa` on the line where a warning begins silences every warning there, and
/// `-- noqa: P0401, P0402` silences these. Errors cannot be silenced: the rule would not run.
pub fn apply_levels(
    diagnostics: &[Diagnostic],
    text: &str,
    path: &str,
    config: &Config,
) -> Vec<Diagnostic> {
    let mut silencers = suppressions(text);
    let index = LineIndex::new(text);
    let mut left: Vec<Diagnostic> = Vec::new();
    for finding in diagnostics {
        let line = finding.span.map(|span| index.position(span.start).line);
        let mut silent = false;
        for silencer in &mut silencers {
            silent |= line.is_some_and(|line| silencer.silences(finding, line));
        }
        if !silent {
            left.push(finding.clone());
        }
    }
    // Of a rule that was not planned nobody knows which warnings it has.
    let judged = !diagnostics.iter().any(|d| d.is_error() || d.code == code::UPSTREAM_FAILED);
    if judged {
        left.extend(silencers.iter().flat_map(super::suppress::Suppression::unused));
    }
    left.into_iter().filter_map(|finding| levelled(finding, path, config)).collect()
}

fn levelled(mut finding: Diagnostic, path: &str, config: &Config) -> Option<Diagnostic> {
    if finding.is_error() {
        return Some(finding);
    }
    match config.level(finding.code, path) {
        None => {}
        Some(Level::Error) => finding.severity = Severity::Error,
        Some(Level::Warn) => finding.severity = Severity::Warning,
        Some(Level::Allow) => return None,
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use planc_ir::Span;

    fn codes(found: &[Diagnostic], text: &str, toml: &str) -> Vec<(&'static str, bool)> {
        let config: Config = toml::from_str(toml).unwrap();
        let left = apply_levels(found, text, "rules/old/a.sql", &config);
        left.iter().map(|d| (d.code.id, d.is_error())).collect()
    }

    #[test]
    fn noqa_and_levels_silence_warnings_only() {
        let text = "select 1 -- noqa: P0401\nselect 2 -- noqa\nselect 3";
        let at = |code, offset| Diagnostic::new(code, "").at(Span::new(offset, offset + 1));
        let found = [
            at(code::LIMIT_WITHOUT_ORDER, 0),
            at(code::NULL_COMPARISON, 0),
            at(code::NULL_COMPARISON, 26),
            at(code::UNKNOWN_TABLE, 26),
            at(code::VOLATILE, text.len() - 1),
        ];
        let all = [("P0402", false), ("P0201", true), ("P0403", false)];
        assert_eq!(codes(&found, text, ""), all);
        let levels = "lint = { P0402 = 'error', volatile-function = 'allow', P0201 = 'allow' }";
        assert_eq!(codes(&found, text, levels), [("P0402", true), ("P0201", true)]);
        let by_path = "[lint]\nP0402 = 'error'\n[lint.paths.'rules/old/**']\nP0402 = 'allow'\n\
                       [lint.paths.'rules/new/**']\nP0403 = 'error'\n";
        assert_eq!(codes(&found, text, by_path), [("P0201", true), ("P0403", false)]);
    }

    #[test]
    fn idle_suppressions_are_warnings_like_others() {
        let text = "select 1 -- noqa: P0401";
        assert_eq!(codes(&[], text, ""), [("P0414", false)]);
        assert_eq!(codes(&[], text, "[lint]\nunused-suppression = 'allow'"), []);
        let failed = [Diagnostic::new(code::UNKNOWN_TABLE, "").at(Span::new(0, 1))];
        assert_eq!(codes(&failed, text, ""), [("P0201", true)]);
    }
}
