//! From a plan to blocks and back: the walk over all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, ExprSchema, JoinConstraint, JoinType, NullEquality, Result,
};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, LogicalPlan, Operator, Projection, SubqueryAlias, Union,
};
use planc_ir::key::relation_key;

use super::build::build;
use super::collect::{aliased, closed, collect};
use super::{Block, How, Readers, Surroundings, Uses, columns_of, reads_only, substitute};
use crate::pipeline::BLOCKS;
use crate::property::{has_subqueries, is_exact_equality};

/// Takes a plan apart into blocks, runs the block passes on each from the innermost outwards,
/// and puts it together again.
pub(crate) fn normalize(plan: LogicalPlan, around: &Surroundings) -> Result<LogicalPlan> {
    normalize_below(subqueries(plan, around)?, around)
}

/// Runs the block passes and builds the relation.
pub(super) fn finish(mut block: Block, around: &Surroundings) -> Result<LogicalPlan> {
    for pass in BLOCKS {
        if (pass.apply)(&mut block, around)? {
            around.cx.fire(pass.name);
        }
    }
    build(block, around)
}

/// Normalizes the plans of subqueries that no pass could turn into joins.
fn subqueries(plan: LogicalPlan, around: &Surroundings) -> Result<LogicalPlan> {
    if !has_subqueries(&plan)? {
        return Ok(plan);
    }
    let inner = Surroundings {
        cx: around.cx,
        readers: Readers::Nobody,
        exact: true,
        any_multiplicity: false,
    };
    let normalized = plan.transform_down(|node| {
        node.map_subqueries(|plan| match plan {
            LogicalPlan::Subquery(mut subquery) => {
                let plan = normalize(Arc::unwrap_or_clone(subquery.subquery), &inner)?;
                subquery.subquery = Arc::new(plan);
                Ok(Transformed::yes(LogicalPlan::Subquery(subquery)))
            }
            other => Ok(Transformed::no(other)),
        })
    })?;
    Ok(normalized.data)
}

/// Normalizes below a relation that cannot be looked through.
pub(super) fn children(plan: LogicalPlan, around: &Surroundings) -> Result<LogicalPlan> {
    let exact = Surroundings {
        cx: around.cx,
        readers: Readers::Nobody,
        exact: true,
        any_multiplicity: false,
    };
    match plan {
        LogicalPlan::Aggregate(mut aggregate)
            if !matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) =>
        {
            let input = Arc::unwrap_or_clone(std::mem::take(&mut aggregate.input));
            self::aggregate(aggregate, input, around)
        }
        LogicalPlan::Aggregate(aggregate) => grouping_sets(aggregate, around),
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let input = children(Arc::unwrap_or_clone(input), &exact)?;
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias)?))
        }
        LogicalPlan::Join(join) => self::join(join, around),
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let distinct = Surroundings { any_multiplicity: true, ..exact };
            let input = normalize_below(Arc::unwrap_or_clone(input), &distinct)?;
            Ok(LogicalPlan::Distinct(Distinct::All(Arc::new(input))))
        }
        LogicalPlan::Union(union) => {
            let inputs = union
                .inputs
                .into_iter()
                .map(|input| Ok(Arc::new(normalize_below(Arc::unwrap_or_clone(input), &exact)?)))
                .collect::<Result<Vec<_>>>()?;
            let schema = union_schema(&inputs, &union.schema)?;
            Ok(LogicalPlan::Union(Union { inputs, schema }))
        }
        other => {
            let normalized = other
                .map_children(|child| Ok(Transformed::yes(normalize_below(child, &exact)?)))?;
            Ok(normalized.data)
        }
    }
}

/// The columns of a union; one is nullable where it is so in any input, as they are now.
fn union_schema(inputs: &[Arc<LogicalPlan>], old: &DFSchemaRef) -> Result<DFSchemaRef> {
    let fields = old.iter().enumerate().map(|(place, (qualifier, field))| {
        let mut own = inputs.iter().filter_map(|input| input.schema().fields().get(place));
        let nullable = own.any(|field| field.is_nullable());
        (qualifier.cloned(), Arc::new(field.as_ref().clone().with_nullable(nullable)))
    });
    Ok(Arc::new(DFSchema::new_with_metadata(fields.collect(), old.as_ref().metadata().clone())?))
}

/// As [`normalize`], where subqueries are normalized already.
fn normalize_below(plan: LogicalPlan, around: &Surroundings) -> Result<LogicalPlan> {
    if !around.exact {
        return finish(collect(plan, around)?, around);
    }
    let all: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
    let uses = Uses { how: How::Result, exprs: &all, defined: None, parent: around.readers };
    let around = Surroundings { readers: Readers::Above(&uses), ..*around };
    let block = collect(plan, &Surroundings { exact: false, ..around })?;
    finish(block, &around)
}

/// Computed columns of the input move into the keys and arguments.
fn aggregate(
    aggregate: Aggregate,
    input: LogicalPlan,
    around: &Surroundings,
) -> Result<LogicalPlan> {
    let Aggregate { group_expr, aggr_expr, schema, .. } = aggregate;
    let groups =
        Uses { how: How::Group, exprs: &group_expr, defined: None, parent: Readers::Nobody };
    let uses = Uses {
        how: How::Aggregate,
        exprs: &aggr_expr,
        defined: None,
        parent: Readers::Above(&groups),
    };
    let inner = Surroundings {
        cx: around.cx,
        readers: Readers::Above(&uses),
        exact: false,
        any_multiplicity: aggr_expr.iter().all(is_multiplicity_blind),
    };
    let mut block = collect(input, &inner)?;
    if computes_float_keys(&block, &group_expr) {
        // As a key of the aggregate, DataFusion would take it to follow from the column that
        // it is computed from; but zeros of either sign are one group and not one value.
        let all: Vec<Expr> = block.outputs.iter().map(|o| Expr::Column(o.column.clone())).collect();
        let uses = Uses { how: How::Result, exprs: &all, defined: None, parent: Readers::Nobody };
        let kept = Surroundings { readers: Readers::Above(&uses), exact: true, ..inner };
        let input = Arc::new(finish(block, &kept)?);
        return Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, aggr_expr)?));
    }
    let outputs = std::mem::take(&mut block.outputs);
    let (input, outputs, _) = closed(block, outputs, &[], &inner)?;
    let map: HashMap<Column, Expr> =
        outputs.into_iter().map(|output| (output.column, output.expr)).collect();
    let mut columns = schema.columns().into_iter();
    let mut replaced = |exprs: Vec<Expr>| -> Result<Vec<Expr>> {
        exprs
            .into_iter()
            .map(|expr| {
                let expr = substitute(expr.unalias_nested().data, &map)?;
                Ok(match columns.next() {
                    Some(column) => aliased(expr, &column),
                    None => expr,
                })
            })
            .collect()
    };
    let group_expr = replaced(group_expr)?;
    let aggr_expr = replaced(aggr_expr)?;
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), group_expr, aggr_expr)?))
}

/// The members of grouping sets are named by their expressions, so computed columns stay below.
fn grouping_sets(aggregate: Aggregate, around: &Surroundings) -> Result<LogicalPlan> {
    let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
    let groups =
        Uses { how: How::Group, exprs: &group_expr, defined: None, parent: Readers::Nobody };
    let readers = Readers::Above(&groups);
    let uses = Uses { how: How::Aggregate, exprs: &aggr_expr, defined: None, parent: readers };
    let inner = Surroundings {
        cx: around.cx,
        readers: Readers::Above(&uses),
        exact: false,
        any_multiplicity: false,
    };
    let mut block = collect(Arc::unwrap_or_clone(input), &inner)?;
    let read = group_expr.iter().chain(&aggr_expr).flat_map(|expr| expr.column_refs());
    let read: HashSet<&Column> = read.collect();
    block.outputs.retain(|output| read.contains(&output.column));
    let mut input = Arc::new(finish(block, &Surroundings { exact: true, ..inner })?);
    // Its columns are read by name: a choice of them says nothing.
    while let LogicalPlan::Projection(Projection { expr, input: below, .. }) = input.as_ref()
        && expr.iter().all(|expr| matches!(expr, Expr::Column(_)))
    {
        input = Arc::clone(below);
    }
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, aggr_expr)?))
}

/// Whether a group key is computed below from a column whose equal values are not the same.
fn computes_float_keys(block: &Block, group_expr: &[Expr]) -> bool {
    let keys: HashSet<&Column> = group_expr.iter().flat_map(|expr| expr.column_refs()).collect();
    let computed = block
        .outputs
        .iter()
        .filter(|output| keys.contains(&output.column) && !matches!(output.expr, Expr::Column(_)));
    computed.flat_map(|output| output.expr.column_refs()).any(|column| {
        block.data_type(column).map_or(true, |data_type| !is_exact_equality(data_type))
    })
}

/// Whether an aggregate gives the same however often a row comes.
fn is_multiplicity_blind(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_multiplicity_blind(&alias.expr),
        Expr::AggregateFunction(call) => {
            let name = call.func.name();
            matches!(name, "min" | "max" | "bool_and" | "bool_or" | "bit_and" | "bit_or")
                || (call.params.distinct && call.params.order_by.is_empty())
        }
        _ => false,
    }
}

/// A join that is opaque: a full one, or one that marks.
fn join(mut join: Join, around: &Surroundings) -> Result<LogicalPlan> {
    if join.join_type == JoinType::Full {
        pair_up(&mut join);
    }
    let pairs = join.on.iter().flat_map(|(left, right)| [left.clone(), right.clone()]);
    let uses: Vec<Expr> = pairs.chain(join.filter.clone()).collect();
    let uses = Uses { how: How::On, exprs: &uses, defined: None, parent: around.readers };
    let lateral = matches!(*join.right, LogicalPlan::Subquery(_) | LogicalPlan::SubqueryAlias(_));
    let exact = matches!(join.join_type, JoinType::LeftMark | JoinType::RightMark) || lateral;
    let inner = Surroundings {
        cx: around.cx,
        readers: Readers::Above(&uses),
        exact,
        any_multiplicity: false,
    };
    let normalized = |side: Arc<LogicalPlan>| normalize_exact(side, &inner);
    let (mut left, mut right) = (normalized(join.left)?, normalized(join.right)?);
    let mark = join.schema.columns().pop();
    let mut on = join.on;
    if join.join_type == JoinType::Full && relation_key(&right)? < relation_key(&left)? {
        std::mem::swap(&mut left, &mut right);
        on = on.into_iter().map(|(left, right)| (right, left)).collect();
    }
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        on,
        join.filter,
        join.join_type,
        JoinConstraint::On,
        join.null_equality,
        join.null_aware,
    )?;
    keep_mark(LogicalPlan::Join(join), mark)
}

/// Equalities of both sides are keys of a join, wherever they were written.
fn pair_up(join: &mut Join) {
    if join.null_equality != NullEquality::NullEqualsNothing && !join.on.is_empty() {
        return;
    }
    let Some(filter) = join.filter.take() else { return };
    let (left, right) = (columns_of(&join.left), columns_of(&join.right));
    let reads = |expr: &Expr, columns| !expr.column_refs().is_empty() && reads_only(expr, columns);
    let mut rest = Vec::new();
    for conjunct in split_conjunction_owned(filter) {
        match &conjunct {
            Expr::BinaryExpr(pair) if pair.op == Operator::Eq => {
                let (a, b) = (pair.left.as_ref(), pair.right.as_ref());
                if reads(a, &left) && reads(b, &right) {
                    join.on.push((a.clone(), b.clone()));
                } else if reads(b, &left) && reads(a, &right) {
                    join.on.push((b.clone(), a.clone()));
                } else {
                    rest.push(conjunct);
                }
            }
            _ => rest.push(conjunct),
        }
    }
    join.filter = conjunction(rest);
    join.null_equality = NullEquality::NullEqualsNothing;
}

/// A mark is called after the qualifier of the marking side, which can change: it keeps the
/// name under which it is known above.
pub(crate) fn keep_mark(join: LogicalPlan, mark: Option<Column>) -> Result<LogicalPlan> {
    let is_mark = matches!(&join, LogicalPlan::Join(join)
        if matches!(join.join_type, JoinType::LeftMark | JoinType::RightMark));
    let mut columns = join.schema().columns();
    let (Some(mark), Some(now)) = (mark.filter(|_| is_mark), columns.pop()) else {
        return Ok(join);
    };
    if mark == now {
        return Ok(join);
    }
    let mut exprs: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
    exprs.push(aliased(Expr::Column(now), &mark));
    Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(join))?))
}

/// A side of an opaque join keeps its computed columns, since the condition reads them.
fn normalize_exact(side: Arc<LogicalPlan>, around: &Surroundings) -> Result<LogicalPlan> {
    normalize_below(Arc::unwrap_or_clone(side), &Surroundings { exact: true, ..*around })
}
