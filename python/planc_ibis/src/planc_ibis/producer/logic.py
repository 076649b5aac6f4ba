"""Comparisons, conditions, literals, and functions that users name."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.expr.operations.udf import InputType
from substrait import algebra_pb2

from planc_ibis.producer import dtypes, wire
from planc_ibis.producer.extensions import mapping
from planc_ibis.producer.nested import constant
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import refusal, value
from planc_ibis.producer.typed import Scope, Typed

# The decimal that DataFusion compares a float as has so many digits on either side.
FLOAT_DIGITS = 15
COMPARISONS = {
    "Equals": "Eq",
    "NotEquals": "NotEq",
    "Less": "Lt",
    "LessEqual": "LtEq",
    "Greater": "Gt",
    "GreaterEqual": "GtEq",
    "IdenticalTo": "IsNotDistinctFrom",
}


@value("Literal")
def literal(producer: Producer, op: Any, scope: Scope) -> Typed:
    return constant(producer, op.value, op.dtype)


@value("ScalarParameter")
def parameter(producer: Producer, op: Any, scope: Scope) -> Typed:
    if op not in producer.params:
        raise refusal("ScalarParameter")
    given = ops.Literal(producer.params[op], dtype=op.dtype)
    return constant(producer, given.value, given.dtype)


@value("Alias")
def alias(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.value(op.arg, scope)


@value(*COMPARISONS)
def comparison(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.values((op.left, op.right), scope)
    name = COMPARISONS[type(op).__name__]
    if op.left.dtype.is_decimal() and op.right.dtype.is_decimal():
        return producer.compare(name, *as_decimals(producer, left, right))
    return producer.compare(name, left, right)


def as_decimals(producer: Producer, left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """What Ibis takes for decimals, as decimals: a float among them becomes one as in SQL."""
    floats = [side for side in (left, right) if side.dtype.is_floating()]
    if len(floats) != 1 or floats[0].is_literal:
        return left, right
    other = right if left.dtype.is_floating() else left
    scale = max(other.dtype.scale, FLOAT_DIGITS)
    whole = max(other.dtype.precision - other.dtype.scale, FLOAT_DIGITS)
    target = dt.Decimal(min(whole + scale, dtypes.MOST_DIGITS), scale)
    return producer.cast(left, target), producer.cast(right, target)


@value("Between", "BetweenTime")
def between(producer: Producer, op: Any, scope: Scope) -> Typed:
    bounds = producer.values((op.arg, op.lower_bound, op.upper_bound), scope)
    if isinstance(op, ops.BetweenTime):
        bounds = [producer.cast(bound, dtypes.TIME) for bound in bounds]
    return producer.call("form:Between", producer.alike(bounds), dtypes.BOOLEAN)


@value("InValues")
def among(producer: Producer, op: Any, scope: Scope) -> Typed:
    needle = producer.value(op.value, scope)
    if not op.options:
        return producer.literal(False, dtypes.BOOLEAN)
    needle, *options = producer.alike([needle, *producer.values(op.options, scope)])
    found = wire.around(
        algebra_pb2.Expression.SingularOrList(),
        value=needle.expr,
        options=[option.expr for option in options],
    )
    nullable = any(operand.nullable for operand in (needle, *options))
    expr = wire.expression(singular_or_list=found)
    return Typed(expr, dtypes.BOOLEAN.copy(nullable=nullable))


@value("And")
def conjunction(producer: Producer, op: Any, scope: Scope) -> Typed:
    from planc_ibis.producer.relations import conjuncts

    return producer.all_of(conjuncts(producer, [op], scope))


@value("Or")
def disjunction(producer: Producer, op: Any, scope: Scope) -> Typed:
    from planc_ibis.producer.relations import operands

    parts = dict.fromkeys(operands(op, ops.Or))
    return producer.any_of([producer.value(part, scope) for part in parts])


@value("Xor")
def exclusive(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.values((op.left, op.right), scope)
    return producer.compare("NotEq", left, right)


@value("Not")
def negation(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.negate(producer.value(op.arg, scope))


@value("IsNull")
def is_null(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.is_null(producer.value(op.arg, scope))


@value("NotNull")
def is_not_null(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.is_not_null(producer.value(op.arg, scope))


@value("IfElse")
def if_else(producer: Producer, op: Any, scope: Scope) -> Typed:
    condition, one, other = producer.values((op.bool_expr, op.true_expr, op.false_null_expr), scope)
    dtype = result_type(producer, op, (one, other))
    return producer.case([(condition, one)], other, dtype)


@value("SearchedCase")
def searched_case(producer: Producer, op: Any, scope: Scope) -> Typed:
    conditions = producer.values(op.cases, scope)
    results = producer.values(op.results, scope)
    default = producer.value(op.default, scope)
    dtype = result_type(producer, op, (*results, default))
    return producer.case(list(zip(conditions, results, strict=True)), default, dtype)


@value("SimpleCase")
def simple_case(producer: Producer, op: Any, scope: Scope) -> Typed:
    base = producer.value(op.base, scope)
    conditions = [producer.compare("Eq", base, case) for case in producer.values(op.cases, scope)]
    results = producer.values(op.results, scope)
    default = producer.value(op.default, scope)
    dtype = result_type(producer, op, (*results, default))
    return producer.case(list(zip(conditions, results, strict=True)), default, dtype)


def result_type(producer: Producer, op: Any, results: tuple[Typed, ...]) -> Any:
    """The type of one of several results: what Ibis says, decimals as they come."""
    wanted = dtypes.settled(op.dtype)
    return producer.common(results) if wanted.is_decimal() else wanted


@value("Coalesce")
def coalesce(producer: Producer, op: Any, scope: Scope) -> Typed:
    operands = producer.values(op.arg, scope)
    return producer.coalesce(operands, result_type(producer, op, tuple(operands)))


@value("NullIf")
def null_if(producer: Producer, op: Any, scope: Scope) -> Typed:
    # The operands are compared in their common type; the first comes out as it is.
    one, other = producer.values((op.arg, op.null_if_expr), scope)
    equal = producer.compare("Eq", one, other)
    return producer.as_said(producer.null_where(equal, one), op)


@value("Greatest", "Least")
def extreme(producer: Producer, op: Any, scope: Scope) -> Typed:
    operands = producer.values(op.arg, scope)
    dtype = result_type(producer, op, tuple(operands))
    name = type(op).__name__.lower()
    cast = [producer.cast(operand, dtype) for operand in operands]
    if len(cast) == 1:
        return cast[0]
    nullable = all(operand.nullable for operand in cast)
    return producer.scalar(name, *cast, returns=dtype, nullable=nullable)


@value("RandomScalar")
def random(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.scalar("random", returns=dtypes.FLOAT64, nullable=False)


@value("RandomUUID")
def uuid(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.scalar("uuid", returns=dtypes.STRING, nullable=False)


@value("HashBytes")
def hash_bytes(producer: Producer, op: Any, scope: Scope) -> Typed:
    names = {"sha224", "sha256", "sha384", "sha512"}
    if op.how not in names:
        raise Refused("HashBytes", f"planc has no {op.how} that gives bytes")
    return producer.scalar(op.how, producer.value(op.arg, scope), returns=op.dtype)


@value("HexDigest")
def hex_digest(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    if op.how == "md5":
        digest = producer.scalar("md5", argument, returns=dtypes.STRING_VIEW)
        return producer.cast(digest, dtypes.STRING)
    if op.how not in {"sha224", "sha256", "sha384", "sha512"}:
        raise Refused("HexDigest", f"planc has no {op.how}")
    raw = producer.scalar(op.how, argument, returns=dt.binary)
    form = producer.literal("hex", dtypes.STRING)
    return producer.scalar("encode", raw, form, returns=dtypes.STRING)


@value("ScalarUDF")
def user_defined(producer: Producer, op: Any, scope: Scope) -> Typed:
    name = builtin(op, "scalar")
    arguments = producer.values(op.args, scope)
    return producer.scalar(name, *arguments, returns=dtypes.settled(op.dtype))


def builtin(op: Any, kind: str) -> str:
    """The name of planc's function that a user-defined one stands for."""
    if op.__input_type__ != InputType.BUILTIN:
        raise Refused(op.__func_name__, "Python code is no part of a plan")
    name: str = op.__func_name__
    if name not in mapping().names[kind]:
        raise Refused(name, f"planc has no {kind} function of this name")
    return name
