//! Types and values in a key.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit, UnionMode};
use datafusion::common::{Result, ScalarValue, not_impl_err};

use super::sink::Sink;

impl Sink {
    /// A type with the names, nullability and metadata of the fields within.
    pub(super) fn data_type(&mut self, data_type: &DataType) -> Result<()> {
        match data_type {
            DataType::Timestamp(unit, zone) => {
                self.text("timestamp");
                self.text(unit_name(*unit));
                self.option(zone.as_deref(), |sink, zone| {
                    sink.text(zone);
                    Ok(())
                })?;
            }
            DataType::List(item) => self.nested("list", &[item])?,
            DataType::LargeList(item) => self.nested("large_list", &[item])?,
            DataType::ListView(item) => self.nested("list_view", &[item])?,
            DataType::LargeListView(item) => self.nested("large_list_view", &[item])?,
            DataType::FixedSizeList(item, size) => {
                self.nested("fixed_size_list", &[item])?;
                self.number(u64::from(size.unsigned_abs()));
            }
            DataType::Struct(fields) => {
                self.text("struct");
                self.list(fields, |sink, field| sink.field(field))?;
            }
            DataType::Map(entries, sorted) => {
                self.nested("map", &[entries])?;
                self.flag(*sorted);
            }
            DataType::Union(fields, mode) => {
                self.text("union");
                self.flag(*mode == UnionMode::Dense);
                let fields: Vec<_> = fields.iter().collect();
                self.list(fields, |sink, (id, field)| {
                    sink.bytes(&id.to_le_bytes());
                    sink.field(field)
                })?;
            }
            DataType::Dictionary(key, value) => {
                self.text("dictionary");
                self.data_type(key)?;
                self.data_type(value)?;
            }
            DataType::RunEndEncoded(ends, values) => {
                self.nested("run_end_encoded", &[ends, values])?;
            }
            DataType::Time32(unit) => self.unit("time32", *unit),
            DataType::Time64(unit) => self.unit("time64", *unit),
            DataType::Duration(unit) => self.unit("duration", *unit),
            DataType::Interval(unit) => self.text(match unit {
                IntervalUnit::YearMonth => "interval_year_month",
                IntervalUnit::DayTime => "interval_day_time",
                IntervalUnit::MonthDayNano => "interval_month_day_nano",
            }),
            DataType::FixedSizeBinary(size) => {
                self.text("fixed_size_binary");
                self.number(u64::from(size.unsigned_abs()));
            }
            DataType::Decimal32(precision, scale) => self.decimal("decimal32", *precision, *scale),
            DataType::Decimal64(precision, scale) => self.decimal("decimal64", *precision, *scale),
            DataType::Decimal128(precision, scale) => {
                self.decimal("decimal128", *precision, *scale);
            }
            DataType::Decimal256(precision, scale) => {
                self.decimal("decimal256", *precision, *scale);
            }
            DataType::Null => self.text("null"),
            DataType::Boolean => self.text("boolean"),
            DataType::Int8 => self.text("int8"),
            DataType::Int16 => self.text("int16"),
            DataType::Int32 => self.text("int32"),
            DataType::Int64 => self.text("int64"),
            DataType::UInt8 => self.text("uint8"),
            DataType::UInt16 => self.text("uint16"),
            DataType::UInt32 => self.text("uint32"),
            DataType::UInt64 => self.text("uint64"),
            DataType::Float16 => self.text("float16"),
            DataType::Float32 => self.text("float32"),
            DataType::Float64 => self.text("float64"),
            DataType::Date32 => self.text("date32"),
            DataType::Date64 => self.text("date64"),
            DataType::Binary => self.text("binary"),
            DataType::LargeBinary => self.text("large_binary"),
            DataType::BinaryView => self.text("binary_view"),
            DataType::Utf8 => self.text("utf8"),
            DataType::LargeUtf8 => self.text("large_utf8"),
            DataType::Utf8View => self.text("utf8_view"),
        }
        Ok(())
    }

    /// A field within a type: name, type, nullability, metadata.
    fn field(&mut self, field: &Field) -> Result<()> {
        self.text(field.name());
        self.data_type(field.data_type())?;
        self.flag(field.is_nullable());
        let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
        self.pairs(metadata)
    }

    /// Keys and values of metadata, in the order of the keys.
    pub(super) fn pairs<'m>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'m String, &'m String), IntoIter: ExactSizeIterator>,
    ) -> Result<()> {
        self.list(pairs, |sink, (key, value)| {
            sink.text(key);
            sink.text(value);
            Ok(())
        })
    }

    fn nested(&mut self, tag: &str, fields: &[&Field]) -> Result<()> {
        self.text(tag);
        fields.iter().try_for_each(|field| self.field(field))
    }

    fn unit(&mut self, tag: &str, unit: TimeUnit) {
        self.text(tag);
        self.text(unit_name(unit));
    }

    fn decimal(&mut self, tag: &str, precision: u8, scale: i8) {
        self.text(tag);
        self.bytes(&[precision]);
        self.bytes(&scale.to_le_bytes());
    }

    /// A value with its type. Floats count by their bits: NaN payloads and −0.0 are values.
    pub(super) fn scalar(&mut self, value: &ScalarValue) -> Result<()> {
        self.data_type(&value.data_type())?;
        self.bare_value(value)
    }

    fn bare_value(&mut self, value: &ScalarValue) -> Result<()> {
        self.flag(value.is_null());
        if value.is_null() {
            return Ok(());
        }
        match value {
            ScalarValue::Null => Ok(()),
            ScalarValue::Boolean(Some(v)) => self.le(&[u8::from(*v)]),
            ScalarValue::Float16(Some(v)) => self.le(&v.to_bits().to_le_bytes()),
            ScalarValue::Float32(Some(v)) => self.le(&v.to_bits().to_le_bytes()),
            ScalarValue::Float64(Some(v)) => self.le(&v.to_bits().to_le_bytes()),
            ScalarValue::Decimal32(Some(v), ..) => self.le(&v.to_le_bytes()),
            ScalarValue::Decimal64(Some(v), ..) => self.le(&v.to_le_bytes()),
            ScalarValue::Decimal128(Some(v), ..) => self.le(&v.to_le_bytes()),
            ScalarValue::Decimal256(Some(v), ..) => self.le(&v.to_le_bytes()),
            ScalarValue::Int8(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::Int16(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::Int32(Some(v))
            | ScalarValue::Date32(Some(v))
            | ScalarValue::Time32Second(Some(v))
            | ScalarValue::Time32Millisecond(Some(v))
            | ScalarValue::IntervalYearMonth(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::Int64(Some(v))
            | ScalarValue::Date64(Some(v))
            | ScalarValue::Time64Microsecond(Some(v))
            | ScalarValue::Time64Nanosecond(Some(v))
            | ScalarValue::TimestampSecond(Some(v), _)
            | ScalarValue::TimestampMillisecond(Some(v), _)
            | ScalarValue::TimestampMicrosecond(Some(v), _)
            | ScalarValue::TimestampNanosecond(Some(v), _)
            | ScalarValue::DurationSecond(Some(v))
            | ScalarValue::DurationMillisecond(Some(v))
            | ScalarValue::DurationMicrosecond(Some(v))
            | ScalarValue::DurationNanosecond(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::UInt8(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::UInt16(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::UInt32(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::UInt64(Some(v)) => self.le(&v.to_le_bytes()),
            ScalarValue::IntervalDayTime(Some(v)) => {
                self.le(&v.days.to_le_bytes())?;
                self.le(&v.milliseconds.to_le_bytes())
            }
            ScalarValue::IntervalMonthDayNano(Some(v)) => {
                self.le(&v.months.to_le_bytes())?;
                self.le(&v.days.to_le_bytes())?;
                self.le(&v.nanoseconds.to_le_bytes())
            }
            ScalarValue::Utf8(Some(v))
            | ScalarValue::Utf8View(Some(v))
            | ScalarValue::LargeUtf8(Some(v)) => self.le(v.as_bytes()),
            ScalarValue::Binary(Some(v))
            | ScalarValue::BinaryView(Some(v))
            | ScalarValue::FixedSizeBinary(_, Some(v))
            | ScalarValue::LargeBinary(Some(v)) => self.le(v),
            ScalarValue::List(list) => self.elements(&list.value(0)),
            ScalarValue::LargeList(list) => self.elements(&list.value(0)),
            ScalarValue::ListView(list) => self.elements(&list.value(0)),
            ScalarValue::LargeListView(list) => self.elements(&list.value(0)),
            ScalarValue::FixedSizeList(list) => self.elements(&list.value(0)),
            ScalarValue::Struct(row) => self.list(row.columns(), |sink, column| {
                sink.bare_value(&ScalarValue::try_from_array(column, 0)?)
            }),
            ScalarValue::Map(map) => {
                let entries = map.value(0);
                let entries: ArrayRef = std::sync::Arc::new(entries);
                self.list(entries.as_struct().columns(), |sink, column| sink.elements(column))
            }
            ScalarValue::Union(Some((id, value)), ..) => {
                self.bytes(&id.to_le_bytes());
                self.bare_value(value)
            }
            ScalarValue::Dictionary(_, value) | ScalarValue::RunEndEncoded(_, _, value) => {
                self.bare_value(value)
            }
            other => not_impl_err!("a key of the value {other:?}"),
        }
    }

    fn le(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes(bytes);
        Ok(())
    }

    fn elements(&mut self, values: &ArrayRef) -> Result<()> {
        self.list(0..values.len(), |sink, row| {
            sink.bare_value(&ScalarValue::try_from_array(values, row)?)
        })
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}
