//! Grouping sets: a union of groupings, which are exact also where a table is empty.

use std::collections::BTreeSet;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::lit;
use substrait::proto::AggregateRel;

use super::{Lowering, all_columns, column, steady, type_of};
use crate::substrait::fault::{Result, invalid, unsupported};
use crate::substrait::walk;

/// How many relations the copies of an input may have together.
const MOST_RELATIONS: usize = 2_000;

impl Lowering<'_> {
    /// The grouping expressions that a single grouping chooses, in its order.
    pub(super) fn keys(
        &mut self,
        aggregate: &AggregateRel,
        schema: &DFSchema,
    ) -> Result<Vec<Expr>> {
        let (all, sets) = walk::groupings(aggregate);
        let Some(set) = sets.first() else {
            return match all.is_empty() {
                true => Ok(Vec::new()),
                false => Err(invalid("grouping expressions belong to no grouping")),
            };
        };
        let mut keys = Vec::with_capacity(set.len());
        for (at, expr) in all.iter().enumerate() {
            let step = format!("expressions[{at}]");
            keys.push(self.step(step, |l| l.expression(expr, schema))?);
        }
        let each: BTreeSet<&usize> = set.iter().collect();
        if each.len() != all.len() || set.len() != all.len() {
            return Err(unsupported("a grouping that leaves out grouping expressions"));
        }
        Ok(set.iter().filter_map(|at| keys.get(*at).cloned()).collect())
    }

    /// Every grouping by itself: its keys, null for those of others; the measures; and the
    /// number of the grouping.
    pub(super) fn grouping_sets(
        &mut self,
        aggregate: &AggregateRel,
        input: &LogicalPlan,
        schema: &DFSchema,
    ) -> Result<LogicalPlan> {
        let (all, sets) = walk::groupings(aggregate);
        let mut relations = 0;
        input.apply_with_subqueries(|_| {
            relations += 1;
            Ok(TreeNodeRecursion::Continue)
        })?;
        if relations * sets.len() > MOST_RELATIONS {
            return Err(unsupported("so many grouping sets over so large an input"));
        }
        let mut keys = Vec::with_capacity(all.len());
        let mut nulls = Vec::with_capacity(all.len());
        for (at, expr) in all.iter().enumerate() {
            let step = format!("expressions[{at}]");
            let key = self.step(step, |l| l.expression(expr, schema))?;
            let null = ScalarValue::try_from(&type_of(&key, schema)?)?;
            nulls.push(Expr::Literal(null, None));
            keys.push(key);
        }
        if !steady(input)? || keys.iter().any(Expr::is_volatile) {
            return Err(unsupported("grouping sets over a limit or a random value"));
        }
        let width = keys.len() + aggregate.measures.len() + 1;
        let names: Vec<String> = (0..width).map(|_| self.fresh()).collect();
        let mut whole: Option<LogicalPlanBuilder> = None;
        for (number, set) in sets.iter().enumerate() {
            let mut chosen = Vec::with_capacity(set.len());
            for at in set {
                if !chosen.contains(at) {
                    chosen.push(*at);
                }
            }
            let groups = chosen.iter().filter_map(|at| keys.get(*at).cloned()).collect();
            let plan = self.grouped(aggregate, input.clone(), groups, schema)?;
            let mut output = Vec::with_capacity(width);
            for (at, null) in nulls.iter().enumerate() {
                output.push(match chosen.iter().position(|chosen| *chosen == at) {
                    Some(place) => column(plan.schema(), place)?,
                    None => null.clone(),
                });
            }
            output.extend(all_columns(plan.schema()).into_iter().skip(chosen.len()));
            let number = i32::try_from(number).map_err(|_| invalid("too many grouping sets"))?;
            output.push(lit(number));
            let named = output.into_iter().zip(&names).map(|(expr, name)| expr.alias(name));
            let plan = LogicalPlanBuilder::from(plan).project(named)?.build()?;
            whole = Some(match whole {
                None => LogicalPlanBuilder::from(plan),
                Some(whole) => whole.union(plan)?,
            });
        }
        let whole = whole.ok_or_else(|| invalid("an aggregation has no groupings"))?;
        self.renamed(whole.build()?)
    }
}
