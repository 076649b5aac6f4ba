//! The join order, chosen anew for today's data.
//!
//! The canonical plan sorts the inputs of a join by a key, so that equal questions have equal
//! plans; the order that the author wrote is gone. The engine reorders little by itself. So a
//! replay takes the optimised plan, finds its regions of joins ([`region`]), estimates how
//! many rows every set of relations gives ([`graph`], [`estimate`], by what the sources say:
//! [`statistics`]), searches the cheapest order ([`search`]) and builds it ([`build`]).
//!
//! Rows, names, types and the order of the columns stay. What depends on the order of rows
//! without saying which ([`ordered`]) keeps the joins below it as they are.
//!
//! **Architecture invariant:** an estimate decides about speed only. A plan is right whatever
//! the sources say about themselves.

mod build;
mod column;
mod estimate;
mod graph;
mod movable;
mod ordered;
mod region;
mod report;
mod search;
mod selectivity;
mod sides;
mod statistics;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Optimizer;
use datafusion::optimizer::optimize_projections::OptimizeProjections;

pub use estimate::Basis;
pub use report::{Choice, Step};
pub use search::Method;

use estimate::Estimate;
use graph::Graph;
use statistics::SourceStatistics;

/// A new order is taken where it costs less than this share of the planned one.
const BETTER: f64 = 0.99;

/// A plan whose joins are in the order to run them.
#[derive(Debug)]
pub(crate) struct Ordered {
    /// The plan.
    pub plan: LogicalPlan,
    /// What was chosen, region by region.
    pub choices: Vec<Choice>,
    /// Whether every join has the input to build on at its left.
    pub sides_chosen: bool,
}

/// Chooses the order of all joins in an optimised plan. Where the plan cannot be put together
/// in another order, it stays as it is: that costs time and no row.
///
/// # Errors
/// None but those of walking the plan. Tests get those of putting it together as well.
pub(crate) async fn choose(state: &SessionState, plan: LogicalPlan) -> Result<Ordered> {
    let mut joins = false;
    plan.apply_with_subqueries(|node| {
        joins |= matches!(node, LogicalPlan::Join(_));
        Ok(TreeNodeRecursion::Continue)
    })?;
    if !joins {
        return Ok(Ordered { plan, choices: Vec::new(), sides_chosen: false });
    }
    let sources = SourceStatistics::of(state, &plan).await?;
    let sides_chosen = sources.know_something();
    match reorder(state, plan.clone(), sources, sides_chosen) {
        Err(_) if !cfg!(test) => Ok(Ordered { plan, choices: Vec::new(), sides_chosen: false }),
        ordered => ordered,
    }
}

fn reorder(
    state: &SessionState,
    plan: LogicalPlan,
    sources: SourceStatistics,
    sides_chosen: bool,
) -> Result<Ordered> {
    let mut walker =
        Walker { sources, sides: sides_chosen, kept: 0, aliases: 0, choices: Vec::new() };
    let (plan, _) = walker.walk(plan)?;
    let choices = walker.choices;
    // Columns that no join above needs are dropped as early as in the plan before.
    let prune = Optimizer::with_rules(vec![Arc::new(OptimizeProjections::new())]);
    let plan = prune.optimize(plan, state, |_, _| {})?;
    Ok(Ordered { plan, choices, sides_chosen })
}

/// Walks a plan bottom up: orders its regions, and estimates every node on the way.
pub(crate) struct Walker {
    sources: SourceStatistics,
    /// Whether build sides are chosen here, and not by the engine.
    sides: bool,
    /// How many nodes above depend on the order of their rows.
    kept: usize,
    aliases: usize,
    choices: Vec<Choice>,
}

impl Walker {
    fn walk(&mut self, plan: LogicalPlan) -> Result<(LogicalPlan, Estimate)> {
        if self.kept == 0 && region::is_region(&plan) {
            return self.region(plan);
        }
        let keeps = ordered::depends_on_row_order(&plan);
        self.kept += usize::from(keeps);
        let mut inputs = Vec::new();
        let plan = plan.map_children(|child| {
            let (child, estimate) = self.walk(child)?;
            inputs.push(estimate);
            Ok(Transformed::yes(child))
        });
        let plan = plan?.data.map_subqueries(|child| {
            let (child, _) = self.walk(child)?;
            Ok(Transformed::yes(child))
        });
        self.kept -= usize::from(keeps);
        let plan = match (plan?.data, inputs.as_slice()) {
            (LogicalPlan::Join(join), [left, right]) if self.sides && self.kept == 0 => {
                let estimate = estimate::of_node(
                    &LogicalPlan::Join(join.clone()),
                    inputs.clone(),
                    &self.sources,
                );
                return Ok((sides::smaller_left(join, left, right)?, estimate));
            }
            (plan, _) => plan,
        };
        let estimate = estimate::of_node(&plan, inputs, &self.sources);
        Ok((plan, estimate))
    }

    fn region(&mut self, plan: LogicalPlan) -> Result<(LogicalPlan, Estimate)> {
        let planned = plan.clone();
        let (region, columns, written) = region::flatten(plan, self)?;
        let graph = Graph::new(&region)?;
        let rows = graph.rows_of(everything(&graph));
        let known = |column| {
            let leaf = region.leaves.get(region.place(column)?)?;
            leaf.estimate.column(leaf.plan.schema(), column).cloned()
        };
        let known = columns
            .iter()
            .map(|column| known(column).unwrap_or_else(column::ColumnEstimate::unknown));
        let estimate = Estimate { rows, table: rows, basis: graph.basis, columns: known.collect() };
        let found = search::search(&graph);
        let planned_cost = search::cost_of(&graph, &written);
        let (tree, cost, method) = match (found, planned_cost) {
            (Some(found), Some(before)) if found.cost < before * BETTER => {
                (found.tree, found.cost, Some(found.method))
            }
            (Some(found), None) => (found.tree, found.cost, Some(found.method)),
            (_, before) => (written, before.unwrap_or(rows), None),
        };
        let tree = if self.sides { search::with_sides(&graph, tree) } else { tree };
        let plan = build::build(&region, &graph, &tree, &columns, &planned)?;
        self.choices.push(Choice {
            method,
            basis: graph.basis,
            planned_cost: planned_cost.unwrap_or(cost),
            cost,
            root: report::step(&region, &graph, &tree),
        });
        Ok((plan, estimate))
    }

    /// A name for a relation that no other one has.
    fn alias(&mut self, plan: &LogicalPlan) -> String {
        self.aliases += 1;
        format!("{}_{}", report::kind(plan), self.aliases)
    }
}

fn everything(graph: &Graph) -> region::Set {
    (0..graph.near.len()).fold(0, |set, node| set | 1 << node)
}
