//! A git revision of the project, taken out into a temporary folder.

use std::path::Path;
use std::process::Command;

use planc_ir::{Diagnostic, code};

use super::Project;
use crate::report::FileReport;

/// A project as a revision has it. The folder is gone when this is dropped.
#[derive(Debug)]
pub struct Revision {
    /// The project. Its data and its cache are those of the working tree.
    pub project: Project,
    _folder: tempfile::TempDir,
}

impl Project {
    /// The project as `revision` has it. The repository, its index and its working tree are
    /// left as they are.
    ///
    /// # Errors
    ///
    /// P0811 where git does not give it; then as [`Project::load`].
    pub fn at_revision(&self, revision: &str) -> Result<Revision, FileReport> {
        let report = |error| FileReport::new(revision, "", vec![error]);
        let folder = tempfile::tempdir().map_err(|error| {
            report(Diagnostic::new(code::REVISION, format!("no folder can be made: {error}")))
        })?;
        let tree = folder.path().join("tree");
        take_out(&self.root, revision, folder.path(), &tree).map_err(report)?;
        if !tree.join(&self.file).is_file() {
            let message = format!("the project has no {} at {revision}", self.file);
            return Err(report(Diagnostic::new(code::REVISION, message)));
        }
        let mut project = Project::load(&tree, self.env.as_deref())?;
        project.home.clone_from(&self.home);
        project.cache = self.cache.clone();
        Ok(Revision { project, _folder: folder })
    }
}

/// Writes the files that `revision` has below `root` into `tree`.
fn take_out(root: &Path, revision: &str, scratch: &Path, tree: &Path) -> Result<(), Diagnostic> {
    if revision.starts_with('-') || revision.is_empty() {
        let message = format!("`{revision}` is no revision");
        return Err(Diagnostic::new(code::REVISION, message));
    }
    let top = git(Command::new("git").arg("-C").arg(root).args(["rev-parse", "--show-toplevel"]))?;
    let below = git(Command::new("git").arg("-C").arg(root).args(["rev-parse", "--show-prefix"]))?;
    let commit = format!("{revision}^{{commit}}");
    let commit =
        git(Command::new("git").arg("-C").arg(&top).args(["rev-parse", "--verify", &commit]))
            .map_err(|error| {
                Diagnostic::new(code::REVISION, format!("there is no revision `{revision}`"))
                    .help(format!("git says: {}", error.message))
            })?;
    // An index of its own, so that nothing of the repository changes.
    let with_index = || {
        let mut command = Command::new("git");
        command.arg("-C").arg(&top).env("GIT_INDEX_FILE", scratch.join("index"));
        // Large files are data, and not wanted here.
        command.args(["-c", "filter.lfs.smudge=", "-c", "filter.lfs.process="]);
        command.args(["-c", "filter.lfs.required=false"]);
        command
    };
    git(with_index().arg("read-tree").arg(format!("{commit}:{}", below.trim_end_matches('/'))))?;
    let prefix = format!("--prefix={}/", tree.display());
    git(with_index().args(["checkout-index", "--all", "--quiet", &prefix]))?;
    Ok(())
}

/// What git prints, without the line's end.
fn git(command: &mut Command) -> Result<String, Diagnostic> {
    let output = command.output().map_err(|error| {
        Diagnostic::new(code::REVISION, format!("git cannot be started: {error}"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("nothing").trim_start_matches("fatal: ");
    Err(Diagnostic::new(code::REVISION, said))
}
