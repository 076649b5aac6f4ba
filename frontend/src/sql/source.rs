//! From the bytes of a file to text.

use planc_ir::{Diagnostic, Span, code};

/// The mark that some editors put before the text. [`source_text`] leaves it in place, so
/// that offsets count from the first byte of the file; the parser skips it.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Checks that a file is text of at most `max_bytes` bytes.
///
/// The text begins with the file's first byte, a byte order mark included: spans are offsets
/// into the file.
///
/// # Errors
/// P0107 for a larger file, P0106 at the first byte that is not UTF-8.
pub fn source_text(bytes: &[u8], max_bytes: usize) -> Result<&str, Diagnostic> {
    if bytes.len() > max_bytes {
        let message = format!("the rule has {} bytes; the limit is {max_bytes}", bytes.len());
        return Err(Diagnostic::new(code::TOO_LARGE, message)
            .help("raise `max_rule_bytes` in planc.toml if the file really is a rule"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let bad = bytes.get(at).copied().unwrap_or_default();
        let help = match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16: save it as UTF-8",
            _ if bytes.contains(&0) => "the file looks binary: is it a rule?",
            _ => "save the file as UTF-8",
        };
        Diagnostic::new(code::NOT_UTF8, format!("byte {at} (0x{bad:02x}) is not UTF-8"))
            .at(Span::new(at, at + 1))
            .help(help)
    })
}

/// The text behind a byte order mark, and the mark's length in bytes.
pub(crate) fn skip_mark(text: &str) -> (&str, usize) {
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, BYTE_ORDER_MARK.len_utf8()),
        None => (text, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_checked_and_placed() {
        assert_eq!(source_text("select 'ä'".as_bytes(), 99), Ok("select 'ä'"));
        let bad = source_text(b"select '\xe4'", 99).unwrap_err();
        assert_eq!((bad.code, bad.span), (code::NOT_UTF8, Some(Span::new(8, 9))));
        let utf16 = source_text(b"\xff\xfes\0e\0", 99).unwrap_err();
        assert_eq!(utf16.help.as_deref(), Some("the file is UTF-16: save it as UTF-8"));
        assert_eq!(source_text(b"select 1", 7).unwrap_err().code, code::TOO_LARGE);
        assert_eq!(skip_mark("\u{feff}select"), ("select", 3));
    }
}
