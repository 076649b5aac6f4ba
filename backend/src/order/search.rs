//! The search for a join order.
//!
//! Dynamic programming over connected sets (DPccp: Moerkotte and Neumann, 2006) finds the
//! cheapest tree of any shape without cross products. Where a region has too many pairs of
//! sets, a greedy search joins the two parts that give the fewest rows, again and again. Parts
//! that nothing connects are searched alone and multiplied last, the smallest first.

use std::collections::HashMap;
use std::fmt;

use super::graph::{Graph, nodes, within};
use super::region::{Set, Tree};

/// Pairs of sets that dynamic programming looks at before it gives up: a chain of 25
/// relations has fewer, a star or clique of 9.
const MOST_PAIRS: usize = 10_000;

/// A row of the build side is hashed and stored; one of the probe side is looked up.
const BUILD: f64 = 2.0;
const PROBE: f64 = 1.0;
const OUTPUT: f64 = 1.0;
/// A pair of rows of a nested-loop join is compared in a batch with many others.
const COMPARE: f64 = 0.2;

/// How an order was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every tree without cross products was considered.
    Exhaustive,
    /// The smallest result was taken step by step.
    Greedy,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Exhaustive => "the cheapest of all trees",
            Method::Greedy => "the smallest result step by step",
        })
    }
}

/// A way to join a set.
#[derive(Debug, Clone, Copy)]
struct Step {
    set: Set,
    rows: f64,
    cost: f64,
    /// The side to build on, then the other.
    split: Option<(Set, Set)>,
}

/// The order that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The joins.
    pub tree: Tree,
    /// What they cost, in rows that are touched.
    pub cost: f64,
    /// How it was found.
    pub method: Method,
}

/// The cheapest order of a region; `None` where there is none to choose.
pub(crate) fn search(graph: &Graph) -> Option<Found> {
    let mut search = Search { graph, best: HashMap::new(), pairs: 0, method: Method::Exhaustive };
    for node in 0..graph.near.len() {
        let set = 1 << node;
        let rows = graph.rows.get(node).copied()?;
        search.best.insert(set, Step { set, rows, cost: 0.0, split: None });
    }
    let mut parts = Vec::new();
    let mut pending: Set = 0;
    for (component, semis) in search.components(&mut pending) {
        parts.push(search.component(component, semis)?);
    }
    let whole = search.merge(parts, pending)?;
    let tree = search.tree(whole.set)?;
    Some(Found { tree, cost: whole.cost, method: search.method })
}

/// The cost of a given order, each join built on its better side.
pub(crate) fn cost_of(graph: &Graph, tree: &Tree) -> Option<f64> {
    let mut search = Search { graph, best: HashMap::new(), pairs: 0, method: Method::Exhaustive };
    search.given(tree).map(|step| step.cost)
}

/// The same joins, each built on its better side.
pub(crate) fn with_sides(graph: &Graph, tree: Tree) -> Tree {
    let mut search = Search { graph, best: HashMap::new(), pairs: 0, method: Method::Exhaustive };
    match search.given(&tree) {
        Some(step) => search.tree(step.set).unwrap_or(tree),
        None => tree,
    }
}

struct Search<'g> {
    graph: &'g Graph,
    best: HashMap<Set, Step>,
    pairs: usize,
    method: Method,
}

impl Search<'_> {
    fn given(&mut self, tree: &Tree) -> Option<Step> {
        let step = match tree {
            Tree::Node(node) => {
                let rows = self.graph.rows.get(*node).copied()?;
                Step { set: 1 << *node, rows, cost: 0.0, split: None }
            }
            Tree::Join(left, right) => {
                let (left, right) = (self.given(left)?, self.given(right)?);
                self.combine(&left, &right)?
            }
        };
        self.best.insert(step.set, step);
        Some(step)
    }

    /// The connected components of the relations, each with the semi joins that need nothing
    /// else; `pending` takes the semi joins that need several.
    fn components(&self, pending: &mut Set) -> Vec<(Set, Set)> {
        let relations: Set = (0..self.graph.leaves).fold(0, |set, leaf| set | 1 << leaf);
        let mut components = Vec::new();
        let mut rest = relations;
        while rest != 0 {
            let mut component = rest & rest.wrapping_neg();
            loop {
                let grown = component | (self.graph.neighbours(component) & relations);
                if grown == component {
                    break;
                }
                component = grown;
            }
            rest &= !component;
            components.push((component, 0));
        }
        for (semi, needs) in self.graph.needs.iter().enumerate() {
            let node: Set = 1 << (self.graph.leaves + semi);
            match components.iter_mut().find(|(component, _)| within(*needs, *component)) {
                Some((_, semis)) => *semis |= node,
                None => *pending |= node,
            }
        }
        components
    }

    fn component(&mut self, relations: Set, semis: Set) -> Option<Step> {
        let whole = relations | semis;
        if self.exhaust(whole).is_some()
            && let Some(best) = self.best.get(&whole)
        {
            return Some(*best);
        }
        self.method = Method::Greedy;
        let parts = nodes(relations).filter_map(|leaf| self.best.get(&(1 << leaf)).copied());
        let parts = parts.collect();
        self.merge(parts, semis)
    }

    /// Joins parts greedily, and applies semi joins as soon as what they need is there.
    fn merge(&mut self, mut parts: Vec<Step>, mut semis: Set) -> Option<Step> {
        loop {
            for part in &mut parts {
                for node in nodes(semis) {
                    let needs = self.graph.needs.get(node - self.graph.leaves).copied()?;
                    if within(needs, part.set) {
                        let semi = self.best.get(&(1 << node)).copied()?;
                        *part = self.combine(part, &semi)?;
                        self.best.insert(part.set, *part);
                        semis &= !(1 << node);
                    }
                }
            }
            if parts.len() < 2 {
                return parts.pop().filter(|_| semis == 0);
            }
            let mut chosen: Option<(bool, Step, usize, usize)> = None;
            for (i, a) in parts.iter().enumerate() {
                for (j, b) in parts.iter().enumerate().skip(i + 1) {
                    let connected = self.graph.connected(a.set, b.set);
                    let Some(step) = self.combine(a, b) else { continue };
                    let better = chosen.is_none_or(|(before, least, ..)| {
                        (connected && !before)
                            || (connected == before
                                && (step.rows, step.cost) < (least.rows, least.cost))
                    });
                    if better {
                        chosen = Some((connected, step, i, j));
                    }
                }
            }
            let (_, step, i, j) = chosen?;
            parts.remove(j);
            if let Some(part) = parts.get_mut(i) {
                *part = step;
            }
            self.best.insert(step.set, step);
        }
    }

    /// Two sets joined on their better side; `None` where a semi join does not fit.
    fn combine(&self, a: &Step, b: &Step) -> Option<Step> {
        let set = a.set | b.set;
        let semi = |step: &Step| {
            let node = step.set.trailing_zeros() as usize;
            let alone = step.set.count_ones() == 1 && node >= self.graph.leaves;
            alone.then(|| node - self.graph.leaves)
        };
        let (hashes, sides) = match (semi(a), semi(b)) {
            (Some(_), Some(_)) => return None,
            (None, None) => (self.graph.hashes(a.set, b.set), [Some((a, b)), Some((b, a))]),
            (one, other) => {
                let (node, filter, rows) = match (one, other) {
                    (Some(node), _) => (node, a, b),
                    (_, node) => (node?, b, a),
                };
                if !within(self.graph.needs.get(node).copied()?, rows.set) {
                    return None;
                }
                let two_ways = !self.graph.one_way.get(node).copied()?;
                let hashes = self.graph.semi_keys.get(node).copied()?;
                (hashes, [Some((rows, filter)), two_ways.then_some((filter, rows))])
            }
        };
        let rows = self.graph.rows_of(set);
        let mut best: Option<Step> = None;
        for (build, probe) in sides.into_iter().flatten() {
            let work = if hashes {
                BUILD * build.rows + PROBE * probe.rows
            } else {
                build.rows + COMPARE * build.rows * probe.rows
            };
            let cost = a.cost + b.cost + work + OUTPUT * rows;
            if best.is_none_or(|best| cost < best.cost) {
                best = Some(Step { set, rows, cost, split: Some((build.set, probe.set)) });
            }
        }
        best
    }

    fn tree(&self, set: Set) -> Option<Tree> {
        match self.best.get(&set)?.split {
            None => Some(Tree::Node(set.trailing_zeros() as usize)),
            Some((build, probe)) => {
                let (build, probe) = (self.tree(build)?, self.tree(probe)?);
                Some(Tree::Join(Box::new(build), Box::new(probe)))
            }
        }
    }

    /// Fills the table for all connected subsets; `None` when there are too many.
    fn exhaust(&mut self, whole: Set) -> Option<()> {
        let all: Vec<usize> = nodes(whole).collect();
        for node in all.into_iter().rev() {
            let set = 1 << node;
            self.complements(set, whole)?;
            self.grow(set, up_to(node), whole)?;
        }
        Some(())
    }

    /// All connected sets that extend `set` by nodes that are not excluded.
    fn grow(&mut self, set: Set, excluded: Set, whole: Set) -> Option<()> {
        let near = self.graph.neighbours(set) & whole & !excluded;
        for more in subsets(near) {
            self.complements(set | more, whole)?;
        }
        for more in subsets(near) {
            self.grow(set | more, excluded | near, whole)?;
        }
        Some(())
    }

    /// All connected sets beside `set` that something connects with it.
    fn complements(&mut self, set: Set, whole: Set) -> Option<()> {
        self.pairs += 1;
        let excluded = up_to(set.trailing_zeros() as usize) | set;
        let near = self.graph.neighbours(set) & whole & !excluded;
        let starts: Vec<usize> = nodes(near).collect();
        for node in starts.into_iter().rev() {
            let other = 1 << node;
            self.pair(set, other)?;
            self.grow_complement(set, other, excluded | (up_to(node) & near), whole)?;
        }
        Some(())
    }

    fn grow_complement(&mut self, set: Set, other: Set, excluded: Set, whole: Set) -> Option<()> {
        let near = self.graph.neighbours(other) & whole & !excluded & !set;
        for more in subsets(near) {
            self.pair(set, other | more)?;
        }
        for more in subsets(near) {
            self.grow_complement(set, other | more, excluded | near, whole)?;
        }
        Some(())
    }

    fn pair(&mut self, one: Set, other: Set) -> Option<()> {
        self.pairs += 1;
        if self.pairs > MOST_PAIRS {
            return None;
        }
        let (Some(a), Some(b)) = (self.best.get(&one), self.best.get(&other)) else {
            // A semi join without what it needs.
            return Some(());
        };
        if let Some(step) = self.combine(a, b)
            && self.best.get(&step.set).is_none_or(|best| step.cost < best.cost)
        {
            self.best.insert(step.set, step);
        }
        Some(())
    }
}

/// All nodes up to this one.
fn up_to(node: usize) -> Set {
    (1 << node) | ((1 << node) - 1)
}

/// The subsets of a set but for the empty one; every one after its own subsets.
fn subsets(set: Set) -> impl Iterator<Item = Set> {
    let mut subset: Set = 0;
    std::iter::from_fn(move || {
        subset = subset.wrapping_sub(set) & set;
        (subset != 0).then_some(subset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_come_after_their_own() {
        assert_eq!(subsets(0b101).collect::<Vec<_>>(), [0b001, 0b100, 0b101]);
        assert_eq!(subsets(0).count(), 0);
        assert_eq!(up_to(2), 0b111);
    }
}
