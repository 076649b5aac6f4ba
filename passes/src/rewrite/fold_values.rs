//! Rows that stand in the query are computed while it is compiled.
//!
//! A projection or a filter over `VALUES` is `VALUES` with other or fewer rows, `UNION ALL` of
//! rows that stand in the query is one list, DISTINCT drops the repeats of a list, and a list of
//! one row is a projection of literals, which joins and projections read through. A list is
//! sorted where nothing sees the order of rows without an ORDER BY.
//!
//! An expression that does not come to a literal (it fails, or is `now()`) leaves the list as
//! it is.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DFSchemaRef, Result, ScalarValue};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    EmptyRelation, Expr, LogicalPlan, Projection, Union, Values, WindowFrameUnits,
    WindowFunctionDefinition,
};
use datafusion::optimizer::OptimizerConfig;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use planc_ir::key::{PlanKey, expression_key};

use crate::PassContext;
use crate::grouping::{Grouping, aliased, is_order_blind, is_order_blind_function, substituted};
use crate::property::{is_exact_equality, is_fallible, is_volatile};

/// Longer lists are not looked into.
const MOST_ROWS: usize = 256;

type Rows = Vec<Vec<Expr>>;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    let found = look(&plan)?;
    if !found.rows {
        return Ok(Transformed::no(plan));
    }
    plan.transform_up_with_subqueries(|node| {
        let folded = match &node {
            LogicalPlan::Values(values) => of_values(values, !found.order)?,
            LogicalPlan::Projection(projection) => match projection.input.as_ref() {
                LogicalPlan::Values(values) => projected(projection, values, cx)?,
                _ => None,
            },
            LogicalPlan::Filter(filter) => match filter.input.as_ref() {
                LogicalPlan::Values(values) => filtered(&filter.predicate, values, cx)?,
                _ => None,
            },
            LogicalPlan::Union(union) => united(union)?,
            LogicalPlan::Aggregate(aggregate) => match aggregate.input.as_ref() {
                LogicalPlan::Values(values) => match Grouping::of(aggregate) {
                    Some(grouping) => distinct(&grouping, &aggregate.schema, values)?,
                    None => None,
                },
                _ => None,
            },
            _ => None,
        };
        Ok(folded.map_or_else(|| Transformed::no(node), Transformed::yes))
    })
}

/// What a plan holds.
#[derive(Default)]
struct Found {
    /// Rows that stand in the query.
    rows: bool,
    /// Something that sees the order of rows.
    order: bool,
}

fn look(plan: &LogicalPlan) -> Result<Found> {
    let mut found = Found::default();
    plan.apply_with_subqueries(|node| {
        found.rows |= match node {
            LogicalPlan::Values(_) => true,
            LogicalPlan::Union(union) => union.inputs.iter().any(|i| row_of(i).is_some()),
            _ => false,
        };
        found.order |= match node {
            LogicalPlan::Limit(_) => true,
            LogicalPlan::Sort(sort) => sort.fetch.is_some(),
            LogicalPlan::Distinct(datafusion::logical_expr::Distinct::On(_)) => true,
            LogicalPlan::Aggregate(aggregate) => {
                !aggregate
                    .aggr_expr
                    .iter()
                    .all(|expr| is_order_blind(&expr.clone().unalias_nested().data))
                    || sums_floats(&aggregate.schema)
            }
            LogicalPlan::Window(window) => {
                !window.window_expr.iter().all(|expr| {
                    matches!(expr.clone().unalias_nested().data, Expr::WindowFunction(call)
                    if matches!(call.fun, WindowFunctionDefinition::AggregateUDF(_))
                        && call.params.window_frame.units != WindowFrameUnits::Rows
                        && is_order_blind_function(call.fun.name()))
                }) || sums_floats(&window.schema)
            }
            LogicalPlan::Extension(_) | LogicalPlan::RecursiveQuery(_) => true,
            _ => false,
        };
        node.apply_expressions(|expr| {
            found.order |= is_volatile(expr);
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Whether a result may be a sum that rounds by the order of its rows.
fn sums_floats(schema: &DFSchema) -> bool {
    schema.fields().iter().any(|field| field.data_type().is_floating())
}

fn list(schema: &DFSchema, values: Rows) -> Result<LogicalPlan> {
    if values.is_empty() {
        let schema = Arc::new(schema.clone());
        return Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }));
    }
    // Whether a column is nullable follows from its values, wherever they came from.
    let fields = schema.iter().enumerate().map(|(place, (qualifier, field))| {
        let null = |row: &Vec<Expr>| !matches!(row.get(place), Some(Expr::Literal(value, _)) if !value.is_null());
        let nullable = values.iter().any(null);
        (qualifier.cloned(), Arc::new(field.as_ref().clone().with_nullable(nullable)))
    });
    let schema = DFSchema::new_with_metadata(fields.collect(), schema.metadata().clone())?;
    Ok(LogicalPlan::Values(Values { schema: Arc::new(schema), values }))
}

fn is_literals(rows: &[Vec<Expr>]) -> bool {
    rows.iter().flatten().all(|expr| matches!(expr, Expr::Literal(..)))
}

/// A list of one row is a projection of one row; a longer one is sorted.
fn of_values(values: &Values, sorts: bool) -> Result<Option<LogicalPlan>> {
    if let [row] = values.values.as_slice() {
        let columns = values.schema.columns().into_iter();
        let exprs = row.iter().cloned().zip(columns);
        let exprs = exprs.map(|(expr, column)| aliased(expr, &column)).collect();
        let one = EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) };
        let one = Arc::new(LogicalPlan::EmptyRelation(one));
        return Ok(Some(LogicalPlan::Projection(Projection::try_new(exprs, one)?)));
    }
    if !is_known(values) {
        return Ok(None);
    }
    let mut keyed = keyed(&values.values)?;
    if sorts {
        // First by the values alone, so that an order of columns that rests on the rows does not
        // change that of the rows.
        keyed.sort_by_cached_key(|(row, _)| {
            let mut values = row.clone();
            values.sort();
            (values, row.clone())
        });
    }
    let rows: Rows = keyed.into_iter().map(|(_, row)| row.clone()).collect();
    let moved = rows != values.values;
    let listed = list(&values.schema, rows)?;
    let nullable = |schema: &DFSchema| -> Vec<bool> {
        schema.fields().iter().map(|field| field.is_nullable()).collect()
    };
    let same = !moved && nullable(listed.schema()) == nullable(&values.schema);
    Ok((!same).then_some(listed))
}

fn keyed(rows: &[Vec<Expr>]) -> Result<Vec<(Vec<PlanKey>, &Vec<Expr>)>> {
    let key = |row: &Vec<Expr>| -> Result<Vec<PlanKey>> {
        row.iter().map(|expr| expression_key(expr, &[])).collect()
    };
    rows.iter().map(|row| Ok((key(row)?, row))).collect()
}

/// An expression over the columns of a list, on each of its rows.
fn computed(expr: &Expr, values: &Values, cx: &PassContext) -> Result<Option<Vec<Expr>>> {
    if is_volatile(expr) || is_fallible(expr, values.schema.as_ref()) {
        return Ok(None);
    }
    let subquery = |expr: &Expr| Ok(crate::property::subquery_of(expr).is_some());
    if expr.exists(subquery)? {
        return Ok(None);
    }
    let columns = values.schema.columns();
    let nothing: DFSchemaRef = Arc::new(DFSchema::empty());
    let mut found = Vec::with_capacity(values.values.len());
    for row in &values.values {
        let map: HashMap<Column, Expr> = columns.iter().cloned().zip(row.iter().cloned()).collect();
        let context = SimplifyContext::builder()
            .with_schema(Arc::clone(&nothing))
            .with_config_options(cx.options())
            .with_query_execution_start_time(None)
            .build();
        let expr = substituted(expr.clone().unalias_nested().data, &map)?;
        match ExprSimplifier::new(context).simplify(expr)? {
            Expr::Literal(value, _) => found.push(Expr::Literal(value, None)),
            _ => return Ok(None),
        }
    }
    Ok(Some(found))
}

fn is_known(values: &Values) -> bool {
    values.values.len() <= MOST_ROWS && is_literals(&values.values)
}

fn projected(
    projection: &Projection,
    values: &Values,
    cx: &PassContext,
) -> Result<Option<LogicalPlan>> {
    if !is_known(values) || projection.expr.is_empty() {
        return Ok(None);
    }
    let mut rows: Rows = vec![Vec::new(); values.values.len()];
    for (expr, field) in projection.expr.iter().zip(projection.schema.fields()) {
        let Some(column) = computed(expr, values, cx)? else { return Ok(None) };
        for (row, value) in rows.iter_mut().zip(column) {
            if !matches!(&value, Expr::Literal(value, _) if value.data_type() == *field.data_type())
            {
                return Ok(None);
            }
            row.push(value);
        }
    }
    list(&projection.schema, rows).map(Some)
}

fn filtered(predicate: &Expr, values: &Values, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    if !is_known(values) {
        return Ok(None);
    }
    let Some(passes) = computed(predicate, values, cx)? else { return Ok(None) };
    let holds = |(_, value): &(&Vec<Expr>, Expr)| {
        matches!(value, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
    };
    let rows = values.values.iter().zip(passes).filter(holds);
    let rows = rows.map(|(row, _)| row.clone()).collect();
    list(&values.schema, rows).map(Some)
}

/// The literals of a relation that is one row.
fn row_of(plan: &LogicalPlan) -> Option<Vec<Expr>> {
    let LogicalPlan::Projection(projection) = plan else { return None };
    let LogicalPlan::EmptyRelation(empty) = projection.input.as_ref() else { return None };
    let exprs = projection.expr.iter().map(|expr| expr.clone().unalias_nested().data);
    let row: Vec<Expr> = exprs.collect();
    let literals = row.iter().all(|expr| matches!(expr, Expr::Literal(..)));
    (empty.produce_one_row && literals).then_some(row)
}

fn rows_of(plan: &LogicalPlan) -> Option<Rows> {
    match plan {
        LogicalPlan::Values(values) if is_known(values) => Some(values.values.clone()),
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            // Only under other names.
            LogicalPlan::Values(values) if is_known(values) => {
                let columns = values.schema.columns();
                let same = projection.expr.len() == columns.len()
                    && projection.expr.iter().zip(&columns).all(|(expr, column)| {
                        matches!(expr.clone().unalias_nested().data, Expr::Column(own) if own == *column)
                    });
                same.then(|| values.values.clone())
            }
            _ => row_of(plan).map(|row| vec![row]),
        },
        _ => None,
    }
}

/// The inputs of a union that stand in the query are one list.
fn united(union: &Union) -> Result<Option<LogicalPlan>> {
    let found: Vec<Option<Rows>> = union.inputs.iter().map(|input| rows_of(input)).collect();
    let lists = found.iter().flatten().count();
    let rows: usize = found.iter().flatten().map(Vec::len).sum();
    if lists < 2 || rows > MOST_ROWS {
        return Ok(None);
    }
    let types: Vec<_> = union.schema.fields().iter().map(|f| f.data_type().clone()).collect();
    let fits = |row: &Vec<Expr>| {
        row.len() == types.len()
            && row.iter().zip(&types).all(|(expr, data_type)| {
                matches!(expr, Expr::Literal(value, _) if value.data_type() == *data_type)
            })
    };
    if types.is_empty() || !found.iter().flatten().flatten().all(fits) {
        return Ok(None);
    }
    let mut all = Rows::new();
    let mut inputs = Vec::new();
    for (input, rows) in union.inputs.iter().zip(found) {
        match rows {
            Some(rows) => all.extend(rows),
            None => inputs.push(Arc::clone(input)),
        }
    }
    let listed = list(&union.schema, all)?;
    if inputs.is_empty() {
        return Ok(Some(listed));
    }
    inputs.push(Arc::new(listed));
    Ok(Some(LogicalPlan::Union(Union { inputs, schema: Arc::clone(&union.schema) })))
}

/// DISTINCT over all columns of a list.
fn distinct(
    grouping: &Grouping,
    schema: &DFSchema,
    values: &Values,
) -> Result<Option<LogicalPlan>> {
    if !is_known(values) || !grouping.is_distinct() {
        return Ok(None);
    }
    let columns = values.schema.columns();
    let mut places = Vec::new();
    for key in &grouping.keys {
        let Expr::Column(column) = &key.expr else { return Ok(None) };
        let Some(place) = columns.iter().position(|own| own == column) else { return Ok(None) };
        if !is_exact_equality(values.schema.field(place).data_type()) {
            return Ok(None);
        }
        places.push(place);
    }
    let mut rows = Rows::new();
    for row in &values.values {
        let row: Vec<Expr> = places.iter().filter_map(|at| row.get(*at).cloned()).collect();
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    list(schema, rows).map(Some)
}
