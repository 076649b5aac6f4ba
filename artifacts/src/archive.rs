//! Entries as one file, for CI systems whose cache holds few large ones: tar in zstd.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use crate::fetch::check;
use crate::transfer::is_shared;
use crate::{Entry, Lookup, Problem, ProblemKind, Store, TierName};

/// The compression level: fast, and good on many small files that look alike.
const LEVEL: i32 = 3;
/// The longest entry that is read from an archive, in bytes.
const LONGEST: u64 = 256 << 20;
/// The most that is read from one archive, in bytes: it may have been made to fill disks.
const MOST: u64 = 16 << 30;

/// What an export or import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Entries that are in their new place now.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that were there.
    pub present: u64,
    /// Entries that were not believed.
    pub refused: u64,
}

/// Writes these entries of the local tier, those of them that are there and right. Equal
/// entries give equal files.
///
/// # Errors
///
/// Where the file cannot be written.
pub fn export(store: &Store, entries: &BTreeSet<Entry>, file: impl Write) -> io::Result<Carried> {
    let mut carried = Carried::default();
    let mut archive = tar::Builder::new(zstd::Encoder::new(file, LEVEL)?);
    for entry in entries {
        let Lookup::Hit(bytes) = store.local().read(entry) else {
            carried.refused += 1;
            continue;
        };
        if let Err(fault) = check(entry, &bytes, store.trust()) {
            store.fault(entry, TierName::Local, &fault);
            carried.refused += 1;
            continue;
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, entry.path(), bytes.as_slice())?;
        carried.entries += 1;
        carried.bytes += bytes.len() as u64;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(carried)
}

/// Puts an archive's entries into the local tier, each checked as one from the remote tier is.
/// What is there stays.
///
/// # Errors
///
/// Where the file is no archive, or the folder cannot be written.
pub fn import(store: &Store, file: impl Read) -> io::Result<Carried> {
    let mut carried = Carried::default();
    let mut archive = tar::Archive::new(zstd::Decoder::new(file)?.take(MOST));
    for member in archive.entries()? {
        let member = member?;
        let path = member.path()?.to_string_lossy().into_owned();
        let size = member.header().size()?;
        let entry = Entry::parse(&path).filter(|_| member.header().entry_type().is_file());
        // Nobody else makes what is a machine's own.
        let Some(entry) = entry.filter(|entry| size <= LONGEST && is_shared(entry)) else {
            let message = format!("`{path}` in the archive is no entry that can be carried");
            store.report(Problem::new(ProblemKind::Corrupt, TierName::Local, message));
            carried.refused += 1;
            continue;
        };
        let mut bytes = Vec::new();
        member.take(LONGEST).read_to_end(&mut bytes)?;
        if let Err(fault) = check(&entry, &bytes, store.trust()) {
            let message = format!("{entry} in the archive: {}", fault.reason);
            store.report(Problem::new(fault.kind, TierName::Local, message));
            carried.refused += 1;
        } else if matches!(store.local().read(&entry), Lookup::Hit(there)
            if check(&entry, &there, store.trust()).is_ok())
        {
            carried.present += 1;
        } else {
            let written = store.write_local(&entry, &bytes);
            written.map_err(|problem| io::Error::other(problem.message))?;
            carried.entries += 1;
            carried.bytes += bytes.len() as u64;
        }
    }
    Ok(carried)
}
