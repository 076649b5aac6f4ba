//! Trust zones: whose records a build believes.
//!
//! A pull request can run any code, so nothing that its job wrote may reach a build of the
//! main branch. Records therefore lie in zones. Artifacts do not: their names prove their bytes.

use std::fmt;
use std::str::FromStr;

/// The longest name of a pull request, in bytes.
const LONGEST: usize = 64;

/// Where a build's records lie.
///
/// | zone | reads | written by |
/// | --- | --- | --- |
/// | `trusted` | `trusted` | protected builds |
/// | `pr/NAME` | `trusted`, `pr/NAME` | the jobs of one pull request |
/// | `own` | `trusted`, `own` | a machine without a signing key; never leaves it |
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// What everybody reads.
    Trusted,
    /// One pull request's.
    Pull(String),
    /// One machine's, where `trusted` takes signed records only and there is no key here.
    Own,
}

impl Zone {
    /// The zones that a build in this one reads, in order.
    pub fn reads(&self) -> Vec<Zone> {
        match self {
            Zone::Trusted => vec![Zone::Trusted],
            other => vec![Zone::Trusted, other.clone()],
        }
    }

    /// Whether its records may leave the machine.
    pub fn is_shared(&self) -> bool {
        *self != Zone::Own
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Trusted => f.write_str("trusted"),
            Zone::Pull(name) => write!(f, "pr/{name}"),
            Zone::Own => f.write_str("own"),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text.strip_prefix("pr/") {
            Some(name) if (1..=LONGEST).contains(&name.len()) && name.chars().all(plain) => {
                Ok(Zone::Pull(name.to_owned()))
            }
            None if text == "trusted" => Ok(Zone::Trusted),
            None if text == "own" => Ok(Zone::Own),
            _ => Err(format!("`{text}` is no zone: `trusted`, `own` and `pr/NUMBER` are")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_read_back_and_none_leaves_its_folder() {
        for text in ["trusted", "pr/123", "pr/a-b_c", "own"] {
            assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
        }
        for text in ["", "pr/", "pr/..", "pr/a/b", "pr/../trusted", "main", "pr/é"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
        assert_eq!(Zone::Trusted.reads(), [Zone::Trusted], "main believes no pull request");
    }
}
