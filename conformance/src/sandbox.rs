//! The folder that the suite runs in: its files, and room to write.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSetBuilder};
use tempfile::TempDir;
use walkdir::WalkDir;

/// The package that ships the suite.
const PACKAGE: &str = "datafusion-sqllogictest-55.2.0";

/// Where cargo has unpacked the suite.
pub fn suite() -> Result<PathBuf, String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.ok_or("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    let registries = std::fs::read_dir(&sources);
    let registries = registries.map_err(|why| format!("{}: {why}", sources.display()))?;
    let folders = registries.filter_map(|entry| {
        let folder = entry.ok()?.path().join(PACKAGE).join("test_files");
        folder.is_dir().then_some(folder)
    });
    folders.min().ok_or_else(|| format!("no {PACKAGE} in {}: run `cargo fetch`", sources.display()))
}

/// A temporary folder laid out as the suite expects it, made the working folder of the process.
pub struct Sandbox {
    folder: TempDir,
    suite: PathBuf,
}

impl Sandbox {
    pub fn new(suite: &Path) -> Result<Self, String> {
        Self::lay_out(suite).map_err(|why| format!("{}: {why}", suite.display()))
    }

    fn lay_out(suite: &Path) -> std::io::Result<Self> {
        let suite = suite.canonicalize()?;
        let folder = tempfile::tempdir()?;
        let here = folder.path().join("datafusion/sqllogictest");
        std::fs::create_dir_all(here.join("test_files/scratch"))?;
        if let Some(data) = suite.parent().map(|package| package.join("data")) {
            std::fs::create_dir_all(here.join("data"))?;
            for entry in std::fs::read_dir(data)? {
                let from = entry?.path();
                if let Some(name) = from.file_name() {
                    std::fs::copy(&from, here.join("data").join(name))?;
                }
            }
        }
        // The suite's files name their data from here.
        std::env::set_current_dir(&here)?;
        Ok(Sandbox { folder, suite })
    }

    /// The files whose names match one of the globs, sorted; all where there is no glob.
    pub fn files(&self, globs: &[String]) -> Result<Vec<String>, String> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(Glob::new(glob).map_err(|why| why.to_string())?);
        }
        let set = set.build().map_err(|why| why.to_string())?;
        let found = WalkDir::new(&self.suite).sort_by_file_name().into_iter();
        let names = found.filter_map(|entry| {
            let path = entry.ok()?.into_path();
            let name = path.strip_prefix(&self.suite).ok()?.to_str()?.to_owned();
            let wanted = name.ends_with(".slt") && (globs.is_empty() || set.is_match(&name));
            wanted.then_some(name)
        });
        Ok(names.collect())
    }

    /// A file of the suite.
    pub fn path(&self, file: &str) -> PathBuf {
        self.suite.join(file)
    }

    /// Empties the folder that a file of the suite writes to.
    pub fn clear_scratch(&self, file: &str) -> std::io::Result<()> {
        let stem = Path::new(file).file_stem().unwrap_or_default();
        let here = self.folder.path().join("datafusion/sqllogictest/test_files/scratch");
        let scratch = here.join(stem);
        if scratch.exists() {
            std::fs::remove_dir_all(&scratch)?;
        }
        std::fs::create_dir_all(scratch)
    }
}
