//! A case's trace in a file of its own: too long to stand in the Markdown.
//!
//! The files are insta's snapshots: a head between two lines of dashes, then the text. So
//! `cargo insta` shows their changes too.

use std::path::{Path, PathBuf};

use crate::driver::changed_lines;

/// A snapshot as it is now.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// `snapshots/FILE-HEADING-LABEL.snap` in the golden file's folder.
    pub path: PathBuf,
    /// The golden file's name.
    pub source: String,
    /// The text.
    pub text: String,
}

impl Snapshot {
    pub(super) fn new(file: &Path, title: &str, label: &str, text: String) -> Self {
        let name = |text: &str| -> String {
            text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
        };
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let stem = stem.unwrap_or_default();
        let name = format!("{stem}-{}-{}.snap", name(&title.to_lowercase()), name(label));
        let folder = file.parent().unwrap_or(Path::new("")).join("snapshots");
        let source = file.file_name().map(|name| name.to_string_lossy().into_owned());
        Snapshot { path: folder.join(name), source: source.unwrap_or_default(), text }
    }

    /// Compares with the file.
    ///
    /// # Errors
    ///
    /// What differs, as text.
    pub fn compare(&self) -> Result<(), String> {
        let file = self.path.display();
        let stored = std::fs::read_to_string(&self.path)
            .map_err(|_| format!("the trace `{file}` is not there"))?;
        let body = stored.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
        let body = body.map_or(stored.as_str(), |(_, body)| body).trim();
        if body == self.text.trim() {
            return Ok(());
        }
        let changed = changed_lines(body, self.text.trim());
        Err(format!("the trace `{file}` differs:\n{changed}"))
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn write(&self) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = self.text.trim();
        std::fs::write(&self.path, format!("---\nsource: {}\n---\n{text}\n", self.source))
    }
}
