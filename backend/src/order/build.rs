//! A region put together again in another order.

use std::sync::Arc;

use datafusion::common::{Column, JoinConstraint, JoinType, NullEquality, Result, internal_err};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, Join, LogicalPlan, Operator, Projection};

use super::graph::{Graph, Member, within};
use super::region::{Region, Semi, Set, Tree};

/// The region's joins in the order of the tree, below a projection that gives the columns of
/// `planned` their places and names back.
pub(crate) fn build(
    region: &Region,
    graph: &Graph,
    tree: &Tree,
    columns: &[Column],
    planned: &LogicalPlan,
) -> Result<LogicalPlan> {
    let (plan, set) = Builder { region, graph }.build(tree)?;
    if set.count_ones() as usize != region.leaves.len() + region.semis.len() {
        return internal_err!("the join order leaves out a relation");
    }
    let plan = filtered(plan, graph.constants.iter().cloned())?;
    let wanted = planned.schema().iter().zip(columns).map(|((qualifier, field), column)| {
        let same = qualifier == column.relation.as_ref() && field.name() == &column.name;
        let expr = Expr::Column(column.clone());
        if same { expr } else { expr.alias_qualified(qualifier.cloned(), field.name()) }
    });
    let plan = Projection::try_new(wanted.collect(), Arc::new(plan))?;
    let (old, new) = (planned.schema(), &plan.schema);
    let same = old.fields().len() == new.fields().len()
        && old.iter().zip(new.iter()).all(|((q, f), (r, g))| {
            q == r
                && f.name() == g.name()
                && f.data_type() == g.data_type()
                && (f.is_nullable() || !g.is_nullable())
        });
    if !same {
        return internal_err!("the join order changes the columns {old} to {new}");
    }
    Ok(LogicalPlan::Projection(plan))
}

struct Builder<'r> {
    region: &'r Region,
    graph: &'r Graph,
}

impl Builder<'_> {
    fn build(&self, tree: &Tree) -> Result<(LogicalPlan, Set)> {
        match tree {
            Tree::Node(node) => {
                let Some(leaf) = self.region.leaves.get(*node) else {
                    return internal_err!("a semi join stands alone");
                };
                let filters = self.graph.filters.get(*node).into_iter().flatten().cloned();
                Ok((filtered(leaf.plan.clone(), filters)?, 1 << node))
            }
            Tree::Join(left, right) => match (self.semi(left), self.semi(right)) {
                (Some((semi, node)), _) => self.filter_join(semi, node, right, true),
                (_, Some((semi, node))) => self.filter_join(semi, node, left, false),
                (None, None) => self.inner(left, right),
            },
        }
    }

    fn semi(&self, tree: &Tree) -> Option<(&Semi, Set)> {
        let Tree::Node(node) = tree else { return None };
        let semi = self.region.semis.get(node.checked_sub(self.graph.leaves)?)?;
        Some((semi, 1 << node))
    }

    /// A semi or anti join, built on its filter or on the rows.
    fn filter_join(
        &self,
        semi: &Semi,
        node: Set,
        rows: &Tree,
        on_filter: bool,
    ) -> Result<(LogicalPlan, Set)> {
        let (rows, set) = self.build(rows)?;
        let (rows, filter) = (Arc::new(rows), Arc::new(semi.leaf.plan.clone()));
        let on = semi.on.clone();
        let constraint = JoinConstraint::On;
        let (condition, nulls) = (semi.filter.clone(), semi.nulls);
        let join = if on_filter {
            let kind = match semi.kind {
                JoinType::LeftSemi => JoinType::RightSemi,
                _ => JoinType::RightAnti,
            };
            let on = on.into_iter().map(|(left, right)| (right, left)).collect();
            Join::try_new(filter, rows, on, condition, kind, constraint, nulls, false)?
        } else {
            let aware = semi.null_aware;
            Join::try_new(rows, filter, on, condition, semi.kind, constraint, nulls, aware)?
        };
        Ok((LogicalPlan::Join(join), set | node))
    }

    fn inner(&self, left: &Tree, right: &Tree) -> Result<(LogicalPlan, Set)> {
        let ((left, a), (right, b)) = (self.build(left)?, self.build(right)?);
        let both = a | b;
        let new = |reads: Set| within(reads, both) && !within(reads, a) && !within(reads, b);
        let mut on = Vec::new();
        for class in &self.graph.classes {
            let of = |set: Set| class.iter().find(|member| set & (1 << member.leaf) != 0);
            if let (Some(l), Some(r)) = (of(a), of(b)) {
                let column = |member: &Member| Expr::Column(member.column.clone());
                on.push((column(l), column(r)));
            }
        }
        let mut filters = Vec::new();
        for equality in &self.graph.equalities {
            let ((l, l_reads), (r, r_reads)) = (&equality.left, &equality.right);
            if within(*l_reads, a) && within(*r_reads, b) {
                on.push((l.clone(), r.clone()));
            } else if within(*l_reads, b) && within(*r_reads, a) {
                on.push((r.clone(), l.clone()));
            } else if new(l_reads | r_reads) {
                let (l, r) = (Box::new(l.clone()), Box::new(r.clone()));
                filters.push(Expr::BinaryExpr(BinaryExpr::new(l, Operator::Eq, r)));
            }
        }
        let conditions = self.graph.conditions.iter().filter(|condition| new(condition.reads));
        filters.extend(conditions.map(|condition| condition.expr.clone()));
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            conjunction(filters),
            JoinType::Inner,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok((LogicalPlan::Join(join), both))
    }
}

fn filtered(plan: LogicalPlan, predicates: impl Iterator<Item = Expr>) -> Result<LogicalPlan> {
    match conjunction(predicates) {
        Some(predicate) => Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan))?)),
        None => Ok(plan),
    }
}
