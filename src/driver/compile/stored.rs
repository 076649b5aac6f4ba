//! The compiler's dealings with the store: a failure is a note, never the end.

use std::collections::BTreeMap;

use planc_artifacts::{
    ActionKey, ActionRecord, DeepKey, DeepRecord, ProblemKind, RecordKind, ResultKey, ResultRecord,
    Store,
};
use planc_ir::{Code, Diagnostic, Digest, code};

use super::Compiler;
use crate::project::Project;
use crate::project::config::CacheMode;
use crate::project::rules::Rule;

/// How many notes of one code are shown in full.
const MOST_NOTES: usize = 10;

/// The project's store; none where all its tiers are off.
pub(super) fn open(project: &Project, mode: CacheMode) -> Option<Store> {
    let config = project.store_config(mode);
    let remote = config.remote.as_ref().is_some_and(|remote| remote.mode.reads());
    (config.local_mode.reads() || remote).then(|| Store::new(config))
}

impl Compiler<'_> {
    /// Waits for what is being written to the store. What went wrong with it so far, under
    /// P0602 and the codes behind it.
    pub fn notes(&self) -> Vec<Diagnostic> {
        let mut notes = self.disagreements.lock().map(|found| found.clone()).unwrap_or_default();
        let Some(store) = &self.store else { return notes };
        store.finish();
        let mut counts: BTreeMap<&str, (Code, usize)> = BTreeMap::new();
        for problem in store.problems() {
            let code = problem.kind.code();
            let (_, count) = counts.entry(code.id).or_insert((code, 0));
            *count += 1;
            if *count > MOST_NOTES {
                continue;
            }
            let message = match problem.kind {
                ProblemKind::Corrupt => "a broken cache entry was passed over",
                ProblemKind::Unwritable => "the store cannot be written, so nothing is remembered",
                kind if kind.is_refusal() => "a cache record was not believed",
                _ => "the build goes on without a part of its cache",
            };
            notes.push(Diagnostic::new(code, format!("{message}: {}", problem.message)));
        }
        for (code, count) in counts.into_values().filter(|(_, count)| *count > MOST_NOTES) {
            let message = format!("and {} more of this kind", count - MOST_NOTES);
            notes.push(Diagnostic::new(code, message));
        }
        notes
    }

    /// Whether what the store has is compiled again, to compare.
    pub(in crate::driver) fn verifies(&self) -> bool {
        self.verifies
    }

    /// Fetches records from the remote tier, many at once, where there is one.
    pub(in crate::driver) fn prefetch(&self, kind: RecordKind, keys: impl Fn() -> Vec<Digest>) {
        if let Some(store) = &self.store
            && store.remote().is_some()
        {
            store.prefetch(kind, keys());
        }
    }

    pub(super) fn remember(&self, key: &ResultKey, record: &ResultRecord, artifact: Option<&[u8]>) {
        // A suggestion for an unknown table depends on names that the key does not cover.
        if record.diagnostics.iter().any(|finding| finding.code == code::UNKNOWN_TABLE) {
            return;
        }
        if let Some(store) = &self.store {
            store.put_result(key, record, artifact);
        }
    }

    /// Remembers an action's lookups, unless the store has the same.
    pub(super) fn put_action(
        &self,
        rule: &Rule,
        key: &ActionKey,
        stored: Option<ActionRecord>,
        record: ActionRecord,
    ) {
        let Some(store) = &self.store else { return };
        match stored {
            Some(stored) if stored == record => return,
            Some(_) => self.disagree(rule, RecordKind::Action, key.digest()),
            None => {}
        }
        store.put_action(key, &record);
    }

    /// Remembers a deep digest, unless the store has the same.
    pub(in crate::driver) fn put_deep(
        &self,
        index: usize,
        key: &DeepKey,
        record: &DeepRecord,
        artifact: Option<&[u8]>,
    ) {
        let Some(store) = &self.store else { return };
        if self.verifies
            && let Some(stored) = store.deep(key)
        {
            if stored == *record {
                return;
            }
            if let Some(rule) = self.rules.get(index) {
                self.disagree(rule, RecordKind::Deep, key.digest());
            }
        }
        store.put_deep(key, record, artifact);
    }

    /// Reports that the store holds something else than what was compiled now, and puts that
    /// away.
    pub(super) fn disagree(&self, rule: &Rule, kind: RecordKind, key: Digest) {
        if let Some(store) = &self.store {
            store.displace(kind, &key);
        }
        let message = format!(
            "`{}`: the cache holds another result than compiling gives ({}/{key})",
            rule.name,
            kind.folder()
        );
        let help = "the new one was taken; ask who wrote the old one: it is in quarantine";
        let finding = Diagnostic::new(code::CACHE_DISAGREES, message).help(help);
        if let Ok(mut found) = self.disagreements.lock() {
            found.push(finding);
        }
    }
}
