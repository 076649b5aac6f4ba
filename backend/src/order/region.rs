//! A region of joins taken apart: relations, predicates, and the semi joins that filter them.
//!
//! A region is what hangs together by inner joins, by filters and plain projections between
//! them, and by semi and anti joins on its left side. A semi or anti join keeps or drops a row
//! by that row alone, so it can stand anywhere above the relations that its condition reads.
//! Everything else is a leaf. A join or a filter whose condition could fail on rows that it
//! does not see today is a leaf as well, with all that is below it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::builder::build_join_schema;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, Join, LogicalPlan, Operator};
use datafusion::logical_expr::{Projection, SubqueryAlias};

use super::Walker;
use super::estimate::Estimate;
use super::movable::movable;

/// A set of relations and semi joins, a bit each.
pub(crate) type Set = u64;

/// Larger regions are taken apart in pieces of this size.
pub(crate) const MOST_NODES: usize = 60;

/// A relation that is joined.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// The relation, its columns qualified by [`alias`](Self::alias).
    pub plan: LogicalPlan,
    /// A name that no other relation has.
    pub alias: String,
    /// What it holds.
    pub estimate: Estimate,
}

/// A semi or anti join: a filter on the rows of some relations.
#[derive(Debug, Clone)]
pub(crate) struct Semi {
    /// The right input.
    pub leaf: Leaf,
    /// The join as it was planned.
    pub kind: JoinType,
    /// Equalities, an expression of the relations first.
    pub on: Vec<(Expr, Expr)>,
    /// What else must hold.
    pub filter: Option<Expr>,
    /// Whether NULL equals NULL in `on`.
    pub nulls: NullEquality,
    /// Whether it has the meaning of NOT IN.
    pub null_aware: bool,
    /// The relations that its condition reads.
    pub needs: Set,
}

/// A tree of joins over the nodes of a region: the relations, then the semi joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    /// A relation or semi join, by number.
    Node(usize),
    /// A join; the first input is the side to build on.
    Join(Box<Tree>, Box<Tree>),
}

/// A region in pieces.
#[derive(Debug, Default)]
pub(crate) struct Region {
    /// What is joined.
    pub leaves: Vec<Leaf>,
    /// What filters it.
    pub semis: Vec<Semi>,
    /// What must hold of the joined rows, conjunct by conjunct.
    pub predicates: Vec<Expr>,
    /// The place of each relation, by its alias.
    places: HashMap<String, usize>,
}

impl Region {
    /// The relations that an expression reads.
    pub fn reads(&self, expr: &Expr) -> Set {
        let columns = expr.column_refs();
        let places = columns.iter().filter_map(|column| self.place(column));
        places.fold(0, |set, place| set | (1 << place))
    }

    /// The relation of a column.
    pub fn place(&self, column: &Column) -> Option<usize> {
        self.places.get(column.relation.as_ref()?.table()).copied()
    }
}

/// True where the plan is the top of a region with at least one join.
pub(crate) fn is_region(plan: &LogicalPlan) -> bool {
    (2..=MOST_NODES).contains(&count(plan, MOST_NODES))
}

/// How many nodes the region has that has this plan as its top; 1 for a leaf. It stops to
/// count when there are more than `most`.
fn count(plan: &LogicalPlan, most: usize) -> usize {
    match plan {
        LogicalPlan::Join(join) => match flattens(join) {
            Some(kind) => {
                // Long chains lean to the left, so the right side is counted first.
                let right = if kind == JoinType::Inner { count(&join.right, most) } else { 1 };
                if right >= most { right + 1 } else { right + count(&join.left, most - right) }
            }
            None => 1,
        },
        LogicalPlan::Filter(filter) if movable(&filter.predicate, filter.input.schema()) => {
            count(&filter.input, most)
        }
        LogicalPlan::Projection(projection) if plain(projection) => count(&projection.input, most),
        LogicalPlan::SubqueryAlias(alias) => count(&alias.input, most),
        _ => 1,
    }
}

/// Whether a join is part of a region, and as what.
fn flattens(join: &Join) -> Option<JoinType> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let both = build_join_schema(left, right, &JoinType::Inner).ok()?;
    let keys = join.on.iter().all(|(l, r)| movable(l, left) && movable(r, right));
    if !keys || !join.filter.as_ref().is_none_or(|filter| movable(filter, &both)) {
        return None;
    }
    match join.join_type {
        JoinType::Inner if join.on.is_empty() || strict(join) => Some(JoinType::Inner),
        JoinType::LeftSemi | JoinType::LeftAnti => Some(join.join_type),
        _ => None,
    }
}

fn strict(join: &Join) -> bool {
    join.null_equality == NullEquality::NullEqualsNothing
}

/// A projection that only chooses and renames columns.
fn plain(projection: &Projection) -> bool {
    projection.expr.iter().all(|expr| bare(expr).is_some())
}

fn bare(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}

/// Takes a region apart. Gives its pieces, the columns of its output, and the tree of joins
/// as it was.
pub(crate) fn flatten(
    plan: LogicalPlan,
    walker: &mut Walker,
) -> Result<(Region, Vec<Column>, Tree)> {
    let mut flatten = Flatten { region: Region::default(), walker };
    let (columns, tree) = flatten.take(plan)?;
    let mut region = flatten.region;
    let leaves = region.leaves.len();
    for semi in &mut region.semis {
        let mut needs: Set = 0;
        let read = semi.on.iter().map(|(left, _)| left).chain(&semi.filter);
        for column in read.flat_map(Expr::column_refs) {
            if let Some(place) =
                column.relation.as_ref().and_then(|name| region.places.get(name.table()))
            {
                needs |= 1 << place;
            }
        }
        // A condition that reads nothing stays above everything.
        semi.needs = if needs == 0 { (1 << leaves) - 1 } else { needs };
    }
    Ok((region, columns, numbered(tree, leaves)))
}

/// Semi joins are numbered behind the relations, whose number is known at the end only.
fn numbered(tree: Tree, leaves: usize) -> Tree {
    match tree {
        Tree::Node(node) if node >= SEMI => Tree::Node(node - SEMI + leaves),
        Tree::Node(node) => Tree::Node(node),
        Tree::Join(left, right) => {
            Tree::Join(Box::new(numbered(*left, leaves)), Box::new(numbered(*right, leaves)))
        }
    }
}

const SEMI: usize = 1 << 16;

struct Flatten<'w> {
    region: Region,
    walker: &'w mut Walker,
}

impl Flatten<'_> {
    /// The plan's columns in terms of the leaves, and its joins.
    fn take(&mut self, plan: LogicalPlan) -> Result<(Vec<Column>, Tree)> {
        if count(&plan, MOST_NODES) == 1 {
            return self.leaf(plan);
        }
        match plan {
            LogicalPlan::Join(join) if join.join_type == JoinType::Inner => self.inner(join),
            LogicalPlan::Join(join) => self.semi(join),
            LogicalPlan::Filter(Filter { predicate, input, .. }) => {
                let schema = Arc::clone(input.schema());
                let (columns, tree) = self.take(Arc::unwrap_or_clone(input))?;
                for conjunct in split_conjunction_owned(predicate) {
                    self.region.predicates.push(renamed(conjunct, &schema, &columns)?);
                }
                Ok((columns, tree))
            }
            LogicalPlan::Projection(projection) => {
                let schema = Arc::clone(projection.input.schema());
                let (columns, tree) = self.take(Arc::unwrap_or_clone(projection.input))?;
                let chosen = projection.expr.iter().map(|expr| match bare(expr) {
                    Some(column) => column_of(column, &schema, &columns),
                    None => datafusion::common::internal_err!("{expr} is no column"),
                });
                Ok((chosen.collect::<Result<_>>()?, tree))
            }
            LogicalPlan::SubqueryAlias(alias) => self.take(Arc::unwrap_or_clone(alias.input)),
            other => self.leaf(other),
        }
    }

    fn leaf(&mut self, plan: LogicalPlan) -> Result<(Vec<Column>, Tree)> {
        let leaf = self.named(plan)?;
        let place = self.region.leaves.len();
        let columns = leaf.plan.schema().columns();
        self.region.places.insert(leaf.alias.clone(), place);
        self.region.leaves.push(leaf);
        Ok((columns, Tree::Node(place)))
    }

    fn named(&mut self, plan: LogicalPlan) -> Result<Leaf> {
        let (plan, estimate) = self.walker.walk(plan)?;
        let alias = self.walker.alias(&plan);
        let named = SubqueryAlias::try_new(Arc::new(plan), alias.as_str())?;
        Ok(Leaf { plan: LogicalPlan::SubqueryAlias(named), alias, estimate })
    }

    fn inner(&mut self, join: Join) -> Result<(Vec<Column>, Tree)> {
        let (left, right) = (Arc::clone(join.left.schema()), Arc::clone(join.right.schema()));
        let (mut columns, left_tree) = self.take(Arc::unwrap_or_clone(join.left))?;
        let (right_columns, right_tree) = self.take(Arc::unwrap_or_clone(join.right))?;
        for (l, r) in join.on {
            let (l, r) = (renamed(l, &left, &columns)?, renamed(r, &right, &right_columns)?);
            let equal = BinaryExpr::new(Box::new(l), Operator::Eq, Box::new(r));
            self.region.predicates.push(Expr::BinaryExpr(equal));
        }
        columns.extend(right_columns);
        for conjunct in join.filter.into_iter().flat_map(split_conjunction_owned) {
            self.region.predicates.push(renamed(conjunct, &join.schema, &columns)?);
        }
        Ok((columns, Tree::Join(Box::new(left_tree), Box::new(right_tree))))
    }

    fn semi(&mut self, join: Join) -> Result<(Vec<Column>, Tree)> {
        let (left, right) = (Arc::clone(join.left.schema()), Arc::clone(join.right.schema()));
        let (columns, tree) = self.take(Arc::unwrap_or_clone(join.left))?;
        let leaf = self.named(Arc::unwrap_or_clone(join.right))?;
        let right_columns = leaf.plan.schema().columns();
        let both = build_join_schema(&left, &right, &JoinType::Inner)?;
        let all: Vec<Column> = columns.iter().chain(&right_columns).cloned().collect();
        let on = join
            .on
            .into_iter()
            .map(|(l, r)| Ok((renamed(l, &left, &columns)?, renamed(r, &right, &right_columns)?)));
        let on = on.collect::<Result<_>>()?;
        let filter = join.filter.map(|filter| renamed(filter, &both, &all)).transpose()?;
        let place = SEMI + self.region.semis.len();
        self.region.semis.push(Semi {
            leaf,
            kind: join.join_type,
            on,
            filter,
            nulls: join.null_equality,
            null_aware: join.null_aware,
            needs: 0,
        });
        Ok((columns, Tree::Join(Box::new(tree), Box::new(Tree::Node(place)))))
    }
}

fn column_of(column: &Column, schema: &DFSchema, columns: &[Column]) -> Result<Column> {
    let place = schema.index_of_column(column)?;
    match columns.get(place) {
        Some(column) => Ok(column.clone()),
        None => datafusion::common::internal_err!("{column} has no place"),
    }
}

/// The expression over the columns that stand for those of `schema`.
fn renamed(expr: Expr, schema: &DFSchema, columns: &[Column]) -> Result<Expr> {
    let renamed = expr.transform(|expr| match expr {
        Expr::Column(column) => {
            Ok(Transformed::yes(Expr::Column(column_of(&column, schema, columns)?)))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(renamed?.data)
}
