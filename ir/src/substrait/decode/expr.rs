//! Expressions.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::{Column, Spans};
use datafusion::logical_expr::expr::{
    Case, Exists, InList, InSubquery, Lambda, LambdaVariable, Placeholder, SetComparison,
};
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, SortExpr, Subquery, TryCast};
use substrait::proto::expression::cast::FailureBehavior;
#[allow(deprecated, reason = "it is what stand-ins use")]
use substrait::proto::expression::r#enum::EnumKind;
use substrait::proto::expression::field_reference::{ReferenceType, RootType};
use substrait::proto::expression::reference_segment;
use substrait::proto::expression::subquery::set_predicate::PredicateOp;
use substrait::proto::expression::subquery::{self as sub, SubqueryType};
use substrait::proto::expression::{self as e, FieldReference, RexType};
use substrait::proto::sort_field::{SortDirection, SortKind};
use substrait::proto::{DynamicParameter, Expression, Rel, SortField};

use super::names::Columns;
use super::{Decoder, Result, malformed, unknown};
use crate::substrait::extension::NAMED_PARAMETERS;
use crate::substrait::kinds::{comparison as operator, quantifier};

impl Decoder<'_> {
    /// An expression over columns.
    pub(super) fn expression(&mut self, encoded: &Expression, input: &Columns) -> Result<Expr> {
        // Every name is looked up among all columns, some time or other.
        self.spend_lookups(1, input.len())?;
        self.nested(|decoder| decoder.rex(encoded, input))
    }

    /// An expression that must be there.
    pub(super) fn required(
        &mut self,
        name: &str,
        encoded: Option<&Expression>,
        input: &Columns,
    ) -> Result<Expr> {
        self.step(name, |decoder| match encoded {
            Some(encoded) => decoder.expression(encoded, input),
            None => Err(malformed("it is missing")),
        })
    }

    fn boxed(&mut self, encoded: Option<&Expression>, input: &Columns) -> Result<Box<Expr>> {
        let encoded = encoded.ok_or_else(|| malformed("an expression lacks a part"))?;
        Ok(Box::new(self.expression(encoded, input)?))
    }

    pub(super) fn expressions(
        &mut self,
        encoded: &[Expression],
        input: &Columns,
    ) -> Result<Vec<Expr>> {
        encoded.iter().map(|encoded| self.expression(encoded, input)).collect()
    }

    fn rex(&mut self, encoded: &Expression, input: &Columns) -> Result<Expr> {
        let rex = encoded.rex_type.as_ref();
        match rex.ok_or_else(|| malformed("an expression says nothing"))? {
            RexType::Literal(literal) => Ok(Expr::Literal(self.literal(literal)?, None)),
            RexType::Selection(reference) => self.reference(reference, input),
            RexType::ScalarFunction(call) => self.scalar_call(call, input),
            RexType::WindowFunction(call) => self.window_call(call, input),
            RexType::IfThen(if_then) => self.if_then(if_then, input),
            RexType::SwitchExpression(switch) => self.switch(switch, input),
            RexType::SingularOrList(list) => Ok(Expr::InList(InList {
                expr: self.boxed(list.value.as_deref(), input)?,
                list: self.expressions(&list.options, input)?,
                negated: false,
            })),
            RexType::Cast(cast) => self.cast(cast, input),
            RexType::Subquery(subquery) => {
                let kind = subquery.subquery_type.as_ref();
                let kind = kind.ok_or_else(|| malformed("a subquery says nothing"))?;
                self.step("subquery", |decoder| decoder.subquery(kind, input))
            }
            RexType::DynamicParameter(parameter) => self.parameter(parameter),
            RexType::Nested(_) => Err(unknown("a nested constructor")),
            RexType::MultiOrList(_) => Err(unknown("a multi-column IN list")),
            RexType::Lambda(lambda) => self.lambda(lambda, input),
            RexType::LambdaInvocation(_) => Err(unknown("the invocation of a lambda")),
            #[allow(deprecated, reason = "it is what stand-ins use")]
            RexType::Enum(_) => {
                let whole = self.whole_expression(encoded)?;
                self.expression(&whole, input)
            }
        }
    }

    /// An expression that lies deep in the plan, or the one given.
    #[allow(deprecated, reason = "it is what stand-ins use")]
    pub(super) fn whole_expression<'e>(
        &mut self,
        encoded: &'e Expression,
    ) -> Result<Cow<'e, Expression>> {
        let Some(RexType::Enum(stand_in)) = &encoded.rex_type else {
            return Ok(Cow::Borrowed(encoded));
        };
        let Some(EnumKind::Specified(number)) = &stand_in.enum_kind else {
            return Err(unknown("an enum expression"));
        };
        Ok(Cow::Owned(self.piece(number)?))
    }

    fn reference(&mut self, reference: &FieldReference, input: &Columns) -> Result<Expr> {
        let Some(ReferenceType::DirectReference(segment)) = &reference.reference_type else {
            return Err(unknown("a reference that is not direct"));
        };
        let Some(reference_segment::ReferenceType::StructField(field)) = &segment.reference_type
        else {
            return Err(unknown("a reference into a list or map"));
        };
        if field.child.is_some() {
            return Err(unknown("a reference into a struct"));
        }
        let ordinal = usize::try_from(field.field)
            .map_err(|_| malformed(format_args!("there is no column {}", field.field)))?;
        match &reference.root_type {
            None | Some(RootType::RootReference(_)) => {
                Ok(Expr::Column(input.get(ordinal)?.0.clone()))
            }
            Some(RootType::OuterReference(outer)) => {
                let steps = usize::try_from(outer.steps_out).unwrap_or(usize::MAX);
                let at = self.outer.len().checked_sub(steps);
                let columns = at.and_then(|at| self.outer.get(at));
                let columns = columns.ok_or_else(|| {
                    malformed(format_args!("there is no query {steps} steps out"))
                })?;
                let (column, field) = columns.get(ordinal)?;
                Ok(Expr::OuterReferenceColumn(Arc::clone(field), column.clone()))
            }
            Some(RootType::LambdaParameterReference(lambda)) => {
                let steps = usize::try_from(lambda.steps_out).unwrap_or(usize::MAX);
                let parameters = self.lambdas.iter().rev().nth(steps);
                let field = parameters.and_then(|parameters| parameters.get(ordinal));
                let field = field.ok_or_else(|| malformed("there is no such lambda parameter"))?;
                let variable = LambdaVariable::new(field.name().clone(), Some(Arc::clone(field)));
                Ok(Expr::LambdaVariable(variable))
            }
            Some(RootType::Expression(_)) => Err(unknown("a reference into an expression")),
        }
    }

    fn lambda(&mut self, lambda: &e::Lambda, input: &Columns) -> Result<Expr> {
        let types = lambda.parameters.as_ref().map_or(&[][..], |row| row.types.as_slice());
        let mut parameters = Vec::with_capacity(types.len());
        for encoded in types {
            let (data_type, nullable) = self.data_type(encoded)?;
            parameters.push(Arc::new(Field::new(self.names.column(), data_type, nullable)));
        }
        let names = parameters.iter().map(|field| field.name().clone()).collect();
        self.lambdas.push(parameters);
        let body = self.boxed(lambda.body.as_deref(), input)?;
        self.lambdas.pop();
        Ok(Expr::Lambda(Lambda::new(names, *body)))
    }

    fn if_then(&mut self, if_then: &e::IfThen, input: &Columns) -> Result<Expr> {
        if if_then.ifs.is_empty() {
            return Err(malformed("a case has no branches"));
        }
        let branch = |clause: &e::if_then::IfClause| {
            let when = self.boxed(clause.r#if.as_ref(), input)?;
            Ok((when, self.boxed(clause.then.as_ref(), input)?))
        };
        let branches = if_then.ifs.iter().map(branch).collect::<Result<_>>()?;
        let default = if_then.r#else.as_deref();
        let default = default.map(|expr| self.boxed(Some(expr), input)).transpose()?;
        Ok(Expr::Case(Case::new(None, branches, default)))
    }

    fn switch(&mut self, switch: &e::SwitchExpression, input: &Columns) -> Result<Expr> {
        if switch.ifs.is_empty() {
            return Err(malformed("a switch has no branches"));
        }
        let base = self.boxed(switch.r#match.as_deref(), input)?;
        let branch = |clause: &e::switch_expression::IfValue| {
            let when = clause.r#if.as_ref().ok_or_else(|| malformed("a branch has no value"))?;
            let when = Box::new(Expr::Literal(self.literal(when)?, None));
            Ok((when, self.boxed(clause.then.as_ref(), input)?))
        };
        let branches = switch.ifs.iter().map(branch).collect::<Result<_>>()?;
        let default = switch.r#else.as_deref();
        let default = default.map(|expr| self.boxed(Some(expr), input)).transpose()?;
        Ok(Expr::Case(Case::new(Some(base), branches, default)))
    }

    fn cast(&mut self, cast: &e::Cast, input: &Columns) -> Result<Expr> {
        let encoded = cast.r#type.as_ref().ok_or_else(|| malformed("a cast has no type"))?;
        let (data_type, _) = self.data_type(encoded)?;
        let inner = self.boxed(cast.input.as_deref(), input)?;
        match FailureBehavior::try_from(cast.failure_behavior) {
            Ok(FailureBehavior::ReturnNull) => Ok(Expr::TryCast(TryCast::new(inner, data_type))),
            Ok(FailureBehavior::ThrowException | FailureBehavior::Unspecified) => {
                Ok(Expr::Cast(Cast::new(inner, data_type)))
            }
            Err(_) => Err(malformed("a cast has no such failure behaviour")),
        }
    }

    fn subquery(&mut self, kind: &SubqueryType, input: &Columns) -> Result<Expr> {
        match kind {
            SubqueryType::Scalar(scalar) => {
                let subquery = self.query(scalar.input.as_deref(), input, Some(1))?;
                Ok(Expr::ScalarSubquery(subquery))
            }
            SubqueryType::InPredicate(predicate) => {
                let sub::InPredicate { needles, haystack } = predicate.as_ref();
                let [needle] = needles.as_slice() else {
                    return Err(unknown("IN with several needles"));
                };
                let expr = Box::new(self.expression(needle, input)?);
                let subquery = self.query(haystack.as_deref(), input, Some(1))?;
                Ok(Expr::InSubquery(InSubquery { expr, subquery, negated: false }))
            }
            SubqueryType::SetPredicate(predicate) => {
                if predicate.predicate_op != PredicateOp::Exists as i32 {
                    return Err(unknown("a set predicate other than EXISTS"));
                }
                let subquery = self.query(predicate.tuples.as_deref(), input, None)?;
                Ok(Expr::Exists(Exists { subquery, negated: false }))
            }
            SubqueryType::SetComparison(comparison) => {
                let quantifier = quantifier(comparison.reduction_op)
                    .ok_or_else(|| malformed("a set comparison has no quantifier"))?;
                let op = operator(comparison.comparison_op)
                    .ok_or_else(|| malformed("a set comparison has no operator"))?;
                let expr = self.boxed(comparison.left.as_deref(), input)?;
                let subquery = self.query(comparison.right.as_deref(), input, Some(1))?;
                Ok(Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }))
            }
        }
    }

    fn query(
        &mut self,
        encoded: Option<&Rel>,
        around: &Columns,
        width: Option<usize>,
    ) -> Result<Subquery> {
        let encoded = encoded.ok_or_else(|| malformed("a subquery has no relation"))?;
        let plan = self.correlated(encoded, around)?;
        let found = plan.schema().fields().len();
        if width.is_some_and(|width| width != found) {
            return Err(malformed(format_args!("a subquery has {found} columns")));
        }
        Ok(subquery(plan))
    }

    /// A relation that can refer to columns around it.
    pub(super) fn correlated(&mut self, encoded: &Rel, around: &Columns) -> Result<LogicalPlan> {
        self.outer.push(around.clone());
        let plan = self.relation(encoded)?;
        self.outer.pop();
        Ok(plan)
    }

    fn parameter(&mut self, parameter: &DynamicParameter) -> Result<Expr> {
        let encoded = parameter.r#type.as_ref();
        let encoded = encoded.ok_or_else(|| malformed("a parameter has no type"))?;
        let (data_type, nullable) = self.data_type(encoded)?;
        let reference = parameter.parameter_reference;
        let id = match reference.checked_sub(NAMED_PARAMETERS) {
            None => format!("${reference}"),
            Some(at) => {
                let name = usize::try_from(at).ok().and_then(|at| self.parameters.get(at));
                name.cloned().ok_or_else(|| malformed("a parameter has no name"))?
            }
        };
        let field = Arc::new(Field::new("", data_type, nullable));
        Ok(Expr::Placeholder(Placeholder::new_with_field(id, Some(field))))
    }

    pub(super) fn sorts(&mut self, sorts: &[SortField], input: &Columns) -> Result<Vec<SortExpr>> {
        let field = |sort: &SortField| {
            let expr = *self.boxed(sort.expr.as_ref(), input)?;
            let Some(SortKind::Direction(direction)) = sort.sort_kind else {
                return Err(unknown("a sort by a comparison function"));
            };
            let (asc, nulls_first) = match SortDirection::try_from(direction) {
                Ok(SortDirection::AscNullsFirst) => (true, true),
                Ok(SortDirection::AscNullsLast) => (true, false),
                Ok(SortDirection::DescNullsFirst) => (false, true),
                Ok(SortDirection::DescNullsLast) => (false, false),
                _ => return Err(unknown("a sort without direction")),
            };
            Ok(SortExpr { expr, asc, nulls_first })
        };
        sorts.iter().map(field).collect()
    }

    /// An expression with a name: a column keeps its own unless it stood there before.
    pub(super) fn named(&mut self, expr: Expr, seen: &mut HashSet<Column>) -> Expr {
        match expr {
            Expr::Column(column) if seen.insert(column.clone()) => Expr::Column(column),
            other => other.alias(self.names.column()),
        }
    }
}

/// A subquery with what it refers to around it.
pub(super) fn subquery(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() }
}
