"""Arithmetic in Ibis's types: `/` is float, `//` floors, integers widen before they are added."""

from __future__ import annotations

import math
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from planc_ibis.producer import dtypes
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Scope, Typed

ARITHMETIC = {"Add": "Plus", "Subtract": "Minus", "Multiply": "Multiply", "Modulus": "Modulo"}
BITWISE = {
    "BitwiseAnd": "BitwiseAnd",
    "BitwiseOr": "BitwiseOr",
    "BitwiseXor": "BitwiseXor",
    "BitwiseLeftShift": "BitwiseShiftLeft",
    "BitwiseRightShift": "BitwiseShiftRight",
}
# Functions of one float.
FLOAT = {
    "Exp": "exp",
    "Sqrt": "sqrt",
    "Ln": "ln",
    "Log2": "log2",
    "Log10": "log10",
    "Degrees": "degrees",
    "Radians": "radians",
    "Acos": "acos",
    "Asin": "asin",
    "Atan": "atan",
    "Cos": "cos",
    "Cot": "cot",
    "Sin": "sin",
    "Tan": "tan",
}


@value(*ARITHMETIC)
def arithmetic(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.values((op.left, op.right), scope)
    name = ARITHMETIC[type(op).__name__]
    kinds = (left.dtype, right.dtype)
    if any(kind.is_decimal() for kind in kinds) and not any(kind.is_floating() for kind in kinds):
        return decimal(producer, name, left, right)
    wanted = dtypes.settled(op.dtype)
    if wanted.is_decimal():
        # Of a decimal and a float comes a float, as in every engine.
        wanted = dtypes.FLOAT64
    left, right = producer.cast(left, wanted), producer.cast(right, wanted)
    return producer.operator(name, left, right, wanted)


def decimal(producer: Producer, name: str, left: Typed, right: Typed) -> Typed:
    """Decimal arithmetic with all the digits that it has. Integers count as 20 digits."""
    left, right = as_decimal(producer, left), as_decimal(producer, right)
    one, other = left.dtype, right.dtype
    most = dtypes.MOST_DIGITS
    if name == "Multiply":
        precision, scale = one.precision + other.precision + 1, one.scale + other.scale
    else:
        scale = max(one.scale, other.scale)
        wholes = (one.precision - one.scale, other.precision - other.scale)
        precision = min(wholes) + scale if name == "Modulo" else max(wholes) + scale + 1
    if scale > most:
        raise Refused(name, f"the result has more than {most} decimal places")
    return producer.operator(name, left, right, dt.Decimal(min(precision, most), scale))


def as_decimal(producer: Producer, typed: Typed) -> Typed:
    """A number as a decimal; an integer literal as SQL's integer literals are, of 64 bits."""
    if typed.dtype.is_decimal():
        return typed
    if typed.is_literal:
        return producer.literal(int(typed.value), dt.Decimal(20, 0))
    if typed.dtype.is_boolean():
        typed = producer.cast(typed, dtypes.INT64)
    return producer.cast(typed, dtypes.decimal_of(typed.dtype))


def floated(producer: Producer, typed: Typed) -> Typed:
    """A number as a float64."""
    if typed.dtype.is_boolean():
        typed = producer.cast(typed, dtypes.INT64)
    return producer.cast(typed, dtypes.FLOAT64)


@value("Divide")
def divide(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = (floated(producer, side) for side in producer.values((op.left, op.right), scope))
    return producer.operator("Divide", left, right, dtypes.FLOAT64)


@value("FloorDivide")
def floor_divide(producer: Producer, op: Any, scope: Scope) -> Typed:
    quotient = divide(producer, op, scope)
    floor = producer.scalar("floor", quotient, returns=dtypes.FLOAT64, nullable=quotient.nullable)
    return producer.cast(floor, dtypes.INT64)


@value("Power")
def power(producer: Producer, op: Any, scope: Scope) -> Typed:
    base, exponent = (floated(producer, s) for s in producer.values((op.left, op.right), scope))
    raised = producer.scalar("power", base, exponent, returns=dtypes.FLOAT64)
    return producer.as_said(raised, op)


@value("Negate")
def negate(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    dtype = dtypes.INT64 if argument.dtype.is_unsigned_integer() else argument.dtype
    argument = producer.cast(argument, dtype)
    if argument.is_literal and isinstance(argument.value, int | float):
        return producer.literal(-argument.value, dtype)
    return producer.call("form:Negative", (argument,), dtype)


@value(*BITWISE)
def bitwise(producer: Producer, op: Any, scope: Scope) -> Typed:
    wanted = dtypes.settled(op.dtype)
    left, right = (producer.cast(s, wanted) for s in producer.values((op.left, op.right), scope))
    return producer.operator(BITWISE[type(op).__name__], left, right, wanted)


@value("BitwiseNot")
def bitwise_not(producer: Producer, op: Any, scope: Scope) -> Typed:
    wanted = dtypes.settled(op.dtype)
    argument = producer.cast(producer.value(op.arg, scope), wanted)
    ones = producer.literal(-1, wanted)
    return producer.operator("BitwiseXor", argument, ones, wanted)


@value(*FLOAT)
def of_float(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = floated(producer, producer.value(op.arg, scope))
    name = FLOAT[type(op).__name__]
    result = producer.scalar(name, argument, returns=dtypes.FLOAT64, nullable=argument.nullable)
    if name == "sqrt":
        # DataFusion fails there, Ibis's DuckDB backend has NaN.
        negative = producer.compare("Lt", argument, producer.literal(0.0, dtypes.FLOAT64))
        nan = producer.literal(math.nan, dtypes.FLOAT64)
        result = producer.case([(negative, nan)], result, dtypes.FLOAT64)
    return producer.as_said(result, op)


@value("Log")
def log(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = floated(producer, producer.value(op.arg, scope))
    base = None if op.base is None else getattr(op.base, "value", op.base)
    names = {None: "ln", 2: "log2", 10: "log10"}
    if base is None or base in (2, 10):
        result = producer.scalar(names[base], argument, returns=dtypes.FLOAT64)
        return producer.as_said(result, op)
    below = floated(producer, producer.value(op.base, scope))
    one = producer.scalar("ln", argument, returns=dtypes.FLOAT64)
    other = producer.scalar("ln", below, returns=dtypes.FLOAT64)
    return producer.as_said(producer.operator("Divide", one, other, dtypes.FLOAT64), op)


@value("Atan2")
def atan2(producer: Producer, op: Any, scope: Scope) -> Typed:
    one, other = (floated(producer, s) for s in producer.values((op.left, op.right), scope))
    return producer.scalar("atan2", one, other, returns=dtypes.FLOAT64)


@value("Pi", "E")
def number(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.literal(math.pi if isinstance(op, ops.Pi) else math.e, dtypes.FLOAT64)


@value("Abs")
def absolute(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    if argument.dtype.is_unsigned_integer() or argument.dtype.is_boolean():
        return producer.as_said(argument, op)
    dtype = argument.dtype
    return producer.scalar("abs", argument, returns=dtype, nullable=argument.nullable)


@value("Sign")
def sign(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    zero = producer.cast(producer.literal(0, dt.int8), argument.dtype)
    wanted = dtypes.settled(op.dtype)
    results = [producer.cast(producer.literal(n, dt.int8), wanted) for n in (-1, 0, 1)]
    branches = [
        (producer.compare(comparison, argument, zero), result)
        for comparison, result in zip(("Lt", "Eq", "Gt"), results, strict=True)
    ]
    # What is none of these is NULL or NaN.
    default = argument if argument.dtype.is_floating() else None
    return producer.case(branches, default, wanted)


@value("Ceil", "Floor")
def rounded_one_way(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    if argument.dtype.is_integer() or argument.dtype.is_boolean():
        return producer.as_said(argument, op)
    name = type(op).__name__.lower()
    dtype = argument.dtype if argument.dtype.is_decimal() else dtypes.FLOAT64
    result = producer.scalar(
        name, producer.cast(argument, dtype), returns=dtype, nullable=argument.nullable
    )
    return result if dtype.is_decimal() else producer.cast(result, dtypes.INT64)


@value("Round")
def rounded(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    digits = getattr(op.digits, "value", None)
    if argument.dtype.is_decimal():
        if digits is None:
            raise Refused("Round", "the digits of a decimal are no constant")
        return rounded_decimal(producer, argument, int(digits))
    if argument.dtype.is_integer() and digits is not None and digits >= 0:
        return producer.as_said(argument, op)
    argument = producer.cast(argument, dtypes.FLOAT64)
    places = producer.cast(producer.value(op.digits, scope), dtypes.INT64)
    arguments = [argument] if digits == 0 else [argument, places]
    result = producer.scalar("round", *arguments, returns=dtypes.FLOAT64)
    return producer.as_said(result, op)


def rounded_decimal(producer: Producer, argument: Typed, digits: int) -> Typed:
    """A decimal with fewer places; halves go away from zero, as they do when it is cast."""
    dtype = argument.dtype
    if digits >= dtype.scale:
        return argument
    if digits < 0:
        raise Refused("Round", "a decimal is rounded before its point")
    whole = min(dtype.precision - dtype.scale + 1, dtypes.MOST_DIGITS - digits)
    return producer.cast(argument, dt.Decimal(whole + digits, digits))


@value("Clip")
def clip(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    result = argument
    for name, bound in (("least", op.upper), ("greatest", op.lower)):
        if bound is not None:
            one, other = producer.alike((result, producer.value(bound, scope)))
            result = producer.scalar(name, one, other, returns=one.dtype)
    if result is argument:
        return argument
    result = producer.null_where(producer.is_null(argument), result)
    return producer.as_said(result, op)


@value("IsNan")
def is_nan(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    return producer.call("scalar:isnan", (argument,), dtypes.BOOLEAN)


@value("IsInf")
def is_infinite(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    ends = [producer.literal(number, argument.dtype) for number in (math.inf, -math.inf)]
    return producer.any_of(producer.compare("Eq", argument, end) for end in ends)


@value("Bucket")
def bucket(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    edges = [edge(producer, number) for number in map(raw, op.buckets)]
    left = op.closed == "left"
    lower, upper = ("GtEq", "Lt") if left else ("Gt", "LtEq")
    dtype = dtypes.settled(op.dtype)
    branches: list[tuple[Typed, Typed]] = []

    def add(condition: Typed) -> None:
        branches.append((condition, producer.literal(len(branches), dtype)))

    last = len(edges) - 2
    if op.include_under:
        alone = "Lt" if left else "LtEq"
        under = alone if last < 0 else "Lt" if op.close_extreme else upper
        add(producer.compare(under, argument, edges[0]))
    for at in range(last + 1):
        low, high = lower, upper
        if op.close_extreme and ((not left and at == 0) or (left and at == last)):
            low, high = "GtEq", "LtEq"
        bounds = (
            producer.compare(low, argument, edges[at]),
            producer.compare(high, argument, edges[at + 1]),
        )
        add(producer.all_of(bounds))
    if op.include_over:
        alone = "GtEq" if left else "Gt"
        over = alone if last < 0 else "Gt" if op.close_extreme else lower
        add(producer.compare(over, argument, edges[-1]))
    return producer.case(branches, None, dtype)


def raw(number: Any) -> Any:
    """The Python number of a bucket's edge."""
    return getattr(number, "value", number)


def edge(producer: Producer, number: Any) -> Typed:
    """A bucket's edge."""
    if isinstance(number, int):
        return producer.literal(number, dtypes.INT64)
    return producer.literal(float(number), dtypes.FLOAT64)
