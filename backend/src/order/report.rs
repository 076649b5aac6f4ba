//! The chosen order, for people to read.

use std::fmt;

use datafusion::common::JoinType;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::estimate::Basis;
use super::graph::Graph;
use super::region::{Region, Set, Tree};
use super::search::Method;

/// What was chosen for one region of joins.
#[derive(Debug, Clone)]
pub struct Choice {
    /// How the order was found; `None` where the plan's own is as cheap as any.
    pub method: Option<Method>,
    /// What the estimates rest on, at worst.
    pub basis: Basis,
    /// The cost of the plan's own order, in rows touched.
    pub planned_cost: f64,
    /// The cost of the chosen order.
    pub cost: f64,
    /// The last join.
    pub root: Step,
}

/// A join of the chosen order, or a relation that it reads.
#[derive(Debug, Clone)]
pub struct Step {
    /// A relation with its filters, or a join with its condition.
    pub what: String,
    /// How many rows it is thought to give.
    pub rows: f64,
    /// For a relation: the rows of its table before filters, and who says so.
    pub table: Option<(f64, Basis)>,
    /// The sides of a join: first the one that is built, then the one that is probed.
    pub inputs: Vec<Step>,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.method {
            Some(method) => writeln!(
                f,
                "reordered ({method}): cost {}, as planned {}",
                count(self.cost),
                count(self.planned_cost)
            )?,
            None => writeln!(f, "as planned: cost {}", count(self.cost))?,
        }
        write!(f, "{}", self.root)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0, "")
    }
}

impl Step {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize, side: &str) -> fmt::Result {
        write!(
            f,
            "{:depth$}{side}{}: {} rows",
            "",
            self.what,
            count(self.rows),
            depth = depth * 2
        )?;
        if let Some((rows, basis)) = self.table {
            write!(f, " of {} ({basis})", count(rows))?;
        }
        for (input, side) in self.inputs.iter().zip(["build ", "probe "]) {
            writeln!(f)?;
            input.write(f, depth + 1, side)?;
        }
        Ok(())
    }
}

/// Three digits are more than an estimate is worth.
fn count(rows: f64) -> String {
    match rows {
        rows if rows < 1e4 => format!("{rows:.0}"),
        rows if rows < 1e6 => format!("{:.0}k", rows / 1e3),
        rows if rows < 1e9 => format!("{:.1}M", rows / 1e6),
        rows => format!("{rows:.1e}"),
    }
}

/// What a relation is: a table's name, or the operator that makes it.
pub(super) fn kind(plan: &LogicalPlan) -> String {
    match plan {
        LogicalPlan::TableScan(scan) => scan.table_name.table().to_lowercase(),
        LogicalPlan::Aggregate(_) => "aggregate".to_owned(),
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => kind(&join.left),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => kind(&join.right),
            _ => "join".to_owned(),
        },
        LogicalPlan::Union(_) => "union".to_owned(),
        LogicalPlan::Values(_) => "values".to_owned(),
        other => match other.inputs().as_slice() {
            [input] => kind(input),
            _ => "relation".to_owned(),
        },
    }
}

/// The tree with the estimates of every step.
pub(super) fn step(region: &Region, graph: &Graph, tree: &Tree) -> Step {
    Reporter { region, graph }.step(tree).0
}

struct Reporter<'r> {
    region: &'r Region,
    graph: &'r Graph,
}

impl Reporter<'_> {
    fn step(&self, tree: &Tree) -> (Step, Set) {
        match tree {
            Tree::Node(node) => (self.relation(*node), 1 << node),
            Tree::Join(build, probe) => {
                let ((build, a), (probe, b)) = (self.step(build), self.step(probe));
                let rows = self.graph.rows_of(a | b);
                let what = self.condition(a, b);
                (Step { what, rows, table: None, inputs: vec![build, probe] }, a | b)
            }
        }
    }

    fn relation(&self, node: usize) -> Step {
        let semis = self.region.semis.iter().map(|semi| &semi.leaf);
        let Some(leaf) = self.region.leaves.iter().chain(semis).nth(node) else {
            return Step { what: String::new(), rows: 0.0, table: None, inputs: Vec::new() };
        };
        let mut filters = filters(&leaf.plan);
        filters.extend(self.graph.filters.get(node).into_iter().flatten().cloned());
        let what = match conjunction(filters) {
            Some(filter) => format!("{} where {filter}", leaf.alias),
            None => leaf.alias.clone(),
        };
        let rows = self.graph.rows.get(node).copied().unwrap_or_default();
        let table = Some((leaf.estimate.table, leaf.estimate.basis));
        Step { what, rows, table, inputs: Vec::new() }
    }

    fn condition(&self, a: Set, b: Set) -> String {
        let semi = [a, b].into_iter().filter(|set| set.count_ones() == 1).find_map(|set| {
            let place = (set.trailing_zeros() as usize).checked_sub(self.graph.leaves)?;
            self.region.semis.get(place)
        });
        if let Some(semi) = semi {
            let on = semi.on.iter().map(|(left, right)| format!("{left} = {right}"));
            let on = on.chain(semi.filter.iter().map(ToString::to_string)).collect::<Vec<_>>();
            let kind = semi.kind.to_string().to_lowercase();
            return format!("{} join on {}", kind.trim_start_matches("left"), on.join(" and "));
        }
        let mut on = Vec::new();
        for class in &self.graph.classes {
            let of = |set: Set| class.iter().find(|member| set & (1 << member.leaf) != 0);
            if let (Some(left), Some(right)) = (of(a), of(b)) {
                on.push(format!("{} = {}", left.column, right.column));
            }
        }
        let new = |reads: Set| reads & !(a | b) == 0 && reads & !a != 0 && reads & !b != 0;
        let equalities = self.graph.equalities.iter();
        let equalities = equalities.filter(|equality| new(equality.left.1 | equality.right.1));
        on.extend(equalities.map(|e| format!("{} = {}", e.left.0, e.right.0)));
        let conditions = self.graph.conditions.iter().filter(|condition| new(condition.reads));
        on.extend(conditions.map(|condition| condition.expr.to_string()));
        if on.is_empty() {
            "cross join".to_owned()
        } else {
            format!("join on {}", on.join(" and "))
        }
    }
}

/// The filters right above a relation's table.
fn filters(plan: &LogicalPlan) -> Vec<Expr> {
    match plan {
        LogicalPlan::Filter(filter) => {
            let mut all = vec![filter.predicate.clone()];
            if !matches!(filter.input.as_ref(), LogicalPlan::TableScan(_)) {
                all.extend(filters(&filter.input));
            }
            all
        }
        LogicalPlan::SubqueryAlias(alias) => filters(&alias.input),
        LogicalPlan::Projection(projection) => filters(&projection.input),
        LogicalPlan::TableScan(scan) => scan.filters.clone(),
        _ => Vec::new(),
    }
}
