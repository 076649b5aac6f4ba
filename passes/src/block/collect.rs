//! Taking a plan apart into a block.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, JoinType, NullEquality, Result, ScalarValue, plan_err,
};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Filter, Join, Limit, LogicalPlan, Operator, Projection, Sort,
    SortExpr, Window, binary_expr,
};

use super::normalize::{children, finish};
use super::uses::{How, Readers, Uses};
use super::{
    Block, Both, Classes, Left, Output, Semi, Surroundings, columns_of, known_equalities,
    reads_any, reads_only, substitute,
};
use crate::property::cardinality::cardinality;
use crate::property::{
    Outcomes, is_exact_equality, is_fallible, is_volatile, outcomes, rejects_null,
};
use crate::rewrite::inner_to_semi::read_elsewhere;

/// Takes the topmost relations of a plan apart. The relations below are normalized already
/// when they come to lie in the block.
pub(crate) fn collect(plan: LogicalPlan, around: &Surroundings) -> Result<Block> {
    match plan {
        LogicalPlan::Projection(projection) if !projection.expr.iter().any(is_volatile) => {
            self::projection(projection, around)
        }
        LogicalPlan::Filter(filter) if !is_volatile(&filter.predicate) => {
            let Filter { predicate, input, .. } = filter;
            let uses = std::slice::from_ref(&predicate);
            let uses = Uses { how: How::Where, exprs: uses, defined: None, parent: around.readers };
            let below = Surroundings { readers: Readers::Above(&uses), ..*around };
            let mut block = collect(Arc::unwrap_or_clone(input), &below)?;
            let map = block.map();
            for conjunct in split_conjunction_owned(predicate) {
                let conjunct = substitute(conjunct.unalias_nested().data, &map)?;
                let conjunct = join_scalars(&mut block, conjunct)?;
                block.filter(conjunct);
            }
            Ok(block)
        }
        LogicalPlan::Join(join) if can_open(&join) => match join.join_type {
            JoinType::Inner => inner(join, around),
            JoinType::Left => left(join, around),
            JoinType::Right => left(swapped(join, JoinType::Left), around),
            JoinType::LeftSemi | JoinType::LeftAnti => semi(join, around),
            JoinType::RightSemi => semi(swapped(join, JoinType::LeftSemi), around),
            JoinType::RightAnti => semi(swapped(join, JoinType::LeftAnti), around),
            JoinType::LeftMark if !join.null_aware => mark(join, around),
            JoinType::RightMark if !join.null_aware => {
                mark(swapped(join, JoinType::LeftMark), around)
            }
            _ => Ok(Block::leaf(children(LogicalPlan::Join(join), around)?)),
        },
        LogicalPlan::Sort(Sort { mut expr, input, fetch })
            if !expr.iter().any(|s| is_volatile(&s.expr)) =>
        {
            // What reads no column is the same on every row.
            expr.retain(|sort| !sort.expr.column_refs().is_empty());
            if expr.is_empty() {
                return match fetch {
                    Some(fetch) => collect(limited(input, fetch), around),
                    None => collect(Arc::unwrap_or_clone(input), around),
                };
            }
            sorted(expr, fetch, Arc::unwrap_or_clone(input), around)
        }
        LogicalPlan::Limit(Limit { skip, fetch, input }) => {
            through(Arc::unwrap_or_clone(input), &[], around, |input, _| {
                Ok(LogicalPlan::Limit(Limit { skip, fetch, input: Arc::new(input) }))
            })
        }
        LogicalPlan::Window(Window { input, window_expr, .. })
            if !window_expr.iter().any(is_volatile) =>
        {
            let named: Vec<Column> = window_expr.iter().map(name_of).collect();
            let uses = window_expr.clone();
            let mut block = through(Arc::unwrap_or_clone(input), &uses, around, |input, map| {
                let window_expr = window_expr
                    .into_iter()
                    .map(|expr| {
                        let column = name_of(&expr);
                        let expr = substitute(expr.unalias_nested().data, map)?;
                        Ok(aliased(expr, &column))
                    })
                    .collect::<Result<_>>()?;
                Ok(LogicalPlan::Window(Window::try_new(window_expr, Arc::new(input))?))
            })?;
            let computed = named.into_iter();
            block.outputs.extend(
                computed.map(|column| Output { expr: Expr::Column(column.clone()), column }),
            );
            Ok(block)
        }
        // Where it does not matter how often a row comes, repeats need not be dropped.
        LogicalPlan::Distinct(Distinct::All(input)) if around.any_multiplicity => {
            collect(Arc::unwrap_or_clone(input), around)
        }
        LogicalPlan::Aggregate(aggregate)
            if around.any_multiplicity
                && aggregate.aggr_expr.is_empty()
                && !aggregate.group_expr.is_empty()
                && !matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)])
                && !aggregate.group_expr.iter().any(is_volatile) =>
        {
            let Aggregate { group_expr, input, schema, .. } = aggregate;
            let projection = Projection::try_new_with_schema(group_expr, input, schema)?;
            self::projection(projection, around)
        }
        other => Ok(Block::leaf(children(other, around)?)),
    }
}

fn limited(input: Arc<LogicalPlan>, fetch: usize) -> LogicalPlan {
    let fetch = ScalarValue::Int64(Some(i64::try_from(fetch).unwrap_or(i64::MAX)));
    let fetch = Some(Box::new(Expr::Literal(fetch, None)));
    LogicalPlan::Limit(Limit { skip: None, fetch, input })
}

/// The column that an expression of a projection or window defines.
fn name_of(expr: &Expr) -> Column {
    let (relation, name) = expr.qualified_name();
    Column::new(relation, name)
}

/// An expression under a column's name.
pub(super) fn aliased(expr: Expr, column: &Column) -> Expr {
    match &expr {
        Expr::Column(own) if own == column => expr,
        _ => expr.alias_qualified(column.relation.clone(), &column.name),
    }
}

fn projection(projection: Projection, around: &Surroundings) -> Result<Block> {
    let Projection { expr, input, schema, .. } = projection;
    let defined = Some(schema.as_ref());
    let uses = Uses { how: How::Output, exprs: &expr, defined, parent: around.readers };
    let mut block = collect(
        Arc::unwrap_or_clone(input),
        &Surroundings { readers: Readers::Above(&uses), ..*around },
    )?;
    let map = block.map();
    let outputs = expr
        .into_iter()
        .zip(schema.columns())
        .map(|(expr, column)| {
            let expr = substitute(expr.unalias_nested().data, &map)?;
            Ok(Output { column, expr: join_scalars(&mut block, expr)? })
        })
        .collect::<Result<_>>()?;
    block.outputs = outputs;
    name_marks(&mut block)?;
    compute_below_sort(&mut block, around)?;
    Ok(block)
}

/// What is computed above a sort moves below it; above a limit only what cannot fail, for it
/// is computed on more rows then.
fn compute_below_sort(block: &mut Block, around: &Surroundings) -> Result<()> {
    let alone = block.conjuncts.is_empty() && block.semis.is_empty() && block.lefts.is_empty();
    let ([input], true) = (block.inputs.as_slice(), alone && block.fallible.is_empty()) else {
        return Ok(());
    };
    let limited = match input {
        LogicalPlan::Sort(sort) => sort.fetch.is_some(),
        LogicalPlan::Limit(limit) if matches!(*limit.input, LogicalPlan::Sort(_)) => true,
        _ => return Ok(()),
    };
    let mut computed = Vec::new();
    for place in 0..block.outputs.len() {
        let Some(output) = block.outputs.get(place) else { break };
        let constant = output.expr.column_refs().is_empty();
        if constant || matches!(output.expr, Expr::Column(_)) {
            continue;
        }
        if limited && is_fallible(&output.expr, &*block) {
            continue;
        }
        let column = Column::from_name(around.cx.fresh());
        if let Some(output) = block.outputs.get_mut(place) {
            let expr = std::mem::replace(&mut output.expr, Expr::Column(column.clone()));
            computed.push(aliased(expr, &column));
        }
    }
    if !computed.is_empty() {
        let input = block.inputs.remove(0);
        block.inputs.push(below_sort(input, computed)?);
    }
    Ok(())
}

fn below_sort(plan: LogicalPlan, computed: Vec<Expr>) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Limit(limit) => {
            let input = below_sort(Arc::unwrap_or_clone(limit.input), computed)?;
            Ok(LogicalPlan::Limit(Limit { input: Arc::new(input), ..limit }))
        }
        LogicalPlan::Sort(sort) => {
            let passed = sort.input.schema().columns().into_iter().map(Expr::Column);
            let exprs = passed.chain(computed).collect();
            let input = LogicalPlan::Projection(Projection::try_new(exprs, sort.input)?);
            Ok(LogicalPlan::Sort(Sort { input: Arc::new(input), ..sort }))
        }
        other => Ok(other),
    }
}

/// A scalar subquery that gives one row at most becomes a left join without a condition: its
/// column is NULL where it gives none, as the subquery is.
fn join_scalars(block: &mut Block, expr: Expr) -> Result<Expr> {
    let replaced = expr.transform_up(|expr| match expr {
        Expr::ScalarSubquery(subquery)
            if subquery.outer_ref_columns.is_empty()
                && cardinality(&subquery.subquery).is_at_most_one() =>
        {
            let right = Arc::unwrap_or_clone(subquery.subquery);
            let column = match right.schema().columns().as_slice() {
                [column] => column.clone(),
                _ => return plan_err!("a scalar subquery has one column"),
            };
            block.lefts.push(Left { right, on: Vec::new(), mark: None });
            Ok(Transformed::yes(Expr::Column(column)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(replaced.data)
}

/// Whether the condition of a join can be taken apart: it is no lateral one and not volatile.
fn can_open(join: &Join) -> bool {
    let volatile = join.on.iter().any(|(l, r)| is_volatile(l) || is_volatile(r))
        || join.filter.as_ref().is_some_and(is_volatile);
    let lateral = |plan: &LogicalPlan| match plan {
        LogicalPlan::SubqueryAlias(alias) => matches!(*alias.input, LogicalPlan::Subquery(_)),
        other => matches!(other, LogicalPlan::Subquery(_)),
    };
    !volatile && !lateral(&join.left) && !lateral(&join.right)
}

/// The same join with its sides exchanged. Columns are known by name, so that their order
/// does not matter inside a block.
fn swapped(join: Join, join_type: JoinType) -> Join {
    let on = join.on.into_iter().map(|(left, right)| (right, left)).collect();
    Join { left: join.right, right: join.left, on, join_type, ..join }
}

/// The conjuncts of a join's condition.
fn condition(
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
    null_equality: NullEquality,
    map: &HashMap<Column, Expr>,
) -> Result<Vec<Expr>> {
    let equality = match null_equality {
        NullEquality::NullEqualsNothing => Operator::Eq,
        NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
    };
    let pairs = on.into_iter().map(|(left, right)| binary_expr(left, equality, right));
    let rest = filter.into_iter().flat_map(split_conjunction_owned);
    let is_true = |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _));
    pairs
        .chain(rest)
        .filter(|conjunct| !is_true(conjunct))
        .map(|conjunct| substitute(conjunct.unalias_nested().data, map))
        .collect()
}

/// Both sides of a join taken apart.
fn sides(join: &mut Join, around: &Surroundings) -> Result<(Block, Block)> {
    let empty = || Arc::new(LogicalPlan::default());
    let left = Arc::unwrap_or_clone(std::mem::replace(&mut join.left, empty()));
    let right = Arc::unwrap_or_clone(std::mem::replace(&mut join.right, empty()));
    let pairs = join.on.iter().flat_map(|(left, right)| [left.clone(), right.clone()]);
    let uses: Vec<Expr> = pairs.chain(join.filter.clone()).collect();
    let uses = Uses { how: How::On, exprs: &uses, defined: None, parent: around.readers };
    let left_around = Surroundings { readers: Readers::Above(&uses), exact: false, ..*around };
    let existence =
        matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark);
    let any_multiplicity = around.any_multiplicity || existence;
    let right_around = Surroundings { any_multiplicity, ..left_around };
    Ok((collect(left, &left_around)?, collect(right, &right_around)?))
}

fn inner(mut join: Join, around: &Surroundings) -> Result<Block> {
    let (left, right) = sides(&mut join, around)?;
    let mut map = left.map();
    map.extend(right.map());
    let conjuncts = condition(join.on, join.filter, join.null_equality, &map)?;
    let mut block = left;
    block.inputs.extend(right.inputs);
    block.conjuncts.extend(right.conjuncts);
    block.semis.extend(right.semis);
    block.lefts.extend(right.lefts);
    block.after.extend(right.after);
    block.fallible.extend(right.fallible);
    block.outputs.extend(right.outputs);
    conjuncts.into_iter().for_each(|conjunct| block.filter(conjunct));
    Ok(block)
}

fn left(mut join: Join, around: &Surroundings) -> Result<Block> {
    let (mut block, mut right) = sides(&mut join, around)?;
    // A computed column of the right side is NULL where no row matches. Where it is NULL of
    // NULLs, it can be computed behind the join.
    let raw = right_columns(&right);
    let mut map = block.map();
    let mut kept = Vec::new();
    let mut outputs = std::mem::take(&mut block.outputs);
    for mut output in std::mem::take(&mut right.outputs) {
        if let Some(column) = fixed_to(&output.expr, &right.conjuncts) {
            output.expr = Expr::Column(column);
        }
        let movable = matches!(&output.expr, Expr::Column(_))
            || (is_null_of_nulls(&output.expr, &raw) && !is_fallible(&output.expr, &right));
        if movable {
            map.insert(output.column.clone(), output.expr.clone());
            outputs.push(output);
        } else {
            let own = Expr::Column(output.column.clone());
            map.insert(output.column.clone(), own.clone());
            outputs.push(Output { column: output.column.clone(), expr: own });
            kept.push(output);
        }
    }
    right.outputs = kept;
    let mut on = Vec::new();
    for conjunct in condition(join.on, join.filter, join.null_equality, &map)? {
        // What only the right side decides is decided there.
        if reads_only(&conjunct, &raw)
            && !conjunct.column_refs().is_empty()
            && !is_fallible(&conjunct, &right)
        {
            right.filter(conjunct);
        } else {
            on.push(conjunct);
        }
    }
    drop_implied(&mut right, &on);
    // The conditions read raw columns by now, as the right side has them.
    let map: Vec<Expr> = outputs.iter().map(|output| output.expr.clone()).collect();
    let names = schema_of(&outputs)?;
    let outer =
        Uses { how: How::Output, exprs: &map, defined: Some(&names), parent: around.readers };
    let uses = Uses { how: How::On, exprs: &on, defined: None, parent: Readers::Above(&outer) };
    let right_around = Surroundings { readers: Readers::Above(&uses), exact: false, ..*around };
    block.lefts.push(Left { right: finish(right, &right_around)?, on, mark: None });
    block.outputs = outputs;
    Ok(block)
}

fn semi(mut join: Join, around: &Surroundings) -> Result<Block> {
    let anti = join.join_type == JoinType::LeftAnti;
    let (mut block, mut right) = sides(&mut join, around)?;
    let mut map = block.map();
    map.extend(right.map());
    let mut conjuncts = condition(join.on, join.filter, join.null_equality, &map)?;
    if join.null_aware {
        join.null_aware = !spelled_out(&mut conjuncts, &right_columns(&right), around)?;
    }
    let late = block.left_columns();
    let reads_late = conjuncts.iter().any(|conjunct| reads_any(conjunct, &late));
    if reads_late {
        // The left side is a relation of its own.
        let outputs = std::mem::take(&mut block.outputs);
        let (plan, outputs, _) = closed(block, outputs, &conjuncts, around)?;
        block = Block { outputs, ..Block::leaf(plan) };
    }
    let left_columns = columns_from(&block);
    let right_columns = right_columns(&right);
    let mut on = Vec::new();
    for conjunct in conjuncts {
        let has_columns = !conjunct.column_refs().is_empty();
        let fallible = is_fallible(&conjunct, &Both(&block, &right));
        if join.null_aware || fallible || !has_columns {
            on.push(conjunct);
        } else if reads_only(&conjunct, &right_columns) {
            right.filter(conjunct);
        } else if !anti && reads_only(&conjunct, &left_columns) {
            block.filter(conjunct);
        } else {
            on.push(conjunct);
        }
    }
    right.outputs.clear();
    if !join.null_aware {
        drop_implied(&mut right, &on);
    }
    let uses = Uses { how: How::On, exprs: &on, defined: None, parent: Readers::Nobody };
    let right_around = Surroundings {
        readers: Readers::Above(&uses),
        exact: false,
        any_multiplicity: true,
        ..*around
    };
    let right = finish(right, &right_around)?;
    block.semis.push(Semi { right, on, anti, null_aware: join.null_aware });
    Ok(block)
}

/// Writes out what `NOT IN` asks, where it compares with a constant: no partner for which the
/// comparison is TRUE or NULL. A join has no key then that could be aware of NULL.
fn spelled_out(
    conjuncts: &mut [Expr],
    right: &HashSet<Column>,
    around: &Surroundings,
) -> Result<bool> {
    let two_sided = |expr: &Expr| {
        let refs = expr.column_refs();
        let own = refs.iter().filter(|column| right.contains(**column)).count();
        own > 0 && own < refs.len()
    };
    let alone = conjuncts.len() == 1;
    let mut constant: Vec<&mut Expr> =
        conjuncts.iter_mut().filter(|conjunct| !two_sided(conjunct)).collect();
    // Beside a correlated condition, nothing says any more which of both is the comparison.
    match constant.as_mut_slice() {
        [] => Ok(false),
        [asked] if alone => {
            **asked = Expr::IsNotFalse(Box::new(std::mem::take(*asked)));
            Ok(true)
        }
        _ => {
            around.cx.refuse("NOT IN compares with a constant in a way no join can say".into())?;
            Ok(false)
        }
    }
}

/// A mark join: what only the right side decides is decided there, as for a semi join.
fn mark(mut join: Join, around: &Surroundings) -> Result<Block> {
    let Some(old) = join.schema.columns().pop() else {
        return plan_err!("a mark join has a column");
    };
    let (mut block, mut right) = sides(&mut join, around)?;
    let mut map = block.map();
    map.extend(right.map());
    let right_columns = right_columns(&right);
    let mut on = Vec::new();
    for conjunct in condition(join.on, join.filter, join.null_equality, &map)? {
        let has_columns = !conjunct.column_refs().is_empty();
        let fallible = is_fallible(&conjunct, &Both(&block, &right));
        if has_columns && !fallible && reads_only(&conjunct, &right_columns) {
            right.filter(conjunct);
        } else {
            on.push(conjunct);
        }
    }
    right.outputs.clear();
    drop_implied(&mut right, &on);
    let uses = Uses { how: How::On, exprs: &on, defined: None, parent: Readers::Nobody };
    let right_around = Surroundings {
        readers: Readers::Above(&uses),
        exact: false,
        any_multiplicity: true,
        ..*around
    };
    let right = finish(right, &right_around)?;
    // All mark joins call their column alike, after the qualifier of the right side if it has
    // one: it gets a name of its own until a projection above gives it one.
    let name = Column::from_name(around.cx.fresh());
    block.lefts.push(Left { right, on, mark: Some(mark_schema(&name)?) });
    block.outputs.push(Output { column: old, expr: Expr::Column(name) });
    Ok(block)
}

pub(crate) fn mark_schema(mark: &Column) -> Result<DFSchemaRef> {
    let field = Arc::new(Field::new(&mark.name, DataType::Boolean, false));
    let fields = vec![(mark.relation.clone(), field)];
    Ok(Arc::new(DFSchema::new_with_metadata(fields, HashMap::new())?))
}

/// A mark is called as the projection above calls it. `rename` puts one above each mark join.
fn name_marks(block: &mut Block) -> Result<()> {
    for place in 0..block.lefts.len() {
        let Some(mark) = block.lefts.get(place).and_then(Left::mark_column) else { continue };
        if block.outputs.iter().any(|output| output.column == mark) {
            continue;
        }
        let own = Expr::Column(mark.clone());
        let Some(output) = block.outputs.iter().find(|output| output.expr == own) else { continue };
        let name = output.column.clone();
        if let Some(left) = block.lefts.get_mut(place) {
            left.mark = Some(mark_schema(&name)?);
        }
        read_elsewhere(block, &HashMap::from([(mark, Expr::Column(name))]))?;
    }
    Ok(())
}

/// The column that a conjunct fixes to this literal. As a constant it could not leave the
/// right side of a left join, as a column it can.
fn fixed_to(literal: &Expr, conjuncts: &[Expr]) -> Option<Column> {
    match literal {
        Expr::Literal(value, _) if is_exact_equality(&value.data_type()) => {}
        _ => return None,
    }
    let mut fixed = conjuncts.iter().filter_map(|conjunct| match conjunct {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), value) | (value, Expr::Column(column))
                    if value == literal =>
                {
                    Some(column.clone())
                }
                _ => None,
            }
        }
        _ => None,
    });
    fixed.next()
}

/// Drops `x IS NOT NULL` of a right side where the condition is not TRUE for a NULL.
fn drop_implied(right: &mut Block, on: &[Expr]) {
    right.conjuncts.retain(|conjunct| {
        let Expr::IsNotNull(expr) = conjunct else { return true };
        let Expr::Column(column) = expr.as_ref() else { return true };
        let alone = std::iter::once(column.clone()).collect();
        !on.iter().any(|on| rejects_null(on, &alone))
    });
}

/// A sort: its keys are columns, and everything that is computed is computed below it.
///
/// DataFusion takes computed keys that are equal in the condition of an outer join for equal on
/// the rows that the join pads, too; and it may spread what is computed above a sort over
/// several partitions.
fn sorted(
    mut sorts: Vec<SortExpr>,
    fetch: Option<usize>,
    input: LogicalPlan,
    around: &Surroundings,
) -> Result<Block> {
    let uses: Vec<Expr> = sorts.iter().map(|sort| sort.expr.clone()).collect();
    let uses = Uses { how: How::Order, exprs: &uses, defined: None, parent: around.readers };
    let inner = opaque(Readers::Above(&uses), around);
    let mut block = collect(input, &inner)?;
    let map = block.map();
    let mut outputs = std::mem::take(&mut block.outputs);
    for sort in &mut sorts {
        let key = substitute(std::mem::take(&mut sort.expr), &map)?;
        if matches!(key, Expr::Column(_)) {
            sort.expr = key;
            continue;
        }
        let known = block.outputs.iter().chain(&outputs).find(|output| output.expr == key);
        let column = match known {
            Some(output) => output.column.clone(),
            None => Column::from_name(around.cx.fresh()),
        };
        let own = Expr::Column(column.clone());
        for output in outputs.iter_mut().filter(|output| output.expr == key) {
            output.expr = own.clone();
        }
        if !block.outputs.iter().any(|output| output.column == column) {
            block.outputs.push(Output { column, expr: key });
        }
        sort.expr = own;
    }
    // An order is only sure to be seen with nothing computed above it.
    for output in &mut outputs {
        let constant = output.expr.column_refs().is_empty();
        if !constant && !matches!(output.expr, Expr::Column(_)) {
            let own = Expr::Column(output.column.clone());
            let expr = std::mem::replace(&mut output.expr, own);
            block.outputs.push(Output { column: output.column.clone(), expr });
        }
    }
    let (plan, outputs, equal) = closed(block, outputs, &[], &inner)?;
    for sort in &mut sorts {
        sort.expr = substitute(std::mem::take(&mut sort.expr), &equal)?;
    }
    let plan = LogicalPlan::Sort(Sort { expr: sorts, input: Arc::new(plan), fetch });
    Ok(Block { outputs, ..Block::leaf(plan) })
}

/// What surrounds the input of a relation that sees how often a row comes.
fn opaque<'a>(readers: Readers<'a>, around: &Surroundings<'a>) -> Surroundings<'a> {
    Surroundings { readers, exact: false, any_multiplicity: false, cx: around.cx }
}

/// Moves the computed outputs of an input above a relation that passes its columns on.
fn through(
    input: LogicalPlan,
    uses: &[Expr],
    around: &Surroundings,
    relation: impl FnOnce(LogicalPlan, &HashMap<Column, Expr>) -> Result<LogicalPlan>,
) -> Result<Block> {
    let uses = Uses { how: How::Order, exprs: uses, defined: None, parent: around.readers };
    let inner = opaque(Readers::Above(&uses), around);
    let mut block = collect(input, &inner)?;
    let outputs = std::mem::take(&mut block.outputs);
    let (plan, outputs, _) = closed(block, outputs, &[], &inner)?;
    let map = outputs.iter().map(|o| (o.column.clone(), o.expr.clone())).collect();
    let plan = relation(plan, &map)?;
    Ok(Block { outputs, ..Block::leaf(plan) })
}

/// A block as a relation, with `outputs` to be computed above; what the block computes itself
/// stays in it. `on` reads columns of its parts as well. Of columns that are equal on all rows
/// the outputs read the first one; the last value says which stands for which.
pub(super) fn closed(
    block: Block,
    mut outputs: Vec<Output>,
    on: &[Expr],
    around: &Surroundings,
) -> Result<(LogicalPlan, Vec<Output>, HashMap<Column, Expr>)> {
    let exprs: Vec<Expr> = outputs.iter().map(|output| output.expr.clone()).collect();
    let names = schema_of(&outputs)?;
    let above =
        Uses { how: How::Output, exprs: &exprs, defined: Some(&names), parent: around.readers };
    let uses = Uses { how: How::On, exprs: on, defined: None, parent: Readers::Above(&above) };
    let around = Surroundings { readers: Readers::Above(&uses), exact: false, ..*around };
    let plan = finish(block, &around)?;
    let equalities = known_equalities(&plan);
    let mut classes = Classes::find(&equalities, plan.schema().as_ref());
    classes.sort_by(&plan.schema().columns());
    let mut equal = HashMap::new();
    for members in &classes.members {
        if let Some((first, others)) = members.split_first() {
            let first = Expr::Column(first.clone());
            equal.extend(others.iter().map(|other| (other.clone(), first.clone())));
        }
    }
    for output in &mut outputs {
        output.expr = substitute(std::mem::take(&mut output.expr), &equal)?;
    }
    Ok((plan, outputs, equal))
}

/// The names of outputs, to find an expression by.
fn schema_of(outputs: &[Output]) -> Result<DFSchema> {
    let fields = outputs.iter().map(|output| {
        let field = Field::new(&output.column.name, DataType::Null, true);
        (output.column.relation.clone(), Arc::new(field))
    });
    DFSchema::new_with_metadata(fields.collect(), HashMap::new())
}

/// The columns that a block's parts have, before outputs are computed.
fn columns_from(block: &Block) -> HashSet<Column> {
    let inputs = block.inputs.iter().flat_map(columns_of);
    inputs.chain(block.left_columns()).collect()
}

fn right_columns(block: &Block) -> HashSet<Column> {
    let computed = block.outputs.iter().map(|output| output.column.clone());
    columns_from(block).into_iter().chain(computed).collect()
}

/// Whether the expression is NULL where all of these columns are.
fn is_null_of_nulls(expr: &Expr, columns: &HashSet<Column>) -> bool {
    let column = |column: &Column| {
        if columns.contains(column) { Outcomes::NULL } else { Outcomes::ANY }
    };
    outcomes(expr, &column) == Outcomes::NULL
}
