//! Who wrote an output that is a file: a note beside it.
//!
//! The note of `top.csv` is `top.csv.planc`: a JSON object with the rule, the digest of its
//! artifact, and the blake3 of the file. A file that is another one by now has no author.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use planc_ir::code::SOURCE_UNREADABLE;
use planc_ir::{Diagnostic, Digest};
use serde_json::{Value, json};

use super::Provenance;

/// Where the note of a file lies.
pub fn author_path(file: &Path) -> PathBuf {
    let mut name = OsString::from(file.as_os_str());
    name.push(".planc");
    PathBuf::from(name)
}

pub(super) fn note(provenance: &Provenance, content: Digest) -> String {
    let note = json!({
        "planc": env!("CARGO_PKG_VERSION"),
        "rule": provenance.rule,
        "digest": provenance.digest.to_string(),
        "content": content.to_string(),
        "run": provenance.run,
    });
    format!("{note}\n")
}

/// The digest of the artifact that wrote a file, as its note says. `None` where there is no note,
/// or the file changed since.
///
/// # Errors
/// P0701 where the file or the note is there and cannot be read.
pub fn written_digest(file: &Path) -> Result<Option<Digest>, Diagnostic> {
    let beside = author_path(file);
    let unreadable = |path: &Path, error: &std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Diagnostic::new(SOURCE_UNREADABLE, message)
    };
    let note = match std::fs::read(&beside) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&beside, &error)),
    };
    let note: Value = serde_json::from_slice(&note).unwrap_or_default();
    let digest = |key: &str| note.get(key)?.as_str()?.parse::<Digest>().ok();
    let (Some(author), Some(content)) = (digest("digest"), digest("content")) else {
        return Ok(None);
    };
    let found = std::fs::File::open(file).and_then(Digest::of_reader);
    let found = found.map_err(|error| unreadable(file, &error))?;
    Ok((found == content).then_some(author))
}
