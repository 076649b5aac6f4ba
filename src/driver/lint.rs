//! Levels and suppressions: applied to findings after the cache, never part of a result.

use planc_ir::{Code, Diagnostic, LineIndex, Severity};

use crate::project::config::{Config, Level};

/// The findings that are left after `-- noqa` and the project's `[lint]` table.
///
/// `-- noqa` on the line where a warning begins silences every warning there, and
/// `-- noqa: P0401, P0402` silences these. Errors cannot be silenced: the rule would not run.
pub fn apply_levels(diagnostics: &[Diagnostic], text: &str, config: &Config) -> Vec<Diagnostic> {
    let index = LineIndex::new(text);
    let kept = diagnostics.iter().filter(|diagnostic| {
        let silenced = diagnostic.span.is_some_and(|span| {
            let line = index.position(span.start).line;
            text.lines()
                .nth(line.saturating_sub(1))
                .is_some_and(|line| suppresses(line, diagnostic.code))
        });
        diagnostic.is_error() || !silenced
    });
    let levelled = kept.filter_map(|diagnostic| {
        let mut diagnostic = diagnostic.clone();
        match config.level(diagnostic.code) {
            _ if diagnostic.is_error() => {}
            None => {}
            Some(Level::Error) => diagnostic.severity = Severity::Error,
            Some(Level::Warn) => diagnostic.severity = Severity::Warning,
            Some(Level::Allow) => return None,
        }
        Some(diagnostic)
    });
    levelled.collect()
}

fn suppresses(line: &str, code: Code) -> bool {
    let Some((_, comment)) = line.rsplit_once("--") else { return false };
    let Some(codes) = comment.trim().strip_prefix("noqa") else { return false };
    match codes.trim_start().strip_prefix(':') {
        Some(codes) => {
            codes.split([',', ' ']).any(|listed| Code::find(listed.trim()) == Some(code))
        }
        None => codes.trim().is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planc_ir::{Span, code};

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
        let codes = |toml: &str| {
            let config: Config = toml::from_str(toml).unwrap();
            let left = apply_levels(&found, text, &config);
            left.iter().map(|d| (d.code.id, d.is_error())).collect::<Vec<_>>()
        };
        assert_eq!(codes(""), [("P0402", false), ("P0201", true), ("P0403", false)]);
        let levels = "lint = { P0402 = 'error', volatile-function = 'allow', P0201 = 'allow' }";
        assert_eq!(codes(levels), [("P0402", true), ("P0201", true)]);
    }
}
