//! A store that remembers the data files written through it, so that a write that does not
//! come to its commit can take them away again.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// The local files of all writes of this process that have not come to their commit.
static UNCOMMITTED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn uncommitted() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNCOMMITTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the files of writes that have not come to their commit, for a process that ends while
/// one still goes on.
pub(super) fn discard_uncommitted() {
    uncommitted().iter().for_each(sweep);
}

/// Removes a file, and its parts where it is not whole: the store writes them to `FILE#1`, and
/// takes them away in the background, which a process that ends does not wait for.
fn sweep(file: &PathBuf) {
    drop(std::fs::remove_file(file));
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return };
    let part = format!("{}#", name.to_string_lossy());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&part) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
    // A partition's folder, where it is empty now.
    drop(std::fs::remove_dir(folder));
}

/// What was written through a [`Recorder`].
#[derive(Debug, Default)]
pub(super) struct Record {
    /// True where the store is the local file system; its paths are the machine's.
    local: bool,
    files: Mutex<Vec<Path>>,
    /// True from the moment a commit is tried: from then on the files may be the table's.
    committing: AtomicBool,
}

impl Record {
    /// Of a write to the local file system, or to another store.
    pub(super) fn new(local: bool) -> Self {
        Record { local, ..Record::default() }
    }

    fn note(&self, path: &Path) {
        if path.parts().any(|part| part.as_ref() == "_delta_log") {
            self.committing.store(true, Ordering::SeqCst);
            if let Ok(files) = self.files.lock() {
                files.iter().filter_map(on_disk).for_each(|file| {
                    uncommitted().remove(&file);
                });
            }
        } else if let Ok(mut files) = self.files.lock() {
            files.push(path.clone());
            if self.local && !self.committing.load(Ordering::SeqCst) {
                uncommitted().extend(on_disk(path));
            }
        }
    }

    /// The commit was refused: the files are not the table's and will not be.
    pub(super) fn refused(&self) {
        self.committing.store(false, Ordering::SeqCst);
    }

    fn take(&self) -> Vec<Path> {
        if self.committing.load(Ordering::SeqCst) {
            return Vec::new();
        }
        self.files.lock().map(|mut files| std::mem::take(&mut *files)).unwrap_or_default()
    }
}

fn on_disk(path: &Path) -> Option<PathBuf> {
    LocalFileSystem::new().path_to_filesystem(path).ok()
}

/// Removes the recorded files when it is dropped before a commit was tried.
pub(super) struct Undo {
    pub(super) record: Arc<Record>,
    /// The folder that the write made, if it did.
    pub(super) made_folder: Option<PathBuf>,
}

impl Undo {
    /// Removes the files of a store that is not local. Best effort: what stays is no part of
    /// the table, and a vacuum takes it.
    pub(super) async fn remote(&self, store: &dyn ObjectStore) {
        if !self.record.local {
            for path in self.record.take() {
                drop(store.delete(&path).await);
            }
        }
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if !self.record.local || self.record.committing.load(Ordering::SeqCst) {
            return;
        }
        for path in self.record.take() {
            // It stays among the uncommitted ones: what does not hear of the end may still write.
            on_disk(&path).iter().for_each(sweep);
        }
        drop(self.made_folder.as_ref().map(std::fs::remove_dir));
    }
}

/// Passes everything on to `inner`.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) inner: Arc<dyn ObjectStore>,
    pub(super) record: Arc<Record>,
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Recorder {
    async fn put_opts(&self, at: &Path, payload: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.record.note(at);
        self.inner.put_opts(at, payload, o).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.record.note(at);
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.record.note(to);
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.record.note(to);
        self.inner.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_written_files_go_with_their_write() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t");
        let record = Arc::new(Record::new(true));
        let made_folder = Some(table.clone());
        let undo = Undo { record: Arc::clone(&record), made_folder };
        let inner = Arc::new(LocalFileSystem::new());
        let store = Recorder { inner, record: Arc::clone(&record) };
        let at = |name: &str| Path::from_absolute_path(table.join(name)).unwrap();
        let half = |name: &'static str| {
            let (store, at) = (&store, at(name));
            async move {
                let mut upload = store.put_multipart(&at).await.unwrap();
                upload.put_part("half".into()).await.unwrap();
                // As in a process that ends: nobody tells the upload.
                std::mem::forget(upload);
            }
        };
        half("a.parquet").await;
        half("k=1/b.parquet").await;
        store.put(&at("whole.parquet"), "rows".into()).await.unwrap();
        assert!(std::fs::read_dir(&table).unwrap().count() >= 3);
        drop(undo);
        assert!(!table.exists());
        // One that goes on behind the end of its write.
        half("late.parquet").await;
        discard_uncommitted();
        assert!(!table.exists());
        // From the commit on the files are the table's.
        let undo = Undo { record: Arc::new(Record::new(true)), made_folder: None };
        let store =
            Recorder { inner: Arc::new(LocalFileSystem::new()), record: Arc::clone(&undo.record) };
        store.put(&at("kept.parquet"), "rows".into()).await.unwrap();
        store.put(&at("_delta_log/0.json"), "{}".into()).await.unwrap();
        drop(undo);
        discard_uncommitted();
        assert!(table.join("kept.parquet").exists());
    }
}
