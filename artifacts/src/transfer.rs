//! Whole sets of entries from one tier to the other, and a look at every entry of one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::fetch::{Fetched, Outcome, check};
use crate::gc::{GcOptions, GcReport, Item, plan};
use crate::remote::{Answer, Failure};
use crate::{
    Entry, Lookup, Mode, Problem, ProblemKind, Put, Remote, RemoteListed, Store, TierName, Zone,
};

/// What the collector leaves alone in the remote tier, whose readers do not mark what they use.
const REMOTE_GRACE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What a push or pull did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Entries that are in their new place now.
    pub moved: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that were there.
    pub present: u64,
    /// Entries that were not believed, or that may not leave the machine.
    pub left: u64,
    /// Entries that could not be moved; the store's problems say why.
    pub failed: u64,
}

/// What looking at every entry of a tier gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Artifacts whose bytes match their names.
    pub objects: u64,
    /// Records that are right and may be believed.
    pub records: u64,
    /// Those of them that are signed.
    pub signed: u64,
    /// Records whose artifact is not there: misses.
    pub dangling: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Store {
    /// Puts these entries of the local tier into the remote one: artifacts before the records
    /// that name them, and only records that others would believe.
    pub fn push(&self, entries: &BTreeSet<Entry>) -> Transfer {
        let mut transfer = Transfer::default();
        let Some(remote) = self.remote() else { return transfer };
        let Some(fetcher) = self.fetcher() else { return transfer };
        let mut lost = BTreeSet::new();
        for objects in [true, false] {
            let mut jobs = Vec::new();
            for entry in entries.iter().filter(|entry| entry.is_object() == objects) {
                let own = matches!(entry, Entry::Record { zone, .. } if !zone.is_shared());
                let bytes = match self.local().read(entry) {
                    Lookup::Hit(bytes) if !own => bytes,
                    _ => {
                        transfer.left += 1;
                        continue;
                    }
                };
                match check(entry, &bytes, self.trust()) {
                    Ok(names) if !names.is_some_and(|digest| lost.contains(&digest)) => {}
                    Ok(_) => {
                        transfer.failed += 1;
                        continue;
                    }
                    Err(fault) => {
                        self.fault(entry, TierName::Local, &fault);
                        transfer.left += 1;
                        continue;
                    }
                }
                let (client, entry) = (fetcher.client.clone(), entry.clone());
                jobs.push(async move {
                    let length = bytes.len() as u64;
                    let put = client.put(&entry, bytes).await;
                    (entry, length, put)
                });
            }
            for (entry, length, put) in remote.run(jobs) {
                match put {
                    Put::Stored => {
                        transfer.moved += 1;
                        transfer.bytes += length;
                    }
                    Put::Present => transfer.present += 1,
                    Put::Failed(..) | Put::Skipped => {
                        transfer.failed += 1;
                        if let Put::Failed(kind, why) = put {
                            let message = format!("{}: {why}", remote.shown());
                            self.report(Problem::new(kind, TierName::Remote, message));
                        }
                        if let Entry::Object(digest) = entry {
                            lost.insert(digest);
                        }
                    }
                }
            }
        }
        transfer
    }

    /// Fetches every record of the remote tier that this process believes, with its artifact.
    ///
    /// # Errors
    ///
    /// Where the tier cannot be listed.
    pub fn pull_all(&self) -> Result<Transfer, Problem> {
        let mut transfer = Transfer::default();
        let listed = self.list_remote()?;
        let zones = self.zone().reads();
        let wanted = listed
            .into_iter()
            .filter_map(|listed| listed.entry)
            .filter(|entry| matches!(entry, Entry::Record { zone, .. } if zones.contains(zone) && zone.is_shared()));
        let (here, missing): (Vec<Entry>, Vec<Entry>) =
            wanted.partition(|entry| self.local().contains(entry));
        transfer.present = here.len() as u64;
        let (Some(remote), Some(fetcher)) = (self.remote(), self.fetcher()) else {
            return Ok(transfer);
        };
        let jobs = missing.into_iter().map(|entry| {
            let (fetcher, local) = (fetcher.clone(), self.local().clone());
            fetcher.record(vec![entry], move |object| local.contains(object))
        });
        for Fetched { entry, outcome } in remote.run(jobs.collect()).into_iter().flatten() {
            match outcome {
                Outcome::Good(bytes) => {
                    transfer.moved += 1;
                    transfer.bytes += bytes.len() as u64;
                    self.keep(&entry, bytes);
                }
                Outcome::Fault(fault) => {
                    self.fault(&entry, TierName::Remote, &fault);
                    transfer.left += 1;
                }
                Outcome::Missing | Outcome::Skipped => transfer.failed += 1,
                Outcome::Failed(kind, why) => {
                    transfer.failed += 1;
                    let message = format!("{}: {why}", remote.shown());
                    self.report(Problem::new(kind, TierName::Remote, message));
                }
            }
        }
        Ok(transfer)
    }

    /// Everything in the remote tier.
    ///
    /// # Errors
    ///
    /// Where it cannot be listed; over https it never can.
    pub fn list_remote(&self) -> Result<Vec<RemoteListed>, Problem> {
        let remote = self.remote().ok_or_else(no_remote)?;
        let client = remote.client()?;
        let listed = remote.run_one(async move { client.list().await });
        listed.ok_or_else(no_remote)?.map_err(|failure| of_failure(remote, failure))
    }

    /// Looks at every entry of the local tier.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn audit_local(&self) -> std::io::Result<Audit> {
        let entries = self.local().list()?.into_iter().map(|listed| listed.entry);
        let read = |entry: Entry| match std::fs::read(self.local().path(&entry)) {
            Ok(bytes) => Some((entry, Ok(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let message = format!("{}: {error}", self.local().path(&entry).display());
                Some((entry, Err(Problem::new(ProblemKind::Corrupt, TierName::Local, message))))
            }
        };
        Ok(self.audit(TierName::Local, entries.filter_map(read).collect()))
    }

    /// Looks at every entry of the remote tier.
    ///
    /// # Errors
    ///
    /// Where it cannot be listed.
    pub fn audit_remote(&self) -> Result<Audit, Problem> {
        let listed = self.list_remote()?;
        let (Some(remote), Some(fetcher)) = (self.remote(), self.fetcher()) else {
            return Err(no_remote());
        };
        let jobs = listed.into_iter().filter_map(|listed| listed.entry).map(|entry| {
            let client = fetcher.client.clone();
            async move {
                let answer = client.get(&entry).await;
                (entry, answer)
            }
        });
        let read = |(entry, answer): (Entry, Answer)| match answer {
            Answer::Found(bytes) => Some((entry, Ok(bytes))),
            Answer::Missing => None,
            Answer::Failed(kind, why) => {
                let message = format!("{}/{entry}: {why}", remote.shown());
                Some((entry, Err(Problem::new(kind, TierName::Remote, message))))
            }
            Answer::Skipped => {
                let message = format!("{}/{entry} was not looked at", remote.shown());
                let problem = Problem::new(ProblemKind::Unavailable, TierName::Remote, message);
                Some((entry, Err(problem)))
            }
        };
        let answers = remote.run(jobs.collect());
        Ok(self.audit(TierName::Remote, answers.into_iter().filter_map(read).collect()))
    }

    fn audit(&self, tier: TierName, entries: Vec<(Entry, Result<Vec<u8>, Problem>)>) -> Audit {
        let mut audit = Audit::default();
        let mut objects = BTreeSet::new();
        let mut named = Vec::new();
        for (entry, bytes) in entries {
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(problem) => {
                    audit.problems.push(problem);
                    continue;
                }
            };
            // In a zone that this process does not read, records need not be signed.
            match (check(&entry, &bytes, self.trust()), &entry) {
                (Ok(_), Entry::Object(digest)) => {
                    audit.objects += 1;
                    objects.insert(*digest);
                }
                (Ok(names), Entry::Record { .. }) => {
                    audit.records += 1;
                    let opened = crate::record::open(&entry, &bytes, self.trust());
                    audit.signed += u64::from(opened.is_ok_and(|opened| opened.signed));
                    named.extend(names);
                }
                (Err(fault), _) => {
                    let message = self.words(&entry, tier, &fault);
                    audit.problems.push(Problem::new(fault.kind, tier, message));
                }
            }
        }
        audit.dangling = named.iter().filter(|digest| !objects.contains(digest)).count() as u64;
        audit.problems.sort();
        audit
    }

    /// Removes from the remote tier what is old and needed by nobody. Ages are by the store's
    /// own clock, and everything of the last two days stays.
    ///
    /// # Errors
    ///
    /// Where the tier cannot be listed, read or written.
    pub fn gc_remote(&self, options: &GcOptions) -> Result<GcReport, Problem> {
        let remote = self.remote().ok_or_else(no_remote)?;
        if remote.mode() != Mode::ReadWrite {
            let message = "the remote tier is read only";
            return Err(Problem::new(ProblemKind::Unwritable, TierName::Remote, message));
        }
        let client = remote.client()?;
        let listed = self.list_remote()?;
        let probe = format!("probe/{:016x}", fastrand::u64(..));
        let now = {
            let client = client.clone();
            remote.run_one(async move {
                client.create(&probe, b"planc".to_vec()).await?;
                let now = client.modified(&probe).await;
                client.delete(&probe).await?;
                now
            })
        };
        let now: SystemTime =
            now.ok_or_else(no_remote)?.map_err(|failure| of_failure(remote, failure))?;
        let records = listed.iter().filter_map(|listed| listed.entry.clone());
        let jobs = records.filter(|entry| !entry.is_object()).map(|entry| {
            let client = client.clone();
            async move {
                let answer = client.get(&entry).await;
                (entry, answer)
            }
        });
        let mut names = BTreeMap::new();
        for (entry, answer) in remote.run(jobs.collect()) {
            match answer {
                Answer::Found(bytes) => {
                    names.insert(entry.clone(), check(&entry, &bytes, self.trust()).ok().flatten());
                }
                Answer::Missing => {}
                // What a record names must be known before anything may go.
                Answer::Failed(kind, why) => {
                    return Err(Problem::new(kind, TierName::Remote, why));
                }
                Answer::Skipped => return Err(no_remote()),
            }
        }
        let items: Vec<Item> = listed
            .into_iter()
            .filter_map(|listed| {
                let entry = listed.entry?;
                let names = names.get(&entry).copied().flatten();
                Some(Item { entry, bytes: listed.bytes, modified: listed.modified, names })
            })
            .collect();
        let mut report = GcReport::default();
        let gone = plan(&items, now, REMOTE_GRACE, options);
        let gone: Vec<&Item> = gone.into_iter().filter_map(|index| items.get(index)).collect();
        // Records first: an artifact goes when no record names it any more.
        for objects in [false, true] {
            let of_kind = gone.iter().filter(|item| item.entry.is_object() == objects);
            let jobs = of_kind.clone().filter(|_| !options.dry_run).map(|item| {
                let (client, path) = (client.clone(), item.entry.path());
                async move { client.delete(&path).await }
            });
            for deleted in remote.run(jobs.collect()) {
                deleted.map_err(|failure| of_failure(remote, failure))?;
            }
            for item in of_kind {
                match objects {
                    true => report.objects += 1,
                    false => report.records += 1,
                }
                report.bytes += item.bytes;
            }
        }
        let total: u64 = items.iter().map(|item| item.bytes).sum();
        report.kept = items.len() as u64 - report.objects - report.records;
        report.kept_bytes = total - report.bytes;
        Ok(report)
    }
}

/// Whether an entry may be carried to other machines.
pub fn is_shared(entry: &Entry) -> bool {
    !matches!(entry, Entry::Record { zone: Zone::Own, .. })
}

fn no_remote() -> Problem {
    let message = "there is no remote tier, or it does not answer";
    Problem::new(ProblemKind::Misconfigured, TierName::Remote, message)
}

pub(crate) fn of_failure(remote: &Remote, failure: Failure) -> Problem {
    let (kind, why) = match failure {
        Failure::Of(kind, why) => (kind, why),
        Failure::Missing => (ProblemKind::Misconfigured, "nothing is there".to_owned()),
        Failure::Present { .. } => (ProblemKind::Unavailable, "409 Conflict".to_owned()),
        Failure::Skipped => (ProblemKind::Unavailable, "it was left out".to_owned()),
    };
    Problem::new(kind, TierName::Remote, format!("{}: {why}", remote.shown()))
}
