//! Files that appear whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A temporary file in the target's folder. Dropped, it is gone; published, it is the target.
pub(super) struct Staged {
    file: BufWriter<NamedTempFile>,
    target: PathBuf,
}

impl Staged {
    /// Stages a file that will be `target`. Folders on the way to it are made.
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
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
        let file = BufWriter::with_capacity(1 << 16, builder.tempfile_in(folder)?);
        Ok(Staged { file, target })
    }

    /// Makes the file durable and gives it its name.
    pub(super) fn publish(self) -> io::Result<()> {
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
