//! Values as text: one column's values, for CSV, JSON and comparisons.
//!
//! Numbers are exact: floats the shortest text that reads back, decimals at their full scale.
//! Binary is lower-case hexadecimal. NaN and the infinities, which JSON lacks, are strings.

use std::fmt::Write;

use arrow::array::{
    Array, ArrowPrimitiveType, AsArray, BinaryArray, BinaryViewArray, GenericListArray,
    LargeBinaryArray, MapArray, OffsetSizeTrait, PrimitiveArray, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::time;

/// What a column's text is, and so how a format must quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A JSON literal: a whole number, a decimal, true or false.
    Number,
    /// A JSON number where it is finite.
    Float,
    /// Letters, digits and `:+-.` only: dates, times, hexadecimal.
    Word,
    /// Anything.
    Text,
    /// JSON.
    Nested,
}

type Writer<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), ArrowError> + 'a>;

/// The values of one array.
pub(crate) struct Column<'a> {
    pub(crate) kind: Kind,
    nulls: Option<NullBuffer>,
    writer: Writer<'a>,
}

impl<'a> Column<'a> {
    /// # Errors
    /// Where the type has no text (it is a run-end or union type that arrow cannot format).
    pub(crate) fn new(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let (kind, writer) = writer(array)?;
        Ok(Column { kind, nulls: array.logical_nulls(), writer })
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// The bare text of a value that is not NULL.
    pub(crate) fn write(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        (self.writer)(row, out)
    }

    /// The value as JSON.
    pub(crate) fn write_json(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        if self.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match self.kind {
            Kind::Number | Kind::Nested => self.write(row, out),
            Kind::Text => {
                let mut text = String::new();
                self.write(row, &mut text)?;
                push_json_string(out, &text);
                Ok(())
            }
            Kind::Float => {
                let start = out.len();
                self.write(row, out)?;
                if out.get(start..).is_some_and(|text| text.contains(['N', 'i'])) {
                    out.insert(start, '"');
                    out.push('"');
                }
                Ok(())
            }
            Kind::Word => {
                out.push('"');
                self.write(row, out)?;
                out.push('"');
                Ok(())
            }
        }
    }
}

/// A JSON string with its quotes.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn writer<'a>(array: &'a dyn Array) -> Result<(Kind, Writer<'a>), ArrowError> {
    Ok(match array.data_type() {
        DataType::Null => (Kind::Word, Box::new(|_, _| Ok(()))),
        DataType::Boolean => {
            let array = array.as_boolean();
            (Kind::Number, Box::new(|row, out| display(out, array.value(row))))
        }
        DataType::Int8 => (Kind::Number, plain::<Int8Type>(array)),
        DataType::Int16 => (Kind::Number, plain::<Int16Type>(array)),
        DataType::Int32 => (Kind::Number, plain::<Int32Type>(array)),
        DataType::Int64 => (Kind::Number, plain::<Int64Type>(array)),
        DataType::UInt8 => (Kind::Number, plain::<UInt8Type>(array)),
        DataType::UInt16 => (Kind::Number, plain::<UInt16Type>(array)),
        DataType::UInt32 => (Kind::Number, plain::<UInt32Type>(array)),
        DataType::UInt64 => (Kind::Number, plain::<UInt64Type>(array)),
        DataType::Float16 => {
            let array = array.as_primitive::<Float16Type>();
            (Kind::Float, Box::new(|row, out| debug(out, array.value(row).to_f32())))
        }
        DataType::Float32 => {
            let array = array.as_primitive::<Float32Type>();
            (Kind::Float, Box::new(|row, out| debug(out, array.value(row))))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            (Kind::Float, Box::new(|row, out| debug(out, array.value(row))))
        }
        DataType::Decimal32(_, _) => (Kind::Number, decimal::<Decimal32Type>(array)),
        DataType::Decimal64(_, _) => (Kind::Number, decimal::<Decimal64Type>(array)),
        DataType::Decimal128(_, _) => (Kind::Number, decimal::<Decimal128Type>(array)),
        DataType::Decimal256(_, _) => (Kind::Number, decimal::<Decimal256Type>(array)),
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) => {
            (Kind::Word, date_or_time(array))
        }
        DataType::Timestamp(unit, zone) => (Kind::Word, timestamp(array, *unit, zone.as_deref())?),
        DataType::Duration(unit) => {
            let unit = *unit;
            let value = duration_value(array, unit);
            (
                Kind::Word,
                Box::new(move |row, out| {
                    time::push_duration(out, value(row), unit);
                    Ok(())
                }),
            )
        }
        DataType::Interval(unit) => (Kind::Word, interval(array, *unit)),
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            (Kind::Text, Box::new(|row, out| text(out, array.value(row))))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            (Kind::Text, Box::new(|row, out| text(out, array.value(row))))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            (Kind::Text, Box::new(|row, out| text(out, array.value(row))))
        }
        DataType::Binary => {
            let array: &BinaryArray = array.as_binary();
            (Kind::Word, Box::new(|row, out| hex(out, array.value(row))))
        }
        DataType::LargeBinary => {
            let array: &LargeBinaryArray = array.as_binary();
            (Kind::Word, Box::new(|row, out| hex(out, array.value(row))))
        }
        DataType::BinaryView => {
            let array: &BinaryViewArray = array.as_binary_view();
            (Kind::Word, Box::new(|row, out| hex(out, array.value(row))))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            (Kind::Word, Box::new(|row, out| hex(out, array.value(row))))
        }
        DataType::List(_) => (Kind::Nested, list(array.as_list::<i32>())?),
        DataType::LargeList(_) => (Kind::Nested, list(array.as_list::<i64>())?),
        DataType::FixedSizeList(_, size) => {
            let size = usize::try_from(*size).unwrap_or(0);
            let items = Column::new(array.as_fixed_size_list().values().as_ref())?;
            let writer = move |row: usize, out: &mut String| {
                push_items(out, &items, row * size, row * size + size)
            };
            (Kind::Nested, Box::new(writer))
        }
        DataType::Struct(_) => (Kind::Nested, structure(array.as_struct())?),
        DataType::Map(_, _) => (Kind::Nested, map(array.as_map())?),
        DataType::Dictionary(_, _) => {
            let array = array.as_any_dictionary();
            let values = Column::new(array.values().as_ref())?;
            let (kind, keys) = (values.kind, array.normalized_keys());
            let writer = move |row: usize, out: &mut String| {
                keys.get(row).map_or(Ok(()), |key| values.write(*key, out))
            };
            (kind, Box::new(writer))
        }
        _ => {
            let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
            (Kind::Text, Box::new(move |row, out| display(out, formatter.value(row))))
        }
    })
}

fn no_text(_: std::fmt::Error) -> ArrowError {
    ArrowError::ComputeError("a value cannot be written as text".to_owned())
}

fn display(out: &mut String, value: impl std::fmt::Display) -> Result<(), ArrowError> {
    write!(out, "{value}").map_err(no_text)
}

/// Rust's shortest text that reads back as the same float, with an exponent where that is
/// shorter to read.
fn debug(out: &mut String, value: impl std::fmt::Debug) -> Result<(), ArrowError> {
    write!(out, "{value:?}").map_err(no_text)
}

fn text(out: &mut String, value: &str) -> Result<(), ArrowError> {
    out.push_str(value);
    Ok(())
}

fn hex(out: &mut String, value: &[u8]) -> Result<(), ArrowError> {
    value.iter().try_for_each(|byte| write!(out, "{byte:02x}")).map_err(no_text)
}

fn plain<T: ArrowPrimitiveType>(array: &dyn Array) -> Writer<'_>
where
    T::Native: std::fmt::Display,
{
    let array = array.as_primitive::<T>();
    Box::new(|row, out| display(out, array.value(row)))
}

fn decimal<T: DecimalType>(array: &dyn Array) -> Writer<'_> {
    let array = array.as_primitive::<T>();
    Box::new(|row, out| text(out, &array.value_as_string(row)))
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array) -> Box<dyn Fn(usize) -> i64 + '_>
where
    T::Native: Into<i64>,
{
    let array: &PrimitiveArray<T> = array.as_primitive::<T>();
    Box::new(|row| array.value(row).into())
}

fn date_or_time(array: &dyn Array) -> Writer<'_> {
    let (value, unit) = match array.data_type() {
        DataType::Date32 => (whole::<Date32Type>(array), None),
        DataType::Date64 => {
            let millis = whole::<Date64Type>(array);
            return Box::new(move |row, out| {
                time::push_timestamp(out, millis(row), TimeUnit::Millisecond, None);
                Ok(())
            });
        }
        DataType::Time32(TimeUnit::Second) => {
            (whole::<Time32SecondType>(array), Some(TimeUnit::Second))
        }
        DataType::Time32(_) => (whole::<Time32MillisecondType>(array), Some(TimeUnit::Millisecond)),
        DataType::Time64(TimeUnit::Microsecond) => {
            (whole::<Time64MicrosecondType>(array), Some(TimeUnit::Microsecond))
        }
        _ => (whole::<Time64NanosecondType>(array), Some(TimeUnit::Nanosecond)),
    };
    Box::new(move |row, out| {
        match unit {
            None => time::push_date(out, value(row)),
            Some(unit) => time::push_time(out, value(row), unit),
        }
        Ok(())
    })
}

fn timestamp<'a>(
    array: &'a dyn Array,
    unit: TimeUnit,
    zone: Option<&str>,
) -> Result<Writer<'a>, ArrowError> {
    let zone = zone.map(str::parse::<arrow::array::timezone::Tz>).transpose()?;
    let value = match unit {
        TimeUnit::Second => whole::<TimestampSecondType>(array),
        TimeUnit::Millisecond => whole::<TimestampMillisecondType>(array),
        TimeUnit::Microsecond => whole::<TimestampMicrosecondType>(array),
        TimeUnit::Nanosecond => whole::<TimestampNanosecondType>(array),
    };
    Ok(Box::new(move |row, out| {
        time::push_timestamp(out, value(row), unit, zone.as_ref());
        Ok(())
    }))
}

fn duration_value(array: &dyn Array, unit: TimeUnit) -> Box<dyn Fn(usize) -> i64 + '_> {
    match unit {
        TimeUnit::Second => whole::<DurationSecondType>(array),
        TimeUnit::Millisecond => whole::<DurationMillisecondType>(array),
        TimeUnit::Microsecond => whole::<DurationMicrosecondType>(array),
        TimeUnit::Nanosecond => whole::<DurationNanosecondType>(array),
    }
}

fn interval(array: &dyn Array, unit: IntervalUnit) -> Writer<'_> {
    let parts: Box<dyn Fn(usize) -> (i32, i32, i64)> = match unit {
        IntervalUnit::YearMonth => {
            let array = array.as_primitive::<IntervalYearMonthType>();
            Box::new(|row| (array.value(row), 0, 0))
        }
        IntervalUnit::DayTime => {
            let array = array.as_primitive::<IntervalDayTimeType>();
            Box::new(|row| {
                let value = array.value(row);
                (0, value.days, i64::from(value.milliseconds) * 1_000_000)
            })
        }
        IntervalUnit::MonthDayNano => {
            let array = array.as_primitive::<IntervalMonthDayNanoType>();
            Box::new(|row| {
                let value = array.value(row);
                (value.months, value.days, value.nanoseconds)
            })
        }
    };
    Box::new(move |row, out| {
        let (months, days, nanos) = parts(row);
        time::push_interval(out, months, days, nanos);
        Ok(())
    })
}

fn push_items(out: &mut String, items: &Column, from: usize, to: usize) -> Result<(), ArrowError> {
    out.push('[');
    for at in from..to {
        if at > from {
            out.push(',');
        }
        items.write_json(at, out)?;
    }
    out.push(']');
    Ok(())
}

fn list<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Result<Writer<'_>, ArrowError> {
    let items = Column::new(array.values().as_ref())?;
    Ok(Box::new(move |row, out| {
        let (from, to) = span(array.value_offsets(), row);
        push_items(out, &items, from, to)
    }))
}

fn span<O: OffsetSizeTrait>(offsets: &[O], row: usize) -> (usize, usize) {
    let at = |row: usize| offsets.get(row).map_or(0, |offset| offset.as_usize());
    (at(row), at(row + 1))
}

fn structure(array: &StructArray) -> Result<Writer<'_>, ArrowError> {
    let fields = array.fields().iter().zip(array.columns());
    let columns = fields.map(|(field, array)| Ok((field.name(), Column::new(array.as_ref())?)));
    let columns = columns.collect::<Result<Vec<_>, ArrowError>>()?;
    Ok(Box::new(move |row, out| {
        out.push('{');
        for (place, (name, column)) in columns.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            push_json_string(out, name);
            out.push(':');
            column.write_json(row, out)?;
        }
        out.push('}');
        Ok(())
    }))
}

/// A map with text keys is an object, any other a list of pairs.
fn map(array: &MapArray) -> Result<Writer<'_>, ArrowError> {
    let keys = Column::new(array.keys().as_ref())?;
    let values = Column::new(array.values().as_ref())?;
    let object = matches!(keys.kind, Kind::Text | Kind::Word);
    Ok(Box::new(move |row, out| {
        let (from, to) = span(array.value_offsets(), row);
        out.push(if object { '{' } else { '[' });
        for at in from..to {
            if at > from {
                out.push(',');
            }
            if !object {
                out.push('[');
            }
            keys.write_json(at, out)?;
            out.push(if object { ':' } else { ',' });
            values.write_json(at, out)?;
            if !object {
                out.push(']');
            }
        }
        out.push(if object { '}' } else { ']' });
        Ok(())
    }))
}
