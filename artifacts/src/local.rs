//! The local tier: a folder.
//!
//! Entries appear by rename, so readers and writers need no lock. Whoever reads or rewrites an
//! entry that is old gives it a new modification time: that is how the collector knows what is
//! in use.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use planc_ir::Digest;

use crate::Entry;

/// An entry that is used gets a new modification time once its own is older than this.
pub(crate) const TOUCH_AFTER: Duration = Duration::from_secs(30 * 60);

/// What files begin with that are being written.
pub(crate) const TEMPORARY: &str = ".tmp-";
/// The folder of what was found broken.
pub(crate) const QUARANTINE: &str = "quarantine";

/// What looking for an entry gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there and right.
    Hit(T),
    /// It is not there.
    Miss,
    /// Something is there that cannot be used: treat it as a miss and report the reason.
    Broken(String),
}

/// A file of the tier as a listing gives it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Which entry.
    pub entry: Entry,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was written or last found in use.
    pub modified: SystemTime,
}

/// A store in a folder. Cheap to make; nothing is read or created before it is needed.
#[derive(Debug, Clone)]
pub struct LocalTier {
    root: PathBuf,
}

impl LocalTier {
    /// The tier under `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        LocalTier { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an entry lies, or would.
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.root.join(entry.path())
    }

    /// Whether there is something of this name.
    pub fn contains(&self, entry: &Entry) -> bool {
        self.path(entry).is_file()
    }

    /// The bytes of an entry, unchecked.
    pub(crate) fn read(&self, entry: &Entry) -> Lookup<Vec<u8>> {
        let path = self.path(entry);
        match read(&path) {
            Ok(bytes) => Lookup::Hit(bytes),
            Err(error) if is_absent(&error) => Lookup::Miss,
            Err(error) => Lookup::Broken(format!("{}: {error}", path.display())),
        }
    }

    /// Writes an entry, whatever is there.
    pub(crate) fn write(&self, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        self.staged(entry, bytes)?.persist(self.path(entry))?;
        Ok(())
    }

    /// Writes an entry unless there is one of its name; false where there is.
    pub(crate) fn create(&self, entry: &Entry, bytes: &[u8]) -> io::Result<bool> {
        match self.staged(entry, bytes)?.persist_noclobber(self.path(entry)) {
            Ok(_) => Ok(true),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(failed) => Err(failed.error),
        }
    }

    /// The bytes in a file beside the entry's, so that nobody ever sees half an entry.
    fn staged(&self, entry: &Entry, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let path = self.path(entry);
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // A store is shared: what others may read is for the umask to say, not for tempfile.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(TEMPORARY).tempfile_in(folder)?;
        file.write_all(bytes)?;
        Ok(file)
    }

    /// Stores an artifact. One that is there and right is only marked as used.
    pub(crate) fn write_object(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        let entry = Entry::Object(*digest);
        match self.read(&entry) {
            Lookup::Hit(found) if found == bytes => {
                // Gone meanwhile, or not ours to touch: writing it decides.
                let now = SystemTime::now();
                let touched = File::open(self.path(&entry)).and_then(|f| f.set_modified(now));
                // Behind the touch, so that a collector either sees it or has taken it away.
                match touched {
                    Ok(()) if self.contains(&entry) => Ok(()),
                    _ => self.write(&entry, bytes),
                }
            }
            _ => self.write(&entry, bytes),
        }
    }

    /// Takes an entry away from where it is found, and keeps it for people to look at.
    pub(crate) fn quarantine(&self, entry: &Entry) {
        let folder = self.root.join(QUARANTINE);
        let kept = folder.join(entry.path().replace('/', "_"));
        // What cannot be moved is found broken again.
        let _ = fs::create_dir_all(folder).and_then(|()| fs::rename(self.path(entry), kept));
    }

    /// All entries, sorted. Files of other names are left out.
    ///
    /// # Errors
    ///
    /// Where a folder is there and cannot be read.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut found = Vec::new();
        for file in self.files(&["cas", "ac", "rc", "dc"])? {
            let relative = file.path.strip_prefix(&self.root).map_err(io::Error::other)?;
            let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
            if let Some(entry) = parts.and_then(|parts| Entry::parse(&parts.join("/"))) {
                found.push(Listed { entry, bytes: file.bytes, modified: file.modified });
            }
        }
        found.sort_by(|a, b| a.entry.cmp(&b.entry));
        Ok(found)
    }

    /// All files below these folders of the tier, whatever their names.
    pub(crate) fn files(&self, folders: &[&str]) -> io::Result<Vec<Found>> {
        let mut files = Vec::new();
        let mut open: Vec<PathBuf> = folders.iter().map(|name| self.root.join(name)).collect();
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                // Whatever goes while we look was not there.
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    open.push(entry.path());
                } else if metadata.is_file() {
                    let (bytes, modified) = (metadata.len(), metadata.modified()?);
                    files.push(Found { path: entry.path(), bytes, modified });
                }
            }
        }
        Ok(files)
    }

    /// The digests of all artifacts, sorted.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub fn digests(&self) -> io::Result<Vec<Digest>> {
        let digest = |listed: Listed| match listed.entry {
            Entry::Object(digest) => Some(digest),
            Entry::Record { .. } => None,
        };
        Ok(self.list()?.into_iter().filter_map(digest).collect())
    }
}

/// A file of the tier.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    let now = SystemTime::now();
    if let Ok(age) = now.duration_since(metadata.modified()?)
        && age > TOUCH_AFTER
    {
        // In a folder of somebody else's, its owner says what is in use.
        let _ = file.set_modified(now);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_not_old() {
        let folder = tempfile::tempdir().unwrap();
        let tier = LocalTier::new(folder.path());
        let digest = Digest::of(b"plan");
        let entry = Entry::Object(digest);
        let modified = || fs::metadata(tier.path(&entry)).unwrap().modified().unwrap();
        let old = SystemTime::now() - Duration::from_secs(100_000);
        let make_old = || File::open(tier.path(&entry)).unwrap().set_modified(old).unwrap();
        tier.write_object(&digest, b"plan").unwrap();
        make_old();
        assert_eq!(tier.read(&entry), Lookup::Hit(b"plan".to_vec()));
        assert!(modified() > old, "a reader marks it as used");
        make_old();
        tier.write_object(&digest, b"plan").unwrap();
        assert!(modified() > old, "a writer that finds it present does too");
        assert_eq!(tier.digests().unwrap(), [digest]);
    }
}
