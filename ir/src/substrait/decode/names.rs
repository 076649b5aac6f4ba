//! The names that the decoder makes.

use std::cell::OnceCell;
use std::collections::HashMap;

use arrow::datatypes::FieldRef;
use datafusion::common::{Column, DFSchema, ExprSchema};
use datafusion::common::{Result as DataFusionResult, plan_datafusion_err};
use datafusion::logical_expr::Expr;

use super::{Result, malformed};
use crate::Digest;

/// Gives out names that nothing else in a plan has.
pub(super) struct Names {
    prefix: String,
    columns: usize,
    tables: usize,
    recursions: usize,
}

impl Names {
    /// Names that no column of the plan in these bytes has: DataFusion finds a name ambiguous
    /// that stands once with a qualifier and once without.
    pub(super) fn unlike(bytes: &[u8]) -> Self {
        let prefix = if contains_name(bytes, b"c") {
            // No text can hold the hash of all the bytes that it is a part of.
            format!("c{}_", Digest::of(bytes).short())
        } else {
            "c".to_owned()
        };
        Names { prefix, columns: 0, tables: 0, recursions: 0 }
    }

    /// A fresh name for a computed column.
    pub(super) fn column(&mut self) -> String {
        let name = format!("{}{}", self.prefix, self.columns);
        self.columns += 1;
        name
    }

    /// A fresh qualifier.
    pub(super) fn table(&mut self) -> String {
        let name = format!("t{}", self.tables);
        self.tables += 1;
        name
    }

    /// A fresh name for a recursive query.
    pub(super) fn recursion(&mut self) -> String {
        let name = format!("r{}", self.recursions);
        self.recursions += 1;
        name
    }
}

/// True where the bytes may hold a string of the prefix and digits. Strings stand behind
/// their length there.
fn contains_name(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.windows(prefix.len()).enumerate().any(|(at, window)| {
        let length = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let rest = bytes.get(at + prefix.len()..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        window == prefix
            && digits > 0
            && length.is_some_and(|length| {
                let length = usize::from(length);
                length > prefix.len() && length <= prefix.len() + digits
            })
    })
}

/// The columns that an expression's ordinals point to.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    columns: Vec<(Column, FieldRef)>,
    /// The ordinals by column, made when first asked for.
    ordinals: OnceCell<HashMap<Column, usize>>,
}

impl Columns {
    /// The columns of inputs, numbered through.
    pub(super) fn of<'a>(schemas: impl IntoIterator<Item = &'a DFSchema>) -> Self {
        let columns = schemas.into_iter().flat_map(|schema| {
            schema.iter().map(|(qualifier, field)| {
                (Column::new(qualifier.cloned(), field.name()), FieldRef::clone(field))
            })
        });
        Columns { columns: columns.collect(), ordinals: OnceCell::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The column with this ordinal.
    pub(super) fn get(&self, ordinal: usize) -> Result<&(Column, FieldRef)> {
        self.columns.get(ordinal).ok_or_else(|| {
            malformed(format_args!("there is no column {ordinal} among {}", self.len()))
        })
    }

    /// All columns as expressions.
    pub(super) fn exprs(&self) -> Vec<Expr> {
        self.columns.iter().map(|(column, _)| Expr::Column(column.clone())).collect()
    }
}

impl ExprSchema for Columns {
    fn field_from_column(&self, column: &Column) -> DataFusionResult<&FieldRef> {
        let ordinals = self.ordinals.get_or_init(|| {
            self.columns.iter().enumerate().map(|(at, (column, _))| (column.clone(), at)).collect()
        });
        ordinals
            .get(column)
            .and_then(|at| self.columns.get(*at))
            .map(|(_, field)| field)
            .ok_or_else(|| plan_datafusion_err!("there is no column {column}"))
    }
}
