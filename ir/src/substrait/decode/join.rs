//! Joins.

use std::sync::Arc;

use datafusion::common::{JoinConstraint, JoinType, NullEquality, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Operator, Projection};
use substrait::proto::expression::RexType;
use substrait::proto::function_argument::ArgType;
use substrait::proto::rel::RelType;
use substrait::proto::{CrossRel, Expression, JoinRel, Rel};

use super::expr::subquery;
use super::function::operator;
use super::names::Columns;
use super::rel::plain;
use super::{Decoder, Result, malformed, unknown};
use crate::key::is_lateral;
use crate::substrait::extension::{Lateral, NullAware, type_url};
use crate::substrait::functions::{Meaning, meaning};
use crate::substrait::kinds::{is_single_join, join_type};

impl Decoder<'_> {
    pub(super) fn cross(&mut self, cross: &CrossRel) -> Result<LogicalPlan> {
        let (left, right) = self.sides(cross.left.as_deref(), cross.right.as_deref())?;
        plain(&cross.advanced_extension)?;
        let join = joined(left, right, Vec::new(), None, JoinType::Inner, Operator::Eq, false)?;
        self.emitted(without_extra(join)?, cross.common.as_ref())
    }

    pub(super) fn join(&mut self, join: &JoinRel) -> Result<LogicalPlan> {
        let (mut left, mut right) = self.sides(join.left.as_deref(), join.right.as_deref())?;
        if join.post_join_filter.is_some() {
            return Err(unknown("a filter after a join, within it"));
        }
        let join_type = match join_type(join.r#type) {
            Some(join_type) => join_type,
            None if is_single_join(join.r#type) => return Err(unknown("a single join")),
            None => return Err(malformed("a join has no type")),
        };
        match join_type {
            JoinType::LeftMark => right = self.unqualified(right)?,
            JoinType::RightMark => left = self.unqualified(left)?,
            _ => {}
        }
        let enhancement = join.advanced_extension.as_ref();
        let null_aware = match enhancement.and_then(|advanced| advanced.enhancement.as_ref()) {
            None => None,
            Some(any) if any.type_url == type_url::<NullAware>() => {
                Some(self.message::<NullAware>(any.value.as_ref())?)
            }
            Some(any) => return Err(unknown(format_args!("the message {}", any.type_url))),
        };
        let columns = Columns::of([left.schema().as_ref(), right.schema().as_ref()]);
        let condition = join.expression.as_deref();
        let condition = condition.ok_or_else(|| malformed("it has no condition"))?;
        let conjuncts = self.step("expression", |decoder| {
            let condition = decoder.whole_expression(condition)?;
            let parts = decoder.conjuncts(&condition)?;
            let conjuncts = parts.into_iter().map(|part| decoder.expression(part, &columns));
            conjuncts.collect::<Result<Vec<_>>>()
        })?;
        let side = |expr: &Expr, plan: &LogicalPlan| {
            let columns = expr.column_refs();
            let schema = plan.schema();
            !columns.is_empty() && columns.iter().all(|column| schema.is_column_from_schema(column))
        };
        let equality = |expr: &Expr| match expr {
            Expr::BinaryExpr(BinaryExpr {
                left: l,
                op: op @ (Operator::Eq | Operator::IsNotDistinctFrom),
                right: r,
            }) if side(l, &left) && side(r, &right) => Some(*op),
            _ => None,
        };
        // The equalities at the head are the keys; all of them compare nulls alike.
        let op = conjuncts.first().and_then(equality).unwrap_or(Operator::Eq);
        let keys = conjuncts.iter().take_while(|expr| equality(expr) == Some(op)).count();
        let keys = match &null_aware {
            None => keys,
            Some(detail) => {
                let wanted = usize::try_from(detail.keys).unwrap_or(usize::MAX);
                if wanted > keys {
                    return Err(malformed("a null-aware join has fewer keys than it says"));
                }
                wanted
            }
        };
        let mut on = Vec::with_capacity(keys);
        let mut rest = Vec::new();
        for (at, conjunct) in conjuncts.into_iter().enumerate() {
            match conjunct {
                Expr::BinaryExpr(BinaryExpr { left, right, .. }) if at < keys => {
                    on.push((*left, *right));
                }
                Expr::Literal(ScalarValue::Boolean(Some(true)), _) => {}
                other => rest.push(other),
            }
        }
        let filter = match rest.len() {
            0 | 1 => rest.pop(),
            _ => Some(operator(Operator::And, rest)?),
        };
        let null_aware = null_aware.is_some();
        let plan = joined(left, right, on, filter, join_type, op, null_aware)?;
        let plan = match join_type {
            JoinType::LeftMark | JoinType::RightMark => self.mark_renamed(plan)?,
            _ => without_extra(plan)?,
        };
        self.emitted(plan, join.common.as_ref())
    }

    /// A mark has the qualifier of its side's first column, which DataFusion's optimizer may take
    /// away: with no qualifiers there the mark keeps its name.
    fn unqualified(&mut self, plan: Arc<LogicalPlan>) -> Result<Arc<LogicalPlan>> {
        let columns = Columns::of([plan.schema().as_ref()]).exprs().into_iter();
        let named = columns.map(|column| column.alias(self.names.column())).collect();
        Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(named, plan)?)))
    }

    /// Every mark column is called `mark`; a fresh name tells this one from the others.
    fn mark_renamed(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let mut columns = Columns::of([plan.schema().as_ref()]).exprs();
        if let Some(mark) = columns.pop() {
            columns.push(mark.alias(self.names.column()));
        }
        Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?))
    }

    /// Both inputs; the right one sees the left one's columns where it is lateral.
    fn sides(
        &mut self,
        left: Option<&Rel>,
        right: Option<&Rel>,
    ) -> Result<(Arc<LogicalPlan>, Arc<LogicalPlan>)> {
        let missing = || malformed("a join has an input too few");
        let left = left.ok_or_else(missing)?;
        let right = right.ok_or_else(missing)?;
        let left = self.step("left", |decoder| decoder.relation(left))?;
        let right = self.whole_relation(right)?;
        let right = self.step("right", |decoder| match &right.rel_type {
            Some(RelType::ExtensionSingle(single))
                if single
                    .detail
                    .as_ref()
                    .is_some_and(|detail| detail.type_url == type_url::<Lateral>()) =>
            {
                let inner = single.input.as_deref().ok_or_else(missing)?;
                let columns = Columns::of([left.schema().as_ref()]);
                let plan = decoder.correlated(inner, &columns)?;
                Ok(LogicalPlan::Subquery(subquery(plan)))
            }
            _ => decoder.relation(&right),
        })?;
        Ok((Arc::new(left), Arc::new(right)))
    }

    /// The operands of an AND, or the expression itself.
    fn conjuncts<'e>(&self, condition: &'e Expression) -> Result<Vec<&'e Expression>> {
        let Some(RexType::ScalarFunction(call)) = &condition.rex_type else {
            return Ok(vec![condition]);
        };
        let declared = self.functions.get(&call.function_reference);
        let is_and = declared.is_some_and(|declared| {
            meaning(&declared.urn, &declared.name, &[])
                == Ok(Some(Meaning::Operator(Operator::And)))
        });
        if !is_and || !call.options.is_empty() {
            return Ok(vec![condition]);
        }
        let operand = |argument: &'e substrait::proto::FunctionArgument| match &argument.arg_type {
            Some(ArgType::Value(value)) => Ok(value),
            _ => Err(malformed("AND has an argument that is no value")),
        };
        call.arguments.iter().map(operand).collect()
    }
}

/// DataFusion's decorrelation leaves columns of its own in a lateral join, which a projection
/// above it takes away.
fn without_extra(plan: LogicalPlan) -> Result<LogicalPlan> {
    match &plan {
        LogicalPlan::Join(join) if is_lateral(&join.right) => {
            let columns = Columns::of([plan.schema().as_ref()]).exprs();
            Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?))
        }
        _ => Ok(plan),
    }
}

fn joined(
    left: Arc<LogicalPlan>,
    right: Arc<LogicalPlan>,
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
    join_type: JoinType,
    equality: Operator,
    null_aware: bool,
) -> Result<LogicalPlan> {
    let nulls = match equality {
        Operator::IsNotDistinctFrom => NullEquality::NullEqualsNull,
        _ => NullEquality::NullEqualsNothing,
    };
    let constraint = JoinConstraint::On;
    let join = Join::try_new(left, right, on, filter, join_type, constraint, nulls, null_aware)?;
    Ok(LogicalPlan::Join(join))
}
