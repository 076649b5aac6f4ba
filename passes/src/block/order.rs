//! The order of a block's parts, by what they are and how they are connected.
//!
//! Names cannot decide, and neither can the written order. Each part has a colour, first the
//! key of its relation; each class of equal columns has one from the parts that it joins; both
//! are refined by each other, and by the expressions that read them, until nothing more is
//! told apart (the refinement of graph canonisation: B. D. McKay and A. Piperno, *Practical
//! graph isomorphism, II*, J. Symb. Comput. 60, 2014). Where parts still look alike, each is
//! tried as the first one, up to a bound, and the order with the smallest certificate wins.

use std::collections::{BTreeSet, HashMap};

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::{split_binary, split_conjunction};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, binary_expr};
use planc_ir::Digest;
use planc_ir::key::{PlanKey, labelled_key, relation_key};

use super::classes::Classes;
use super::{Block, Left, Surroundings, substitute};

/// Orders that are tried among parts that look alike. Parts that are truly interchangeable
/// give the same plan in any order, so that a cut is harmless there.
const MAX_TRIES: usize = 48;

/// Sorts the inputs, the semi joins and the left joins of a block. True where that moved one.
pub(crate) fn order(block: &mut Block, around: &Surroundings) -> Result<bool> {
    let (inputs, semis, lefts) = (block.inputs.len(), block.semis.len(), block.lefts.len());
    if inputs < 2 && semis < 2 && lefts < 2 {
        return Ok(false);
    }
    let graph = Graph::of(block, around)?;
    let colours = graph.resolve()?;
    let places = |from: usize, count: usize| {
        let mut places: Vec<usize> = (0..count).collect();
        places.sort_by_key(|place| colours.get(from + place));
        places
    };
    let first = places(0, inputs);
    let second = places(inputs, semis);
    // A left join may read the columns of one before it.
    let mut third = places(inputs + semis, lefts);
    let wanted = std::mem::take(&mut third);
    let mut open: Vec<usize> = wanted;
    while !open.is_empty() {
        let ready = open.iter().position(|place| {
            !open
                .iter()
                .any(|other| other != place && graph.depends(inputs + semis, *place, *other))
        });
        third.push(open.remove(ready.unwrap_or(0)));
    }
    let moved = [&first, &second, &third].iter().any(|places| !places.is_sorted());
    permute(&mut block.inputs, &first);
    permute(&mut block.semis, &second);
    permute(&mut block.lefts, &third);
    Ok(moved)
}

fn permute<T>(items: &mut Vec<T>, places: &[usize]) {
    let mut taken: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(places.iter().filter_map(|place| taken.get_mut(*place)?.take()));
}

/// What is refined.
struct Graph {
    /// The key of each part and its kind.
    parts: Vec<(usize, PlanKey)>,
    /// The part, the ordinal and the variable of every column.
    columns: HashMap<Column, (usize, usize, usize)>,
    /// The columns of each variable.
    variables: Vec<Vec<Column>>,
    /// What is said about columns: a kind (with the part that a join's condition belongs to)
    /// and the expression.
    facts: Vec<Fact>,
}

struct Fact {
    tag: usize,
    part: Option<usize>,
    expr: Expr,
    variables: BTreeSet<usize>,
}

type Colour = Digest;

impl Graph {
    fn of(block: &Block, around: &Surroundings) -> Result<Graph> {
        let classes = Classes::find(&block.conjuncts, block);
        let mut parts = Vec::new();
        let mut columns: HashMap<Column, (usize, usize, usize)> = HashMap::new();
        let mut variables: Vec<Vec<Column>> = Vec::new();
        let mut of_class: HashMap<usize, usize> = HashMap::new();
        let rights = block.semis.iter().map(|semi| (1 + usize::from(semi.anti), &semi.right));
        let kind = |left: &Left| if left.mark.is_some() { 4 } else { 3 };
        let rights = rights.chain(block.lefts.iter().map(|left| (kind(left), &left.right)));
        let all = block.inputs.iter().map(|input| (0, input)).chain(rights);
        for (part, (kind, plan)) in all.enumerate() {
            let plan: &LogicalPlan = plan;
            parts.push((kind, relation_key(plan)?));
            let after = block.inputs.len() + block.semis.len();
            let left = part.checked_sub(after).and_then(|place| block.lefts.get(place));
            let mark = left.and_then(Left::mark_column);
            for (ordinal, column) in plan.schema().columns().into_iter().chain(mark).enumerate() {
                let class = classes.class_of(&column).filter(|_| kind == 0);
                let next = variables.len();
                let variable = match class {
                    Some(class) => *of_class.entry(class).or_insert(next),
                    None => next,
                };
                if variable == next {
                    variables.push(Vec::new());
                }
                if let Some(members) = variables.get_mut(variable) {
                    members.push(column.clone());
                }
                columns.insert(column, (part, ordinal, variable));
            }
        }
        let mut graph = Graph { parts, columns, variables, facts: Vec::new() };
        for conjunct in &block.conjuncts {
            // What makes a class is in the class.
            if !is_equality_within(conjunct, &classes) {
                graph.fact(1, None, conjunct.clone());
            }
        }
        block.after.iter().for_each(|expr| graph.fact(2, None, expr.clone()));
        block.fallible.iter().enumerate().for_each(|(n, e)| graph.fact(16 + n, None, e.clone()));
        let (inputs, semis) = (block.inputs.len(), block.semis.len());
        for (place, semi) in block.semis.iter().enumerate() {
            let tag = 3 + usize::from(semi.anti) + 2 * usize::from(semi.null_aware);
            semi.on.iter().for_each(|expr| graph.fact(tag, Some(inputs + place), expr.clone()));
        }
        for (place, left) in block.lefts.iter().enumerate() {
            let part = inputs + semis + place;
            left.on.iter().for_each(|expr| graph.fact(8, Some(part), expr.clone()));
        }
        let map = block.map();
        for (tag, expr) in around.readers.resolve()?.0 {
            graph.fact(1 << 41 | tag, None, substitute(expr, &map)?);
        }
        Ok(graph)
    }

    fn fact(&mut self, tag: usize, part: Option<usize>, expr: Expr) {
        let refs = expr.column_refs().into_iter();
        let variables = refs.filter_map(|column| Some(self.columns.get(column)?.2)).collect();
        self.facts.push(Fact { tag, part, expr, variables });
    }

    /// Whether the condition of the left join at `place` reads the right side of `other`.
    fn depends(&self, from: usize, place: usize, other: usize) -> bool {
        let own = self.facts.iter().filter(|fact| fact.part == Some(from + place));
        own.flat_map(|fact| fact.expr.column_refs())
            .any(|column| self.columns.get(column).is_some_and(|at| at.0 == from + other))
    }

    /// A colour for each part, all different but for parts that are interchangeable.
    fn resolve(&self) -> Result<Vec<Colour>> {
        let first = self
            .parts
            .iter()
            .map(|(kind, key)| Digest::of_parts([format!("{kind} {key:?}").as_bytes()]));
        let first: Vec<Colour> = first.collect();
        if first.iter().collect::<BTreeSet<_>>().len() == first.len() {
            return Ok(first);
        }
        let mut tries = 0;
        let (_, colours) = self.search(first, &mut tries)?;
        Ok(colours)
    }

    /// The refined colours, and a certificate of the order that they say.
    fn search(&self, colours: Vec<Colour>, tries: &mut usize) -> Result<(Digest, Vec<Colour>)> {
        let (colours, variables) = self.refine(colours)?;
        let mut sorted = colours.clone();
        sorted.sort();
        let twin = sorted.windows(2).find(|pair| pair.first() == pair.last());
        let Some(colour) = twin.and_then(|pair| pair.first()).copied() else {
            return Ok((self.certificate(&colours, &variables)?, colours));
        };
        let mut best: Option<(Digest, Vec<Colour>)> = None;
        for place in 0..colours.len() {
            if colours.get(place) != Some(&colour) {
                continue;
            }
            *tries += 1;
            let mut marked = colours.clone();
            if let Some(own) = marked.get_mut(place) {
                *own = Digest::of_parts([b"first".as_slice(), own.to_string().as_bytes()]);
            }
            let found = self.search(marked, tries)?;
            if best.as_ref().is_none_or(|(certificate, _)| found.0 < *certificate) {
                best = Some(found);
            }
            if *tries >= MAX_TRIES {
                break;
            }
        }
        match best {
            Some(best) => Ok(best),
            None => Ok((self.certificate(&colours, &variables)?, colours)),
        }
    }

    /// Refines until no more parts are told apart.
    fn refine(&self, mut colours: Vec<Colour>) -> Result<(Vec<Colour>, Vec<Colour>)> {
        let count = |colours: &[Colour]| colours.iter().collect::<BTreeSet<_>>().len();
        let mut variables = self.joined(&colours);
        let mut distinct = count(&colours) + count(&variables);
        loop {
            variables = self.read(&colours, &variables)?;
            colours = self.parts_of(&colours, &variables);
            let now = count(&colours) + count(&variables);
            if now <= distinct {
                return Ok((colours, variables));
            }
            distinct = now;
        }
    }

    /// Variables coloured by the parts that they join.
    fn joined(&self, colours: &[Colour]) -> Vec<Colour> {
        let of = |members: &Vec<Column>| {
            let mut sides: Vec<String> = members
                .iter()
                .filter_map(|column| {
                    let (part, ordinal, _) = self.columns.get(column)?;
                    Some(format!("{} {ordinal}", colours.get(*part)?))
                })
                .collect();
            sides.sort();
            Digest::of_parts(sides.iter().map(String::as_bytes))
        };
        self.variables.iter().map(of).collect()
    }

    /// Variables coloured by the expressions that read them, and by the parts.
    fn read(&self, colours: &[Colour], variables: &[Colour]) -> Result<Vec<Colour>> {
        let joined = self.joined(colours);
        let mut labels = self.labels(variables);
        let mut readers: Vec<Vec<String>> = vec![Vec::new(); variables.len()];
        for fact in &self.facts {
            let part = fact.part.and_then(|part| colours.get(part));
            for variable in &fact.variables {
                // The own label stands out, so that the place in the expression counts.
                let own = self.variables.get(*variable).map_or(&[][..], Vec::as_slice);
                let mut old = Vec::new();
                for column in own {
                    old.push((column.clone(), labels.insert(column.clone(), usize::MAX)));
                }
                let key = self.key(&fact.expr, &labels)?;
                for (column, label) in old {
                    if let Some(label) = label {
                        labels.insert(column, label);
                    }
                }
                if let Some(readers) = readers.get_mut(*variable) {
                    readers.push(format!("{} {part:?} {key:?}", fact.tag));
                }
            }
        }
        let all = variables.iter().zip(&joined).zip(readers);
        Ok(all
            .map(|((colour, joined), mut readers)| {
                readers.sort();
                readers.push(colour.to_string());
                readers.push(joined.to_string());
                Digest::of_parts(readers.iter().map(String::as_bytes))
            })
            .collect())
    }

    fn parts_of(&self, colours: &[Colour], variables: &[Colour]) -> Vec<Colour> {
        let mut own: Vec<Vec<String>> = colours.iter().map(|c| vec![c.to_string()]).collect();
        let mut all: Vec<(usize, usize, usize)> = self.columns.values().copied().collect();
        all.sort_unstable();
        for (part, ordinal, variable) in all {
            if let (Some(own), Some(colour)) = (own.get_mut(part), variables.get(variable)) {
                own.push(format!("{ordinal} {colour}"));
            }
        }
        own.iter().map(|own| Digest::of_parts(own.iter().map(String::as_bytes))).collect()
    }

    /// The rank of each column's variable.
    fn labels(&self, variables: &[Colour]) -> HashMap<Column, usize> {
        let ranks: BTreeSet<&Colour> = variables.iter().collect();
        let ranks: HashMap<&Colour, usize> =
            ranks.into_iter().enumerate().map(|(rank, colour)| (colour, rank)).collect();
        let rank = |variable: &usize| variables.get(*variable).and_then(|c| ranks.get(c)).copied();
        let columns = self.columns.iter();
        columns.filter_map(|(column, (.., v))| Some((column.clone(), rank(v)?))).collect()
    }

    /// The key of an expression, some of whose columns may lie outside of the block.
    fn key(&self, expr: &Expr, labels: &HashMap<Column, usize>) -> Result<PlanKey> {
        let foreign = expr.column_refs().into_iter().any(|column| !labels.contains_key(column));
        if !foreign {
            return labelled_key(&oriented(expr.clone(), labels)?, labels);
        }
        let mut all = labels.clone();
        for column in expr.column_refs() {
            all.entry(column.clone()).or_insert(usize::MAX - 1);
        }
        labelled_key(&oriented(expr.clone(), &all)?, &all)
    }

    /// What a plan in the order of these colours says.
    fn certificate(&self, colours: &[Colour], variables: &[Colour]) -> Result<Digest> {
        let mut sorted: Vec<(&Colour, usize)> =
            colours.iter().enumerate().map(|(part, colour)| (colour, part)).collect();
        sorted.sort();
        let place: HashMap<usize, usize> =
            sorted.iter().enumerate().map(|(place, (_, part))| (*part, place)).collect();
        // A variable is called after its first column in this order.
        let name = |members: &Vec<Column>| {
            let at = members.iter().filter_map(|column| {
                let (part, ordinal, _) = self.columns.get(column)?;
                Some((*place.get(part)?, *ordinal))
            });
            at.min().unwrap_or_default()
        };
        let names: Vec<(usize, usize)> = self.variables.iter().map(name).collect();
        debug_assert_eq!(names.len(), variables.len());
        let mut lines: Vec<String> = Vec::new();
        for (_, part) in &sorted {
            lines.push(format!("{:?}", self.parts.get(*part)));
        }
        let mut labels = HashMap::new();
        let mut columns: Vec<_> = self.columns.values().copied().collect();
        columns.sort_unstable();
        for (part, ordinal, variable) in columns {
            lines.push(format!("{:?} {ordinal} {:?}", place.get(&part), names.get(variable)));
        }
        lines.sort();
        for (column, (.., variable)) in &self.columns {
            let (part, ordinal) = names.get(*variable).copied().unwrap_or_default();
            labels.insert(column.clone(), part << 20 | ordinal);
        }
        let mut facts = Vec::new();
        for fact in &self.facts {
            let part = fact.part.and_then(|part| place.get(&part));
            facts.push(format!("{} {part:?} {:?}", fact.tag, self.key(&fact.expr, &labels)?));
        }
        facts.sort();
        lines.extend(facts);
        Ok(Digest::of_parts(lines.iter().map(String::as_bytes)))
    }
}

/// The same predicate, its comparisons and chains turned by the labels of their columns: how
/// they are turned in the plan depends on the order that is looked for. Sums and products are
/// turned too: this is for a key and not for a plan.
fn oriented(expr: Expr, labels: &HashMap<Column, usize>) -> Result<Expr> {
    let turned = expr.transform_up(|expr| {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = &expr else {
            return Ok(Transformed::no(expr));
        };
        let commutes = matches!(op, Operator::Plus | Operator::Multiply);
        if commutes || matches!(op, Operator::And | Operator::Or) {
            let op = *op;
            let operands = match op {
                Operator::And => split_conjunction(&expr),
                _ => split_binary(&expr, op),
            };
            let mut keyed = operands
                .into_iter()
                .map(|operand| Ok((labelled_key(operand, labels)?, operand.clone())))
                .collect::<Result<Vec<_>>>()?;
            keyed.sort_by_key(|(key, _)| *key);
            let operands = keyed.into_iter().map(|(_, operand)| operand);
            let chain = operands.reduce(|left, right| binary_expr(left, op, right));
            return Ok(chain.map_or_else(|| Transformed::no(expr.clone()), Transformed::yes));
        }
        let Some(swapped) = op.swap() else { return Ok(Transformed::no(expr)) };
        if labelled_key(right, labels)? < labelled_key(left, labels)? {
            let (left, right) = (right.as_ref().clone(), left.as_ref().clone());
            return Ok(Transformed::yes(binary_expr(left, swapped, right)));
        }
        Ok(Transformed::no(expr))
    })?;
    Ok(turned.data)
}

fn is_equality_within(conjunct: &Expr, classes: &Classes) -> bool {
    match conjunct {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(left), Expr::Column(right)) => classes
                    .class_of(left)
                    .is_some_and(|class| Some(class) == classes.class_of(right)),
                _ => false,
            }
        }
        _ => false,
    }
}
