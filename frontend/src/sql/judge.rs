//! DataFusion's word on a query, physical planning included.

use std::sync::Arc;

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};
use datafusion::sql::planner::SqlToRel;
use futures::executor::block_on;
use sqlparser::ast::{Query, Statement};
use tokio::task::unconstrained;

use super::provider::Provider;
use super::{checks, risky};

/// Plans queries as DataFusion does before it runs one.
pub(crate) struct Judge<'a> {
    pub(crate) provider: Provider<'a>,
}

impl Judge<'_> {
    /// Plans the query and checks all that DataFusion checks before it runs one; returns the
    /// plan as it was before type coercion.
    ///
    /// # Errors
    /// DataFusion's first refusal.
    pub(crate) fn plan(&self, query: &Query) -> Result<LogicalPlan> {
        let plan = self.logical(query)?;
        let state = self.provider.state;
        let analyzer = state.analyzer();
        let typed = analyzer.execute_and_check(plan.clone(), state.config_options(), |_, _| {})?;
        checks::check(&typed)?;
        if risky::needs_physical(&typed)? {
            self.physical(&plan)?;
        }
        Ok(plan)
    }

    /// The plan that the query is translated to, before its types are looked at.
    ///
    /// # Errors
    /// DataFusion's first refusal.
    pub(crate) fn logical(&self, query: &Query) -> Result<LogicalPlan> {
        let statement = Statement::Query(Box::new(query.clone()));
        let plan = SqlToRel::new(&self.provider).sql_statement_to_plan(statement)?;
        self.provider.types.without_casts(plan)
    }

    /// Optimises and plans physically, over empty tables.
    ///
    /// # Errors
    /// DataFusion's first refusal.
    pub(crate) fn physical(&self, plan: &LogicalPlan) -> Result<()> {
        let readable = plan.clone().transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) if source_as_provider(&scan.source).is_err() => {
                let table = Arc::new(EmptyTable::new(scan.source.schema()));
                let source = provider_as_source(table);
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
            }
            other => other.map_expressions(|expr| expr.transform_up(with_a_value)),
        })?;
        // DataFusion waits for locks of tokio's. Those give way after a number of them, and on a
        // thread of tokio's they then wait for its scheduler, which waits for this.
        block_on(unconstrained(self.provider.state.create_physical_plan(&readable.data)))?;
        Ok(())
    }
}

/// A parameter gets the default of its type: some value is needed to plan with.
fn with_a_value(expr: Expr) -> Result<Transformed<Expr>> {
    if let Expr::Placeholder(placeholder) = &expr
        && let Some(field) = &placeholder.field
        && let Ok(value) = ScalarValue::new_default(field.data_type())
    {
        return Ok(Transformed::yes(Expr::Literal(value, None)));
    }
    Ok(Transformed::no(expr))
}

#[cfg(test)]
mod tests {
    use super::super::testing::planned;

    #[test]
    fn a_query_with_many_inputs_is_planned_on_a_thread_of_tokios() {
        let sides = vec!["select * from (values (1)) t"; 300];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(async { planned(&sides.join(" union all ")) });
        assert!(found.plan.is_some(), "{:?}", found.diagnostics);
    }
}
