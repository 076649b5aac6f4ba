//! Substrait's types as Arrow's, those of older versions too.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use substrait::proto::Type;
use substrait::proto::r#type::{Kind, Nullability};

use super::Lowering;
use crate::substrait::fault::{Result, invalid, unsupported};

/// The most types within each other.
const MAX_DEPTH: usize = 50;

impl Lowering<'_> {
    /// A type and whether it is nullable. Fields of structs have no names of their own.
    pub(super) fn data_type(&self, encoded: &Type) -> Result<(DataType, bool)> {
        self.type_of(encoded, &mut None, 0)
    }

    /// As [`data_type`](Self::data_type), with the names of a schema for the fields within.
    pub(super) fn named_type(
        &self,
        encoded: &Type,
        names: &mut std::slice::Iter<'_, String>,
    ) -> Result<(DataType, bool)> {
        self.type_of(encoded, &mut Some(names), 0)
    }

    #[allow(deprecated, reason = "plans of older producers use them")]
    fn type_of(
        &self,
        encoded: &Type,
        names: &mut Option<&mut std::slice::Iter<'_, String>>,
        depth: usize,
    ) -> Result<(DataType, bool)> {
        if depth > MAX_DEPTH {
            return Err(invalid("a type is nested too deeply"));
        }
        let kind = encoded.kind.as_ref().ok_or_else(|| invalid("a type says nothing"))?;
        let lacking = || invalid("a type lacks the type within");
        let (data_type, nullability) = match kind {
            Kind::Bool(t) => (DataType::Boolean, t.nullability),
            Kind::I8(t) => (DataType::Int8, t.nullability),
            Kind::I16(t) => (DataType::Int16, t.nullability),
            Kind::I32(t) => (DataType::Int32, t.nullability),
            Kind::I64(t) => (DataType::Int64, t.nullability),
            Kind::Fp32(t) => (DataType::Float32, t.nullability),
            Kind::Fp64(t) => (DataType::Float64, t.nullability),
            Kind::String(t) => (DataType::Utf8, t.nullability),
            Kind::Varchar(t) => (DataType::Utf8, t.nullability),
            Kind::FixedChar(t) => (DataType::Utf8, t.nullability),
            Kind::Binary(t) => (DataType::Binary, t.nullability),
            Kind::FixedBinary(t) if t.length >= 0 => {
                (DataType::FixedSizeBinary(t.length), t.nullability)
            }
            Kind::Date(t) => (DataType::Date32, t.nullability),
            Kind::Time(t) => (DataType::Time64(TimeUnit::Microsecond), t.nullability),
            Kind::PrecisionTime(t) => (
                match unit(t.precision)? {
                    unit @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(unit),
                    unit => DataType::Time64(unit),
                },
                t.nullability,
            ),
            Kind::Timestamp(t) => (DataType::Timestamp(TimeUnit::Microsecond, None), t.nullability),
            Kind::TimestampTz(t) => {
                (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), t.nullability)
            }
            Kind::PrecisionTimestamp(t) => {
                (DataType::Timestamp(unit(t.precision)?, None), t.nullability)
            }
            Kind::PrecisionTimestampTz(t) => {
                (DataType::Timestamp(unit(t.precision)?, Some("UTC".into())), t.nullability)
            }
            Kind::IntervalYear(t) => {
                (DataType::Interval(IntervalUnit::MonthDayNano), t.nullability)
            }
            Kind::IntervalDay(t) => (DataType::Interval(IntervalUnit::MonthDayNano), t.nullability),
            Kind::IntervalCompound(t) => {
                (DataType::Interval(IntervalUnit::MonthDayNano), t.nullability)
            }
            Kind::Decimal(t) => (decimal(t.precision, t.scale)?, t.nullability),
            Kind::List(t) => {
                let item = t.r#type.as_deref().ok_or_else(lacking)?;
                let (item, nullable) = self.type_of(item, names, depth + 1)?;
                (DataType::List(Arc::new(Field::new("item", item, nullable))), t.nullability)
            }
            Kind::Map(t) => {
                let key = t.key.as_deref().ok_or_else(lacking)?;
                let value = t.value.as_deref().ok_or_else(lacking)?;
                let (key, _) = self.type_of(key, names, depth + 1)?;
                let (value, nullable) = self.type_of(value, names, depth + 1)?;
                let entries = DataType::Struct(Fields::from(vec![
                    Field::new("key", key, false),
                    Field::new("value", value, nullable),
                ]));
                let entries = Arc::new(Field::new("entries", entries, false));
                (DataType::Map(entries, false), t.nullability)
            }
            Kind::Struct(t) => {
                let mut fields = Vec::with_capacity(t.types.len());
                for (at, member) in t.types.iter().enumerate() {
                    let name = match names.as_deref_mut() {
                        Some(names) => names
                            .next()
                            .ok_or_else(|| invalid("a schema has too few names"))?
                            .clone(),
                        None => format!("c{at}"),
                    };
                    let (member, nullable) = self.type_of(member, names, depth + 1)?;
                    fields.push(Field::new(name, member, nullable));
                }
                (DataType::Struct(Fields::from(fields)), t.nullability)
            }
            Kind::UserDefined(t) => match self.source.types.get(&t.type_reference) {
                Some(name) if t.type_parameters.is_empty() => {
                    let data_type = match name.as_str() {
                        "null" => DataType::Null,
                        "u8" => DataType::UInt8,
                        "u16" => DataType::UInt16,
                        "u32" => DataType::UInt32,
                        "u64" => DataType::UInt64,
                        other => {
                            return Err(unsupported(format_args!("planc reads no type {other}")));
                        }
                    };
                    (data_type, t.nullability)
                }
                _ => return Err(unsupported("the plan uses a type that planc does not know")),
            },
            other => {
                let text = format!("{other:?}");
                let name = text.split('(').next().unwrap_or_default().to_owned();
                return Err(unsupported(format_args!("planc reads no type {name}")));
            }
        };
        Ok((data_type, nullability != Nullability::Required as i32))
    }
}

/// The unit of a number of decimal digits behind the second.
pub(super) fn unit(digits: i32) -> Result<TimeUnit> {
    Ok(match digits {
        0 => TimeUnit::Second,
        3 => TimeUnit::Millisecond,
        6 => TimeUnit::Microsecond,
        9 => TimeUnit::Nanosecond,
        other => return Err(unsupported(format_args!("a time has {other} decimal digits"))),
    })
}

/// A decimal of this many digits, of which `scale` stand behind the point.
pub(super) fn decimal(precision: i32, scale: i32) -> Result<DataType> {
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(p), Ok(s)) if (1..=38).contains(&p) && s >= 0 && scale <= precision => {
            Ok(DataType::Decimal128(p, s))
        }
        _ => Err(invalid(format_args!("there is no decimal({precision}, {scale})"))),
    }
}
