//! P0305 and P0306: aggregates and windows in clauses that are evaluated before them, or in
//! each other.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, LimitClause, OrderBy, Query, Select, Visit, WindowType,
};

use super::own::{Parts, conditions, grouped, items, ordered, own};
use super::{Build, Call};

impl Build<'_, '_> {
    pub(super) fn placement(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        if let Some(condition) = &select.selection {
            self.no_calls(condition, "WHERE");
        }
        conditions(&select.from).into_iter().for_each(|on| self.no_calls(on, "ON"));
        grouped(select).iter().for_each(|expr| self.no_calls(expr, "GROUP BY"));
        if let Some(condition) = &select.having {
            self.no_windows(condition, "HAVING");
            self.no_truth(condition);
        }
        let rest = items(select)
            .chain(select.having.as_ref())
            .chain(select.qualify.as_ref())
            .chain(ordered(order_by));
        let calls: Vec<&Expr> = rest.collect();
        calls.into_iter().for_each(|expr| self.nested(expr));
    }

    /// A number is no condition. Beside a wrong SELECT list DataFusion does not come to it.
    fn no_truth(&mut self, condition: &Expr) {
        let number = match condition {
            Expr::Function(call) => {
                let name = call.name.to_string().to_lowercase();
                ["count", "sum", "avg"].contains(&name.as_str())
            }
            Expr::BinaryOp { op, .. } => matches!(
                op,
                BinaryOperator::Plus
                    | BinaryOperator::Minus
                    | BinaryOperator::Multiply
                    | BinaryOperator::Divide
                    | BinaryOperator::Modulo
            ),
            _ => false,
        };
        if number {
            self.found.push(
                Diagnostic::new(code::TYPE_MISMATCH, "a number is no condition")
                    .at(self.places.expression(condition))
                    .help("compare it with something"),
            );
        }
    }

    /// LIMIT and OFFSET are evaluated once, before any row.
    pub(super) fn bounds(&mut self, query: &Query) {
        let (limit, offset) = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
            }
            Some(LimitClause::OffsetCommaLimit { limit, offset }) => (Some(limit), Some(offset)),
            None => (None, None),
        };
        for bound in [limit, offset].into_iter().flatten() {
            let mut varies = false;
            own(bound, &mut |expr| {
                varies |= match expr {
                    Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Subquery(_) => true,
                    Expr::Function(call) => self.kind(call) != Call::Other,
                    _ => false,
                };
                Parts::Visit
            });
            if varies {
                let message = "LIMIT and OFFSET take a number, and this depends on rows";
                self.found.push(
                    Diagnostic::new(code::LIMIT_VALUE, message)
                        .at(self.places.expression(bound))
                        .help("write a number or a parameter, or filter by `row_number()`"),
                );
            }
        }
    }

    /// Neither aggregates nor windows.
    pub(super) fn no_calls(&mut self, node: &impl Visit, clause: &str) {
        let mut found = Vec::new();
        own(node, &mut |expr| match expr {
            Expr::Function(call) => match self.kind(call) {
                Call::Other => Parts::Visit,
                Call::Aggregate => {
                    found.push(self.aggregate(expr, clause));
                    Parts::Skip
                }
                Call::Window => {
                    found.push(self.window(expr, clause));
                    Parts::Skip
                }
            },
            _ => Parts::Visit,
        });
        self.found.append(&mut found);
    }

    fn no_windows(&mut self, node: &impl Visit, clause: &str) {
        let mut found = Vec::new();
        own(node, &mut |expr| match expr {
            Expr::Function(call) if self.kind(call) == Call::Window => {
                found.push(self.window(expr, clause));
                Parts::Skip
            }
            _ => Parts::Visit,
        });
        self.found.append(&mut found);
    }

    /// An aggregate in an aggregate, a window in either.
    fn nested(&mut self, expr: &Expr) {
        let mut outer: Vec<(Expr, Function)> = Vec::new();
        own(expr, &mut |expr| {
            if let Expr::Function(call) = expr
                && self.kind(call) != Call::Other
            {
                outer.push((expr.clone(), call.clone()));
            }
            Parts::Visit
        });
        for (expr, call) in outer {
            if let Some(condition) = &call.filter {
                self.no_calls(condition.as_ref(), "FILTER");
            }
            match self.kind(&call) {
                Call::Aggregate if self.holds_call(&call.args) => {
                    let message = "an aggregate function cannot take another one's result";
                    let finding = Diagnostic::new(code::MISPLACED_AGGREGATE, message)
                        .at(self.places.expression(&expr))
                        .help("compute the inner one in a subquery");
                    // What is in it was reported with it.
                    self.found.retain(|known| !inside(known, &finding));
                    if !self.found.iter().any(|known| inside(&finding, known)) {
                        self.found.push(finding);
                    }
                }
                Call::Window => {
                    self.no_windows(&call.args, "another window function");
                    if let Some(WindowType::WindowSpec(spec)) = &call.over {
                        self.no_windows(&spec.partition_by, "another window function");
                        self.no_windows(&spec.order_by, "another window function");
                    }
                }
                _ => {}
            }
        }
    }

    fn holds_call(&self, node: &impl Visit) -> bool {
        let mut holds = false;
        own(node, &mut |expr| {
            holds |= matches!(expr, Expr::Function(call) if self.kind(call) != Call::Other);
            Parts::Visit
        });
        holds
    }

    fn aggregate(&self, call: &Expr, clause: &str) -> Diagnostic {
        let help = match clause {
            "WHERE" => "a condition on groups stands in HAVING",
            "GROUP BY" => "group by columns; compute the aggregate in a subquery to group by it",
            _ => "compute it in a subquery",
        };
        Diagnostic::new(
            code::MISPLACED_AGGREGATE,
            format!("an aggregate function cannot stand in {clause}"),
        )
        .at(self.places.expression(call))
        .help(help)
    }

    fn window(&self, call: &Expr, clause: &str) -> Diagnostic {
        let help = match clause {
            "WHERE" | "HAVING" => "put the condition into QUALIFY, or select from a subquery",
            _ => "compute it in a subquery",
        };
        Diagnostic::new(
            code::MISPLACED_WINDOW,
            format!("a window function cannot stand in {clause}"),
        )
        .at(self.places.expression(call))
        .help(help)
    }
}

fn inside(inner: &Diagnostic, outer: &Diagnostic) -> bool {
    match (inner.span, outer.span) {
        (Some(inner), Some(outer)) => outer.start <= inner.start && inner.end <= outer.end,
        _ => false,
    }
}
