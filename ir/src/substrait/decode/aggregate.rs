//! Grouping and aggregation.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, GroupingSet, LogicalPlan, Projection};
use substrait::proto::AggregateRel;

use super::names::Columns;
use super::{Decoder, Result, malformed, unknown};
use crate::substrait::extension::{GroupingId, type_url};

impl Decoder<'_> {
    pub(super) fn aggregate(&mut self, aggregate: &AggregateRel) -> Result<LogicalPlan> {
        let (input, columns) = self.input(aggregate.input.as_deref())?;
        let mut keys = Vec::with_capacity(aggregate.grouping_expressions.len());
        for (at, key) in aggregate.grouping_expressions.iter().enumerate() {
            let place = format!("grouping_expressions[{at}]");
            keys.push(self.step(place, |decoder| decoder.expression(key, &columns))?);
        }
        let mut measures = Vec::with_capacity(aggregate.measures.len());
        for (at, measure) in aggregate.measures.iter().enumerate() {
            let place = format!("measures[{at}]");
            let measure = self.step(place, |decoder| decoder.measure(measure, &columns))?;
            measures.push(measure);
        }
        let measures = self.bare_where_unique(measures, &input);
        let mut sets = Vec::with_capacity(aggregate.groupings.len());
        for grouping in &aggregate.groupings {
            #[allow(deprecated, reason = "plans of other producers use it")]
            if !grouping.grouping_expressions.is_empty() {
                return Err(unknown("grouping expressions within a grouping"));
            }
            let members = grouping.expression_references.iter().map(|at| {
                let at = usize::try_from(*at).ok().filter(|at| *at < keys.len());
                at.ok_or_else(|| malformed("a grouping refers to no grouping expression"))
            });
            sets.push(members.collect::<Result<Vec<usize>>>()?);
        }
        let enhancement = aggregate.advanced_extension.as_ref();
        let enhancement = enhancement.and_then(|advanced| advanced.enhancement.as_ref());
        let plan = match enhancement {
            Some(any) if any.type_url == type_url::<GroupingId>() => {
                let plan = self.grouping_sets(input, &keys, &sets, measures)?;
                // The grouping id has one name in all plans; a fresh one tells it apart.
                self.renamed(plan)?
            }
            Some(any) => return Err(unknown(format_args!("the message {}", any.type_url))),
            None => {
                let all = 0..keys.len();
                let every_key = match sets.as_slice() {
                    [] => keys.is_empty(),
                    [set] => set.iter().copied().eq(all),
                    _ => return Err(unknown("grouping sets without a grouping id")),
                };
                if !every_key {
                    return Err(malformed("the grouping leaves out a grouping expression"));
                }
                if measures.is_empty() && !keys.is_empty() && keys == columns.exprs() {
                    LogicalPlan::Distinct(Distinct::All(input))
                } else {
                    let mut seen = HashSet::new();
                    let keys: Vec<Expr> =
                        keys.into_iter().map(|key| self.named(key, &mut seen)).collect();
                    let width = keys.len();
                    let plan = LogicalPlan::Aggregate(Aggregate::try_new(input, keys, measures)?);
                    self.measures_renamed(plan, width)?
                }
            }
        };
        self.emitted(plan, aggregate.common.as_ref())
    }

    /// Optimizer rules look for bare aggregate functions, so they keep their own names where
    /// these are unique.
    fn bare_where_unique(&mut self, measures: Vec<Expr>, input: &LogicalPlan) -> Vec<Expr> {
        let mut names: HashSet<String> =
            input.schema().fields().iter().map(|field| field.name().clone()).collect();
        let measures = measures.into_iter().map(|measure| {
            let name = measure.schema_name().to_string();
            if names.insert(name) { measure } else { measure.alias(self.names.column()) }
        });
        measures.collect()
    }

    /// Fresh names for the columns behind the keys: the own names of aggregate functions are
    /// not unique in a plan.
    fn measures_renamed(&mut self, plan: LogicalPlan, keys: usize) -> Result<LogicalPlan> {
        let columns = Columns::of([plan.schema().as_ref()]).exprs();
        if columns.len() == keys {
            return Ok(plan);
        }
        self.spend_lookups(columns.len(), columns.len())?;
        let exprs = columns
            .into_iter()
            .enumerate()
            .map(|(at, column)| if at < keys { column } else { column.alias(self.names.column()) });
        let exprs = exprs.collect::<Vec<_>>();
        Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
    }

    fn grouping_sets(
        &mut self,
        input: Arc<LogicalPlan>,
        keys: &[Expr],
        sets: &[Vec<usize>],
        measures: Vec<Expr>,
    ) -> Result<LogicalPlan> {
        // Every mention of a key is a copy of it.
        let mut sizes = Vec::with_capacity(keys.len());
        for key in keys {
            let mut size = 0;
            key.apply(|_| {
                size += 1;
                Ok(TreeNodeRecursion::Continue)
            })?;
            sizes.push(size);
        }
        let mut expanded = Vec::with_capacity(sets.len());
        let mut seen = 0;
        for set in sets {
            let mut members = Vec::with_capacity(set.len());
            for at in set {
                self.spend(sizes.get(*at).copied().unwrap_or(1))?;
                if *at > seen {
                    return Err(malformed("a grouping set is ahead of the grouping expressions"));
                }
                seen = seen.max(at + 1);
                members.extend(keys.get(*at).cloned());
            }
            expanded.push(members);
        }
        if seen != keys.len() {
            return Err(malformed("the grouping sets leave out a grouping expression"));
        }
        let sets = Expr::GroupingSet(GroupingSet::GroupingSets(expanded));
        Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, vec![sets], measures)?))
    }
}
