//! Substrait plans as rules: bytes in, a checked logical plan and every diagnostic out.
//!
//! The way of a plan:
//! 1. [`parse`] needs no catalog: it decodes totally, finds out who made the plan, puts right
//!    what this producer is known to write wrongly ([`Repair`]), and checks every reference
//!    against the specification. What a producer lost is refused.
//! 2. [`plan`] resolves the tables against a catalog, columns by name, and lowers relations and
//!    expressions to DataFusion's plan, by the meanings of the producer.
//!
//! A plan has no text, so findings have no span; their messages begin with the place in the
//! plan: `at root/project/filter/condition: …`.

mod decode;
mod fault;
mod lower;
mod own;
mod producer;
mod repair;
#[cfg(test)]
mod tests;
mod validate;
mod walk;

use std::collections::BTreeSet;

use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Diagnostic, code};
use substrait::proto::Rel;
use substrait::proto::read_rel::ReadType;
use substrait::proto::rel::RelType;

pub use producer::Producer;
pub use repair::{REPAIRS, Repair, RepairInfo};

use crate::sql::Planned;
use crate::sql::guard::{deep, protected};
use decode::Source;
use fault::Path;

/// What is known of a plan besides its bytes: the one who wrote it looked at the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Timestamps without a zone were written as if it were UTC.
    UtcLiterals,
    /// No subquery refers to anything around it.
    Uncorrelated,
    /// INTERSECT and EXCEPT are of distinct rows.
    DistinctSets,
    /// A count over a window is of all values, not of distinct ones.
    PlainCounts,
    /// Deviations and variances over a window are of samples.
    SampleSpread,
    /// Every sort has its nulls last.
    NullsLast,
    /// Every frame with bounds counts rows.
    RowsFrames,
    /// Every cast was written by the author, and none put in by the producer.
    OwnCasts,
    /// No aggregate has a FILTER or an order, and no groups are of ROLLUP, CUBE or sets.
    PlainAggregates,
    /// ibis-substrait made the plan, which names nobody.
    ByIbis,
    /// The plan, which names nobody, means what the specification says.
    ByTheBook,
}

/// All facts, by their names in a bundle.
pub const FACTS: [(&str, Fact); 9] = [
    ("utc-literals", Fact::UtcLiterals),
    ("uncorrelated", Fact::Uncorrelated),
    ("distinct-sets", Fact::DistinctSets),
    ("plain-counts", Fact::PlainCounts),
    ("sample-spread", Fact::SampleSpread),
    ("nulls-last", Fact::NullsLast),
    ("rows-frames", Fact::RowsFrames),
    ("own-casts", Fact::OwnCasts),
    ("plain-aggregates", Fact::PlainAggregates),
];

/// A Substrait plan as its file and its bundle give it.
#[derive(Debug, Clone, Copy)]
pub struct SubstraitRule<'a> {
    /// A `Plan`, in binary or in Substrait's JSON.
    pub bytes: &'a [u8],
    /// What its bundle says about it.
    pub facts: &'a [Fact],
}

/// A plan that keeps the rules of Substrait.
#[derive(Debug, Clone)]
pub struct ParsedPlan {
    /// The tables that the plan looks up: parts joined by dots, sorted and unique.
    pub lookups: Vec<String>,
    /// Who made the plan.
    pub producer: Producer,
    form: Form,
}

/// How a plan is read.
#[derive(Debug, Clone)]
enum Form {
    /// It speaks planc's own words: the codec reads the bytes.
    Own(Vec<u8>),
    Foreign {
        source: Box<Source>,
        facts: Vec<Fact>,
        repairs: Vec<Repair>,
    },
}

impl Drop for Source {
    fn drop(&mut self) {
        // A deep plan needs as much stack to be freed as to be built.
        let root = self.root.input.take();
        deep(|| drop(root));
    }
}

/// Decodes, repairs and checks a plan.
///
/// # Errors
/// P0501 to P0509, with the place in the plan.
pub fn parse(rule: &SubstraitRule<'_>) -> Result<ParsedPlan, Vec<Diagnostic>> {
    protected(|| parsed(rule)).unwrap_or_else(|fault| Err(vec![fault]))
}

fn parsed(rule: &SubstraitRule<'_>) -> Result<ParsedPlan, Vec<Diagnostic>> {
    let mut path = Path::default();
    let own = decode::of_planc(rule.bytes).map_err(|fault| vec![fault.at(&path)])?;
    if let Some(bytes) = own {
        let lookups = own::lookups(&bytes).map_err(|error| vec![error])?;
        return Ok(ParsedPlan { lookups, producer: Producer::Planc, form: Form::Own(bytes) });
    }
    let checked = decode::decode(rule.bytes).and_then(|mut source| {
        source.producer = source.producer.known(rule.facts)?;
        let repairs = repair::repair(&mut source, rule.facts, &mut path)?;
        validate::validate(&mut source, &mut path)?;
        Ok((source, repairs))
    });
    let (mut source, repairs) = checked.map_err(|fault| vec![fault.at(&path)])?;
    let mut lookups = BTreeSet::new();
    if let Some(root) = source.root.input.as_mut() {
        tables(root, &mut lookups);
    }
    Ok(ParsedPlan {
        lookups: lookups.into_iter().collect(),
        producer: source.producer,
        form: Form::Foreign { source: Box::new(source), facts: rule.facts.to_vec(), repairs },
    })
}

/// The tables of a relation, as written and in lower case: a plan whose names differ from the
/// catalog's in case only is meant all the same.
fn tables(rel: &mut Rel, found: &mut BTreeSet<String>) {
    if let Some(RelType::Read(read)) = &rel.rel_type
        && let Some(ReadType::NamedTable(table)) = &read.read_type
    {
        let name = table.names.join(".");
        found.insert(name.to_ascii_lowercase());
        found.insert(name);
    }
    let mut open = walk::expressions(rel);
    while let Some(expr) = open.pop() {
        let (operands, relations) = walk::parts(expr);
        open.extend(operands);
        for relation in relations {
            tables(relation, found);
        }
    }
    for input in walk::inputs(rel) {
        tables(input, found);
    }
}

/// Lowers a parsed plan over the tables of `catalog`. Repairs are reported as P0510.
pub fn plan(parsed: &ParsedPlan, catalog: &Catalog, state: &SessionState) -> Planned {
    protected(|| planned(parsed, catalog, state))
        .unwrap_or_else(|fault| Planned { plan: None, diagnostics: vec![fault] })
}

fn planned(parsed: &ParsedPlan, catalog: &Catalog, state: &SessionState) -> Planned {
    let (source, facts, repairs) = match &parsed.form {
        Form::Own(bytes) => {
            return match own::plan(bytes, catalog, state) {
                Ok(plan) => Planned { plan: Some(plan), diagnostics: Vec::new() },
                Err(error) => Planned { plan: None, diagnostics: vec![error] },
            };
        }
        Form::Foreign { source, facts, repairs } => (source, facts, repairs),
    };
    let mut path = Path::default();
    match lower::lower(source, facts, catalog, state, &mut path) {
        Ok((plan, made)) => {
            let repairs: BTreeSet<Repair> = repairs.iter().copied().chain(made).collect();
            let repaired = repairs
                .into_iter()
                .map(|repair| Diagnostic::new(code::REPAIRED, format!("repaired: {repair}")));
            Planned { plan: Some(plan), diagnostics: repaired.collect() }
        }
        Err(fault) => Planned { plan: None, diagnostics: vec![fault.at(&path)] },
    }
}
