//! Dates, times, timestamps and spans of time as ISO 8601 text.
//!
//! Values are counted out with plain integers, so that every value of every Arrow type has a
//! text, years beyond 9999 (with a sign, as the standard asks) included.

use std::fmt::Write;

use arrow::array::timezone::Tz;
use arrow::datatypes::TimeUnit;
use chrono::{DateTime, Offset, TimeZone};

/// How many of a unit make a second, and how many digits that is.
pub(crate) fn per_second(unit: TimeUnit) -> (i64, usize) {
    match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    }
}

/// `YYYY-MM-DD` of a day counted from 1970-01-01 in the proleptic Gregorian calendar.
pub(crate) fn push_date(out: &mut String, days: i64) {
    // Counted from 0000-03-01, so that the leap day is a year's last: 400 years have 146,097
    // days, and a day's year is what the leap days before it leave of its number.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    let written = match year {
        0..=9999 => write!(out, "{year:04}"),
        _ => write!(out, "{year:+05}"),
    };
    let written = written.and_then(|()| write!(out, "-{month:02}-{day:02}"));
    debug_assert!(written.is_ok(), "a string takes any text");
}

/// `HH:MM:SS` and the unit's digits, of a time since midnight.
pub(crate) fn push_time(out: &mut String, value: i64, unit: TimeUnit) {
    let (per, digits) = per_second(unit);
    let (seconds, fraction) = (value.div_euclid(per), value.rem_euclid(per));
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let written = write!(out, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    debug_assert!(written.is_ok(), "a string takes any text");
    push_fraction(out, fraction, digits);
}

/// `YYYY-MM-DDTHH:MM:SS`, the unit's digits, and `Z` or the offset where there is a zone.
pub(crate) fn push_timestamp(out: &mut String, value: i64, unit: TimeUnit, zone: Option<&Tz>) {
    let (per, _) = per_second(unit);
    let offset = zone.map(|zone| offset_seconds(zone, value.div_euclid(per)));
    let (seconds, fraction) = (value.div_euclid(per), value.rem_euclid(per));
    let seconds = seconds + i64::from(offset.unwrap_or(0));
    push_date(out, seconds.div_euclid(86_400));
    out.push('T');
    push_time(out, seconds.rem_euclid(86_400) * per + fraction, unit);
    match offset {
        None => {}
        Some(0) => out.push('Z'),
        Some(offset) => push_offset(out, offset),
    }
}

/// The zone's offset from UTC in seconds at an instant; 0 beyond the years that zones know.
fn offset_seconds(zone: &Tz, seconds: i64) -> i32 {
    let instant = DateTime::from_timestamp(seconds, 0);
    instant.map_or(0, |at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

fn push_offset(out: &mut String, offset: i32) {
    let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let (hours, minutes, seconds) = (size / 3_600, size / 60 % 60, size % 60);
    let mut written = write!(out, "{sign}{hours:02}:{minutes:02}");
    if seconds != 0 {
        written = write!(out, ":{seconds:02}");
    }
    debug_assert!(written.is_ok(), "a string takes any text");
}

/// `PT…S`, with the sign in front and the unit's digits.
pub(crate) fn push_duration(out: &mut String, value: i64, unit: TimeUnit) {
    let (per, digits) = per_second(unit);
    push_seconds(out, i128::from(value), i128::from(per), digits);
}

/// `P…M…DT…S`: months, days and nanoseconds do not convert into each other.
pub(crate) fn push_interval(out: &mut String, months: i32, days: i32, nanos: i64) {
    let written = write!(out, "P{months}M{days}D");
    debug_assert!(written.is_ok(), "a string takes any text");
    let mut seconds = String::new();
    push_seconds(&mut seconds, i128::from(nanos), 1_000_000_000, 9);
    let (sign, rest) = match seconds.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", seconds.as_str()),
    };
    out.push('T');
    out.push_str(sign);
    out.push_str(rest.strip_prefix("PT").unwrap_or(rest));
}

fn push_seconds(out: &mut String, value: i128, per: i128, digits: usize) {
    let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let per = per.unsigned_abs();
    let written = write!(out, "{sign}PT{}", size / per);
    debug_assert!(written.is_ok(), "a string takes any text");
    push_fraction(out, i64::try_from(size % per).unwrap_or(0), digits);
    out.push('S');
}

fn push_fraction(out: &mut String, fraction: i64, digits: usize) {
    if digits > 0 {
        let written = write!(out, ".{fraction:0digits$}");
        debug_assert!(written.is_ok(), "a string takes any text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, push: impl FnOnce(&mut String)) {
        let mut text = String::new();
        push(&mut text);
        assert_eq!(text, expected);
    }

    #[test]
    fn dates_agree_with_chrono() {
        for days in (-1_000_000..3_000_000).step_by(997).chain([-719_528, 0, 59, 60, 11_016]) {
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(719_163 + days).unwrap();
            let year: i32 = date.format("%Y").to_string().parse().unwrap();
            if (0..=9999).contains(&year) {
                check(&date.format("%Y-%m-%d").to_string(), |out| push_date(out, days.into()));
            }
        }
        check("+10000-01-01", |out| push_date(out, 2_932_897));
        check("-0001-12-31", |out| push_date(out, -719_529));
    }

    #[test]
    fn timestamps_keep_their_digits_and_zone() {
        let at = |value, unit, zone: Option<&str>| {
            let zone: Option<Tz> = zone.map(|zone| zone.parse().unwrap());
            let mut text = String::new();
            push_timestamp(&mut text, value, unit, zone.as_ref());
            text
        };
        assert_eq!(at(0, TimeUnit::Second, None), "1970-01-01T00:00:00");
        assert_eq!(at(-1, TimeUnit::Microsecond, Some("UTC")), "1969-12-31T23:59:59.999999Z");
        assert_eq!(
            at(1, TimeUnit::Nanosecond, Some("+05:30")),
            "1970-01-01T05:30:00.000000001+05:30"
        );
        assert_eq!(at(i64::MAX, TimeUnit::Microsecond, None), "+294247-01-10T04:00:54.775807");
        assert_eq!(at(i64::MIN, TimeUnit::Second, None).get(..1), Some("-"));
        assert_eq!(
            at(1_720_000_000, TimeUnit::Second, Some("Europe/Berlin")),
            "2024-07-03T11:46:40+02:00"
        );
    }

    #[test]
    fn spans_keep_their_parts() {
        check("PT1.500S", |out| push_duration(out, 1_500, TimeUnit::Millisecond));
        check("-PT0.000001S", |out| push_duration(out, -1, TimeUnit::Microsecond));
        check("P14M-3DT-0.500000000S", |out| push_interval(out, 14, -3, -500_000_000));
    }
}
