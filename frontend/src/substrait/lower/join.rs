//! Joins.

use std::sync::Arc;

use datafusion::common::{JoinType, ScalarValue};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::lit;
use planc_ir::substrait::{is_single_join, join_type};
use substrait::proto::JoinRel;

use super::rel::{no_window, plain};
use super::{Lowering, all_columns, steady};
use crate::substrait::fault::{Result, invalid, unsupported};

impl Lowering<'_> {
    pub(super) fn join(&mut self, join: &JoinRel) -> Result<LogicalPlan> {
        plain(&join.advanced_extension)?;
        let left = self.step("[0]", |l| l.input(join.left.as_deref()))?;
        let right = self.step("[1]", |l| l.input(join.right.as_deref()))?;
        if join.post_join_filter.is_some() {
            return Err(unsupported("a filter after a join, within it")
                .help("let the producer write a filter above the join"));
        }
        let join_type = match join_type(join.r#type) {
            Some(join_type) => join_type,
            None if is_single_join(join.r#type) => return Err(unsupported("a single join")),
            None => return Err(invalid("a join has no type")),
        };
        let condition = match join.expression.as_deref() {
            Some(condition) => {
                let both = left.schema().join(right.schema())?;
                let condition = self.step("condition", |l| l.condition(condition, &both))?;
                no_window(&condition)?;
                Some(condition)
            }
            None if join_type == JoinType::Inner => None,
            None => return Err(invalid("an outer join has no condition")),
        };
        let plan = match (condition, join_type) {
            (None, _) => LogicalPlanBuilder::from(left).cross_join(right)?.build()?,
            (Some(condition), JoinType::LeftMark) => self.marked(left, right, condition)?,
            (Some(condition), JoinType::RightMark) => self.marked(right, left, condition)?,
            (Some(condition), _) => joined(left, right, join_type, condition)?,
        };
        self.emitted(plan, join.common.as_ref())
    }

    /// The rows of one input, each with a mark: true where a row of the other matches, null where
    /// none does and one may, and false otherwise. DataFusion's marks are never null, so what may
    /// match has a mark of its own.
    fn marked(
        &mut self,
        rows: LogicalPlan,
        others: LogicalPlan,
        condition: Expr,
    ) -> Result<LogicalPlan> {
        let both = rows.schema().join(others.schema())?;
        let doubtful = condition.nullable(&both)?;
        if doubtful && (condition.is_volatile() || !steady(&others)?) {
            return Err(unsupported("a mark join with a random value"));
        }
        let kept = all_columns(rows.schema());
        let may = condition.clone().is_null();
        let (plan, matches) = self.with_mark(rows, others.clone(), condition)?;
        let (plan, mark) = if doubtful {
            let (plan, doubts) = self.with_mark(plan, others, may)?;
            let branches = vec![
                (Box::new(matches), Box::new(lit(true))),
                (Box::new(doubts), Box::new(lit(ScalarValue::Boolean(None)))),
            ];
            (plan, Expr::Case(Case::new(None, branches, Some(Box::new(lit(false))))))
        } else {
            (plan, matches)
        };
        let output = kept.into_iter().chain([mark.alias(self.fresh())]);
        Ok(LogicalPlanBuilder::from(plan).project(output)?.build()?)
    }

    /// DataFusion's mark join, its mark under a fresh name.
    fn with_mark(
        &mut self,
        rows: LogicalPlan,
        others: LogicalPlan,
        condition: Expr,
    ) -> Result<(LogicalPlan, Expr)> {
        let plan = joined(rows, others, JoinType::LeftMark, condition)?;
        let mut columns = all_columns(plan.schema());
        let mark = columns.pop().ok_or_else(|| invalid("a mark join has no columns"))?;
        let name = self.fresh();
        columns.push(mark.alias(&name));
        let plan = LogicalPlanBuilder::from(plan).project(columns)?.build()?;
        Ok((plan, Expr::Column(datafusion::common::Column::from_name(name))))
    }
}

fn joined(
    left: LogicalPlan,
    right: LogicalPlan,
    join_type: JoinType,
    condition: Expr,
) -> Result<LogicalPlan> {
    let conjuncts = split_conjunction_owned(condition);
    let builder = LogicalPlanBuilder::new_from_arc(Arc::new(left));
    Ok(builder.join_on(right, join_type, conjuncts)?.build()?)
}
