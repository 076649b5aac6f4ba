//! Regular expressions, which DuckDB's RE2 and Rust's regex read in nearly the same way.
//!
//! RE2's classes are of ASCII, those of Rust's regex of Unicode. So the classes are written out,
//! and what the two read in different ways is refused.

/// A pattern that means the same to both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) text: String,
    /// How many groups it has besides the whole match.
    pub(super) groups: usize,
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\f\r ";
/// What stands for itself behind a backslash, or for one control character.
const PLAIN: &str = r"\.+*?()[]{}|^$-/ntrfv";
const POSIX: [&str; 14] = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit", "ascii",
];

/// The pattern for Rust's regex.
///
/// # Errors
/// What the two read in different ways.
pub(super) fn read(pattern: &str) -> Result<Pattern, String> {
    let mut reader = Reader { rest: pattern, text: String::new(), groups: 0 };
    while let Some(next) = reader.take() {
        match next {
            '\\' => reader.escape(false)?,
            '[' => reader.class()?,
            '(' if reader.rest.starts_with("?:") => reader.text.push('('),
            '(' if reader.rest.starts_with('?') => return Err(differs("groups with `(?`")),
            '(' => {
                reader.groups += 1;
                reader.text.push('(');
            }
            '{' if reader.rest.starts_with(',') => return Err(differs("`{,`")),
            other => reader.text.push(other),
        }
    }
    Ok(Pattern { text: reader.text, groups: reader.groups })
}

fn differs(what: &str) -> String {
    format!("{what} in a regular expression means something else in each engine")
}

struct Reader<'a> {
    rest: &'a str,
    text: String,
    groups: usize,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    /// What stands behind a backslash.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let code = self.take().ok_or_else(|| differs("`\\` at its end"))?;
        match code {
            'd' | 'w' | 's' => {
                let inside = match code {
                    'd' => DIGIT,
                    'w' => WORD,
                    _ => SPACE,
                };
                match in_class {
                    true => self.text.push_str(inside),
                    false => self.text.push_str(&format!("[{inside}]")),
                }
            }
            'D' if !in_class => self.text.push_str(&format!("[^{DIGIT}]")),
            'W' if !in_class => self.text.push_str(&format!("[^{WORD}]")),
            'S' if !in_class => self.text.push_str(&format!("[^{SPACE}]")),
            'b' if !in_class => self.text.push_str(r"(?-u:\b)"),
            code if PLAIN.contains(code) => {
                self.text.push('\\');
                self.text.push(code);
            }
            code => return Err(differs(&format!("`\\{code}`"))),
        }
        Ok(())
    }

    /// The class that begins before this place.
    fn class(&mut self) -> Result<(), String> {
        self.text.push('[');
        if self.rest.starts_with('^') {
            self.take();
            self.text.push('^');
        }
        if self.rest.starts_with(']') {
            self.take();
            self.text.push_str("\\]");
        }
        loop {
            if ["&&", "--", "~~"].iter().any(|set| self.rest.starts_with(set)) {
                return Err(differs("an operation of classes"));
            }
            match self.take() {
                None => return Err("a class in a regular expression has no end".to_owned()),
                Some(']') => {
                    self.text.push(']');
                    return Ok(());
                }
                Some('\\') => self.escape(true)?,
                Some('[') => self.posix()?,
                Some(other) => self.text.push(other),
            }
        }
    }

    /// `[:alpha:]` within a class, of ASCII in both.
    fn posix(&mut self) -> Result<(), String> {
        let name = self.rest.strip_prefix(':').and_then(|rest| rest.split_once(":]"));
        match name {
            Some((name, rest)) if POSIX.contains(&name.trim_start_matches('^')) => {
                self.text.push_str(&format!("[:{name}:]"));
                self.rest = rest;
                Ok(())
            }
            _ => Err(differs("`[` within a class")),
        }
    }
}

/// What a match is replaced with, for Rust's regex: `\1` is a group, and `$` is itself.
///
/// # Errors
/// What is no group of the pattern.
pub(super) fn replacement(text: &str, groups: usize) -> Result<String, String> {
    let mut written = String::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '$' => written.push_str("$$"),
            '\\' => {
                let group = rest.next().and_then(|digit| digit.to_digit(10));
                let there = group
                    .filter(|group| usize::try_from(*group).is_ok_and(|group| group <= groups));
                let group = there.ok_or_else(|| {
                    "`\\` in a replacement names a group that is not there".to_owned()
                })?;
                written.push_str(&format!("${{{group}}}"));
            }
            other => written.push(other),
        }
    }
    Ok(written)
}
