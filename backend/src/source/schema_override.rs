//! Reading columns of a Delta table with other types than its own.
//!
//! The library casts a scan to any schema that it is told, and holds the log's bounds against
//! values of that schema. Here the scan keeps the table's types, a type is taken only if it holds
//! every value of the table's, and the plan's scan casts. A column is NOT NULL only where the
//! files that may hold a NULL were looked into.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use planc_ir::code::UNKNOWN_COLUMN;
use planc_ir::suggest::did_you_mean;
use planc_ir::{Constraint, ConstraintKind, Diagnostic};

use super::{Source, unreadable};
use crate::{Extent, Session, check_constraint};

/// What a column is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnOverride {
    /// Its logical type.
    pub data_type: DataType,
    /// Whether it may hold NULL. `None`: as the table says.
    pub nullable: Option<bool>,
}

/// The source with the columns of `columns` as they say.
///
/// # Errors
/// P0202 for a column that is not there, P0701 for a type that cannot hold every value of the
/// column's own, P0711 for a NULL in a column that shall have none.
pub(super) async fn overridden(
    session: &Session,
    name: &str,
    location: &str,
    source: Source,
    columns: &BTreeMap<String, ColumnOverride>,
) -> Result<Source, Diagnostic> {
    let known = source.schema.fields();
    if let Some(unknown) = columns.keys().find(|name| known.iter().all(|f| f.name() != *name)) {
        let message = format!("its scan overrides `{unknown}`, and it has no such column");
        let help = did_you_mean(unknown, known.iter().map(|field| field.name().as_str()));
        return Err(Diagnostic::new(UNKNOWN_COLUMN, message).help_opt(help));
    }
    let mut fields = Vec::new();
    let mut narrowed = Vec::new();
    for field in known {
        let Some(wanted) = columns.get(field.name()) else {
            fields.push(Field::clone(field));
            continue;
        };
        if !holds(&wanted.data_type, field.data_type()) {
            let why = format!(
                "the column `{}` is {} and cannot be read as {}",
                field.name(),
                field.data_type(),
                wanted.data_type
            );
            return Err(unreadable(location, why)
                .help("only a type that holds every value of it is taken; cast it in the rules"));
        }
        let nullable = wanted.nullable.unwrap_or(field.is_nullable());
        if field.is_nullable() && !nullable {
            narrowed.push(field.name().clone());
        }
        let data_type = wanted.data_type.clone();
        fields.push(Field::clone(field).with_data_type(data_type).with_nullable(nullable));
    }
    for column in narrowed {
        let constraint =
            Constraint { table: name.to_owned(), kind: ConstraintKind::NotNull(column) };
        let sources = BTreeMap::from([(name.to_owned(), source.clone())]);
        if let Some(broken) = check_constraint(session, &constraint, &sources, Extent::All).await? {
            return Err(broken.help("its scan overrides the column as NOT NULL"));
        }
    }
    if let Some(log) = &source.pruning {
        // The looks for NULL are no scans of the run.
        log.clear();
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, source.schema.metadata().clone()));
    Ok(Source { schema, ..source })
}

/// Whether every value of `own` is one of `wanted`, and none comes out rounded.
fn holds(wanted: &DataType, own: &DataType) -> bool {
    use DataType::{Decimal128, Float32, Float64, Int8, Int16, Int32, Int64};
    let digits = match own {
        Int8 => Some(3),
        Int16 => Some(5),
        Int32 => Some(10),
        Int64 => Some(19),
        _ => None,
    };
    match (own, wanted) {
        (Int8, Int16 | Int32 | Int64 | Float32 | Float64)
        | (Int16, Int32 | Int64 | Float32 | Float64)
        | (Int32, Int64 | Float64)
        | (Float32, Float64) => true,
        (Int8 | Int16 | Int32 | Int64, Decimal128(precision, scale)) => {
            digits.is_some_and(|digits| i16::from(*precision) - i16::from(*scale) >= digits)
        }
        (Decimal128(precision, scale), Decimal128(wider, finer)) => {
            let before = |precision: &u8, scale: &i8| i16::from(*precision) - i16::from(*scale);
            finer >= scale && before(wider, finer) >= before(precision, scale)
        }
        _ => own == wanted,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    #[test]
    fn only_wider_types_are_taken() {
        let decimal = DataType::Decimal128;
        let stamp =
            |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
        for (own, wanted, taken) in [
            (DataType::Int32, DataType::Int64, true),
            (DataType::Int64, DataType::Int32, false),
            (DataType::Int32, DataType::Float64, true),
            (DataType::Int32, DataType::Float32, false),
            (DataType::Int64, DataType::Float64, false),
            (DataType::Int64, decimal(19, 0), true),
            (DataType::Int64, decimal(20, 2), false),
            (DataType::Int64, decimal(21, 2), true),
            (decimal(10, 2), decimal(12, 4), true),
            (decimal(10, 2), decimal(11, 4), false),
            (decimal(10, 2), decimal(38, 1), false),
            (DataType::Float64, DataType::Float32, false),
            (DataType::Float64, decimal(38, 10), false),
            (DataType::Date32, stamp(None), false),
            (stamp(None), stamp(Some("UTC")), false),
            (DataType::Utf8, DataType::Utf8, true),
            (DataType::Utf8, DataType::Int64, false),
        ] {
            assert_eq!(holds(&wanted, &own), taken, "{own} as {wanted}");
        }
    }
}
