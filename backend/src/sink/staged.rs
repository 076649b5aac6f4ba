//! Files that appear whole or not at all.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use planc_ir::Digest;
use tempfile::NamedTempFile;

/// A temporary file in the target's folder. Dropped, it is gone; published, it is the target.
pub(crate) struct Staged {
    file: BufWriter<NamedTempFile>,
    target: PathBuf,
    _listed: Listed,
}

/// The staged files of this process.
static STAGED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn staged() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    STAGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path that is listed in [`STAGED`] for as long as this lives.
struct Listed(PathBuf);

impl Listed {
    fn new(path: &Path) -> Self {
        staged().insert(path.to_owned());
        Listed(path.to_owned())
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        staged().remove(&self.0);
    }
}

/// Deletes every staged file and every uncommitted one of a Delta table, for a process that ends
/// while a query that cannot be stopped still writes to one.
pub fn discard_staged() {
    for path in staged().iter() {
        // What is gone already needs no deleting.
        let _ = std::fs::remove_file(path);
    }
    super::recorder::discard_uncommitted();
}

impl Staged {
    /// Stages a file that will be `target`. Folders on the way to it are made.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let target = std::path::absolute(target)?;
        let folder = target.parent().ok_or_else(|| io::Error::other("it is no file"))?;
        if target.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".planc-").suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any created file: what the umask leaves of it.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder)?;
        let listed = Listed::new(file.path());
        Ok(Staged { file: BufWriter::with_capacity(1 << 16, file), target, _listed: listed })
    }

    /// The digest of what was written.
    pub(crate) fn digest(&mut self) -> io::Result<Digest> {
        self.file.flush()?;
        Digest::of_reader(std::fs::File::open(self.file.get_ref().path())?)
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn publish(self) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.target).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
