//! How many rows a plan can give, whatever its tables hold.

use datafusion::common::{JoinType, ScalarValue};
use datafusion::logical_expr::{Distinct, Expr, Limit, LogicalPlan};

/// The least and the greatest number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cardinality {
    /// At least so many.
    pub min: usize,
    /// At most so many; `None` where there is no bound.
    pub max: Option<usize>,
}

impl Cardinality {
    const ANY: Cardinality = Cardinality { min: 0, max: None };

    fn exactly(rows: usize) -> Self {
        Cardinality { min: rows, max: Some(rows) }
    }

    fn at_least(self, min: usize) -> Self {
        Cardinality { min, ..self }
    }

    fn plus(self, other: Self) -> Self {
        let max = self.max.zip(other.max).and_then(|(a, b)| a.checked_add(b));
        Cardinality { min: self.min.saturating_add(other.min), max }
    }

    /// As a cross join gives them.
    fn times(self, other: Self) -> Self {
        let max = match (self.max, other.max) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (Some(a), Some(b)) => a.checked_mul(b),
            _ => None,
        };
        Cardinality { min: self.min.saturating_mul(other.min), max }
    }

    /// No row at all.
    pub(crate) fn is_empty(self) -> bool {
        self.max == Some(0)
    }

    /// No row, or one.
    pub(crate) fn is_at_most_one(self) -> bool {
        self.max.is_some_and(|max| max <= 1)
    }

    /// One row, always.
    pub(crate) fn is_one(self) -> bool {
        self == Cardinality::exactly(1)
    }
}

/// The cardinality of a plan, from its operators alone: no declared constraint has a part
/// in it.
pub(crate) fn cardinality(plan: &LogicalPlan) -> Cardinality {
    match plan {
        LogicalPlan::EmptyRelation(empty) => {
            Cardinality::exactly(usize::from(empty.produce_one_row))
        }
        LogicalPlan::Values(values) => Cardinality::exactly(values.values.len()),
        LogicalPlan::Projection(projection) => cardinality(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => cardinality(&alias.input),
        LogicalPlan::Window(window) => cardinality(&window.input),
        LogicalPlan::Subquery(subquery) => cardinality(&subquery.subquery),
        LogicalPlan::Filter(filter) if is_never_true(&filter.predicate) => Cardinality::exactly(0),
        LogicalPlan::Filter(filter) => cardinality(&filter.input).at_least(0),
        LogicalPlan::Sort(sort) => limited(cardinality(&sort.input), 0, sort.fetch),
        LogicalPlan::Limit(limit) => match bounds(limit) {
            Some((skip, fetch)) => limited(cardinality(&limit.input), skip, fetch),
            None => cardinality(&limit.input).at_least(0),
        },
        LogicalPlan::Distinct(Distinct::All(input)) => grouped(cardinality(input)),
        LogicalPlan::Distinct(Distinct::On(distinct)) => grouped(cardinality(&distinct.input)),
        LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.as_slice() {
            [] => Cardinality::exactly(1),
            [Expr::GroupingSet(_)] => Cardinality::ANY,
            keys => {
                let below = grouped(cardinality(&aggregate.input));
                let constant = keys.iter().all(is_constant);
                if constant { limited(below, 0, Some(1)) } else { below }
            }
        },
        LogicalPlan::Union(union) => {
            let none = Cardinality::exactly(0);
            union.inputs.iter().fold(none, |sum, input| sum.plus(cardinality(input)))
        }
        LogicalPlan::Join(join) => {
            let left = cardinality(&join.left);
            let right = cardinality(&join.right);
            let cross = join.on.is_empty() && join.filter.is_none();
            let pairs = left.times(right);
            // An unmatched row comes out once, so it counts like one partner.
            let padded = |rows: Cardinality| Cardinality {
                min: rows.min,
                max: rows.max.map(|max| max.max(1)),
            };
            match join.join_type {
                JoinType::Inner if cross => pairs,
                JoinType::Inner => pairs.at_least(0),
                JoinType::Left => left.times(padded(right)).at_least(left.min),
                JoinType::Right => padded(left).times(right).at_least(right.min),
                JoinType::Full => Cardinality {
                    min: left.min.max(right.min),
                    max: pairs.plus(left).plus(right).max,
                },
                JoinType::LeftSemi | JoinType::RightSemi if left.is_empty() || right.is_empty() => {
                    Cardinality::exactly(0)
                }
                JoinType::LeftSemi | JoinType::LeftAnti => left.at_least(0),
                JoinType::RightSemi | JoinType::RightAnti => right.at_least(0),
                JoinType::LeftMark => left,
                JoinType::RightMark => right,
            }
        }
        _ => Cardinality::ANY,
    }
}

/// The literal bounds of a limit: rows skipped, and rows kept where that is limited.
pub(crate) fn bounds(limit: &Limit) -> Option<(usize, Option<usize>)> {
    let number = |expr: &Expr| match expr {
        Expr::Literal(value, _) if value.is_null() => Some(None),
        Expr::Literal(ScalarValue::Int64(Some(rows)), _) => usize::try_from(*rows).ok().map(Some),
        _ => None,
    };
    let skip = limit.skip.as_deref().map_or(Some(None), number)?;
    let fetch = limit.fetch.as_deref().map_or(Some(None), number)?;
    Some((skip.unwrap_or(0), fetch))
}

/// Whether a predicate is the literal FALSE or NULL.
pub(crate) fn is_never_true(predicate: &Expr) -> bool {
    let Expr::Literal(value, _) = predicate else { return false };
    value.is_null() || *value == ScalarValue::Boolean(Some(false))
}

fn limited(rows: Cardinality, skip: usize, fetch: Option<usize>) -> Cardinality {
    let kept = |rows: usize| {
        let rows = rows.saturating_sub(skip);
        fetch.map_or(rows, |fetch| rows.min(fetch))
    };
    Cardinality { min: kept(rows.min), max: rows.max.map(kept).or(fetch) }
}

fn grouped(rows: Cardinality) -> Cardinality {
    Cardinality { min: rows.min.min(1), max: rows.max }
}

fn is_constant(key: &Expr) -> bool {
    match key {
        Expr::Alias(alias) => is_constant(&alias.expr),
        other => matches!(other, Expr::Literal(..)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{canonical, context};

    /// The rows that a query can give, as `min..max`.
    async fn check(sql: &str, expected: &str) {
        let plan = canonical(&context(), sql).await.logical;
        let Cardinality { min, max } = cardinality(&plan);
        let max = max.map(|max| max.to_string()).unwrap_or_default();
        assert_eq!(format!("{min}..{max}"), expected, "{sql}");
    }

    #[tokio::test]
    async fn operators_bound_the_rows() {
        check("select id from a", "0..").await;
        check("select 1 as one", "1..1").await;
        check("select count(*) from a", "1..1").await;
        check("select count(*) from a group by x", "0..").await;
        check("select id from a limit 3", "0..3").await;
        check("select n from (select count(*) n from a) where n > 1", "0..1").await;
        check("select n, id from (select count(*) n from a) left join b on n = id", "1..").await;
        check("select id from a where 1 = 0", "0..0").await;
        check("select count(*) n from a union all select count(*) from b", "2..2").await;
    }
}
