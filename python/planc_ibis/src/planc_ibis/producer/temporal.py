"""Dates, timestamps, times of day and intervals."""

from __future__ import annotations

import re
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from planc_ibis.producer import dtypes, literals
from planc_ibis.producer.casts import constant_text, since_epoch
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Scope, Typed

INT32 = dtypes.INT32
INT64 = dtypes.INT64
PARTS = {
    "ExtractYear": "YEAR",
    "ExtractIsoYear": "ISOYEAR",
    "ExtractMonth": "MONTH",
    "ExtractDay": "DAY",
    "ExtractDayOfYear": "DOY",
    "ExtractQuarter": "QUARTER",
    "ExtractWeekOfYear": "WEEK",
    "ExtractHour": "HOUR",
    "ExtractMinute": "MINUTE",
    "ExtractSecond": "SECOND",
    "ExtractMillisecond": "MILLISECOND",
    "ExtractMicrosecond": "MICROSECOND",
}
WITHIN = {"ExtractMillisecond": 1_000, "ExtractMicrosecond": 1_000_000}
UNITS = {
    "Y": "year",
    "Q": "quarter",
    "M": "month",
    "W": "week",
    "D": "day",
    "h": "hour",
    "m": "minute",
    "s": "second",
    "ms": "millisecond",
    "us": "microsecond",
}
NAMES = {
    "Y": "years",
    "Q": "months",
    "M": "months",
    "W": "days",
    "D": "days",
    "h": "hours",
    "m": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
# Codes of strftime that DuckDB and DataFusion write alike.
CODES = frozenset("YmdHMSyjBbAaIpe%F") | {"-d", "-m", "-H", "-M", "-S", "-I"}
CLOCK = frozenset("HMSIpf")
MICROSECONDS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


def part(producer: Producer, name: str, argument: Typed) -> Typed:
    """A part of a date, timestamp or time, as an int32."""
    which = producer.literal(name, dtypes.STRING)
    return producer.scalar("date_part", which, argument, returns=INT32, nullable=argument.nullable)


@value(*PARTS)
def extract(producer: Producer, op: Any, scope: Scope) -> Typed:
    name = type(op).__name__
    found = part(producer, PARTS[name], utc_only(producer.value(op.arg, scope), name))
    within = WITHIN.get(name)
    if within is None:
        return found
    # DataFusion counts from the minute on, Ibis from the second.
    return producer.operator("Modulo", found, producer.literal(within, INT32), INT32)


def utc_only(typed: Typed, name: str) -> Typed:
    """An instant whose parts are those of UTC."""
    if typed.dtype.is_timestamp() and typed.dtype.timezone not in (None, "UTC"):
        raise Refused(name, f"the parts of {typed.dtype} depend on the session's zone")
    return typed


@value("ExtractEpochSeconds")
def epoch(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.cast(
        producer.value(op.arg, scope),
        dt.Timestamp(timezone=op.arg.dtype.timezone, scale=6)
        if op.arg.dtype.is_timestamp()
        else dtypes.TIMESTAMP,
    )
    micros = producer.cast(argument, INT64)
    return producer.as_said(floor_by(producer, micros, 1_000_000), op)


def floor_by(producer: Producer, count: Typed, unit: int) -> Typed:
    """Whole units of a count, downwards."""
    size = producer.literal(unit, INT64)
    rest = producer.operator("Modulo", count, size, INT64)
    rest = producer.operator("Plus", rest, size, INT64)
    rest = producer.operator("Modulo", rest, size, INT64)
    whole = producer.operator("Minus", count, rest, INT64)
    return producer.operator("Divide", whole, size, INT64)


def weekday(producer: Producer, argument: Typed) -> Typed:
    """The day of the week, Monday 0."""
    sunday_first = part(producer, "DOW", argument)
    shifted = producer.operator("Plus", sunday_first, producer.literal(6, INT32), INT32)
    return producer.operator("Modulo", shifted, producer.literal(7, INT32), INT32)


@value("DayOfWeekIndex")
def day_index(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = utc_only(producer.value(op.arg, scope), "DayOfWeekIndex")
    return producer.as_said(weekday(producer, argument), op)


@value("DayOfWeekName")
def day_name(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = utc_only(producer.value(op.arg, scope), "DayOfWeekName")
    day = weekday(producer, argument)
    english = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    branches = [
        (
            producer.compare("Eq", day, producer.literal(at, INT32)),
            producer.literal(name, dtypes.STRING),
        )
        for at, name in enumerate(english)
    ]
    return producer.case(branches, None, dtypes.STRING)


@value("Date")
def to_date(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.cast(utc_only(producer.value(op.arg, scope), "Date"), dtypes.DATE)


@value("Time")
def to_time(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.cast(utc_only(producer.value(op.arg, scope), "Time"), dtypes.TIME)


def truncated(producer: Producer, argument: Typed, unit: str) -> Typed:
    """The begin of the unit that a timestamp lies in."""
    which = producer.literal(unit, dtypes.STRING)
    dtype = argument.dtype
    return producer.scalar("date_trunc", which, argument, returns=dtype)


@value("TimestampTruncate", "DateTruncate", "TimeTruncate")
def truncate(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = utc_only(producer.value(op.arg, scope), type(op).__name__)
    unit = UNITS.get(op.unit.short)
    if unit is None:
        raise Refused(type(op).__name__, f"there are no whole {op.unit.plural}")
    if argument.dtype.is_date():
        stamp = producer.cast(argument, dtypes.TIMESTAMP)
        return producer.cast(truncated(producer, stamp, unit), dtypes.DATE)
    return truncated(producer, argument, unit)


@value("TimestampBucket")
def bucket(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    if argument.dtype.timezone is not None:
        raise Refused("TimestampBucket", "buckets of instants depend on the session's zone")
    if op.interval.dtype.unit.short in ("Y", "Q", "M"):
        raise Refused("TimestampBucket", "buckets of months begin elsewhere in DataFusion")
    size = producer.value(op.interval, scope)
    nanos = dt.Timestamp(scale=9)
    origin = producer.literal("1970-01-01T00:00:00", nanos)
    if op.offset is not None:
        origin = producer.operator("Plus", origin, producer.value(op.offset, scope), nanos)
    wide = producer.cast(argument, nanos)
    found = producer.scalar("date_bin", size, wide, origin, returns=nanos)
    return producer.cast(found, argument.dtype)


@value("DateAdd", "DateSub", "TimestampAdd", "TimestampSub")
def shift(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.values((op.left, op.right), scope)
    name = "Plus" if type(op).__name__.endswith("Add") else "Minus"
    if not right.dtype.is_interval():
        raise Refused(type(op).__name__, f"{right.dtype} is no interval")
    return producer.operator(name, left, right, left.dtype)


@value("DateDiff")
def days_between(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = (day_number(producer, s) for s in producer.values((op.left, op.right), scope))
    days = producer.operator("Minus", left, right, INT64)
    day = producer.literal(86_400_000_000, INT64)
    micros = producer.operator("Multiply", days, day, INT64)
    return elapsed(producer, producer.cast(micros, dtypes.DURATION))


def day_number(producer: Producer, date: Typed) -> Typed:
    """The days of a date since 1970."""
    return producer.cast(producer.cast(date, INT32), INT64)


@value("TimestampDiff")
def time_between(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.alike(producer.values((op.left, op.right), scope))
    wide = dt.Timestamp(timezone=left.dtype.timezone, scale=6)
    left, right = producer.cast(left, wide), producer.cast(right, wide)
    return elapsed(producer, producer.operator("Minus", left, right, dtypes.DURATION))


def elapsed(producer: Producer, duration: Typed) -> Typed:
    """A duration as an interval."""
    return producer.cast(duration, dtypes.INTERVAL)


@value("DateDelta", "TimestampDelta")
def boundaries(producer: Producer, op: Any, scope: Scope) -> Typed:
    """How many boundaries of a unit lie between two instants."""
    unit = constant_text(op.part, type(op).__name__, "its unit")
    ends = producer.alike(producer.values((op.left, op.right), scope))
    ends = [utc_only(end, type(op).__name__) for end in ends]
    if unit in ("year", "quarter", "month"):
        one, other = (months_of(producer, end, unit) for end in ends)
    else:
        one, other = (units_of(producer, end, unit) for end in ends)
    return producer.operator("Minus", one, other, INT64)


def months_of(producer: Producer, end: Typed, unit: str) -> Typed:
    """Years, quarters or months since year 0."""
    year = producer.cast(part(producer, "YEAR", end), INT64)
    if unit == "year":
        return year
    within = producer.cast(part(producer, unit.upper(), end), INT64)
    count = producer.literal(4 if unit == "quarter" else 12, INT64)
    whole = producer.operator("Multiply", year, count, INT64)
    return producer.operator("Plus", whole, within, INT64)


def units_of(producer: Producer, end: Typed, unit: str) -> Typed:
    """Days or shorter units since 1970."""
    if unit == "week":
        raise Refused("TemporalDelta", "engines begin weeks on different days")
    if unit == "day":
        return day_number(producer, producer.cast(end, dtypes.DATE))
    micros = producer.cast(producer.cast(end, dtypes.TIMESTAMP), INT64)
    if unit in MICROSECONDS:
        return floor_by(producer, micros, MICROSECONDS[unit])
    if unit == "millisecond":
        return floor_by(producer, micros, 1_000)
    if unit == "microsecond":
        return micros
    raise Refused("TemporalDelta", f"there are no boundaries of the unit {unit!r}")


@value("TimestampFromUNIX")
def from_unix(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    micros = {"s": 1_000_000, "ms": 1_000, "us": 1}.get(op.unit.short)
    if micros is None or not argument.dtype.is_integer():
        raise Refused("TimestampFromUNIX", "it is no whole number of seconds or parts of them")
    return since_epoch(producer, argument, micros, dtypes.TIMESTAMP)


@value("DateFromYMD")
def from_parts(producer: Producer, op: Any, scope: Scope) -> Typed:
    return date_of(producer, (op.year, op.month, op.day), scope)


def date_of(producer: Producer, numbers: tuple[Any, ...], scope: Scope) -> Typed:
    """A date of year, month and day."""
    arguments = [producer.cast(number, INT32) for number in producer.values(numbers, scope)]
    return producer.scalar("make_date", *arguments, returns=dtypes.DATE)


def micros_of(producer: Producer, numbers: tuple[Any, ...], scope: Scope) -> Typed:
    """Hours, minutes and seconds in microseconds."""
    total: Typed | None = None
    sizes = (3_600_000_000, 60_000_000, 1_000_000)
    for number, size in zip(producer.values(numbers, scope), sizes, strict=True):
        if not number.dtype.is_integer():
            raise Refused("a time of day", "its seconds are no whole number")
        count = producer.cast(number, INT64)
        one = producer.operator("Multiply", count, producer.literal(size, INT64), INT64)
        total = one if total is None else producer.operator("Plus", total, one, INT64)
    assert total is not None
    return total


@value("TimeFromHMS")
def time_from_parts(producer: Producer, op: Any, scope: Scope) -> Typed:
    micros = micros_of(producer, (op.hours, op.minutes, op.seconds), scope)
    return producer.cast(micros, dtypes.TIME)


@value("TimestampFromYMDHMS")
def timestamp_from_parts(producer: Producer, op: Any, scope: Scope) -> Typed:
    day = producer.cast(date_of(producer, (op.year, op.month, op.day), scope), dtypes.TIMESTAMP)
    micros = micros_of(producer, (op.hours, op.minutes, op.seconds), scope)
    total = producer.operator("Plus", producer.cast(day, INT64), micros, INT64)
    return producer.cast(total, dtypes.TIMESTAMP)


def codes_of(op: Any, name: str) -> tuple[str, bool]:
    """A format, and whether it has the time of day. All its codes mean the same everywhere."""
    text = constant_text(op.format_str, name, "its format")
    codes = re.findall(r"%(-?.|$)", text)
    for code in codes:
        if code not in CODES and code != "f":
            raise Refused(name, f"engines read %{code} in different ways")
    clock = any(code.lstrip("-") in CLOCK for code in codes)
    return text, clock


@value("Strftime")
def strftime(producer: Producer, op: Any, scope: Scope) -> Typed:
    text, clock = codes_of(op, "Strftime")
    argument = utc_only(producer.value(op.arg, scope), "Strftime")
    if argument.dtype.is_time():
        raise Refused("Strftime", "planc does not format times of day")
    if argument.dtype.is_date() and clock:
        argument = producer.cast(argument, dtypes.TIMESTAMP)
    # %f has six digits in DuckDB and nine in DataFusion.
    pattern = producer.literal(text.replace("%f", "%6f"), dtypes.STRING)
    return producer.scalar("to_char", argument, pattern, returns=dtypes.STRING)


@value("StringToTimestamp", "StringToDate")
def parse(producer: Producer, op: Any, scope: Scope) -> Typed:
    text, clock = codes_of(op, type(op).__name__)
    if "%f" in text:
        raise Refused(type(op).__name__, "engines read %f in different ways")
    argument = producer.value(op.arg, scope)
    pattern = producer.literal(text, dtypes.STRING)
    if not clock:
        found = producer.scalar("to_date", argument, pattern, returns=dtypes.DATE)
    else:
        stamp = dt.Timestamp(timezone="UTC", scale=6)
        found = producer.scalar("to_timestamp_micros", argument, pattern, returns=stamp)
    return producer.cast(found, dtypes.settled(op.dtype))


@value("TimestampNow")
def now(producer: Producer, op: Any, scope: Scope) -> Typed:
    found = producer.scalar("now", returns=dt.Timestamp(timezone="UTC", scale=9), nullable=False)
    return producer.cast(found, dtypes.TIMESTAMP)


@value("DateNow")
def today(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.scalar("current_date", returns=dtypes.DATE, nullable=False)


@value("IntervalFromInteger")
def from_integer(producer: Producer, op: Any, scope: Scope) -> Typed:
    return interval_of(producer, op.arg, op.unit.short, scope)


def interval_of(producer: Producer, op: Any, unit: str, scope: Scope) -> Typed:
    """So many units."""
    count = producer.value(op, scope)
    if not count.dtype.is_integer():
        raise Refused("an interval", f"{count.dtype} counts no whole {NAMES[unit]}")
    if count.is_literal:
        interval = literals.interval(*literals.parts(int(count.value), unit))
        return Typed(interval, dtypes.INTERVAL.copy(nullable=False))
    count = producer.cast(count, INT64)
    times = {"Q": 3, "W": 7}.get(unit)
    if times is not None:
        count = producer.operator("Multiply", count, producer.literal(times, INT64), INT64)
    words = (
        producer.cast(count, dtypes.STRING),
        producer.literal(f" {NAMES[unit]}", dtypes.STRING),
    )
    text = producer.call("operator:StringConcat", words, dtypes.STRING)
    return producer.cast(text, dtypes.INTERVAL)


@value("IntervalAdd", "IntervalSubtract", "IntervalMultiply")
def fold(producer: Producer, op: Any, scope: Scope) -> Typed:
    parts = constant_parts(op)
    if parts is None:
        if not isinstance(op, ops.IntervalMultiply):
            left, right = producer.values((op.left, op.right), scope)
            name = "Plus" if isinstance(op, ops.IntervalAdd) else "Minus"
            return producer.operator(name, left, right, dtypes.INTERVAL)
        raise Refused("IntervalMultiply", "planc multiplies constant intervals only")
    return Typed(literals.interval(*parts), dtypes.INTERVAL.copy(nullable=False))


def constant_parts(op: Any) -> tuple[int, int, int] | None:
    """The months, days and nanoseconds of a constant interval."""
    if isinstance(op, ops.Literal) and op.dtype.is_interval() and op.value is not None:
        return literals.parts(int(op.value), op.dtype.unit.short)
    if isinstance(op, ops.IntervalFromInteger) and isinstance(op.arg, ops.Literal):
        return literals.parts(int(op.arg.value), op.unit.short)
    if isinstance(op, ops.IntervalMultiply):
        parts = constant_parts(op.left)
        factor = getattr(op.right, "value", None)
        if parts is None or not isinstance(factor, int):
            return None
        return (parts[0] * factor, parts[1] * factor, parts[2] * factor)
    if isinstance(op, ops.IntervalAdd | ops.IntervalSubtract):
        one, other = constant_parts(op.left), constant_parts(op.right)
        if one is None or other is None:
            return None
        sign = 1 if isinstance(op, ops.IntervalAdd) else -1
        months, days, nanos = (a + sign * b for a, b in zip(one, other, strict=True))
        return months, days, nanos
    return None
