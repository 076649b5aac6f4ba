//! Rows as values that can be compared: text for what is exact, floats beside it.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;

use crate::scan::guard::holds_floats;
use crate::sink::text::Column;

/// Floats may differ by this many units in the last place.
const ULPS: u64 = 4;

/// A float of some width.
#[derive(Debug, Clone, Copy)]
pub(super) enum Float {
    Single(f32),
    Double(f64),
}

impl Float {
    pub(super) fn near(self, other: Float) -> bool {
        match (self, other) {
            (Float::Double(a), Float::Double(b)) => {
                let (x, y) = (rank(a.to_bits(), 1 << 63), rank(b.to_bits(), 1 << 63));
                let finite = a.is_finite() && b.is_finite();
                a == b || (a.is_nan() && b.is_nan()) || (finite && x.abs_diff(y) <= ULPS)
            }
            (Float::Single(a), Float::Single(b)) => {
                let (x, y) = (u64::from(a.to_bits()), u64::from(b.to_bits()));
                let (x, y) = (rank(x, 1 << 31), rank(y, 1 << 31));
                let finite = a.is_finite() && b.is_finite();
                a == b || (a.is_nan() && b.is_nan()) || (finite && x.abs_diff(y) <= ULPS)
            }
            _ => false,
        }
    }

    /// NaN behind everything, `-0.0` with `0.0`: an order in which near floats are neighbours.
    pub(super) fn sort_key(self) -> (bool, i64) {
        let value = match self {
            Float::Single(a) => f64::from(a),
            Float::Double(a) => a,
        };
        (value.is_nan(), rank(value.to_bits(), 1 << 63))
    }
}

/// A float's place among all floats of its width: neighbours differ by one, both zeros are 0.
fn rank(bits: u64, sign: u64) -> i64 {
    let size = i64::try_from(bits & !sign).unwrap_or(i64::MAX);
    if bits & sign == 0 { size } else { -size }
}

/// One row: what is exact as one text, and the floats in the order in which they stand.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) exact: String,
    pub(super) floats: Vec<Float>,
    keys: Option<Box<Row>>,
}

impl Row {
    /// Equal, but for floats that are only near.
    pub(super) fn near(&self, other: &Row) -> bool {
        self.exact == other.exact
            && self.floats.len() == other.floats.len()
            && self.floats.iter().zip(&other.floats).all(|(a, b)| a.near(*b))
    }

    pub(super) fn keys_tie(&self, other: &Row) -> bool {
        match (&self.keys, &other.keys) {
            (Some(a), Some(b)) => a.near(b),
            _ => true,
        }
    }

    /// The row as a person would want to see it.
    pub(super) fn show(&self) -> String {
        let mut shown = self.exact.replace('\u{1f}', " | ");
        for float in &self.floats {
            let text = match float {
                Float::Single(a) => format!("{a:?}"),
                Float::Double(a) => format!("{a:?}"),
            };
            shown = shown.replacen('\u{1}', &text, 1);
        }
        shown
    }
}

/// All rows of some batches, with their sort keys.
pub(super) fn rows(batches: &[RecordBatch], keys: &[usize]) -> Result<Vec<Row>, ArrowError> {
    let mut rows = Vec::new();
    for batch in batches {
        let cells = batch.columns().iter().map(Cells::new).collect::<Result<Vec<_>, _>>()?;
        for at in 0..batch.num_rows() {
            let mut row = write_row(cells.iter(), at)?;
            if !keys.is_empty() {
                let keys = keys.iter().filter_map(|key| cells.get(*key));
                row.keys = Some(Box::new(write_row(keys, at)?));
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

fn write_row<'a>(cells: impl Iterator<Item = &'a Cells<'a>>, at: usize) -> Result<Row, ArrowError> {
    let mut row = Row { exact: String::new(), floats: Vec::new(), keys: None };
    for (place, cells) in cells.enumerate() {
        if place > 0 {
            row.exact.push('\u{1f}');
        }
        cells.write(at, &mut row)?;
    }
    Ok(row)
}

/// A column, taken apart as far as there are floats in it.
enum Cells<'a> {
    Exact(Column<'a>),
    Floats(ArrayRef),
    Lists(ArrayRef, Box<dyn Fn(usize) -> Result<Vec<Row>, ArrowError> + 'a>),
    Structs(ArrayRef, Vec<Cells<'a>>),
}

impl<'a> Cells<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self, ArrowError> {
        let data_type = array.data_type();
        if !holds_floats(data_type) {
            return Ok(Cells::Exact(Column::new(array.as_ref())?));
        }
        match data_type {
            DataType::Float16 => Ok(Cells::Floats(cast(array, &DataType::Float32)?)),
            DataType::Float32 | DataType::Float64 => Ok(Cells::Floats(ArrayRef::clone(array))),
            DataType::Struct(_) => {
                let fields: &StructArray = array.as_struct();
                let cells = fields.columns().iter().map(Cells::new).collect::<Result<_, _>>()?;
                Ok(Cells::Structs(ArrayRef::clone(array), cells))
            }
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                Ok(Cells::Lists(ArrayRef::clone(array), Box::new(|at| items(&lists.value(at)))))
            }
            DataType::Map(_, _) => {
                let maps = array.as_map();
                let pairs = |at| {
                    let pairs: ArrayRef = std::sync::Arc::new(maps.value(at));
                    items(&pairs)
                };
                Ok(Cells::Lists(ArrayRef::clone(array), Box::new(pairs)))
            }
            other => Err(ArrowError::NotYetImplemented(format!("comparing {other}"))),
        }
    }

    fn write(&self, at: usize, row: &mut Row) -> Result<(), ArrowError> {
        let array = match self {
            // As JSON, so that no text looks like NULL or like two columns.
            Cells::Exact(column) => return column.write_json(at, &mut row.exact),
            Cells::Floats(array) | Cells::Lists(array, _) | Cells::Structs(array, _) => array,
        };
        if array.is_null(at) {
            row.exact.push_str("null");
            return Ok(());
        }
        match self {
            Cells::Exact(_) => {}
            Cells::Floats(array) => {
                row.exact.push('\u{1}');
                row.floats.push(match array.data_type() {
                    DataType::Float64 => {
                        Float::Double(array.as_primitive::<Float64Type>().value(at))
                    }
                    _ => Float::Single(array.as_primitive::<Float32Type>().value(at)),
                });
            }
            Cells::Structs(_, fields) => {
                row.exact.push('{');
                for field in fields {
                    field.write(at, row)?;
                    row.exact.push(',');
                }
                row.exact.push('}');
            }
            Cells::Lists(_, items) => {
                row.exact.push('[');
                for item in items(at)? {
                    row.exact.push_str(&item.exact);
                    row.floats.extend(item.floats);
                    row.exact.push(',');
                }
                row.exact.push(']');
            }
        }
        Ok(())
    }
}

fn items(array: &ArrayRef) -> Result<Vec<Row>, ArrowError> {
    let cells = Cells::new(array)?;
    (0..array.len()).map(|at| write_row(std::iter::once(&cells), at)).collect()
}
