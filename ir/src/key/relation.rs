//! Relations in a key.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, NullEquality, NullHandling, Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, Join, Limit, LogicalPlan, Operator, Projection,
    SortExpr, TableScan, Unnest,
};

use super::PlanKey;
use super::expression::{Scope, chain, grouping_sets};
use super::sink::Sink;
use crate::catalog::table_name;
use crate::table_function::{CalledTable, called};

/// Hashes one plan. Holds what an inner relation can see of the outer ones.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// The scopes around the subquery that is being hashed, the innermost last.
    pub(super) outer: Vec<Scope<'a>>,
    /// The parameters of the lambdas around, the innermost last.
    pub(super) lambdas: Vec<&'a [String]>,
    /// The names of the recursive queries around, the innermost last.
    recursions: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    pub(super) fn relation(&mut self, plan: &'a LogicalPlan) -> Result<PlanKey> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.node(plan))
    }

    fn node(&mut self, plan: &'a LogicalPlan) -> Result<PlanKey> {
        let mut sink = Sink::new("relation");
        match plan {
            LogicalPlan::SubqueryAlias(alias) => return self.relation(&alias.input),
            LogicalPlan::Projection(Projection { expr, input, schema: _, .. }) => {
                return self.projection(sink, expr, input);
            }
            LogicalPlan::Filter(filter) => {
                sink.text("filter");
                sink.key(self.relation(&filter.input)?);
                let scope = Scope::of(filter.input.schema());
                self.expression(&mut sink, &filter.predicate, &scope)?;
            }
            LogicalPlan::Window(window) => {
                sink.text("window");
                sink.key(self.relation(&window.input)?);
                let scope = Scope::of(window.input.schema());
                self.expressions(&mut sink, &window.window_expr, &scope)?;
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(&mut sink, aggregate)?,
            LogicalPlan::Distinct(Distinct::All(input)) => {
                // The same stream as an aggregate that groups by each column.
                sink.text("aggregate");
                sink.key(self.relation(input)?);
                let width = input.schema().fields().len();
                sink.flag(false);
                sink.list(0..width, |sink, ordinal| {
                    sink.text("column");
                    sink.size(ordinal);
                    Ok(())
                })?;
                sink.size(0);
            }
            LogicalPlan::Distinct(Distinct::On(distinct)) => {
                let DistinctOn { on_expr, select_expr, sort_expr, input, schema: _ } = distinct;
                sink.text("distinct_on");
                sink.key(self.relation(input)?);
                let scope = Scope::of(input.schema());
                self.expressions(&mut sink, on_expr, &scope)?;
                self.expressions(&mut sink, select_expr, &scope)?;
                self.sorts(&mut sink, sort_expr.as_deref().unwrap_or_default(), &scope)?;
            }
            LogicalPlan::Sort(sort) => {
                sink.text("sort");
                sink.key(self.relation(&sort.input)?);
                let scope = Scope::of(sort.input.schema());
                self.sorts(&mut sink, &sort.expr, &scope)?;
                if let Some(fetch) = sort.fetch {
                    return limited(sink.finish(), fetch);
                }
            }
            LogicalPlan::Limit(limit) => return self.limit(sink, limit),
            LogicalPlan::Join(join) => self.join(&mut sink, join)?,
            LogicalPlan::Union(union) => {
                sink.text("union");
                sink.list(&union.inputs, |sink, input| {
                    sink.key(self.relation(input)?);
                    Ok(())
                })?;
            }
            LogicalPlan::TableScan(scan) => return self.scan(sink, scan),
            LogicalPlan::EmptyRelation(empty) => {
                sink.text("empty");
                sink.flag(empty.produce_one_row);
                row_type(&mut sink, &empty.schema)?;
            }
            LogicalPlan::Values(values) => {
                sink.text("values");
                row_type(&mut sink, &values.schema)?;
                let scope = Scope::none();
                sink.list(&values.values, |sink, row| self.expressions(sink, row, &scope))?;
            }
            LogicalPlan::Subquery(subquery) => {
                // A lateral input of a join: the scope around it was pushed there.
                sink.text("lateral");
                sink.key(self.relation(&subquery.subquery)?);
            }
            LogicalPlan::Unnest(unnest) => self.unnest(&mut sink, unnest)?,
            LogicalPlan::RecursiveQuery(query) => {
                sink.text("recursive");
                sink.flag(query.is_distinct);
                sink.key(self.relation(&query.static_term)?);
                self.recursions.push(&query.name);
                let term = self.relation(&query.recursive_term);
                self.recursions.pop();
                sink.key(term?);
            }
            LogicalPlan::Repartition(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => {
                return not_impl_err!("a key of the relation {}", plan.display());
            }
        }
        Ok(sink.finish())
    }

    /// A projection that passes every column on in its place is no relation of its own.
    fn projection(
        &mut self,
        mut sink: Sink,
        exprs: &'a [Expr],
        input: &'a LogicalPlan,
    ) -> Result<PlanKey> {
        let below = self.relation(input)?;
        if is_identity(exprs, input.schema()) {
            return Ok(below);
        }
        sink.text("projection");
        sink.key(below);
        self.expressions(&mut sink, exprs, &Scope::of(input.schema()))?;
        Ok(sink.finish())
    }

    fn aggregate(&mut self, sink: &mut Sink, aggregate: &'a Aggregate) -> Result<()> {
        let Aggregate { input, group_expr, aggr_expr, schema: _, .. } = aggregate;
        sink.text("aggregate");
        sink.key(self.relation(input)?);
        let scope = Scope::of(input.schema());
        match group_expr.as_slice() {
            [Expr::GroupingSet(set)] => {
                sink.flag(true);
                let keys = set.distinct_expr();
                sink.list(keys, |sink, key| self.expression(sink, key, &scope))?;
                sink.list(grouping_sets(set)?, |sink, members| {
                    sink.list(members, |sink, ordinal| {
                        sink.size(ordinal);
                        Ok(())
                    })
                })?;
            }
            _ => {
                sink.flag(false);
                let mut keys: Vec<&Expr> = Vec::new();
                for key in group_expr {
                    // DataFusion's output has each distinct key once.
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                sink.list(keys, |sink, key| self.expression(sink, key, &scope))?;
            }
        }
        self.expressions(sink, aggr_expr, &scope)
    }

    fn limit(&mut self, mut sink: Sink, limit: &'a Limit) -> Result<PlanKey> {
        let below = self.relation(&limit.input)?;
        let given = |bound: &'a Option<Box<Expr>>| {
            bound.as_deref().filter(|expr| !matches!(expr, Expr::Literal(v, _) if v.is_null()))
        };
        let zero = |expr: &&Expr| matches!(expr, Expr::Literal(ScalarValue::Int64(Some(0)), _));
        let skip = given(&limit.skip).filter(|expr| !zero(expr));
        let fetch = given(&limit.fetch);
        let scope = Scope::none();
        sink.text("limit");
        sink.key(below);
        sink.option(skip, |sink, expr| self.expression(sink, expr, &scope))?;
        sink.option(fetch, |sink, expr| self.expression(sink, expr, &scope))?;
        Ok(sink.finish())
    }

    fn join(&mut self, sink: &mut Sink, join: &'a Join) -> Result<()> {
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
        sink.text("join");
        sink.text(&join_type.to_string());
        sink.key(self.relation(left)?);
        let lateral = is_lateral(right);
        if lateral {
            self.outer.push(Scope::of(left.schema()));
        }
        let key = self.relation(right);
        if lateral {
            self.outer.pop();
        }
        sink.key(key?);
        sink.flag(*null_aware);
        if *null_aware {
            // Only then does it matter which equalities are keys.
            sink.size(on.len());
        }
        let left_side = Scope::of(left.schema());
        let right_side = Scope::right(left.schema(), right.schema());
        let both = Scope::over([left.schema().as_ref(), right.schema().as_ref()]);
        let equality = match null_equality {
            NullEquality::NullEqualsNothing => Operator::Eq,
            NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
        };
        let mut conjuncts = Vec::new();
        if let Some(filter) = filter {
            chain(filter, Operator::And, &mut conjuncts);
            conjuncts.retain(|conjunct| !is_true(conjunct));
        }
        sink.size(on.len() + conjuncts.len());
        for (l, r) in on {
            sink.text("binary");
            sink.text(&equality.to_string());
            self.expression(sink, l, &left_side)?;
            self.expression(sink, r, &right_side)?;
        }
        conjuncts.into_iter().try_for_each(|c| self.expression(sink, c, &both))
    }

    fn scan(&mut self, mut sink: Sink, scan: &'a TableScan) -> Result<PlanKey> {
        let TableScan {
            table_name: name,
            source,
            projection,
            projected_schema,
            filters,
            fetch,
            ..
        } = scan;
        if let Some(steps) = self.recursions.iter().rev().position(|cte| *cte == name.to_string()) {
            let schema = source.schema();
            sink.text("work_table");
            sink.size(steps);
            sink.list(schema.fields(), |sink, field| {
                sink.data_type(field.data_type())?;
                sink.flag(field.is_nullable());
                Ok(())
            })?;
            let width = schema.fields().len();
            let kept = projection.as_deref().filter(|kept| !kept.iter().copied().eq(0..width));
            return match kept {
                Some(kept) => columns_of(sink.finish(), kept.iter().copied()),
                None => Ok(sink.finish()),
            };
        }
        if let Some(provider) = called(scan)
            && let Some(call) = provider.downcast_ref::<CalledTable>()
        {
            return called_rows(sink, scan, call);
        }
        let extra = filter_columns(scan)?;
        sink.text("scan");
        sink.text(&table_name(name));
        let schema = source.schema();
        let added = extra.iter().map(|at| schema.field(*at));
        let fields: Vec<_> =
            projected_schema.fields().iter().map(AsRef::as_ref).chain(added).collect();
        sink.list(fields, |sink, field| {
            sink.text(field.name());
            sink.data_type(field.data_type())?;
            sink.flag(field.is_nullable());
            Ok(())
        })?;
        let mut key = sink.finish();
        if let Some(predicate) = conjunction(filters.iter().cloned()) {
            let mut sink = Sink::new("relation");
            sink.text("filter");
            sink.key(key);
            let widened = widened_schema(scan, &extra)?;
            let scope = Scope::of(&widened);
            Walk::default().expression(&mut sink, &predicate, &scope)?;
            key = sink.finish();
        }
        if !extra.is_empty() {
            key = columns_of(key, 0..projected_schema.fields().len())?;
        }
        fetch.map_or(Ok(key), |fetch| limited(key, fetch))
    }

    fn unnest(&mut self, sink: &mut Sink, unnest: &'a Unnest) -> Result<()> {
        let Unnest {
            input,
            exec_columns,
            list_type_columns: _,
            struct_type_columns: _,
            dependency_indices: _,
            schema: _,
            options,
        } = unnest;
        sink.text("unnest");
        sink.key(self.relation(input)?);
        let schema = input.schema();
        sink.text(match options.null_handling {
            NullHandling::Drop => "drop",
            NullHandling::Preserve => "preserve",
            NullHandling::PreserveAndExpandEmpty => "preserve_and_expand_empty",
        });
        sink.list(exec_columns, |sink, column| {
            sink.size(schema.index_of_column(column)?);
            Ok(())
        })?;
        sink.list(&options.recursions, |sink, recursion| {
            sink.size(schema.index_of_column(&recursion.input_column)?);
            sink.size(recursion.depth);
            Ok(())
        })
    }

    pub(super) fn expressions(
        &mut self,
        sink: &mut Sink,
        exprs: &'a [Expr],
        scope: &Scope<'a>,
    ) -> Result<()> {
        sink.list(exprs, |sink, expr| self.expression(sink, expr, scope))
    }

    pub(super) fn sorts(
        &mut self,
        sink: &mut Sink,
        sorts: &'a [SortExpr],
        scope: &Scope<'a>,
    ) -> Result<()> {
        sink.list(sorts, |sink, sort| {
            let SortExpr { expr, asc, nulls_first } = sort;
            sink.flag(*asc);
            sink.flag(*nulls_first);
            self.expression(sink, expr, scope)
        })
    }
}

/// The rows of a call: what is called, with what.
fn called_rows(mut sink: Sink, scan: &TableScan, call: &CalledTable) -> Result<PlanKey> {
    if !scan.filters.is_empty() || scan.fetch.is_some() {
        return not_impl_err!("a filter within the scan of a table function");
    }
    sink.text("call");
    sink.text(&call.name);
    let scope = Scope::none();
    sink.list(&call.args, |sink, arg| Walk::default().expression(sink, arg, &scope))?;
    let schema = scan.source.schema();
    sink.list(schema.fields(), |sink, field| {
        sink.data_type(field.data_type())?;
        sink.flag(field.is_nullable());
        Ok(())
    })?;
    let width = schema.fields().len();
    let kept = scan.projection.as_deref().filter(|kept| !kept.iter().copied().eq(0..width));
    match kept {
        Some(kept) => columns_of(sink.finish(), kept.iter().copied()),
        None => Ok(sink.finish()),
    }
}

/// The columns of a scan's source that only its filters use: positions in the source schema,
/// in order.
pub(crate) fn filter_columns(scan: &TableScan) -> Result<Vec<usize>> {
    let schema = scan.source.schema();
    let mut extra = BTreeSet::new();
    for filter in &scan.filters {
        filter.apply(|expr| {
            if let Expr::Column(column) = expr
                && scan.projected_schema.maybe_index_of_column(column).is_none()
            {
                extra.insert(schema.index_of(&column.name)?);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(extra.into_iter().collect())
}

/// The columns that a scan's filters see: its own, then the ones of [`filter_columns`].
pub(crate) fn widened_schema(scan: &TableScan, extra: &[usize]) -> Result<DFSchema> {
    let schema = scan.source.schema();
    let own = scan.projected_schema.iter().map(|(q, f)| (q.cloned(), Arc::clone(f)));
    let added = extra
        .iter()
        .filter_map(|at| schema.fields().get(*at))
        .map(|field| (Some(scan.table_name.clone()), Arc::clone(field)));
    DFSchema::new_with_metadata(own.chain(added).collect(), Default::default())
}

/// True where the expressions are the input's columns, each in its place.
pub(crate) fn is_identity(exprs: &[Expr], input: &DFSchema) -> bool {
    exprs.len() == input.fields().len()
        && exprs.iter().enumerate().all(|(at, expr)| {
            let mut expr = expr;
            while let Expr::Alias(alias) = expr {
                if alias.metadata.is_some() {
                    return false;
                }
                expr = &alias.expr;
            }
            matches!(expr, Expr::Column(column) if input.maybe_index_of_column(column) == Some(at))
        })
}

fn limited(below: PlanKey, fetch: usize) -> Result<PlanKey> {
    let mut sink = Sink::new("relation");
    sink.text("limit");
    sink.key(below);
    sink.flag(false);
    sink.flag(true);
    sink.text("literal");
    sink.scalar(&ScalarValue::Int64(Some(i64::try_from(fetch).unwrap_or(i64::MAX))))?;
    Ok(sink.finish())
}

/// A projection to some of the columns.
fn columns_of(
    below: PlanKey,
    columns: impl IntoIterator<Item = usize, IntoIter: ExactSizeIterator>,
) -> Result<PlanKey> {
    let mut sink = Sink::new("relation");
    sink.text("projection");
    sink.key(below);
    sink.list(columns, |sink, ordinal| {
        sink.text("column");
        sink.size(ordinal);
        Ok(())
    })?;
    Ok(sink.finish())
}

/// True for an input of a join that sees the other input's columns.
pub(crate) fn is_lateral(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => is_lateral(&alias.input),
        other => matches!(other, LogicalPlan::Subquery(_)),
    }
}

/// True for the literal TRUE, which adds nothing to a join's condition.
pub(crate) fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

fn row_type(sink: &mut Sink, schema: &DFSchema) -> Result<()> {
    sink.list(schema.fields(), |sink, field| {
        sink.data_type(field.data_type())?;
        sink.flag(field.is_nullable());
        Ok(())
    })
}
