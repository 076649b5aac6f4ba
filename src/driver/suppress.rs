//! `-- noqa` and `-- noqa: CODE`: comments that silence the warnings of their line.

use planc_ir::{Code, Diagnostic, LineIndex, Span, code};

/// One such comment.
#[derive(Debug)]
pub(super) struct Suppression {
    /// From 1.
    line: usize,
    /// The comment from `noqa` on.
    span: Span,
    /// The codes that it names; empty where it silences all.
    codes: Vec<Listed>,
    used: bool,
}

/// A code as a comment names it.
#[derive(Debug)]
struct Listed {
    code: Option<Code>,
    text: String,
    span: Span,
    used: bool,
}

/// The suppressions of a text, in order.
pub(super) fn suppressions(text: &str) -> Vec<Suppression> {
    if !text.to_ascii_lowercase().contains("noqa") {
        return Vec::new();
    }
    let index = LineIndex::new(text);
    comments(text)
        .into_iter()
        .filter_map(|span| {
            let comment = text.get(span.start..span.end)?;
            // The mark is the last thing in a comment: `-- why so -- noqa: P0401`.
            let marks = comment.rmatch_indices("--").map(|(at, _)| at + 2);
            let at = marks.map(|at| at + blanks(comment.get(at..))).find(|at| {
                comment.get(*at..*at + 4).is_some_and(|w| w.eq_ignore_ascii_case("noqa"))
            })?;
            let rest = comment.get(at + "noqa".len()..)?.trim_end();
            let start = span.start + at;
            let listed = rest.trim_start().strip_prefix(':');
            if listed.is_none() && !rest.trim().is_empty() {
                return None;
            }
            let codes = listed.map_or(Vec::new(), |listed| {
                let from = start + "noqa".len() + (rest.len() - listed.len());
                listed_codes(listed, from)
            });
            let end = start + "noqa".len() + rest.len();
            let line = index.position(span.start).line;
            Some(Suppression { line, span: Span::new(start, end), codes, used: false })
        })
        .collect()
}

fn blanks(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.len() - text.trim_start().len())
}

fn listed_codes(listed: &str, from: usize) -> Vec<Listed> {
    let mut codes = Vec::new();
    let mut at = 0;
    for word in listed.split([',', ' ', '\t']) {
        if !word.is_empty() {
            let span = Span::new(from + at, from + at + word.len());
            let code = Code::find(word).or_else(|| Code::find(&word.to_uppercase()));
            codes.push(Listed { code, text: word.to_owned(), span, used: false });
        }
        at += word.len() + 1;
    }
    codes
}

impl Suppression {
    /// True where it silences this finding, which begins on `line`; it counts as used then.
    pub(super) fn silences(&mut self, finding: &Diagnostic, line: usize) -> bool {
        if self.line != line || finding.is_error() {
            return false;
        }
        if self.codes.is_empty() {
            self.used = true;
            return true;
        }
        let named = self.codes.iter_mut().find(|listed| listed.code == Some(finding.code));
        named.map(|listed| listed.used = true).is_some()
    }

    /// What of it silences nothing, as P0414.
    pub(super) fn unused(&self) -> Vec<Diagnostic> {
        if self.codes.is_empty() {
            let message = "this silences nothing: there is no warning on the line";
            return match self.used {
                true => Vec::new(),
                false => vec![
                    Diagnostic::new(code::UNUSED_SUPPRESSION, message)
                        .at(self.span)
                        .help("remove the comment"),
                ],
            };
        }
        let idle = self.codes.iter().filter(|listed| !listed.used);
        idle.map(|listed| match listed.code {
            None => {
                let message = format!("there is no code `{}`", listed.text);
                let known = planc_ir::CODES.iter().flat_map(|code| [code.id, code.name]);
                Diagnostic::new(code::UNUSED_SUPPRESSION, message)
                    .at(listed.span)
                    .help_opt(planc_ir::suggest::did_you_mean(&listed.text, known))
            }
            Some(code) => {
                let message = format!("this silences nothing: the line has no {code}");
                Diagnostic::new(code::UNUSED_SUPPRESSION, message)
                    .at(listed.span)
                    .help("remove the code, or the comment")
            }
        })
        .collect()
    }
}

/// The line comments of a text, outside of strings, quoted names and block comments.
fn comments(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let find = |from: usize, end: &str| {
        text.get(from..).and_then(|rest| rest.find(end)).map(|at| from + at)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        at = match (byte, next) {
            (b'-', Some(b'-')) => {
                let end = find(at, "\n").unwrap_or(text.len());
                found.push(Span::new(at, end));
                end
            }
            (b'/', Some(b'*')) => find(at + 2, "*/").map_or(text.len(), |end| end + 2),
            (b'\'', _) => find(at + 1, "'").map_or(text.len(), |end| end + 1),
            (b'"', _) => find(at + 1, "\"").map_or(text.len(), |end| end + 1),
            (b'`', _) => find(at + 1, "`").map_or(text.len(), |end| end + 1),
            _ => at + 1,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, &str)]) {
        let found = suppressions(text);
        let shown: Vec<(usize, &str)> =
            found.iter().map(|s| (s.line, &text[s.span.start..s.span.end])).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn marks_are_comments_and_nothing_else() {
        check(
            "select 1 -- noqa\n-- noqa: P0401, P0402 \n",
            &[(1, "noqa"), (2, "noqa: P0401, P0402")],
        );
        check("select '-- noqa' as x, \"-- noqa\"", &[]);
        check("/* -- noqa */ select 1", &[]);
        check("select 1 -- because -- noqa: P0401", &[(1, "noqa: P0401")]);
        check("select 1 -- noqa because", &[]);
        check("select 1 --noqa:P0401", &[(1, "noqa:P0401")]);
    }

    #[test]
    fn what_silences_nothing_is_reported() {
        let text = "select 1 -- noqa: P0401, P0999, limit-without-order";
        let [mut one] = suppressions(text).try_into().unwrap();
        let finding = Diagnostic::new(code::LIMIT_WITHOUT_ORDER, "").at(Span::new(0, 1));
        assert!(one.silences(&finding, 1));
        let idle: Vec<&str> =
            one.unused().iter().map(|d| d.span.map(|s| &text[s.start..s.end]).unwrap()).collect();
        assert_eq!(idle, ["P0999", "limit-without-order"]);
    }
}
