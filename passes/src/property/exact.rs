//! Types in which equal values are the same value, and casts that lose nothing.

use datafusion::arrow::datatypes::{DataType, TimeUnit};

/// Whether a value of this type may stand for any other that equals it. Not so for floats,
/// where a join or a group may take -0.0 and 0.0, or two NaNs, for one; nor for nested types,
/// which may hold them; nor for intervals.
pub(crate) fn is_exact_equality(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(
        data_type,
        Boolean
            | Int8
            | Int16
            | Int32
            | Int64
            | UInt8
            | UInt16
            | UInt32
            | UInt64
            | Utf8
            | LargeUtf8
            | Utf8View
            | Binary
            | LargeBinary
            | BinaryView
            | Date32
            | Timestamp(..)
            | Time32(_)
            | Time64(_)
            | Decimal32(..)
            | Decimal64(..)
            | Decimal128(..)
            | Decimal256(..)
            | Duration(_)
    )
}

/// Whether every value of `from` has its own value in `to`, in the same order: the cast can
/// neither fail nor make two values equal.
pub(crate) fn is_lossless_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    if from == to {
        return true;
    }
    if let (Some((digits, scale)), Some((precision, to_scale))) = (digits(from), decimal(to)) {
        return to_scale >= scale && precision - to_scale >= digits - scale;
    }
    match (from, to) {
        (Float16, Float32 | Float64) | (Float32, Float64) => true,
        (Int8 | Int16 | UInt8 | UInt16, Float32 | Float64) => true,
        (Int32 | UInt32, Float64) => true,
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
        // Days fit into a timestamp of milliseconds and coarser, all 2^31 of them.
        (Date32, Timestamp(TimeUnit::Second | TimeUnit::Millisecond, None)) => true,
        (from, to) => match (integer(from), integer(to)) {
            (Some((signed, bits)), Some((to_signed, to_bits))) => match (signed, to_signed) {
                (true, true) | (false, false) => to_bits >= bits,
                (false, true) => to_bits > bits,
                (true, false) => false,
            },
            _ => false,
        },
    }
}

/// Whether an integer type has a sign, and its bits.
fn integer(data_type: &DataType) -> Option<(bool, u32)> {
    use DataType::*;
    Some(match data_type {
        Int8 => (true, 8),
        Int16 => (true, 16),
        Int32 => (true, 32),
        Int64 => (true, 64),
        UInt8 => (false, 8),
        UInt16 => (false, 16),
        UInt32 => (false, 32),
        UInt64 => (false, 64),
        _ => return None,
    })
}

/// Precision and scale of a decimal type.
fn decimal(data_type: &DataType) -> Option<(i32, i32)> {
    use DataType::*;
    match data_type {
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => Some((i32::from(*precision), i32::from(*scale))),
        _ => None,
    }
}

/// The most digits that a value of an exact type has, and how many of them are fractional.
fn digits(data_type: &DataType) -> Option<(i32, i32)> {
    use DataType::*;
    let digits = match data_type {
        Int8 | UInt8 => 3,
        Int16 | UInt16 => 5,
        Int32 | UInt32 => 10,
        Int64 => 19,
        UInt64 => 20,
        _ => return decimal(data_type),
    };
    Some((digits, 0))
}
