//! What a query returned, and whether two returns are the same.

use std::cmp::Ordering;
use std::fmt;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Names, types and rows.
#[derive(Debug, Clone)]
pub struct Rows {
    columns: Vec<(String, DataType)>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone)]
enum Cell {
    Null,
    Float(f64),
    Other(String),
}

/// How rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// In their order.
    pub ordered: bool,
    /// Floats may differ in their last digits (sums in another order).
    pub near: bool,
}

impl Rows {
    /// From what DataFusion gives, with the names and types of the columns.
    ///
    /// # Errors
    /// Values that cannot be shown.
    pub fn new(
        columns: Vec<(String, DataType)>,
        batches: &[RecordBatch],
    ) -> Result<Rows, ArrowError> {
        let options = FormatOptions::default();
        let mut rows = Vec::new();
        for batch in batches {
            let shown = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options))
                .collect::<Result<Vec<_>, _>>()?;
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter().zip(&shown).map(|(column, shown)| {
                    if column.is_null(row) || column.data_type() == &DataType::Null {
                        Ok(Cell::Null)
                    } else if let Some(floats) = column.as_primitive_opt::<Float64Type>() {
                        Ok(Cell::Float(floats.value(row)))
                    } else {
                        shown.value(row).try_to_string().map(Cell::Other)
                    }
                });
                rows.push(cells.collect::<Result<Vec<_>, ArrowError>>()?);
            }
        }
        Ok(Rows { columns, rows })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What differs in names and types.
    pub fn schema_difference(&self, other: &Rows) -> Option<String> {
        (self.columns != other.columns)
            .then(|| format!("{:?} and {:?}", self.columns, other.columns))
    }

    /// Whether the rows, without the names, are the same.
    pub fn same(&self, other: &Rows, how: Comparison) -> bool {
        if self.rows.len() != other.rows.len() || self.columns.len() != other.columns.len() {
            return false;
        }
        let (mut left, mut right) = (self.rows.clone(), other.rows.clone());
        if !how.ordered {
            left.sort_by(|a, b| row_order(a, b));
            right.sort_by(|a, b| row_order(a, b));
        }
        left.iter().zip(&right).all(|(left, right)| {
            left.iter().zip(right).all(|(left, right)| left.same(right, how.near))
        })
    }
}

impl Cell {
    fn same(&self, other: &Cell, near: bool) -> bool {
        match (self, other) {
            (Cell::Null, Cell::Null) => true,
            (Cell::Float(a), Cell::Float(b)) => {
                let bits = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                bits || near && (a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()))
            }
            (Cell::Other(a), Cell::Other(b)) => a == b,
            _ => false,
        }
    }

    fn order(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Null, Cell::Null) => Ordering::Equal,
            (Cell::Null, _) => Ordering::Less,
            (_, Cell::Null) => Ordering::Greater,
            (Cell::Float(a), Cell::Float(b)) => {
                let plain = |x: f64| if x.is_nan() { f64::NAN } else { x };
                plain(*a).total_cmp(&plain(*b))
            }
            (Cell::Float(_), Cell::Other(_)) => Ordering::Less,
            (Cell::Other(_), Cell::Float(_)) => Ordering::Greater,
            (Cell::Other(a), Cell::Other(b)) => a.cmp(b),
        }
    }
}

/// By everything that is no float, then by the floats, so that near ones stand side by side.
fn row_order(left: &[Cell], right: &[Cell]) -> Ordering {
    let floats = |cell: &Cell| matches!(cell, Cell::Float(_));
    let part = |of_floats: bool| {
        left.iter()
            .zip(right)
            .filter(move |(a, b)| (floats(a) || floats(b)) == of_floats)
            .map(|(a, b)| a.order(b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    part(false).then_with(|| part(true))
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        writeln!(f, "{}", names.join(" | "))?;
        for row in self.rows.iter().take(20) {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell {
                    Cell::Null => "null".to_owned(),
                    Cell::Float(value) => format!("{value:?}"),
                    Cell::Other(text) if text.is_empty() || text == "null" => format!("\"{text}\""),
                    Cell::Other(text) => text.clone(),
                })
                .collect();
            writeln!(f, "{}", cells.join(" | "))?;
        }
        if self.rows.len() > 20 {
            writeln!(f, "… {} rows", self.rows.len())?;
        }
        Ok(())
    }
}
