//! A walk over the expressions of one query that stays out of its subqueries.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, GroupByExpr, JoinConstraint, JoinOperator, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableFactor, TableWithJoins, Visit, Visitor,
};

/// What to do with the parts of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Visit,
    Skip,
}

/// Calls `see` for each expression in `node` from the outside in, as long as it says
/// [`Parts::Visit`].
pub(super) fn own(node: &impl Visit, see: &mut dyn FnMut(&Expr) -> Parts) {
    struct Walk<'f> {
        see: &'f mut dyn FnMut(&Expr) -> Parts,
        skipped: Option<*const Expr>,
        depth: usize,
    }
    impl Visitor for Walk<'_> {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if self.depth == 0 && self.skipped.is_none() && (self.see)(expr) == Parts::Skip {
                self.skipped = Some(std::ptr::from_ref(expr));
            }
            ControlFlow::Continue(())
        }

        fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if self.skipped == Some(std::ptr::from_ref(expr)) {
                self.skipped = None;
            }
            ControlFlow::Continue(())
        }
    }
    let _ = node.visit(&mut Walk { see, skipped: None, depth: 0 });
}

/// The expressions of a SELECT list.
pub(super) fn items(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr)
        | SelectItem::ExprWithAlias { expr, .. }
        | SelectItem::ExprWithAliases { expr, .. } => Some(expr),
        _ => None,
    })
}

/// The expressions of an ORDER BY.
pub(super) fn ordered(order_by: Option<&OrderBy>) -> impl Iterator<Item = &Expr> {
    let exprs = order_by.and_then(|order_by| match &order_by.kind {
        OrderByKind::Expressions(exprs) => Some(exprs),
        OrderByKind::All(_) => None,
    });
    exprs.into_iter().flatten().map(|by| &by.expr)
}

/// The expressions of a GROUP BY, as they are written.
pub(super) fn grouped(select: &Select) -> &[Expr] {
    match &select.group_by {
        GroupByExpr::Expressions(exprs, _) => exprs,
        GroupByExpr::All(_) => &[],
    }
}

/// Calls `see` for each condition of a query's own clauses: WHERE, HAVING, QUALIFY, ON.
pub(crate) fn all_conditions(body: &SetExpr, see: &mut dyn FnMut(&Expr)) {
    match body {
        SetExpr::Select(select) => {
            let clauses = [&select.selection, &select.having, &select.qualify];
            clauses.into_iter().flatten().for_each(&mut *see);
            conditions(&select.from).into_iter().for_each(see);
        }
        SetExpr::SetOperation { left, right, .. } => {
            all_conditions(left, see);
            all_conditions(right, see);
        }
        _ => {}
    }
}

/// The conditions of a SELECT's joins.
pub(super) fn conditions(from: &[TableWithJoins]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for item in from {
        if let TableFactor::NestedJoin { table_with_joins, .. } = &item.relation {
            found.extend(conditions(std::slice::from_ref(table_with_joins)));
        }
        found.extend(item.joins.iter().filter_map(|join| match constraint(&join.join_operator) {
            Some(JoinConstraint::On(condition)) => Some(condition),
            _ => None,
        }));
    }
    found
}

/// The constraint of a join, of whatever kind.
pub(crate) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator as Op;
    match operator {
        Op::Join(constraint)
        | Op::Inner(constraint)
        | Op::Left(constraint)
        | Op::LeftOuter(constraint)
        | Op::Right(constraint)
        | Op::RightOuter(constraint)
        | Op::FullOuter(constraint)
        | Op::CrossJoin(constraint)
        | Op::Semi(constraint)
        | Op::LeftSemi(constraint)
        | Op::RightSemi(constraint)
        | Op::Anti(constraint)
        | Op::LeftAnti(constraint)
        | Op::RightAnti(constraint)
        | Op::StraightJoin(constraint) => Some(constraint),
        _ => None,
    }
}
