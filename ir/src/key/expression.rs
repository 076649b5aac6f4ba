//! Expressions in a key.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::FieldRef;
use datafusion::common::{
    Column, DFSchema, ExprSchema, Result, not_impl_err, plan_datafusion_err, plan_err,
};
use datafusion::logical_expr::expr::{
    AggregateFunction, AggregateFunctionParams, Alias, Between, BinaryExpr, Case, Cast, Exists,
    HigherOrderFunction, InList, InSubquery, Lambda, LambdaVariable, Like, NullTreatment,
    Placeholder, ScalarFunction, SetComparison, TryCast, WindowFunction, WindowFunctionParams,
};
use datafusion::logical_expr::{
    Expr, GroupingSet, Operator, Subquery, WindowFrame, WindowFrameBound, WindowFunctionDefinition,
};

use super::relation::Walk;
use super::sink::Sink;

/// The columns that an expression can name, each input with the ordinal of its first.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a> {
    inputs: Vec<(usize, &'a DFSchema)>,
    labels: Option<&'a HashMap<Column, usize>>,
}

impl<'a> Scope<'a> {
    /// No columns at all.
    pub(crate) fn none() -> Self {
        Scope { inputs: Vec::new(), labels: None }
    }

    /// The columns of one input.
    pub(crate) fn of(schema: &'a DFSchema) -> Self {
        Scope { inputs: vec![(0, schema)], labels: None }
    }

    /// The columns of several inputs, numbered through.
    pub(crate) fn over(schemas: impl IntoIterator<Item = &'a DFSchema>) -> Self {
        let mut first = 0;
        let inputs = schemas.into_iter().map(|schema| {
            let at = first;
            first += schema.fields().len();
            (at, schema)
        });
        Scope { inputs: inputs.collect(), labels: None }
    }

    /// The columns of the right input of a join alone, numbered behind those of the left.
    pub(crate) fn right(left: &DFSchema, right: &'a DFSchema) -> Self {
        Scope { inputs: vec![(left.fields().len(), right)], labels: None }
    }

    /// Columns that stand for numbers of the caller's choice.
    pub(crate) fn labelled(labels: &'a HashMap<Column, usize>) -> Self {
        Scope { inputs: Vec::new(), labels: Some(labels) }
    }

    /// The ordinal of a column; the first input that has it counts, as in DataFusion.
    pub(crate) fn ordinal(&self, column: &Column) -> Option<usize> {
        if let Some(labels) = self.labels {
            return labels.get(column).copied();
        }
        let found = |(first, schema): &(usize, &DFSchema)| {
            schema.maybe_index_of_column(column).map(|at| first + at)
        };
        self.inputs.iter().find_map(found)
    }
}

impl ExprSchema for Scope<'_> {
    fn field_from_column(&self, column: &Column) -> Result<&FieldRef> {
        let found = |(_, schema): &(usize, &'_ DFSchema)| schema.is_column_from_schema(column);
        let (_, schema) = self
            .inputs
            .iter()
            .find(|input| found(input))
            .ok_or_else(|| plan_datafusion_err!("there is no column {column}"))?;
        schema.field_from_column(column)
    }
}

/// The operands of a chain of one operator, from left to right.
pub(crate) fn chain<'a>(expr: &'a Expr, op: Operator, operands: &mut Vec<&'a Expr>) {
    // A loop down the left side: chains are built that way, and can be long.
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::Alias(alias) => pending.push(&alias.expr),
            Expr::BinaryExpr(binary) if binary.op == op => {
                pending.push(&binary.right);
                pending.push(&binary.left);
            }
            other => operands.push(other),
        }
    }
}

/// The grouping sets that a grouping set expression stands for, each as positions in
/// [`GroupingSet::distinct_expr`].
pub(crate) fn grouping_sets(set: &GroupingSet) -> Result<Vec<Vec<usize>>> {
    let keys = set.distinct_expr();
    let sets = match set {
        GroupingSet::GroupingSets(sets) => sets
            .iter()
            .map(|members| {
                let place = |member| keys.iter().position(|key| *key == member);
                members.iter().filter_map(place).collect()
            })
            .collect(),
        GroupingSet::Rollup(_) => (0..=keys.len()).rev().map(|n| (0..n).collect()).collect(),
        GroupingSet::Cube(_) if keys.len() > 12 => return plan_err!("CUBE of over 12 columns"),
        GroupingSet::Cube(_) => {
            // All first, nothing last; the first column is the highest bit.
            let member = |mask: usize, at: usize| mask >> (keys.len() - 1 - at) & 1 == 1;
            let subset = |mask| (0..keys.len()).filter(|at| member(mask, *at)).collect();
            (0..1usize << keys.len()).rev().map(subset).collect()
        }
    };
    Ok(sets)
}

impl<'a> Walk<'a> {
    pub(super) fn expression(
        &mut self,
        sink: &mut Sink,
        expr: &'a Expr,
        scope: &Scope<'a>,
    ) -> Result<()> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.expr_node(sink, expr, scope))
    }

    fn expr_node(&mut self, sink: &mut Sink, expr: &'a Expr, scope: &Scope<'a>) -> Result<()> {
        match expr {
            Expr::Alias(Alias { expr, relation: _, name: _, metadata }) => {
                if metadata.as_ref().is_some_and(|metadata| !metadata.is_empty()) {
                    return not_impl_err!("a key of field metadata");
                }
                self.expression(sink, expr, scope)
            }
            Expr::Column(column) => {
                let at = scope.ordinal(column);
                let at = at.ok_or_else(|| plan_datafusion_err!("there is no column {column}"))?;
                sink.text("column");
                sink.size(at);
                Ok(())
            }
            Expr::OuterReferenceColumn(_, column) => {
                let mut found = self.outer.iter().rev().enumerate();
                let at = found.find_map(|(steps, scope)| Some((steps, scope.ordinal(column)?)));
                let Some((steps, at)) = at else {
                    return plan_err!("there is no outer column {column}");
                };
                sink.text("outer");
                sink.size(steps);
                sink.size(at);
                Ok(())
            }
            Expr::Literal(value, metadata) => {
                if let Some(metadata) = metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
                    sink.text("field_metadata");
                    sink.pairs(metadata.inner())?;
                }
                sink.text("literal");
                sink.scalar(value)
            }
            Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
                let mut operands = Vec::new();
                chain(expr, *op, &mut operands);
                sink.text(&op.to_string());
                sink.list(operands, |sink, operand| self.expression(sink, operand, scope))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                sink.text("binary");
                sink.text(&op.to_string());
                self.expression(sink, left, scope)?;
                self.expression(sink, right, scope)
            }
            Expr::Like(like) => self.like(sink, "like", like, scope),
            Expr::SimilarTo(like) => self.like(sink, "similar_to", like, scope),
            Expr::Not(expr) => self.unary(sink, "not", expr, scope),
            Expr::IsNotNull(expr) | Expr::IsNotUnknown(expr) => {
                self.unary(sink, "is_not_null", expr, scope)
            }
            Expr::IsNull(expr) | Expr::IsUnknown(expr) => self.unary(sink, "is_null", expr, scope),
            Expr::IsTrue(expr) => self.unary(sink, "is_true", expr, scope),
            Expr::IsFalse(expr) => self.unary(sink, "is_false", expr, scope),
            Expr::IsNotTrue(expr) => self.unary(sink, "is_not_true", expr, scope),
            Expr::IsNotFalse(expr) => self.unary(sink, "is_not_false", expr, scope),
            Expr::Negative(expr) => self.unary(sink, "negative", expr, scope),
            Expr::Between(Between { expr, negated, low, high }) => {
                negation(sink, *negated);
                sink.text("between");
                self.expression(sink, expr, scope)?;
                self.expression(sink, low, scope)?;
                self.expression(sink, high, scope)
            }
            Expr::Case(Case { expr, when_then_expr, else_expr }) => {
                sink.text("case");
                sink.option(expr.as_deref(), |sink, expr| self.expression(sink, expr, scope))?;
                sink.list(when_then_expr, |sink, (when, then)| {
                    self.expression(sink, when, scope)?;
                    self.expression(sink, then, scope)
                })?;
                sink.option(else_expr.as_deref(), |sink, expr| self.expression(sink, expr, scope))
            }
            Expr::Cast(Cast { expr, field }) => self.cast(sink, "cast", expr, field, scope),
            Expr::TryCast(TryCast { expr, field }) => {
                self.cast(sink, "try_cast", expr, field, scope)
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) => {
                sink.text("scalar_function");
                sink.text(func.name());
                self.expressions(sink, args, scope)
            }
            Expr::AggregateFunction(AggregateFunction { func, params }) => {
                let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } =
                    params;
                sink.text("aggregate_function");
                sink.text(func.name());
                self.expressions(sink, args, scope)?;
                sink.flag(*distinct);
                sink.option(filter.as_deref(), |sink, expr| self.expression(sink, expr, scope))?;
                self.sorts(sink, order_by, scope)?;
                sink.flag(*null_treatment == Some(NullTreatment::IgnoreNulls));
                Ok(())
            }
            Expr::WindowFunction(function) => self.window(sink, function, scope),
            Expr::InList(InList { expr, list, negated }) => {
                negation(sink, *negated);
                sink.text("in_list");
                self.expression(sink, expr, scope)?;
                self.expressions(sink, list, scope)
            }
            Expr::Exists(Exists { subquery, negated }) => {
                negation(sink, *negated);
                sink.text("exists");
                self.subquery(sink, subquery, scope)
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                negation(sink, *negated);
                sink.text("in_subquery");
                self.expression(sink, expr, scope)?;
                self.subquery(sink, subquery, scope)
            }
            Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) => {
                sink.text("set_comparison");
                sink.text(&op.to_string());
                sink.text(&quantifier.to_string());
                self.expression(sink, expr, scope)?;
                self.subquery(sink, subquery, scope)
            }
            Expr::ScalarSubquery(subquery) => {
                sink.text("scalar_subquery");
                self.subquery(sink, subquery, scope)
            }
            Expr::Placeholder(Placeholder { id, field }) => {
                sink.text("placeholder");
                sink.text(id);
                sink.option(field.as_ref(), |sink, field| {
                    sink.flag(field.is_nullable());
                    sink.data_type(field.data_type())
                })
            }
            Expr::HigherOrderFunction(HigherOrderFunction { func, args }) => {
                sink.text("higher_order_function");
                sink.text(func.name());
                self.expressions(sink, args, scope)
            }
            Expr::Lambda(Lambda { params, body }) => {
                sink.text("lambda");
                sink.size(params.len());
                self.lambdas.push(params);
                let written = self.expression(sink, body, scope);
                self.lambdas.pop();
                written
            }
            Expr::LambdaVariable(LambdaVariable { name, field: _, spans: _ }) => {
                let mut around = self.lambdas.iter().rev().enumerate();
                let found = around.find_map(|(steps, params)| {
                    Some((steps, params.iter().position(|param| param == name)?))
                });
                let Some((steps, at)) = found else {
                    return plan_err!("there is no lambda parameter {name}");
                };
                sink.text("lambda_variable");
                sink.size(steps);
                sink.size(at);
                Ok(())
            }
            Expr::ScalarVariable(..) | Expr::GroupingSet(_) | Expr::Unnest(_) => {
                not_impl_err!("a key of the expression {expr}")
            }
            #[expect(deprecated, reason = "the variant exists until DataFusion removes it")]
            Expr::Wildcard { .. } => not_impl_err!("a key of a wildcard"),
        }
    }

    fn unary(
        &mut self,
        sink: &mut Sink,
        tag: &str,
        expr: &'a Expr,
        scope: &Scope<'a>,
    ) -> Result<()> {
        sink.text(tag);
        self.expression(sink, expr, scope)
    }

    fn like(
        &mut self,
        sink: &mut Sink,
        tag: &str,
        like: &'a Like,
        scope: &Scope<'a>,
    ) -> Result<()> {
        let Like { negated, expr, pattern, escape_char, case_insensitive } = like;
        negation(sink, *negated);
        sink.text(tag);
        sink.flag(*case_insensitive);
        sink.option(*escape_char, |sink, escape| {
            sink.number(u64::from(u32::from(escape)));
            Ok(())
        })?;
        self.expression(sink, expr, scope)?;
        self.expression(sink, pattern, scope)
    }

    fn cast(
        &mut self,
        sink: &mut Sink,
        tag: &str,
        expr: &'a Expr,
        field: &FieldRef,
        scope: &Scope<'a>,
    ) -> Result<()> {
        if !field.metadata().is_empty() {
            sink.text("field_metadata");
            let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
            sink.pairs(metadata)?;
        }
        sink.text(tag);
        sink.data_type(field.data_type())?;
        self.expression(sink, expr, scope)
    }

    fn subquery(
        &mut self,
        sink: &mut Sink,
        subquery: &'a Subquery,
        scope: &Scope<'a>,
    ) -> Result<()> {
        let Subquery { subquery, outer_ref_columns: _, spans: _ } = subquery;
        self.outer.push(scope.clone());
        let key = self.relation(subquery);
        self.outer.pop();
        sink.key(key?);
        Ok(())
    }

    fn window(
        &mut self,
        sink: &mut Sink,
        function: &'a WindowFunction,
        scope: &Scope<'a>,
    ) -> Result<()> {
        let WindowFunction { fun, params } = function;
        let WindowFunctionParams {
            args,
            partition_by,
            order_by,
            window_frame,
            filter,
            null_treatment,
            distinct,
        } = params;
        sink.text(match fun {
            WindowFunctionDefinition::AggregateUDF(_) => "window_aggregate",
            WindowFunctionDefinition::WindowUDF(_) => "window_function",
        });
        sink.text(fun.name());
        self.expressions(sink, args, scope)?;
        self.expressions(sink, partition_by, scope)?;
        self.sorts(sink, order_by, scope)?;
        frame(sink, window_frame)?;
        sink.option(filter.as_deref(), |sink, expr| self.expression(sink, expr, scope))?;
        sink.flag(*null_treatment == Some(NullTreatment::IgnoreNulls));
        sink.flag(*distinct);
        Ok(())
    }
}

fn negation(sink: &mut Sink, negated: bool) {
    if negated {
        sink.text("not");
    }
}

fn frame(sink: &mut Sink, frame: &WindowFrame) -> Result<()> {
    sink.text(&frame.units.to_string());
    for bound in [&frame.start_bound, &frame.end_bound] {
        match bound {
            WindowFrameBound::CurrentRow => sink.text("current"),
            WindowFrameBound::Preceding(value) if value.is_null() => sink.text("from_start"),
            WindowFrameBound::Following(value) if value.is_null() => sink.text("to_end"),
            WindowFrameBound::Preceding(value) => {
                sink.text("preceding");
                sink.scalar(value)?;
            }
            WindowFrameBound::Following(value) => {
                sink.text("following");
                sink.scalar(value)?;
            }
        }
    }
    Ok(())
}
