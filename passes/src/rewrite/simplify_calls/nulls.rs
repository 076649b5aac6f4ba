//! Rows that do not count for any call of an aggregate over everything.
//!
//! `count(x)` is a count of the rows where `x` is not NULL, and so it is written. Where nothing is
//! counted, such a condition says nothing: a sum or a greatest value ignores NULL itself.

use std::sync::Arc;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan};

use crate::PassContext;
use crate::grouping::{Grouping, call, filtered, is_count_star, is_fallible_input, strict_columns};
use crate::property::known;

pub(super) fn settled(grouping: &mut Grouping, cx: &PassContext) -> Result<bool> {
    let Some((first, others)) = grouping.calls.split_first() else { return Ok(false) };
    let mut shared = strict_columns(&first.expr);
    for other in others {
        let own = strict_columns(&other.expr);
        shared.retain(|column| own.contains(column));
    }
    if shared.is_empty() {
        return Ok(false);
    }
    let counts = grouping.calls.iter().any(|defined| {
        !is_count_star(&defined.expr)
            && call(&defined.expr)
                .is_some_and(|call| call.func.name() == "count" && !call.params.distinct)
    });
    if counts { add(grouping, shared, cx) } else { remove(grouping, &shared) }
}

fn add(grouping: &mut Grouping, columns: Vec<Column>, cx: &PassContext) -> Result<bool> {
    let (schema, facts) = (grouping.input.schema(), known(&grouping.input));
    let columns = columns.into_iter().map(Expr::Column);
    let open = columns.filter(|column| facts.is_nullable(column, schema, cx));
    let Some(predicate) = conjunction(open.map(|column| Expr::IsNotNull(Box::new(column)))) else {
        return Ok(false);
    };
    let input = Filter::try_new(predicate, Arc::clone(&grouping.input))?;
    grouping.input = Arc::new(LogicalPlan::Filter(input));
    Ok(true)
}

fn remove(grouping: &mut Grouping, columns: &[Column]) -> Result<bool> {
    let LogicalPlan::Filter(filter) = grouping.input.as_ref() else { return Ok(false) };
    let idle = |conjunct: &&Expr| {
        matches!(conjunct, Expr::IsNotNull(expr)
            if matches!(expr.as_ref(), Expr::Column(column) if columns.contains(column)))
    };
    let (idle, rest): (Vec<&Expr>, Vec<&Expr>) =
        split_conjunction(&filter.predicate).into_iter().partition(idle);
    // What cannot be computed of a row that is filtered now must not be.
    let schema = grouping.input.schema();
    let mut others = grouping.calls.iter().map(|call| &call.expr).chain(rest.iter().copied());
    if idle.is_empty() || others.any(|expr| is_fallible_input(expr, schema)) {
        return Ok(false);
    }
    grouping.input = filtered(&filter.input, rest.into_iter().cloned())?;
    Ok(true)
}
