//! What an index knows of one column of one file.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

/// The values of a column in a file.
#[derive(Debug, Clone)]
pub(crate) struct ColumnIndex {
    /// The least and the greatest value; NULL where there is none.
    pub(crate) bounds: (ScalarValue, ScalarValue),
    pub(crate) nulls: u64,
    pub(crate) rows: u64,
    pub(crate) values: Values,
}

/// Which values there are, by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// All of them, in order.
    Exact(Vec<u64>),
    /// The words of a Bloom filter.
    Bloom(Vec<u64>),
}

/// More distinct values than these are kept in a Bloom filter.
const MOST_EXACT: usize = 2048;

/// Bits of a Bloom filter for each distinct value: one lookup in a hundred is in vain.
const BITS: usize = 10;

/// Bits that are set for a value.
const PROBES: u64 = 7;

impl Values {
    pub(crate) fn of(hashes: BTreeSet<u64>) -> Self {
        if hashes.len() <= MOST_EXACT {
            return Values::Exact(hashes.into_iter().collect());
        }
        let words = (hashes.len() * BITS).div_ceil(64);
        let mut filter = vec![0_u64; words];
        for hash in hashes {
            for bit in probes(hash, words) {
                if let Some(word) = filter.get_mut(bit / 64) {
                    *word |= 1 << (bit % 64);
                }
            }
        }
        Values::Bloom(filter)
    }

    /// False where the value is not there for sure.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        match self {
            Values::Exact(hashes) => hashes.binary_search(&hash).is_ok(),
            Values::Bloom(filter) => probes(hash, filter.len())
                .all(|bit| filter.get(bit / 64).is_none_or(|word| word & (1 << (bit % 64)) != 0)),
        }
    }
}

/// Double hashing (Kirsch and Mitzenmacher 2006).
fn probes(hash: u64, words: usize) -> impl Iterator<Item = usize> {
    let bits = (words as u64 * 64).max(1);
    let step = mix(hash) | 1;
    (0..PROBES).map(move |n| (hash.wrapping_add(n.wrapping_mul(step)) % bits) as usize)
}

/// The finaliser of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// True where columns of this type can be indexed. Floats cannot: NaN and the two zeros have
/// equalities of their own.
pub(crate) fn can_be_indexed(data_type: &DataType) -> bool {
    ScalarValue::try_from(data_type).is_ok_and(|null| {
        matches!(
            null,
            ScalarValue::Boolean(_)
                | ScalarValue::Int8(_)
                | ScalarValue::Int16(_)
                | ScalarValue::Int32(_)
                | ScalarValue::Int64(_)
                | ScalarValue::Utf8(_)
                | ScalarValue::Binary(_)
                | ScalarValue::Date32(_)
                | ScalarValue::TimestampMicrosecond(_, _)
                | ScalarValue::Decimal128(_, _, _)
        )
    })
}

/// The hash of a value; none for NULL and for types that are not indexed. It is part of the
/// file format.
pub(crate) fn hash(value: &ScalarValue) -> Option<u64> {
    let fixed = |bytes: &[u8]| Some(hash_bytes(bytes));
    match value {
        ScalarValue::Boolean(value) => fixed(&[u8::from((*value)?)]),
        ScalarValue::Int8(value) => fixed(&i64::from((*value)?).to_le_bytes()),
        ScalarValue::Int16(value) => fixed(&i64::from((*value)?).to_le_bytes()),
        ScalarValue::Int32(value) | ScalarValue::Date32(value) => {
            fixed(&i64::from((*value)?).to_le_bytes())
        }
        ScalarValue::Int64(value) | ScalarValue::TimestampMicrosecond(value, _) => {
            fixed(&(*value)?.to_le_bytes())
        }
        ScalarValue::Decimal128(value, _, _) => fixed(&(*value)?.to_le_bytes()),
        ScalarValue::Utf8(value) => fixed(value.as_ref()?.as_bytes()),
        ScalarValue::Binary(value) => fixed(value.as_ref()?),
        _ => None,
    }
}

/// FNV-1a (Fowler, Noll, Vo), mixed once more: its low bits alone are weak.
fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_forgets_nothing_and_takes_little_for_known() {
        for count in [0, 1, 2048, 2049, 20_000] {
            let hashes: BTreeSet<u64> =
                (0..count).map(|n: i64| hash_bytes(&n.to_le_bytes())).collect();
            let values = Values::of(hashes.clone());
            assert_eq!(matches!(values, Values::Bloom(_)), count > 2048);
            assert!(hashes.iter().all(|hash| values.may_hold(*hash)));
            let others = (0..10_000).map(|n: i64| hash_bytes(&(-1 - n).to_le_bytes()));
            let taken = others.filter(|hash| values.may_hold(*hash)).count();
            assert!(taken < 200, "{taken} of 10000 with {count}");
        }
    }
}
