//! The engine's push-down of filters, kept from taking one column for another.
//!
//! A physical plan has no qualifiers, so what a join gives may have two columns of one name.
//! DataFusion 55 hands filters down by place *and* name: an operator looks the name up in its
//! input and takes the first column that has it. A filter on the second one, such as the range
//! of a join's keys or the threshold of a top-n, then drops rows of another table. So the
//! engine's rule runs here on the largest parts of a plan in which every name that it looks up
//! means one column; between such parts no filter is handed down.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{HashSet, JoinType, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::expressions::Column;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;

/// The name of the engine's rule, in both its phases.
const ENGINE_RULE: &str = "FilterPushdown";

/// The state with the engine's push-down of filters in this guard.
pub(crate) fn guarded(state: SessionState) -> SessionState {
    let rules = state.physical_optimizers().iter().map(|rule| {
        if !rule.name().starts_with(ENGINE_RULE) {
            return Arc::clone(rule);
        }
        Arc::new(Guarded { engine: Arc::clone(rule) }) as _
    });
    let rules = rules.collect();
    SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(rules).build()
}

#[derive(Debug)]
struct Guarded {
    engine: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
}

impl PhysicalOptimizerRule for Guarded {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if all_names_are_clear(&plan) {
            return self.engine.optimize(plan, config);
        }
        let inputs = plan.children().into_iter();
        let inputs = inputs.map(|input| self.optimize(Arc::clone(input), config));
        let inputs = inputs.collect::<Result<_>>()?;
        replace_children_if_necessary(plan, inputs)
    }

    fn name(&self) -> &str {
        self.engine.name()
    }

    fn schema_check(&self) -> bool {
        self.engine.schema_check()
    }
}

fn all_names_are_clear(plan: &Arc<dyn ExecutionPlan>) -> bool {
    names_are_clear(plan) && plan.children().into_iter().all(all_names_are_clear)
}

/// Whether each name that this operator looks up for a filter means the filter's own column.
fn names_are_clear(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let node = plan.as_ref();
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        return has_distinct_names(&join.left().schema())
            && has_distinct_names(&join.right().schema())
            && semi_join_keys_are_clear(join);
    }
    if let Some(union) = node.downcast_ref::<UnionExec>() {
        return union.inputs().iter().all(|input| {
            let (own, names) = (union.schema(), input.schema());
            has_distinct_names(&names)
                && own.fields().iter().zip(names.fields()).all(|(a, b)| a.name() == b.name())
        });
    }
    if let Some(aggregate) = node.downcast_ref::<AggregateExec>() {
        let input = aggregate.input().schema();
        return aggregate.group_expr().expr().iter().all(|(expr, name)| {
            let found = input.index_of(name).ok();
            found.is_none_or(|found| place(expr) == Some(found))
        });
    }
    if node.downcast_ref::<ProjectionExec>().is_some() {
        // A projection looks its own names up, and goes on with the places in its input.
        return has_distinct_names(&plan.schema());
    }
    match plan.children().as_slice() {
        [] => has_distinct_names(&plan.schema()),
        [input] => has_distinct_names(&input.schema()),
        // Other joins hand no filter down.
        _ => true,
    }
}

/// A semi join hands a filter on its keys to the other side too, where it looks up the name.
fn semi_join_keys_are_clear(join: &HashJoinExec) -> bool {
    let (left, right) = (join.left().schema(), join.right().schema());
    let pairs = join.on().iter().map(|(left, right)| (place(left), place(right)));
    let (kept, other, pairs): (_, _, Vec<_>) = match join.join_type() {
        JoinType::LeftSemi => (left, right, pairs.collect()),
        JoinType::RightSemi => (right, left, pairs.map(|(left, right)| (right, left)).collect()),
        _ => return true,
    };
    pairs.iter().filter_map(|(key, _)| *key).all(|key| {
        let name = kept.fields().get(key).map(|field| field.name());
        let found = name.and_then(|name| other.index_of(name).ok());
        found.is_none_or(|found| pairs.contains(&(Some(key), Some(found))))
    })
}

fn place(expr: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    expr.downcast_ref::<Column>().map(Column::index)
}

fn has_distinct_names(schema: &Schema) -> bool {
    let mut seen = HashSet::new();
    schema.fields().iter().all(|field| seen.insert(field.name()))
}
