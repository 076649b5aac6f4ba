//! What results are found by: everything that can change a result, and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use planc_ir::Digest;

/// Everything about a compilation except the tables that it looks up.
///
/// | in the key | not in the key |
/// | --- | --- |
/// | source bytes, front end, dialect | the rule's path and name |
/// | time zone, parameters' names and types | parameters' values, secrets |
/// | versions of planc, its artifact format and DataFusion | lint levels, output and cache settings |
#[derive(Debug, Clone)]
pub struct Action<'a> {
    /// The rule's text or plan, byte for byte.
    pub source: &'a [u8],
    /// Which front end reads it: `sql` or `substrait`.
    pub front_end: &'a str,
    /// The SQL dialect.
    pub dialect: &'a str,
    /// The session's time zone.
    pub time_zone: &'a str,
    /// The declared parameters: name and type.
    pub parameters: &'a BTreeMap<String, String>,
    /// Version of planc, of the artifact format, of DataFusion, and of the functions.
    pub versions: &'a [&'a str],
}

/// The hash of an [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActionKey(Digest);

/// The hash of an [`ActionKey`] and the fingerprint, or the absence, of every table that the
/// source looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResultKey(Digest);

/// The hash of a [`ResultKey`] and those of all rules upstream of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeepKey(Digest);

impl Action<'_> {
    /// The key of this action.
    pub fn key(&self) -> ActionKey {
        let mut parts: Vec<&[u8]> = vec![b"planc action 1", self.source];
        parts.extend([self.front_end, self.dialect, self.time_zone].map(str::as_bytes));
        for (name, data_type) in self.parameters {
            parts.extend([name.as_bytes(), data_type.as_bytes()]);
        }
        parts.push(b"versions");
        parts.extend(self.versions.iter().map(|version| version.as_bytes()));
        ActionKey(Digest::of_parts(parts))
    }
}

impl ActionKey {
    /// The hash itself.
    pub fn digest(&self) -> Digest {
        self.0
    }

    /// The key of the result with these tables: each name with its fingerprint, or `None`
    /// where the catalog has no such table.
    pub fn result(&self, tables: &BTreeMap<String, Option<Digest>>) -> ResultKey {
        let mut parts = vec!["planc result 1".to_owned(), self.to_string()];
        for (name, fingerprint) in tables {
            parts.push(name.clone());
            parts.push(fingerprint.map_or("absent".to_owned(), |digest| digest.to_string()));
        }
        ResultKey(Digest::of_parts(parts.iter().map(String::as_bytes)))
    }
}

impl ResultKey {
    /// The hash itself.
    pub fn digest(&self) -> Digest {
        self.0
    }

    /// The key of the deep digest with these rules upstream, directly or through others.
    pub fn deep(&self, upstream: &BTreeMap<&str, ResultKey>) -> DeepKey {
        let mut parts = vec!["planc deep 1".to_owned(), self.to_string()];
        for (name, key) in upstream {
            parts.extend([(*name).to_owned(), key.to_string()]);
        }
        DeepKey(Digest::of_parts(parts.iter().map(String::as_bytes)))
    }
}

impl DeepKey {
    /// The hash itself.
    pub fn digest(&self) -> Digest {
        self.0
    }
}

impl fmt::Display for DeepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ActionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ResultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_action_is_in_its_key() {
        let none = BTreeMap::new();
        let one = BTreeMap::from([("d".to_owned(), "Date32".to_owned())]);
        let base = Action {
            source: b"select 1",
            front_end: "sql",
            dialect: "datafusion",
            time_zone: "UTC",
            parameters: &none,
            versions: &["0.1.0", "1"],
        };
        let others = [
            Action { source: b"select 2", ..base.clone() },
            Action { front_end: "substrait", ..base.clone() },
            Action { dialect: "duckdb", ..base.clone() },
            Action { time_zone: "+01:00", ..base.clone() },
            Action { parameters: &one, ..base.clone() },
            Action { versions: &["0.1.1", "1"], ..base.clone() },
        ];
        assert_eq!(base.key(), base.clone().key());
        for other in others {
            assert_ne!(base.key(), other.key(), "{other:?}");
        }
    }

    #[test]
    fn absence_is_part_of_a_result_key() {
        let action = Action {
            source: b"",
            front_end: "sql",
            dialect: "",
            time_zone: "",
            parameters: &BTreeMap::new(),
            versions: &[],
        };
        let key = |table| action.key().result(&BTreeMap::from([("t".to_owned(), table)]));
        assert_ne!(key(None), key(Some(Digest::of(b"schema"))));
        assert_ne!(key(None), action.key().result(&BTreeMap::new()));
    }
}
