//! Calls of table functions, `FROM generate_series(1, 10)`, that say what was called.
//!
//! What DataFusion makes of such a call is a table that keeps name and arguments to itself. Here
//! they stand beside it, so that a plan can be compared and written.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, Statistics};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, TableScan, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::catalog::is_work_table;

/// The rows of a call.
pub struct CalledTable {
    /// The function's name.
    pub name: String,
    /// The arguments: literals.
    pub args: Vec<Expr>,
    rows: Arc<dyn TableProvider>,
}

impl CalledTable {
    /// The rows of the call, with its name and arguments; the rows alone where these are no
    /// literals.
    pub fn of(name: &str, args: &[Expr], rows: Arc<dyn TableProvider>) -> Arc<dyn TableProvider> {
        let literals = args.iter().all(|arg| matches!(arg, Expr::Literal(_, None)));
        if !literals || rows.is::<CalledTable>() {
            return rows;
        }
        Arc::new(CalledTable { name: name.to_owned(), args: args.to_vec(), rows })
    }
}

impl Debug for CalledTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalledTable").field("name", &self.name).field("args", &self.args).finish()
    }
}

#[async_trait]
impl TableProvider for CalledTable {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    fn table_type(&self) -> TableType {
        self.rows.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.rows.scan(state, projection, filters, limit).await
    }

    fn statistics(&self) -> Option<Statistics> {
        self.rows.statistics()
    }
}

/// Gives the provider of a scan if it is that of a call.
pub fn called(scan: &TableScan) -> Option<Arc<dyn TableProvider>> {
    source_as_provider(&scan.source).ok().filter(|provider| provider.is::<CalledTable>())
}

/// Whether a scan reads no table of any catalog, but what the plan itself says: the work table
/// of the recursive query around it, or the rows of a call.
pub fn reads_no_table(scan: &TableScan) -> bool {
    is_work_table(scan) || called(scan).is_some()
}

/// A table function whose tables know how they were called.
#[derive(Debug)]
struct Recorded {
    name: String,
    function: Arc<dyn TableFunctionImpl>,
}

impl TableFunctionImpl for Recorded {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let exprs = args.exprs().to_vec();
        let rows = self.function.call_with_args(args)?;
        Ok(CalledTable::of(&self.name, &exprs, rows))
    }
}

/// Makes all table functions of a state say how they were called.
pub fn record_calls(state: &mut SessionState) {
    let functions: Vec<(String, Arc<dyn TableFunctionImpl>)> = state
        .table_functions()
        .iter()
        .map(|(name, function)| (name.clone(), Arc::clone(function.function())))
        .collect();
    for (name, function) in functions {
        state.register_udtf(&name.clone(), Arc::new(Recorded { name, function }));
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::{Settings, planning_state};

    #[test]
    fn a_call_says_its_name_and_arguments() {
        let state = planning_state(&Settings::default());
        let literal = |n| Expr::Literal(ScalarValue::Int64(Some(n)), None);
        let args = [literal(1), literal(9)];
        let function = state.table_functions().get("generate_series").unwrap();
        let rows = function
            .create_table_provider_with_args(TableFunctionArgs::new(&args, &state))
            .unwrap();
        let call = rows.downcast_ref::<CalledTable>().unwrap();
        assert_eq!((call.name.as_str(), call.args.as_slice()), ("generate_series", &args[..]));
        assert_eq!(rows.schema().field(0).name(), "value");
    }
}
