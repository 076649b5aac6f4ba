//! The join graph of a region: which relations are connected, and how many rows a set of
//! them gives.

use arrow::datatypes::DataType;
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

use super::column::ColumnEstimate;
use super::estimate::{ANTI_LEAST, Basis, distinct, equal_share};
use super::region::{Region, Semi, Set};
use super::selectivity::{self, of_conjuncts};

/// A column that equals all others of its class.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Its relation.
    pub leaf: usize,
    /// The column.
    pub column: Column,
    estimate: Option<ColumnEstimate>,
}

/// An equality of expressions that stays as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Equality {
    /// One side, and the relations that it reads.
    pub left: (Expr, Set),
    /// The other side; the two share no relation.
    pub right: (Expr, Set),
    share: f64,
}

/// A predicate on several relations that is no equality.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// The predicate.
    pub expr: Expr,
    /// The relations that it reads.
    pub reads: Set,
    share: f64,
}

/// Two relations that are joined by several columns at once.
#[derive(Debug)]
struct Compound {
    pair: Set,
    /// What the estimate by independent columns must be multiplied by.
    correction: f64,
}

/// A region's relations and what joins them.
#[derive(Debug)]
pub(crate) struct Graph {
    /// How many relations there are; semi joins are numbered behind them.
    pub leaves: usize,
    /// Rows of every node: of the relations after their own filters.
    pub rows: Vec<f64>,
    /// The neighbours of every node.
    pub near: Vec<Set>,
    /// What semi joins need.
    pub needs: Vec<Set>,
    /// Whether a semi join must have its own input on the right.
    pub one_way: Vec<bool>,
    /// Columns that are equal, at most one of a relation in each class. Every pair of members
    /// may be joined on: equality of one type is transitive.
    pub classes: Vec<Vec<Member>>,
    /// Equalities that are in no class.
    pub equalities: Vec<Equality>,
    /// Other predicates on several relations.
    pub conditions: Vec<Condition>,
    /// Predicates on one relation.
    pub filters: Vec<Vec<Expr>>,
    /// Predicates on none.
    pub constants: Vec<Expr>,
    /// What the estimates rest on.
    pub basis: Basis,
    /// Which semi joins have equalities.
    pub semi_keys: Vec<bool>,
    /// Rows of the relations' tables, before filters.
    tables: Vec<f64>,
    compounds: Vec<Compound>,
    semi_shares: Vec<f64>,
}

impl Graph {
    /// The graph of a region.
    pub fn new(region: &Region) -> Result<Self> {
        let leaves = region.leaves.len();
        let mut graph = Graph {
            leaves,
            rows: Vec::new(),
            near: vec![0; leaves + region.semis.len()],
            needs: region.semis.iter().map(|semi| semi.needs).collect(),
            one_way: region.semis.iter().map(|semi| semi.null_aware).collect(),
            semi_keys: region.semis.iter().map(|semi| !semi.on.is_empty()).collect(),
            classes: Vec::new(),
            equalities: Vec::new(),
            conditions: Vec::new(),
            filters: vec![Vec::new(); leaves],
            constants: Vec::new(),
            basis: Basis::Exact,
            tables: region.leaves.iter().map(|leaf| leaf.estimate.table).collect(),
            compounds: Vec::new(),
            semi_shares: Vec::new(),
        };
        let mut loose = Vec::new();
        for predicate in &region.predicates {
            if !graph.classify(predicate, region)? {
                loose.push(predicate);
            }
        }
        graph.estimate_leaves(region);
        for class in &mut graph.classes {
            for member in class {
                member.estimate = column(region, &member.column).cloned();
            }
        }
        for predicate in loose {
            graph.connect(predicate, region);
        }
        graph.estimate_compounds(region);
        graph.semi_shares = region.semis.iter().map(|semi| semi_share(semi, region)).collect();
        graph.draw_edges();
        let nodes = region.leaves.iter().chain(region.semis.iter().map(|semi| &semi.leaf));
        graph.basis = nodes.map(|leaf| leaf.estimate.basis).max().unwrap_or(Basis::Guess);
        Ok(graph)
    }

    /// Puts a predicate where it belongs; false for one that is left over.
    fn classify(&mut self, predicate: &Expr, region: &Region) -> Result<bool> {
        let reads = region.reads(predicate);
        match reads.count_ones() {
            0 => self.constants.push(predicate.clone()),
            1 => {
                if let Some(filters) = self.filters.get_mut(reads.trailing_zeros() as usize) {
                    filters.push(predicate.clone());
                }
            }
            _ => return self.equate(predicate, region),
        }
        Ok(true)
    }

    /// Joins the classes of two columns, unless one relation would be in it twice.
    fn equate(&mut self, predicate: &Expr, region: &Region) -> Result<bool> {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = predicate else {
            return Ok(false);
        };
        let (Expr::Column(a), Expr::Column(b)) = (left.as_ref(), right.as_ref()) else {
            return Ok(false);
        };
        let (Some(a), Some(b)) = (member(a, region), member(b, region)) else {
            return Ok(false);
        };
        if !same_transitive_type(&a, &b, region)? {
            return Ok(false);
        }
        let of = |member: &Member, classes: &[Vec<Member>]| {
            classes.iter().position(|class| class.iter().any(|m| m.column == member.column))
        };
        let (at, bt) = (of(&a, &self.classes), of(&b, &self.classes));
        if at.is_some() && at == bt {
            return Ok(true);
        }
        let class_of = |at: Option<usize>, alone: Member, classes: &[Vec<Member>]| {
            at.and_then(|at| classes.get(at).cloned()).unwrap_or_else(|| vec![alone])
        };
        let (one, other) = (class_of(at, a, &self.classes), class_of(bt, b, &self.classes));
        if one.iter().any(|a| other.iter().any(|b| a.leaf == b.leaf)) {
            return Ok(false);
        }
        let mut gone: Vec<usize> = at.into_iter().chain(bt).collect();
        gone.sort_unstable();
        for place in gone.into_iter().rev() {
            self.classes.remove(place);
        }
        self.classes.push(one.into_iter().chain(other).collect());
        Ok(true)
    }

    fn estimate_leaves(&mut self, region: &Region) {
        for (leaf, filters) in region.leaves.iter().zip(&self.filters) {
            let share = of_conjuncts(filters, &|name| column(region, name));
            self.rows.push((leaf.estimate.rows * share).max(1.0));
        }
        self.rows.extend(region.semis.iter().map(|semi| semi.leaf.estimate.rows.max(1.0)));
    }

    /// A predicate on several relations that equates no two columns.
    fn connect(&mut self, predicate: &Expr, region: &Region) {
        let reads = region.reads(predicate);
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = predicate {
            let (l, r) = (region.reads(left), region.reads(right));
            if l != 0 && r != 0 && l & r == 0 {
                let side = |expr: &Expr, set: Set| {
                    let table = self.tables.get(set.trailing_zeros() as usize);
                    let known = selectivity::column(expr).and_then(|name| column(region, name));
                    (known, table.copied().unwrap_or(1.0))
                };
                let share = equal_share(&[side(left, l), side(right, r)]);
                let (left, right) = ((left.as_ref().clone(), l), (right.as_ref().clone(), r));
                self.equalities.push(Equality { left, right, share });
                return;
            }
        }
        let share = of_conjuncts([predicate], &|name| column(region, name));
        self.conditions.push(Condition { expr: predicate.clone(), reads, share });
    }

    /// Keys of several columns are rarely independent: of (part, supplier) there are not as
    /// many pairs as parts times suppliers. The side with fewer combinations is taken for the
    /// one whose key they are.
    fn estimate_compounds(&mut self, region: &Region) {
        let mut joined: Vec<usize> = (0..self.leaves).collect();
        for a in 0..self.leaves {
            for b in a + 1..self.leaves {
                let (mut share, mut combinations, mut keys) = (1.0, (1.0, 1.0), 0);
                for class in &self.classes {
                    let of = |leaf| class.iter().find(|member| member.leaf == leaf);
                    let (Some(left), Some(right)) = (of(a), of(b)) else { continue };
                    let table = |leaf: usize| {
                        region.leaves.get(leaf).map_or(1.0, |leaf| leaf.estimate.table)
                    };
                    let (left, right) = (left.estimate.as_ref(), right.estimate.as_ref());
                    share *= equal_share(&[(left, table(a)), (right, table(b))]);
                    combinations.0 = f64::min(combinations.0 * distinct(left, table(a)), table(a));
                    combinations.1 = f64::min(combinations.1 * distinct(right, table(b)), table(b));
                    keys += 1;
                }
                // Two relations may be compared in a ring; its last pair adds nothing.
                let (Some(one), Some(other)) = (joined.get(a).copied(), joined.get(b).copied())
                else {
                    continue;
                };
                if keys < 2 || one == other {
                    continue;
                }
                let correction = 1.0 / (share * f64::min(combinations.0, combinations.1).max(1.0));
                if correction > 1.0 {
                    joined.iter_mut().filter(|set| **set == other).for_each(|set| *set = one);
                    self.compounds.push(Compound { pair: 1 << a | 1 << b, correction });
                }
            }
        }
    }

    fn draw_edges(&mut self) {
        let mut edges: Vec<Set> = Vec::new();
        for class in &self.classes {
            for (at, a) in class.iter().enumerate() {
                edges.extend(class.iter().skip(at + 1).map(|b| 1 << a.leaf | 1 << b.leaf));
            }
        }
        edges.extend(self.equalities.iter().map(|equality| equality.left.1 | equality.right.1));
        edges.extend(self.conditions.iter().map(|condition| condition.reads));
        for edge in edges.into_iter().filter(|edge| edge.count_ones() == 2) {
            for node in nodes(edge) {
                if let Some(near) = self.near.get_mut(node) {
                    *near |= edge & !(1 << node);
                }
            }
        }
        for (semi, needs) in self.needs.iter().enumerate() {
            let node = self.leaves + semi;
            for place in nodes(*needs).chain([node]) {
                if let Some(near) = self.near.get_mut(place) {
                    *near |= if place == node { *needs } else { 1 << node };
                }
            }
        }
    }

    /// The rows of the relations in the set, joined by all that holds between them and
    /// filtered by its semi joins. It depends on the set alone, not on an order.
    pub fn rows_of(&self, set: Set) -> f64 {
        let mut rows = 1.0;
        for (node, count) in self.rows.iter().enumerate().take(self.leaves) {
            if set & (1 << node) != 0 {
                rows *= count;
            }
        }
        for class in &self.classes {
            let members = class.iter().filter(|member| set & (1 << member.leaf) != 0);
            let members = members.map(|member| {
                (member.estimate.as_ref(), self.tables.get(member.leaf).copied().unwrap_or(1.0))
            });
            let members: Vec<_> = members.collect();
            if members.len() > 1 {
                rows *= equal_share(&members);
            }
        }
        for compound in self.compounds.iter().filter(|compound| within(compound.pair, set)) {
            rows *= compound.correction;
        }
        for equality in &self.equalities {
            if within(equality.left.1 | equality.right.1, set) {
                rows *= equality.share;
            }
        }
        for condition in self.conditions.iter().filter(|condition| within(condition.reads, set)) {
            rows *= condition.share;
        }
        for (semi, share) in self.semi_shares.iter().enumerate() {
            if set & (1 << (self.leaves + semi)) != 0 {
                rows *= share;
            }
        }
        rows.max(1.0)
    }

    /// Whether two sets can be joined by hashing.
    pub fn hashes(&self, a: Set, b: Set) -> bool {
        let in_class = |class: &Vec<Member>, set: Set| {
            class.iter().any(|member| set & (1 << member.leaf) != 0)
        };
        self.classes.iter().any(|class| in_class(class, a) && in_class(class, b))
            || self.equalities.iter().any(|equality| {
                let (l, r) = (equality.left.1, equality.right.1);
                (within(l, a) && within(r, b)) || (within(l, b) && within(r, a))
            })
    }

    /// Whether anything holds between two sets that holds in neither.
    pub fn connected(&self, a: Set, b: Set) -> bool {
        let both = a | b;
        let new = |reads: Set| within(reads, both) && !within(reads, a) && !within(reads, b);
        self.neighbours(a) & b != 0
            || self.conditions.iter().any(|condition| new(condition.reads))
            || self.equalities.iter().any(|equality| new(equality.left.1 | equality.right.1))
    }

    /// The nodes next to a set.
    pub fn neighbours(&self, set: Set) -> Set {
        nodes(set).filter_map(|node| self.near.get(node)).fold(0, |all, near| all | near) & !set
    }
}

/// Whether a set is part of another.
pub(crate) fn within(part: Set, whole: Set) -> bool {
    part & !whole == 0
}

/// The nodes of a set, in ascending order.
pub(crate) fn nodes(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let node = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            node
        })
    })
}

fn member(column: &Column, region: &Region) -> Option<Member> {
    Some(Member { leaf: region.place(column)?, column: column.clone(), estimate: None })
}

/// Equality is transitive where both columns have one type, and one whose values equal only
/// themselves.
fn same_transitive_type(a: &Member, b: &Member, region: &Region) -> Result<bool> {
    let (Some(left), Some(right)) = (region.leaves.get(a.leaf), region.leaves.get(b.leaf)) else {
        return Ok(false);
    };
    let left = Expr::Column(a.column.clone()).get_type(left.plan.schema())?;
    let right = Expr::Column(b.column.clone()).get_type(right.plan.schema())?;
    let plain = left.is_integer()
        || matches!(
            left,
            DataType::Boolean
                | DataType::Utf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::Date32
                | DataType::Decimal128(..)
                | DataType::Timestamp(..)
        );
    Ok(left == right && plain)
}

fn column<'r>(region: &'r Region, column: &Column) -> Option<&'r ColumnEstimate> {
    let leaf = region.leaves.get(region.place(column)?)?;
    leaf.estimate.column(leaf.plan.schema(), column)
}

fn semi_share(semi: &Semi, region: &Region) -> f64 {
    let right = &semi.leaf;
    let mut share: f64 = 1.0;
    for (l, r) in &semi.on {
        let l = selectivity::column(l).and_then(|name| column(region, name));
        let r = selectivity::column(r)
            .and_then(|name| right.estimate.column(right.plan.schema(), name));
        // What the relation holds of the column's values, and what the other side has of them.
        let Some(values) = l.and_then(|column| column.distinct) else {
            share = share.min(0.5);
            continue;
        };
        let kept = distinct(r, right.estimate.rows).min(right.estimate.rows);
        share = share.min(kept / values.max(1.0));
    }
    if semi.filter.is_some() {
        share *= if semi.on.is_empty() { 0.5 } else { 0.8 };
    }
    match semi.kind {
        JoinType::LeftAnti => (1.0 - share).max(ANTI_LEAST),
        _ => share.clamp(1e-6, 1.0),
    }
}
