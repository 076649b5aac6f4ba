//! Where NULLs sort, written out.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FunctionArgumentClause, FunctionArguments, NamedWindowExpr, OrderBy, OrderByExpr,
    OrderByKind, OrderByOptions, Query, SetExpr, VisitMut, VisitorMut, WindowType,
};

/// Where a dialect puts NULLs when a sort does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// At the end in both directions.
    Last,
    /// Below every value: first when ascending, last when descending.
    Small,
    /// Above every value, as in DataFusion.
    Large,
}

fn default_of(dialect: &str) -> Nulls {
    match dialect {
        "duckdb" | "presto" | "trino" | "athena" | "clickhouse" => Nulls::Last,
        "bigquery" | "databricks" | "hive" | "mysql" | "spark" | "sqlite" | "tsql" => Nulls::Small,
        _ => Nulls::Large,
    }
}

/// Gives every sort of a translated query that is silent about NULLs the word of the dialect
/// that it was written in.
pub(crate) fn write_out(query: &mut Query, dialect: &str) {
    let nulls = default_of(dialect);
    if nulls != Nulls::Large {
        let _ = query.visit(&mut Writer(nulls));
    }
}

struct Writer(Nulls);

impl Writer {
    fn options(&self, options: &mut OrderByOptions) {
        let ascending = options.asc.unwrap_or(true);
        options.nulls_first.get_or_insert(self.0 == Nulls::Small && ascending);
    }

    fn sorts(&self, sorts: &mut [OrderByExpr]) {
        sorts.iter_mut().for_each(|sort| self.options(&mut sort.options));
    }

    fn order_by(&self, order_by: &mut OrderBy) {
        match &mut order_by.kind {
            OrderByKind::All(options) => self.options(options),
            OrderByKind::Expressions(sorts) => self.sorts(sorts),
        }
    }

    fn named_windows(&self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => {
                for window in &mut select.named_window {
                    if let NamedWindowExpr::WindowSpec(spec) = &mut window.1 {
                        self.sorts(&mut spec.order_by);
                    }
                }
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.named_windows(left);
                self.named_windows(right);
            }
            _ => {}
        }
    }
}

impl VisitorMut for Writer {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        query.order_by.iter_mut().for_each(|order_by| self.order_by(order_by));
        self.named_windows(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Function(call) = expr else { return ControlFlow::Continue(()) };
        if let Some(WindowType::WindowSpec(spec)) = &mut call.over {
            self.sorts(&mut spec.order_by);
        }
        self.sorts(&mut call.within_group);
        if let FunctionArguments::List(list) = &mut call.args {
            for clause in &mut list.clauses {
                if let FunctionArgumentClause::OrderBy(sorts) = clause {
                    self.sorts(sorts);
                }
            }
        }
        ControlFlow::Continue(())
    }
}
