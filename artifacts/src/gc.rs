//! The collector: what is old and needed by nobody goes, records before the artifacts that
//! they name.
//!
//! Compiles take no lock and wait for nobody. What they read or write is marked as used by its
//! modification time, and the collector leaves everything alone that was used in the last hour
//! (in the remote tier: two days). It takes an entry aside, looks whether it was used meanwhile,
//! and puts it back where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use planc_ir::Digest;

use crate::counts::LOG;
use crate::local::{QUARANTINE, TEMPORARY, is_absent};
use crate::{Entry, LocalTier, Store};

/// What was used more lately stays.
const GRACE: Duration = Duration::from_secs(60 * 60);
/// Counts of past processes are kept for so long.
const LOG_AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The lock that a collector holds, and nobody else.
const LOCK: &str = "gc.lock";

/// What is to go.
#[derive(Debug, Clone)]
pub struct GcOptions {
    /// What was not used for longer goes.
    pub max_age: Duration,
    /// Where more is left, the oldest goes until the rest is no larger, in bytes.
    pub max_bytes: Option<u64>,
    /// Nothing is removed.
    pub dry_run: bool,
    /// What stays whatever its age, with the artifacts that these records name.
    pub keep: BTreeSet<Entry>,
}

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct GcReport {
    /// Records that went.
    pub records: u64,
    /// Artifacts that went.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that stay.
    pub kept: u64,
    /// Their bytes.
    pub kept_bytes: u64,
    /// Files of killed writers, old counts and old quarantine that went.
    pub leftovers: u64,
}

/// An entry as the plan sees it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) entry: Entry,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
    /// The artifact that a record names.
    pub(crate) names: Option<Digest>,
}

/// Which items go, records first. What is younger than `grace` stays; so does what lies in the
/// future, where clocks disagree.
pub(crate) fn plan(
    items: &[Item],
    now: SystemTime,
    grace: Duration,
    options: &GcOptions,
) -> Vec<usize> {
    let age = |item: &Item| now.duration_since(item.modified).unwrap_or_default();
    let free = |item: &Item| age(item) > grace && !options.keep.contains(&item.entry);
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|index| items.get(*index).map(|item| item.modified));
    let at = |index: &usize| items.get(*index);
    let mut gone = BTreeSet::new();
    let mut named: BTreeMap<Digest, u32> = BTreeMap::new();
    for entry in &options.keep {
        if let Entry::Object(digest) = entry {
            *named.entry(*digest).or_default() += 1;
        }
    }
    let mut size: u64 = items.iter().map(|item| item.bytes).sum();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.entry.is_object()) {
        if free(item) && age(item) > options.max_age {
            gone.insert(index);
            size -= item.bytes;
        } else if let Some(digest) = item.names {
            *named.entry(digest).or_default() += 1;
        }
    }
    let unnamed = |item: &Item, named: &BTreeMap<Digest, u32>| match item.entry {
        Entry::Object(digest) => named.get(&digest).is_none_or(|count| *count == 0),
        Entry::Record { .. } => false,
    };
    for index in &order {
        let Some(item) = at(index).filter(|item| free(item) && unnamed(item, &named)) else {
            continue;
        };
        if age(item) > options.max_age || options.max_bytes.is_some_and(|most| size > most) {
            gone.insert(*index);
            size -= item.bytes;
        }
    }
    let objects: BTreeMap<Digest, usize> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| match item.entry {
            Entry::Object(digest) => Some((digest, index)),
            Entry::Record { .. } => None,
        })
        .collect();
    for index in &order {
        if options.max_bytes.is_none_or(|most| size <= most) {
            break;
        }
        let record = at(index).filter(|item| !item.entry.is_object() && free(item));
        let Some(record) = record.filter(|_| !gone.contains(index)) else { continue };
        gone.insert(*index);
        size -= record.bytes;
        let Some(digest) = record.names else { continue };
        if let Some(count) = named.get_mut(&digest) {
            *count = count.saturating_sub(1);
        }
        let object = objects.get(&digest).copied().filter(|object| !gone.contains(object));
        if let Some(object) = object
            && let Some(item) = at(&object).filter(|item| free(item) && unnamed(item, &named))
        {
            gone.insert(object);
            size -= item.bytes;
        }
    }
    let is_object = |index: &usize| at(index).is_some_and(|item| item.entry.is_object());
    let (objects, records): (Vec<usize>, Vec<usize>) = gone.into_iter().partition(is_object);
    records.into_iter().chain(objects).collect()
}

/// Removes from the local tier what is old and needed by nobody.
///
/// # Errors
///
/// Where the folder cannot be read or written, or another collector is at work
/// ([`io::ErrorKind::WouldBlock`]).
pub fn gc(store: &Store, options: &GcOptions) -> io::Result<GcReport> {
    let tier = store.local();
    let mut report = GcReport::default();
    if !tier.root().exists() {
        return Ok(report);
    }
    let file = fs::OpenOptions::new().create(true).append(true).open(tier.root().join(LOCK))?;
    let mut lock = fd_lock::RwLock::new(file);
    let _guard = lock.try_write()?;
    let now = clock(tier.root())?;
    let listed = tier.list()?;
    let items: Vec<Item> = listed
        .into_iter()
        .map(|listed| {
            let names = match listed.entry {
                Entry::Object(_) => None,
                Entry::Record { .. } => named_by(tier, store, &listed.entry),
            };
            Item { entry: listed.entry, bytes: listed.bytes, modified: listed.modified, names }
        })
        .collect();
    let gone = plan(&items, now, GRACE, options);
    let mut restored = BTreeSet::new();
    for index in &gone {
        let Some(item) = items.get(*index) else { continue };
        let needed = matches!(item.entry, Entry::Object(digest) if restored.contains(&digest));
        if needed {
            continue;
        }
        if options.dry_run || remove(tier, item)? {
            match item.entry.is_object() {
                true => report.objects += 1,
                false => report.records += 1,
            }
            report.bytes += item.bytes;
        } else {
            restored.extend(item.names);
        }
    }
    let total: u64 = items.iter().map(|item| item.bytes).sum();
    report.kept = items.len() as u64 - report.objects - report.records;
    report.kept_bytes = total - report.bytes;
    report.leftovers = leftovers(tier, now, options)?;
    Ok(report)
}

/// The artifact that a record names. Looking does not mark it as used.
fn named_by(tier: &LocalTier, store: &Store, entry: &Entry) -> Option<Digest> {
    let bytes = fs::read(tier.path(entry)).ok()?;
    crate::fetch::check(entry, &bytes, store.trust()).ok()?
}

/// The time by the clock that gives files their modification times.
fn clock(root: &Path) -> io::Result<SystemTime> {
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(root)?.as_file().metadata()?.modified()
}

/// Takes an entry aside, and away unless somebody used it meanwhile.
fn remove(tier: &LocalTier, item: &Item) -> io::Result<bool> {
    let path = tier.path(&item.entry);
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let aside = path.with_file_name(format!("{TEMPORARY}gc-{name}"));
    match fs::rename(&path, &aside) {
        Err(error) if is_absent(&error) => return Ok(false),
        other => other?,
    }
    let unused = fs::metadata(&aside)?.modified()? == item.modified;
    if !unused {
        // Where somebody has written it anew meanwhile, theirs is as good.
        let _ = fs::hard_link(&aside, &path);
    }
    fs::remove_file(&aside)?;
    Ok(unused)
}

/// What killed writers left, and what nobody will look at any more.
fn leftovers(tier: &LocalTier, now: SystemTime, options: &GcOptions) -> io::Result<u64> {
    let mut count = 0;
    for (folder, most) in [
        ("cas", GRACE),
        ("ac", GRACE),
        ("rc", GRACE),
        ("dc", GRACE),
        (QUARANTINE, options.max_age.max(GRACE)),
        (LOG, LOG_AGE),
    ] {
        for found in tier.files(&[folder])? {
            let name = found.path.file_name().map(|name| name.to_string_lossy().into_owned());
            let temporary = name.is_some_and(|name| name.starts_with(TEMPORARY));
            let old = now.duration_since(found.modified).is_ok_and(|age| age > most);
            if old && (temporary || [QUARANTINE, LOG].contains(&folder)) {
                count += 1;
                if !options.dry_run {
                    fs::remove_file(&found.path)?;
                }
            }
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordKind, Zone};

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn record(key: &str, plan: &str, days: u32) -> Item {
        let entry = Entry::Record {
            kind: RecordKind::Result,
            zone: Zone::Trusted,
            key: Digest::of(key.as_bytes()),
        };
        Item { entry, names: Some(Digest::of(plan.as_bytes())), ..object(plan, days) }
    }

    fn object(plan: &str, days: u32) -> Item {
        let modified = SystemTime::UNIX_EPOCH + DAY * (1_000 - days);
        Item { entry: Entry::Object(Digest::of(plan.as_bytes())), bytes: 10, modified, names: None }
    }

    fn check(items: &[Item], keep: &[usize], max_bytes: Option<u64>, gone: &[usize]) {
        let keep = keep.iter().map(|index| items[*index].entry.clone()).collect();
        let options = GcOptions { max_age: DAY * 30, max_bytes, dry_run: false, keep };
        let now = SystemTime::UNIX_EPOCH + DAY * 1_000;
        assert_eq!(plan(items, now, GRACE, &options), gone);
    }

    #[test]
    fn records_go_by_age_and_artifacts_when_no_record_names_them() {
        let items =
            [record("old", "a", 40), object("a", 40), record("new", "b", 1), object("b", 40)];
        check(&items, &[], None, &[0, 1]);
        // Two records of one artifact: it stays as long as one does.
        let shared = [record("old", "a", 40), record("new", "a", 1), object("a", 40)];
        check(&shared, &[], None, &[0]);
        // An artifact that was used lately stays although its record is gone.
        check(&[record("old", "a", 40), object("a", 2)], &[], None, &[0]);
    }

    #[test]
    fn what_projects_need_stays_and_so_does_what_is_of_today() {
        let items = [record("old", "a", 400), object("a", 400), record("now", "b", 0)];
        check(&items, &[0, 1], Some(0), &[]);
        // A clock that runs ahead makes nothing old.
        let mut ahead = object("c", 0);
        ahead.modified += DAY * 500;
        check(&[ahead], &[], Some(0), &[]);
    }

    #[test]
    fn a_limit_takes_the_oldest_with_what_only_they_name() {
        let items = [
            record("a", "a", 20),
            object("a", 20),
            record("b", "b", 10),
            object("b", 10),
            object("nobody's", 5),
        ];
        check(&items, &[], Some(50), &[]);
        check(&items, &[], Some(40), &[4]);
        check(&items, &[], Some(30), &[0, 1, 4]);
        check(&items, &[], Some(0), &[0, 2, 1, 3, 4]);
    }
}
