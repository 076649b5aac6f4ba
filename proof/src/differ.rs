//! Pairs of a query and an edited one: rows and digests must agree on whether they differ.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use fastrand::Rng;
use planc_ir::Plan;

use crate::check::{Checker, comparison};
use crate::edit::{self, Edits, Name};
use crate::engine::Level;
use crate::fuzz;
use crate::mutate::Mutations;
use crate::respell::{Respellings, other_aliases};
use crate::rows::Rows;
use crate::shrink::shrink;
use crate::world::World;

/// Counts by the kind of the edit.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    /// One digest, and the same rows wherever they were compared.
    pub same: usize,
    /// Two digests, and other rows somewhere.
    pub apart: usize,
    /// Two digests, and the same rows on the tables that were tried.
    pub unclear: usize,
    /// One digest, and other rows: the worst fault.
    pub merged: usize,
}

/// Counts of a run, by the kind of the edit.
#[derive(Debug, Default)]
pub struct Counts(pub BTreeMap<Name, Count>);

impl Counts {
    /// The sum over all kinds.
    pub fn total(&self) -> Count {
        self.0.values().fold(Count::default(), |sum, count| Count {
            same: sum.same + count.same,
            apart: sum.apart + count.apart,
            unclear: sum.unclear + count.unclear,
            merged: sum.merged + count.merged,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>6} {:>6} {:>7} {:>6}", "same", "apart", "unclear", "MERGED")?;
        let all = [("all", self.total())];
        for (name, count) in self.0.iter().map(|(name, count)| (*name, *count)).chain(all) {
            let Count { same, apart, unclear, merged } = count;
            writeln!(f, "{same:>6} {apart:>6} {unclear:>7} {merged:>6} {name}")?;
        }
        Ok(())
    }
}

/// What came of a pair.
#[derive(Debug, Clone)]
pub enum Relation {
    /// One digest and the same rows.
    Same,
    /// Two digests and other rows.
    Apart,
    /// Two digests and, as far as seen, the same rows.
    Unclear,
    /// One digest and other rows, with what was seen.
    Merged(String),
    /// One of the two does not compile or run.
    Neither,
}

/// Compares two queries on some worlds, which must have the same declarations.
pub fn relation(checker: &Checker, worlds: &[World], a: &str, b: &str) -> Relation {
    related(checker, worlds, a, b, None)
}

/// As [`relation`], with the rows that DataFusion's optimizer leads to: for joins of many
/// tables, whose product would take for ever.
pub fn relation_optimised(checker: &Checker, worlds: &[World], a: &str, b: &str) -> Relation {
    related(checker, worlds, a, b, Some(Level::Full))
}

fn related(
    checker: &Checker,
    worlds: &[World],
    a: &str,
    b: &str,
    level: Option<Level>,
) -> Relation {
    let Some(first) = worlds.first() else { return Relation::Neither };
    let plan = |text| checker.engine.plan(first, text).ok();
    let (Some(one), Some(two)) = (plan(a), plan(b)) else { return Relation::Neither };
    let digest = |plan: &Plan| checker.engine.compile(plan.clone()).ok().map(|c| c.digest);
    let (Some(left), Some(right)) = (digest(&one), digest(&two)) else { return Relation::Neither };
    let same = left == right;
    let (mut how, other) = (comparison(a), comparison(b));
    how.ordered &= other.ordered;
    how.near |= other.near;
    for world in worlds {
        let rows = |plan: &Plan| -> Option<Rows> {
            let engine = &checker.engine;
            let rows = match level {
                None => checker.block_on(engine.run_plain(&plan.logical, world)),
                Some(level) => checker.block_on(engine.run(&plan.logical, world, level)),
            };
            rows.ok()
        };
        let (Some(a), Some(b)) = (rows(&one), rows(&two)) else { continue };
        if a.schema_difference(&b).is_some() || !a.same(&b, how) {
            return match same {
                true => Relation::Merged(format!("{a}and\n{b}")),
                false => Relation::Apart,
            };
        }
    }
    if same { Relation::Same } else { Relation::Unclear }
}

/// Worlds with the declarations of `first` and other rows that keep them: some of its rows,
/// with the values of a column among them.
pub fn variations(first: &World, rng: &mut Rng, count: usize) -> Vec<World> {
    let mut worlds = vec![first.clone()];
    for _ in 1..count {
        let mut world = first.clone();
        for table in &mut world.tables {
            let size = table.rows.num_rows();
            // What others refer to stays whole.
            let referred = first
                .tables
                .iter()
                .any(|other| other.constraints.references.iter().any(|to| to.table == table.name));
            if size > 1 && !referred {
                let from = rng.usize(..size);
                table.rows = table.rows.slice(from, rng.usize(1..=size - from));
                table.shuffle(rng);
            }
        }
        worlds.push(world);
    }
    worlds
}

/// Tries some edits of a query, and notes what came of each. The pairs that `wanted` takes
/// come back, with the kind of the edit, the edited query and what was seen.
pub fn try_edits(
    checker: &Checker,
    worlds: &[World],
    text: &str,
    edits: &dyn Edits,
    (rng, most): (&mut Rng, usize),
    counts: &mut Counts,
    wanted: &dyn Fn(&Relation) -> bool,
) -> Vec<(Name, String, Relation)> {
    let mut found = Vec::new();
    let Some(query) = edit::parse(text) else { return found };
    let all = edit::count(&query, edits);
    let mut numbers: Vec<usize> = (0..all).collect();
    rng.shuffle(&mut numbers);
    for number in numbers.into_iter().take(most) {
        let Some((name, edited)) = edit::nth(&query, edits, number) else { continue };
        let edited = spelled(&edited);
        let relation = relation(checker, worlds, text, &edited);
        let count = counts.0.entry(name).or_default();
        match &relation {
            Relation::Same => count.same += 1,
            Relation::Apart => count.apart += 1,
            Relation::Unclear => count.unclear += 1,
            Relation::Merged(_) => count.merged += 1,
            Relation::Neither => {}
        }
        if wanted(&relation) {
            found.push((name, edited, relation));
        }
    }
    found
}

/// A syntax tree as text, with the word by which [`comparison`] finds an order.
pub fn spelled(query: &sqlparser::ast::Query) -> String {
    query.to_string().replace(" ORDER BY ", " order by ")
}

/// Mutates the queries of the seeds from `first` on. The pairs with one digest and other rows
/// come back as text.
pub fn mutate(checker: &Checker, first: u64, until: Instant, most: usize) -> (Counts, Vec<String>) {
    let mut counts = Counts::default();
    let mut merged = Vec::new();
    let mut seed = first;
    while Instant::now() < until && ((seed - first) as usize) < most {
        let (world, text) = fuzz::made(seed);
        let rng = &mut Rng::with_seed(seed);
        let worlds = variations(&world, rng, 4);
        let wanted = |relation: &Relation| matches!(relation, Relation::Merged(_));
        let found = try_edits(checker, &worlds, &text, &Mutations, (rng, 6), &mut counts, &wanted);
        for (name, edited, relation) in found {
            let Relation::Merged(seen) = relation else { continue };
            let same = |world: &World, text: &str| {
                // Shrunk together: the mutation is tried anew on the smaller query.
                let mut counts = Counts::default();
                let worlds = variations(world, &mut Rng::with_seed(seed), 4);
                let rng = &mut Rng::with_seed(seed);
                let all = (rng, usize::MAX);
                let found =
                    try_edits(checker, &worlds, text, &Mutations, all, &mut counts, &wanted);
                found.iter().any(|(other, ..)| *other == name)
            };
            let (small, shorter) = shrink(&world, &text, 40, &same);
            merged.push(format!(
                "## MERGED by {name} (seed {seed})\n\n{}```sql a\n{text}\n```\n```sql b\n{edited}\n```\n\
                 smaller: {shorter}\n{seen}\n",
                small.golden()
            ));
        }
        seed += 1;
    }
    (counts, merged)
}

/// Respells the queries of the seeds from `first` on. For every kind of respelling, the
/// shortest pair with two digests comes back as text, and every pair whose rows differ.
pub fn respell(
    checker: &Checker,
    first: u64,
    until: Instant,
    most: usize,
) -> (Counts, Vec<String>) {
    let mut counts = Counts::default();
    let mut shortest: BTreeMap<Name, (String, String)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut seed = first;
    while Instant::now() < until && ((seed - first) as usize) < most {
        let (world, text) = fuzz::made(seed);
        let rng = &mut Rng::with_seed(seed);
        let worlds = variations(&world, rng, 3);
        seed += 1;
        let Some(query) = edit::parse(&text) else { continue };
        let text = spelled(&query);
        let wanted = |relation: &Relation| !matches!(relation, Relation::Same | Relation::Neither);
        let mut found =
            try_edits(checker, &worlds, &text, &Respellings, (rng, 6), &mut counts, &wanted);
        let other = other_aliases(&text);
        match relation(checker, &worlds, &text, &other) {
            Relation::Same => counts.0.entry("aliases").or_default().same += 1,
            Relation::Neither => {}
            relation => {
                counts.0.entry("aliases").or_default().unclear += 1;
                found.push(("aliases", other, relation));
            }
        }
        for (name, edited, relation) in found {
            match relation {
                Relation::Unclear => {
                    let entry = shortest.entry(name);
                    let old = entry.or_insert_with(|| (text.clone(), edited.clone()));
                    if text.len() + edited.len() < old.0.len() + old.1.len() {
                        *old = (text.clone(), edited);
                    }
                }
                relation => wrong.push(format!(
                    "## ROWS DIFFER by {name} (seed {})\n{text}\n{edited}\n{relation:?}\n",
                    seed - 1
                )),
            }
        }
    }
    let examples = shortest.into_iter().map(|(name, (text, edited))| {
        format!("### Two digests: {name}\n\n```sql\n{text};\n{edited};\n```\n")
    });
    (counts, wrong.into_iter().chain(examples).collect())
}
