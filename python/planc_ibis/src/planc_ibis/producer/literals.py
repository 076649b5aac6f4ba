"""Literals. Nothing here reads the clock, the locale or the zone of the machine."""

from __future__ import annotations

import datetime as pydt
import decimal
import math
from typing import Any

import ibis.expr.datatypes as dt
from substrait import algebra_pb2

from planc_ibis.producer import types
from planc_ibis.producer.extensions import Extensions
from planc_ibis.producer.refusal import Refused

Expression = algebra_pb2.Expression
Literal = Expression.Literal

EPOCH = pydt.date(1970, 1, 1)
EXACT = decimal.Context(prec=100)
MICROSECOND = 1_000_000
SECONDS = {"W": 604_800, "D": 86_400, "h": 3_600, "m": 60, "s": 1}
FRACTIONS = {"ms": 1_000_000, "us": 1_000, "ns": 1}


def null(dtype: dt.DataType, extensions: Extensions) -> bytes:
    """NULL of a type."""
    kind = types.encode(dtype.copy(nullable=True), extensions)
    return written(Literal(null=kind, nullable=True))


def scalar(value: Any, dtype: dt.DataType) -> bytes | None:
    """A value of a flat settled type; nothing where the type has no literal of its own."""
    literal = _literal(value, dtype)
    return None if literal is None else written(literal)


def written(literal: algebra_pb2.Expression.Literal) -> bytes:
    """The expression of a literal."""
    return Expression(literal=literal).SerializeToString(deterministic=True)


def _literal(value: Any, dtype: dt.DataType) -> algebra_pb2.Expression.Literal | None:
    if dtype.is_boolean():
        return Literal(boolean=bool(value))
    if dtype.is_unsigned_integer() or dtype.is_float16():
        return None
    if dtype.is_int8():
        return Literal(i8=int(value))
    if dtype.is_int16():
        return Literal(i16=int(value))
    if dtype.is_int32():
        return Literal(i32=int(value))
    if dtype.is_int64():
        return Literal(i64=int(value))
    if dtype.is_float32():
        return Literal(fp32=float(value))
    if dtype.is_float64():
        return Literal(fp64=float(value))
    if dtype.is_string():
        return Literal(string=str(value))
    if dtype.is_binary():
        return Literal(binary=bytes(value))
    if dtype.is_decimal():
        return Literal(decimal=_decimal(value, dtype))
    if dtype.is_date():
        return Literal(date=(date(value) - EPOCH).days)
    if dtype.is_time():
        clock = time(value)
        seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
        micros = seconds * MICROSECOND + clock.microsecond
        return Literal(precision_time=Literal.PrecisionTime(precision=6, value=micros))
    if dtype.is_timestamp():
        return _timestamp(value, dtype)
    return None


def _decimal(value: Any, dtype: dt.Decimal) -> algebra_pb2.Expression.Literal.Decimal:
    exact = decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value)
    if not exact.is_finite():
        raise Refused("Literal", f"{value} is no decimal")
    scaled = exact.scaleb(dtype.scale, EXACT)
    if scaled != scaled.to_integral_value() or len(str(abs(int(scaled)))) > dtype.precision:
        raise Refused("Literal", f"{value} does not fit {dtype}")
    return Literal.Decimal(
        value=int(scaled).to_bytes(16, "little", signed=True),
        precision=dtype.precision,
        scale=dtype.scale,
    )


def date(value: Any) -> pydt.date:
    """A date from what Ibis keeps in a literal."""
    if isinstance(value, pydt.datetime):
        return value.date()
    if isinstance(value, pydt.date):
        return value
    return pydt.date.fromisoformat(str(value))


def time(value: Any) -> pydt.time:
    """A time of day from what Ibis keeps in a literal."""
    return value if isinstance(value, pydt.time) else pydt.time.fromisoformat(str(value))


def _timestamp(value: Any, dtype: dt.Timestamp) -> algebra_pb2.Expression.Literal | None:
    if not isinstance(value, pydt.datetime):
        if isinstance(value, pydt.date):
            value = pydt.datetime(value.year, value.month, value.day)
        else:
            value = pydt.datetime.fromisoformat(str(value))
    # pandas keeps nanoseconds beside the microseconds.
    nanos = getattr(value, "nanosecond", 0)
    if value.tzinfo is not None:
        value = value.astimezone(pydt.timezone.utc).replace(tzinfo=None)
    elif dtype.timezone not in (None, "UTC"):
        return None
    plain = pydt.datetime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
    )
    delta = plain - pydt.datetime(1970, 1, 1)
    micros = (delta.days * 86_400 + delta.seconds) * MICROSECOND + delta.microseconds
    scaled, rest = divmod(micros * 1_000 + nanos, 10 ** (9 - dtype.scale))
    if rest:
        raise Refused("Literal", f"{value} has more digits than {dtype}")
    if dtype.timezone is None:
        stamp = Literal.PrecisionTimestamp(precision=dtype.scale, value=scaled)
        return Literal(precision_timestamp=stamp)
    if dtype.timezone == "UTC":
        stamp = Literal.PrecisionTimestamp(precision=dtype.scale, value=scaled)
        return Literal(precision_timestamp_tz=stamp)
    return None


def parts(value: int, unit: str) -> tuple[int, int, int]:
    """An interval's months, days and nanoseconds."""
    if unit == "Y":
        return value * 12, 0, 0
    if unit == "Q":
        return value * 3, 0, 0
    if unit == "M":
        return value, 0, 0
    if unit in ("W", "D"):
        return 0, value * (7 if unit == "W" else 1), 0
    if unit in SECONDS:
        return 0, 0, value * SECONDS[unit] * 1_000_000_000
    return 0, 0, value * FRACTIONS[unit]


def interval(months: int, days: int, nanos: int) -> bytes:
    """An interval of months, days and nanoseconds."""
    seconds, rest = divmod(abs(nanos), 1_000_000_000)
    sign = -1 if nanos < 0 else 1
    if max(abs(months), abs(days), seconds) >= 1 << 31:
        raise Refused("Literal", "an interval is out of range")
    years, month = divmod(abs(months), 12)
    part = -1 if months < 0 else 1
    compound = Literal.IntervalCompound(
        interval_year_to_month=Literal.IntervalYearToMonth(years=part * years, months=part * month),
        interval_day_to_second=Literal.IntervalDayToSecond(
            days=days, seconds=sign * seconds, subseconds=sign * rest, precision=9
        ),
    )
    return written(Literal(interval_compound=compound))


def recast(value: Any, source: dt.DataType, target: dt.DataType) -> Any:
    """A literal's value in another type, where no digit is lost; else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and source.is_string():
        try:
            if target.is_date():
                return date(value) if len(value) == 10 else None
            if target.is_timestamp():
                stamp = pydt.datetime.fromisoformat(value)
                return stamp if stamp.tzinfo is None else None
            if target.is_time():
                return time(value)
        except ValueError:
            raise Refused("Literal", f"{value!r} is no {target}") from None
        return None
    if target.is_timestamp() and source.is_date():
        return value
    if not (source.is_numeric() and target.is_numeric()):
        return None
    if target.is_integer():
        low, high = target.bounds
        whole = not isinstance(value, float) or (math.isfinite(value) and value == int(value))
        return int(value) if whole and value == int(value) and low <= value <= high else None
    if target.is_floating():
        return float(value)
    if target.is_decimal():
        if isinstance(value, float) and not math.isfinite(value):
            return None
        exact = decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value)
        scaled = exact.scaleb(target.scale, EXACT)
        fits = scaled == scaled.to_integral_value()
        return exact if fits and len(str(abs(int(scaled)))) <= target.precision else None
    return None
