//! A store that remembers the data files written through it, so that a write that does not
//! come to its commit can take them away again.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// What was written through a [`Recorder`].
#[derive(Debug, Default)]
pub(super) struct Record {
    files: Mutex<Vec<Path>>,
    /// True from the moment a commit is tried: from then on the files may be the table's.
    committing: AtomicBool,
}

impl Record {
    fn note(&self, path: &Path) {
        if path.parts().any(|part| part.as_ref() == "_delta_log") {
            self.committing.store(true, Ordering::SeqCst);
        } else if let Ok(mut files) = self.files.lock() {
            files.push(path.clone());
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

/// Removes the recorded files when it is dropped before a commit was tried.
pub(super) struct Undo {
    pub(super) record: Arc<Record>,
    /// True where the store is the local file system; its paths are the machine's.
    pub(super) local: bool,
    /// The folder that the write made, if it did.
    pub(super) made_folder: Option<PathBuf>,
}

impl Undo {
    /// Removes the files of a store that is not local. Best effort: what stays is no part of
    /// the table, and a vacuum takes it.
    pub(super) async fn remote(&self, store: &dyn ObjectStore) {
        if !self.local {
            for path in self.record.take() {
                drop(store.delete(&path).await);
            }
        }
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if !self.local || self.record.committing.load(Ordering::SeqCst) {
            return;
        }
        for path in self.record.take() {
            let Ok(file) = LocalFileSystem::new().path_to_filesystem(&path) else { continue };
            drop(std::fs::remove_file(&file));
            // A partition's folder, where it is empty now.
            drop(file.parent().map(std::fs::remove_dir));
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
