"""Lists, maps and structs, and literals of every type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from substrait import algebra_pb2, type_pb2

from planc_ibis.producer import dtypes, literals, wire
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Scope, Typed

INT64 = dtypes.INT64


def constant(producer: Producer, item: Any, dtype: dt.DataType) -> Typed:
    """A Python value of an Ibis type."""
    kind = dtypes.settled(dtype)
    if item is None:
        return producer.literal(None, kind)
    if dtype.is_interval():
        parts = literals.parts(int(item), dtype.unit.short)
        return Typed(literals.interval(*parts), kind.copy(nullable=False))
    if dtype.is_array():
        items = [constant(producer, part, dtype.value_type) for part in item]
        return array(producer, items, kind.value_type)
    if dtype.is_struct():
        given = item if isinstance(item, Mapping) else dict(zip(dtype.names, item, strict=True))
        fields = [(name, constant(producer, given[name], t)) for name, t in dtype.items()]
        return struct(producer, fields)
    if dtype.is_map():
        pairs = list(item.items() if isinstance(item, Mapping) else item)
        keys = [constant(producer, key, dtype.key_type) for key, _ in pairs]
        values = [constant(producer, part, dtype.value_type) for _, part in pairs]
        return map_of(
            producer,
            array(producer, keys, kind.key_type),
            array(producer, values, kind.value_type),
            kind,
        )
    return producer.literal(item, kind)


def array(producer: Producer, items: Sequence[Typed], item: dt.DataType) -> Typed:
    """A list of values of one type."""
    dtype = dt.Array(item.copy(nullable=True), nullable=False)
    if not items:
        empty = type_pb2.Type.List(
            type=producer.type(dtype.value_type), nullability=type_pb2.Type.NULLABILITY_REQUIRED
        )
        literal = algebra_pb2.Expression.Literal(empty_list=empty)
        return Typed(literals.written(literal), dtype)
    cast = [producer.cast(part, item) for part in items]
    return producer.scalar("make_array", *cast, returns=dtype, nullable=False)


def struct(producer: Producer, fields: Sequence[tuple[str, Typed]]) -> Typed:
    """A struct of values."""
    dtype = dt.Struct(
        {name: typed.dtype.copy(nullable=True) for name, typed in fields}, nullable=False
    )
    arguments = []
    for name, typed in fields:
        arguments += [producer.literal(name, dtypes.STRING), typed]
    return producer.scalar("named_struct", *arguments, returns=dtype, nullable=False)


def map_of(producer: Producer, keys: Typed, values: Typed, dtype: dt.DataType) -> Typed:
    """A map of a list of keys and a list of values."""
    whole = producer.scalar("map", keys, values, returns=dtype)
    return producer.null_with([keys, values], whole)


def whole_number(producer: Producer, typed: Typed) -> Typed:
    """A count of planc's as an int64."""
    return producer.cast(typed, INT64)


def length_of(producer: Producer, items: Typed) -> Typed:
    """The length of a list."""
    return whole_number(producer, producer.scalar("array_length", items, returns=dtypes.UINT64))


@value("Array")
def make(producer: Producer, op: Any, scope: Scope) -> Typed:
    item = dtypes.settled(op.dtype.value_type)
    items = producer.values(op.exprs, scope)
    if item.is_decimal() and items:
        item = producer.common(items)
    return array(producer, items, item)


@value("ArrayLength")
def length(producer: Producer, op: Any, scope: Scope) -> Typed:
    return length_of(producer, producer.value(op.arg, scope))


def one_based(producer: Producer, op: Any, scope: Scope) -> Typed:
    """An index from 1; a negative one counts from the end as it is."""
    index = producer.cast(producer.value(op, scope), INT64)
    if index.is_literal:
        return index if index.value < 0 else producer.plus(index, 1)
    forward = producer.compare("GtEq", index, producer.literal(0, INT64))
    return producer.case([(forward, producer.plus(index, 1))], index, INT64)


@value("ArrayIndex")
def index(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    at = one_based(producer, op.index, scope)
    returns = items.dtype.value_type.copy(nullable=True)
    return producer.scalar("array_element", items, at, returns=returns)


@value("ArraySlice")
def slice_(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    start = producer.literal(1, INT64) if op.start is None else one_based(producer, op.start, scope)
    if op.stop is None:
        stop = length_of(producer, items)
    else:
        stop = producer.cast(producer.value(op.stop, scope), INT64)
        if not stop.is_literal:
            raise Refused("ArraySlice", "its end is no constant")
        if stop.value == 0:
            nothing = array(producer, [], items.dtype.value_type)
            return producer.null_with([items], nothing)
        stop = stop if stop.value > 0 else producer.plus(stop, -1)
    return producer.scalar("array_slice", items, start, stop, returns=items.dtype)


@value("ArrayConcat")
def concat(producer: Producer, op: Any, scope: Scope) -> Typed:
    lists = producer.alike(producer.values(op.arg, scope))
    whole = producer.scalar("array_concat", *lists, returns=lists[0].dtype)
    return producer.null_with(lists, whole)


def with_item(producer: Producer, op: Any, scope: Scope) -> tuple[Typed, Typed]:
    """A list, and a value in the type of its items."""
    items, other = producer.value(op.arg, scope), producer.value(op.other, scope)
    item = dtypes.unified(items.dtype.value_type, other.dtype)
    if not dtypes.same(item, items.dtype.value_type) and other.is_literal:
        item = items.dtype.value_type
    items = producer.cast(items, dt.Array(item, nullable=items.dtype.nullable))
    return items, producer.cast(other, item)


@value("ArrayContains")
def contains(producer: Producer, op: Any, scope: Scope) -> Typed:
    items, other = with_item(producer, op, scope)
    found = producer.scalar("array_has", items, other, returns=dtypes.BOOLEAN)
    return producer.null_with([items, other], found)


@value("ArrayPosition")
def position(producer: Producer, op: Any, scope: Scope) -> Typed:
    items, other = with_item(producer, op, scope)
    place = producer.scalar("array_position", items, other, returns=dtypes.UINT64)
    place = producer.coalesce((whole_number(producer, place), producer.literal(0, INT64)), INT64)
    return producer.null_with([items, other], producer.plus(place, -1))


@value("ArrayRemove")
def remove(producer: Producer, op: Any, scope: Scope) -> Typed:
    items, other = with_item(producer, op, scope)
    kept = producer.scalar("array_remove_all", items, other, returns=items.dtype)
    return producer.null_with([items], kept)


@value("ArrayDistinct")
def distinct(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    return producer.scalar("array_distinct", items, returns=items.dtype)


@value("ArraySort")
def sort(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    order = [producer.literal(text, dtypes.STRING) for text in ("ASC", "NULLS LAST")]
    return producer.scalar("array_sort", items, *order, returns=items.dtype)


@value("ArrayUnion")
def union(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.alike(producer.values((op.left, op.right), scope))
    nothing = array(producer, [], left.dtype.value_type)
    # A list that is NULL has no items; only of two of them comes NULL.
    sides = [producer.coalesce((side, nothing), left.dtype) for side in (left, right)]
    whole = producer.scalar("array_union", *sides, returns=left.dtype)
    both = producer.all_of(producer.is_null(side) for side in (left, right))
    return producer.null_where(both, whole)


@value("ArrayIntersect")
def intersect(producer: Producer, op: Any, scope: Scope) -> Typed:
    left, right = producer.alike(producer.values((op.left, op.right), scope))
    item = left.dtype.value_type
    each = parameter(producer, item)
    found = producer.scalar("array_has", right, each, returns=dtypes.BOOLEAN)
    # Items that are twice in the left list stay twice, as in Ibis's DuckDB backend.
    kept = producer.all_of((producer.is_not_null(each), found))
    return producer.scalar("array_filter", left, function(producer, item, kept), returns=left.dtype)


@value("ArrayRepeat")
def repeat(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    times = producer.cast(producer.value(op.times, scope), INT64)
    lists = producer.scalar("array_repeat", items, times, returns=dt.Array(items.dtype))
    return producer.scalar("flatten", lists, returns=items.dtype)


@value("ArrayFlatten")
def flatten(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    return producer.scalar("flatten", items, returns=items.dtype.value_type)


@value("ArrayMin", "ArrayMax")
def extreme(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    name = "array_min" if isinstance(op, ops.ArrayMin) else "array_max"
    returns = items.dtype.value_type.copy(nullable=True)
    return producer.scalar(name, items, returns=returns)


@value("ArraySum", "ArrayMean")
def total(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    item = items.dtype.value_type
    if item.is_decimal() or (item.is_integer() and item.nbytes > 4):
        raise Refused(type(op).__name__, f"planc adds the items of {items.dtype} as floats")
    name = "array_sum" if isinstance(op, ops.ArraySum) else "array_avg"
    floats = producer.cast(items, dt.Array(dtypes.FLOAT64, nullable=items.dtype.nullable))
    return producer.as_said(producer.scalar(name, floats, returns=dtypes.FLOAT64), op)


@value("ArrayAny", "ArrayAll")
def truth(producer: Producer, op: Any, scope: Scope) -> Typed:
    items = producer.value(op.arg, scope)
    decisive = isinstance(op, ops.ArrayAny)
    branches = []
    for answer in (decisive, not decisive):
        one = producer.literal(answer, dtypes.BOOLEAN)
        found = producer.scalar("array_has", items, one, returns=dtypes.BOOLEAN)
        branches.append((found, one))
    return producer.case(branches, None, dtypes.BOOLEAN)


@value("IntegerRange", "TimestampRange")
def range_(producer: Producer, op: Any, scope: Scope) -> Typed:
    bounds = producer.values((op.start, op.stop, op.step), scope)
    if isinstance(op, ops.IntegerRange):
        bounds = [producer.cast(bound, INT64) for bound in bounds]
        if bounds[2].is_literal and bounds[2].value == 0:
            raise Refused("IntegerRange", "its step is 0")
        whole = producer.scalar("range", *bounds, returns=dt.Array(INT64))
        return producer.as_said(whole, op)
    stamp = dt.Timestamp(scale=9)
    bounds = [producer.cast(bounds[0], stamp), producer.cast(bounds[1], stamp), bounds[2]]
    whole = producer.scalar("range", *bounds, returns=dt.Array(stamp))
    return producer.cast(whole, dt.Array(dtypes.TIMESTAMP))


@value("ArrayMap", "ArrayFilter")
def with_lambda(producer: Producer, op: Any, scope: Scope) -> Typed:
    if op.index is not None:
        raise Refused(type(op).__name__, "its function takes the item's index")
    items = producer.value(op.arg, scope)
    item = items.dtype.value_type
    name = op.param.name if isinstance(op.param, ops.Argument) else op.param
    producer.lambdas.append([(name, item)])
    body = producer.value(op.body, scope)
    producer.lambdas.pop()
    each = function(producer, item, body)
    if isinstance(op, ops.ArrayMap):
        returns: dt.DataType = dt.Array(body.dtype)
        call = producer.scalar("array_transform", items, each, returns=returns)
        return producer.as_said(call, op)
    return producer.scalar("array_filter", items, each, returns=items.dtype)


def function(producer: Producer, item: dt.DataType, body: Typed) -> Typed:
    """A function of one item."""
    parameters = type_pb2.Type.Struct(
        types=[producer.type(item)], nullability=type_pb2.Type.NULLABILITY_REQUIRED
    )
    function = algebra_pb2.Expression.Lambda(parameters=parameters)
    written = wire.around(function, body=body.expr)
    return Typed(wire.expression(**{"lambda": written}), body.dtype)


def parameter(producer: Producer, dtype: dt.DataType, at: int = 0, steps: int = 0) -> Typed:
    """A parameter of the function around, or of one some steps out."""
    reference = algebra_pb2.Expression.FieldReference()
    reference.direct_reference.struct_field.field = at
    reference.lambda_parameter_reference.steps_out = steps
    return Typed(wire.around(algebra_pb2.Expression(selection=reference)), dtype)


@value("Argument")
def argument(producer: Producer, op: Any, scope: Scope) -> Typed:
    """The parameter of a function over items."""
    for steps, parameters in enumerate(reversed(producer.lambdas)):
        for at, (name, dtype) in enumerate(parameters):
            if name == op.name:
                return parameter(producer, dtype, at, steps)
    raise Refused("Argument", f"`{op.name}` is no parameter here")


@value("StructField")
def field(producer: Producer, op: Any, scope: Scope) -> Typed:
    whole = producer.value(op.arg, scope)
    name = producer.literal(op.field, dtypes.STRING)
    returns = whole.dtype[op.field].copy(nullable=True)
    return producer.scalar("get_field", whole, name, returns=returns)


@value("StructColumn")
def make_struct(producer: Producer, op: Any, scope: Scope) -> Typed:
    values = producer.values(op.values, scope)
    return struct(producer, list(zip(op.names, values, strict=True)))


@value("Map")
def make_map(producer: Producer, op: Any, scope: Scope) -> Typed:
    keys, values = producer.values((op.keys, op.values), scope)
    return map_of(producer, keys, values, dtypes.settled(op.dtype))


@value("MapKeys", "MapValues")
def parts(producer: Producer, op: Any, scope: Scope) -> Typed:
    whole = producer.value(op.arg, scope)
    name = "map_keys" if isinstance(op, ops.MapKeys) else "map_values"
    return producer.scalar(name, whole, returns=part_type(whole, name))


def part_type(whole: Typed, name: str) -> dt.DataType:
    """The list of a map's keys or values."""
    if name == "map_keys":
        return dt.Array(whole.dtype.key_type.copy(nullable=True))
    return dt.Array(whole.dtype.value_type.copy(nullable=True))


@value("MapLength")
def size(producer: Producer, op: Any, scope: Scope) -> Typed:
    whole = producer.value(op.arg, scope)
    return whole_number(producer, producer.scalar("cardinality", whole, returns=dtypes.UINT64))


@value("MapContains")
def has_key(producer: Producer, op: Any, scope: Scope) -> Typed:
    whole = producer.value(op.arg, scope)
    key = producer.cast(producer.value(op.key, scope), whole.dtype.key_type)
    keys = producer.scalar("map_keys", whole, returns=part_type(whole, "map_keys"))
    found = producer.scalar("array_has", keys, key, returns=dtypes.BOOLEAN)
    return producer.null_with([whole, key], found)


@value("MapGet")
def get(producer: Producer, op: Any, scope: Scope) -> Typed:
    whole = producer.value(op.arg, scope)
    key = producer.cast(producer.value(op.key, scope), whole.dtype.key_type)
    item = whole.dtype.value_type.copy(nullable=True)
    found = producer.scalar("map_extract", whole, key, returns=dt.Array(item))
    first = producer.scalar("array_element", found, producer.literal(1, INT64), returns=item)
    default = producer.value(op.default, scope)
    operands = [first] if default.value is None else [first, default]
    result = producer.coalesce(operands, producer.common(operands))
    return producer.as_said(producer.null_with([whole], result), op)
