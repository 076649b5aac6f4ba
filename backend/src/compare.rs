//! The one comparison of two results that every test uses.
//!
//! Names and types are exact. Values are exact too, but for floats: two floats are equal
//! within 4 units in the last place, because the order of a sum is the engine's choice. So
//! `0.0` equals `-0.0`, NaN equals NaN (whatever its bits), an infinity only itself.
//!
//! Where the query orders, rows must come in its order; rows that tie on the sort keys are a
//! bag. Where it limits, any choice among the rows that tie at the edge is right.

mod matching;
mod row;

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use matching::matches_within;
use row::Row;

/// Which order a result has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// The sort keys, as indexes of output columns; empty for a bag. Whether they ascend is
    /// no matter here: the expected rows show it.
    pub keys: Vec<usize>,
    /// Rows that OFFSET drops from `expected`.
    pub skip: usize,
    /// Rows that LIMIT keeps of `expected` behind `skip`.
    pub fetch: Option<usize>,
}

impl Order {
    /// No order: both results are bags.
    pub fn none() -> Self {
        Order::default()
    }

    /// Sorted by these output columns.
    pub fn by(keys: impl IntoIterator<Item = usize>) -> Self {
        Order { keys: keys.into_iter().collect(), ..Order::default() }
    }

    /// With `LIMIT fetch OFFSET skip` at the top of the query; `expected` is then the result
    /// of the query without them.
    pub fn limit(mut self, skip: usize, fetch: Option<usize>) -> Self {
        (self.skip, self.fetch) = (skip, fetch);
        self
    }
}

/// How two results differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch(pub String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

/// Compares the rows of a query with those that are expected; see the [module](self).
///
/// Where [`Order::limit`] is set, `expected` is the result without it.
///
/// # Errors
/// The first difference found, with the rows that have no counterpart.
pub fn compare(
    expected: &[RecordBatch],
    actual: &[RecordBatch],
    order: &Order,
) -> Result<(), Mismatch> {
    if let (Some(expected), Some(actual)) = (expected.first(), actual.first()) {
        compare_schemas(&expected.schema(), &actual.schema())?;
    }
    let text = |error: arrow::error::ArrowError| Mismatch(format!("no text for a value: {error}"));
    let expected = row::rows(expected, &order.keys).map_err(text)?;
    let actual = row::rows(actual, &order.keys).map_err(text)?;
    let start = order.skip.min(expected.len());
    let end = order.fetch.map_or(expected.len(), |n| expected.len().min(start.saturating_add(n)));
    if actual.len() != end - start {
        return Err(Mismatch(format!("expected {} rows, found {}", end - start, actual.len())));
    }
    for (from, to) in ties(&expected, !order.keys.is_empty()) {
        // The part of this run of ties that lies within the limit.
        let (inner_from, inner_to) = (from.max(start), to.min(end));
        if inner_from >= inner_to {
            continue;
        }
        let run = expected.get(from..to).unwrap_or_default();
        let found = actual.get(inner_from - start..inner_to - start).unwrap_or_default();
        matches_within(found, run).map_err(|unmatched| {
            let rows = format!("rows {} to {}", inner_from - start, inner_to - start - 1);
            Mismatch(format!("{rows}: {unmatched}"))
        })?;
    }
    Ok(())
}

fn compare_schemas(expected: &Schema, actual: &Schema) -> Result<(), Mismatch> {
    let columns = |schema: &Schema| -> Vec<String> {
        let fields = schema.fields().iter();
        fields.map(|field| format!("{}: {}", field.name(), field.data_type())).collect()
    };
    let (expected, actual) = (columns(expected), columns(actual));
    if expected == actual {
        return Ok(());
    }
    Err(Mismatch(format!(
        "expected the columns [{}], found [{}]",
        expected.join(", "),
        actual.join(", ")
    )))
}

/// The runs of rows that tie on their sort keys, as half-open ranges. Neighbours whose float
/// keys are nearly equal tie as well: on the other side they may have changed places.
fn ties(rows: &[Row], ordered: bool) -> Vec<(usize, usize)> {
    if !ordered {
        return vec![(0, rows.len())];
    }
    let mut runs = Vec::new();
    let mut from = 0;
    for (place, pair) in rows.windows(2).enumerate() {
        if let [before, after] = pair
            && !before.keys_tie(after)
        {
            runs.push((from, place + 1));
            from = place + 1;
        }
    }
    runs.push((from, rows.len()));
    runs
}

#[cfg(test)]
mod tests;
