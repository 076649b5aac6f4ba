//! What cases assert of their queries, and whether it holds.

use planc_ir::Digest;
use planc_ir::suggest::did_you_mean;
use planc_passes::pipeline;

use super::case::{Assert, Case};
use super::run::Run;
use crate::driver::changed_lines;

/// The assertions that there are.
const KINDS: &[&str] = &["same", "differ", "fires", "quiet", "trace"];

impl Run {
    /// The assertions that do not hold, or say nothing, with their lines.
    pub(super) fn asserted(&self, case: &Case) -> Vec<(usize, String)> {
        let wrong = case.asserts.iter().filter_map(|assert| {
            let why = self.why_not(assert)?;
            Some((assert.line, format!("`{}`: {why}", assert.text)))
        });
        wrong.collect()
    }

    fn why_not(&self, assert: &Assert) -> Option<String> {
        let words: Vec<&str> = assert.text.split_whitespace().collect();
        match words.as_slice() {
            [] => None,
            [kind @ ("same" | "differ"), a, b] => match (self.digest(a), self.digest(b)) {
                (Ok(a), Ok(b)) if (a == b) == (*kind == "same") => None,
                (Ok(_), Ok(_)) if *kind == "same" => Some(self.difference(a, b)),
                (Ok(_), Ok(_)) => Some("it does not hold: their digests are the same".to_owned()),
                (a, b) => {
                    let wrong: Vec<String> = [a.err(), b.err()].into_iter().flatten().collect();
                    Some(wrong.join(", and "))
                }
            },
            [kind @ ("fires" | "quiet"), pass] => match self.fired.contains(pass) {
                _ if !is_pass(pass) => {
                    let help = hint(pass, pass_names());
                    Some(format!("there is no pass `{pass}`{help}"))
                }
                true if *kind == "fires" => None,
                false if *kind == "quiet" => None,
                true => Some("it does not hold: the pass changed a plan".to_owned()),
                false => Some("it does not hold: the pass changed no plan".to_owned()),
            },
            ["trace", label] => self.digest(label).err(),
            [kind, ..] if KINDS.contains(kind) => Some(
                "write `same A B`, `differ A B`, `fires PASS`, `quiet PASS` or `trace LABEL`"
                    .to_owned(),
            ),
            [other, ..] => {
                let help = hint(other, KINDS.iter().copied());
                Some(format!("there is no assertion `{other}`{help}"))
            }
        }
    }

    /// The digest of a query, or why it has none.
    fn digest(&self, label: &str) -> Result<Digest, String> {
        match self.digests.get(label) {
            Some(Some(digest)) => Ok(*digest),
            Some(None) => Err(format!("`{label}` has errors and no digest")),
            None => {
                let help = hint(label, self.digests.keys().map(String::as_str));
                Err(format!("there is no query `{label}`{help}"))
            }
        }
    }

    /// The lines in which the plans of two queries differ.
    fn difference(&self, a: &str, b: &str) -> String {
        let plan = |label: &str| self.plans.get(label).map_or("", |plan| plan.trim_end());
        let changed = changed_lines(plan(a), plan(b));
        let changed = changed.trim_end();
        if changed.is_empty() {
            return "it does not hold: their types or NOT NULL differ".to_owned();
        }
        format!("it does not hold, `-` is `{a}` and `+` is `{b}`:\n{changed}")
    }
}

fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    did_you_mean(word, known).map_or(String::new(), |help| format!("; {help}"))
}

fn pass_names() -> impl Iterator<Item = &'static str> {
    let plain = pipeline::ANALYZE.iter().chain(pipeline::NORMALIZE).map(|pass| pass.name);
    plain.chain(pipeline::BLOCKS.iter().map(|pass| pass.name))
}

fn is_pass(name: &str) -> bool {
    pass_names().any(|known| known == name)
}
