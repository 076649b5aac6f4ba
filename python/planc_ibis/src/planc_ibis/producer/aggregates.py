"""Aggregates, with and without groups."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from substrait import algebra_pb2

from planc_ibis.producer import dtypes, wire
from planc_ibis.producer.producer import Producer, direct
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import refusal, relation, value
from planc_ibis.producer.typed import Relation, Scope, Typed

AggregateFunction = algebra_pb2.AggregateFunction
AggregateRel = algebra_pb2.AggregateRel


@dataclasses.dataclass
class Call:
    """A call of an aggregate or window function."""

    meaning: str
    arguments: list[Typed]
    returns: dt.DataType
    distinct: bool = False
    filter: Typed | None = None
    sorts: Sequence[bytes] = ()
    ignore_nulls: bool = False
    # True where it sees the whole partition, whatever the frame is.
    frameless: bool = False


Finish: TypeAlias = Callable[[list[Typed]], Typed]
Called: TypeAlias = "tuple[list[Call], Finish]"
Reduction: TypeAlias = Callable[[Producer, Any, Scope], Called]
REDUCTIONS: dict[str, Reduction] = {}


def reduction(*names: str) -> Callable[[Reduction], Reduction]:
    """Registers the translation of reductions."""

    def register(translation: Reduction) -> Reduction:
        for name in names:
            REDUCTIONS[name] = translation
        return translation

    return register


def only(results: list[Typed]) -> Typed:
    """The result of the only call."""
    return results[0]


def called(producer: Producer, op: Any, scope: Scope) -> Called:
    """The calls that a reduction needs, its condition in each, and what is made of them."""
    name = "AggUDF" if isinstance(op, ops.AggUDF) else type(op).__name__
    translation = REDUCTIONS.get(name)
    if translation is None:
        raise refusal(name)
    calls, finish = translation(producer, op, scope)
    where = getattr(op, "where", None)
    if where is not None:
        condition = producer.value(where, scope)
        for call in calls:
            both = (condition,) if call.filter is None else (call.filter, condition)
            call.filter = producer.all_of(both)
    return calls, finish


def invocation(distinct: bool) -> AggregateFunction.AggregationInvocation.ValueType:
    """Whether equal arguments count once."""
    if distinct:
        return AggregateFunction.AGGREGATION_INVOCATION_DISTINCT
    return AggregateFunction.AGGREGATION_INVOCATION_ALL


@relation("Aggregate")
def aggregate(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Rows grouped, and reductions of the groups. Metrics may compute with reductions."""
    from planc_ibis.producer import windows
    from planc_ibis.producer.relations import selected

    everything = [*op.groups.values(), *op.metrics.values()]
    parent, scope = selected(producer, op, everything, outer)
    parent, scope = windows.hoisted(producer, parent, scope, everything)
    keys: list[Typed] = []
    places: dict[ops.Value, int] = {}
    for name, group in op.groups.items():
        with producer.at(f"`{name}`"):
            if group not in places:
                places[group] = len(keys)
                keys.append(producer.value(group, scope))
    measures: list[Call] = []
    finishes: list[tuple[Any, list[int], Finish]] = []
    seen = set()
    for name, metric in op.metrics.items():
        with producer.at(f"`{name}`"):
            for node in reductions(metric, scope):
                if node in seen:
                    continue
                seen.add(node)
                with producer.at(type(node).__name__):
                    calls, finish = called(producer, node, scope)
                finishes.append((node, [len(measures) + at for at in range(len(calls))], finish))
                measures += calls
    grouped = reduced(producer, parent, keys, measures)
    after = Scope(grouped.columns, {}, scope.outer)
    for group, at in places.items():
        after.memo[group] = producer.field(at, keys[at].dtype)
    for node, ordinals, finish in finishes:
        fields = [
            producer.field(len(keys) + at, grouped.columns[len(keys) + at][1]) for at in ordinals
        ]
        after.memo[node] = producer.as_said(finish(fields), node)
    outputs = [(name, after.memo[group]) for name, group in op.groups.items()]
    for name, metric in op.metrics.items():
        with producer.at(f"`{name}`"):
            outputs.append((name, producer.value(metric, after)))
    return producer.project(grouped, outputs)


def reductions(op: Any, scope: Scope) -> list[Any]:
    """The outermost reductions in a metric, but for those that windows have."""
    if op in scope.memo or op in scope.computed:
        return []
    if isinstance(op, ops.Reduction):
        return [op]
    return [
        found
        for child in op.__children__
        if isinstance(child, ops.Value)
        for found in reductions(child, scope)
    ]


def reduced(
    producer: Producer, parent: Relation, keys: Sequence[Typed], measures: Sequence[Call]
) -> Relation:
    """An aggregate's relation: the keys, then the measures."""
    rel = AggregateRel(
        common=direct(),
        groupings=[AggregateRel.Grouping(expression_references=range(len(keys)))],
    )
    columns = [(f"k{at}", key.dtype) for at, key in enumerate(keys)]
    written_measures = []
    for at, call in enumerate(measures):
        parts = {"measure": written(producer, call)}
        if call.filter is not None:
            parts["filter"] = call.filter.expr
        written_measures.append(wire.around(AggregateRel.Measure(), **parts))
        columns.append((f"m{at}", call.returns))
    body = wire.around(
        rel,
        input=parent.rel,
        grouping_expressions=[key.expr for key in keys],
        measures=written_measures,
    )
    return Relation(wire.relation(aggregate=body), columns)


def written(producer: Producer, call: Call) -> bytes:
    """The message of an aggregate function."""
    kinds = [argument.dtype for argument in call.arguments]
    options: list[tuple[str, str]] = []
    if call.ignore_nulls:
        anchor = producer.extensions.own(call.meaning)
        options.append(("nulls", "IGNORE"))
    else:
        anchor, standard = producer.extensions.function(call.meaning, kinds, call.returns)
        options += standard
    function = AggregateFunction(
        function_reference=anchor,
        output_type=producer.type(call.returns),
        phase=algebra_pb2.AGGREGATION_PHASE_INITIAL_TO_RESULT,
        invocation=invocation(call.distinct),
    )
    for name, preference in options:
        function.options.add(name=name, preference=[preference])
    arguments = [wire.argument(argument.expr) for argument in call.arguments]
    return wire.around(function, arguments=arguments, sorts=call.sorts)


def counting(typed: Typed | None, *, distinct: bool = False) -> Called:
    """A count of rows, or of values that are not NULL."""
    returns = dtypes.INT64.copy(nullable=False)
    if typed is None:
        return [Call("form:CountRows", [], returns)], only
    return [Call("aggregate:count", [typed], returns, distinct=distinct)], only


@reduction("CountStar")
def count_star(producer: Producer, op: Any, scope: Scope) -> Called:
    return counting(None)


@reduction("Count")
def count(producer: Producer, op: Any, scope: Scope) -> Called:
    return counting(producer.value(op.arg, scope))


@reduction("CountDistinct")
def count_distinct(producer: Producer, op: Any, scope: Scope) -> Called:
    return counting(producer.value(op.arg, scope), distinct=True)


@reduction("CountDistinctStar")
def count_distinct_star(producer: Producer, op: Any, scope: Scope) -> Called:
    from planc_ibis.producer.nested import struct

    fields = [
        (name, producer.value(ops.Field(op.arg, name), scope)) for name in op.arg.schema.names
    ]
    return counting(struct(producer, fields), distinct=True)


@reduction("ApproxCountDistinct")
def approximate_count(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    returns = dtypes.UINT64.copy(nullable=False)
    call = Call("aggregate:approx_distinct", [argument], returns)
    return [call], lambda results: producer.cast(results[0], dtypes.INT64)


def number(producer: Producer, op: Any, scope: Scope) -> Typed:
    """An argument, a boolean as 0 and 1."""
    typed = producer.value(op, scope)
    return producer.cast(typed, dtypes.INT64) if typed.dtype.is_boolean() else typed


@reduction("Sum")
def total(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = number(producer, op.arg, scope)
    dtype = argument.dtype
    if dtype.is_decimal():
        returns = dt.Decimal(min(dtypes.MOST_DIGITS, dtype.precision + 10), dtype.scale)
        return [Call("aggregate:sum", [argument], returns)], only
    if dtype.is_floating():
        wide = dtypes.FLOAT64
    else:
        wide = dtypes.UINT64 if dtype.is_unsigned_integer() else dtypes.INT64
    return [Call("aggregate:sum", [producer.cast(argument, wide)], wide)], only


@reduction("Mean")
def mean(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = number(producer, op.arg, scope)
    dtype = argument.dtype
    if dtype.is_decimal():
        digits = dtypes.MOST_DIGITS
        scale = min(digits, dtype.scale + 4)
        returns = dt.Decimal(min(digits, dtype.precision + 4), scale)
        return [Call("aggregate:avg", [argument], returns)], only
    wide = producer.cast(argument, dtypes.FLOAT64)
    return [Call("aggregate:avg", [wide], dtypes.FLOAT64)], only


@reduction("Min", "Max")
def extreme(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    name = "min" if isinstance(op, ops.Min) else "max"
    if argument.dtype.is_boolean():
        name = "bool_and" if name == "min" else "bool_or"
    returns = argument.dtype.copy(nullable=True)
    if argument.dtype.is_floating() and not argument.dtype.is_float16():
        return extreme_float(producer, name, argument, returns)
    return [Call(f"aggregate:{name}", [argument], returns)], only


def extreme_float(producer: Producer, name: str, argument: Typed, returns: dt.DataType) -> Called:
    """The extreme of what is a number, and whether there is NaN, the greatest of all floats."""
    is_nan = producer.call("scalar:isnan", (argument,), dtypes.BOOLEAN)
    numbers = Call(f"aggregate:{name}", [producer.null_where(is_nan, argument)], returns)
    one, nothing = (producer.literal(value, dtypes.INT64) for value in (1, None))
    counted = producer.case([(is_nan, one)], nothing, dtypes.INT64)
    nans = Call("aggregate:count", [counted], dtypes.INT64.copy(nullable=False))

    def finish(results: list[Typed]) -> Typed:
        least, count = results
        nan = producer.compare("Gt", count, producer.literal(0, dtypes.INT64))
        if name == "min":
            nan = producer.all_of((producer.is_null(least), nan))
        return producer.case([(nan, producer.literal(math.nan, returns))], least, returns)

    return [numbers, nans], finish


@reduction("All", "Any")
def truth(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    name = "bool_and" if isinstance(op, ops.All) else "bool_or"
    return [Call(f"aggregate:{name}", [argument], dtypes.BOOLEAN)], only


@reduction("BitAnd", "BitOr", "BitXor")
def bits(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    name = {"BitAnd": "bit_and", "BitOr": "bit_or", "BitXor": "bit_xor"}[type(op).__name__]
    returns = argument.dtype.copy(nullable=True)
    return [Call(f"aggregate:{name}", [argument], returns)], only


@reduction("StandardDev", "Variance")
def spread(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.cast(number(producer, op.arg, scope), dtypes.FLOAT64)
    name = "stddev" if isinstance(op, ops.StandardDev) else "var"
    suffix = "_pop" if op.how == "pop" else ""
    return [Call(f"aggregate:{name}{suffix}", [argument], dtypes.FLOAT64)], only


@reduction("Correlation", "Covariance")
def together(producer: Producer, op: Any, scope: Scope) -> Called:
    both = [
        producer.cast(number(producer, side, scope), dtypes.FLOAT64) for side in (op.left, op.right)
    ]
    if isinstance(op, ops.Correlation):
        # The coefficient is the same for a sample and for a population.
        name = "corr"
    else:
        name = "covar_pop" if op.how == "pop" else "covar_samp"
    return [Call(f"aggregate:{name}", both, dtypes.FLOAT64)], only


@reduction("Median", "Quantile")
def quantile(producer: Producer, op: Any, scope: Scope) -> Called:
    share = 0.5 if isinstance(op, ops.Median) else constant_share(op.quantile)
    argument = producer.value(op.arg, scope)
    if not argument.dtype.is_numeric():
        raise Refused(type(op).__name__, f"planc interpolates numbers only, not {op.arg.dtype}")
    if argument.dtype.is_decimal():
        raise Refused(type(op).__name__, "engines round between decimals in different ways")
    if share == 0.5:
        wide = producer.cast(argument, dtypes.FLOAT64)
        return [Call("aggregate:median", [wide], dtypes.FLOAT64)], only
    return [ranked(producer, argument)], lambda results: interpolated(producer, results[0], share)


@reduction("MultiQuantile")
def quantiles(producer: Producer, op: Any, scope: Scope) -> Called:
    from planc_ibis.producer.nested import array

    shares = getattr(op.quantile, "value", None)
    if shares is None:
        raise Refused("MultiQuantile", "its quantiles are no constants")
    argument = producer.value(op.arg, scope)
    if not argument.dtype.is_numeric():
        raise Refused("MultiQuantile", f"planc interpolates numbers only, not {op.arg.dtype}")
    if argument.dtype.is_decimal():
        raise Refused("MultiQuantile", "engines round between decimals in different ways")

    def finish(results: list[Typed]) -> Typed:
        values = [interpolated(producer, results[0], float(share)) for share in shares]
        items = array(producer, values, dtypes.FLOAT64)
        return producer.null_where(producer.is_null(values[0]), items)

    return [ranked(producer, argument)], finish


def ranked(producer: Producer, argument: Typed) -> Call:
    """The values of a group as a list of floats."""
    wide = producer.cast(argument, dtypes.FLOAT64)
    call = Call("aggregate:array_agg", [wide], dt.Array(dtypes.FLOAT64))
    call.filter = producer.is_not_null(argument)
    return call


def interpolated(producer: Producer, items: Typed, share: float) -> Typed:
    """The value at a share of a list's way. DataFusion's own function rounds the share."""
    from planc_ibis.producer.nested import length_of

    if not 0 <= share <= 1:
        raise Refused("Quantile", f"{share} is no quantile")
    float64 = dtypes.FLOAT64
    ordered_items = producer.scalar("array_sort", items, returns=items.dtype)
    last = producer.cast(producer.plus(length_of(producer, items), -1), float64)
    place = producer.operator("Multiply", last, producer.literal(share, float64), float64)
    floor = producer.scalar("floor", place, returns=float64)
    rest = producer.operator("Minus", place, floor, float64)
    at = producer.plus(producer.cast(floor, dtypes.INT64), 1)

    def item(index: Typed) -> Typed:
        return producer.scalar("array_element", ordered_items, index, returns=float64)

    low = item(at)
    step = producer.operator("Minus", item(producer.plus(at, 1)), low, float64)
    between = producer.operator("Multiply", step, rest, float64)
    higher = producer.operator("Plus", low, between, float64)
    exact = producer.compare("Eq", rest, producer.literal(0.0, float64))
    return producer.case([(exact, low)], higher, float64)


def constant_share(op: Any) -> float:
    """The value of a quantile."""
    if isinstance(op, ops.Literal) and op.value is not None:
        return float(op.value)
    raise Refused("Quantile", "its quantile is no constant")


@reduction("ApproxMedian", "ApproxQuantile")
def approximate_quantile(producer: Producer, op: Any, scope: Scope) -> Called:
    from planc_ibis.producer.windows import sort_field

    share = 0.5 if isinstance(op, ops.ApproxMedian) else constant_share(op.quantile)
    argument = producer.cast(producer.value(op.arg, scope), dtypes.FLOAT64)
    at = producer.literal(share, dtypes.FLOAT64)
    order = sort_field(argument, ascending=True)
    name = "aggregate:approx_percentile_cont"
    return [Call(name, [argument, at], dtypes.FLOAT64, sorts=[order])], only


def ordered(producer: Producer, op: Any, scope: Scope) -> list[bytes]:
    """The order in which a reduction takes its rows."""
    from planc_ibis.producer.relations import sorts

    return sorts(producer, op.order_by, scope)


@reduction("First", "Last")
def end(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    name = "first_value" if isinstance(op, ops.First) else "last_value"
    call = Call(f"aggregate:{name}", [argument], argument.dtype.copy(nullable=True))
    call.sorts = ordered(producer, op, scope)
    if not op.include_null:
        call.filter = producer.is_not_null(argument)
    return [call], only


@reduction("Arbitrary")
def arbitrary(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    call = Call("aggregate:first_value", [argument], argument.dtype.copy(nullable=True))
    call.filter = producer.is_not_null(argument)
    return [call], only


@reduction("ArgMin", "ArgMax")
def at_extreme(producer: Producer, op: Any, scope: Scope) -> Called:
    from planc_ibis.producer.windows import sort_field

    argument = producer.value(op.arg, scope)
    key = producer.value(op.key, scope)
    call = Call("aggregate:first_value", [argument], argument.dtype.copy(nullable=True))
    call.sorts = [sort_field(key, ascending=isinstance(op, ops.ArgMin))]
    return [call], only


@reduction("ArrayCollect")
def collect(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.value(op.arg, scope)
    returns = dt.Array(argument.dtype.copy(nullable=True))
    call = Call("aggregate:array_agg", [argument], returns, distinct=op.distinct)
    call.sorts = ordered(producer, op, scope)
    if not op.include_null:
        call.filter = producer.is_not_null(argument)
    return [call], only


@reduction("GroupConcat")
def group_concat(producer: Producer, op: Any, scope: Scope) -> Called:
    argument = producer.cast(producer.value(op.arg, scope), dtypes.STRING)
    separator = producer.value(op.sep, scope)
    if not separator.is_literal:
        raise Refused("GroupConcat", "its separator is no constant")
    call = Call("aggregate:string_agg", [argument, separator], dtypes.LARGE_STRING)
    call.sorts = ordered(producer, op, scope)
    return [call], lambda results: producer.cast(results[0], dtypes.STRING)


@reduction("AggUDF")
def user_defined(producer: Producer, op: Any, scope: Scope) -> Called:
    from planc_ibis.producer.logic import builtin

    name = builtin(op, "aggregate")
    arguments = [
        producer.value(arg, scope)
        for key, arg in zip(op.argnames, op.args, strict=True)
        if key != "where"
    ]
    return [Call(f"aggregate:{name}", arguments, dtypes.settled(op.dtype))], only


def outside(producer: Producer, op: Any, scope: Scope) -> Typed:
    """A reduction that no aggregate has computed."""
    raise Refused(type(op).__name__, "it stands outside of an aggregate")


for _name in (*REDUCTIONS, "Kurtosis", "Mode"):
    value(_name)(outside)
