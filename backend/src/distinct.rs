//! The engine's rewrite of a DISTINCT beside other aggregates, with the types that were planned.
//!
//! The engine groups twice instead of keeping sets of values, and sums the sums of the inner
//! groups. A sum of decimals has ten digits more than what it sums, so the outer one has twenty;
//! here it is cast back where it is made, before anything above it can see the other type. A
//! value that does not fit fails.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// The name of the engine's rule.
const SINGLE_DISTINCT: &str = "single_distinct_aggregation_to_group_by";

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// The state with the engine's rule in this guard.
pub(crate) fn typed(state: SessionState) -> SessionState {
    let rules = state.optimizers().iter().map(|rule| match rule.name() {
        SINGLE_DISTINCT => Arc::new(TypedSingleDistinct(Arc::clone(rule))) as Rule,
        _ => Arc::clone(rule),
    });
    let rules = rules.collect();
    SessionStateBuilder::new_from_existing(state).with_optimizer_rules(rules).build()
}

#[derive(Debug)]
struct TypedSingleDistinct(Rule);

impl OptimizerRule for TypedSingleDistinct {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let planned = Arc::clone(plan.schema());
        let rewritten = self.0.rewrite(plan, config)?;
        if !rewritten.transformed {
            return Ok(rewritten);
        }
        rewritten.map_data(|plan| with_types(plan, &planned))
    }
}

/// The plan with the columns' planned types.
fn with_types(plan: LogicalPlan, planned: &DFSchema) -> Result<LogicalPlan> {
    let found = Arc::clone(plan.schema());
    let pairs = || found.iter().zip(planned.fields());
    if pairs().all(|((_, found), planned)| found.data_type() == planned.data_type()) {
        return Ok(plan);
    }
    let columns = pairs().map(|((table, found), planned)| {
        let column = Expr::Column(Column::new(table.cloned(), found.name()));
        if found.data_type() == planned.data_type() {
            column
        } else {
            let column = cast(column, planned.data_type().clone());
            column.alias_qualified(table.cloned(), found.name())
        }
    });
    LogicalPlanBuilder::from(plan).project(columns.collect::<Vec<_>>())?.build()
}
