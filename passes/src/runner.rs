//! Runs the list: verify after every pass, repeat to a fixpoint, fail rather than skip.

use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use planc_ir::{Diagnostic, Plan, code};

use crate::pipeline::{ANALYZE, BLOCKS, NORMALIZE};
use crate::rewrite::rename::is_correlated;
use crate::verify::verify;
use crate::{BlockPass, Pass, PassContext};

/// Rounds of [`NORMALIZE`] before the runner gives up. Real plans settle within five.
const MAX_ROUNDS: usize = 32;

/// What one pass did in one round.
pub struct Step<'a> {
    /// The name of the pass.
    pub name: &'static str,
    /// Its reason.
    pub reason: &'static str,
    /// 0 for the passes that run once, then the round from 1.
    pub round: usize,
    /// Whether the plan changed.
    pub fired: bool,
    /// The plan behind the pass.
    pub plan: &'a LogicalPlan,
}

/// Sees every step; `planc explain` and the golden tests watch through it.
pub type Trace<'t> = &'t mut dyn FnMut(&Step);

/// Brings a plan to its canonical form.
///
/// # Errors
///
/// `P0400` where DataFusion cannot plan the query (its decorrelation refuses, a constant
/// expression fails), `P0901` where a pass broke the plan or its output schema, `P0902` where
/// the rewrites do not settle.
pub fn canonicalize(plan: Plan, state: &SessionState, trace: Trace) -> Result<Plan, Diagnostic> {
    let cx = PassContext::new(state);
    let Plan { logical: mut plan, mut relied_on } = plan;
    let mut now = key(&plan);
    let mut settled: Vec<(&str, u64)> = Vec::new();
    for pass in ANALYZE {
        if !settled.contains(&(pass.name, now)) {
            (plan, now) = step(pass, 0, plan, now, &cx, trace)?;
            settled.push((pass.name, now));
        }
    }
    let mut seen = vec![now];
    // The plan that each pass left as it was when it last saw it: there is no need to ask again.
    let mut quiet = vec![None; NORMALIZE.len()];
    for round in 1..=MAX_ROUNDS {
        for (pass, quiet) in NORMALIZE.iter().zip(&mut quiet) {
            if *quiet == Some(now) {
                continue;
            }
            let before = now;
            (plan, now) = step(pass, round, plan, now, &cx, trace)?;
            if now == before {
                *quiet = Some(now);
            }
        }
        let key = now;
        if seen.last() == Some(&key) {
            if is_correlated(&plan).unwrap_or(true) {
                return Err(correlated());
            }
            relied_on.extend(cx.into_relied_on());
            return Ok(Plan { logical: plan, relied_on });
        }
        if seen.contains(&key) {
            return Err(unsettled("the rewrites go round in a circle"));
        }
        seen.push(key);
    }
    Err(unsettled(&format!("the rewrites did not settle in {MAX_ROUNDS} rounds")))
}

/// Runs one pass. Before and behind it, the plan goes with its [`key`].
fn step(
    pass: &Pass,
    round: usize,
    plan: LogicalPlan,
    now: u64,
    cx: &PassContext,
    trace: Trace,
) -> Result<(LogicalPlan, u64), Diagnostic> {
    let before = std::sync::Arc::clone(plan.schema());
    let after = (pass.apply)(plan, cx).map_err(|error| refused(pass, &error, cx))?;
    let next = if after.transformed { key(&after.data) } else { now };
    if next != now {
        verify(&before, &after.data, round == 0).map_err(|error| broken(pass, &error))?;
    }
    let Pass { name, reason, .. } = *pass;
    let (fired, plan) = (next != now, &after.data);
    trace(&Step { name, reason, round, fired, plan });
    let within = cx.take_fired();
    if pass.name == "query_blocks" {
        for BlockPass { name, reason, .. } in BLOCKS {
            trace(&Step { name, reason, round, fired: within.contains(name), plan });
        }
    }
    Ok((after.data, next))
}

/// A fingerprint of a plan within this process, to see whether a round changed it.
fn key(plan: &LogicalPlan) -> u64 {
    let mut hasher = DefaultHasher::new();
    plan.hash(&mut hasher);
    hasher.finish()
}

/// DataFusion's rules refuse queries; planc's own have no reason to.
fn refused(pass: &Pass, error: &DataFusionError, cx: &PassContext) -> Diagnostic {
    match error.find_root() {
        root if cx.refused() && !matches!(root, DataFusionError::Internal(_)) => {
            Diagnostic::new(code::REFUSED, root.strip_backtrace())
        }
        _ => broken(pass, error),
    }
}

/// A subquery that stays correlated could not run, and its plan would not be canonical.
fn correlated() -> Diagnostic {
    let message = "a subquery refers to the query around it in a way that no join can express";
    Diagnostic::new(code::REFUSED, message).help("write it as a join, or with EXISTS")
}

fn broken(pass: &Pass, error: &DataFusionError) -> Diagnostic {
    let message = format!("the pass `{}` broke the plan: {}", pass.name, error.strip_backtrace());
    Diagnostic::new(code::INTERNAL, message).help("this is a fault of planc: please report it")
}

fn unsettled(message: &str) -> Diagnostic {
    Diagnostic::new(code::NO_FIXPOINT, message).help("this is a fault of planc: please report it")
}
