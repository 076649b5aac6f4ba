//! Template syntax in rules: planc reads SQL, not what makes SQL.

use planc_ir::{Diagnostic, Span, code};

/// The marks that open and close a template's expression, statement, comment or variable.
const MARKS: [(&str, &str); 4] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("${", "}")];

/// A diagnostic for each piece of template syntax that stands outside of strings, quoted
/// names and comments.
pub(crate) fn template_marks(sql: &str) -> Vec<Diagnostic> {
    if !MARKS.iter().any(|(open, _)| sql.contains(open)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((open, close)) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) {
            let length = rest.find(close).map_or(open.len(), |end| end + close.len());
            found.push(diagnostic(rest.get(..length).unwrap_or(open), at));
            at += length;
        } else {
            at += skipped(rest);
        }
    }
    found
}

/// The length of the string, quoted name, comment or character that `rest` begins with.
fn skipped(rest: &str) -> usize {
    let enclosed = |open: usize, close: &str| {
        let inside = rest.get(open..).unwrap_or_default();
        inside.find(close).map_or(rest.len(), |end| open + end + close.len())
    };
    match rest.as_bytes() {
        [b'\'', ..] => enclosed(1, "'"),
        [b'"', ..] => enclosed(1, "\""),
        [b'`', ..] => enclosed(1, "`"),
        [b'-', b'-', ..] => enclosed(2, "\n"),
        [b'/', b'*', ..] => enclosed(2, "*/"),
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

fn diagnostic(piece: &str, at: usize) -> Diagnostic {
    let inner = piece.trim_matches(|c: char| "{}%#$ ".contains(c));
    let help = if let Some(name) = argument(inner, "ref").or_else(|| argument(inner, "source")) {
        format!("name the table itself: planc reads another rule as `{name}`")
    } else if piece.starts_with("${") {
        "write `$name` and declare the parameter in `[params]` of planc.toml".to_owned()
    } else {
        "render the template first, or declare a parameter in `[params]` of planc.toml and \
         write `$name`"
            .to_owned()
    };
    Diagnostic::new(code::TEMPLATE, "planc reads SQL, and this is template syntax")
        .at(Span::new(at, at + piece.len()))
        .help(help)
}

/// The last string argument of `function('…', '…')`, joined with dots to those before it.
fn argument(inner: &str, function: &str) -> Option<String> {
    let arguments = inner.strip_prefix(function)?.trim_start().strip_prefix('(')?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let names: Vec<&str> =
        arguments.split(',').map(|name| name.trim().trim_matches(['\'', '"'])).collect();
    let plain = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c))
    };
    names.iter().all(plain).then(|| names.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_outside_of_strings_and_comments() {
        let sql = "select '{{ a }}', \"{% b\" -- {{ c }}\n /* ${d} */ from {{ ref('x') }} ${y}";
        let found = template_marks(sql);
        let spans: Vec<&str> = found
            .iter()
            .filter_map(|found| found.span.map(|span| &sql[span.start..span.end]))
            .collect();
        assert_eq!(spans, ["{{ ref('x') }}", "${y}"]);
        assert_eq!(
            found[0].help.as_deref(),
            Some("name the table itself: planc reads another rule as `x`")
        );
        assert!(template_marks("select {a: 1, b: {c: 2}}").is_empty());
        assert_eq!(template_marks("select {{").len(), 1);
    }
}
