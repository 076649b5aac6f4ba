//! Literals.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, GenericListViewArray, MapArray,
    OffsetSizeTrait, StructArray, new_empty_array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, FieldRef, Float16Type, IntervalDayTime,
    IntervalMonthDayNano, TimeUnit, i256,
};
use datafusion::common::ScalarValue;
use substrait::proto::expression::Literal;
use substrait::proto::expression::literal::interval_day_to_second::PrecisionMode;
use substrait::proto::expression::literal::user_defined::{TypeAnchorType, Val};
use substrait::proto::expression::literal::{
    IntervalDayToSecond, IntervalYearToMonth, LiteralType as L, UserDefined,
};

use super::types::{decimal, time_unit};
use super::{Decoder, Result, malformed, unknown};
use crate::substrait::encode::types::{ITEM, variation};

/// Half-precision floats, by arrow's name for them.
type Half = <Float16Type as ArrowPrimitiveType>::Native;

impl Decoder<'_> {
    /// A value of the type that the literal itself says.
    pub(super) fn literal(&mut self, literal: &Literal) -> Result<ScalarValue> {
        self.nested(|decoder| decoder.value(literal))
    }

    fn value(&mut self, literal: &Literal) -> Result<ScalarValue> {
        let kind = literal.literal_type.as_ref();
        let kind = kind.ok_or_else(|| malformed("a literal has no value"))?;
        let variation = self.variation(literal.type_variation_reference)?;
        let out_of_range = |v: &i32| malformed(format_args!("the integer {v} is out of range"));
        let value = match (kind, variation) {
            (L::String(v), None) => ScalarValue::Utf8(Some(v.clone())),
            (L::String(v), Some(variation::LARGE_UTF8)) => ScalarValue::LargeUtf8(Some(v.clone())),
            (L::String(v), Some(variation::UTF8_VIEW)) => ScalarValue::Utf8View(Some(v.clone())),
            (L::Binary(v), None) => ScalarValue::Binary(Some(v.clone())),
            (L::Binary(v), Some(variation::LARGE_BINARY)) => {
                ScalarValue::LargeBinary(Some(v.clone()))
            }
            (L::Binary(v), Some(variation::BINARY_VIEW)) => {
                ScalarValue::BinaryView(Some(v.clone()))
            }
            (L::List(list), _) => {
                let values: Vec<ScalarValue> =
                    list.values.iter().map(|value| self.literal(value)).collect::<Result<_>>()?;
                let first = values.first().ok_or_else(|| malformed("a list has no type"))?;
                let nullable = list
                    .values
                    .iter()
                    .any(|value| value.nullable || matches!(value.literal_type, Some(L::Null(_))));
                let item = Arc::new(Field::new(ITEM, first.data_type(), nullable));
                let data_type = self.list_of(item, literal.type_variation_reference)?;
                return list_value(&data_type, values);
            }
            (L::EmptyList(list), _) => {
                let encoded = list.r#type.as_deref();
                let encoded = encoded.ok_or_else(|| malformed("an empty list has no type"))?;
                let (item, nullable) = self.data_type(encoded)?;
                let item = Arc::new(Field::new(ITEM, item, nullable));
                let data_type = self.list_of(item, literal.type_variation_reference)?;
                return list_value(&data_type, Vec::new());
            }
            (_, Some(other)) => {
                return Err(unknown(format_args!("the variation {other} of such a literal")));
            }
            (L::Null(encoded), None) => {
                let (data_type, _) = self.data_type(encoded)?;
                ScalarValue::try_from(&data_type)?
            }
            (L::Boolean(v), None) => ScalarValue::Boolean(Some(*v)),
            (L::I8(v), None) => {
                ScalarValue::Int8(Some(i8::try_from(*v).map_err(|_| out_of_range(v))?))
            }
            (L::I16(v), None) => {
                ScalarValue::Int16(Some(i16::try_from(*v).map_err(|_| out_of_range(v))?))
            }
            (L::I32(v), None) => ScalarValue::Int32(Some(*v)),
            (L::I64(v), None) => ScalarValue::Int64(Some(*v)),
            (L::Fp32(v), None) => ScalarValue::Float32(Some(*v)),
            (L::Fp64(v), None) => ScalarValue::Float64(Some(*v)),
            (L::Date(v), None) => ScalarValue::Date32(Some(*v)),
            (L::FixedBinary(v), None) => {
                let length = i32::try_from(v.len()).map_err(malformed)?;
                ScalarValue::FixedSizeBinary(length, Some(v.clone()))
            }
            (L::Decimal(v), None) => {
                let DataType::Decimal128(precision, scale) = decimal(v.precision, v.scale)? else {
                    return Err(malformed("a decimal is none"));
                };
                let value = i128::from_le_bytes(bytes(&v.value)?);
                ScalarValue::Decimal128(Some(value), precision, scale)
            }
            (L::PrecisionTime(v), None) => match time_unit(i64::from(v.precision))? {
                TimeUnit::Second => ScalarValue::Time32Second(Some(narrow(v.value)?)),
                TimeUnit::Millisecond => ScalarValue::Time32Millisecond(Some(narrow(v.value)?)),
                TimeUnit::Microsecond => ScalarValue::Time64Microsecond(Some(v.value)),
                TimeUnit::Nanosecond => ScalarValue::Time64Nanosecond(Some(v.value)),
            },
            (L::PrecisionTimestamp(v), None) => {
                timestamp(time_unit(i64::from(v.precision))?, v.value, None)
            }
            (L::PrecisionTimestampTz(v), None) => {
                timestamp(time_unit(i64::from(v.precision))?, v.value, Some("UTC".into()))
            }
            (L::IntervalYearToMonth(v), None) => ScalarValue::IntervalYearMonth(Some(months(v)?)),
            (L::IntervalDayToSecond(v), None) => {
                let milliseconds = narrow(subseconds(v, 3)?)?;
                ScalarValue::IntervalDayTime(Some(IntervalDayTime::new(v.days, milliseconds)))
            }
            (L::IntervalCompound(v), None) => {
                let part = || malformed("an interval lacks a part");
                let year = v.interval_year_to_month.as_ref().ok_or_else(part)?;
                let day = v.interval_day_to_second.as_ref().ok_or_else(part)?;
                let nanoseconds = subseconds(day, 9)?;
                let interval = IntervalMonthDayNano::new(months(year)?, day.days, nanoseconds);
                ScalarValue::IntervalMonthDayNano(Some(interval))
            }
            (L::UserDefined(value), None) => return self.described(value),
            (other, None) => return Err(unknown(format_args!("the literal {other:?}"))),
        };
        Ok(value)
    }

    /// A value beside which its type stands.
    fn described(&mut self, value: &UserDefined) -> Result<ScalarValue> {
        let Some(TypeAnchorType::TypeReference(reference)) = value.type_anchor_type else {
            return Err(unknown("a literal of an aliased type"));
        };
        let data_type = self.own_type(reference, &value.type_parameters)?;
        let Some(Val::Struct(row)) = &value.val else {
            return Err(malformed("a literal of planc's has no value"));
        };
        self.stored(&data_type, &row.fields)
    }

    /// A value that must be of this type.
    fn value_of(&mut self, data_type: &DataType, literal: &Literal) -> Result<ScalarValue> {
        if matches!(literal.literal_type, Some(L::Null(_))) {
            return Ok(ScalarValue::try_from(data_type)?);
        }
        let value = self.literal(literal)?;
        if value.data_type() == *data_type {
            return Ok(value);
        }
        Err(malformed(format_args!("a value is {} and should be {data_type}", value.data_type())))
    }

    fn values_of(&mut self, data_type: &DataType, values: &[Literal]) -> Result<Vec<ScalarValue>> {
        values.iter().map(|value| self.value_of(data_type, value)).collect()
    }

    /// Reads what the encoder stores for a type that literals cannot say.
    fn stored(&mut self, data_type: &DataType, fields: &[Literal]) -> Result<ScalarValue> {
        let wrong = || malformed(format_args!("this is no value of the type {data_type}"));
        let only = match fields {
            [only] => only.literal_type.as_ref(),
            _ => None,
        };
        Ok(match (data_type, only) {
            (DataType::UInt8, Some(L::I16(v))) => {
                ScalarValue::UInt8(Some(u8::try_from(*v).map_err(|_| wrong())?))
            }
            (DataType::UInt16, Some(L::I32(v))) => {
                ScalarValue::UInt16(Some(u16::try_from(*v).map_err(|_| wrong())?))
            }
            (DataType::UInt32, Some(L::I64(v))) => {
                ScalarValue::UInt32(Some(u32::try_from(*v).map_err(|_| wrong())?))
            }
            (DataType::UInt64, Some(L::FixedBinary(v))) => {
                ScalarValue::UInt64(Some(u64::from_le_bytes(bytes(v)?)))
            }
            (DataType::Float16, Some(L::FixedBinary(v))) => {
                ScalarValue::Float16(Some(Half::from_bits(u16::from_le_bytes(bytes(v)?))))
            }
            (DataType::Date64, Some(L::I64(v))) => ScalarValue::Date64(Some(*v)),
            (DataType::Duration(unit), Some(L::I64(v))) => match unit {
                TimeUnit::Second => ScalarValue::DurationSecond(Some(*v)),
                TimeUnit::Millisecond => ScalarValue::DurationMillisecond(Some(*v)),
                TimeUnit::Microsecond => ScalarValue::DurationMicrosecond(Some(*v)),
                TimeUnit::Nanosecond => ScalarValue::DurationNanosecond(Some(*v)),
            },
            (DataType::Timestamp(unit, zone), Some(L::I64(v))) => {
                timestamp(*unit, *v, zone.clone())
            }
            (DataType::Decimal32(precision, scale), Some(L::I32(v))) => {
                ScalarValue::Decimal32(Some(*v), *precision, *scale)
            }
            (DataType::Decimal64(precision, scale), Some(L::I64(v))) => {
                ScalarValue::Decimal64(Some(*v), *precision, *scale)
            }
            (DataType::Decimal128(precision, scale), Some(L::FixedBinary(v))) => {
                let value = i128::from_le_bytes(bytes(v)?);
                ScalarValue::Decimal128(Some(value), *precision, *scale)
            }
            (DataType::Decimal256(precision, scale), Some(L::FixedBinary(v))) => {
                let value = i256::from_le_bytes(bytes(v)?);
                ScalarValue::Decimal256(Some(value), *precision, *scale)
            }
            (
                DataType::List(item)
                | DataType::LargeList(item)
                | DataType::ListView(item)
                | DataType::LargeListView(item)
                | DataType::FixedSizeList(item, _),
                _,
            ) => {
                let values = self.values_of(item.data_type(), fields)?;
                list_value(data_type, values)?
            }
            (DataType::Struct(members), _) if members.len() == fields.len() => {
                let columns = members.iter().zip(fields).map(|(member, field)| {
                    let value = self.value_of(member.data_type(), field)?;
                    Ok(value.to_array()?)
                });
                let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
                let row = StructArray::try_new_with_length(members.clone(), columns, None, 1)?;
                ScalarValue::Struct(Arc::new(row))
            }
            (DataType::Map(entries, sorted), Some(L::Map(map))) => {
                let DataType::Struct(members) = entries.data_type() else { return Err(wrong()) };
                let [key_field, value_field] = members.as_ref() else { return Err(wrong()) };
                let mut keys = Vec::new();
                let mut values = Vec::new();
                for pair in &map.key_values {
                    let (Some(key), Some(value)) = (&pair.key, &pair.value) else {
                        return Err(wrong());
                    };
                    keys.push(self.value_of(key_field.data_type(), key)?);
                    values.push(self.value_of(value_field.data_type(), value)?);
                }
                let offsets = OffsetBuffer::from_lengths([keys.len()]);
                let columns = vec![
                    array_of(key_field.data_type(), keys)?,
                    array_of(value_field.data_type(), values)?,
                ];
                let rows = StructArray::try_new(members.clone(), columns, None)?;
                let map = MapArray::try_new(Arc::clone(entries), offsets, rows, None, *sorted)?;
                ScalarValue::Map(Arc::new(map))
            }
            (DataType::Union(members, mode), _) => {
                let [id, value] = fields else { return Err(wrong()) };
                let Some(L::I8(id)) = id.literal_type else { return Err(wrong()) };
                let id = i8::try_from(id).map_err(|_| wrong())?;
                let member = members.iter().find(|(known, _)| *known == id);
                let (_, member) = member.ok_or_else(wrong)?;
                let value = Box::new(self.value_of(member.data_type(), value)?);
                ScalarValue::Union(Some((id, value)), members.clone(), *mode)
            }
            (DataType::Dictionary(key, value_type), Some(_)) => {
                let [value] = fields else { return Err(wrong()) };
                let value = self.value_of(value_type, value)?;
                ScalarValue::Dictionary(key.clone(), Box::new(value))
            }
            (DataType::RunEndEncoded(ends, member), Some(_)) => {
                let [value] = fields else { return Err(wrong()) };
                let value = Box::new(self.value_of(member.data_type(), value)?);
                ScalarValue::RunEndEncoded(Arc::clone(ends), Arc::clone(member), value)
            }
            _ => return Err(wrong()),
        })
    }
}

/// One list of values that all have the item's type.
fn list_value(data_type: &DataType, values: Vec<ScalarValue>) -> Result<ScalarValue> {
    let length = values.len();
    let build = |item: &FieldRef| array_of(item.data_type(), values);
    Ok(match data_type {
        DataType::List(item) => ScalarValue::List(Arc::new(list(item, build(item)?)?)),
        DataType::LargeList(item) => ScalarValue::LargeList(Arc::new(list(item, build(item)?)?)),
        DataType::ListView(item) => ScalarValue::ListView(Arc::new(view(item, build(item)?)?)),
        DataType::LargeListView(item) => {
            ScalarValue::LargeListView(Arc::new(view(item, build(item)?)?))
        }
        DataType::FixedSizeList(item, size) => {
            if usize::try_from(*size).ok() != Some(length) {
                return Err(malformed(format_args!("a list of {size} has {length} values")));
            }
            let list = FixedSizeListArray::try_new_with_length(
                Arc::clone(item),
                *size,
                build(item)?,
                None,
                1,
            )?;
            ScalarValue::FixedSizeList(Arc::new(list))
        }
        other => return Err(malformed(format_args!("{other} is no list"))),
    })
}

fn list<O: OffsetSizeTrait>(item: &FieldRef, values: ArrayRef) -> Result<GenericListArray<O>> {
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    Ok(GenericListArray::try_new(Arc::clone(item), offsets, values, None)?)
}

fn view<O: OffsetSizeTrait>(item: &FieldRef, values: ArrayRef) -> Result<GenericListViewArray<O>> {
    let length = O::from_usize(values.len()).ok_or_else(|| malformed("a list is too long"))?;
    let offsets = ScalarBuffer::from(vec![O::zero()]);
    let sizes = ScalarBuffer::from(vec![length]);
    Ok(GenericListViewArray::try_new(Arc::clone(item), offsets, sizes, values, None)?)
}

fn array_of(data_type: &DataType, values: Vec<ScalarValue>) -> Result<ArrayRef> {
    if let Some(other) = values.iter().find(|value| value.data_type() != *data_type) {
        let found = other.data_type();
        return Err(malformed(format_args!("a value is {found} and should be {data_type}")));
    }
    if values.is_empty() {
        return Ok(new_empty_array(data_type));
    }
    let array = ScalarValue::iter_to_array(values)?;
    if array.data_type() != data_type {
        return Err(malformed(format_args!("values of {data_type} make {}", array.data_type())));
    }
    Ok(array)
}

fn timestamp(unit: TimeUnit, value: i64, zone: Option<Arc<str>>) -> ScalarValue {
    match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value), zone),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value), zone),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(value), zone),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(value), zone),
    }
}

fn bytes<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value.try_into().map_err(|_| {
        malformed(format_args!("a value has {} bytes and should have {N}", value.len()))
    })
}

fn narrow(value: i64) -> Result<i32> {
    i32::try_from(value).map_err(|_| malformed(format_args!("{value} is out of range")))
}

fn months(interval: &IntervalYearToMonth) -> Result<i32> {
    let months = i64::from(interval.years) * 12 + i64::from(interval.months);
    narrow(months)
}

/// The seconds and the fractions of one, in units of so many digits.
fn subseconds(interval: &IntervalDayToSecond, digits: i32) -> Result<i64> {
    if interval.precision_mode != Some(PrecisionMode::Precision(digits)) {
        return Err(unknown(format_args!("an interval of another precision than {digits}")));
    }
    let unit = if digits == 3 { 1_000 } else { 1_000_000_000 };
    i64::from(interval.seconds)
        .checked_mul(unit)
        .and_then(|seconds| seconds.checked_add(interval.subseconds))
        .ok_or_else(|| malformed("an interval is out of range"))
}
