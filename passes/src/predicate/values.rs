//! Sets of values of one ordered type.
//!
//! A set is a list of intervals between cuts, a cut being a place before or after a value.
//! Where values can be counted (integers, dates), a place after 4 is the place before 5, so
//! that `a > 4` and `a >= 5` are one set.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;

/// A value, comparable with others of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Number(i128),
    Text(String),
}

/// A place between values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    Start,
    /// Before the value, or after it.
    At(Value, bool),
    End,
}

/// Disjoint intervals in ascending order, with values between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) intervals: Vec<(Cut, Cut)>,
}

impl Values {
    pub(super) fn all() -> Self {
        Values { intervals: vec![(Cut::Start, Cut::End)] }
    }

    pub(super) fn between(low: Cut, high: Cut) -> Self {
        Values { intervals: if low < high { vec![(low, high)] } else { Vec::new() } }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        *self == Values::all()
    }

    pub(super) fn not(&self) -> Values {
        let mut intervals = Vec::new();
        let mut low = Cut::Start;
        for (from, to) in &self.intervals {
            if low < *from {
                intervals.push((low, from.clone()));
            }
            low = to.clone();
        }
        if low < Cut::End {
            intervals.push((low, Cut::End));
        }
        Values { intervals }
    }

    pub(super) fn or(&self, other: &Values) -> Values {
        let mut all: Vec<(Cut, Cut)> =
            self.intervals.iter().chain(&other.intervals).cloned().collect();
        all.sort();
        let mut intervals: Vec<(Cut, Cut)> = Vec::new();
        for (low, high) in all {
            match intervals.last_mut() {
                Some((_, end)) if low <= *end => *end = end.clone().max(high),
                _ => intervals.push((low, high)),
            }
        }
        Values { intervals }
    }

    pub(super) fn and(&self, other: &Values) -> Values {
        self.not().or(&other.not()).not()
    }

    pub(super) fn is_within(&self, other: &Values) -> bool {
        self.and(other) == *self
    }
}

/// The smallest and the largest value of a type whose values can be counted.
pub(super) fn bounds(data_type: &DataType) -> Option<(i128, i128)> {
    Some(match data_type {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 | DataType::Date32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => (i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => (0, u8::MAX.into()),
        DataType::UInt16 => (0, u16::MAX.into()),
        DataType::UInt32 => (0, u32::MAX.into()),
        DataType::UInt64 => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// The place before or after a value, written in one way.
pub(super) fn cut(value: Value, after: bool, data_type: &DataType) -> Cut {
    let (Value::Number(number), Some((least, most))) = (&value, bounds(data_type)) else {
        return Cut::At(value, after);
    };
    let before = number + i128::from(after);
    if before <= least {
        Cut::Start
    } else if before > most {
        Cut::End
    } else {
        Cut::At(Value::Number(before), false)
    }
}

/// The value of a literal of an ordered type whose equal values are the same. No floats.
pub(super) fn value(literal: &ScalarValue) -> Option<Value> {
    let number = match literal {
        ScalarValue::Int8(Some(v)) => i128::from(*v),
        ScalarValue::Int16(Some(v)) => i128::from(*v),
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => i128::from(*v),
        ScalarValue::Int64(Some(v))
        | ScalarValue::TimestampSecond(Some(v), _)
        | ScalarValue::TimestampMillisecond(Some(v), _)
        | ScalarValue::TimestampMicrosecond(Some(v), _)
        | ScalarValue::TimestampNanosecond(Some(v), _) => i128::from(*v),
        ScalarValue::UInt8(Some(v)) => i128::from(*v),
        ScalarValue::UInt16(Some(v)) => i128::from(*v),
        ScalarValue::UInt32(Some(v)) => i128::from(*v),
        ScalarValue::UInt64(Some(v)) => i128::from(*v),
        ScalarValue::Decimal128(Some(v), ..) => *v,
        ScalarValue::Utf8(Some(text)) => return Some(Value::Text(text.clone())),
        _ => return None,
    };
    Some(Value::Number(number))
}

/// The literal of a value, the inverse of [`value`].
pub(super) fn literal(value: &Value, data_type: &DataType) -> Option<ScalarValue> {
    let number = match value {
        Value::Text(text) => return Some(ScalarValue::Utf8(Some(text.clone()))),
        Value::Number(number) => *number,
    };
    let small = i64::try_from(number).ok();
    Some(match data_type {
        DataType::Int8 => ScalarValue::Int8(Some(number.try_into().ok()?)),
        DataType::Int16 => ScalarValue::Int16(Some(number.try_into().ok()?)),
        DataType::Int32 => ScalarValue::Int32(Some(number.try_into().ok()?)),
        DataType::Date32 => ScalarValue::Date32(Some(number.try_into().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(small?)),
        DataType::UInt8 => ScalarValue::UInt8(Some(number.try_into().ok()?)),
        DataType::UInt16 => ScalarValue::UInt16(Some(number.try_into().ok()?)),
        DataType::UInt32 => ScalarValue::UInt32(Some(number.try_into().ok()?)),
        DataType::UInt64 => ScalarValue::UInt64(Some(number.try_into().ok()?)),
        DataType::Decimal128(precision, scale) => {
            ScalarValue::Decimal128(Some(number), *precision, *scale)
        }
        DataType::Timestamp(unit, zone) => {
            let zone = zone.clone();
            match unit {
                TimeUnit::Second => ScalarValue::TimestampSecond(Some(small?), zone),
                TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(small?), zone),
                TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(small?), zone),
                TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(small?), zone),
            }
        }
        _ => return None,
    })
}
