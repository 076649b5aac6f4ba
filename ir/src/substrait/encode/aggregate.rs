//! Grouping and aggregation.

use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use substrait::proto::aggregate_rel::{Grouping, Measure};
use substrait::proto::rel::RelType;
use substrait::proto::{AggregateRel, Expression, Rel};

use super::rel::{direct, rel};
use super::{Encoder, Result, broken, expr, refuse};
use crate::key::{Scope, grouping_sets};
use crate::substrait::extension::GroupingId;

impl<'a> Encoder<'a> {
    pub(super) fn aggregate(&mut self, aggregate: &'a Aggregate) -> Result<Rel> {
        let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
        let below = self.boxed_relation(input)?;
        let scope = Scope::of(input.schema());
        let mut advanced_extension = None;
        let (keys, sets): (Vec<&Expr>, Vec<Vec<usize>>) = match group_expr.as_slice() {
            [Expr::GroupingSet(set)] => {
                advanced_extension = Some(self.enhancement(&GroupingId {}));
                (set.distinct_expr(), grouping_sets(set).map_err(broken)?)
            }
            exprs => {
                let mut keys: Vec<&Expr> = Vec::new();
                for key in exprs {
                    // DataFusion's output has each distinct key once.
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                let all = (0..keys.len()).collect();
                (keys, vec![all])
            }
        };
        let grouping_expressions = self.expressions(keys, &scope)?;
        let measures =
            aggr_expr.iter().map(|measure| self.measure(measure, &scope)).collect::<Result<_>>()?;
        let mut relation = grouped(below, grouping_expressions, sets, measures);
        relation.advanced_extension = advanced_extension;
        Ok(rel(RelType::Aggregate(Box::new(relation))))
    }

    /// `DISTINCT` groups by every column.
    pub(super) fn distinct(&mut self, input: &'a LogicalPlan) -> Result<Rel> {
        let below = self.boxed_relation(input)?;
        let width = input.schema().fields().len();
        if width == 0 {
            return Err(refuse("DISTINCT of a relation without columns"));
        }
        let keys = (0..width).map(expr::column).collect::<Result<_>>()?;
        let relation = grouped(below, keys, vec![(0..width).collect()], Vec::new());
        Ok(rel(RelType::Aggregate(Box::new(relation))))
    }

    fn measure(&mut self, measure: &'a Expr, scope: &Scope<'a>) -> Result<Measure> {
        match measure {
            Expr::Alias(Alias { expr, metadata, .. }) => {
                if metadata.as_ref().is_some_and(|metadata| !metadata.is_empty()) {
                    return Err(refuse("field metadata on an alias"));
                }
                self.measure(expr, scope)
            }
            Expr::AggregateFunction(function) => {
                let filter = function.params.filter.as_deref();
                Ok(Measure {
                    measure: Some(self.aggregate_function(function, measure, scope)?),
                    filter: filter.map(|filter| self.expression(filter, scope)).transpose()?,
                })
            }
            other => Err(refuse(format_args!("the aggregate {other}"))),
        }
    }
}

fn grouped(
    input: Option<Box<Rel>>,
    grouping_expressions: Vec<Expression>,
    sets: Vec<Vec<usize>>,
    measures: Vec<Measure>,
) -> AggregateRel {
    let groupings = sets.into_iter().map(|members| Grouping {
        expression_references: members.into_iter().map(|at| at as u32).collect(),
        ..Grouping::default()
    });
    AggregateRel {
        common: direct(),
        input,
        groupings: groupings.collect(),
        measures,
        grouping_expressions,
        advanced_extension: None,
    }
}
