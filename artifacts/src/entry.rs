//! The names of entries: one path in every tier, and nothing else is an entry.

use std::fmt;

use planc_ir::Digest;

use crate::Zone;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// `ac`: the tables that a source text looks up.
    Action,
    /// `rc`: what compiling it gave.
    Result,
    /// `dc`: its deep digest.
    Deep,
}

/// One entry of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// An artifact: `cas/<first two hex>/<digest>`.
    Object(Digest),
    /// A record: `<kind>/<zone>/<key>`.
    Record {
        /// What it is about.
        kind: RecordKind,
        /// Whose it is.
        zone: Zone,
        /// What it is found by.
        key: Digest,
    },
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 3] = [RecordKind::Action, RecordKind::Result, RecordKind::Deep];

    /// The folder of such records.
    pub fn folder(self) -> &'static str {
        match self {
            RecordKind::Action => "ac",
            RecordKind::Result => "rc",
            RecordKind::Deep => "dc",
        }
    }
}

impl Entry {
    /// Its path in a tier, with `/` between the parts.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// The entry at this path; none where no entry has it.
    pub fn parse(path: &str) -> Option<Entry> {
        let (folder, rest) = path.split_once('/')?;
        let (middle, name) = rest.rsplit_once('/')?;
        let key: Digest = name.parse().ok()?;
        let entry = if folder == "cas" {
            Entry::Object(key)
        } else {
            let kind = RecordKind::ALL.into_iter().find(|kind| kind.folder() == folder)?;
            Entry::Record { kind, zone: middle.parse().ok()?, key }
        };
        // One entry has one path: no other spelling of its digest or folder counts.
        (entry.path() == path).then_some(entry)
    }

    /// Whether it is an artifact.
    pub fn is_object(&self) -> bool {
        matches!(self, Entry::Object(_))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Object(digest) => {
                let name = digest.to_string();
                write!(f, "cas/{}/{name}", name.get(..2).unwrap_or(""))
            }
            Entry::Record { kind, zone, key } => write!(f, "{}/{zone}/{key}", kind.folder()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back_and_others_are_no_entries() {
        let key = Digest::of(b"x");
        let zone = Zone::Pull("7".to_owned());
        let record = Entry::Record { kind: RecordKind::Result, zone, key };
        for entry in [Entry::Object(key), record] {
            assert_eq!(Entry::parse(&entry.path()), Some(entry));
        }
        let upper = key.to_string().to_uppercase();
        for path in [
            format!("cas/zz/{key}"),
            format!("cas/{key}"),
            format!("rc/../{key}"),
            format!("xc/trusted/{key}"),
            format!("rc/trusted/{upper}"),
            "rc/trusted/.tmp-x".to_owned(),
        ] {
            assert_eq!(Entry::parse(&path), None, "{path}");
        }
    }
}
