//! File indexes: what single files of a Delta table hold, beyond the log's statistics.
//!
//! The log keeps bounds, and cuts long ones. An index keeps, for chosen columns, the exact
//! bounds of every file and the values in it, each as a hash: all of them, or a Bloom filter
//! where there are many. A scan leaves out the files in which no row can fulfil its filters.
//!
//! A file of a Delta table never changes, so what an index says of one is true for ever; files
//! that it does not know are read. An index that is old or missing costs speed and nothing else.

mod build;
mod column;
mod file;
mod names;
mod prune;

use std::collections::BTreeMap;

pub(crate) use build::active_files;
pub use build::{Indexed, build};
pub(crate) use column::{ColumnIndex, hash};
pub use file::{index_path, read};
pub(crate) use names::StoredNames;

/// What is known of the files of a table.
#[derive(Debug, Clone, Default)]
pub struct FileIndex {
    /// The table's id: a table that was made anew in the same place has another one.
    pub(crate) table: String,
    /// By path, as the log writes it.
    pub(crate) files: BTreeMap<String, FileEntry>,
}

/// What is known of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileEntry {
    /// The rows that were deleted from it when it was read, as the log names them. Without
    /// deleted rows, what is known is true of any part of the file.
    pub(crate) deleted: Option<String>,
    /// By the column's name in the file.
    pub(crate) columns: BTreeMap<String, ColumnIndex>,
}

impl FileIndex {
    /// The columns that some file is indexed by, as the files call them.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.files.values().flat_map(|file| file.columns.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
