//! Patterns of other dialects as regular expressions that match at any place.

/// A regular expression that must match the whole text.
pub(super) fn whole(pattern: &str) -> String {
    format!("\\A(?:{pattern})\\z")
}

/// The pattern of SIMILAR TO as a regular expression. `None` where it holds a class or the escape
/// sign, whose rules are others.
pub(super) fn from_sql(pattern: &str) -> Option<String> {
    let mut regex = String::from("(?s)");
    for sign in pattern.chars() {
        match sign {
            '\\' | '[' | ']' => return None,
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '.' | '^' | '$' => regex.extend(['\\', sign]),
            other => regex.push(other),
        }
    }
    Some(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_patterns_become_regular_expressions() {
        assert_eq!(from_sql("%a.b_(c|d)+").as_deref(), Some("(?s).*a\\.b.(c|d)+"));
        assert_eq!(from_sql("[ab]"), None);
        assert_eq!(from_sql("a\\%"), None);
        assert_eq!(whole("a|b"), "\\A(?:a|b)\\z");
    }
}
