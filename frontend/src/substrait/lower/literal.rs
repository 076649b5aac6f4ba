//! Literals as values.

use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::ScalarValue;
use planc_ir::code;
use substrait::proto::expression::Literal;
use substrait::proto::expression::literal::interval_day_to_second::PrecisionMode;
use substrait::proto::expression::literal::{
    IntervalDayToSecond, IntervalYearToMonth, LiteralType as L,
};

use super::Lowering;
use super::types::{decimal, unit};
use crate::substrait::Fact;
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;

impl Lowering<'_> {
    /// The value of a literal.
    #[allow(deprecated, reason = "plans of older producers use them")]
    pub(super) fn literal(&mut self, literal: &Literal) -> Result<ScalarValue> {
        let kind = literal.literal_type.as_ref();
        let kind = kind.ok_or_else(|| invalid("a literal has no value"))?;
        let out_of_range = || invalid("an integer is out of the range of its type");
        Ok(match kind {
            L::Null(encoded) => ScalarValue::try_from(&self.data_type(encoded)?.0)?,
            L::Boolean(v) => ScalarValue::Boolean(Some(*v)),
            L::I8(v) => ScalarValue::Int8(Some(i8::try_from(*v).map_err(|_| out_of_range())?)),
            L::I16(v) => ScalarValue::Int16(Some(i16::try_from(*v).map_err(|_| out_of_range())?)),
            L::I32(v) => ScalarValue::Int32(Some(*v)),
            L::I64(v) => ScalarValue::Int64(Some(*v)),
            L::Fp32(v) => ScalarValue::Float32(Some(*v)),
            L::Fp64(v) => ScalarValue::Float64(Some(*v)),
            L::String(v) => ScalarValue::Utf8(Some(v.clone())),
            L::VarChar(v) => {
                self.repaired(Repair::VarcharLiteral);
                ScalarValue::Utf8(Some(v.value.clone()))
            }
            // A fixed char is padded to its length, and Utf8 compares the blanks.
            L::FixedChar(v) => {
                self.repaired(Repair::VarcharLiteral);
                ScalarValue::Utf8(Some(v.clone()))
            }
            L::Binary(v) => ScalarValue::Binary(Some(v.clone())),
            L::FixedBinary(v) => {
                let length = i32::try_from(v.len()).map_err(|_| out_of_range())?;
                ScalarValue::FixedSizeBinary(length, Some(v.clone()))
            }
            L::Date(v) => ScalarValue::Date32(Some(*v)),
            L::Time(v) => ScalarValue::Time64Microsecond(Some(*v)),
            L::PrecisionTime(v) => match unit(v.precision)? {
                TimeUnit::Microsecond => ScalarValue::Time64Microsecond(Some(v.value)),
                TimeUnit::Nanosecond => ScalarValue::Time64Nanosecond(Some(v.value)),
                _ => return Err(unsupported("a time literal of milliseconds or seconds")),
            },
            L::Timestamp(v) => {
                if self.source.producer.is_ibis() && !self.facts.contains(&Fact::UtcLiterals) {
                    let message = "a timestamp without a zone was written in the time zone of \
                                   the machine that made the plan, which the plan does not say";
                    return Err(Fault::new(code::LOCAL_TIME, message).help(
                        "make the bundle with `planc-ibis`, which writes such literals in UTC, \
                         or cast a string to a timestamp",
                    ));
                }
                self.repaired(Repair::PrecisionTimestamp);
                ScalarValue::TimestampMicrosecond(Some(*v), None)
            }
            L::TimestampTz(v) => {
                self.repaired(Repair::PrecisionTimestamp);
                ScalarValue::TimestampMicrosecond(Some(*v), Some("UTC".into()))
            }
            L::PrecisionTimestamp(v) => timestamp(unit(v.precision)?, v.value, false),
            L::PrecisionTimestampTz(v) => timestamp(unit(v.precision)?, v.value, true),
            L::Decimal(v) => {
                let DataType::Decimal128(precision, scale) = decimal(v.precision, v.scale)? else {
                    return Err(invalid("a decimal is none"));
                };
                let bytes: [u8; 16] = v
                    .value
                    .as_slice()
                    .try_into()
                    .map_err(|_| invalid("a decimal literal has other than 16 bytes"))?;
                let value = i128::from_le_bytes(bytes);
                if value.unsigned_abs() >= 10u128.pow(u32::from(precision)) {
                    return Err(invalid("a decimal literal has more digits than its precision"));
                }
                ScalarValue::Decimal128(Some(value), precision, scale)
            }
            L::IntervalYearToMonth(v) => {
                let interval = IntervalMonthDayNano::new(months(v)?, 0, 0);
                ScalarValue::IntervalMonthDayNano(Some(interval))
            }
            L::IntervalDayToSecond(v) => {
                let nanoseconds = nanoseconds(v)?;
                let interval = IntervalMonthDayNano::new(0, v.days, nanoseconds);
                ScalarValue::IntervalMonthDayNano(Some(interval))
            }
            L::IntervalCompound(v) => {
                let months = v.interval_year_to_month.as_ref().map_or(Ok(0), months)?;
                let (days, nanoseconds) = match v.interval_day_to_second.as_ref() {
                    Some(part) => (part.days, nanoseconds(part)?),
                    None => (0, 0),
                };
                let interval = IntervalMonthDayNano::new(months, days, nanoseconds);
                ScalarValue::IntervalMonthDayNano(Some(interval))
            }
            L::List(list) => {
                let values =
                    list.values.iter().map(|value| self.literal(value)).collect::<Result<Vec<_>>>();
                let values = values?;
                let item = values.first().ok_or_else(|| invalid("a list has no type"))?;
                let item = item.data_type();
                if values.iter().any(|value| value.data_type() != item) {
                    return Err(unsupported("a list literal of several types"));
                }
                ScalarValue::List(ScalarValue::new_list_nullable(&values, &item))
            }
            L::EmptyList(list) => {
                let item = list.r#type.as_deref();
                let item = item.ok_or_else(|| invalid("an empty list has no type"))?;
                ScalarValue::List(ScalarValue::new_list_nullable(&[], &self.data_type(item)?.0))
            }
            other => {
                let text = format!("{other:?}");
                let name = text.split('(').next().unwrap_or_default();
                return Err(unsupported(format_args!("planc reads no {name} literal")));
            }
        })
    }
}

fn timestamp(unit: TimeUnit, value: i64, zoned: bool) -> ScalarValue {
    let zone = zoned.then(|| "UTC".into());
    match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value), zone),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value), zone),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(value), zone),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(value), zone),
    }
}

fn months(interval: &IntervalYearToMonth) -> Result<i32> {
    let years = interval.years.checked_mul(12);
    let months = years.and_then(|years| years.checked_add(interval.months));
    months.ok_or_else(|| invalid("an interval is too long"))
}

fn nanoseconds(interval: &IntervalDayToSecond) -> Result<i64> {
    let digits = match interval.precision_mode {
        Some(PrecisionMode::Precision(digits)) => digits,
        #[allow(deprecated, reason = "plans of older producers use it")]
        Some(PrecisionMode::Microseconds(microseconds)) => {
            let seconds = i64::from(interval.seconds) * 1_000_000_000;
            return seconds
                .checked_add(i64::from(microseconds) * 1_000)
                .ok_or_else(|| invalid("an interval is too long"));
        }
        None => 0,
    };
    let missing = u32::try_from(digits).ok().and_then(|digits| 9u32.checked_sub(digits));
    let factor = missing.map(|missing| 10i64.pow(missing));
    let factor = factor.ok_or_else(|| unsupported("an interval finer than nanoseconds"))?;
    let subseconds = interval.subseconds.checked_mul(factor);
    let seconds = i64::from(interval.seconds).checked_mul(1_000_000_000);
    let sum = seconds.zip(subseconds).and_then(|(a, b)| a.checked_add(b));
    sum.ok_or_else(|| invalid("an interval is too long"))
}
