//! What can go wrong with a tier, told apart: a build goes on without it and says which it was.

use std::fmt;

use planc_ir::{Code, code};

/// Which tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TierName {
    /// The folder.
    Local,
    /// The object store.
    Remote,
}

/// What went wrong. That something is not there is no problem, but a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// Bytes that are not what their name or their checksum says, or of another format.
    Corrupt,
    /// The store says that we may not.
    Forbidden,
    /// The address, the bucket or the settings are wrong.
    Misconfigured,
    /// No answer in time.
    TimedOut,
    /// Refused connections, 5xx answers, cut-off bodies.
    Unavailable,
    /// A tier that should take entries does not.
    Unwritable,
    /// A record that must be signed and is not.
    Unsigned,
    /// A record signed with a key that the project does not name.
    UnknownSigner,
    /// A signature over other bytes.
    BadSignature,
    /// A record that was made for another key.
    OtherKey,
    /// A record that was made in another zone.
    OtherZone,
}

impl ProblemKind {
    /// The diagnostic's code.
    pub fn code(self) -> Code {
        match self {
            ProblemKind::Corrupt => code::BROKEN_ENTRY,
            ProblemKind::Unwritable => code::STORE_UNWRITABLE,
            ProblemKind::Forbidden => code::CACHE_FORBIDDEN,
            ProblemKind::Misconfigured => code::CACHE_MISCONFIGURED,
            ProblemKind::TimedOut => code::CACHE_TIMEOUT,
            ProblemKind::Unavailable => code::CACHE_UNAVAILABLE,
            ProblemKind::Unsigned => code::UNSIGNED_RECORD,
            ProblemKind::UnknownSigner => code::UNKNOWN_SIGNER,
            ProblemKind::BadSignature => code::BAD_SIGNATURE,
            ProblemKind::OtherKey => code::RECORD_OF_OTHER_KEY,
            ProblemKind::OtherZone => code::RECORD_OF_OTHER_ZONE,
        }
    }

    /// The word for it in counts of misses.
    pub fn word(self) -> &'static str {
        match self {
            ProblemKind::Corrupt => "corrupt",
            ProblemKind::Forbidden => "forbidden",
            ProblemKind::Misconfigured => "misconfigured",
            ProblemKind::TimedOut => "timed out",
            ProblemKind::Unavailable => "unavailable",
            ProblemKind::Unwritable => "unwritable",
            ProblemKind::Unsigned
            | ProblemKind::UnknownSigner
            | ProblemKind::BadSignature
            | ProblemKind::OtherKey
            | ProblemKind::OtherZone => "refused",
        }
    }

    /// Whether it is about the tier and not about one entry.
    pub(crate) fn is_of_tier(self) -> bool {
        use ProblemKind::{Forbidden, Misconfigured, TimedOut, Unavailable};
        matches!(self, Forbidden | Misconfigured | TimedOut | Unavailable)
    }

    /// Whether somebody may have put the entry there to deceive.
    pub fn is_refusal(self) -> bool {
        self.word() == "refused"
    }
}

/// One thing that went wrong with one tier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where.
    pub tier: TierName,
    /// In words, with the entry where it is about one.
    pub message: String,
}

impl Problem {
    /// A problem of a tier.
    pub fn new(kind: ProblemKind, tier: TierName, message: impl Into<String>) -> Self {
        Problem { kind, tier, message: message.into() }
    }
}

impl fmt::Display for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TierName::Local => "local",
            TierName::Remote => "remote",
        })
    }
}
