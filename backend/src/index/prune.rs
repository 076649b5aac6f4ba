//! Which files can hold a row that fulfils a filter.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use super::{ColumnIndex, FileEntry, hash};

impl FileEntry {
    /// False where the filter is TRUE for no row of the file. `deleted` names the rows that are
    /// deleted from it now.
    pub(crate) fn may_match(&self, filter: &Expr, deleted: Option<&str>) -> bool {
        let known = self.deleted.is_none() || self.deleted.as_deref() == deleted;
        !known || self.may_be_true(filter)
    }

    fn may_be_true(&self, filter: &Expr) -> bool {
        match filter {
            Expr::Alias(alias) => self.may_be_true(&alias.expr),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
                Operator::And => self.may_be_true(left) && self.may_be_true(right),
                Operator::Or => self.may_be_true(left) || self.may_be_true(right),
                _ => match (self.column(left), literal(right), self.column(right), literal(left)) {
                    (Some(column), Some(value), _, _) => column.may_compare(*op, value),
                    (_, _, Some(column), Some(value)) => {
                        op.swap().is_none_or(|op| column.may_compare(op, value))
                    }
                    _ => true,
                },
            },
            Expr::IsNull(of) => self.column(of).is_none_or(|column| column.nulls > 0),
            Expr::IsNotNull(of) => self.column(of).is_none_or(|column| column.rows > column.nulls),
            Expr::InList(InList { expr, list, negated: false }) => {
                self.column(expr).is_none_or(|column| {
                    let mut values = list.iter().map(literal);
                    values.any(|value| {
                        value.is_none_or(|value| column.may_compare(Operator::Eq, value))
                    })
                })
            }
            Expr::Between(Between { expr, negated: false, low, high }) => {
                self.column(expr).is_none_or(|column| {
                    let above = literal(low).is_none_or(|v| column.may_compare(Operator::GtEq, v));
                    let below = literal(high).is_none_or(|v| column.may_compare(Operator::LtEq, v));
                    above && below
                })
            }
            _ => true,
        }
    }

    fn column(&self, expr: &Expr) -> Option<&ColumnIndex> {
        match expr {
            Expr::Column(column) => self.columns.get(&column.name),
            _ => None,
        }
    }
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

impl ColumnIndex {
    /// False where `column op value` is TRUE for no row.
    fn may_compare(&self, op: Operator, value: &ScalarValue) -> bool {
        let (least, greatest) = &self.bounds;
        let Some(value) = of_type(value, &least.data_type()) else { return true };
        if value.is_null() {
            return match op {
                Operator::IsNotDistinctFrom => self.nulls > 0,
                Operator::Eq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
                    false
                }
                _ => true,
            };
        }
        let compares = matches!(
            op,
            Operator::Eq
                | Operator::IsNotDistinctFrom
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
        );
        if least.is_null() || greatest.is_null() {
            // Every row is NULL.
            return !compares;
        }
        let (low, high) = (least.partial_cmp(&value), greatest.partial_cmp(&value));
        let (Some(low), Some(high)) = (low, high) else { return true };
        match op {
            Operator::Eq | Operator::IsNotDistinctFrom => {
                low != Ordering::Greater
                    && high != Ordering::Less
                    && hash(&value).is_none_or(|hash| self.values.may_hold(hash))
            }
            Operator::Lt => low == Ordering::Less,
            Operator::LtEq => low != Ordering::Greater,
            Operator::Gt => high == Ordering::Greater,
            Operator::GtEq => high != Ordering::Less,
            _ => true,
        }
    }
}

/// The value in the column's logical type, where that is its own but for the layout.
fn of_type(value: &ScalarValue, data_type: &DataType) -> Option<ScalarValue> {
    let plain = match value {
        ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text) => {
            ScalarValue::Utf8(text.clone())
        }
        ScalarValue::BinaryView(bytes) | ScalarValue::LargeBinary(bytes) => {
            ScalarValue::Binary(bytes.clone())
        }
        ScalarValue::Dictionary(_, value) => return of_type(value, data_type),
        other => other.clone(),
    };
    (plain.data_type() == *data_type).then_some(plain)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::logical_expr::{col, lit};

    use super::super::column::Values;
    use super::*;

    #[test]
    fn only_files_without_a_fitting_row_are_left_out() {
        let values = [1_i64, 5, 9];
        let hashes = values.iter().filter_map(|v| hash(&ScalarValue::from(*v))).collect();
        let index = ColumnIndex {
            bounds: (1_i64.into(), 9_i64.into()),
            nulls: 1,
            rows: 4,
            values: Values::of(hashes),
        };
        let entry = FileEntry { deleted: None, columns: BTreeMap::from([("a".to_owned(), index)]) };
        let a = || col("a");
        for (filter, may) in [
            (a().eq(lit(5_i64)), true),
            (a().eq(lit(4_i64)), false),
            (lit(5_i64).eq(a()), true),
            (lit(10_i64).lt_eq(a()), false),
            (a().eq(lit(5_i32)), true),
            (a().eq(lit(4_i32)), true),
            (a().not_eq(lit(4_i64)), true),
            (a().gt(lit(9_i64)), false),
            (a().gt_eq(lit(9_i64)), true),
            (a().lt(lit(1_i64)), false),
            (a().eq(lit(4_i64)).or(a().eq(lit(9_i64))), true),
            (a().eq(lit(5_i64)).and(a().gt(lit(9_i64))), false),
            (a().eq(lit(4_i64)).and(col("b").eq(lit(1_i64))), false),
            (col("b").eq(lit(1_i64)), true),
            (a().in_list(vec![lit(2_i64), lit(3_i64)], false), false),
            (a().in_list(vec![lit(2_i64), lit(3_i64)], true), true),
            (a().between(lit(10_i64), lit(20_i64)), false),
            (a().is_null(), true),
            (a().is_not_null(), true),
            (a().eq(lit(ScalarValue::Int64(None))), false),
            (datafusion::logical_expr::not(a().eq(lit(4_i64))), true),
        ] {
            assert_eq!(entry.may_match(&filter, None), may, "{filter}");
        }
        // Rows were deleted when it was read, and are back now.
        let then = FileEntry { deleted: Some("dv".to_owned()), ..entry };
        assert!(then.may_match(&a().eq(lit(4_i64)), None));
        assert!(!then.may_match(&a().eq(lit(4_i64)), Some("dv")));
    }
}
