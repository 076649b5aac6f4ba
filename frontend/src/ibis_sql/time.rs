//! Dates, timestamps and times of day.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::prelude::lit;

use super::mend::{Around, Mender, literal};

/// Codes of strftime that both engines write alike; `-` may stand before those of numbers.
const CODES: &str = "YmdHMSyjBbAaIpeUw%F";
const UNPADDED: &str = "dmHMSI";
const SECOND: i64 = 1_000_000;
const ANOTHER_NAME: &str = "a function of Ibis's goes by another name";

impl Mender<'_> {
    pub(super) fn time(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let name = call.func.name();
        match (name, call.args.as_slice()) {
            ("to_char", [value, format]) => return self.written(value, format),
            ("from_unixtime", [count]) if count.get_type(around.schema)?.is_integer() => {
                return Ok(Some(self.since_epoch(count)));
            }
            ("from_unixtime", _) => self.differs(name, "the seconds are no whole number"),
            ("arrow_cast", [value, wanted]) => {
                let found = value.get_type(around.schema)?;
                let wanted = literal(wanted).unwrap_or_default();
                // Whole seconds are the same in every version of Ibis.
                if wanted == "Timestamp(Second, None)" && found.is_integer() {
                    return Ok(Some(self.since_epoch(value)));
                }
                if wanted.starts_with("Timestamp(") && found.is_numeric() {
                    self.differs(name, "a number of seconds becomes a time of another unit");
                }
            }
            ("extract_minute_timestamp" | "extract_minute_time", [value]) => {
                return self.part("minute", value, None);
            }
            ("extract_second_timestamp" | "extract_second_time", [value]) => {
                return self.part("second", value, None);
            }
            ("extract_hour_time", [value]) => return self.part("hour", value, None),
            // DataFusion counts from the minute on, Ibis from the second.
            ("extract_millisecond_timestamp" | "extract_millisecond_time", [value]) => {
                return self.part("millisecond", value, Some(1_000));
            }
            ("extract_microsecond", [value]) => {
                return self.part("microsecond", value, Some(1_000_000));
            }
            ("extract_epoch_seconds_timestamp" | "extract_epoch_seconds_date", [value]) => {
                return self.epoch(value, around);
            }
            _ => {}
        }
        Ok(None)
    }

    /// So many seconds after 1970.
    fn since_epoch(&mut self, count: &Expr) -> Expr {
        self.made("a count of seconds becomes a timestamp");
        let micros = cast(count.clone(), DataType::Int64) * lit(SECOND);
        cast(micros, timestamp(None))
    }

    fn part(&mut self, part: &str, value: &Expr, within: Option<i32>) -> Result<Option<Expr>> {
        self.made(ANOTHER_NAME);
        let found = self.call("date_part", vec![lit(part), value.clone()])?;
        Ok(Some(match within {
            Some(within) => found % lit(within),
            None => found,
        }))
    }

    /// Whole seconds since 1970, downwards.
    fn epoch(&mut self, value: &Expr, around: &Around<'_>) -> Result<Option<Expr>> {
        let zone = match value.get_type(around.schema)? {
            DataType::Timestamp(_, zone) => zone,
            DataType::Date32 => None,
            _ => return Ok(None),
        };
        if !self.repeatable(&[value]) {
            return Ok(None);
        }
        self.made(ANOTHER_NAME);
        let micros = cast(cast(value.clone(), timestamp(zone)), DataType::Int64);
        let rest = (micros.clone() % lit(SECOND) + lit(SECOND)) % lit(SECOND);
        Ok(Some((micros - rest) / lit(SECOND)))
    }

    fn written(&mut self, value: &Expr, format: &Expr) -> Result<Option<Expr>> {
        let Some(text) = literal(format) else {
            self.differs("to_char", "its format is computed");
            return Ok(None);
        };
        let mut codes = text.chars();
        while let Some(next) = codes.next() {
            if next != '%' {
                continue;
            }
            let known = match codes.next() {
                Some('f') => true,
                Some('-') => codes.next().is_some_and(|code| UNPADDED.contains(code)),
                Some(code) => CODES.contains(code),
                None => false,
            };
            if !known {
                self.differs("to_char", "engines read a code of its format differently");
                return Ok(None);
            }
        }
        if !text.contains("%f") {
            return Ok(None);
        }
        // `%%f` is no fraction.
        if text.contains("%%") {
            self.differs("to_char", "fractions of seconds have other digits");
            return Ok(None);
        }
        self.made("fractions of seconds have six digits");
        self.call("to_char", vec![value.clone(), lit(text.replace("%f", "%6f"))]).map(Some)
    }
}

fn timestamp(zone: Option<std::sync::Arc<str>>) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, zone)
}

fn cast(expr: Expr, to: DataType) -> Expr {
    match &expr {
        Expr::Literal(ScalarValue::Int64(_), _) if to == DataType::Int64 => expr,
        _ => Expr::Cast(Cast::new(Box::new(expr), to)),
    }
}
