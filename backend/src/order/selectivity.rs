//! What share of rows a predicate keeps.
//!
//! The rules are those of System R (Selinger et al., 1979): a distinct value is as frequent
//! as another, values lie evenly between their bounds, predicates are independent. Where
//! nothing is known stand the constants below.

use std::collections::BTreeMap;

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::column::{ColumnEstimate, number};

/// `column = value`, of a column with an unknown number of values.
const EQUAL: f64 = 0.05;
/// A comparison of values in an unknown range.
const RANGE: f64 = 0.3;
/// `LIKE 'prefix%'`.
const PREFIX: f64 = 0.05;
/// `LIKE '%within%'`.
const WITHIN: f64 = 0.1;
/// Anything else.
const UNKNOWN: f64 = 0.3;
/// No estimate goes below: what is thought impossible may be there after all.
const LEAST: f64 = 1e-7;

/// Finds what is known about a column.
pub(crate) type Columns<'a> = dyn Fn(&Column) -> Option<&'a ColumnEstimate> + 'a;

/// Lower and upper limits of columns, by column.
pub(crate) type Ranges = BTreeMap<Column, (f64, f64)>;

/// The share of rows that pass all conjuncts.
pub(crate) fn of_conjuncts<'e>(
    conjuncts: impl IntoIterator<Item = &'e Expr>,
    columns: &Columns<'_>,
) -> f64 {
    let conjuncts: Vec<&Expr> = conjuncts.into_iter().flat_map(split_conjunction).collect();
    let ranges = ranges(&conjuncts);
    let mut share = 1.0;
    for conjunct in conjuncts {
        // Limits of one column are taken together below.
        let limit = limit(conjunct).is_some_and(|(column, ..)| {
            columns(&column).is_some_and(|known| known.bounds.is_some())
        });
        if !limit {
            share *= of(conjunct, columns);
        }
    }
    for (column, (low, high)) in &ranges {
        if let Some(known) = columns(column)
            && let Some((least, greatest)) = known.bounds
        {
            let width = greatest - least + known.step;
            let kept = (high.min(greatest) - low.max(least) + known.step).max(0.0);
            let part = if width > 0.0 { (kept / width).min(1.0) } else { 1.0 };
            share *= part * (1.0 - known.nulls);
        }
    }
    share.clamp(LEAST, 1.0)
}

/// The limits that conjuncts of the form `column < literal` set.
pub(crate) fn ranges(conjuncts: &[&Expr]) -> Ranges {
    let mut ranges = Ranges::new();
    for conjunct in conjuncts {
        let Some((column, low, high)) = limit(conjunct) else { continue };
        let range = ranges.entry(column).or_insert((f64::NEG_INFINITY, f64::INFINITY));
        *range = (range.0.max(low), range.1.min(high));
    }
    ranges
}

/// The column and the limits of a comparison with a literal.
fn limit(expr: &Expr) -> Option<(Column, f64, f64)> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (column, op, value) = match (column(left), column(right)) {
                (Some(column), _) => (column, *op, literal(right)?),
                (None, Some(column)) => (column, op.swap()?, literal(left)?),
                (None, None) => return None,
            };
            let value = number(value)?;
            match op {
                Operator::Lt | Operator::LtEq => Some((column.clone(), f64::NEG_INFINITY, value)),
                Operator::Gt | Operator::GtEq => Some((column.clone(), value, f64::INFINITY)),
                _ => None,
            }
        }
        Expr::Between(between) if !between.negated => {
            let (low, high) = (literal(&between.low)?, literal(&between.high)?);
            Some((column(&between.expr)?.clone(), number(low)?, number(high)?))
        }
        _ => None,
    }
}

fn of(expr: &Expr, columns: &Columns<'_>) -> f64 {
    match expr {
        Expr::Literal(ScalarValue::Boolean(value), _) => f64::from(u8::from(*value == Some(true))),
        Expr::Alias(alias) => of(&alias.expr, columns),
        Expr::Not(inner) => 1.0 - of(inner, columns),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            of_conjuncts([left.as_ref(), right.as_ref()], columns)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let one = |side: &Expr| of_conjuncts([side], columns);
            let (left, right) = (one(left), one(right));
            left + right - left * right
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => compared(left, *op, right, columns),
        Expr::Between(between) => {
            if between.negated {
                1.0 - RANGE * RANGE
            } else {
                RANGE * RANGE
            }
        }
        Expr::InList(list) => {
            let one = compared(&list.expr, Operator::Eq, &Expr::Literal(NOTHING, None), columns);
            let share = (one * list.list.len() as f64).min(0.9);
            if list.negated { 1.0 - share } else { share }
        }
        Expr::Like(like) => {
            let share = match literal(&like.pattern) {
                Some(ScalarValue::Utf8(Some(pattern))) if !pattern.starts_with(['%', '_']) => {
                    PREFIX
                }
                _ => WITHIN,
            };
            if like.negated { 1.0 - share } else { share }
        }
        Expr::IsNull(inner) => column(inner).and_then(columns).map_or(EQUAL, |known| known.nulls),
        Expr::IsNotNull(inner) => {
            1.0 - column(inner).and_then(columns).map_or(0.0, |known| known.nulls)
        }
        _ => UNKNOWN,
    }
}

/// A literal without a value that an estimate could use.
const NOTHING: ScalarValue = ScalarValue::Null;

fn compared(left: &Expr, op: Operator, right: &Expr, columns: &Columns<'_>) -> f64 {
    let equal = || match (column(left).and_then(columns), column(right).and_then(columns)) {
        (Some(a), Some(b)) => match (a.distinct, b.distinct) {
            (Some(a), Some(b)) => 1.0 / a.max(b),
            (Some(one), None) | (None, Some(one)) => 1.0 / one,
            (None, None) => EQUAL,
        },
        (Some(known), None) | (None, Some(known)) => {
            let value = literal(right).or_else(|| literal(left)).and_then(number);
            match (value, known.bounds) {
                (Some(value), Some((least, greatest))) if value < least || value > greatest => {
                    LEAST
                }
                _ => known.distinct.map_or(EQUAL, |distinct| (1.0 - known.nulls) / distinct),
            }
        }
        (None, None) => EQUAL,
    };
    match op {
        Operator::Eq | Operator::IsNotDistinctFrom => equal(),
        Operator::NotEq | Operator::IsDistinctFrom => 1.0 - equal(),
        Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => RANGE,
        _ => UNKNOWN,
    }
}

/// The column of an expression that is one, cast or not.
pub(crate) fn column(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => column(&alias.expr),
        Expr::Cast(cast) => column(&cast.expr),
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::super::column::Key;
    use super::*;

    #[test]
    fn shares_come_from_counts_and_bounds() {
        let known = ColumnEstimate {
            nulls: 0.0,
            distinct: Some(100.0),
            key: Key::No,
            bounds: Some((0.0, 99.0)),
            step: 1.0,
        };
        let check = |expr: Expr, expected: f64| {
            let columns = |column: &Column| (column.name == "n").then_some(&known);
            let share = of_conjuncts([&expr], &columns);
            assert!((share - expected).abs() < 0.011, "{expr}: {share}");
        };
        check(col("n").eq(lit(5)), 0.01);
        check(col("n").eq(lit(500)), 0.0);
        check(col("n").in_list(vec![lit(1), lit(2)], false), 0.02);
        check(col("n").lt(lit(50)), 0.5);
        check(lit(50).gt(col("n")), 0.5);
        check(col("n").gt_eq(lit(20)).and(col("n").lt(lit(30))), 0.1);
        check(col("n").between(lit(20), lit(29)), 0.1);
        check(col("n").lt(lit(50)).or(col("n").lt(lit(50))), 0.75);
        check(col("s").eq(lit("x")), EQUAL);
        check(col("s").like(lit("x%")), PREFIX);
        check(col("s").is_null().and(lit(false)), 0.0);
    }
}
