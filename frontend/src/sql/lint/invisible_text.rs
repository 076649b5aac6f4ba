//! P0111: characters that nobody sees, or that turn the order of what stands behind them.
//!
//! The second kind hides code from reviewers (CVE-2021-42574), in strings and comments too.

use planc_ir::{Diagnostic, Span, code};

/// One finding a character, up to a few.
pub(crate) fn lint(text: &str) -> Vec<Diagnostic> {
    if text.is_ascii() {
        return Vec::new();
    }
    let odd = text.char_indices().filter_map(|(at, c)| Some((at, c, kind(at, c)?)));
    odd.take(20)
        .map(|(at, c, kind)| {
            Diagnostic::new(code::INVISIBLE_TEXT, format!("U+{:04X} {kind}", u32::from(c)))
                .at(Span::new(at, at + c.len_utf8()))
                .help("remove the character, or write it as an escape: `chr(…)`")
        })
        .collect()
}

fn kind(at: usize, c: char) -> Option<&'static str> {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("turns the order in which the text is shown")
        }
        '\u{200b}' | '\u{2060}' | '\u{00ad}' | '\u{180e}' => Some("is not seen"),
        // At the start of a file it is the byte order mark.
        '\u{feff}' if at > 0 => Some("is not seen"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::planned;

    #[test]
    fn fires_and_is_quiet() {
        let codes = |sql: &str| -> Vec<(&'static str, usize)> {
            let found = planned(sql).diagnostics;
            found.iter().map(|d| (d.code.id, d.span.unwrap().start)).collect()
        };
        assert_eq!(codes("select 'a\u{202e}b' as x"), [("P0111", 9)]);
        assert_eq!(codes("select 'ä\u{200b}' as x"), [("P0111", 10)]);
        assert_eq!(codes("\u{feff}select 'ä' as \"\u{1F600}\""), []);
        let found = planned("select\u{200b} 1").diagnostics;
        assert!(found.iter().any(|d| d.code.id == "P0111"), "{found:?}");
    }
}
