//! A window over whole partitions of a table is a join with the groups of the table.
//!
//! `sum(x) OVER (PARTITION BY k)` is the sum of the group whose key is not distinct from `k`.
//! Only filtered tables are read twice for that. The rows of rank 1 in the order of a column
//! that is not NULL are those with the least or the greatest value of their partition; where
//! only that and the partition's keys are read, one row of each is the group.
//!
//! Sums of floats stay windows, since they round in the order of the rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{
    Column, DFSchema, ExprSchema, JoinType, NullEquality, Result, ScalarValue, TableReference,
};
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Filter, Join, JoinConstraint, LogicalPlan, Operator,
    Projection, SubqueryAlias, Window, WindowFrame, WindowFunctionDefinition, binary_expr,
};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::grouping::{aliased, is_order_blind_function, over_group, restored, substituted};
use crate::property::{has_subqueries, is_exact_equality, is_volatile, known};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| {
        let new = match &node {
            LogicalPlan::Window(window) => joined(window, cx)?,
            LogicalPlan::Filter(filter) => match filter.input.as_ref() {
                LogicalPlan::Window(window) => extremes(filter, window, cx)?,
                _ => None,
            },
            LogicalPlan::Projection(projection) => first_of_each(projection, cx)?,
            _ => None,
        };
        Ok(new.map_or_else(|| Transformed::no(node), Transformed::yes))
    })
}

/// The functions of a window, each with the column that it defines.
fn functions(window: &Window) -> impl Iterator<Item = (Column, &WindowFunction)> {
    let first = window.schema.fields().len() - window.window_expr.len();
    let columns = window.schema.columns().into_iter().skip(first);
    columns.zip(&window.window_expr).filter_map(|(column, expr)| {
        let mut expr = expr;
        while let Expr::Alias(alias) = expr {
            expr = &alias.expr;
        }
        match expr {
            Expr::WindowFunction(call) => Some((column, call.as_ref())),
            _ => None,
        }
    })
}

/// A table, perhaps filtered, under another name, and its columns under both names.
pub(super) fn copied(plan: &LogicalPlan, cx: &PassContext) -> Result<Option<(LogicalPlan, Names)>> {
    match plan {
        LogicalPlan::Filter(filter)
            if !is_volatile(&filter.predicate) && !has_subqueries(plan)? =>
        {
            let Some((input, names)) = copied(&filter.input, cx)? else { return Ok(None) };
            let predicate = substituted(filter.predicate.clone(), &names)?;
            let filter = Filter::try_new(predicate, Arc::new(input))?;
            Ok(Some((LogicalPlan::Filter(filter), names)))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let LogicalPlan::TableScan(scan) = alias.input.as_ref() else { return Ok(None) };
            // A work table or a call of a function is read once.
            if scan.fetch.is_some() || planc_ir::table_function::reads_no_table(scan) {
                return Ok(None);
            }
            let name = TableReference::bare(cx.fresh());
            let copy = SubqueryAlias::try_new(Arc::clone(&alias.input), name)?;
            let copy = LogicalPlan::SubqueryAlias(copy);
            let own = copy.schema().columns().into_iter().map(Expr::Column);
            let names = alias.schema.columns().into_iter().zip(own).collect();
            Ok(Some((copy, names)))
        }
        _ => Ok(None),
    }
}

pub(super) type Names = HashMap<Column, Expr>;

/// The partition of a function that gives one value for all of its rows.
fn whole_partition<'w>(call: &'w WindowFunction, schema: &DFSchema) -> Option<Vec<&'w Column>> {
    let WindowFunctionDefinition::AggregateUDF(func) = &call.fun else { return None };
    let params = &call.params;
    let whole = params.order_by.is_empty() && params.window_frame == WindowFrame::new(None);
    let result = Expr::WindowFunction(Box::new(call.clone())).get_type(schema).ok()?;
    let exact = !result.is_floating();
    let columns = params.partition_by.iter().map(|key| match key {
        Expr::Column(column) => {
            schema.data_type(column).is_ok_and(is_exact_equality).then_some(column)
        }
        _ => None,
    });
    let columns = columns.collect::<Option<Vec<_>>>()?;
    (whole && exact && is_order_blind_function(func.name())).then_some(columns)
}

fn joined(window: &Window, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let schema = window.input.schema();
    let mut groups: BTreeMap<Vec<&Column>, Vec<(Column, &WindowFunction)>> = BTreeMap::new();
    let mut gone = HashSet::new();
    for (column, call) in functions(window) {
        let volatile = is_volatile(&Expr::WindowFunction(Box::new(call.clone())));
        if let Some(mut keys) = whole_partition(call, schema).filter(|_| !volatile) {
            keys.sort();
            keys.dedup();
            gone.insert(column.clone());
            groups.entry(keys).or_default().push((column, call));
        }
    }
    if groups.is_empty() || copied(&window.input, cx)?.is_none() {
        return Ok(None);
    }
    let first = schema.fields().len();
    let rest = window.window_expr.iter().zip(window.schema.columns().into_iter().skip(first));
    let rest: Vec<Expr> =
        rest.filter(|(_, column)| !gone.contains(column)).map(|(expr, _)| expr.clone()).collect();
    let mut plan = window.input.as_ref().clone();
    if !rest.is_empty() {
        plan = LogicalPlan::Window(Window::try_new(rest, Arc::clone(&window.input))?);
    }
    for (keys, calls) in groups {
        let Some((copy, names)) = copied(&window.input, cx)? else { return Ok(None) };
        let mut condition = Vec::new();
        let mut group = Vec::new();
        for key in keys {
            let own = Column::from_name(cx.fresh());
            let copy = substituted(Expr::Column(key.clone()), &names)?;
            group.push(aliased(copy, &own));
            let (key, own) = (Expr::Column(key.clone()), Expr::Column(own));
            condition.push(binary_expr(key, Operator::IsNotDistinctFrom, own));
        }
        let calls = calls.into_iter().map(|(column, call)| {
            let Some(call) = over_group(call) else {
                return datafusion::common::plan_err!("no aggregate function");
            };
            Ok(aliased(substituted(call, &names)?, &column))
        });
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let group = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(copy), group, calls)?);
        plan = LogicalPlan::Join(Join::try_new(
            Arc::new(plan),
            Arc::new(group),
            Vec::new(),
            conjunction(condition),
            JoinType::Inner,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )?);
    }
    restored(plan, &window.schema, &HashMap::new()).map(Some)
}

/// `column = 1`.
fn asks_for_first(conjunct: &Expr) -> Option<&Column> {
    let Expr::BinaryExpr(binary) = conjunct else { return None };
    match (binary.left.as_ref(), binary.op, binary.right.as_ref()) {
        (Expr::Column(column), Operator::Eq, Expr::Literal(ScalarValue::UInt64(Some(1)), _)) => {
            Some(column)
        }
        _ => None,
    }
}

/// The one order key of a ranking function, which is not NULL: whether it rises, and the column.
fn ranked<'w>(
    call: &'w WindowFunction,
    names: &[&str],
    input: &LogicalPlan,
    cx: &PassContext,
) -> Option<(bool, &'w Column)> {
    let [key] = call.params.order_by.as_slice() else { return None };
    let Expr::Column(column) = &key.expr else { return None };
    let schema = input.schema();
    let exact = is_exact_equality(schema.data_type(column).ok()?);
    let fits = exact
        && names.contains(&call.fun.name())
        && !known(input).is_nullable(&key.expr, schema, cx);
    fits.then_some((key.asc, column))
}

/// The rows of rank 1 are those with an extreme value.
fn extremes(filter: &Filter, window: &Window, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let schema = window.input.schema();
    let conjuncts = split_conjunction_owned(filter.predicate.clone());
    for (place, conjunct) in conjuncts.iter().enumerate() {
        let Some(asked) = asks_for_first(conjunct) else { continue };
        let Some((_, call)) = functions(window).find(|(column, _)| column == asked) else {
            continue;
        };
        let ranks = &["rank", "dense_rank"];
        let Some((asc, value)) = ranked(call, ranks, &window.input, cx) else { continue };
        let own = Column::from_name(cx.fresh());
        let mut extreme = call.clone();
        extreme.fun =
            WindowFunctionDefinition::AggregateUDF(if asc { min_udaf() } else { max_udaf() });
        extreme.params.args = vec![Expr::Column(value.clone())];
        extreme.params.order_by.clear();
        extreme.params.window_frame = WindowFrame::new(None);
        let first = schema.fields().len();
        let columns = window.schema.columns().into_iter().skip(first);
        let kept = window.window_expr.iter().zip(columns).filter(|(_, column)| column != asked);
        let mut exprs: Vec<Expr> = kept.map(|(expr, _)| expr.clone()).collect();
        exprs.push(aliased(Expr::WindowFunction(Box::new(extreme)), &own));
        let input = Window::try_new(exprs, Arc::clone(&window.input))?;
        let reads = |expr: &Expr| expr.column_refs().contains(asked);
        let map = HashMap::from([(asked.clone(), lit(1_u64))]);
        let mut rest = Vec::new();
        for (at, conjunct) in conjuncts.iter().enumerate() {
            if at != place {
                let conjunct = conjunct.clone();
                rest.push(if reads(&conjunct) { substituted(conjunct, &map)? } else { conjunct });
            }
        }
        rest.push(binary_expr(Expr::Column(value.clone()), Operator::Eq, Expr::Column(own)));
        let Some(predicate) = conjunction(rest) else { return Ok(None) };
        let plan = Filter::try_new(predicate, Arc::new(LogicalPlan::Window(input)))?;
        return restored(LogicalPlan::Filter(plan), filter.input.schema(), &map).map(Some);
    }
    Ok(None)
}

/// The first row of each partition, of which only the keys and the order key are read.
fn first_of_each(projection: &Projection, cx: &PassContext) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return Ok(None) };
    let LogicalPlan::Window(window) = filter.input.as_ref() else { return Ok(None) };
    let (Some(asked), [_]) = (asks_for_first(&filter.predicate), window.window_expr.as_slice())
    else {
        return Ok(None);
    };
    let schema = window.input.schema();
    let Some((column, call)) = functions(window).next() else { return Ok(None) };
    let Some((asc, value)) =
        ranked(call, &["row_number"], &window.input, cx).filter(|_| column == *asked)
    else {
        return Ok(None);
    };
    let mut keys = Vec::new();
    for key in &call.params.partition_by {
        let Expr::Column(key) = key else { return Ok(None) };
        if !schema.data_type(key).is_ok_and(is_exact_equality) || key == value {
            return Ok(None);
        }
        keys.push(key.clone());
    }
    let reads =
        |expr: &Expr| expr.column_refs().iter().all(|read| keys.contains(*read) || *read == value);
    if keys.is_empty() || !projection.expr.iter().all(reads) {
        return Ok(None);
    }
    let func = if asc { min_udaf() } else { max_udaf() };
    let args = vec![Expr::Column(value.clone())];
    let call = AggregateFunction::new_udf(func, args, false, None, Vec::new(), None);
    // The extreme takes the name of the column: nothing else of the rows is read.
    let calls = vec![aliased(Expr::AggregateFunction(call), value)];
    let keys = keys.into_iter().map(Expr::Column).collect();
    let groups = Aggregate::try_new(Arc::clone(&window.input), keys, calls)?;
    let groups = Arc::new(LogicalPlan::Aggregate(groups));
    let exprs = projection.expr.clone();
    Ok(Some(LogicalPlan::Projection(Projection::try_new(exprs, groups)?)))
}
