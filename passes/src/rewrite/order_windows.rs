//! Windows are computed in an order of their own, and written in one way.
//!
//! Partition keys have no order, and constants and repeats among them part nothing; an order key
//! that is constant, a partition key or a repeat decides nothing. A function that ranks reads no
//! frame. An aggregate whose frame is the whole partition reads no order, and neither does one
//! over all peers where all rows of the partition are peers. Relations of windows that do not
//! read each other commute: there is one for each partitioning and order, as DataFusion wants.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, Window, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition,
};
use planc_ir::key::{PlanKey, expression_key};

use crate::PassContext;
use crate::grouping::{Defined, aliased, is_order_blind_function, restored};
use crate::property::{is_volatile, known_constants};

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::Window(window) => {
            let before = LogicalPlan::Window(window);
            let after = ordered(&before)?;
            let changed = after != before;
            Ok(Transformed::new_transformed(after, changed))
        }
        other => Ok(Transformed::no(other)),
    })
}

/// The windows on top of each other, and what is below.
fn chain<'p>(window: &'p Window, list: &mut Vec<Defined>) -> &'p Arc<LogicalPlan> {
    let first = window.schema.fields().len() - window.window_expr.len();
    let columns = window.schema.columns().into_iter().skip(first);
    list.extend(
        columns
            .zip(&window.window_expr)
            .map(|(column, expr)| Defined { column, expr: expr.clone().unalias_nested().data }),
    );
    match window.input.as_ref() {
        LogicalPlan::Window(inner) => chain(inner, list),
        _ => &window.input,
    }
}

fn ordered(plan: &LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Window(window) = plan else { return Ok(plan.clone()) };
    let mut list = Vec::new();
    let base = chain(window, &mut list);
    if list.iter().any(|defined| is_volatile(&defined.expr)) {
        return Ok(plan.clone());
    }
    let fixed = known_constants(base);
    let mut rest = Vec::with_capacity(list.len());
    for Defined { column, expr } in list {
        let expr = match expr {
            Expr::WindowFunction(call) => {
                Expr::WindowFunction(Box::new(normal(*call, plan.schema(), &fixed)?))
            }
            other => other,
        };
        rest.push(Defined { column, expr });
    }
    let mut input = Arc::clone(base);
    let mut same: HashMap<Column, Expr> = HashMap::new();
    while !rest.is_empty() {
        // What reads none of the others comes first.
        let waits = |defined: &Defined| {
            let refs = defined.expr.column_refs();
            rest.iter().any(|other| refs.contains(&other.column))
        };
        let waiting: Vec<bool> = rest.iter().map(waits).collect();
        if waiting.iter().all(|waits| *waits) {
            return Ok(plan.clone());
        }
        let mut places = waiting.into_iter();
        let (later, ready): (Vec<Defined>, Vec<Defined>) =
            rest.into_iter().partition(|_| places.next().unwrap_or(false));
        rest = later;
        let mut groups: BTreeMap<Vec<PlanKey>, BTreeMap<PlanKey, Vec<Defined>>> = BTreeMap::new();
        for defined in ready {
            let schema = input.schema();
            let over = over(&defined.expr, schema)?;
            let key = expression_key(&defined.expr, &[schema])?;
            groups.entry(over).or_default().entry(key).or_default().push(defined);
        }
        for group in groups.into_values() {
            let mut exprs = Vec::with_capacity(group.len());
            for equal in group.into_values() {
                let mut equal = equal.into_iter();
                let Some(first) = equal.next() else { continue };
                exprs.push(aliased(first.expr, &first.column));
                same.extend(equal.map(|d| (d.column, Expr::Column(first.column.clone()))));
            }
            input = Arc::new(LogicalPlan::Window(Window::try_new(exprs, input)?));
        }
    }
    let built = Arc::unwrap_or_clone(input);
    if same.is_empty() && built.schema().columns() == plan.schema().columns() {
        return Ok(built);
    }
    if same.is_empty() && built.schema().columns().len() == plan.schema().columns().len() {
        // Names are unique, so that the order of columns is nobody's matter but the output's.
        return Ok(built);
    }
    restored(built, plan.schema(), &same)
}

/// What a window is partitioned and ordered by.
fn over(expr: &Expr, schema: &DFSchema) -> Result<Vec<PlanKey>> {
    let Expr::WindowFunction(call) = expr else { return Ok(Vec::new()) };
    let mut keys = Vec::new();
    for key in &call.params.partition_by {
        keys.push(expression_key(key, &[schema])?);
    }
    keys.push(expression_key(&Expr::default(), &[schema])?);
    for key in &call.params.order_by {
        keys.push(expression_key(&key.expr, &[schema])?);
        let way =
            datafusion::logical_expr::lit(i64::from(key.asc) * 2 + i64::from(key.nulls_first));
        keys.push(expression_key(&way, &[schema])?);
    }
    Ok(keys)
}

/// A window function, written in one way.
fn normal(
    mut call: WindowFunction,
    schema: &DFSchema,
    fixed: &HashMap<Column, ScalarValue>,
) -> Result<WindowFunction> {
    let whole = Expr::WindowFunction(Box::new(call.clone()));
    let exact = !whole.get_type(schema)?.is_floating();
    let name = call.fun.name().to_owned();
    let blind = matches!(call.fun, WindowFunctionDefinition::AggregateUDF(_))
        && is_order_blind_function(&name)
        && (exact || matches!(name.as_str(), "min" | "max"));
    let ranks = matches!(
        name.as_str(),
        "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile"
    );
    let params = &mut call.params;
    let mut keyed = BTreeMap::new();
    for key in std::mem::take(&mut params.partition_by) {
        let constant = match &key {
            Expr::Literal(..) => true,
            Expr::Column(column) => fixed.contains_key(column),
            _ => false,
        };
        if !constant {
            keyed.insert(expression_key(&key, &[schema])?, key);
        }
    }
    params.partition_by = keyed.into_values().collect();

    // Where no NULL is, they sort neither first nor last.
    for key in &mut params.order_by {
        if let Expr::Column(column) = &key.expr
            && schema.field_from_column(column).is_ok_and(|field| !field.is_nullable())
        {
            key.nulls_first = !key.asc;
        }
    }

    let frame = &params.window_frame;
    let starts = matches!(&frame.start_bound, WindowFrameBound::Preceding(v) if v.is_null());
    let ends = matches!(&frame.end_bound, WindowFrameBound::Following(v) if v.is_null());
    let peers = starts
        && frame.units == WindowFrameUnits::Range
        && frame.end_bound == WindowFrameBound::CurrentRow;
    let mut kept: Vec<datafusion::logical_expr::SortExpr> = Vec::new();
    for key in &params.order_by {
        let decides = !matches!(key.expr, Expr::Literal(..))
            && !params.partition_by.contains(&key.expr)
            && !kept.iter().any(|other| other.expr == key.expr);
        if decides {
            kept.push(key.clone());
        }
    }
    // A frame of distances has one key, and keeps it.
    if !kept.is_empty() {
        params.order_by = kept;
    } else if blind && peers && !params.order_by.is_empty() {
        params.order_by.clear();
        params.window_frame = WindowFrame::new(None);
    }
    if blind && starts && ends {
        params.order_by.clear();
        params.window_frame = WindowFrame::new(None);
    }
    if ranks {
        params.window_frame = WindowFrame::new((!params.order_by.is_empty()).then_some(false));
    }
    Ok(call)
}
