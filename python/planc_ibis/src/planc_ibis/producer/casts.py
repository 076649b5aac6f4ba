"""Casts. Ibis rounds where numbers become integers, DataFusion cuts off."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from planc_ibis.producer import dtypes
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Scope, Typed

MICROSECOND = 1_000_000


@value("Cast", "TryCast")
def cast(producer: Producer, op: Any, scope: Scope) -> Typed:
    safe = isinstance(op, ops.TryCast)
    if op.to.is_interval():
        from planc_ibis.producer.temporal import interval_of

        return interval_of(producer, op.arg, op.to.unit.short, scope)
    operand = producer.value(op.arg, scope)
    if op.to.is_uuid() and not op.arg.dtype.is_uuid() and not operand.is_literal:
        raise Refused("Cast", "planc does not check whether text is a UUID")
    return converted(producer, operand, dtypes.settled(op.to), safe=safe)


def converted(producer: Producer, operand: Typed, to: dt.DataType, *, safe: bool) -> Typed:
    """A value in another type, as Ibis's DuckDB backend converts it."""
    source = operand.dtype
    if dtypes.same(source, to) or operand.value is None:
        return producer.cast(operand, to)
    if safe and source.is_string() and not to.is_string():
        raise Refused("TryCast", f"engines read {to} in text in different ways")
    if to.is_integer():
        return to_integer(producer, operand, to, safe)
    if to.is_string():
        return to_string(producer, operand)
    if to.is_timestamp() and source.is_numeric():
        return from_seconds(producer, operand, to)
    if to.is_boolean() and source.is_numeric():
        zero = producer.cast(producer.literal(0, dt.int8), source)
        return producer.compare("NotEq", operand, zero)
    if to.is_array() and source.is_array() and not plain(source.value_type, to.value_type):
        raise Refused("Cast", f"the items of {source} do not become {to} one by one")
    if to.is_struct() or to.is_map():
        raise Refused("Cast", f"planc does not turn {source} into {to}")
    if to.is_decimal() and source.is_string():
        # Half of the last digit rounds up in one engine and is refused by the other.
        return producer.cast(operand, to, safe=safe)
    if to.is_binary() and not source.is_string():
        raise Refused("Cast", f"{source} has no bytes")
    if to.is_time() and not (source.is_timestamp() or source.is_string()):
        raise Refused("Cast", f"{source} has no time of day")
    if source.is_interval() or (source.is_binary() and not to.is_string()):
        raise Refused("Cast", f"planc does not turn {source} into {to}")
    return producer.cast(operand, to, safe=safe)


def plain(source: dt.DataType, to: dt.DataType) -> bool:
    """Whether items of one type become the other without rounding or text."""
    if dtypes.same(source, to):
        return True
    if source.is_integer():
        return bool(to.is_integer() or to.is_floating())
    return bool(source.is_floating() and to.is_floating())


def to_integer(producer: Producer, operand: Typed, to: dt.DataType, safe: bool) -> Typed:
    """An integer: floats round half to even, decimals half away from zero."""
    source = operand.dtype
    if source.is_floating():
        operand = nearest(producer, producer.cast(operand, dtypes.FLOAT64))
    elif source.is_decimal() and source.scale > 0:
        whole = min(source.precision - source.scale + 1, dtypes.MOST_DIGITS)
        operand = producer.cast(operand, dt.Decimal(whole, 0))
    elif source.is_timestamp() or source.is_date() or source.is_time() or source.is_interval():
        raise Refused("Cast", f"{source} is no number")
    elif source.is_binary():
        raise Refused("Cast", "bytes are no number")
    return producer.cast(operand, to, safe=safe)


def nearest(producer: Producer, operand: Typed) -> Typed:
    """The nearest whole number of a float, the even one of two."""
    if operand.is_literal:
        return producer.literal(float(round(operand.value)), dtypes.FLOAT64)
    float64 = dtypes.FLOAT64

    def call(name: str, argument: Typed) -> Typed:
        return producer.scalar(name, argument, returns=float64, nullable=operand.nullable)

    floor = call("floor", operand)
    rest = producer.operator("Minus", operand, floor, float64)
    half = producer.literal(0.5, float64)
    two = producer.literal(2.0, float64)
    even = producer.operator(
        "Multiply",
        two,
        call("round", producer.operator("Divide", operand, two, float64)),
        float64,
    )
    tie = producer.compare("Eq", rest, half)
    return producer.case([(tie, even)], call("round", operand), float64)


def to_string(producer: Producer, operand: Typed) -> Typed:
    """Text, where both engines write the same."""
    source = operand.dtype
    if source.is_timestamp():
        return timestamp_text(producer, operand)
    if source.is_floating():
        raise Refused("Cast", "engines write floats as text in different ways")
    if source.is_nested() or source.is_interval() or source.is_binary():
        raise Refused("Cast", f"engines write {source} as text in different ways")
    return producer.cast(operand, dtypes.STRING)


def timestamp_text(producer: Producer, operand: Typed) -> Typed:
    """A timestamp as `2026-01-02 03:04:05.6`."""
    if operand.dtype.timezone is not None:
        raise Refused("Cast", "the text of an instant depends on the session's zone")
    text = producer.cast(operand, dtypes.STRING)

    def string(value: str) -> Typed:
        return producer.literal(value, dtypes.STRING)

    spaced = producer.scalar("replace", text, string("T"), string(" "), returns=dtypes.STRING)
    point = producer.scalar("strpos", spaced, string("."), returns=dtypes.INT32)
    fraction = producer.compare("Gt", point, producer.literal(0, dtypes.INT32))
    short = producer.scalar("rtrim", spaced, string("0"), returns=dtypes.STRING)
    return producer.case([(fraction, short)], spaced, dtypes.STRING)


def from_seconds(producer: Producer, operand: Typed, to: dt.DataType) -> Typed:
    """The instant some seconds after 1970."""
    if not operand.dtype.is_integer():
        raise Refused("Cast", f"{operand.dtype} counts no whole seconds")
    return since_epoch(producer, operand, MICROSECOND, to)


def since_epoch(producer: Producer, operand: Typed, micros: int, to: dt.DataType) -> Typed:
    """The instant some units after 1970, a unit in microseconds."""
    count = producer.cast(operand, dtypes.INT64)
    if micros != 1:
        factor = producer.literal(micros, dtypes.INT64)
        count = producer.operator("Multiply", count, factor, dtypes.INT64)
    stamp = producer.cast(count, dt.Timestamp(timezone=to.timezone, scale=6))
    return producer.cast(stamp, to)


def constant_text(op: Any, name: str, what: str) -> str:
    """The value of a string literal."""
    if isinstance(op, ops.Literal) and isinstance(op.value, str):
        return op.value
    raise Refused(name, f"{what} is no constant")
