//! What the files of a table call its columns.
//!
//! A table with column mapping can rename a column, and can give its old name to another one,
//! while the files stay. The names in the files are given once and never again, so an index goes
//! by them.

use std::collections::BTreeMap;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DataFusionError};
use datafusion::logical_expr::Expr;
use deltalake::DeltaTable;
use serde_json::Value;

use crate::fault;

const MODE: &str = "delta.columnMapping.mode";
const STORED_NAME: &str = "delta.columnMapping.physicalName";

/// The columns' names in the files, by their names in the table. Empty where they are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StoredNames {
    mapped: bool,
    names: BTreeMap<String, String>,
}

impl StoredNames {
    /// Those of a loaded table.
    ///
    /// # Errors
    /// Why its schema cannot be read.
    pub(crate) fn of(table: &DeltaTable) -> Result<Self, String> {
        let state = table.snapshot().map_err(|error| fault::delta_sentence(&error))?;
        let mode = state.metadata().configuration().get(MODE);
        if mode.is_none_or(|mode| mode == "none") {
            return Ok(StoredNames::default());
        }
        let schema = serde_json::to_value(state.schema()).map_err(|error| error.to_string())?;
        let fields = schema.get("fields").and_then(Value::as_array);
        let names = fields.into_iter().flatten().filter_map(|field| {
            let stored = field.get("metadata")?.get(STORED_NAME)?.as_str()?;
            Some((field.get("name")?.as_str()?.to_owned(), stored.to_owned()))
        });
        Ok(StoredNames { mapped: true, names: names.collect() })
    }

    /// Whether the table maps its columns' names.
    pub(crate) fn are_mapped(&self) -> bool {
        self.mapped
    }

    /// Whether a type, as the log writes it, holds fields with other names in the files.
    pub(crate) fn maps_within(data_type: &Value) -> bool {
        let fields = data_type.get("fields").and_then(Value::as_array).into_iter().flatten();
        let renamed = |field: &Value| {
            let stored = field.get("metadata").and_then(|metadata| metadata.get(STORED_NAME));
            stored.is_some_and(|stored| Some(stored) != field.get("name"))
        };
        let inner = ["elementType", "keyType", "valueType", "type"];
        fields.into_iter().any(|field| renamed(field) || Self::maps_within(field))
            || inner.iter().filter_map(|key| data_type.get(key)).any(Self::maps_within)
    }

    /// The name in the files of a column of the table.
    pub(crate) fn stored<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.mapped { self.names.get(name).map(String::as_str) } else { Some(name) }
    }

    /// The name in the table of a column of the files, where the table still has it.
    pub(crate) fn logical(&self, stored: &str) -> Option<String> {
        if !self.mapped {
            return Some(stored.to_owned());
        }
        self.names.iter().find(|(_, name)| *name == stored).map(|(name, _)| name.clone())
    }

    /// The filter with the names of the files. None where it reads something that no file has.
    pub(crate) fn in_stored(&self, filter: &Expr) -> Option<Expr> {
        if !self.mapped {
            return Some(filter.clone());
        }
        let renamed = filter.clone().transform(|expr| {
            let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
            let stored = self.stored(&column.name);
            let stored = stored
                .ok_or_else(|| DataFusionError::Plan(format!("no file has `{}`", column.name)))?;
            Ok(Transformed::yes(Expr::Column(Column::new_unqualified(stored))))
        });
        renamed.data().ok()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    #[test]
    fn filters_go_by_the_names_of_the_files() {
        // `a` was renamed to `b`, and the new `a` is another column.
        let names = [("b", "a"), ("a", "col-1")];
        let names = names.map(|(name, stored)| (name.to_owned(), stored.to_owned()));
        let names = StoredNames { mapped: true, names: names.into() };
        let filter = col("a").gt(lit(1)).and(col("b").eq(lit(2)));
        let stored = Expr::Column(Column::new_unqualified("col-1")).gt(lit(1));
        assert_eq!(names.in_stored(&filter), Some(stored.and(col("a").eq(lit(2)))));
        assert_eq!(names.in_stored(&col("_file").eq(lit("x"))), None);
        assert_eq!(names.logical("a").as_deref(), Some("b"));
        assert_eq!(names.logical("gone"), None);
        let plain = StoredNames::default();
        assert_eq!(plain.in_stored(&filter), Some(filter));
    }
}
