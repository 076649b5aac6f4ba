//! Whether rows fit the table that they are written to.

use std::collections::BTreeSet;

use arrow::datatypes::{Field, Schema};
use planc_ir::Diagnostic;
use planc_ir::code::OUTPUT_TABLE;

use super::SchemaMode;
use crate::bind::same_type;

/// Checks the rows' schema against the table's logical one.
///
/// # Errors
/// P0713, which names every column that does not fit.
pub(super) fn check(
    location: &str,
    rows: &Schema,
    table: &Schema,
    mode: SchemaMode,
) -> Result<(), Diagnostic> {
    if mode == SchemaMode::Overwrite {
        return Ok(());
    }
    let mut wrong = Vec::new();
    for field in rows.fields() {
        match table.field_with_name(field.name()) {
            Ok(known) if same_type(known.data_type(), field.data_type()) => {}
            Ok(known) => wrong.push(format!(
                "`{}` is {} here and {} there",
                field.name(),
                field.data_type(),
                known.data_type()
            )),
            Err(_) if mode == SchemaMode::Merge => wrong.extend(other_case(field, table)),
            Err(_) => wrong.push(format!("`{}` is not in the table", field.name())),
        }
    }
    let given: BTreeSet<&str> = rows.fields().iter().map(|field| field.name().as_str()).collect();
    for field in table.fields().iter().filter(|field| !given.contains(field.name().as_str())) {
        if mode == SchemaMode::Same {
            wrong.push(format!("`{}` of the table is missing", field.name()));
        } else if !field.is_nullable() {
            wrong.push(format!("`{}` of the table is missing and NOT NULL", field.name()));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("`{location}`: the rows do not fit the table: {}", wrong.join(", "));
    let help = match mode {
        SchemaMode::Same if wrong.iter().all(|why| why.ends_with("is not in the table")) => {
            "change the rule, or let the table change: schema_mode = \"merge\" adds columns"
        }
        _ => "change the rule, or write the table anew: mode = \"overwrite\"",
    };
    Err(Diagnostic::new(OUTPUT_TABLE, message).help(help))
}

/// Delta tells columns apart by more than their case.
fn other_case(field: &Field, table: &Schema) -> Option<String> {
    let same = |known: &&std::sync::Arc<Field>| known.name().eq_ignore_ascii_case(field.name());
    let known = table.fields().iter().find(same)?;
    Some(format!("`{}` is called `{}` there", field.name(), known.name()))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn columns_are_compared_by_name_and_type() {
        let schema = |columns: &[(&str, DataType)]| {
            let fields = columns.iter().map(|(name, of)| Field::new(*name, of.clone(), true));
            Schema::new(fields.collect::<Vec<_>>())
        };
        let table = schema(&[("a", DataType::Int64), ("b", DataType::Utf8)]);
        let check = |rows: &[(&str, DataType)], mode| {
            check("t", &schema(rows), &table, mode).map_err(|error| error.message)
        };
        let same = [("b", DataType::Utf8), ("a", DataType::Int64)];
        assert_eq!(check(&same, SchemaMode::Same), Ok(()));
        let wider = [("a", DataType::Int64), ("c", DataType::Utf8)];
        let error = check(&wider, SchemaMode::Same).unwrap_err();
        assert!(error.contains("`c` is not in the table, `b` of the table is missing"), "{error}");
        assert_eq!(check(&wider, SchemaMode::Merge), Ok(()));
        let other = [("a", DataType::Int32), ("B", DataType::Utf8)];
        let error = check(&other, SchemaMode::Merge).unwrap_err();
        assert!(error.contains("`a` is Int32 here and Int64 there"), "{error}");
        assert!(error.contains("`B` is called `b` there"), "{error}");
        assert_eq!(check(&other, SchemaMode::Overwrite), Ok(()));
        let of = |name: &str| {
            let inner = vec![Field::new(name, DataType::Int64, true)];
            Schema::new(vec![Field::new("st", DataType::Struct(inner.into()), true)])
        };
        assert!(super::check("t", &of("x"), &of("x"), SchemaMode::Same).is_ok());
        assert!(super::check("t", &of("x"), &of("y"), SchemaMode::Merge).is_err());
    }
}
