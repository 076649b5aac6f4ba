//! The tiers together: the folder first, then the object store, which fills the folder.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planc_ir::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fetch::{Fetched, Fetcher, Outcome, check};
use crate::record::{self, Fault};
use crate::remote::Answer;
use crate::{
    ActionKey, ActionRecord, Counts, DeepKey, DeepRecord, Entry, LocalTier, Lookup, Problem,
    ProblemKind, Put, RecordKind, Remote, RemoteConfig, ResultKey, ResultRecord, TierName, Trust,
    Zone,
};

/// How a tier is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is read and written.
    ReadWrite,
    /// It is read only.
    ReadOnly,
    /// It is left alone.
    Off,
}

impl Mode {
    /// Whether entries are looked for.
    pub fn reads(self) -> bool {
        self != Mode::Off
    }

    /// Whether entries are put.
    pub fn writes(self) -> bool {
        self == Mode::ReadWrite
    }

    /// The more careful of the two.
    pub fn capped(self, other: Mode) -> Mode {
        match (self, other) {
            (Mode::Off, _) | (_, Mode::Off) => Mode::Off,
            (Mode::ReadOnly, _) | (_, Mode::ReadOnly) => Mode::ReadOnly,
            _ => Mode::ReadWrite,
        }
    }
}

/// What a store is made of.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The folder of the local tier.
    pub local: PathBuf,
    /// How it is used.
    pub local_mode: Mode,
    /// The remote tier.
    pub remote: Option<RemoteConfig>,
    /// Where this process's records go.
    pub zone: Zone,
    /// Which records are believed, and how its own are signed.
    pub trust: Trust,
    /// Who this process is, as its records say: a CI job, for people. Never a secret.
    pub builder: String,
}

/// The store. Nothing is read, created or connected to before it is needed.
#[derive(Debug)]
pub struct Store {
    local: LocalTier,
    local_mode: Mode,
    remote: Option<Remote>,
    zone: Zone,
    trust: Arc<Trust>,
    builder: String,
    /// Entries that came from the remote tier and could not be put into the local one.
    held: Mutex<HashMap<Entry, Arc<Vec<u8>>>>,
    /// What the remote tier was asked for, and why it is not there; none where it is.
    asked: Mutex<HashMap<Entry, Option<&'static str>>>,
    used: Option<Mutex<BTreeSet<Entry>>>,
    counted: AtomicBool,
    pub(crate) shared: Arc<Shared>,
}

/// What writers in the background report to.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    problems: Mutex<BTreeSet<Problem>>,
    counts: Mutex<Counts>,
}

impl Store {
    /// The store of this configuration.
    pub fn new(config: StoreConfig) -> Self {
        let shared = Arc::new(Shared::default());
        let mut trust = config.trust;
        if let Some(signer) = &trust.signer
            && !trust.keys.is_empty()
            && !trust.can_sign()
        {
            let public = signer.public();
            let message =
                format!("the key {public} is none of the project's, so nothing is signed with it");
            shared.report(Problem::new(ProblemKind::UnknownSigner, TierName::Local, message));
            trust.signer = None;
        }
        Store {
            local: LocalTier::new(config.local),
            local_mode: config.local_mode,
            remote: config.remote.filter(|remote| remote.mode.reads()).map(Remote::new),
            zone: config.zone,
            trust: Arc::new(trust),
            builder: config.builder,
            held: Mutex::default(),
            asked: Mutex::default(),
            used: None,
            counted: AtomicBool::new(false),
            shared,
        }
    }

    /// Remembers which entries are read and written, for [`used`](Self::used).
    pub fn tracking(mut self) -> Self {
        self.used = Some(Mutex::default());
        self
    }

    /// The entries that this process found or wrote.
    pub fn used(&self) -> BTreeSet<Entry> {
        self.used.as_ref().map(|used| locked(used).clone()).unwrap_or_default()
    }

    /// The local tier.
    pub fn local(&self) -> &LocalTier {
        &self.local
    }

    /// How the local tier is used.
    pub fn local_mode(&self) -> Mode {
        self.local_mode
    }

    /// The remote tier, unless there is none or it is off.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Which records are believed.
    pub fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// Where this process's records go.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The local tier's folder.
    pub fn root(&self) -> &Path {
        self.local.root()
    }

    /// What went wrong so far.
    pub fn problems(&self) -> Vec<Problem> {
        let left_out: Vec<Problem> = self.remote.iter().flat_map(Remote::state).collect();
        let mut problems: Vec<Problem> = locked(&self.shared.problems).iter().cloned().collect();
        // That a tier is left out says what each of its failures says.
        let repeats = |problem: &Problem| {
            problem.tier == TierName::Remote
                && problem.kind.is_of_tier()
                && left_out.iter().any(|left_out| left_out.kind == problem.kind)
        };
        problems.retain(|problem| !repeats(problem));
        problems.extend(left_out);
        problems.sort();
        problems.dedup();
        problems
    }

    /// What the tiers did so far.
    pub fn counts(&self) -> Counts {
        locked(&self.shared.counts).clone()
    }

    /// Waits for what is being written, and remembers the counts for `planc cache stats`.
    pub fn finish(&self) {
        if let Some(remote) = &self.remote {
            remote.flush();
        }
        let counts = self.counts();
        if counts == Counts::default() || self.counted.swap(true, Ordering::Relaxed) {
            return;
        }
        if self.local_mode.writes() {
            // A folder that cannot be written has been reported where it mattered.
            let _ = counts.append(&self.local);
        }
    }

    /// The artifact of this digest. Its bytes are checked against the digest.
    pub fn artifact(&self, digest: &Digest) -> Lookup<Vec<u8>> {
        let entry = Entry::Object(*digest);
        let local = self.local_bytes(&entry);
        if matches!(local, Lookup::Hit(_)) {
            return local;
        }
        match self.remote_bytes(std::slice::from_ref(&entry)) {
            Some((_, bytes)) => Lookup::Hit(bytes),
            None => local,
        }
    }

    /// Puts an artifact into the local tier and gives its digest.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn put_artifact(&self, bytes: &[u8]) -> std::io::Result<Digest> {
        let digest = Digest::of(bytes);
        self.local.write_object(&digest, bytes)?;
        Ok(digest)
    }

    /// The tables that the action's source looks up.
    pub fn action(&self, key: &ActionKey) -> Option<ActionRecord> {
        self.record(RecordKind::Action, &key.digest())
    }

    /// Remembers an action's lookups.
    pub fn put_action(&self, key: &ActionKey, record: &ActionRecord) {
        self.put(RecordKind::Action, &key.digest(), record, None);
    }

    /// The result of a compilation. One whose artifact is gone or broken is not given.
    pub fn result(&self, key: &ResultKey) -> Option<ResultRecord> {
        let found: ResultRecord = self.record(RecordKind::Result, &key.digest())?;
        locked(&self.shared.counts).saved_micros += found.micros;
        Some(found)
    }

    /// Remembers a result and its artifact.
    pub fn put_result(&self, key: &ResultKey, record: &ResultRecord, artifact: Option<&[u8]>) {
        self.put(RecordKind::Result, &key.digest(), record, artifact);
    }

    /// A rule's deep digest. One whose artifact is gone or broken is not given.
    pub fn deep(&self, key: &DeepKey) -> Option<DeepRecord> {
        self.record(RecordKind::Deep, &key.digest())
    }

    /// Remembers a deep digest and its artifact.
    pub fn put_deep(&self, key: &DeepKey, record: &DeepRecord, artifact: Option<&[u8]>) {
        self.put(RecordKind::Deep, &key.digest(), record, artifact);
    }

    /// Puts a record away that turned out to be wrong, in both tiers as far as they are written,
    /// so that the right one can take its place.
    pub fn displace(&self, kind: RecordKind, key: &Digest) {
        for entry in self.entries(kind, key) {
            if self.local_mode.writes() {
                self.local.quarantine(&entry);
            }
            locked(&self.held).remove(&entry);
            let Some(fetcher) = self.fetcher().filter(|fetcher| fetcher.mends) else { continue };
            let Some(remote) = self.remote.as_ref().filter(|_| entry_is_shared(&entry)) else {
                continue;
            };
            let wrong = entry.clone();
            remote.run_one(async move {
                if let Answer::Found(bytes) = fetcher.client.get(&wrong).await {
                    fetcher.client.quarantine(&wrong, bytes).await;
                }
            });
            locked(&self.asked).insert(entry, Some("missing"));
        }
    }

    /// Fetches those of these records that the local tier does not have, with their artifacts,
    /// many at once. What is looked for afterwards is there or known not to be.
    pub fn prefetch(&self, kind: RecordKind, keys: impl IntoIterator<Item = Digest>) {
        let Some(remote) = &self.remote else { return };
        let wanted = keys.into_iter().filter_map(|key| {
            let entries = self.entries(kind, &key);
            let here = entries.iter().any(|entry| self.is_here(entry));
            (!here).then(|| shared_zones(entries))
        });
        let wanted: Vec<Vec<Entry>> = wanted.filter(|entries| !entries.is_empty()).collect();
        // Only now: where everything is here, nothing is opened.
        if !wanted.is_empty() && remote.is_alive() {
            self.fetch(wanted);
        }
    }

    /// One record: its zones in order, the local tier before the remote one.
    fn record<T: DeserializeOwned>(&self, kind: RecordKind, key: &Digest) -> Option<T> {
        let entries = self.entries(kind, key);
        let mut why = "missing";
        for entry in &entries {
            let Lookup::Hit(bytes) = self.local_bytes(entry) else { continue };
            let fetched = locked(&self.asked).get(entry).is_some_and(Option::is_none);
            match self.complete(entry, &bytes) {
                Some(record) => {
                    self.found(entry, &bytes, fetched);
                    return Some(record);
                }
                None => why = "no artifact",
            }
        }
        if self.local_mode.reads() {
            locked(&self.shared.counts).local.missed(why);
        }
        self.remote.as_ref()?;
        let shared = shared_zones(entries);
        let found = self.remote_bytes(&shared);
        let why = match &found {
            Some((entry, bytes)) => match self.complete(entry, bytes) {
                Some(record) => {
                    self.found(entry, bytes, true);
                    return Some(record);
                }
                None => "no artifact",
            },
            None => {
                let asked = locked(&self.asked);
                let reasons = shared.iter().filter_map(|entry| asked.get(entry).copied().flatten());
                reasons.max_by_key(|why| *why != "missing").unwrap_or("skipped")
            }
        };
        locked(&self.shared.counts).remote.missed(why);
        None
    }

    /// The record in these bytes, where its artifact is there and right.
    fn complete<T: DeserializeOwned>(&self, entry: &Entry, bytes: &[u8]) -> Option<T> {
        let opened = record::open(entry, bytes, &self.trust).ok()?;
        if let Some(digest) = opened.object() {
            match self.artifact(&digest) {
                Lookup::Hit(_) => self.mark(Entry::Object(digest)),
                Lookup::Miss | Lookup::Broken(_) => return None,
            }
        }
        match opened.record() {
            Ok(record) => Some(record),
            Err(fault) => {
                self.fault(entry, TierName::Local, &fault);
                None
            }
        }
    }

    fn found(&self, entry: &Entry, bytes: &[u8], remote: bool) {
        let mut counts = locked(&self.shared.counts);
        let tier = if remote { &mut counts.remote } else { &mut counts.local };
        tier.hits += 1;
        tier.bytes += bytes.len() as u64;
        if remote && self.local_mode.reads() && self.local.contains(entry) {
            counts.local.missed("missing");
        }
        drop(counts);
        self.mark(entry.clone());
    }

    /// An entry of the local tier, checked. What is broken is put away and reported.
    fn local_bytes(&self, entry: &Entry) -> Lookup<Vec<u8>> {
        if !self.local_mode.reads() {
            return Lookup::Miss;
        }
        match self.local.read(entry) {
            Lookup::Hit(bytes) => match check(entry, &bytes, &self.trust) {
                Ok(_) => Lookup::Hit(bytes),
                Err(fault) => {
                    if self.local_mode.writes() && !fault.foreign {
                        self.local.quarantine(entry);
                    }
                    Lookup::Broken(self.fault(entry, TierName::Local, &fault))
                }
            },
            Lookup::Broken(reason) => {
                let problem = Problem::new(ProblemKind::Corrupt, TierName::Local, reason.clone());
                self.shared.report(problem);
                Lookup::Broken(reason)
            }
            Lookup::Miss => Lookup::Miss,
        }
    }

    /// The first of these entries that the remote tier has, asked for unless it was before.
    fn remote_bytes(&self, entries: &[Entry]) -> Option<(Entry, Vec<u8>)> {
        self.remote.as_ref()?;
        let fresh = |entry: &&Entry| !locked(&self.asked).contains_key(*entry);
        let unasked: Vec<Entry> = entries.iter().filter(fresh).cloned().collect();
        if !unasked.is_empty() {
            self.fetch(vec![unasked]);
        }
        for entry in entries {
            let held = locked(&self.held).get(entry).cloned();
            if let Some(bytes) = held {
                return Some((entry.clone(), bytes.as_ref().clone()));
            }
            let fetched = locked(&self.asked).get(entry).is_some_and(Option::is_none);
            if fetched && let Lookup::Hit(bytes) = self.local_bytes(entry) {
                return Some((entry.clone(), bytes));
            }
        }
        None
    }

    /// Asks the remote tier for these, each the first of several, and keeps what is good.
    fn fetch(&self, wanted: Vec<Vec<Entry>>) {
        let Some(remote) = &self.remote else { return };
        let Some(fetcher) = self.fetcher() else { return };
        let local = self.local_mode.reads().then(|| self.local.clone());
        let jobs = wanted.into_iter().map(|alternatives| {
            let (fetcher, local) = (fetcher.clone(), local.clone());
            fetcher.record(alternatives, move |object| {
                local.as_ref().is_some_and(|local| local.contains(object))
            })
        });
        for Fetched { entry, outcome } in remote.run(jobs.collect()).into_iter().flatten() {
            let why = match outcome {
                Outcome::Good(bytes) => {
                    self.keep(&entry, bytes);
                    None
                }
                Outcome::Missing => Some("missing"),
                Outcome::Fault(fault) => {
                    self.fault(&entry, TierName::Remote, &fault);
                    Some(fault.kind.word())
                }
                Outcome::Failed(kind, why) => {
                    let message = format!("{}: {why}", remote.shown());
                    self.shared.report(Problem::new(kind, TierName::Remote, message));
                    Some(kind.word())
                }
                Outcome::Skipped => Some("skipped"),
            };
            locked(&self.asked).insert(entry, why);
        }
    }

    /// What reads the remote tier; none where it cannot be opened.
    pub(crate) fn fetcher(&self) -> Option<Fetcher> {
        let remote = self.remote.as_ref()?;
        let client = remote.client().ok()?;
        let mends = remote.mode().writes() && !client.is_read_only();
        Some(Fetcher { client, trust: Arc::clone(&self.trust), mends })
    }

    /// Keeps what came from the remote tier: in the local one where that can be.
    pub(crate) fn keep(&self, entry: &Entry, bytes: Vec<u8>) {
        if self.local_mode.writes() {
            match self.write_local(entry, &bytes) {
                Ok(()) => return,
                Err(problem) => self.shared.report(problem),
            }
        }
        locked(&self.held).insert(entry.clone(), Arc::new(bytes));
    }

    pub(crate) fn write_local(&self, entry: &Entry, bytes: &[u8]) -> Result<(), Problem> {
        let written = match entry {
            Entry::Object(digest) => self.local.write_object(digest, bytes),
            // The first writer's record stays, unless it is none.
            Entry::Record { .. } => match self.local.create(entry, bytes) {
                Ok(false) if !self.is_right(entry) => self.local.write(entry, bytes),
                done => done.map(drop),
            },
        };
        written.map_err(|error| {
            let message = format!("{}: {error}", self.root().display());
            Problem::new(ProblemKind::Unwritable, TierName::Local, message)
        })
    }

    fn is_right(&self, entry: &Entry) -> bool {
        let there = self.local.read(entry);
        matches!(there, Lookup::Hit(bytes) if check(entry, &bytes, &self.trust).is_ok())
    }

    fn put<T: Serialize>(&self, kind: RecordKind, key: &Digest, record: &T, object: Option<&[u8]>) {
        let to_remote = self.remote.as_ref().filter(|remote| remote.mode().writes());
        let to_remote = to_remote.filter(|remote| self.zone.is_shared() && remote.takes_entries());
        if !self.local_mode.writes() && to_remote.is_none() {
            return;
        }
        let unsigned = self.trust.signer.is_none();
        if self.trust.require_signed && self.zone == Zone::Trusted && unsigned {
            let message = "this process has no signing key, so it puts nothing into `trusted`";
            self.shared.report(Problem::new(ProblemKind::Unsigned, TierName::Local, message));
            return;
        }
        let place = (kind, &self.zone, key);
        let Ok(bytes) = record::write(place, &self.builder, record, &self.trust) else { return };
        let entry = Entry::Record { kind, zone: self.zone.clone(), key: *key };
        let object = object.map(|bytes| (Entry::Object(Digest::of(bytes)), bytes.to_vec()));
        // An artifact comes before the record that names it.
        let entries: Vec<(Entry, Vec<u8>)> = object.into_iter().chain([(entry, bytes)]).collect();
        if self.local_mode.writes() {
            for (entry, bytes) in &entries {
                match self.write_local(entry, bytes) {
                    Ok(()) => {
                        let mut counts = locked(&self.shared.counts);
                        counts.local.written += 1;
                        counts.local.bytes += bytes.len() as u64;
                        drop(counts);
                        self.mark(entry.clone());
                    }
                    Err(problem) => {
                        self.shared.report(problem);
                        break;
                    }
                }
            }
        }
        let Some(remote) = to_remote else { return };
        let (shared, shown) = (Arc::clone(&self.shared), remote.shown().to_owned());
        remote.enqueue(entries, move |_, put| match put {
            Put::Stored => locked(&shared.counts).remote.written += 1,
            Put::Failed(kind, why) => {
                let message = format!("{shown} cannot be written: {why}");
                shared.report(Problem::new(kind, TierName::Remote, message));
            }
            Put::Present | Put::Skipped => {}
        });
    }

    /// Reports a problem of one of the tiers.
    pub(crate) fn report(&self, problem: Problem) {
        self.shared.report(problem);
    }

    /// Reports a fault, and gives its words.
    pub(crate) fn fault(&self, entry: &Entry, tier: TierName, fault: &Fault) -> String {
        let message = self.words(entry, tier, fault);
        self.shared.report(Problem::new(fault.kind, tier, message.clone()));
        message
    }

    /// A fault with the place of its entry.
    pub(crate) fn words(&self, entry: &Entry, tier: TierName, fault: &Fault) -> String {
        let at = match tier {
            TierName::Local => self.local.path(entry).display().to_string(),
            TierName::Remote => {
                format!("{}/{entry}", self.remote.as_ref().map_or("", Remote::shown))
            }
        };
        format!("{at}: {}", fault.reason)
    }

    fn mark(&self, entry: Entry) {
        if let Some(used) = &self.used {
            locked(used).insert(entry);
        }
    }

    fn is_here(&self, entry: &Entry) -> bool {
        let local = self.local_mode.reads() && self.local.contains(entry);
        local || locked(&self.asked).contains_key(entry)
    }

    fn entries(&self, kind: RecordKind, key: &Digest) -> Vec<Entry> {
        let zones = self.zone.reads().into_iter();
        zones.map(|zone| Entry::Record { kind, zone, key: *key }).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    pub(crate) fn report(&self, problem: Problem) {
        locked(&self.problems).insert(problem);
    }
}

/// Those of the records that can be in the remote tier.
fn shared_zones(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().filter(entry_is_shared).collect()
}

fn entry_is_shared(entry: &Entry) -> bool {
    match entry {
        Entry::Record { zone, .. } => zone.is_shared(),
        Entry::Object(_) => true,
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
