//! What is known or assumed about the values of one column.

use arrow::datatypes::DataType;
use datafusion::common::{ColumnStatistics, ScalarValue};

/// Whether every value of a column differs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// It is a grouping key, or has as many distinct values as rows.
    Yes,
    /// Nothing speaks against it.
    Maybe,
    /// There are more rows than possible values.
    No,
}

/// An estimate of one column's values.
#[derive(Debug, Clone)]
pub(crate) struct ColumnEstimate {
    /// The share of rows that are NULL.
    pub nulls: f64,
    /// How many distinct values there are, at most: before the filters of this query, so that
    /// a filtered key still counts as the key that it is.
    pub distinct: Option<f64>,
    /// Whether the values are unique in the table.
    pub key: Key,
    /// Least and greatest value, as numbers.
    pub bounds: Option<(f64, f64)>,
    /// The distance of neighbouring values: 1 for integers and dates, 0 where they are dense.
    pub step: f64,
}

impl ColumnEstimate {
    /// A column about which nothing is known.
    pub fn unknown() -> Self {
        ColumnEstimate { nulls: 0.0, distinct: None, key: Key::Maybe, bounds: None, step: 0.0 }
    }

    /// A column of a table with this many rows, by the source's statistics.
    pub fn of(known: &ColumnStatistics, data_type: &DataType, rows: f64) -> Self {
        let mut column = ColumnEstimate::unknown();
        if let Some(nulls) = known.null_count.get_value()
            && rows > 0.0
        {
            column.nulls = (*nulls as f64 / rows).clamp(0.0, 1.0);
        }
        column.step = step(data_type);
        let least = known.min_value.get_value().and_then(number);
        let greatest = known.max_value.get_value().and_then(number);
        if let (Some(least), Some(greatest)) = (least, greatest)
            && least <= greatest
        {
            column.bounds = Some((least, greatest));
        }
        let present = rows * (1.0 - column.nulls);
        let possible = column.possible();
        let counted = known.distinct_count.get_value().map(|count| *count as f64);
        column.distinct = counted.or(possible).map(|distinct| distinct.min(present).max(1.0));
        column.key = match (counted, possible) {
            (Some(counted), _) if counted >= present * 0.95 => Key::Yes,
            (Some(_), _) => Key::No,
            (None, Some(possible)) if present > possible => Key::No,
            // As many rows as numbers between the bounds: numbered from first to last.
            (None, Some(possible)) if present >= possible * 0.95 => Key::Yes,
            _ => Key::Maybe,
        };
        column
    }

    /// How many values there can be between the bounds.
    pub fn possible(&self) -> Option<f64> {
        let (least, greatest) = self.bounds?;
        if least == greatest {
            return Some(1.0);
        }
        (self.step > 0.0).then(|| ((greatest - least) / self.step + 1.0).max(1.0))
    }

    /// The distinct values in a relation of this many rows; an upper bound.
    pub fn distinct_of(&self, rows: f64) -> f64 {
        self.distinct.map_or(rows, |distinct| distinct.min(rows)).max(1.0)
    }

    /// The column where its values lie between the bounds.
    pub fn within(&mut self, least: f64, greatest: f64) {
        let Some((from, to)) = self.bounds else { return };
        let cut = (from.max(least), to.min(greatest));
        if cut.0 <= cut.1 {
            let share = if to > from { ((cut.1 - cut.0) / (to - from)).min(1.0) } else { 1.0 };
            self.bounds = Some(cut);
            let scaled = self.distinct.map(|distinct| (distinct * share).max(1.0));
            self.distinct = match (scaled, self.possible()) {
                (Some(scaled), Some(possible)) => Some(scaled.min(possible)),
                (scaled, _) => scaled,
            };
        }
    }
}

fn step(data_type: &DataType) -> f64 {
    match data_type {
        DataType::Date32 | DataType::Boolean => 1.0,
        DataType::Decimal128(_, scale) => 10f64.powi(-i32::from(*scale)),
        other if other.is_integer() => 1.0,
        _ => 0.0,
    }
}

/// A value as a number that keeps the order of its type; `None` for text and the like.
pub(crate) fn number(value: &ScalarValue) -> Option<f64> {
    use ScalarValue as V;
    let number = match value {
        V::Boolean(Some(value)) => f64::from(u8::from(*value)),
        V::Int8(Some(value)) => f64::from(*value),
        V::Int16(Some(value)) => f64::from(*value),
        V::Int32(Some(value)) | V::Date32(Some(value)) => f64::from(*value),
        V::Int64(Some(value)) => *value as f64,
        V::UInt8(Some(value)) => f64::from(*value),
        V::UInt16(Some(value)) => f64::from(*value),
        V::UInt32(Some(value)) => f64::from(*value),
        V::UInt64(Some(value)) => *value as f64,
        V::Float32(Some(value)) => f64::from(*value),
        V::Float64(Some(value)) => *value,
        V::Decimal128(Some(value), _, scale) => *value as f64 / 10f64.powi(i32::from(*scale)),
        V::TimestampSecond(Some(value), _) => *value as f64 * 1e6,
        V::TimestampMillisecond(Some(value), _) => *value as f64 * 1e3,
        V::TimestampMicrosecond(Some(value), _) => *value as f64,
        V::TimestampNanosecond(Some(value), _) => *value as f64 / 1e3,
        V::Dictionary(_, value) => return self::number(value),
        _ => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use datafusion::common::stats::Precision;

    use super::*;

    fn ints(least: i64, greatest: i64, rows: f64) -> ColumnEstimate {
        let known = ColumnStatistics {
            min_value: Precision::Inexact(ScalarValue::Int64(Some(least))),
            max_value: Precision::Inexact(ScalarValue::Int64(Some(greatest))),
            null_count: Precision::Exact(0),
            ..ColumnStatistics::new_unknown()
        };
        ColumnEstimate::of(&known, &DataType::Int64, rows)
    }

    #[test]
    fn bounds_say_what_may_be_a_key() {
        assert_eq!(ints(1, 100, 100.0).key, Key::Yes);
        assert_eq!(ints(1, 400, 100.0).key, Key::Maybe);
        assert_eq!(ints(1, 10, 100.0).key, Key::No);
        assert_eq!(ints(1, 10, 100.0).distinct, Some(10.0));
        assert_eq!(ints(1, 400, 100.0).distinct, Some(100.0));
    }

    #[test]
    fn a_range_takes_its_share_of_the_values() {
        let mut column = ints(0, 99, 1000.0);
        column.within(10.0, 19.0);
        assert_eq!(column.bounds, Some((10.0, 19.0)));
        assert!((9.0..11.0).contains(&column.distinct.unwrap()), "{column:?}");
    }
}
