//! The order of commuting operands.

use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use planc_ir::key::{PlanKey, expression_key};

/// Where an operand stands among others: what reads earlier columns comes first, and names
/// have no part in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    first_column: usize,
    /// What it says.
    pub(crate) key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Structure(PlanKey),
    /// Within a correlated subquery, whose outer columns are only names from there. The order
    /// is settled again behind decorrelation.
    Text(String),
}

/// The rank of an expression over the columns of `schema`.
pub(crate) fn rank(expr: &Expr, schema: &DFSchema) -> Rank {
    let columns = expr.column_refs().into_iter();
    let first = columns.filter_map(|column| schema.maybe_index_of_column(column)).min();
    let key = match expression_key(expr, &[schema]) {
        Ok(key) => Key::Structure(key),
        Err(_) => Key::Text(expr.to_string()),
    };
    Rank { first_column: first.unwrap_or(usize::MAX), key }
}
