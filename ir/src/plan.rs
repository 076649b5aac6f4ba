//! The plan: DataFusion's logical plan and what planc knows of it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::LogicalPlan;

use crate::catalog::table_name;
use crate::table_function::reads_no_table;

/// A logical plan that is being compiled, or was decoded from an artifact.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The relational algebra, in DataFusion's terms.
    pub logical: LogicalPlan,
    /// The declared constraints that a rewrite relied on, as `TABLE: KIND (COLUMNS)`. They are
    /// no part of an artifact.
    pub relied_on: BTreeSet<String>,
}

/// A table that a plan reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    /// The table's name, parts joined by dots.
    pub name: String,
    /// The columns that some scan of it uses, by name, with the types that the plan was
    /// made for. Sorted by name.
    pub columns: Vec<(String, arrow::datatypes::DataType)>,
}

impl Plan {
    /// Wraps a logical plan.
    pub fn new(logical: LogicalPlan) -> Self {
        Plan { logical, relied_on: BTreeSet::new() }
    }

    /// The names, types and nullability of the output, in order.
    pub fn output_schema(&self) -> SchemaRef {
        std::sync::Arc::new(self.logical.schema().as_arrow().clone())
    }

    /// The tables read, in subqueries too, sorted by name.
    pub fn reads(&self) -> Result<Vec<TableRead>> {
        let mut reads: BTreeMap<String, BTreeMap<String, arrow::datatypes::DataType>> =
            BTreeMap::new();
        self.logical.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && !reads_no_table(scan)
            {
                let columns = reads.entry(table_name(&scan.table_name)).or_default();
                for field in scan.projected_schema.fields() {
                    columns.insert(field.name().clone(), field.data_type().clone());
                }
                for filter in &scan.filters {
                    for column in filter.column_refs() {
                        if let Ok(field) = scan.source.schema().field_with_name(&column.name) {
                            columns.insert(field.name().clone(), field.data_type().clone());
                        }
                    }
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let reads = reads.into_iter();
        Ok(reads
            .map(|(name, columns)| TableRead { name, columns: columns.into_iter().collect() })
            .collect())
    }

    /// The names of functions whose results change from run to run (`random()`) or with the
    /// session (`now()`), sorted and without repeats.
    pub fn unstable_functions(&self) -> Result<Vec<String>> {
        use datafusion::logical_expr::{Expr, Volatility};
        let mut names = BTreeSet::new();
        self.logical.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Expr::ScalarFunction(call) = expr
                        && call.func.signature().volatility != Volatility::Immutable
                    {
                        names.insert(call.func.name().to_owned());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(names.into_iter().collect())
    }
}
