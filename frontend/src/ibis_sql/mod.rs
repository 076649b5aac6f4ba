//! The SQL that Ibis writes for DataFusion, put right where it means something else than Ibis.
//!
//! Ibis says what an operation gives, and its backends come near it. The measure is Ibis's own
//! engine, DuckDB, on the same rows. Three things are done with the text:
//! 1. [`spelling`] reads what Ibis spells in another dialect's way.
//! 2. [`brought`] knows the functions that Ibis's backend brings along.
//! 3. [`mend`] rewrites each call and cast of the plan that gives other values into one that
//!    gives the same, where that can be said exactly, and refuses it otherwise (P0512).

mod brought;
mod extreme;
mod letters;
mod list;
mod mend;
mod number;
mod origin;
mod pattern;
mod qualify;
mod single;
mod small;
mod spelling;
#[cfg(test)]
mod tests;
mod text;
mod time;

use std::collections::BTreeSet;

use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Diagnostic, Plan, code};

use crate::sql::guard::protected;
use crate::sql::{self, Parsed, Planned, SqlRule};

/// Parses SQL that Ibis wrote.
///
/// # Errors
/// Those of [`sql::parse`].
pub fn parse(rule: &SqlRule<'_>) -> Result<Parsed, Vec<Diagnostic>> {
    if rule.dialect != "datafusion" {
        return sql::parse(rule);
    }
    let text = spelling::operators(rule.text);
    let mut parsed = sql::parse(&SqlRule { text: &text, ..*rule })?;
    parsed.change(spelling::types);
    parsed.change(qualify::aliases);
    Ok(parsed)
}

/// Plans SQL that Ibis wrote, in Ibis's meaning; `small` are the outputs that are int8 in Ibis.
/// What was put right is reported as P0510, and refused what cannot be.
pub fn plan(
    parsed: &Parsed,
    catalog: &Catalog,
    state: &SessionState,
    small: &BTreeSet<String>,
) -> Planned {
    let mut planned = sql::plan(parsed, catalog, &brought::with_functions(state));
    let Some(plan) = planned.plan.take() else { return planned };
    let mut mended = match protected(|| mend::mended(plan.logical, state)) {
        Ok(Ok(mended)) => mended,
        Ok(Err(error)) => {
            let message = format!("the plan cannot be put right: {}", error.strip_backtrace());
            planned.diagnostics.push(Diagnostic::new(code::ENGINES_DIFFER, message).help(HELP));
            return planned;
        }
        Err(fault) => {
            planned.diagnostics.push(fault);
            return planned;
        }
    };
    let mut help = HELP;
    let logical = match small::narrowed(mended.plan, small) {
        Ok(small::Small::Unchanged(plan)) => Some(plan),
        Ok(small::Small::Narrowed(plan)) => {
            mended.made.insert("a small integer is an int8");
            Some(plan)
        }
        Ok(small::Small::Wider(name)) => {
            help = "use int16 or wider in Ibis";
            mended.refused.push(format!("`{name}` is an int8 in Ibis, and its SQL makes it wider"));
            None
        }
        Err(error) => {
            let error = error.strip_backtrace();
            mended.refused.push(format!("the output cannot be put right: {error}"));
            None
        }
    };
    planned.diagnostics.extend(mended.made.into_iter().map(|what| {
        Diagnostic::new(code::REPAIRED, format!("repaired: {what} (Ibis's SQL for DataFusion)"))
    }));
    if let Some(logical) = logical.filter(|_| mended.refused.is_empty()) {
        planned.plan = Some(Plan { logical, ..plan });
    }
    let refused = mended.refused.into_iter();
    planned
        .diagnostics
        .extend(refused.map(|message| Diagnostic::new(code::ENGINES_DIFFER, message).help(help)));
    planned
}

const HELP: &str = "say it in another way in Ibis, or let `planc-ibis` write a plan";
