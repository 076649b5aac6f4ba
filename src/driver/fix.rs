//! Writes the safe edits that findings propose into their rules.

use std::collections::BTreeSet;

use planc_ir::{Diagnostic, Edit};

/// The text with the edits of all findings that do not overlap with an earlier one's, and
/// how many findings they are of; `None` where there is none. What stands between the edits,
/// comments too, stays as it is.
pub fn fixed(text: &str, findings: &[Diagnostic]) -> Option<(String, usize)> {
    let mut accepted: Vec<&Edit> = Vec::new();
    let mut number = 0;
    let mut seen = BTreeSet::new();
    for finding in findings.iter().filter(|finding| !finding.fixes.is_empty()) {
        let fits = finding.fixes.iter().all(|edit| {
            let inside = text.get(edit.span.start..edit.span.end).is_some();
            let apart = |other: &&Edit| {
                edit.span.end <= other.span.start || other.span.end <= edit.span.start
            };
            inside && accepted.iter().all(apart)
        });
        // Two findings may propose one edit.
        let fresh = finding.fixes.iter().any(|edit| seen.insert((edit.span, edit.text.clone())));
        if fits && fresh {
            accepted.extend(&finding.fixes);
            number += 1;
        }
    }
    if number == 0 {
        return None;
    }
    accepted.sort_by_key(|edit| edit.span);
    let mut out = String::new();
    let mut at = 0;
    for edit in accepted {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..)?);
    Some((out, number))
}

/// A unified diff of a file.
pub fn unified_diff(path: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planc_ir::{Span, code};

    #[test]
    fn edits_that_overlap_wait_for_the_next_round() {
        let finding = |from, to, text: &str| {
            Diagnostic::new(code::UNKNOWN_COLUMN, "").fix(Span::new(from, to), text)
        };
        let findings = [
            finding(7, 10, "abc"),
            finding(8, 12, "x"),
            finding(7, 10, "abc"),
            finding(13, 13, "!"),
        ];
        let (text, number) = fixed("select abd -- ü", &findings).unwrap();
        assert_eq!((text.as_str(), number), ("select abc --! ü", 2));
        assert_eq!(fixed("select 1", &[]), None);
        let diff = unified_diff("a.sql", "a\nb\n", "a\nc\n");
        assert!(diff.contains("--- a/a.sql") && diff.contains("+c"), "{diff}");
    }
}
