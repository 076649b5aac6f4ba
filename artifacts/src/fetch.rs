//! Reading entries from the remote tier: several at once, each checked before it is believed.

use std::sync::Arc;

use planc_ir::Digest;

use crate::record::{self, Fault};
use crate::remote::{Answer, Client};
use crate::{Entry, ProblemKind, Trust, Zone};

/// One entry that was asked for.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) entry: Entry,
    pub(crate) outcome: Outcome,
}

/// What asking gave.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Its bytes, checked.
    Good(Vec<u8>),
    /// It is not there.
    Missing,
    /// It is not what it should be.
    Fault(Fault),
    /// The store failed.
    Failed(ProblemKind, String),
    /// The store was not asked.
    Skipped,
}

/// What one look-up goes by.
#[derive(Clone)]
pub(crate) struct Fetcher {
    pub(crate) client: Arc<Client>,
    pub(crate) trust: Arc<Trust>,
    /// Whether what is broken may be put out of the way.
    pub(crate) mends: bool,
}

/// Checks an entry's bytes; of a record, gives the artifact that it names.
pub(crate) fn check(entry: &Entry, bytes: &[u8], trust: &Trust) -> Result<Option<Digest>, Fault> {
    match entry {
        Entry::Object(digest) if Digest::of(bytes) == *digest => Ok(None),
        Entry::Object(_) => Err(record::corrupt("its bytes do not match its name".to_owned())),
        Entry::Record { .. } => record::open(entry, bytes, trust).map(|opened| opened.object()),
    }
}

impl Fetcher {
    /// The first of these records that is there, with its artifact unless `have` knows it.
    pub(crate) async fn record(
        self,
        alternatives: Vec<Entry>,
        have: impl Fn(&Entry) -> bool + Send,
    ) -> Vec<Fetched> {
        let mut fetched = Vec::new();
        for entry in alternatives {
            let outcome = self.one(&entry).await;
            let object = match &outcome {
                Outcome::Good(bytes) => check(&entry, bytes, &self.trust).ok(),
                _ => None,
            };
            fetched.push(Fetched { entry, outcome });
            let Some(object) = object else { continue };
            if let Some(object) = object.map(Entry::Object).filter(|object| !have(object)) {
                let outcome = self.one(&object).await;
                fetched.push(Fetched { entry: object, outcome });
            }
            break;
        }
        fetched
    }

    /// One entry. Bytes that do not match are read once more: they may have been changed on
    /// the way. Where they are wrong again, the entry is.
    pub(crate) async fn one(&self, entry: &Entry) -> Outcome {
        let mut first = None;
        loop {
            let bytes = match self.client.get(entry).await {
                Answer::Found(bytes) => bytes,
                Answer::Missing => return Outcome::Missing,
                Answer::Failed(kind, why) => return Outcome::Failed(kind, why),
                Answer::Skipped => return Outcome::Skipped,
            };
            match check(entry, &bytes, &self.trust) {
                Ok(_) => return Outcome::Good(bytes),
                Err(fault) if fault.kind == ProblemKind::Corrupt && first.is_none() => {
                    first = Some(fault);
                }
                Err(fault) => {
                    if self.removes(entry, &fault) {
                        self.client.quarantine(entry, bytes).await;
                    }
                    return Outcome::Fault(fault);
                }
            }
        }
    }

    /// Entries are put only where there are none, so a false one would keep the right one out.
    /// A false record is put away by who could write the right one.
    fn removes(&self, entry: &Entry, fault: &Fault) -> bool {
        let trusted = matches!(entry, Entry::Record { zone: Zone::Trusted, .. });
        let forged = fault.kind.is_refusal() && trusted && self.trust.can_sign();
        self.mends && !fault.foreign && (fault.kind == ProblemKind::Corrupt || forged)
    }
}
