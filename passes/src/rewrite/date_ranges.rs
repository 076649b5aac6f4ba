//! A truncated time that is compared with a literal lies in a range.
//!
//! `date_trunc('month', t) = '2024-02-01'` holds from the first of February to before the first
//! of March; `date_trunc('month', t) < l` holds for what is before the first start of a month
//! that is not before `l`. A date that is made a timestamp to be compared with one is compared
//! with a date. Times with a zone are left alone: their months begin elsewhere.

use chrono::{Datelike, Days, Months, NaiveDateTime, TimeDelta};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator, and, binary_expr, or};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::property::is_volatile;

/// In one day, by the unit.
const DAY: i64 = 86_400;

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| {
        expr.transform_up(|expr| {
            let Expr::BinaryExpr(BinaryExpr { left, op, right }) = &expr else {
                return Ok(Transformed::no(expr));
            };
            let Expr::Literal(literal, None) = right.as_ref() else {
                return Ok(Transformed::no(expr));
            };
            if let ScalarValue::Date32(Some(day)) = literal {
                let new = to_date(left, *op, *day, place);
                return Ok(new.map_or_else(|| Transformed::no(expr), Transformed::yes));
            }
            let Some((unit, value)) = timestamp(literal) else {
                return Ok(Transformed::no(expr));
            };
            let new = match truncated(left, place) {
                Some((part, time)) => range(part, time, *op, unit, value),
                None => of_date(left, *op, unit, value, place),
            };
            Ok(new.map_or_else(|| Transformed::no(expr), Transformed::yes))
        })
    })
}

/// A timestamp without a zone: its unit and its value.
fn timestamp(literal: &ScalarValue) -> Option<(TimeUnit, i64)> {
    match literal {
        ScalarValue::TimestampSecond(Some(value), None) => Some((TimeUnit::Second, *value)),
        ScalarValue::TimestampMillisecond(Some(value), None) => {
            Some((TimeUnit::Millisecond, *value))
        }
        ScalarValue::TimestampMicrosecond(Some(value), None) => {
            Some((TimeUnit::Microsecond, *value))
        }
        ScalarValue::TimestampNanosecond(Some(value), None) => Some((TimeUnit::Nanosecond, *value)),
        _ => None,
    }
}

fn literal(unit: TimeUnit, value: i64) -> Expr {
    lit(match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value), None),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value), None),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(value), None),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(value), None),
    })
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// The part to which a time without a zone is truncated, and the time.
fn truncated<'e>(expr: &'e Expr, place: &Place) -> Option<(&'e str, &'e Expr)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let [Expr::Literal(ScalarValue::Utf8(Some(part)), _), time] = call.args.as_slice() else {
        return None;
    };
    let own = time.get_type(place.schema().as_ref()).ok()?;
    let result = expr.get_type(place.schema().as_ref()).ok()?;
    let plain = matches!(own, DataType::Timestamp(_, None)) && own == result;
    (call.func.name() == "date_trunc" && plain && !is_volatile(time)).then_some((part, time))
}

/// The start of the part in which a time lies, and that of the next one.
fn bounds(part: &str, unit: TimeUnit, value: i64) -> Option<(i64, i64)> {
    let scale = per_second(unit);
    let nanos = value.rem_euclid(scale) * (1_000_000_000 / scale);
    let time =
        chrono::DateTime::from_timestamp(value.div_euclid(scale), u32::try_from(nanos).ok()?)?
            .naive_utc();
    let midnight = |date: chrono::NaiveDate| date.and_hms_opt(0, 0, 0);
    let months = |first: u32, count: u32| -> Option<(NaiveDateTime, NaiveDateTime)> {
        let start = time.date().with_day(1)?.with_month(first)?;
        Some((midnight(start)?, midnight(start.checked_add_months(Months::new(count))?)?))
    };
    let days = |back: u64, count: u64| -> Option<(NaiveDateTime, NaiveDateTime)> {
        let start = time.date().checked_sub_days(Days::new(back))?;
        Some((midnight(start)?, midnight(start.checked_add_days(Days::new(count))?)?))
    };
    let fixed = |seconds: i64| -> Option<(NaiveDateTime, NaiveDateTime)> {
        let start = value.div_euclid(scale).div_euclid(seconds) * seconds;
        let start = chrono::DateTime::from_timestamp(start, 0)?.naive_utc();
        Some((start, start.checked_add_signed(TimeDelta::try_seconds(seconds)?)?))
    };
    let (start, end) = match part {
        "year" => months(1, 12),
        "quarter" => months((time.month() - 1) / 3 * 3 + 1, 3),
        "month" => months(time.month(), 1),
        "week" => days(u64::from(time.weekday().num_days_from_monday()), 7),
        "day" => days(0, 1),
        "hour" => fixed(3_600),
        "minute" => fixed(60),
        "second" => fixed(1),
        _ => None,
    }?;
    // Far away, not every unit reaches the next start.
    let plausible = (1700..2250).contains(&start.year());
    let at = |time: NaiveDateTime| time.and_utc().timestamp().checked_mul(scale);
    plausible.then_some((at(start)?, at(end)?))
}

/// The range of a time whose truncation compares so with a literal.
fn range(part: &str, time: &Expr, op: Operator, unit: TimeUnit, value: i64) -> Option<Expr> {
    let (start, end) = bounds(part, unit, value)?;
    let compare = |op, at| binary_expr(time.clone(), op, literal(unit, at));
    let on_start = start == value;
    Some(match op {
        Operator::Eq if on_start => and(compare(Operator::GtEq, start), compare(Operator::Lt, end)),
        Operator::NotEq if on_start => {
            or(compare(Operator::Lt, start), compare(Operator::GtEq, end))
        }
        Operator::Lt => compare(Operator::Lt, if on_start { start } else { end }),
        Operator::GtEq => compare(Operator::GtEq, if on_start { start } else { end }),
        Operator::LtEq => compare(Operator::Lt, end),
        Operator::Gt => compare(Operator::GtEq, end),
        _ => return None,
    })
}

/// A timestamp that is cast to a date lies in the range of a day. Before 1970 the cast rounds
/// towards zero or down, by the version of Arrow, and is left alone.
fn to_date(left: &Expr, op: Operator, day: i32, place: &Place) -> Option<Expr> {
    let Expr::Cast(cast) = left else { return None };
    let own = cast.expr.get_type(place.schema().as_ref()).ok()?;
    let DataType::Timestamp(unit, None) = own else { return None };
    if *cast.field.data_type() != DataType::Date32 || is_volatile(&cast.expr) {
        return None;
    }
    let length = DAY * per_second(unit);
    let start = i64::from(day).checked_mul(length)?;
    let end = start.checked_add(length)?;
    let compare = |op, at| binary_expr(cast.expr.as_ref().clone(), op, literal(unit, at));
    if day <= 0 {
        return None;
    }
    Some(match op {
        Operator::Eq => and(compare(Operator::GtEq, start), compare(Operator::Lt, end)),
        Operator::NotEq => or(compare(Operator::Lt, start), compare(Operator::GtEq, end)),
        Operator::Lt => compare(Operator::Lt, start),
        Operator::GtEq => compare(Operator::GtEq, start),
        Operator::LtEq => compare(Operator::Lt, end),
        Operator::Gt => compare(Operator::GtEq, end),
        _ => return None,
    })
}

/// A date that is cast to a timestamp to be compared with one.
fn of_date(left: &Expr, op: Operator, unit: TimeUnit, value: i64, place: &Place) -> Option<Expr> {
    let Expr::Cast(cast) = left else { return None };
    let own = cast.expr.get_type(place.schema().as_ref()).ok()?;
    if own != DataType::Date32 || *cast.field.data_type() != DataType::Timestamp(unit, None) {
        return None;
    }
    let day = DAY * per_second(unit);
    let (low, whole) = (value.div_euclid(day), value.rem_euclid(day) == 0);
    let high = if whole { low } else { low + 1 };
    let number = match op {
        Operator::Gt | Operator::LtEq => low,
        Operator::Lt | Operator::GtEq => high,
        Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
            if whole =>
        {
            low
        }
        _ => return None,
    };
    let date = ScalarValue::Date32(Some(i32::try_from(number).ok()?));
    Some(binary_expr(cast.expr.as_ref().clone(), op, lit(date)))
}
