//! Digests as people write them: the first digits do where they are one artifact's only.

use planc_ir::Digest;

use super::Compiler;

/// Fewer digits are rather a name.
const LEAST: usize = 6;

impl Compiler<'_> {
    /// The digest that a text is, or is the beginning of; `None` where it is neither. Beginnings
    /// are looked for in the local tier. A rule's name is no digest.
    ///
    /// # Errors
    ///
    /// A sentence, where several artifacts begin like this.
    pub fn digest(&self, text: &str) -> Result<Option<Digest>, String> {
        if let Ok(digest) = text.parse() {
            return Ok(Some(digest));
        }
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_rule = self.rules.iter().any(|rule| rule.name == text);
        if !is_hex || is_rule || text.len() < LEAST {
            return Ok(None);
        }
        let all = self.store().and_then(|store| store.local().digests().ok()).unwrap_or_default();
        let mut found = all.into_iter().filter(|digest| digest.to_string().starts_with(text));
        match (found.next(), found.next()) {
            (only, None) => Ok(only),
            _ => Err(format!("several artifacts begin with {text}: write more digits")),
        }
    }
}
