//! Joins.

use arrow::datatypes::DataType;
use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, ExprSchemable, Join, Operator};
use substrait::proto::expression::RexType;
use substrait::proto::rel::RelType;
use substrait::proto::{CrossRel, Expression, JoinRel, Rel};

use super::rel::{direct, rel};
use super::{Encoder, Result, broken, refuse};
use crate::key::{Scope, chain, is_lateral, is_true};
use crate::substrait::extension::NullAware;
use crate::substrait::functions::Meaning;
use crate::substrait::kinds::standard_join;

impl<'a> Encoder<'a> {
    /// The `on` pairs and the filter are one condition: the conjuncts in that order.
    pub(super) fn join(&mut self, join: &'a Join) -> Result<Rel> {
        let Join {
            left,
            right,
            on,
            filter,
            join_type,
            join_constraint: _,
            schema: _,
            null_equality,
            null_aware,
        } = join;
        let left_rel = self.boxed_relation(left)?;
        let lateral = is_lateral(right);
        if lateral {
            self.outer.push(Scope::of(left.schema()));
        }
        let right_rel = self.boxed_relation(right);
        if lateral {
            self.outer.pop();
        }
        let right_rel = right_rel?;
        let left_side = Scope::of(left.schema());
        let right_side = Scope::right(left.schema(), right.schema());
        let both = Scope::over([left.schema().as_ref(), right.schema().as_ref()]);
        let equality = Meaning::Operator(match null_equality {
            NullEquality::NullEqualsNothing => Operator::Eq,
            NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
        });
        let mut conjuncts = Vec::new();
        let mut nullable = false;
        for (l, r) in on {
            let types = [self.type_in(l, &left_side)?, self.type_in(r, &right_side)?];
            let either = l.nullable(&left_side).map_err(broken)?
                || r.nullable(&right_side).map_err(broken)?;
            nullable |= either;
            let arguments = vec![self.expression(l, &left_side)?, self.expression(r, &right_side)?];
            let equal = self.call_with(equality, arguments, &types, &DataType::Boolean, either)?;
            conjuncts.push(Expression { rex_type: Some(equal) });
        }
        if let Some(filter) = filter {
            let mut parts: Vec<&'a Expr> = Vec::new();
            chain(filter, Operator::And, &mut parts);
            parts.retain(|part| !is_true(part));
            for part in parts {
                nullable |= part.nullable(&both).map_err(broken)?;
                conjuncts.push(self.expression(part, &both)?);
            }
        }
        if conjuncts.is_empty() && *join_type == JoinType::Inner {
            return Ok(rel(RelType::Cross(Box::new(CrossRel {
                common: direct(),
                left: left_rel,
                right: right_rel,
                advanced_extension: None,
            }))));
        }
        let expression = if conjuncts.len() > 1 {
            let types = vec![DataType::Boolean; conjuncts.len()];
            let and = Meaning::Operator(Operator::And);
            let all = self.call_with(and, conjuncts, &types, &DataType::Boolean, nullable)?;
            Some(Expression { rex_type: Some(all) })
        } else {
            conjuncts.pop()
        };
        let expression = match expression {
            Some(expression) => expression,
            None => {
                let yes = datafusion::common::ScalarValue::Boolean(Some(true));
                Expression { rex_type: Some(RexType::Literal(self.literal(&yes, false)?)) }
            }
        };
        let advanced_extension = if *null_aware {
            let keys = u32::try_from(on.len()).map_err(refuse)?;
            Some(self.enhancement(&NullAware { keys }))
        } else {
            None
        };
        Ok(rel(RelType::Join(Box::new(JoinRel {
            common: direct(),
            left: left_rel,
            right: right_rel,
            expression: Some(Box::new(expression)),
            post_join_filter: None,
            r#type: standard_join(*join_type) as i32,
            advanced_extension,
        }))))
    }
}
