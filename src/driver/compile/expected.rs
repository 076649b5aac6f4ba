//! A bundle's output beside the types that its producer says.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::DataType;
use planc_artifacts::ResultRecord;
use planc_ir::type_text::parse_type;
use planc_ir::{Diagnostic, code};

/// P0514 for each column that is missing, too many, or of another type than Ibis says. Nothing
/// is said where the bundle has no schema.
pub(super) fn other_types(
    record: &ResultRecord,
    schema: &BTreeMap<String, String>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut differs = |message: String| found.push(Diagnostic::new(code::OTHER_TYPES, message));
    if schema.is_empty() {
        return found;
    }
    for (name, said) in schema {
        let Some(field) = record.output.iter().find(|field| field.name == *name) else {
            differs(format!(
                "the output has no column `{name}`, of which the producer says {said}"
            ));
            continue;
        };
        let given = parse_type(&field.data_type).ok().map(|given| ibis_type(&given));
        if given.as_ref() != Some(&plain(said)) {
            let given = given.as_ref().unwrap_or(&field.data_type);
            differs(format!("the column `{name}` is {given}, and its producer says {said}"));
        }
    }
    for field in record.output.iter().filter(|field| !schema.contains_key(&field.name)) {
        differs(format!(
            "the output has a column `{}` that its producer does not name",
            field.name
        ));
    }
    found
}

/// The outputs that Ibis says are its smallest integers, for which its SQL has no word.
pub(super) fn small(schema: &BTreeMap<String, String>) -> BTreeSet<String> {
    let small = schema.iter().filter(|(_, said)| plain(said) == "int8");
    small.map(|(name, _)| name.clone()).collect()
}

/// The text of an Ibis type without what Arrow does not tell apart: nullability, the digits of a
/// timestamp and the unit of an interval.
fn plain(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !matches!(c, '!' | ' ')).collect();
    // Ibis has intervals of one unit, and planc's have months, days and nanoseconds.
    for unit in ["Y", "Q", "M", "W", "D", "h", "m", "s", "ms", "us", "ns"] {
        text = text.replace(&format!("interval('{unit}')"), "interval");
    }
    for digits in 0..=9 {
        text = text.replace(&format!("timestamp({digits})"), "timestamp");
        text = text.replace(&format!("',{digits})"), "')");
    }
    text
}

/// A type in Ibis's words, without blanks.
fn ibis_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "null".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Binary | DataType::FixedSizeBinary(_) => "binary".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(zone)) => format!("timestamp('{zone}')"),
        DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => format!("decimal({p},{s})"),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::List(item) => format!("array<{}>", ibis_type(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{}:{}", field.name(), ibis_type(field.data_type())))
                .collect();
            format!("struct<{}>", fields.join(","))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => {
                let types: Vec<String> =
                    pair.iter().map(|field| ibis_type(field.data_type())).collect();
                format!("map<{}>", types.join(","))
            }
            other => other.to_string(),
        },
        // `Int64`, `UInt8`, `Float32` and the like.
        other => other.to_string().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_compared_in_ibis_words() {
        for (text, said) in [
            ("Int64", "!int64"),
            ("Decimal128(15, 2)", "decimal(15, 2)"),
            ("Timestamp(µs)", "timestamp(6)"),
            ("Timestamp(µs, \"UTC\")", "timestamp('UTC', 6)"),
            ("List(Utf8)", "array<string>"),
            ("Utf8", "string"),
            ("Interval(MonthDayNano)", "interval('D')"),
        ] {
            let given = parse_type(text).unwrap();
            assert_eq!(ibis_type(&given), plain(said), "{text}");
        }
        assert_ne!(ibis_type(&DataType::Int32), plain("int64"));
    }
}
