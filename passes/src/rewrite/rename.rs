//! Aliases are renamed away.
//!
//! Every scan gets a fresh qualifier (`t0`, `t1`, … in pre-order), every computed column a
//! fresh name (`c0`, `c1`, …); subquery aliases vanish. The names of the output stay. With
//! all names unique, no later pass can capture one, and plans that differ in aliases only
//! become equal.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, JoinConstraint, JoinType, Result, TableReference, plan_err,
};
use datafusion::logical_expr::{
    Aggregate, Distinct, EmptyRelation, Expr, Filter, Join, Limit, LogicalPlan, Projection, Sort,
    SortExpr, SubqueryAlias, Union, Values, Window,
};

use crate::PassContext;

pub(crate) fn apply(plan: LogicalPlan, _cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if is_correlated(&plan)? {
        // Outer references speak in names; decorrelation removes them first.
        return Ok(Transformed::no(plan));
    }
    let names: Vec<String> = plan.schema().fields().iter().map(|f| f.name().clone()).collect();
    let renamed = Renamer { prefix: unlike_columns(&plan)?, ..Renamer::default() }.plan(plan)?;
    Ok(Transformed::yes(with_output_names(renamed, names)?))
}

/// A plan with the columns under which its fields are now known, by ordinal.
struct Renamed {
    plan: LogicalPlan,
    columns: Vec<Column>,
}

/// The names given out so far.
#[derive(Default)]
struct Renamer {
    /// What the names of computed columns begin with.
    prefix: String,
    tables: usize,
    columns: usize,
}

impl Renamer {
    fn table(&mut self) -> String {
        self.tables += 1;
        format!("t{}", self.tables - 1)
    }

    fn column(&mut self) -> String {
        self.columns += 1;
        format!("{}{}", self.prefix, self.columns - 1)
    }

    fn plan(&mut self, plan: LogicalPlan) -> Result<Renamed> {
        match plan {
            LogicalPlan::SubqueryAlias(alias) => self.plan(Arc::unwrap_or_clone(alias.input)),
            LogicalPlan::Projection(Projection { expr, input, .. }) => self.projection(expr, input),
            LogicalPlan::Filter(Filter { predicate, input, .. }) => {
                let (input, map) = self.input(input)?;
                let predicate = self.expr(predicate, &map)?;
                let filter = Filter::try_new(predicate, Arc::new(input))?;
                Ok(Renamed { plan: LogicalPlan::Filter(filter), columns: map.columns })
            }
            LogicalPlan::Sort(Sort { expr, input, fetch }) => {
                let (input, map) = self.input(input)?;
                let expr =
                    expr.into_iter().map(|sort| self.sort(sort, &map)).collect::<Result<_>>()?;
                let plan = LogicalPlan::Sort(Sort { expr, input: Arc::new(input), fetch });
                Ok(Renamed { plan, columns: map.columns })
            }
            LogicalPlan::Limit(Limit { skip, fetch, input }) => {
                let (input, map) = self.input(input)?;
                let plan = LogicalPlan::Limit(Limit { skip, fetch, input: Arc::new(input) });
                Ok(Renamed { plan, columns: map.columns })
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, map) = self.input(input)?;
                let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(input)));
                Ok(Renamed { plan, columns: map.columns })
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(Window { input, window_expr, .. }) => {
                let (input, map) = self.input(input)?;
                let window_expr = self.named(window_expr, &map)?;
                let window = Window::try_new(window_expr, Arc::new(input))?;
                Ok(all_columns(LogicalPlan::Window(window)))
            }
            LogicalPlan::Join(join) if is_mark(&join) => self.mark(join),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(Union { inputs, schema }) => self.union(inputs, &schema),
            LogicalPlan::Values(Values { schema, values }) => {
                let schema = self.fresh_schema(&schema)?;
                Ok(all_columns(LogicalPlan::Values(Values { schema, values })))
            }
            LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row, schema }) => {
                let schema = self.fresh_schema(&schema)?;
                let empty = EmptyRelation { produce_one_row, schema };
                Ok(all_columns(LogicalPlan::EmptyRelation(empty)))
            }
            // Scans, and what this pass cannot look into (recursive queries, unnest,
            // DISTINCT ON, extensions): a fresh qualifier sets their names apart.
            opaque => {
                let alias = SubqueryAlias::try_new(Arc::new(opaque), self.table())?;
                Ok(all_columns(LogicalPlan::SubqueryAlias(alias)))
            }
        }
    }

    fn projection(&mut self, exprs: Vec<Expr>, input: Arc<LogicalPlan>) -> Result<Renamed> {
        let mut seen = HashSet::new();
        let (input, map) = match Arc::unwrap_or_clone(input) {
            // Its mark gets a name here.
            LogicalPlan::Join(join) if is_mark(&join) => {
                let old = Arc::clone(&join.schema);
                let Renamed { plan, columns } = self.join(join)?;
                seen.extend(columns.last().cloned());
                (plan, Mapping { schemas: vec![old], columns })
            }
            input => self.input(Arc::new(input))?,
        };
        let renamed = self.named_but(seen, exprs, &map)?;
        let projection = Projection::try_new(renamed, Arc::new(input))?;
        Ok(all_columns(LogicalPlan::Projection(projection)))
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<Renamed> {
        let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
        let (input, map) = self.input(input)?;
        let grouping_sets = matches!(group_expr.as_slice(), [Expr::GroupingSet(_)]);
        let group_expr = if grouping_sets {
            // Its members are named by their expressions; an alias has no place there.
            group_expr.into_iter().map(|expr| self.expr(expr, &map)).collect::<Result<_>>()?
        } else {
            // DataFusion keeps the repeats of a key in the list but not in the output.
            let mut seen = HashSet::new();
            let keys = group_expr.into_iter().filter(|key| seen.insert(key.clone()));
            self.named(keys.collect(), &map)?
        };
        let aggr_expr = self.named(aggr_expr, &map)?;
        let aggregate =
            LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), group_expr, aggr_expr)?);
        if !grouping_sets {
            return Ok(all_columns(aggregate));
        }
        let alias = SubqueryAlias::try_new(Arc::new(aggregate), self.table())?;
        Ok(all_columns(LogicalPlan::SubqueryAlias(alias)))
    }

    fn join(&mut self, join: Join) -> Result<Renamed> {
        let (left, left_map) = self.input(join.left)?;
        let (right, right_map) = self.input(join.right)?;
        let map = left_map.then(right_map);
        let on = join.on.into_iter();
        let on = on
            .map(|(left, right)| Ok((self.expr(left, &map)?, self.expr(right, &map)?)))
            .collect::<Result<_>>()?;
        let filter = join.filter.map(|filter| self.expr(filter, &map)).transpose()?;
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            filter,
            join.join_type,
            JoinConstraint::On,
            join.null_equality,
            join.null_aware,
        )?;
        Ok(all_columns(LogicalPlan::Join(join)))
    }

    /// The mark has one fixed name; two of them above each other would clash.
    fn mark(&mut self, join: Join) -> Result<Renamed> {
        let Renamed { plan, columns } = self.join(join)?;
        let mut exprs: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
        if let Some(mark) = exprs.pop() {
            exprs.push(mark.alias(self.column()));
        }
        let projection = Projection::try_new(exprs, Arc::new(plan))?;
        Ok(all_columns(LogicalPlan::Projection(projection)))
    }

    fn union(&mut self, inputs: Vec<Arc<LogicalPlan>>, old: &DFSchemaRef) -> Result<Renamed> {
        let schema = self.fresh_schema(old)?;
        let mut renamed = Vec::with_capacity(inputs.len());
        for input in inputs {
            let Renamed { plan, columns } = self.plan(Arc::unwrap_or_clone(input))?;
            let (exprs, plan) = match plan {
                LogicalPlan::Projection(projection) => (projection.expr, projection.input),
                plan => (columns.into_iter().map(Expr::Column).collect(), Arc::new(plan)),
            };
            // DataFusion takes the inputs of a union to share their column names.
            let exprs = exprs.into_iter().zip(schema.fields());
            let exprs = exprs.map(|(expr, field)| expr.unalias_nested().data.alias(field.name()));
            let named = Projection::try_new(exprs.collect(), plan)?;
            renamed.push(Arc::new(LogicalPlan::Projection(named)));
        }
        Ok(all_columns(LogicalPlan::Union(Union { inputs: renamed, schema })))
    }

    fn input(&mut self, input: Arc<LogicalPlan>) -> Result<(LogicalPlan, Mapping)> {
        let schemas = vec![Arc::clone(input.schema())];
        let Renamed { plan, columns } = self.plan(Arc::unwrap_or_clone(input))?;
        if schemas.iter().map(|schema| schema.fields().len()).sum::<usize>() != columns.len() {
            return plan_err!("renaming changed the number of columns");
        }
        Ok((plan, Mapping { schemas, columns }))
    }

    /// Expressions that define columns: whatever is no plain column gets a fresh name.
    fn named(&mut self, exprs: Vec<Expr>, map: &Mapping) -> Result<Vec<Expr>> {
        self.named_but(HashSet::new(), exprs, map)
    }

    /// As [`Self::named`], and these columns do not pass through under their own names.
    fn named_but(
        &mut self,
        mut seen: HashSet<Column>,
        exprs: Vec<Expr>,
        map: &Mapping,
    ) -> Result<Vec<Expr>> {
        let mut named = Vec::with_capacity(exprs.len());
        for expr in exprs {
            let expr = self.expr(expr.unalias_nested().data, map)?;
            // A column passes through under its own name, once.
            let passes = matches!(&expr, Expr::Column(column) if seen.insert(column.clone()));
            named.push(if passes { expr } else { expr.alias(self.column()) });
        }
        Ok(named)
    }

    fn sort(&mut self, sort: SortExpr, map: &Mapping) -> Result<SortExpr> {
        Ok(SortExpr { expr: self.expr(sort.expr, map)?, ..sort })
    }

    fn expr(&mut self, expr: Expr, map: &Mapping) -> Result<Expr> {
        let renamed = expr.transform_down(|expr| match expr {
            Expr::Column(column) => Ok(Transformed::yes(Expr::Column(map.column(&column)?))),
            Expr::ScalarSubquery(mut subquery) => {
                subquery.subquery = self.subquery(subquery.subquery)?;
                Ok(Transformed::yes(Expr::ScalarSubquery(subquery)))
            }
            Expr::Exists(mut exists) => {
                exists.subquery.subquery = self.subquery(exists.subquery.subquery)?;
                Ok(Transformed::yes(Expr::Exists(exists)))
            }
            Expr::InSubquery(mut within) => {
                within.subquery.subquery = self.subquery(within.subquery.subquery)?;
                Ok(Transformed::yes(Expr::InSubquery(within)))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(renamed.data)
    }

    fn subquery(&mut self, plan: Arc<LogicalPlan>) -> Result<Arc<LogicalPlan>> {
        Ok(Arc::new(self.plan(Arc::unwrap_or_clone(plan))?.plan))
    }

    /// The same fields under fresh names.
    fn fresh_schema(&mut self, schema: &DFSchema) -> Result<DFSchemaRef> {
        let fields = schema.fields().iter();
        let fields =
            fields.map(|field| (None, Arc::new(field.as_ref().clone().with_name(self.column()))));
        Ok(Arc::new(DFSchema::new_with_metadata(fields.collect(), schema.metadata().clone())?))
    }
}

/// Old columns, found in the old schemas, to the new ones of the same ordinal.
struct Mapping {
    schemas: Vec<DFSchemaRef>,
    columns: Vec<Column>,
}

impl Mapping {
    fn then(mut self, right: Mapping) -> Mapping {
        self.schemas.extend(right.schemas);
        self.columns.extend(right.columns);
        self
    }

    fn column(&self, column: &Column) -> Result<Column> {
        let fields = || self.schemas.iter().flat_map(|schema| schema.iter());
        let exact =
            |(qualifier, field): (Option<&_>, &Arc<datafusion::arrow::datatypes::Field>)| {
                qualifier == column.relation.as_ref() && field.name() == &column.name
            };
        let ordinal = fields().position(exact).or_else(|| {
            // A column without a qualifier may name a field that has one.
            let mut named = fields().enumerate().filter(|(_, (qualifier, field))| {
                field.name() == &column.name
                    && match (&column.relation, qualifier) {
                        (Some(wanted), Some(found)) => wanted.resolved_eq(found),
                        (None, _) => true,
                        (Some(_), None) => false,
                    }
            });
            named.next().filter(|_| named.next().is_none()).map(|(ordinal, _)| ordinal)
        });
        match ordinal.and_then(|ordinal| self.columns.get(ordinal)) {
            Some(column) => Ok(column.clone()),
            None => plan_err!("no column {} in {:?}", column.flat_name(), self.schemas),
        }
    }
}

fn is_mark(join: &Join) -> bool {
    matches!(join.join_type, JoinType::LeftMark | JoinType::RightMark)
}

fn all_columns(plan: LogicalPlan) -> Renamed {
    let columns = plan.schema().columns();
    Renamed { plan, columns }
}

/// Puts the output names back, in the topmost projection where there is one.
fn with_output_names(renamed: Renamed, names: Vec<String>) -> Result<LogicalPlan> {
    // Names that repeat are told apart by qualifiers, which are no part of the output.
    let repeats = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    let qualifier = |place: usize, name: &String| {
        repeats(name).then(|| TableReference::bare(format!("o{place}")))
    };
    let named = |(place, (expr, name)): (usize, (Expr, &String))| {
        let qualifier = qualifier(place, name);
        match expr {
            Expr::Column(column) if column.relation == qualifier && column.name == *name => {
                Expr::Column(column)
            }
            expr => expr.unalias().alias_qualified(qualifier, name),
        }
    };
    let (exprs, input) = match renamed.plan {
        LogicalPlan::Projection(projection) => (projection.expr, projection.input),
        LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }) => {
            let fields = schema.fields().iter().zip(&names).enumerate();
            let fields = fields.map(|(place, (field, name))| {
                (qualifier(place, name), Arc::new(field.as_ref().clone().with_name(name)))
            });
            let metadata = schema.metadata().clone();
            let schema = Arc::new(DFSchema::new_with_metadata(fields.collect(), metadata)?);
            let empty = EmptyRelation { produce_one_row: false, schema };
            return Ok(LogicalPlan::EmptyRelation(empty));
        }
        plan => (renamed.columns.into_iter().map(Expr::Column).collect(), Arc::new(plan)),
    };
    let exprs = exprs.into_iter().zip(&names).enumerate().map(named).collect();
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, input)?))
}

/// A prefix with which no column of a table is a computed one: DataFusion takes `c1` and `t0.c1`
/// in one relation for ambiguous.
fn unlike_columns(plan: &LogicalPlan) -> Result<String> {
    let mut prefix = "c".to_owned();
    plan.apply_with_subqueries(|node| {
        let names: Vec<&String> = match node {
            LogicalPlan::TableScan(_) | LogicalPlan::RecursiveQuery(_) | LogicalPlan::Unnest(_) => {
                node.schema().fields().iter().map(|field| field.name()).collect()
            }
            _ => Vec::new(),
        };
        while names.iter().any(|name| is_numbered(name, &prefix)) {
            prefix.push('_');
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(prefix)
}

fn is_numbered(name: &str, prefix: &str) -> bool {
    let number = name.strip_prefix(prefix).filter(|number| !number.is_empty());
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether any subquery refers to columns of the query around it.
pub(crate) fn is_correlated(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= matches!(expr, Expr::OuterReferenceColumn(..));
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    Ok(found)
}
