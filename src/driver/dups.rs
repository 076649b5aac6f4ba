//! Rules of one project that mean the same.

use std::collections::BTreeMap;

use planc_ir::Digest;
use serde::Serialize;

use super::compile::{Compiled, Compiler};
use super::deep::DeepPlans;

/// Rules that ask the same question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Their names, sorted.
    pub rules: Vec<String>,
    /// The digest that all of them have, where it is one: they read the same tables and rules.
    pub digest: Option<Digest>,
    /// What they ask of the sources.
    pub deep_digest: Digest,
}

/// The groups of rules with one deep digest, largest first.
pub fn duplicates(compiler: &Compiler, compiled: &Compiled) -> Vec<Duplicates> {
    let mut groups: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (index, deep) in DeepPlans::new(compiler, compiled).digests().into_iter().enumerate() {
        if let Some(deep) = deep {
            groups.entry(deep.digest).or_default().push(index);
        }
    }
    let own = |index: &usize| compiled.outcomes.get(*index)?.as_ref()?.record.digest;
    let name = |index: &usize| Some(compiler.rules.get(*index)?.name.clone());
    let mut found: Vec<Duplicates> = groups
        .into_iter()
        .filter(|(_, rules)| rules.len() > 1)
        .map(|(deep_digest, rules)| {
            let first = rules.first().and_then(own);
            let digest = first.filter(|first| rules.iter().all(|r| own(r) == Some(*first)));
            Duplicates { rules: rules.iter().filter_map(name).collect(), digest, deep_digest }
        })
        .collect();
    found.sort_by(|a, b| b.rules.len().cmp(&a.rules.len()).then_with(|| a.rules.cmp(&b.rules)));
    found
}
