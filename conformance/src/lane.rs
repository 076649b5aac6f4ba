//! From a plan to an artifact and back.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, TableScanBuilder, TableSource};
use planc_ir::catalog::table_name;
use planc_ir::substrait::{decode, encode};
use planc_ir::table_function::reads_no_table;
use planc_ir::{Diagnostic, Plan, SchemaSource};

/// Which plan is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The plan as it was written, with its conversions made casts.
    Codec,
    /// Its canonical form.
    Passes,
}

impl Lane {
    pub const ALL: [Lane; 2] = [Lane::Codec, Lane::Passes];

    pub fn name(self) -> &'static str {
        match self {
            Lane::Codec => "codec",
            Lane::Passes => "passes",
        }
    }
}

/// A plan that was read back.
pub enum Artifact {
    Plan {
        plan: LogicalPlan,
        portable: bool,
    },
    /// planc has no artifact for it.
    Refused(Diagnostic),
    /// DataFusion's analyzer says no, as it would in a direct run.
    Unplannable(DataFusionError),
}

/// The plan of this lane, encoded, decoded, and bound to the tables that `plan` reads.
pub fn through(lane: Lane, plan: &LogicalPlan, state: &SessionState) -> Result<Artifact> {
    let sources = sources(plan)?;
    let prepared = match lane {
        Lane::Codec => {
            let analyzer = state.analyzer();
            let options = state.config_options();
            match analyzer.execute_and_check(plan.clone(), options, |_, _| {}) {
                Ok(analyzed) => Plan::new(analyzed),
                Err(why) => return Ok(Artifact::Unplannable(why)),
            }
        }
        Lane::Passes => {
            match planc_passes::canonicalize(Plan::new(plan.clone()), state, &mut |_| {}) {
                Ok(canonical) => canonical,
                Err(why) => return Ok(Artifact::Refused(why)),
            }
        }
    };
    let encoded = match encode(&prepared) {
        Ok(encoded) => encoded,
        Err(why) => return Ok(Artifact::Refused(why)),
    };
    let decoded = match decode(&encoded.bytes, state) {
        Ok(decoded) => decoded,
        Err(why) => return Ok(Artifact::Refused(why)),
    };
    let plan = bind(decoded.logical, &sources)?;
    Ok(Artifact::Plan { plan, portable: encoded.portable })
}

type Sources = HashMap<String, Arc<dyn TableSource>>;

fn sources(plan: &LogicalPlan) -> Result<Sources> {
    let mut sources = Sources::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && !reads_no_table(scan)
        {
            sources.insert(table_name(&scan.table_name), Arc::clone(&scan.source));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(sources)
}

/// Puts the session's tables in the place of the sources that only know a schema. What the
/// tables say beyond that (metadata, constraints) is theirs again.
fn bind(plan: LogicalPlan, sources: &Sources) -> Result<LogicalPlan> {
    let bound = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(scan) if scan.source.downcast_ref::<SchemaSource>().is_some() => {
            let name = table_name(&scan.table_name);
            let source = sources.get(&name).cloned();
            let source = source.ok_or_else(|| {
                DataFusionError::Plan(format!("the artifact reads {name}, and the query does not"))
            })?;
            let (wanted, found) = (scan.source.schema(), source.schema());
            let places = wanted.fields().iter().map(|field| found.index_of(field.name()));
            let places = places.collect::<std::result::Result<Vec<_>, _>>()?;
            let kept = match &scan.projection {
                Some(kept) => kept.iter().filter_map(|at| places.get(*at).copied()).collect(),
                None => places,
            };
            let bound = TableScanBuilder::new(scan.table_name, source)
                .with_projection(Some(kept))
                .with_filters(scan.filters)
                .with_fetch(scan.fetch)
                .build()?;
            Ok(Transformed::yes(LogicalPlan::TableScan(bound)))
        }
        LogicalPlan::TableScan(_) => Ok(Transformed::no(node)),
        other => other.recompute_schema().map(Transformed::yes),
    })?;
    Ok(bound.data)
}
