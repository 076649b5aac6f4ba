//! One query on one world: what must hold of its canonical form and its artifact.

use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::common::tree_node::TreeNodeRecursion;
use planc_ir::{Diagnostic, Plan, code, substrait};
use tokio::runtime::Runtime;

use crate::engine::{Engine, Failure, Level, panic_text};
use crate::rows::{Comparison, Rows};
use crate::world::World;

/// What came of a query.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Everything agrees.
    Held {
        /// The direct plan fails on these rows and the canonical one does not.
        vanished: Option<String>,
        /// How many rows there were.
        rows: usize,
    },
    /// The front end refuses the query.
    Invalid(String),
    /// The passes refuse it, with a code.
    Refused(String),
    /// The codec refuses it, with a code.
    NotRepresentable(String),
    /// DataFusion cannot run the query as written.
    NotRun(String),
    /// DataFusion's optimizer changes the rows of the query as written.
    DataFusionDiffers(String),
    /// A fault.
    Fault(Fault),
}

/// A fault of planc.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What does not hold.
    pub kind: FaultKind,
    /// What was seen.
    pub detail: String,
}

/// What does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The canonical plan gives other rows.
    WrongRows,
    /// The canonical plan gives other names or types.
    WrongSchema,
    /// The canonical plan fails and the direct one does not.
    NewError,
    /// The artifact gives other rows than the canonical plan, or fails.
    Artifact,
    /// The artifact, run as at replay with DataFusion's optimizer, gives other rows, where
    /// the query as written does not.
    Replay,
    /// The canonical form of the canonical plan is another one.
    Unstable,
    /// The artifact compiles to another digest.
    Drifts,
    /// A pass broke the plan (P0901).
    Broken,
    /// The passes do not settle (P0902).
    Circle,
    /// A panic.
    Panic,
}

/// Checks queries, one after the other.
pub struct Checker {
    /// DataFusion and planc.
    pub engine: Engine,
    runtime: Runtime,
}

impl Checker {
    /// A checker with a runtime of its own.
    ///
    /// # Panics
    /// Where the system gives no runtime.
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Checker { engine: Engine::default(), runtime: runtime.expect("a runtime") }
    }

    /// Runs something to its end.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// What comes of a query. A panic is a fault like others.
    pub fn check(&self, world: &World, text: &str) -> Verdict {
        match catch_unwind(AssertUnwindSafe(|| self.block_on(self.judge(world, text)))) {
            Ok(Ok(verdict)) | Ok(Err(verdict)) => verdict,
            Err(panic) => fault(FaultKind::Panic, panic_text(panic.as_ref())),
        }
    }

    /// The rows of a query, directly, or why there are none.
    pub fn direct(&self, world: &World, text: &str) -> Option<Result<Rows, Failure>> {
        catch_unwind(AssertUnwindSafe(|| {
            let plan = self.engine.plan(world, text).ok()?;
            Some(self.block_on(self.engine.run_plain(&plan.logical, world)))
        }))
        .ok()
        .flatten()
    }

    async fn judge(&self, world: &World, text: &str) -> Result<Verdict, Verdict> {
        let engine = &self.engine;
        let plan = engine.plan(world, text).map_err(|found| invalid(&found))?;
        let direct = engine.run_plain(&plan.logical, world).await;
        let direct = match direct {
            Err(Failure::Unplanned(why) | Failure::Broken(why)) => {
                return Err(Verdict::NotRun(why));
            }
            Err(Failure::Failed(why)) => Err(why),
            Ok(rows) => Ok(rows),
        };
        let canonical = engine.canonical(plan.clone()).map_err(refused)?;
        let how = comparison(text);
        let rows = engine.run_plain(&canonical.logical, world).await;
        let vanished = direct.as_ref().err().filter(|_| rows.is_ok()).cloned();
        match (&direct, &rows) {
            (Ok(direct), Ok(rows)) => {
                if let Some(difference) = direct.schema_difference(rows) {
                    // Some types depend on constants that only the optimizer computes.
                    let optimised = engine.run(&plan.logical, world, Level::Full).await;
                    let agrees = optimised.is_ok_and(|o| o.schema_difference(rows).is_none());
                    return Err(match agrees {
                        true => Verdict::DataFusionDiffers(difference),
                        false => fault(FaultKind::WrongSchema, difference),
                    });
                }
                if !direct.same(rows, how) {
                    let optimised = engine.run(&plan.logical, world, Level::Full).await;
                    if optimised.is_ok_and(|optimised| optimised.same(rows, how)) {
                        return Err(Verdict::DataFusionDiffers("as planc does".to_owned()));
                    }
                    return Err(fault(FaultKind::WrongRows, both(direct, rows)));
                }
            }
            (Ok(_), Err(failure)) => {
                return Err(match self.fails_in_part(&plan, world).await {
                    true => Verdict::DataFusionDiffers("an error is not reached".to_owned()),
                    false => fault(FaultKind::NewError, why(failure)),
                });
            }
            _ => {}
        }
        self.fixpoint(&canonical)?;
        let encoded = match substrait::encode(&canonical) {
            Ok(encoded) => encoded.bytes,
            Err(found) => return Err(unencoded(found)),
        };
        let decoded =
            engine.decode(&encoded).map_err(|found| fault(FaultKind::Artifact, shown(&found)))?;
        self.artifact(&plan, &decoded, world, text, (&direct, &rows)).await?;
        let again =
            engine.compile(decoded).map_err(|found| fault(FaultKind::Drifts, shown(&found)))?;
        if again.bytes != encoded {
            let detail = format!(
                "{}\nand from the artifact\n{}",
                canonical.logical.display_indent(),
                again.plan.logical.display_indent()
            );
            return Err(fault(FaultKind::Drifts, detail));
        }
        Ok(Verdict::Held { vanished, rows: rows.map_or(0, |rows| rows.len()) })
    }

    fn fixpoint(&self, canonical: &Plan) -> Result<(), Verdict> {
        let again =
            self.engine.canonical(canonical.clone()).map_err(|found| match refused(found) {
                Verdict::Refused(why) => fault(FaultKind::Unstable, why),
                verdict => verdict,
            })?;
        let key = |plan: &Plan| planc_ir::key::plan_key(&plan.logical).ok();
        if key(&again) == key(canonical) {
            return Ok(());
        }
        let (first, second) = (canonical.logical.display_indent(), again.logical.display_indent());
        Err(fault(FaultKind::Unstable, format!("{first}\nbecomes\n{second}")))
    }

    /// Whether some relation of the plan fails by itself: a join with an empty side does not
    /// read the other one, so whether the whole plan fails is a matter of luck.
    async fn fails_in_part(&self, plan: &Plan, world: &World) -> bool {
        let mut parts = Vec::new();
        let collected = plan.logical.apply_with_subqueries(|node| {
            parts.push(node.clone());
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(collected.is_ok());
        for part in parts {
            if let Err(Failure::Failed(_)) = self.engine.run_plain(&part, world).await {
                return true;
            }
        }
        false
    }

    /// The decoded plan as replay runs it, with DataFusion's optimizer.
    async fn artifact(
        &self,
        plan: &Plan,
        decoded: &Plan,
        world: &World,
        text: &str,
        (direct, canonical): (&Result<Rows, String>, &Result<Rows, Failure>),
    ) -> Result<(), Verdict> {
        let (engine, how) = (&self.engine, comparison(text));
        let replayed = engine.run(&decoded.logical, world, Level::Full).await;
        let agrees = |rows: &Result<Rows, Failure>| match (direct, rows) {
            (Ok(direct), Ok(rows)) => {
                direct.schema_difference(rows).is_none() && direct.same(rows, how)
            }
            (Ok(_), Err(_)) => false,
            // The rows of a query that fails are not known.
            (Err(_), _) => true,
        };
        if agrees(&replayed) || replayed.is_err() && self.fails_in_part(plan, world).await {
            return Ok(());
        }
        let optimised = engine.run(&plan.logical, world, Level::Full).await;
        if !agrees(&optimised) {
            return Err(Verdict::DataFusionDiffers(results(direct, &optimised)));
        }
        let plain = engine.run_plain(&decoded.logical, world).await;
        let kind = if agrees(&plain) { FaultKind::Replay } else { FaultKind::Artifact };
        let _ = canonical;
        Err(fault(kind, results(direct, &replayed)))
    }
}

impl Default for Checker {
    fn default() -> Self {
        Checker::new()
    }
}

/// How the rows of a query are compared.
pub fn comparison(text: &str) -> Comparison {
    let ordered = text.rfind(" order by ").is_some_and(|place| {
        // At the top: outside of all parentheses.
        let mut depth = 0_i32;
        for byte in text.as_bytes().iter().skip(place) {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return false;
            }
        }
        true
    });
    // Sums depend on the order in their last digits, and groups on which zero came first.
    let words = [
        "sum(",
        "avg(",
        "stddev(",
        "distinct",
        "group by",
        "union",
        "intersect",
        "except",
        "min(",
        "max(",
    ];
    let lower = text.to_lowercase();
    let near = words.iter().any(|word| lower.contains(word));
    Comparison { ordered, near }
}

fn results(direct: &Result<Rows, String>, other: &Result<Rows, Failure>) -> String {
    match (direct, other) {
        (Ok(direct), Ok(other)) => match direct.schema_difference(other) {
            Some(difference) => difference,
            None => both(direct, other),
        },
        (Ok(_), Err(failure)) => why(failure),
        (Err(error), _) => error.clone(),
    }
}

fn both(direct: &Rows, other: &Rows) -> String {
    format!("directly\n{direct}and otherwise\n{other}")
}

fn why(failure: &Failure) -> String {
    match failure {
        Failure::Unplanned(why) => format!("not planned: {why}"),
        Failure::Broken(why) => format!("broken: {why}"),
        Failure::Failed(why) => why.clone(),
    }
}

fn fault(kind: FaultKind, detail: String) -> Verdict {
    Verdict::Fault(Fault { kind, detail })
}

fn shown(found: &Diagnostic) -> String {
    format!("{} {}", found.code, found.message)
}

fn invalid(found: &[Diagnostic]) -> Verdict {
    match found.iter().find(|found| found.code == code::INTERNAL) {
        Some(internal) => fault(FaultKind::Panic, shown(internal)),
        None => {
            let error = found.iter().find(|found| found.is_error());
            Verdict::Invalid(error.map_or(String::new(), shown))
        }
    }
}

fn refused(found: Diagnostic) -> Verdict {
    match found.code {
        code::INTERNAL => fault(FaultKind::Broken, shown(&found)),
        code::NO_FIXPOINT => fault(FaultKind::Circle, shown(&found)),
        _ => Verdict::Refused(shown(&found)),
    }
}

fn unencoded(found: Diagnostic) -> Verdict {
    match found.code {
        code::NOT_REPRESENTABLE => Verdict::NotRepresentable(shown(&found)),
        _ => fault(FaultKind::Artifact, shown(&found)),
    }
}
