//! The compiler's dealings with the store: a failure is a note, never the end.

use planc_artifacts::{LocalStore, Lookup, ResultKey, ResultRecord};
use planc_ir::{Diagnostic, code};

use super::Compiler;

impl Compiler<'_> {
    /// What went wrong with the store so far, as P0602 and P0603.
    pub fn notes(&self) -> Vec<Diagnostic> {
        let notes = self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let notes = notes.iter().map(|note| match note.strip_prefix("write: ") {
            Some(reason) => Diagnostic::new(
                code::STORE_UNWRITABLE,
                format!("the store cannot be written, so nothing is remembered: {reason}"),
            ),
            None => Diagnostic::new(
                code::BROKEN_ENTRY,
                format!("a broken cache entry was passed over: {note}"),
            ),
        });
        notes.collect()
    }

    pub(in crate::driver) fn found<T>(&self, look: impl Fn(&LocalStore) -> Lookup<T>) -> Option<T> {
        match look(self.store.as_ref()?) {
            Lookup::Hit(found) => Some(found),
            Lookup::Miss => None,
            Lookup::Broken(reason) => {
                self.note(reason);
                None
            }
        }
    }

    pub(super) fn remember(&self, key: &ResultKey, record: &ResultRecord, artifact: Option<&[u8]>) {
        // A suggestion for an unknown table depends on names that the key does not cover.
        if record.diagnostics.iter().any(|finding| finding.code == code::UNKNOWN_TABLE) {
            return;
        }
        self.put(|store| {
            if let Some(artifact) = artifact {
                store.put_artifact(artifact)?;
            }
            store.put_result(key, record)
        });
    }

    pub(in crate::driver) fn put(&self, put: impl Fn(&LocalStore) -> std::io::Result<()>) {
        if let Some(store) = self.store.as_ref().filter(|_| self.writes)
            && let Err(error) = put(store)
        {
            self.note(format!("write: {}: {error}", store.root().display()));
        }
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(note);
    }
}
