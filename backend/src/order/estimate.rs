//! How many rows a plan gives, from how many its inputs give.

use std::fmt;

use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, FetchType, Filter, Join, LogicalPlan, Projection, SkipType,
    TableScan,
};

use super::column::{ColumnEstimate, Key};
use super::selectivity::{self, of_conjuncts};
use super::statistics::SourceStatistics;

/// What a row count rests on, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The source counts its rows.
    Exact,
    /// The source estimates its rows.
    Inexact,
    /// Nothing is known of at least one source.
    Guess,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Basis::Exact => "counted",
            Basis::Inexact => "by statistics",
            Basis::Guess => "a guess",
        })
    }
}

/// An estimate of a relation.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    /// How many rows it has.
    pub rows: f64,
    /// How many rows its table has, before the filters of this query.
    pub table: f64,
    /// What that rests on.
    pub basis: Basis,
    /// Its columns, in order.
    pub columns: Vec<ColumnEstimate>,
}

impl Estimate {
    fn new(rows: f64, basis: Basis, width: usize) -> Self {
        let columns = std::iter::repeat_with(ColumnEstimate::unknown).take(width).collect();
        Estimate { rows, table: rows, basis, columns }
    }

    /// The column of this name, in a relation of this schema.
    pub fn column(&self, schema: &DFSchema, column: &Column) -> Option<&ColumnEstimate> {
        self.columns.get(schema.index_of_column(column).ok()?)
    }

    /// The relation after a filter.
    pub fn filtered<'e>(
        mut self,
        schema: &DFSchema,
        conjuncts: impl IntoIterator<Item = &'e Expr>,
    ) -> Self {
        let conjuncts: Vec<&Expr> = conjuncts.into_iter().flat_map(split_conjunction).collect();
        let share = of_conjuncts(conjuncts.iter().copied(), &|column| self.column(schema, column));
        for (column, (low, high)) in selectivity::ranges(&conjuncts) {
            if let Ok(place) = schema.index_of_column(&column)
                && let Some(known) = self.columns.get_mut(place)
            {
                known.within(low, high);
            }
        }
        self.rows *= share;
        self
    }
}

/// The estimate of a node, given those of its inputs in order.
pub(crate) fn of_node(
    plan: &LogicalPlan,
    mut inputs: Vec<Estimate>,
    sources: &SourceStatistics,
) -> Estimate {
    let width = plan.schema().fields().len();
    let basis = inputs.iter().map(|input| input.basis).max().unwrap_or(Basis::Exact);
    let rows: f64 = inputs.iter().map(|input| input.rows).sum();
    if let LogicalPlan::Join(join) = plan
        && inputs.len() == 2
        && let (Some(right), Some(left)) = (inputs.pop(), inputs.pop())
    {
        return of_join(join, &left, &right);
    }
    let first = inputs.into_iter().next();
    match (plan, first) {
        (LogicalPlan::TableScan(scan), _) => of_scan(scan, sources.table(scan)),
        (LogicalPlan::Filter(filter), Some(input)) => of_filter(filter, input),
        (LogicalPlan::Projection(projection), Some(input)) => of_projection(projection, input),
        (LogicalPlan::Aggregate(aggregate), Some(input)) => of_aggregate(aggregate, input, width),
        (LogicalPlan::Distinct(Distinct::All(_)), Some(input)) => {
            let all: Vec<_> = input.columns.iter().collect();
            let rows = groups(&all, input.rows);
            Estimate { rows, table: rows, ..input }
        }
        (LogicalPlan::Limit(limit), Some(input)) => {
            let skip = match limit.get_skip_type() {
                Ok(SkipType::Literal(skip)) => skip as f64,
                _ => 0.0,
            };
            let fetch = match limit.get_fetch_type() {
                Ok(FetchType::Literal(Some(fetch))) => fetch as f64,
                _ => f64::INFINITY,
            };
            Estimate { rows: (input.rows - skip).max(0.0).min(fetch), ..input }
        }
        (LogicalPlan::Sort(sort), Some(input)) => {
            let most = sort.fetch.map_or(f64::INFINITY, |fetch| fetch as f64);
            Estimate { rows: input.rows.min(most), ..input }
        }
        (LogicalPlan::SubqueryAlias(_) | LogicalPlan::Repartition(_), Some(input)) => input,
        (LogicalPlan::Window(_), Some(mut input)) => {
            input.columns.resize_with(width, ColumnEstimate::unknown);
            input
        }
        (LogicalPlan::Values(values), _) => {
            Estimate::new(values.values.len() as f64, Basis::Exact, width)
        }
        (LogicalPlan::EmptyRelation(empty), _) => {
            let rows = if empty.produce_one_row { 1.0 } else { 0.0 };
            Estimate::new(rows, Basis::Exact, width)
        }
        (LogicalPlan::Union(_), _) => Estimate::new(rows, basis, width),
        (_, Some(_)) => Estimate::new(rows, basis, width),
        (_, None) => Estimate::new(rows, Basis::Guess, width),
    }
}

fn of_scan(scan: &TableScan, table: Estimate) -> Estimate {
    let schema = scan.source.schema();
    let mut table = table;
    let mut all = std::mem::take(&mut table.columns);
    let columns = all.clone();
    let known = |column: &Column| columns.get(schema.index_of(&column.name).ok()?);
    let share = of_conjuncts(&scan.filters, &known);
    let conjuncts: Vec<&Expr> = scan.filters.iter().flat_map(split_conjunction).collect();
    for (column, (low, high)) in selectivity::ranges(&conjuncts) {
        if let Ok(place) = schema.index_of(&column.name)
            && let Some(known) = all.get_mut(place)
        {
            known.within(low, high);
        }
    }
    let columns = match &scan.projection {
        Some(places) => places.iter().filter_map(|place| all.get(*place).cloned()).collect(),
        None => all,
    };
    let most = scan.fetch.map_or(f64::INFINITY, |fetch| fetch as f64);
    Estimate { rows: (table.rows * share).min(most), columns, ..table }
}

fn of_filter(filter: &Filter, input: Estimate) -> Estimate {
    // What the scan below evaluates as well counts once.
    let below: &[Expr] = match filter.input.as_ref() {
        LogicalPlan::TableScan(scan) => &scan.filters,
        _ => &[],
    };
    let conjuncts = split_conjunction(&filter.predicate);
    let fresh = conjuncts.into_iter().filter(|conjunct| !below.contains(conjunct));
    let (before, mut kept) = (input.rows, input.filtered(filter.input.schema(), fresh));
    if is_aggregate(&filter.input) {
        kept.rows = kept.rows.min(before * HAVING);
    }
    kept
}

/// A condition on groups is there to find the few that stand out.
const HAVING: f64 = 0.1;

fn is_aggregate(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) => true,
        LogicalPlan::Projection(projection) => is_aggregate(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_aggregate(&alias.input),
        _ => false,
    }
}

fn of_projection(projection: &Projection, input: Estimate) -> Estimate {
    let schema = projection.input.schema();
    let column = |expr: &Expr| {
        let known = selectivity::column(expr).and_then(|column| input.column(schema, column));
        known.cloned().unwrap_or_else(ColumnEstimate::unknown)
    };
    let columns = projection.expr.iter().map(column).collect();
    Estimate { columns, ..input }
}

fn of_aggregate(aggregate: &Aggregate, input: Estimate, width: usize) -> Estimate {
    let unknown = ColumnEstimate::unknown();
    let schema = aggregate.input.schema();
    let column =
        |expr: &Expr| selectivity::column(expr).and_then(|column| input.column(schema, column));
    let keys = &aggregate.group_expr;
    let sets = matches!(keys.first(), Some(Expr::GroupingSet(_)));
    if keys.is_empty() {
        return Estimate::new(1.0, input.basis, width);
    }
    if sets {
        return Estimate::new(input.rows, input.basis, width);
    }
    let known: Vec<_> = keys.iter().map(|key| column(key).unwrap_or(&unknown)).collect();
    let rows = groups(&known, input.rows);
    let alone = known.len() == 1;
    let mut columns: Vec<ColumnEstimate> = known.into_iter().cloned().collect();
    for key in &mut columns {
        key.distinct = Some(key.distinct_of(rows));
        key.key = if alone { Key::Yes } else { Key::No };
    }
    columns.resize_with(width, ColumnEstimate::unknown);
    Estimate { rows, table: rows, basis: input.basis, columns }
}

/// How many groups there are: never more than combinations of values, or than rows.
fn groups(keys: &[&ColumnEstimate], rows: f64) -> f64 {
    let mut combinations = 1.0;
    for key in keys {
        match key.distinct {
            Some(distinct) => combinations *= distinct + f64::from(u8::from(key.nulls > 0.0)),
            None if key.key == Key::Yes => return rows.max(1.0),
            // Text, mostly: some values repeat.
            None => combinations *= (rows / 2.0).max(1.0),
        }
    }
    combinations.min(rows).max(rows.min(1.0))
}

fn of_join(join: &Join, left: &Estimate, right: &Estimate) -> Estimate {
    let basis = left.basis.max(right.basis);
    let (left_schema, right_schema) = (join.left.schema(), join.right.schema());
    let mut share = 1.0;
    let mut matched = (1.0, 1.0);
    for (l, r) in &join.on {
        let l = selectivity::column(l).and_then(|column| left.column(left_schema, column));
        let r = selectivity::column(r).and_then(|column| right.column(right_schema, column));
        let (a, b) = (distinct(l, left.rows), distinct(r, right.rows));
        // Of several keys, the most selective one: they are rarely independent.
        share = f64::min(share, equal_share(&[(l, left.table), (r, right.table)]));
        matched.0 = f64::min(matched.0, b.min(right.rows) / a);
        matched.1 = f64::min(matched.1, a.min(left.rows) / b);
    }
    let filter = join.filter.as_ref().map_or(1.0, |filter| of_conjuncts([filter], &|_| None));
    let inner = left.rows * right.rows * share * filter;
    let (semi_left, semi_right) = (
        left.rows * matched.0.clamp(0.0, 1.0) * filter.max(0.5),
        right.rows * matched.1.clamp(0.0, 1.0) * filter.max(0.5),
    );
    let rows = match join.join_type {
        JoinType::Inner => inner,
        JoinType::Left => inner.max(left.rows),
        JoinType::Right => inner.max(right.rows),
        JoinType::Full => inner.max(left.rows).max(right.rows),
        JoinType::LeftSemi => semi_left,
        JoinType::RightSemi => semi_right,
        JoinType::LeftAnti => (left.rows - semi_left).max(left.rows * ANTI_LEAST),
        JoinType::RightAnti => (right.rows - semi_right).max(right.rows * ANTI_LEAST),
        JoinType::LeftMark => left.rows,
        JoinType::RightMark => right.rows,
    };
    let mut columns: Vec<ColumnEstimate> = match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left.columns.clone(),
        JoinType::RightSemi | JoinType::RightAnti => right.columns.clone(),
        JoinType::LeftMark => with_mark(left),
        JoinType::RightMark => with_mark(right),
        _ => left.columns.iter().chain(&right.columns).cloned().collect(),
    };
    for column in &mut columns {
        if column.key == Key::Yes {
            column.key = Key::Maybe;
        }
    }
    Estimate { rows, table: rows, basis, columns }
}

fn with_mark(estimate: &Estimate) -> Vec<ColumnEstimate> {
    estimate.columns.iter().cloned().chain([ColumnEstimate::unknown()]).collect()
}

/// An anti join is not thought to drop more than all but this share.
pub(crate) const ANTI_LEAST: f64 = 0.05;

/// The distinct values of a join key, before filters.
pub(crate) fn distinct(column: Option<&ColumnEstimate>, rows: f64) -> f64 {
    column.and_then(|column| column.distinct).unwrap_or(rows).max(1.0)
}

/// The share of all combinations of rows in which the columns, one of each relation, are equal.
/// With each column goes the number of rows of its table, before filters.
///
/// Values lie evenly between their bounds, so only those in the common range can meet. There,
/// the values of a foreign key are among those of its key, of which there may be fewer than
/// the bounds of the foreign key admit; the smallest set of values finds partners in all others.
/// Where nothing is known of any column, the largest table is thought to refer to the others.
pub(crate) fn equal_share(members: &[(Option<&ColumnEstimate>, f64)]) -> f64 {
    let bounds = members.iter().filter_map(|(column, _)| column.and_then(|column| column.bounds));
    let low = bounds.clone().map(|bounds| bounds.0).fold(f64::NEG_INFINITY, f64::max);
    let high = bounds.map(|bounds| bounds.1).fold(f64::INFINITY, f64::min);
    if low > high {
        return LEAST_SHARE;
    }
    let mut share = 1.0;
    let mut values: Vec<Values> = Vec::with_capacity(members.len());
    for (column, _) in members {
        let Some(column) = column else {
            values.push(Values { count: None, key: Key::Maybe, dense: false });
            continue;
        };
        let mut part = 1.0;
        if let Some((least, greatest)) = column.bounds
            && greatest > least
        {
            part = (high - low + column.step) / (greatest - least + column.step);
            part = f64::clamp(part, LEAST_SHARE, 1.0);
        }
        share *= part * (1.0 - column.nulls);
        let count = column.distinct.map(|count| (count * part).max(1.0));
        let possible = column.possible();
        let dense = possible.zip(column.distinct).is_some_and(|(all, some)| some >= all * DENSE);
        values.push(Values { count, key: column.key, dense });
    }
    let Some(domain) = domain(&values) else {
        let mut tables: Vec<f64> = members.iter().map(|(_, table)| table.max(1.0)).collect();
        tables.sort_by(f64::total_cmp);
        tables.pop();
        return share / tables.iter().product::<f64>();
    };
    let counts = values.iter().map(|values| values.count.map_or(domain, |c| c.min(domain)));
    let mut counts: Vec<f64> = counts.collect();
    counts.sort_by(f64::total_cmp);
    share / counts.iter().skip(1).product::<f64>().max(1.0)
}

/// The values of a join key within the bounds that all sides have in common.
struct Values {
    count: Option<f64>,
    key: Key,
    /// Whether most numbers between the bounds are there.
    dense: bool,
}

/// A key with fewer values between its bounds is thought to be a choice of another one's.
const DENSE: f64 = 0.1;

/// How many values the columns choose from.
fn domain(values: &[Values]) -> Option<f64> {
    let keys = || values.iter().filter(|values| values.key != Key::No);
    let count = |values: &Values| values.count;
    let smallest = keys()
        .filter(|values| values.count.is_some())
        .min_by(|a, b| f64::total_cmp(&a.count.unwrap_or_default(), &b.count.unwrap_or_default()));
    match smallest {
        Some(key) if key.dense => key.count,
        Some(_) => keys().filter_map(count).reduce(f64::max),
        None => values.iter().filter_map(count).reduce(f64::max),
    }
}

/// No share is thought to be smaller.
const LEAST_SHARE: f64 = 1e-7;
