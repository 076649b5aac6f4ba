//! Which types a Delta table holds exactly.

use arrow::datatypes::{DataType, Schema, TimeUnit};
use planc_ir::Diagnostic;
use planc_ir::code::OUTPUT_FAILED;

/// Refuses a column that would come back from the table with another type: the library
/// would cut its values, or widen its type under the rules that read it.
pub(super) fn check(location: &str, schema: &Schema) -> Result<(), Diagnostic> {
    for field in schema.fields() {
        if let Some((unfit, cast)) = unfit(field.data_type()) {
            let name = field.name();
            let message =
                format!("the column `{name}` is {unfit}, which a Delta table cannot hold");
            return Err(Diagnostic::new(OUTPUT_FAILED, format!("`{location}`: {message}"))
                .help(format!("cast it in the rule, for instance to {cast}")));
        }
    }
    Ok(())
}

/// The first type within this one that Delta lacks, and the one to cast it to.
fn unfit(data_type: &DataType) -> Option<(DataType, &'static str)> {
    let cast = match data_type {
        DataType::Null => "a type of its own: CAST(NULL AS VARCHAR)",
        DataType::UInt8 => "SMALLINT",
        DataType::UInt16 => "INT",
        DataType::UInt32 => "BIGINT",
        DataType::UInt64 => "BIGINT or DECIMAL(20, 0)",
        DataType::Float16 => "FLOAT",
        DataType::Date64 => "DATE",
        DataType::Timestamp(TimeUnit::Microsecond, None) => return None,
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => {
            return None;
        }
        DataType::Timestamp(_, None) => "TIMESTAMP(6)",
        DataType::Timestamp(_, Some(_)) => "arrow_cast(x, 'Timestamp(Microsecond, Some(\"UTC\"))')",
        DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_)
        | DataType::Interval(_) => "VARCHAR",
        DataType::FixedSizeBinary(_) => "BYTEA",
        DataType::Decimal32(_, _) | DataType::Decimal64(_, _) => "DECIMAL(38, s)",
        DataType::Decimal128(_, scale) if *scale >= 0 => return None,
        DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => "DECIMAL(38, s)",
        DataType::FixedSizeList(_, _) => "a list",
        DataType::List(item) => return unfit(item.data_type()),
        DataType::Map(entries, _) => return unfit(entries.data_type()),
        DataType::Struct(fields) => {
            return fields.iter().find_map(|field| unfit(field.data_type()));
        }
        DataType::Union(_, _) => "VARCHAR",
        _ => return None,
    };
    Some((data_type.clone(), cast))
}
