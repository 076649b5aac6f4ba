//! Whether a Parquet file has an end that can be read at all.

use datafusion::error::{DataFusionError, Result};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

/// Length of the metadata, four bytes, and `PAR1`.
const FOOTER: u64 = 8;

/// How many files are looked at together.
const AT_ONCE: usize = 16;

/// Checks the last bytes of every file: the reader takes a length beyond the file's for true.
pub(super) async fn check(store: &dyn ObjectStore, files: &[ObjectMeta]) -> Result<()> {
    futures::stream::iter(files)
        .map(|file| check_file(store, file))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn check_file(store: &dyn ObjectStore, file: &ObjectMeta) -> Result<()> {
    let broken = || {
        let path = &file.location;
        Err(DataFusionError::Plan(format!("`{path}` is no whole Parquet file")))
    };
    let Some(start) = file.size.checked_sub(FOOTER) else { return broken() };
    let footer = store.get_range(&file.location, start..file.size).await?;
    let (Some(length), Some(magic)) = (footer.first_chunk::<4>(), footer.get(4..)) else {
        return broken();
    };
    let length = u64::from(u32::from_le_bytes(*length));
    if (magic != b"PAR1" && magic != b"PARE") || length > start {
        return broken();
    }
    Ok(())
}
