"""Ibis's types as planc runs them.

An Ibis type leaves things open: a timestamp's unit, a decimal's digits. `settled` fills them in
as Ibis's DuckDB backend does. All intervals are one type, months, days and nanoseconds.
"""

from __future__ import annotations

import functools

import ibis.expr.datatypes as dt

from planc_ibis.producer.refusal import Refused

INTERVAL = dt.Interval("s")
BOOLEAN = dt.boolean
STRING = dt.string
INT32 = dt.int32
INT64 = dt.int64
UINT64 = dt.uint64
FLOAT64 = dt.float64
DATE = dt.date
TIMESTAMP = dt.Timestamp(scale=6)
TIME = dt.time

MOST_DIGITS = 38
# Decimal digits that hold every value of an integer type.
DIGITS = {1: 3, 2: 5, 4: 10, 8: 20}
UNITS = {0: 0, 1: 3, 2: 3, 3: 3, 4: 6, 5: 6, 6: 6, 7: 9, 8: 9, 9: 9}


class Duration(dt.Primitive):
    """The difference of two timestamps, which Ibis has no name for."""

    scalar = "IntervalScalar"
    column = "IntervalColumn"


DURATION = Duration()


class LargeString(dt.String):
    """Text with offsets of 64 bits, which some functions give."""


class StringView(dt.String):
    """Text as views, which some functions give."""


LARGE_STRING = LargeString()
STRING_VIEW = StringView()


@functools.lru_cache(maxsize=4096)
def settled(dtype: dt.DataType) -> dt.DataType:
    """The type that values of an Ibis type have in a plan. Refused: types that planc lacks."""
    null = dtype.nullable
    if dtype.is_timestamp():
        scale = 6 if dtype.scale is None else UNITS[dtype.scale]
        return dt.Timestamp(timezone=dtype.timezone, scale=scale, nullable=null)
    if dtype.is_decimal():
        precision = 18 if dtype.precision is None else dtype.precision
        scale = 3 if dtype.scale is None else dtype.scale
        if precision > MOST_DIGITS:
            raise Refused(str(dtype), f"a decimal has {MOST_DIGITS} digits at most")
        return dt.Decimal(precision, scale, nullable=null)
    if dtype.is_interval():
        return dt.Interval("s", nullable=null)
    if dtype.is_uuid():
        return dt.String(nullable=null)
    if dtype.is_string():
        return dt.String(nullable=null)
    if dtype.is_array():
        return dt.Array(settled(dtype.value_type), nullable=null)
    if dtype.is_map():
        key = settled(dtype.key_type).copy(nullable=False)
        return dt.Map(key, settled(dtype.value_type), nullable=null)
    if dtype.is_struct():
        return dt.Struct({name: settled(t) for name, t in dtype.items()}, nullable=null)
    plain = (
        dtype.is_boolean()
        or dtype.is_integer()
        or dtype.is_floating()
        or dtype.is_date()
        or dtype.is_time()
        or dtype.is_binary()
        or dtype.is_null()
        or isinstance(dtype, Duration)
    )
    if plain:
        return dtype
    raise Refused(str(dtype), "planc has no such type")


@functools.lru_cache(maxsize=4096)
def loose(dtype: dt.DataType) -> dt.DataType:
    """The type with every part nullable, for comparisons."""
    if dtype.is_array():
        return dt.Array(loose(dtype.value_type))
    if dtype.is_map():
        return dt.Map(loose(dtype.key_type), loose(dtype.value_type))
    if dtype.is_struct():
        return dt.Struct({name: loose(t) for name, t in dtype.items()})
    return dtype if dtype.nullable else dtype.copy(nullable=True)


def same(one: dt.DataType, other: dt.DataType) -> bool:
    """Whether two settled types differ in nullability at most."""
    return one is other or loose(one) == loose(other)


def unified(one: dt.DataType, other: dt.DataType) -> dt.DataType:
    """The type in which values of two settled types are compared or mixed."""
    if same(one, other):
        return one if one.nullable else other
    null = one.nullable or other.nullable
    if one.is_null():
        return other.copy(nullable=True)
    if other.is_null():
        return one.copy(nullable=True)
    if one.is_boolean() and other.is_numeric():
        return other.copy(nullable=null)
    if other.is_boolean() and one.is_numeric():
        return one.copy(nullable=null)
    if one.is_integer() and other.is_integer():
        return integers(one, other).copy(nullable=null)
    if one.is_numeric() and other.is_numeric():
        if one.is_floating() or other.is_floating():
            both = one.is_floating() and other.is_floating()
            if both and max(one.nbytes, other.nbytes) <= 4:
                return dt.Float32(nullable=null)
            return dt.Float64(nullable=null)
        return decimals(decimal_of(one), decimal_of(other)).copy(nullable=null)
    dates = (one.is_date() or one.is_timestamp()) and (other.is_date() or other.is_timestamp())
    if dates:
        scale = max(getattr(one, "scale", 0) or 0, getattr(other, "scale", 0) or 0)
        zone = getattr(one, "timezone", None) or getattr(other, "timezone", None)
        return dt.Timestamp(timezone=zone, scale=scale, nullable=null)
    if one.is_array() and other.is_array():
        return dt.Array(unified(one.value_type, other.value_type), nullable=null)
    if one.is_map() and other.is_map():
        key = unified(one.key_type, other.key_type)
        return dt.Map(key, unified(one.value_type, other.value_type), nullable=null)
    raise Refused("a mixture of types", f"{one} and {other} have no type in common")


def integers(one: dt.DataType, other: dt.DataType) -> dt.DataType:
    """The smallest integer type that holds both."""
    if one.is_unsigned_integer() == other.is_unsigned_integer():
        return one if one.nbytes >= other.nbytes else other
    signed, unsigned = (other, one) if one.is_unsigned_integer() else (one, other)
    needed = max(signed.nbytes, unsigned.nbytes * 2)
    if needed > 8:
        return dt.Decimal(20, 0)
    return {2: dt.int16, 4: dt.int32, 8: dt.int64}[needed]


def decimal_of(dtype: dt.DataType) -> dt.DataType:
    """The decimal type that holds a decimal's or an integer's values."""
    if dtype.is_decimal():
        return dtype
    return dt.Decimal(DIGITS[dtype.nbytes], 0, nullable=dtype.nullable)


def decimals(one: dt.DataType, other: dt.DataType) -> dt.DataType:
    """The decimal type that holds the values of both."""
    scale = max(one.scale, other.scale)
    whole = max(one.precision - one.scale, other.precision - other.scale)
    if whole + scale > MOST_DIGITS:
        raise Refused("a mixture of decimals", f"{one} and {other} need over {MOST_DIGITS} digits")
    return dt.Decimal(whole + scale, scale)
