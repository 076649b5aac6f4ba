//! The local tier: a folder.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use planc_ir::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ActionKey, ActionRecord, DeepKey, DeepRecord, ResultKey, ResultRecord, record};

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

/// A store in a folder. Cheap to make; nothing is read or created before it is needed.
#[derive(Debug, Clone)]
pub struct LocalStore {
    root: PathBuf,
    zone: String,
}

impl LocalStore {
    /// The store under `root`, with its records in `zone`.
    pub fn new(root: impl Into<PathBuf>, zone: impl Into<String>) -> Self {
        LocalStore { root: root.into(), zone: zone.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The artifact of this digest. Its bytes are checked against the digest.
    pub fn artifact(&self, digest: &Digest) -> Lookup<Vec<u8>> {
        let path = self.artifact_path(digest);
        match read(&path) {
            Lookup::Hit(bytes) if Digest::of(&bytes) != *digest => {
                Lookup::Broken(format!("{}: its bytes do not match its name", path.display()))
            }
            found => found,
        }
    }

    /// Stores an artifact and gives its digest. One that is there and right is left alone.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn put_artifact(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        if !matches!(self.artifact(&digest), Lookup::Hit(_)) {
            write(&self.artifact_path(&digest), bytes)?;
        }
        Ok(digest)
    }

    /// Where the artifact of this digest lies, or would.
    pub fn artifact_path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join("cas").join(name.get(..2).unwrap_or("")).join(name)
    }

    /// The digests of all artifacts, sorted. Files of other names are left out.
    ///
    /// # Errors
    ///
    /// Where the folder is there and cannot be read.
    pub fn digests(&self) -> io::Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for folder in entries(&self.root.join("cas"))? {
            for file in entries(&folder)? {
                let name = file.file_name().and_then(|name| name.to_str());
                digests.extend(name.and_then(|name| name.parse::<Digest>().ok()));
            }
        }
        digests.sort();
        Ok(digests)
    }

    /// The tables that the action's source looks up.
    pub fn action(&self, key: &ActionKey) -> Lookup<ActionRecord> {
        self.record("ac", &key.to_string())
    }

    /// Remembers an action's lookups.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn put_action(&self, key: &ActionKey, record: &ActionRecord) -> io::Result<()> {
        self.put_record("ac", &key.to_string(), record)
    }

    /// The result of a compilation. One whose artifact is gone or broken is not given.
    pub fn result(&self, key: &ResultKey) -> Lookup<ResultRecord> {
        let found: Lookup<ResultRecord> = self.record("rc", &key.to_string());
        let Lookup::Hit(record) = &found else { return found };
        match record.digest.as_ref().map(|digest| self.artifact(digest)) {
            None | Some(Lookup::Hit(_)) => found,
            Some(Lookup::Miss) => Lookup::Miss,
            Some(Lookup::Broken(reason)) => Lookup::Broken(reason),
        }
    }

    /// Remembers a result. Its artifact must have been put before.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn put_result(&self, key: &ResultKey, record: &ResultRecord) -> io::Result<()> {
        self.put_record("rc", &key.to_string(), record)
    }

    /// A rule's deep digest. One whose artifact is gone or broken is not given.
    pub fn deep(&self, key: &DeepKey) -> Lookup<DeepRecord> {
        let found: Lookup<DeepRecord> = self.record("dc", &key.to_string());
        let Lookup::Hit(record) = &found else { return found };
        if record.fallback.is_some() {
            return found;
        }
        match self.artifact(&record.digest) {
            Lookup::Hit(_) => found,
            Lookup::Miss => Lookup::Miss,
            Lookup::Broken(reason) => Lookup::Broken(reason),
        }
    }

    /// Remembers a deep digest. Its artifact must have been put before.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub fn put_deep(&self, key: &DeepKey, record: &DeepRecord) -> io::Result<()> {
        self.put_record("dc", &key.to_string(), record)
    }

    fn record<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Lookup<T> {
        let path = self.record_path(kind, key);
        match read(&path) {
            Lookup::Hit(file) => match record::read(kind, key, &file) {
                Ok(record) => Lookup::Hit(record),
                Err(reason) => Lookup::Broken(format!("{}: {reason}", path.display())),
            },
            Lookup::Miss => Lookup::Miss,
            Lookup::Broken(reason) => Lookup::Broken(reason),
        }
    }

    fn put_record<T: Serialize>(&self, kind: &str, key: &str, record: &T) -> io::Result<()> {
        write(&self.record_path(kind, key), &record::write(kind, key, record)?)
    }

    fn record_path(&self, kind: &str, key: &str) -> PathBuf {
        self.root.join(kind).join(&self.zone).join(key)
    }
}

/// What lies in a folder; nothing where there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> Lookup<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Lookup::Hit(bytes),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Lookup::Miss
        }
        Err(error) => Lookup::Broken(format!("{}: {error}", path.display())),
    }
}

/// Writes beside and renames, so that nobody ever sees half a file.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // A store is shared: what others may read is for the umask to say, not for tempfile.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".tmp-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Action;

    fn store() -> (tempfile::TempDir, LocalStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path(), "trusted");
        (folder, store)
    }

    fn key() -> ActionKey {
        let action = Action {
            source: b"select 1",
            front_end: "sql",
            dialect: "datafusion",
            time_zone: "UTC",
            parameters: &BTreeMap::new(),
            versions: &["1"],
        };
        action.key()
    }

    fn result(digest: Digest) -> ResultRecord {
        ResultRecord {
            digest: Some(digest),
            diagnostics: vec![],
            output: vec![],
            lookups: BTreeMap::from([("t".to_owned(), None)]),
            constraints: vec![],
            portable: true,
        }
    }

    #[test]
    fn what_is_put_is_found_under_its_hash() {
        let (_folder, store) = store();
        let digest = store.put_artifact(b"plan").unwrap();
        assert_eq!(digest, Digest::of(b"plan"));
        assert_eq!(store.artifact(&digest), Lookup::Hit(b"plan".to_vec()));
        assert_eq!(store.artifact(&Digest::of(b"other")), Lookup::Miss);
        assert_eq!(store.action(&key()), Lookup::Miss);
        let action = ActionRecord { lookups: vec!["t".to_owned()] };
        store.put_action(&key(), &action).unwrap();
        assert_eq!(store.action(&key()), Lookup::Hit(action));
    }

    #[test]
    fn a_result_without_its_artifact_is_a_miss() {
        let (_folder, store) = store();
        let key = key().result(&BTreeMap::new());
        let record = result(Digest::of(b"plan"));
        store.put_result(&key, &record).unwrap();
        assert_eq!(store.result(&key), Lookup::Miss);
        let digest = store.put_artifact(b"plan").unwrap();
        assert_eq!(store.result(&key), Lookup::Hit(record));
        fs::write(store.artifact_path(&digest), b"plam").unwrap();
        assert!(matches!(store.result(&key), Lookup::Broken(_)));
        store.put_artifact(b"plan").unwrap();
        assert!(matches!(store.result(&key), Lookup::Hit(_)), "putting it again repairs it");
    }

    #[test]
    fn no_changed_byte_of_a_record_is_believed() {
        let (_folder, store) = store();
        let digest = store.put_artifact(b"plan").unwrap();
        let key = key().result(&BTreeMap::new());
        store.put_result(&key, &result(digest)).unwrap();
        let path = store.record_path("rc", &key.to_string());
        let file = fs::read(&path).unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(matches!(store.result(&key), Lookup::Broken(_)), "byte {at} changed");
            fs::write(&path, &file[..at]).unwrap();
            assert!(matches!(store.result(&key), Lookup::Broken(_)), "cut at {at}");
        }
        let other = ActionKey::result(&self::key(), &BTreeMap::from([("x".to_owned(), None)]));
        fs::write(store.record_path("rc", &other.to_string()), &file).unwrap();
        assert!(matches!(store.result(&other), Lookup::Broken(_)), "a record under another key");
        fs::write(&path, file).unwrap();
        assert!(matches!(store.result(&key), Lookup::Hit(_)));
    }

    #[test]
    fn a_record_of_another_format_is_passed_over() {
        let body = br#"{"format":2,"record":{"lookups":[]}}"#;
        let seal = Digest::of_parts([b"ac".as_slice(), b"k", body]);
        let file = format!("{seal}\n{}\n", String::from_utf8_lossy(body));
        let read: Result<ActionRecord, String> = record::read("ac", "k", file.as_bytes());
        assert_eq!(read.unwrap_err(), "it has format 2, this planc reads 1");
    }
}
