//! INTERSECT ALL and EXCEPT ALL that count how often a row is there.
//!
//! DataFusion plans both as a semi or anti join, which keeps a row as often as the left side has
//! it, or not at all. Here the rows that equal each other are numbered on both sides, and the
//! numbers have to be equal, too: of three rows on the left and two on the right, INTERSECT ALL
//! keeps the first two, and EXCEPT ALL the third.

use std::sync::Arc;

use datafusion::common::{Column, NullEquality, Result};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Distinct, Expr, ExprFunctionExt, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection,
    Window, WindowFunctionDefinition,
};

/// The name of the numbers, which are gone above the join.
const NUMBER: &str = "number of the equal row";

/// `left INTERSECT ALL right`.
///
/// # Errors
/// Where the sides are of different widths.
pub(crate) fn intersect(left: LogicalPlan, right: LogicalPlan) -> Result<LogicalPlan> {
    counted(LogicalPlanBuilder::intersect(left, right, true)?)
}

/// `left EXCEPT ALL right`.
///
/// # Errors
/// Where the sides are of different widths.
pub(crate) fn except(left: LogicalPlan, right: LogicalPlan) -> Result<LogicalPlan> {
    counted(LogicalPlanBuilder::except(left, right, true)?)
}

/// Whether this is what DataFusion plans for INTERSECT ALL or EXCEPT ALL.
pub(crate) fn counts(join: &Join) -> bool {
    // Without ALL, and where its rows are distinct anyway, the left side is made distinct.
    matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti)
        && join.null_equality == NullEquality::NullEqualsNull
        && join.filter.is_none()
        && !matches!(join.left.as_ref(), LogicalPlan::Distinct(Distinct::All(_)))
}

/// The join of such a plan with rows that are counted; any other plan as it is.
///
/// # Errors
/// Those of DataFusion's constructors.
pub(crate) fn counted(plan: LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Join(mut join) = plan else { return Ok(plan) };
    if !counts(&join) {
        return Ok(LogicalPlan::Join(join));
    }
    let output: Vec<Expr> = join.left.schema().columns().into_iter().map(Expr::Column).collect();
    let (left, right) = join.on.iter().cloned().unzip();
    join.left = numbered(join.left, left)?;
    join.right = numbered(join.right, right)?;
    let (left, right) = (number(&join.left), number(&join.right));
    join.on.push((left, right));
    let plan = LogicalPlan::Join(join).recompute_schema()?;
    Ok(LogicalPlan::Projection(Projection::try_new(output, Arc::new(plan))?))
}

/// The rows with their numbers among those that equal them.
fn numbered(input: Arc<LogicalPlan>, keys: Vec<Expr>) -> Result<Arc<LogicalPlan>> {
    let function = WindowFunctionDefinition::WindowUDF(row_number_udwf());
    let number = Expr::from(WindowFunction::new(function, Vec::new()));
    let number = number.partition_by(keys).build()?.alias(NUMBER);
    Ok(Arc::new(LogicalPlan::Window(Window::try_new(vec![number], input)?)))
}

fn number(plan: &LogicalPlan) -> Expr {
    // It is the last column.
    let last = plan.schema().columns().pop();
    Expr::Column(last.unwrap_or_else(|| Column::from_name(NUMBER)))
}
