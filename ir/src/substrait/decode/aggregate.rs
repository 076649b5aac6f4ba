//! Grouping and aggregation.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, GroupingSet, LogicalPlan};
use substrait::proto::AggregateRel;

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
            measures.push(measure.alias(self.names.column()));
        }
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
                    let keys = keys.into_iter().map(|key| self.named(key, &mut seen)).collect();
                    LogicalPlan::Aggregate(Aggregate::try_new(input, keys, measures)?)
                }
            }
        };
        self.emitted(plan, aggregate.common.as_ref())
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
