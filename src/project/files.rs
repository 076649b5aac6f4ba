//! The files below a folder: without those that version control ignores, through links, and
//! with a word on what cannot be read.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Every file, sorted.
    pub(super) files: Vec<PathBuf>,
    /// Folders that cannot be read and links that lead back, each with the reason.
    pub(super) unread: Vec<(PathBuf, String)>,
}

/// Walks a folder. `.gitignore` files of the folder and of those above it are respected.
pub(super) fn walk(folder: &Path) -> Files {
    let mut found = Files::default();
    if !folder.exists() {
        return found;
    }
    let entries = WalkBuilder::new(folder)
        .standard_filters(false)
        .git_ignore(true)
        .git_exclude(true)
        .parents(true)
        .require_git(false)
        .follow_links(true)
        .sort_by_file_name(Ord::cmp)
        .build();
    for entry in entries {
        match entry {
            Ok(entry) => {
                if entry.file_type().is_some_and(|kind| kind.is_file()) {
                    found.files.push(entry.into_path());
                }
            }
            Err(error) => found.unread.extend(reason(&error, folder)),
        }
    }
    found.files.sort();
    found
}

/// Which place an error is about, and what is wrong with it.
fn reason(error: &ignore::Error, folder: &Path) -> Option<(PathBuf, String)> {
    match error {
        ignore::Error::WithPath { path, err } => {
            let inner = reason(err, path)?;
            Some((path.clone(), inner.1))
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            reason(err, folder)
        }
        ignore::Error::Loop { ancestor, child } => {
            let above = ancestor.file_name().unwrap_or_default().to_string_lossy();
            Some((child.clone(), format!("the link leads back to the folder `{above}` above it")))
        }
        ignore::Error::Io(error) => Some((folder.to_owned(), error.to_string())),
        // A broken pattern in somebody's .gitignore.
        ignore::Error::Partial(_) | ignore::Error::Glob { .. } => None,
        other => Some((folder.to_owned(), other.to_string())),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_are_left_out_and_loops_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        file("rules/a.sql", "");
        file("rules/out/b.sql", "");
        file("rules/.hidden/c.sql", "");
        file(".gitignore", "out/\n");
        std::os::unix::fs::symlink(folder.path().join("rules"), folder.path().join("rules/loop"))
            .unwrap();
        let found = walk(&folder.path().join("rules"));
        let names: Vec<String> = found
            .files
            .iter()
            .map(|p| p.strip_prefix(folder.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["rules/.hidden/c.sql", "rules/a.sql"]);
        assert_eq!(found.unread.len(), 1, "{:?}", found.unread);
        assert!(found.unread[0].1.contains("leads back"), "{:?}", found.unread);
    }
}
