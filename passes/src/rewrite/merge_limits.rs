//! A limit of a limit is one limit, and a limit that lets all rows through is none.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, Limit, LogicalPlan};

use crate::PassContext;
use crate::property::cardinality::{bounds, cardinality};

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Limit(limit) => Ok(merged(limit)),
        other => Ok(Transformed::no(other)),
    })
}

fn merged(limit: Limit) -> Transformed<LogicalPlan> {
    let Some((skip, fetch)) = bounds(&limit) else {
        return Transformed::no(LogicalPlan::Limit(limit));
    };
    let all = cardinality(&limit.input).max.is_some_and(|max| fetch.is_none_or(|f| f >= max));
    if skip == 0 && (fetch.is_none() || all) {
        return Transformed::yes(Arc::unwrap_or_clone(limit.input));
    }
    if let LogicalPlan::Limit(inner) = limit.input.as_ref()
        && let Some((inner_skip, inner_fetch)) = bounds(inner)
        && let Some(skipped) = inner_skip.checked_add(skip)
    {
        let left = inner_fetch.map(|inner| inner.saturating_sub(skip));
        let fetch = match (left, fetch) {
            (Some(left), Some(fetch)) => Some(left.min(fetch)),
            (left, fetch) => left.or(fetch),
        };
        return Transformed::yes(limited(Arc::clone(&inner.input), skipped, fetch));
    }
    // No offset is written in one way.
    let plain = skip > 0 || limit.skip.is_none();
    if plain && fetch.is_some() == limit.fetch.is_some() {
        return Transformed::no(LogicalPlan::Limit(limit));
    }
    Transformed::yes(limited(limit.input, skip, fetch))
}

fn limited(input: Arc<LogicalPlan>, skip: usize, fetch: Option<usize>) -> LogicalPlan {
    let literal = |rows: usize| {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        Box::new(Expr::Literal(ScalarValue::Int64(Some(rows)), None))
    };
    let skip = (skip > 0).then(|| literal(skip));
    LogicalPlan::Limit(Limit { skip, fetch: fetch.map(literal), input })
}
