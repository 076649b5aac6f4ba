//! The random differential test: queries and tables from a seed, and figures of what came.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::blame::blame;
use crate::check::{Checker, Fault, FaultKind, Verdict};
use crate::generate::Generator;
use crate::shrink::shrink;
use crate::world::World;

/// Queries on the tables of one world.
const QUERIES_A_WORLD: u64 = 12;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Figures {
    /// Queries made.
    pub tried: usize,
    /// Queries whose rows, artifact and digest all agree.
    pub held: usize,
    /// Of these: with at least one row.
    pub with_rows: usize,
    /// Of these: the direct plan fails on the rows and the canonical one does not.
    pub vanished: usize,
    /// Queries by what else came, with the first words of why.
    pub others: BTreeMap<(&'static str, String), usize>,
    /// Faults by kind.
    pub faults: BTreeMap<FaultKind, usize>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Figures {
    fn note(&mut self, class: &'static str, why: &str) {
        let why: String = why
            .chars()
            .take_while(|c| *c != '\n' && *c != '`')
            .take(90)
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .collect();
        *self.others.entry((class, why)).or_default() += 1;
    }

    /// Notes a verdict; gives the fault where it is one.
    pub fn count(&mut self, verdict: Verdict) -> Option<Fault> {
        self.tried += 1;
        match verdict {
            Verdict::Held { vanished, rows } => {
                self.held += 1;
                self.with_rows += usize::from(rows > 0);
                if let Some(why) = vanished {
                    self.vanished += 1;
                    self.note("error vanished", &why);
                }
            }
            Verdict::Invalid(why) => self.note("refused by the front end", &why),
            Verdict::Refused(why) => self.note("refused by the passes", &why),
            Verdict::NotRepresentable(why) => self.note("not representable", &why),
            Verdict::NotRun(why) => self.note("not run by DataFusion", &why),
            Verdict::DataFusionDiffers(why) => {
                let why = why.lines().next().unwrap_or("");
                self.note("DataFusion differs from itself", why);
            }
            Verdict::Fault(fault) => {
                *self.faults.entry(fault.kind).or_default() += 1;
                return Some(fault);
            }
        }
        None
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f, "{} queries in {seconds:.0} s", self.tried)?;
        writeln!(
            f,
            "{} held, {} of them with rows; errors vanished in {}",
            self.held, self.with_rows, self.vanished
        )?;
        for ((class, why), count) in &self.others {
            writeln!(f, "{count:6} {class}: {why}")?;
        }
        for (kind, count) in &self.faults {
            writeln!(f, "{count:6} FAULT {kind:?}")?;
        }
        Ok(())
    }
}

/// A failing query, shrunk.
pub struct Case {
    /// What does not hold.
    pub fault: Fault,
    /// Which pass did it.
    pub blamed: String,
    /// The tables.
    pub world: World,
    /// The query.
    pub text: String,
    /// The seed of this query alone, for `--only`.
    pub seed: u64,
}

impl Case {
    /// The case as a piece of a golden file, with what was seen.
    pub fn golden(&self) -> String {
        let Case { fault, blamed, world, text, seed } = self;
        format!(
            "## {:?} (seed {seed})\n\n{}```sql a\n{text}\n```\n\nseen: {}\n\nby: {blamed}\n",
            fault.kind,
            world.golden(),
            fault.detail,
        )
    }
}

/// The world and the query of a seed.
pub fn made(seed: u64) -> (World, String) {
    let world = World::random(&mut Rng::with_seed(seed / QUERIES_A_WORLD));
    let text = Generator::query(&mut Rng::with_seed(seed.wrapping_mul(0x9E37_79B9)), &world);
    (world, text)
}

/// Checks the query of a seed; a fault comes back shrunk, behind at most `tries` tries.
pub fn check_seed(
    checker: &Checker,
    seed: u64,
    tries: usize,
    figures: &mut Figures,
) -> Option<Case> {
    let (world, text) = made(seed);
    let fault = figures.count(checker.check(&world, &text))?;
    let same = |world: &World, text: &str| match checker.check(world, text) {
        Verdict::Fault(found) => found.kind == fault.kind,
        _ => false,
    };
    let (world, text) = shrink(&world, &text, tries, &same);
    let fault = match checker.check(&world, &text) {
        Verdict::Fault(fault) => fault,
        _ => fault,
    };
    let blamed = blame(checker, &world, &text, fault.kind);
    Some(Case { fault, blamed, world, text, seed })
}

/// Checks the queries of the seeds from `first` on, until `until` or `most` queries.
pub fn run(
    checker: &Checker,
    first: u64,
    until: Instant,
    most: usize,
    found: &mut dyn FnMut(Case),
) -> Figures {
    let mut figures = Figures::default();
    let started = Instant::now();
    let mut seed = first;
    while Instant::now() < until && figures.tried < most {
        if let Some(case) = check_seed(checker, seed, 0, &mut figures) {
            found(case);
        }
        seed += 1;
    }
    figures.elapsed = started.elapsed();
    figures
}
