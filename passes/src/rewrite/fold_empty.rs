//! A relation that cannot have rows is the empty relation; what joins or aggregates one is
//! what is left of it.
//!
//! An aggregate without keys over no rows is one row: zero for a count, NULL for a sum. The
//! padded side of an outer join becomes NULLs. A `NOT IN` of nothing holds for NULL too.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, JoinType, Result, ScalarValue};
use datafusion::logical_expr::{EmptyRelation, Expr, Join, LogicalPlan};

use crate::PassContext;
use crate::grouping::{Grouping, call, restored};
use crate::property::cardinality::cardinality;

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::EmptyRelation(_) | LogicalPlan::TableScan(_) | LogicalPlan::Values(_) => {
            Ok(Transformed::no(node))
        }
        node if is_query(&node) && cardinality(&node).is_empty() => {
            Ok(Transformed::yes(empty(node.schema())?))
        }
        LogicalPlan::Join(join) => self::join(join),
        LogicalPlan::Aggregate(aggregate) => {
            let folded = match Grouping::of(&aggregate) {
                Some(grouping) if grouping.keys.is_empty() => folded(&grouping)?,
                _ => None,
            };
            match folded {
                Some(map) => {
                    let one = EmptyRelation {
                        produce_one_row: true,
                        schema: Arc::new(DFSchema::empty()),
                    };
                    let one = LogicalPlan::EmptyRelation(one);
                    Ok(Transformed::yes(restored(one, &aggregate.schema, &map)?))
                }
                None => Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))),
            }
        }
        other => Ok(Transformed::no(other)),
    })
}

/// Commands keep their form.
fn is_query(plan: &LogicalPlan) -> bool {
    matches!(
        plan,
        LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Distinct(_)
    )
}

/// No rows of these columns. None of no rows holds a NULL, so nullability has no part in it.
fn empty(schema: &DFSchema) -> Result<LogicalPlan> {
    let fields = schema.iter().map(|(qualifier, field)| {
        let nullable = *field.data_type() == DataType::Null;
        (qualifier.cloned(), Arc::new(field.as_ref().clone().with_nullable(nullable)))
    });
    let schema = DFSchema::new_with_metadata(fields.collect(), HashMap::new())?;
    let empty = EmptyRelation { produce_one_row: false, schema: Arc::new(schema) };
    Ok(LogicalPlan::EmptyRelation(empty))
}

/// A join with an empty side that has rows all the same.
fn join(join: Join) -> Result<Transformed<LogicalPlan>> {
    let (kept, gone) = match join.join_type {
        JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark | JoinType::Full
            if cardinality(&join.right).is_empty() =>
        {
            (&join.left, &join.right)
        }
        JoinType::Right | JoinType::RightAnti | JoinType::RightMark | JoinType::Full
            if cardinality(&join.left).is_empty() =>
        {
            (&join.right, &join.left)
        }
        _ => return Ok(Transformed::no(LogicalPlan::Join(join))),
    };
    let mut map = HashMap::new();
    match join.join_type {
        JoinType::LeftAnti | JoinType::RightAnti => {}
        JoinType::LeftMark | JoinType::RightMark => {
            if let Some(mark) = join.schema.columns().pop() {
                map.insert(mark, Expr::Literal(ScalarValue::Boolean(Some(false)), None));
            }
        }
        _ => {
            for (qualifier, field) in gone.schema().iter() {
                let null = ScalarValue::try_new_null(field.data_type())?;
                map.insert(Column::from((qualifier, field)), Expr::Literal(null, None));
            }
        }
    }
    Ok(Transformed::yes(restored(kept.as_ref().clone(), &join.schema, &map)?))
}

/// What the calls of an aggregate without keys give for no rows, where that is known.
fn folded(grouping: &Grouping) -> Result<Option<HashMap<Column, Expr>>> {
    if !cardinality(&grouping.input).is_empty() {
        return Ok(None);
    }
    let mut map = HashMap::new();
    for defined in &grouping.calls {
        let Some(call) = call(&defined.expr) else { return Ok(None) };
        let value = match call.func.name() {
            "count" => ScalarValue::Int64(Some(0)),
            "sum" | "min" | "max" | "avg" => {
                use datafusion::logical_expr::ExprSchemable;
                let data_type = defined.expr.get_type(grouping.input.schema().as_ref())?;
                ScalarValue::try_new_null(&data_type)?
            }
            _ => return Ok(None),
        };
        map.insert(defined.column.clone(), Expr::Literal(value, None));
    }
    Ok(Some(map))
}
