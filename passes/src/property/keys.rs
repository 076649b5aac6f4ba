//! Unique column sets of a plan's output.
//!
//! Some follow from the plan (the keys of a group, at most one row), others from declared
//! keys. A rewrite that uses one of the latter notes it with [`UniqueSet::rely`].

use std::collections::{BTreeMap, BTreeSet, HashSet};

use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Filter, Join, LogicalPlan, Operator, TableScan, Values,
};
use planc_ir::catalog::{declared, table_name};

use super::cardinality::{bounds, cardinality};
use super::is_exact_equality;
use crate::PassContext;

/// More sets than these are not kept: the smallest serve best.
const MOST_SETS: usize = 16;
/// Longer lists of values are not looked through for repeats.
const MOST_LISTED: usize = 64;

/// A declared constraint that a conclusion rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reliance {
    table: String,
    kind: &'static str,
    columns: Vec<String>,
}

impl Reliance {
    /// Notes that a rewrite is right because of this constraint.
    pub(crate) fn note(&self, cx: &PassContext) {
        cx.rely_on(&self.table, self.kind, &self.columns);
    }
}

/// Columns on whose values no two rows agree, NULL agreeing with NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueSet {
    /// Ordinals of the plan's output. The empty set says that there is one row at most.
    pub columns: BTreeSet<usize>,
    /// Whether rows with a NULL in one of the columns are exempt, as for SQL's `UNIQUE`.
    pub null_exempt: bool,
    /// The declared constraints that it follows from.
    pub reliance: BTreeSet<Reliance>,
}

impl UniqueSet {
    fn of(columns: impl IntoIterator<Item = usize>) -> Self {
        let columns = columns.into_iter().collect();
        UniqueSet { columns, null_exempt: false, reliance: BTreeSet::new() }
    }

    /// Notes the constraints behind it.
    pub(crate) fn rely(&self, cx: &PassContext) {
        self.reliance.iter().for_each(|constraint| constraint.note(cx));
    }

    /// The pairs of two relations are told apart by the sets of both.
    fn with(&self, other: &UniqueSet, shift: usize) -> Self {
        UniqueSet {
            columns: self
                .columns
                .iter()
                .copied()
                .chain(other.columns.iter().map(|at| at + shift))
                .collect(),
            null_exempt: self.null_exempt || other.null_exempt,
            reliance: self.reliance.union(&other.reliance).cloned().collect(),
        }
    }

    /// Whether it makes one of the other useless.
    fn covers(&self, other: &UniqueSet) -> bool {
        self.columns.is_subset(&other.columns)
            && (!self.null_exempt || other.null_exempt)
            && self.reliance.is_subset(&other.reliance)
    }

    fn shifted(mut self, by: usize) -> Self {
        self.columns = self.columns.into_iter().map(|at| at + by).collect();
        self
    }

    fn relying(mut self, reliance: &BTreeSet<Reliance>) -> Self {
        self.reliance.extend(reliance.iter().cloned());
        self
    }
}

/// A set within these columns that tells all rows apart, NULLs and all; one that rests on the
/// fewest declarations.
pub(crate) fn unique_within(plan: &LogicalPlan, columns: &BTreeSet<usize>) -> Option<UniqueSet> {
    let sets = unique_sets(plan).into_iter();
    sets.filter(|set| !set.null_exempt && set.columns.is_subset(columns))
        .min_by_key(|set| (set.reliance.len(), set.columns.len()))
}

/// A set within these columns that tells apart all rows that have no NULL in it: enough where
/// the columns are compared with `=`.
pub(crate) fn unique_when_equal(
    plan: &LogicalPlan,
    columns: &BTreeSet<usize>,
) -> Option<UniqueSet> {
    let sets = unique_sets(plan).into_iter();
    sets.filter(|set| set.columns.is_subset(columns))
        .min_by_key(|set| (set.reliance.len(), set.columns.len()))
}

/// The unique column sets of a plan's output, none of which another one covers.
pub(crate) fn unique_sets(plan: &LogicalPlan) -> Vec<UniqueSet> {
    let mut sets = derived(plan);
    if cardinality(plan).is_at_most_one() {
        sets.push(UniqueSet::of([]));
    }
    if sets.iter().any(|set| set.null_exempt) {
        let not_null = not_null(plan);
        for set in sets.iter_mut().filter(|set| set.null_exempt) {
            let reasons: Option<Vec<_>> = set.columns.iter().map(|at| not_null.get(at)).collect();
            if let Some(reasons) = reasons {
                set.null_exempt = false;
                set.reliance.extend(reasons.into_iter().flatten().cloned());
            }
        }
    }
    minimal(sets)
}

fn minimal(mut sets: Vec<UniqueSet>) -> Vec<UniqueSet> {
    sets.sort_by_key(|set| (set.columns.len(), set.reliance.len(), set.null_exempt));
    let mut kept: Vec<UniqueSet> = Vec::new();
    for set in sets {
        if kept.len() < MOST_SETS && !kept.iter().any(|other| other.covers(&set)) {
            kept.push(set);
        }
    }
    kept
}

fn derived(plan: &LogicalPlan) -> Vec<UniqueSet> {
    match plan {
        LogicalPlan::TableScan(scan) => of_scan(scan),
        LogicalPlan::SubqueryAlias(alias) => unique_sets(&alias.input),
        LogicalPlan::Subquery(subquery) => unique_sets(&subquery.subquery),
        LogicalPlan::Sort(sort) => unique_sets(&sort.input),
        LogicalPlan::Window(window) => unique_sets(&window.input),
        LogicalPlan::Limit(limit) => {
            let mut sets = unique_sets(&limit.input);
            if bounds(limit).is_some_and(|(_, fetch)| fetch == Some(1)) {
                sets.push(UniqueSet::of([]));
            }
            sets
        }
        LogicalPlan::Filter(filter) => of_filter(filter),
        LogicalPlan::Projection(projection) => {
            let ordinals = passed_on(&projection.expr, projection.input.schema());
            let sets = unique_sets(&projection.input).into_iter();
            sets.filter_map(|set| renumbered(set, &ordinals)).collect()
        }
        LogicalPlan::Aggregate(aggregate) => of_aggregate(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let mut sets = unique_sets(input);
            sets.push(UniqueSet::of(0..input.schema().fields().len()));
            sets
        }
        LogicalPlan::Union(union) => match union.inputs.as_slice() {
            [input] => unique_sets(input),
            _ => Vec::new(),
        },
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Values(values) if values.values.len() <= MOST_LISTED => of_values(values),
        _ => Vec::new(),
    }
}

/// Columns of a list whose literals all differ.
fn of_values(values: &Values) -> Vec<UniqueSet> {
    let differ = |place: &usize| {
        let mut seen = HashSet::new();
        is_exact_equality(values.schema.field(*place).data_type())
            && values.values.iter().all(|row| match row.get(*place) {
                Some(Expr::Literal(value, _)) => !value.is_null() && seen.insert(value),
                _ => false,
            })
    };
    let places = 0..values.schema.fields().len();
    places.filter(differ).map(|place| UniqueSet::of([place])).collect()
}

fn of_scan(scan: &TableScan) -> Vec<UniqueSet> {
    let Some(constraints) = declared(scan) else { return Vec::new() };
    let table = table_name(&scan.table_name);
    let schema = &scan.projected_schema;
    let set = |kind: &'static str, columns: &Vec<String>| {
        let ordinal = |name: &String| schema.fields().iter().position(|f| f.name() == name);
        let reliance = Reliance { table: table.clone(), kind, columns: columns.clone() };
        Some(UniqueSet {
            columns: columns.iter().map(ordinal).collect::<Option<_>>()?,
            null_exempt: kind == "unique",
            reliance: [reliance].into(),
        })
    };
    let keys = constraints.keys.iter().filter_map(|columns| set("key", columns));
    let unique = constraints.unique.iter().filter_map(|columns| set("unique", columns));
    keys.chain(unique).filter(|set| !set.columns.is_empty()).collect()
}

/// Rows that a filter lets pass agree on what it fixes, so that the rest tells them apart.
fn of_filter(filter: &Filter) -> Vec<UniqueSet> {
    let schema = filter.input.schema();
    let conjuncts = split_conjunction(&filter.predicate);
    let fixed: BTreeSet<usize> =
        conjuncts.iter().filter_map(|conjunct| fixed_column(conjunct, schema)).collect();
    let equal: Vec<(usize, usize)> =
        conjuncts.iter().filter_map(|conjunct| equal_columns(conjunct, schema)).collect();
    let mut sets = unique_sets(&filter.input);
    // A set that exempts NULLs says nothing of the rows in which a column is fixed to NULL.
    for set in sets.iter_mut().filter(|set| !set.null_exempt) {
        set.columns.retain(|at| !fixed.contains(at));
        for (left, right) in &equal {
            if set.columns.contains(left) {
                set.columns.remove(right);
            }
        }
    }
    sets
}

/// The column that a conjunct fixes to one value.
pub(crate) fn fixed_column(conjunct: &Expr, schema: &DFSchema) -> Option<usize> {
    let column = match conjunct {
        Expr::IsNull(expr) => expr,
        Expr::BinaryExpr(binary)
            if matches!(binary.op, Operator::Eq | Operator::IsNotDistinctFrom) =>
        {
            match (binary.left.as_ref(), binary.right.as_ref()) {
                (Expr::Column(_), Expr::Literal(..)) => &binary.left,
                (Expr::Literal(..), Expr::Column(_)) => &binary.right,
                _ => return None,
            }
        }
        _ => return None,
    };
    let Expr::Column(column) = column.as_ref() else { return None };
    let at = schema.maybe_index_of_column(column)?;
    is_exact_equality(schema.field(at).data_type()).then_some(at)
}

/// The two columns that a conjunct makes equal.
fn equal_columns(conjunct: &Expr, schema: &DFSchema) -> Option<(usize, usize)> {
    let Expr::BinaryExpr(binary) = conjunct else { return None };
    if !matches!(binary.op, Operator::Eq | Operator::IsNotDistinctFrom) {
        return None;
    }
    let (Expr::Column(left), Expr::Column(right)) = (binary.left.as_ref(), binary.right.as_ref())
    else {
        return None;
    };
    let left = schema.maybe_index_of_column(left)?;
    let right = schema.maybe_index_of_column(right)?;
    is_exact_equality(schema.field(left).data_type())
        .then_some((left.min(right), left.max(right)))
        .filter(|(left, right)| left != right)
}

fn of_aggregate(aggregate: &Aggregate) -> Vec<UniqueSet> {
    let keys = aggregate.group_expr.as_slice();
    if matches!(keys, [Expr::GroupingSet(_)]) {
        return Vec::new();
    }
    let repeated = |(at, key): (usize, &Expr)| keys.iter().take(at).any(|other| other == key);
    if keys.iter().enumerate().any(repeated) {
        // The output has a repeated key once, so ordinals would not be those of the list.
        return Vec::new();
    }
    let mut sets = vec![UniqueSet::of(0..keys.len())];
    let ordinals = passed_on(keys, aggregate.input.schema());
    let below = unique_sets(&aggregate.input).into_iter();
    sets.extend(below.filter_map(|set| renumbered(set, &ordinals)));
    sets
}

fn of_join(join: &Join) -> Vec<UniqueSet> {
    let left = || unique_sets(&join.left);
    let right = || unique_sets(&join.right);
    match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => return left(),
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => return right(),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {}
    }
    let (left, right) = (left(), right());
    let shift = join.left.schema().fields().len();
    let mut sets = Vec::new();
    for l in &left {
        for r in &right {
            let mut both = l.with(r, shift);
            // Two padded rows could be alike where their keys are NULL.
            both.null_exempt |= join.join_type == JoinType::Full;
            sets.push(both);
        }
    }
    let pads_left = matches!(join.join_type, JoinType::Right | JoinType::Full);
    let pads_right = matches!(join.join_type, JoinType::Left | JoinType::Full);
    if let Some(one) = matched_once(join, Side::Right, &right) {
        // Each row on the left comes out once at most. Padding repeats NULLs only.
        sets.extend(left.iter().cloned().map(|mut set| {
            set.null_exempt |= pads_left;
            set.relying(&one)
        }));
    }
    if let Some(one) = matched_once(join, Side::Left, &left) {
        sets.extend(right.iter().cloned().map(|mut set| {
            set.null_exempt |= pads_right;
            set.shifted(shift).relying(&one)
        }));
    }
    // "One row at most" does not outlive padding.
    sets.retain(|set| !(set.columns.is_empty() && set.null_exempt));
    sets
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

/// What must be relied on so that no row of the other side finds two partners on this one.
fn matched_once(join: &Join, side: Side, sets: &[UniqueSet]) -> Option<BTreeSet<Reliance>> {
    let input = if side == Side::Left { &join.left } else { &join.right };
    let schema = input.schema();
    let mut compared = BTreeSet::new();
    for (left, right) in &join.on {
        let own = if side == Side::Left { left } else { right };
        if let Expr::Column(column) = own {
            compared.extend(schema.maybe_index_of_column(column));
        }
    }
    let mut null_safe = join.null_equality == NullEquality::NullEqualsNull;
    for conjunct in join.filter.iter().flat_map(split_conjunction) {
        let Expr::BinaryExpr(binary) = conjunct else { continue };
        if !matches!(binary.op, Operator::Eq | Operator::IsNotDistinctFrom) {
            continue;
        }
        for (own, other) in [(&binary.left, &binary.right), (&binary.right, &binary.left)] {
            let Expr::Column(column) = own.as_ref() else { continue };
            let elsewhere =
                other.column_refs().iter().all(|c| schema.maybe_index_of_column(c).is_none());
            if elsewhere && let Some(at) = schema.maybe_index_of_column(column) {
                compared.insert(at);
                null_safe |= binary.op == Operator::IsNotDistinctFrom;
            }
        }
    }
    let set = sets
        .iter()
        .filter(|set| set.columns.is_subset(&compared) && !(set.null_exempt && null_safe))
        .min_by_key(|set| (set.reliance.len(), set.columns.len()))?;
    Some(set.reliance.clone())
}

/// Columns of the output that hold no NULL, each with what must be relied on for that.
pub(crate) fn not_null(plan: &LogicalPlan) -> BTreeMap<usize, BTreeSet<Reliance>> {
    let mut found: BTreeMap<usize, BTreeSet<Reliance>> = BTreeMap::new();
    match plan {
        LogicalPlan::TableScan(scan) => {
            if let Some(constraints) = declared(scan) {
                let table = table_name(&scan.table_name);
                let single =
                    constraints.not_null.iter().map(|column| ("not_null", vec![column.clone()]));
                let keys = constraints.keys.iter().map(|columns| ("key", columns.clone()));
                for (kind, columns) in keys.chain(single) {
                    let reliance = Reliance { table: table.clone(), kind, columns };
                    for (at, field) in scan.projected_schema.fields().iter().enumerate() {
                        if reliance.columns.contains(field.name()) {
                            found.insert(at, [reliance.clone()].into());
                        }
                    }
                }
            }
        }
        LogicalPlan::SubqueryAlias(alias) => found = not_null(&alias.input),
        LogicalPlan::Subquery(subquery) => found = not_null(&subquery.subquery),
        LogicalPlan::Sort(sort) => found = not_null(&sort.input),
        LogicalPlan::Limit(limit) => found = not_null(&limit.input),
        LogicalPlan::Window(window) => found = not_null(&window.input),
        LogicalPlan::Filter(filter) => {
            found = not_null(&filter.input);
            let schema = filter.input.schema();
            for conjunct in split_conjunction(&filter.predicate) {
                for column in strict_columns(conjunct) {
                    if let Some(at) = schema.maybe_index_of_column(column) {
                        found.insert(at, BTreeSet::new());
                    }
                }
            }
        }
        LogicalPlan::Projection(projection) => {
            let ordinals = passed_on(&projection.expr, projection.input.schema());
            let below = not_null(&projection.input);
            found = renumbered_facts(below, &ordinals);
        }
        LogicalPlan::Aggregate(aggregate)
            if !matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) =>
        {
            let ordinals = passed_on(&aggregate.group_expr, aggregate.input.schema());
            let below = not_null(&aggregate.input);
            found = renumbered_facts(below, &ordinals);
        }
        LogicalPlan::Join(join) => {
            let shift = join.left.schema().fields().len();
            let left = || not_null(&join.left);
            let right = |shift: usize| {
                not_null(&join.right).into_iter().map(move |(at, why)| (at + shift, why))
            };
            match join.join_type {
                JoinType::Inner => {
                    found = left();
                    found.extend(right(shift));
                    let schema = &join.schema;
                    let safe = join.null_equality == NullEquality::NullEqualsNull;
                    let keys = join.on.iter().filter(|_| !safe).flat_map(|(l, r)| [l, r]);
                    let keys = keys.filter_map(Expr::try_as_col);
                    let filters = join.filter.iter().flat_map(split_conjunction);
                    for column in keys.chain(filters.flat_map(strict_columns)) {
                        if let Some(at) = schema.maybe_index_of_column(column) {
                            found.insert(at, BTreeSet::new());
                        }
                    }
                }
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                    found = left()
                }
                JoinType::Right => found.extend(right(shift)),
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    found.extend(right(0));
                }
                JoinType::Full => {}
            }
        }
        _ => {}
    }
    for (at, field) in plan.schema().fields().iter().enumerate() {
        if !field.is_nullable() {
            found.insert(at, BTreeSet::new());
        }
    }
    found
}

/// The columns that cannot be NULL where the conjunct is true, as far as it is a plain
/// comparison or `IS NOT NULL`.
fn strict_columns(conjunct: &Expr) -> Vec<&datafusion::common::Column> {
    match conjunct {
        Expr::IsNotNull(expr) | Expr::IsTrue(expr) | Expr::IsFalse(expr) => {
            expr.try_as_col().into_iter().collect()
        }
        Expr::BinaryExpr(binary)
            if matches!(
                binary.op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
            ) =>
        {
            [&binary.left, &binary.right].into_iter().filter_map(|side| side.try_as_col()).collect()
        }
        Expr::Like(like) => like.expr.try_as_col().into_iter().collect(),
        Expr::Between(between) => between.expr.try_as_col().into_iter().collect(),
        Expr::InList(list) => list.expr.try_as_col().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// For each column of the input that the expressions pass on, where it comes out first.
pub(crate) fn passed_on(exprs: &[Expr], input: &DFSchema) -> BTreeMap<usize, usize> {
    let mut ordinals = BTreeMap::new();
    for (at, expr) in exprs.iter().enumerate() {
        let mut expr = expr;
        while let Expr::Alias(alias) = expr {
            expr = &alias.expr;
        }
        if let Expr::Column(column) = expr
            && let Some(below) = input.maybe_index_of_column(column)
        {
            ordinals.entry(below).or_insert(at);
        }
    }
    ordinals
}

fn renumbered(set: UniqueSet, ordinals: &BTreeMap<usize, usize>) -> Option<UniqueSet> {
    let columns = set.columns.iter().map(|at| ordinals.get(at).copied()).collect::<Option<_>>()?;
    Some(UniqueSet { columns, ..set })
}

fn renumbered_facts<T>(
    facts: BTreeMap<usize, T>,
    ordinals: &BTreeMap<usize, usize>,
) -> BTreeMap<usize, T> {
    facts.into_iter().filter_map(|(at, fact)| Some((*ordinals.get(&at)?, fact))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::prelude::SessionContext;
    use planc_ir::catalog::{SchemaSource, Table};
    use planc_ir::{Settings, planning_state};

    use super::*;

    fn source(name: &str, constrain: impl FnOnce(&mut Table)) -> LogicalPlan {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let mut table = Table::new(&Schema::new(vec![field("k"), field("u"), field("v")]));
        constrain(&mut table);
        let source = SchemaSource::of(Arc::new(table));
        datafusion::logical_expr::LogicalPlanBuilder::scan(name, Arc::new(source), None)
            .unwrap()
            .build()
            .unwrap()
    }

    async fn check(sql: &str, expected: &[&str]) {
        let ctx = SessionContext::new_with_state(planning_state(&Settings::default()));
        for name in ["p", "q"] {
            let plan = source(name, |table| {
                table.constraints.keys.push(vec!["k".to_owned()]);
                table.constraints.unique.push(vec!["u".to_owned()]);
            });
            let view = datafusion::datasource::ViewTable::new(plan, None);
            ctx.register_table(name, Arc::new(view)).unwrap();
        }
        let plan = ctx.state().create_logical_plan(sql).await.unwrap();
        let plan = crate::canonicalize(planc_ir::Plan::new(plan), &ctx.state(), &mut |_| {});
        let mut found: Vec<String> = unique_sets(&plan.unwrap().logical)
            .iter()
            .map(|set| {
                let exempt = if set.null_exempt { "?" } else { "" };
                let relied = if set.reliance.is_empty() { "" } else { " declared" };
                format!("{:?}{exempt}{relied}", set.columns.iter().collect::<Vec<_>>())
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "{sql}");
    }

    #[tokio::test]
    async fn keys_pass_through_operators() {
        check("select k, v from p", &["[0] declared"]).await;
        check("select u, v from p", &["[0]? declared"]).await;
        check("select u, v from p where u > 3", &["[0] declared"]).await;
        check("select u + 1, v from p", &[]).await;
        check("select v, count(*) from p group by v", &["[0]"]).await;
        check("select v, k from p where k = 5", &["[] declared"]).await;
        check("select distinct v, u from p where v > 5", &["[0, 1]", "[1]? declared"]).await;
        check("select max(v) from p", &["[]"]).await;
        check("select v from p limit 1", &["[]"]).await;
        check("select k from p union all select k from q", &[]).await;
    }

    #[tokio::test]
    async fn joins_keep_the_keys_of_what_is_matched_once() {
        check("select p.k, q.v from p join q on p.v = q.k", &["[0] declared"]).await;
        check("select p.k, q.v from p left join q on p.v = q.u", &["[0] declared"]).await;
        check("select p.k, q.v from p join q on p.v is not distinct from q.u", &[]).await;
        check(
            "select p.k, q.k as l from p full join q on p.k = q.k",
            &["[0]? declared", "[1]? declared"],
        )
        .await;
        check("select p.k, q.k as l from p join q on p.v = q.v", &["[0, 1] declared"]).await;
        check(
            "select p.k from p where exists (select 1 from q where q.v = p.v)",
            &["[0] declared"],
        )
        .await;
    }
}
