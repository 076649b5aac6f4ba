//! Literals: every value of every type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use substrait::proto::expression::Literal;
use substrait::proto::expression::literal::interval_day_to_second::PrecisionMode;
use substrait::proto::expression::literal::user_defined::{TypeAnchorType, Val};
use substrait::proto::expression::literal::{
    Decimal, IntervalCompound, IntervalDayToSecond, IntervalYearToMonth, List, LiteralType as L,
    Map, PrecisionTime, PrecisionTimestamp, Struct, UserDefined, map,
};
use substrait::proto::r#type::parameter::Parameter as P;
use substrait::proto::r#type::{Kind, List as ListType};

use super::types::{ITEM, nullability, own, variation, wrapped};
use super::{Encoder, Result, broken, refuse};

impl Encoder<'_> {
    /// A value with its type. `nullable` says whether another value in its place could be
    /// null, which the type of a list's items records.
    pub(super) fn literal(&mut self, value: &ScalarValue, nullable: bool) -> Result<Literal> {
        let data_type = value.data_type();
        if value.is_null() {
            return self.null(&data_type);
        }
        let simple = |literal_type: L| Literal {
            nullable,
            type_variation_reference: 0,
            literal_type: Some(literal_type),
        };
        if !is_self_describing(&data_type) {
            return self.described(value, &data_type, nullable);
        }
        let mut varied = |name: &'static str, literal_type: L| Literal {
            nullable,
            type_variation_reference: self.variation(Some(name)),
            literal_type: Some(literal_type),
        };
        Ok(match value {
            ScalarValue::Boolean(Some(v)) => simple(L::Boolean(*v)),
            ScalarValue::Int8(Some(v)) => simple(L::I8(i32::from(*v))),
            ScalarValue::Int16(Some(v)) => simple(L::I16(i32::from(*v))),
            ScalarValue::Int32(Some(v)) => simple(L::I32(*v)),
            ScalarValue::Int64(Some(v)) => simple(L::I64(*v)),
            ScalarValue::Float32(Some(v)) => simple(L::Fp32(*v)),
            ScalarValue::Float64(Some(v)) => simple(L::Fp64(*v)),
            ScalarValue::Utf8(Some(v)) => simple(L::String(v.clone())),
            ScalarValue::LargeUtf8(Some(v)) => varied(variation::LARGE_UTF8, L::String(v.clone())),
            ScalarValue::Utf8View(Some(v)) => varied(variation::UTF8_VIEW, L::String(v.clone())),
            ScalarValue::Binary(Some(v)) => simple(L::Binary(v.clone())),
            ScalarValue::LargeBinary(Some(v)) => {
                varied(variation::LARGE_BINARY, L::Binary(v.clone()))
            }
            ScalarValue::BinaryView(Some(v)) => {
                varied(variation::BINARY_VIEW, L::Binary(v.clone()))
            }
            ScalarValue::FixedSizeBinary(_, Some(v)) => simple(L::FixedBinary(v.clone())),
            ScalarValue::Date32(Some(v)) => simple(L::Date(*v)),
            ScalarValue::Decimal128(Some(v), precision, scale) => simple(L::Decimal(Decimal {
                value: v.to_le_bytes().to_vec(),
                precision: i32::from(*precision),
                scale: i32::from(*scale),
            })),
            ScalarValue::Time32Second(Some(v)) => simple(time(0, i64::from(*v))),
            ScalarValue::Time32Millisecond(Some(v)) => simple(time(3, i64::from(*v))),
            ScalarValue::Time64Microsecond(Some(v)) => simple(time(6, *v)),
            ScalarValue::Time64Nanosecond(Some(v)) => simple(time(9, *v)),
            ScalarValue::TimestampSecond(Some(v), zone) => simple(timestamp(0, *v, zone)),
            ScalarValue::TimestampMillisecond(Some(v), zone) => simple(timestamp(3, *v, zone)),
            ScalarValue::TimestampMicrosecond(Some(v), zone) => simple(timestamp(6, *v, zone)),
            ScalarValue::TimestampNanosecond(Some(v), zone) => simple(timestamp(9, *v, zone)),
            ScalarValue::IntervalYearMonth(Some(v)) => simple(L::IntervalYearToMonth(months(*v))),
            ScalarValue::IntervalDayTime(Some(v)) => {
                simple(L::IntervalDayToSecond(seconds(v.days, i64::from(v.milliseconds), 3)))
            }
            ScalarValue::IntervalMonthDayNano(Some(v)) => {
                simple(L::IntervalCompound(IntervalCompound {
                    interval_year_to_month: Some(months(v.months)),
                    interval_day_to_second: Some(seconds(v.days, v.nanoseconds, 9)),
                }))
            }
            ScalarValue::List(_)
            | ScalarValue::LargeList(_)
            | ScalarValue::ListView(_)
            | ScalarValue::LargeListView(_) => {
                let (elements, item, name) = list_parts(value)?;
                let reference = self.variation(name);
                if elements.is_empty() {
                    let item = self.member(item.as_ref(), ITEM, false)?;
                    return Ok(Literal {
                        nullable,
                        type_variation_reference: reference,
                        literal_type: Some(L::EmptyList(ListType {
                            r#type: Some(Box::new(item)),
                            type_variation_reference: reference,
                            nullability: nullability(nullable),
                        })),
                    });
                }
                let values = self.elements(&elements, item.is_nullable())?;
                Literal {
                    nullable,
                    type_variation_reference: reference,
                    literal_type: Some(L::List(List { values })),
                }
            }
            other => return Err(refuse(format_args!("the value {other:?}"))),
        })
    }

    fn null(&mut self, data_type: &DataType) -> Result<Literal> {
        let null = L::Null(self.data_type(data_type, true)?);
        Ok(Literal { nullable: true, type_variation_reference: 0, literal_type: Some(null) })
    }

    fn elements(&mut self, values: &ArrayRef, nullable: bool) -> Result<Vec<Literal>> {
        let element = |row| {
            let value = ScalarValue::try_from_array(values, row).map_err(broken)?;
            self.literal(&value, nullable)
        };
        (0..values.len()).map(element).collect()
    }

    /// A value whose literal does not say its type: the type stands beside it.
    fn described(
        &mut self,
        value: &ScalarValue,
        data_type: &DataType,
        nullable: bool,
    ) -> Result<Literal> {
        let encoded = self.data_type(data_type, nullable)?;
        let (reference, parameters) = match encoded.kind {
            Some(Kind::UserDefined(own)) => (own.type_reference, own.type_parameters),
            _ => (self.own_type(own::VALUE), wrapped(vec![P::DataType(encoded)])),
        };
        let fields = self.stored(value)?;
        Ok(Literal {
            nullable,
            type_variation_reference: 0,
            literal_type: Some(L::UserDefined(UserDefined {
                type_parameters: parameters,
                type_anchor_type: Some(TypeAnchorType::TypeReference(reference)),
                val: Some(Val::Struct(Struct { fields })),
            })),
        })
    }

    /// The value of one of planc's types in standard values, as `types.yaml` says.
    fn stored(&mut self, value: &ScalarValue) -> Result<Vec<Literal>> {
        let one = |literal_type: L| {
            let literal_type = Some(literal_type);
            Ok(vec![Literal { nullable: false, type_variation_reference: 0, literal_type }])
        };
        match value {
            ScalarValue::UInt8(Some(v)) => one(L::I16(i32::from(*v))),
            ScalarValue::UInt16(Some(v)) => one(L::I32(i32::from(*v))),
            ScalarValue::UInt32(Some(v)) => one(L::I64(i64::from(*v))),
            ScalarValue::UInt64(Some(v)) => one(L::FixedBinary(v.to_le_bytes().to_vec())),
            ScalarValue::Float16(Some(v)) => {
                one(L::FixedBinary(v.to_bits().to_le_bytes().to_vec()))
            }
            ScalarValue::Date64(Some(v))
            | ScalarValue::DurationSecond(Some(v))
            | ScalarValue::DurationMillisecond(Some(v))
            | ScalarValue::DurationMicrosecond(Some(v))
            | ScalarValue::DurationNanosecond(Some(v))
            | ScalarValue::TimestampSecond(Some(v), _)
            | ScalarValue::TimestampMillisecond(Some(v), _)
            | ScalarValue::TimestampMicrosecond(Some(v), _)
            | ScalarValue::TimestampNanosecond(Some(v), _) => one(L::I64(*v)),
            ScalarValue::Decimal32(Some(v), ..) => one(L::I32(*v)),
            ScalarValue::Decimal64(Some(v), ..) => one(L::I64(*v)),
            ScalarValue::Decimal128(Some(v), ..) => one(L::FixedBinary(v.to_le_bytes().to_vec())),
            ScalarValue::Decimal256(Some(v), ..) => one(L::FixedBinary(v.to_le_bytes().to_vec())),
            ScalarValue::List(_)
            | ScalarValue::LargeList(_)
            | ScalarValue::ListView(_)
            | ScalarValue::LargeListView(_)
            | ScalarValue::FixedSizeList(_) => {
                let (elements, item, _) = list_parts(value)?;
                self.elements(&elements, item.is_nullable())
            }
            ScalarValue::Struct(row) => {
                let DataType::Struct(fields) = row.data_type() else {
                    return Err(refuse(value));
                };
                let columns = row.columns().iter().zip(fields);
                columns
                    .map(|(column, field)| {
                        let value = ScalarValue::try_from_array(column, 0).map_err(broken)?;
                        self.literal(&value, field.is_nullable())
                    })
                    .collect()
            }
            ScalarValue::Map(map) => {
                let entries = map.value(0);
                let [keys, values] = entries.columns() else { return Err(refuse(value)) };
                let keys = self.elements(keys, false)?;
                let values = self.elements(values, true)?;
                let pairs = keys.into_iter().zip(values);
                let key_values = pairs
                    .map(|(key, value)| map::KeyValue { key: Some(key), value: Some(value) })
                    .collect();
                one(L::Map(Map { key_values }))
            }
            ScalarValue::Union(Some((id, value)), ..) => {
                let id = Literal {
                    nullable: false,
                    type_variation_reference: 0,
                    literal_type: Some(L::I8(i32::from(*id))),
                };
                Ok(vec![id, self.literal(value, true)?])
            }
            ScalarValue::Dictionary(_, value) | ScalarValue::RunEndEncoded(_, _, value) => {
                Ok(vec![self.literal(value, true)?])
            }
            other => Err(refuse(format_args!("the value {other:?}"))),
        }
    }
}

/// True where a literal's type follows from the literal.
pub(crate) fn is_self_describing(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Interval(_)
        | DataType::Timestamp(_, None) => true,
        DataType::Timestamp(_, Some(zone)) => zone.as_ref() == "UTC",
        DataType::Decimal128(precision, scale) => {
            *scale >= 0 && i32::from(*scale) <= i32::from(*precision)
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            item.name() == ITEM
                && item.metadata().is_empty()
                && is_self_describing(item.data_type())
        }
        _ => false,
    }
}

/// The elements of a list value, the item's field and the variation's name.
fn list_parts(value: &ScalarValue) -> Result<(ArrayRef, Arc<Field>, Option<&'static str>)> {
    let (elements, name) = match value {
        ScalarValue::List(list) => (list.value(0), None),
        ScalarValue::LargeList(list) => (list.value(0), Some(variation::LARGE_LIST)),
        ScalarValue::ListView(list) => (list.value(0), Some(variation::LIST_VIEW)),
        ScalarValue::LargeListView(list) => (list.value(0), Some(variation::LARGE_LIST_VIEW)),
        ScalarValue::FixedSizeList(list) => (list.value(0), None),
        other => return Err(refuse(format_args!("the value {other:?}"))),
    };
    match value.data_type() {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Ok((elements, item, name)),
        other => Err(refuse(format_args!("the type {other}"))),
    }
}

fn time(precision: i32, value: i64) -> L {
    L::PrecisionTime(PrecisionTime { precision, value })
}

fn timestamp(precision: i32, value: i64, zone: &Option<Arc<str>>) -> L {
    let timestamp = PrecisionTimestamp { precision, value };
    match zone {
        Some(_) => L::PrecisionTimestampTz(timestamp),
        None => L::PrecisionTimestamp(timestamp),
    }
}

fn months(months: i32) -> IntervalYearToMonth {
    IntervalYearToMonth { years: months / 12, months: months % 12 }
}

/// Whole seconds stand apart where they fit.
fn seconds(days: i32, fractions: i64, precision: u32) -> IntervalDayToSecond {
    let per_second = 10i64.pow(precision);
    let (seconds, subseconds) = match i32::try_from(fractions / per_second) {
        Ok(seconds) => (seconds, fractions % per_second),
        Err(_) => (0, fractions),
    };
    IntervalDayToSecond {
        days,
        seconds,
        subseconds,
        precision_mode: Some(PrecisionMode::Precision(precision as i32)),
    }
}
