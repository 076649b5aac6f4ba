//! Arrow types as text: what arrow-rs writes, read back exactly.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::error::ArrowError;

/// The text of a type, if [`parse_type`] gives the same type back.
pub fn type_text(data_type: &DataType) -> Option<String> {
    let text = data_type.to_string();
    parse_type(&text).is_ok_and(|read| &read == data_type).then_some(text)
}

/// The type that [`type_text`] wrote.
///
/// arrow-rs writes the names of nested fields with escapes (`"a \"b\""`) and reads them
/// without undoing these; that is done here.
///
/// # Errors
///
/// Where the text is no type.
pub fn parse_type(text: &str) -> Result<DataType, ArrowError> {
    Ok(unescaped(&text.parse()?))
}

fn unescaped(data_type: &DataType) -> DataType {
    match data_type {
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        DataType::Struct(fields) => DataType::Struct(
            fields.iter().map(|nested| Arc::new(renamed(nested, unescaped_name(nested)))).collect(),
        ),
        DataType::Map(entries, sorted) => {
            DataType::Map(Arc::new(renamed(entries, unescaped_name(entries))), *sorted)
        }
        other => other.clone(),
    }
}

/// The item of a list: arrow-rs writes its name without escapes.
fn field(item: &FieldRef) -> FieldRef {
    Arc::new(renamed(item, item.name().clone()))
}

/// Other escapes than `\"` arrow-rs does not read at all.
fn unescaped_name(field: &Field) -> String {
    field.name().replace("\\\"", "\"")
}

fn renamed(field: &Field, name: String) -> Field {
    let renamed = Field::new(name, unescaped(field.data_type()), field.is_nullable());
    renamed.with_metadata(field.metadata().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_whatever_their_names() {
        for (name, has_text) in [
            ("a", true),
            ("a b", true),
            ("a \"b\"", true),
            ("new\nline", false),
            ("ä€", true),
            ("'", true),
            ("back\\slash", false),
        ] {
            let nested = DataType::Struct(vec![Field::new(name, DataType::Int64, false)].into());
            let list = DataType::List(Arc::new(Field::new("element", nested.clone(), true)));
            for data_type in [nested, list] {
                let text = type_text(&data_type);
                assert_eq!(text.is_some(), has_text, "{name:?}");
                let read = text.map(|text| parse_type(&text).unwrap());
                assert!(read.is_none_or(|read| read == data_type), "{name:?}");
            }
        }
        assert!(parse_type("Int63").is_err());
        let odd = DataType::List(Arc::new(Field::new("it's", DataType::Int64, true)));
        assert_eq!(type_text(&odd), None, "what cannot be read back is not written");
    }
}
