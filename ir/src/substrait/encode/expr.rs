//! Expressions.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{
    Alias, Between, BinaryExpr, Case, Cast, Exists, InList, InSubquery, Lambda, Like, Placeholder,
    ScalarFunction, SetComparison, SetQuantifier, TryCast,
};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, SortExpr, Subquery};
use substrait::proto::expression::cast::FailureBehavior;
use substrait::proto::expression::field_reference::{
    LambdaParameterReference, OuterReference, ReferenceType, RootReference, RootType,
};
use substrait::proto::expression::if_then::IfClause;
use substrait::proto::expression::reference_segment::{self, StructField};
use substrait::proto::expression::subquery::set_comparison::{ComparisonOp, ReductionOp};
use substrait::proto::expression::subquery::set_predicate::PredicateOp;
use substrait::proto::expression::subquery::{self as sub, SubqueryType};
use substrait::proto::expression::{
    self as e, FieldReference, IfThen, ReferenceSegment, RexType, SingularOrList,
};
use substrait::proto::sort_field::{SortDirection, SortKind};
use substrait::proto::r#type::Struct;
use substrait::proto::{DynamicParameter, Expression, Rel, SortField};

use super::types::nullability;
use super::{Encoder, Result, broken, refuse};
use crate::key::{Scope, chain};
use crate::substrait::extension::NAMED_PARAMETERS;
use crate::substrait::functions::{Form, Meaning};
use crate::substrait::kinds::standard_comparison;

impl<'a> Encoder<'a> {
    /// An expression over the columns of `scope`.
    pub(super) fn expression(&mut self, expr: &'a Expr, scope: &Scope<'a>) -> Result<Expression> {
        let rex = stacker::maybe_grow(128 << 10, 1 << 20, || self.rex(expr, scope))?;
        Ok(Expression { rex_type: Some(rex) })
    }

    pub(super) fn expressions(
        &mut self,
        exprs: impl IntoIterator<Item = &'a Expr>,
        scope: &Scope<'a>,
    ) -> Result<Vec<Expression>> {
        exprs.into_iter().map(|expr| self.expression(expr, scope)).collect()
    }

    fn boxed(&mut self, expr: &'a Expr, scope: &Scope<'a>) -> Result<Box<Expression>> {
        self.expression(expr, scope).map(Box::new)
    }

    fn rex(&mut self, expr: &'a Expr, scope: &Scope<'a>) -> Result<RexType> {
        let form = |form| Meaning::Form(form);
        match expr {
            Expr::Alias(Alias { expr, metadata, .. }) => {
                if metadata.as_ref().is_some_and(|metadata| !metadata.is_empty()) {
                    return Err(refuse("field metadata on an alias"));
                }
                self.rex(expr, scope)
            }
            Expr::Column(column) => {
                let at = scope.ordinal(column).ok_or_else(|| no_column(column))?;
                field_reference(at, RootType::RootReference(RootReference {}))
            }
            Expr::OuterReferenceColumn(_, column) => {
                let mut around = self.outer.iter().rev().zip(1..);
                let found = around.find_map(|(scope, steps)| Some((steps, scope.ordinal(column)?)));
                let (steps_out, at) = found.ok_or_else(|| no_column(column))?;
                field_reference(at, RootType::OuterReference(OuterReference { steps_out }))
            }
            Expr::Literal(value, metadata) => {
                let literal = RexType::Literal(self.literal(value, value.is_null())?);
                match metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
                    Some(metadata) => self.with_metadata(literal, metadata.inner(), expr, scope),
                    None => Ok(literal),
                }
            }
            Expr::BinaryExpr(BinaryExpr {
                left: _,
                op: op @ (Operator::And | Operator::Or),
                right: _,
            }) => {
                let mut operands = Vec::new();
                chain(expr, *op, &mut operands);
                self.call(Meaning::Operator(*op), &operands, expr, scope)
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                self.call(Meaning::Operator(*op), &[left, right], expr, scope)
            }
            Expr::Not(inner) => self.call(form(Form::Not), &[inner], expr, scope),
            Expr::Negative(inner) => self.call(form(Form::Negative), &[inner], expr, scope),
            Expr::IsNull(inner) | Expr::IsUnknown(inner) => {
                self.call(form(Form::IsNull), &[inner], expr, scope)
            }
            Expr::IsNotNull(inner) | Expr::IsNotUnknown(inner) => {
                self.call(form(Form::IsNotNull), &[inner], expr, scope)
            }
            Expr::IsTrue(inner) => self.call(form(Form::IsTrue), &[inner], expr, scope),
            Expr::IsFalse(inner) => self.call(form(Form::IsFalse), &[inner], expr, scope),
            Expr::IsNotTrue(inner) => self.call(form(Form::IsNotTrue), &[inner], expr, scope),
            Expr::IsNotFalse(inner) => self.call(form(Form::IsNotFalse), &[inner], expr, scope),
            Expr::Between(Between { expr: value, negated, low, high }) => {
                let between = self.call(form(Form::Between), &[value, low, high], expr, scope)?;
                self.negated_if(*negated, between, expr, scope)
            }
            Expr::Like(like) => self.like(false, like, expr, scope),
            Expr::SimilarTo(like) => self.like(true, like, expr, scope),
            Expr::InList(InList { expr: value, list, negated }) => {
                let in_list = RexType::SingularOrList(Box::new(SingularOrList {
                    value: Some(self.boxed(value, scope)?),
                    options: self.expressions(list, scope)?,
                }));
                self.negated_if(*negated, in_list, expr, scope)
            }
            Expr::Case(case) => self.case(case, expr, scope),
            Expr::Cast(Cast { expr: operand, field }) => {
                self.cast(operand, field, FailureBehavior::ThrowException, expr, scope)
            }
            Expr::TryCast(TryCast { expr: operand, field }) => {
                self.cast(operand, field, FailureBehavior::ReturnNull, expr, scope)
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) => {
                self.scalar_function(func, args, expr, scope)
            }
            Expr::WindowFunction(function) => {
                Ok(RexType::WindowFunction(self.window_function(function, expr, scope)?))
            }
            Expr::Exists(Exists { subquery, negated }) => {
                let exists = sub::SetPredicate {
                    predicate_op: PredicateOp::Exists as i32,
                    tuples: Some(Box::new(self.subquery(subquery, scope)?)),
                };
                let rex = subquery_rex(SubqueryType::SetPredicate(Box::new(exists)));
                self.negated_if(*negated, rex, expr, scope)
            }
            Expr::InSubquery(InSubquery { expr: needle, subquery, negated }) => {
                let predicate = sub::InPredicate {
                    needles: vec![self.expression(needle, scope)?],
                    haystack: Some(Box::new(self.subquery(subquery, scope)?)),
                };
                let rex = subquery_rex(SubqueryType::InPredicate(Box::new(predicate)));
                self.negated_if(*negated, rex, expr, scope)
            }
            Expr::ScalarSubquery(subquery) => {
                let input = Some(Box::new(self.subquery(subquery, scope)?));
                Ok(subquery_rex(SubqueryType::Scalar(Box::new(sub::Scalar { input }))))
            }
            Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) => {
                let comparison = sub::SetComparison {
                    reduction_op: match quantifier {
                        SetQuantifier::Any => ReductionOp::Any,
                        SetQuantifier::All => ReductionOp::All,
                    } as i32,
                    comparison_op: comparison_op(*op)? as i32,
                    left: Some(self.boxed(expr, scope)?),
                    right: Some(Box::new(self.subquery(subquery, scope)?)),
                };
                Ok(subquery_rex(SubqueryType::SetComparison(Box::new(comparison))))
            }
            Expr::Placeholder(placeholder) => self.placeholder(placeholder),
            Expr::AggregateFunction(_) => Err(refuse("an aggregate function outside of one")),
            Expr::ScalarVariable(..) => Err(refuse("a session variable")),
            Expr::GroupingSet(_) => Err(refuse("a grouping set outside of GROUP BY")),
            Expr::Unnest(_) => Err(refuse("UNNEST within an expression")),
            Expr::HigherOrderFunction(function) => self.higher_order(function, expr, scope),
            Expr::Lambda(_) => Err(refuse("a lambda outside of a function")),
            Expr::LambdaVariable(variable) => {
                let mut around = self.lambdas.iter().rev().zip(0..);
                let found = around.find_map(|(parameters, steps)| {
                    Some((steps, parameters.iter().position(|name| *name == variable.name)?))
                });
                let (steps_out, at) = found.ok_or_else(|| {
                    refuse(format_args!("the lambda parameter {}", variable.name))
                })?;
                let root = LambdaParameterReference { steps_out };
                field_reference(at, RootType::LambdaParameterReference(root))
            }
            #[expect(deprecated, reason = "the variant exists until DataFusion removes it")]
            Expr::Wildcard { .. } => Err(refuse("a wildcard")),
        }
    }

    /// `NOT` around a predicate whose variant says that it is negated.
    fn negated_if(
        &mut self,
        negated: bool,
        rex: RexType,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        if !negated {
            return Ok(rex);
        }
        let nullable = expr.nullable(scope).map_err(broken)?;
        let argument = Expression { rex_type: Some(rex) };
        let types = [DataType::Boolean];
        let not = Meaning::Form(Form::Not);
        self.call_with(not, vec![argument], &types, &DataType::Boolean, nullable)
    }

    fn like(
        &mut self,
        regular: bool,
        like: &'a Like,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        let Like { negated, expr: value, pattern, escape_char, case_insensitive } = like;
        let form = match (regular, case_insensitive) {
            (false, false) => Form::Like,
            (false, true) => Form::ILike,
            (true, false) => Form::SimilarTo,
            (true, true) => Form::SimilarToIgnoringCase,
        };
        let (result, nullable) = self.result_of(expr, scope)?;
        let mut types = vec![self.type_in(value, scope)?, self.type_in(pattern, scope)?];
        let mut arguments = vec![self.expression(value, scope)?, self.expression(pattern, scope)?];
        let escapes = match pattern.as_ref() {
            Expr::Literal(pattern, _) => {
                pattern.try_as_str().flatten().is_none_or(|text| text.contains('\\'))
            }
            _ => true,
        };
        if let Some(escape) = escape_char {
            let escape = datafusion::common::ScalarValue::from(escape.to_string());
            types.push(escape.data_type());
            let literal = RexType::Literal(self.literal(&escape, false)?);
            arguments.push(Expression { rex_type: Some(literal) });
        }
        let meaning = Meaning::Form(form);
        let rex = if escapes {
            // The official function says nothing of a backslash, which escapes here.
            self.own_call(meaning, arguments, &result, nullable)?
        } else {
            self.call_with(meaning, arguments, &types, &result, nullable)?
        };
        self.negated_if(*negated, rex, expr, scope)
    }

    fn case(&mut self, case: &'a Case, expr: &'a Expr, scope: &Scope<'a>) -> Result<RexType> {
        let Case { expr: base, when_then_expr, else_expr } = case;
        if let Some(base) = base {
            let pairs =
                when_then_expr.iter().flat_map(|(when, then)| [when.as_ref(), then.as_ref()]);
            let operands: Vec<&Expr> =
                std::iter::once(base.as_ref()).chain(pairs).chain(else_expr.as_deref()).collect();
            return self.call(Meaning::Form(Form::CaseOf), &operands, expr, scope);
        }
        let clauses = when_then_expr.iter().map(|(when, then)| {
            Ok(IfClause {
                r#if: Some(self.expression(when, scope)?),
                then: Some(self.expression(then, scope)?),
            })
        });
        let ifs = clauses.collect::<Result<_>>()?;
        let default = else_expr.as_deref().map(|expr| self.boxed(expr, scope)).transpose()?;
        Ok(RexType::IfThen(Box::new(IfThen { ifs, r#else: default })))
    }

    fn cast(
        &mut self,
        operand: &'a Expr,
        field: &FieldRef,
        failure: FailureBehavior,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        let nullable =
            failure == FailureBehavior::ReturnNull || operand.nullable(scope).map_err(broken)?;
        let cast = RexType::Cast(Box::new(e::Cast {
            r#type: Some(self.data_type(field.data_type(), nullable)?),
            input: Some(self.boxed(operand, scope)?),
            failure_behavior: failure as i32,
        }));
        if field.metadata().is_empty() {
            return Ok(cast);
        }
        let metadata = field.metadata().iter().map(|(key, value)| (key.clone(), value.clone()));
        self.with_metadata(cast, &metadata.collect(), expr, scope)
    }

    /// A literal or a cast whose field has metadata.
    fn with_metadata(
        &mut self,
        inner: RexType,
        metadata: &BTreeMap<String, String>,
        expr: &Expr,
        scope: &Scope<'a>,
    ) -> Result<RexType> {
        let (result, nullable) = self.result_of(expr, scope)?;
        let mut arguments = vec![Expression { rex_type: Some(inner) }];
        for text in metadata.iter().flat_map(|(key, value)| [key, value]) {
            let literal = self.literal(&ScalarValue::Utf8(Some(text.clone())), false)?;
            arguments.push(Expression { rex_type: Some(RexType::Literal(literal)) });
        }
        self.own_call(Meaning::Form(Form::WithMetadata), arguments, &result, nullable)
    }

    /// A lambda whose parameters are of these types.
    pub(super) fn lambda(
        &mut self,
        lambda: &'a Lambda,
        parameters: &[FieldRef],
        scope: &Scope<'a>,
    ) -> Result<Expression> {
        let Lambda { params, body } = lambda;
        if parameters.len() < params.len() {
            return Err(refuse("a lambda of more parameters than it is given"));
        }
        let types = parameters
            .iter()
            .take(params.len())
            .map(|field| self.data_type(field.data_type(), field.is_nullable()))
            .collect::<Result<_>>()?;
        self.lambdas.push(params);
        let body = self.boxed(body, scope);
        self.lambdas.pop();
        let parameters =
            Struct { types, type_variation_reference: 0, nullability: nullability(false) };
        let lambda = e::Lambda { parameters: Some(parameters), body: Some(body?) };
        Ok(Expression { rex_type: Some(RexType::Lambda(Box::new(lambda))) })
    }

    fn subquery(&mut self, subquery: &'a Subquery, scope: &Scope<'a>) -> Result<Rel> {
        self.outer.push(scope.clone());
        let relation = self.relation(&subquery.subquery);
        self.outer.pop();
        relation
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Result<RexType> {
        let Placeholder { id, field } = placeholder;
        let Some(field) = field else {
            return Err(refuse(format_args!("the parameter {id} of unknown type")));
        };
        let number = id.strip_prefix('$').and_then(|digits| {
            let number = digits.parse::<u32>().ok().filter(|number| *number < NAMED_PARAMETERS)?;
            (number.to_string() == digits).then_some(number)
        });
        let reference = match number {
            Some(number) => number,
            None => NAMED_PARAMETERS + self.parameters.insert_full(id.clone()).0 as u32,
        };
        Ok(RexType::DynamicParameter(DynamicParameter {
            r#type: Some(self.data_type(field.data_type(), field.is_nullable())?),
            parameter_reference: reference,
        }))
    }

    pub(super) fn sorts(
        &mut self,
        sorts: &'a [SortExpr],
        scope: &Scope<'a>,
    ) -> Result<Vec<SortField>> {
        let field = |sort: &'a SortExpr| {
            let SortExpr { expr, asc, nulls_first } = sort;
            let direction = match (asc, nulls_first) {
                (true, true) => SortDirection::AscNullsFirst,
                (true, false) => SortDirection::AscNullsLast,
                (false, true) => SortDirection::DescNullsFirst,
                (false, false) => SortDirection::DescNullsLast,
            };
            Ok(SortField {
                expr: Some(self.expression(expr, scope)?),
                sort_kind: Some(SortKind::Direction(direction as i32)),
            })
        };
        sorts.iter().map(field).collect()
    }

    /// The type of an expression and whether it is nullable.
    pub(super) fn result_of(&self, expr: &Expr, scope: &Scope<'a>) -> Result<(DataType, bool)> {
        let (_, field) = expr.to_field(scope).map_err(broken)?;
        Ok((field.data_type().clone(), field.is_nullable()))
    }

    /// The type of an expression.
    pub(super) fn type_in(&self, expr: &Expr, scope: &Scope<'a>) -> Result<DataType> {
        expr.get_type(scope).map_err(broken)
    }
}

/// A reference to a column by its ordinal.
pub(super) fn column(at: usize) -> Result<Expression> {
    let rex = field_reference(at, RootType::RootReference(RootReference {}))?;
    Ok(Expression { rex_type: Some(rex) })
}

fn field_reference(at: usize, root: RootType) -> Result<RexType> {
    let field = i32::try_from(at).map_err(|_| refuse("a relation of over two billion columns"))?;
    let segment =
        reference_segment::ReferenceType::StructField(Box::new(StructField { field, child: None }));
    let direct = ReferenceSegment { reference_type: Some(segment) };
    Ok(RexType::Selection(Box::new(FieldReference {
        reference_type: Some(ReferenceType::DirectReference(direct)),
        root_type: Some(root),
    })))
}

fn subquery_rex(subquery_type: SubqueryType) -> RexType {
    RexType::Subquery(Box::new(e::Subquery { subquery_type: Some(subquery_type) }))
}

fn comparison_op(op: Operator) -> Result<ComparisonOp> {
    standard_comparison(op).ok_or_else(|| refuse(format_args!("{op} with ANY or ALL")))
}

fn no_column(column: &Column) -> crate::Diagnostic {
    refuse(format_args!("the column {column}, which no input has,"))
}
