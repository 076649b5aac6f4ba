//! Joins.

use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use substrait::proto::JoinRel;
use substrait::proto::join_rel::JoinType as Type;

use super::Lowering;
use super::rel::{no_window, plain};
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
        let join_type = match Type::try_from(join.r#type) {
            Ok(Type::Inner) => JoinType::Inner,
            Ok(Type::Left) => JoinType::Left,
            Ok(Type::Right) => JoinType::Right,
            Ok(Type::Outer) => JoinType::Full,
            Ok(Type::LeftSemi) => JoinType::LeftSemi,
            Ok(Type::RightSemi) => JoinType::RightSemi,
            Ok(Type::LeftAnti) => JoinType::LeftAnti,
            Ok(Type::RightAnti) => JoinType::RightAnti,
            Ok(Type::LeftMark | Type::RightMark) => {
                return Err(unsupported("a mark join, whose nulls producers mean differently"));
            }
            Ok(Type::LeftSingle | Type::RightSingle) => return Err(unsupported("a single join")),
            _ => return Err(invalid("a join has no type")),
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
        let plan = match condition {
            None => LogicalPlanBuilder::from(left).cross_join(right)?.build()?,
            Some(condition) => {
                let conjuncts = split_conjunction_owned(condition);
                let builder = LogicalPlanBuilder::new_from_arc(Arc::new(left));
                builder.join_on(right, join_type, conjuncts)?.build()?
            }
        };
        self.emitted(plan, join.common.as_ref())
    }
}
