"""Window functions and expanded lists: what a relation computes before its other columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from substrait import algebra_pb2

from planc_ibis.producer import aggregates, dtypes, literals, wire
from planc_ibis.producer.aggregates import Call
from planc_ibis.producer.producer import Producer, direct
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Relation, Scope, Typed

Window = algebra_pb2.Expression.WindowFunction
Bound = Window.Bound
Argument = algebra_pb2.FunctionArgument
SortField = algebra_pb2.SortField
HOISTED = (ops.WindowFunction, ops.Unnest)


@dataclasses.dataclass
class Frame:
    """The rows around a row that a window function sees."""

    kind: Window.BoundsType.ValueType
    lower: Bound
    upper: Bound
    # Typed offsets, each behind its marker.
    offsets: list[tuple[str, Typed]] = dataclasses.field(default_factory=list)


def unbounded() -> Bound:
    """No bound."""
    return Bound(unbounded=Bound.Unbounded())


def current() -> Bound:
    """The current row."""
    return Bound(current_row=Bound.CurrentRow())


def away(offset: int, *, preceding: bool) -> Bound:
    """A row so many rows away."""
    if preceding:
        return Bound(preceding=Bound.Preceding(offset=offset))
    return Bound(following=Bound.Following(offset=offset))


def needs_hoisting(op: ops.Value) -> bool:
    """Whether a value has window functions or expands lists."""
    return bool(op.find(HOISTED, filter=ops.Value))


def hoisted(
    producer: Producer, relation: Relation, scope: Scope, values: Sequence[ops.Value]
) -> tuple[Relation, Scope]:
    """A relation that computes the windows in values beside its columns, and its scope."""
    found: dict[ops.Value, None] = {}
    for op in values:
        for node in op.find(HOISTED, filter=ops.Value):
            found.setdefault(node)
    pending = [node for node in found if node not in scope.computed]
    if not pending:
        return relation, scope
    while pending:
        ready = [node for node in pending if not inner(node, pending)]
        lists = [node for node in ready if isinstance(node, ops.Unnest)]
        if lists:
            relation, scope = expanded(producer, relation, scope, lists)
        computed = [node for node in ready if node not in lists]
        if computed:
            relation, scope = windowed(producer, relation, scope, computed)
        pending = [node for node in pending if node not in ready]
    return relation, scope


def inner(node: ops.Value, pending: list[Any]) -> bool:
    """Whether another pending value lies within this one."""
    return any(
        other is not node and other in pending for other in node.find(HOISTED, filter=ops.Value)
    )


def expanded(
    producer: Producer, relation: Relation, scope: Scope, nodes: list[Any]
) -> tuple[Relation, Scope]:
    """Lists expanded into rows, side by side; empty ones give none."""
    lists = [producer.value(node.arg, scope) for node in nodes]
    wide = unnested(producer, relation, lists, keep_empty=False)
    places = {node: relation.width + at for at, node in enumerate(nodes)}
    computed = {**scope.computed, **places}
    return wide, Scope(
        wide.columns, scope.offsets, scope.outer, computed, dict(scope.memo), scope.names
    )


def unnested(
    producer: Producer, relation: Relation, lists: Sequence[Typed], *, keep_empty: bool
) -> Relation:
    """Lists expanded side by side, behind the columns of the relation."""
    wide = producer.extend(relation, [(f"list{at}", typed) for at, typed in enumerate(lists)])
    # planc.v1.Unnest: field 1, packed ordinals; field 3, what becomes of NULL and empty lists.
    ordinals = b"".join(wire.varint(relation.width + at) for at in range(len(lists)))
    message = b"\x0a" + wire.varint(len(ordinals)) + ordinals
    if keep_empty:
        message += b"\x18\x02"
    single = algebra_pb2.ExtensionSingleRel(
        common=direct(), detail=producer.extensions.packed("Unnest", message)
    )
    body = wire.around(single, input=wide.rel)
    items = [
        (name, dtype.value_type.copy(nullable=True))
        for name, dtype in wide.columns[relation.width :]
    ]
    return Relation(wire.relation(extension_single=body), [*relation.columns, *items])


def positions(producer: Producer, items: Typed) -> Typed:
    """The list of a list's ordinals, from 0."""
    length = producer.scalar("array_length", items, returns=dtypes.UINT64)
    length = producer.cast(length, dtypes.INT64)
    zero = producer.literal(0, dtypes.INT64)
    return producer.scalar("range", zero, length, returns=dt.Array(dtypes.INT64))


def windowed(
    producer: Producer, relation: Relation, scope: Scope, nodes: list[Any]
) -> tuple[Relation, Scope]:
    """Window functions computed, those of one partition and order together."""
    groups: dict[Any, list[Any]] = {}
    for node in nodes:
        groups.setdefault((node.group_by, node.order_by), []).append(node)
    base = scope
    memo: dict[ops.Node, Typed] = {}
    for (group_by, order_by), members in groups.items():
        exprs = []
        columns = list(relation.columns)
        finishes: list[tuple[Any, list[int], Callable[..., Typed]]] = []
        for node in members:
            with producer.at(type(node.func).__name__):
                calls, finish = called(producer, node, base)
                frame = frame_of(producer, node, base, calls)
                partitions = producer.values(group_by, base)
                order = sort_fields(producer, order_by, base)
                places = []
                for call in calls:
                    places.append(len(columns))
                    columns.append((f"w{len(columns)}", call.returns))
                    exprs.append(written(producer, call, frame, partitions, order))
                finishes.append((node, places, finish))
        project = algebra_pb2.ProjectRel(common=direct())
        body = wire.around(project, input=relation.rel, expressions=exprs)
        relation = Relation(wire.relation(project=body), columns)
        for node, places, finish in finishes:
            typed = finish([producer.field(at, columns[at][1]) for at in places])
            memo[node] = producer.as_said(typed, node)
    memo = {**scope.memo, **memo}
    return relation, Scope(
        relation.columns, scope.offsets, scope.outer, scope.computed, memo, scope.names
    )


def sort_fields(producer: Producer, keys: Sequence[Any], scope: Scope) -> list[bytes]:
    """The order within a partition."""
    from planc_ibis.producer.relations import sorts

    return sorts(producer, keys, scope)


def written(
    producer: Producer,
    call: Call,
    frame: Frame,
    partitions: Sequence[Typed],
    order: Sequence[bytes],
) -> bytes:
    """The message of a window function."""
    kinds = [argument.dtype for argument in call.arguments]
    extra = list(frame.offsets)
    if call.filter is not None:
        extra.append(("FILTER", call.filter))
    kind = call.meaning
    options: list[tuple[str, str]] = []
    if extra or call.ignore_nulls:
        anchor = producer.extensions.own(kind)
        if call.ignore_nulls:
            options.append(("nulls", "IGNORE"))
    else:
        anchor, standard = producer.extensions.function(kind, kinds, call.returns)
        options += standard
    function = Window(
        function_reference=anchor,
        output_type=producer.type(call.returns),
        phase=algebra_pb2.AGGREGATION_PHASE_INITIAL_TO_RESULT,
        invocation=aggregates.invocation(call.distinct),
        bounds_type=frame.kind,
        lower_bound=frame.lower,
        upper_bound=frame.upper,
    )
    arguments = [wire.argument(argument.expr) for argument in call.arguments]
    for marker, typed in extra:
        arguments.append(wire.around(Argument(enum=marker)))
        arguments.append(wire.argument(typed.expr))
    for name, preference in options:
        function.options.add(name=name, preference=[preference])
    body = wire.around(
        function,
        arguments=arguments,
        sorts=order,
        partitions=[partition.expr for partition in partitions],
    )
    return wire.expression(window_function=body)


def frame_of(producer: Producer, node: Any, scope: Scope, calls: list[Call]) -> Frame:
    """The frame that a function sees; functions of the whole partition have SQL's default."""
    if any(call.frameless for call in calls):
        if node.order_by:
            return Frame(Window.BOUNDS_TYPE_RANGE, unbounded(), current())
        return Frame(Window.BOUNDS_TYPE_ROWS, unbounded(), unbounded())
    kind = Window.BOUNDS_TYPE_ROWS if node.how == "rows" else Window.BOUNDS_TYPE_RANGE
    frame = Frame(kind, unbounded(), unbounded())
    if node.how == "rows" and node.start is not None and node.end is not None:
        start, end = (
            (-1 if boundary.preceding else 1) * getattr(boundary.value, "value", 0)
            for boundary in (node.start, node.end)
        )
        if start > end:
            raise Refused("WindowFunction", "its frame ends before it begins")
    for marker, boundary in (("LOWER_BOUND", node.start), ("UPPER_BOUND", node.end)):
        if boundary is None:
            continue
        bound = bound_of(producer, node, boundary, frame, marker, scope)
        if marker == "LOWER_BOUND":
            frame.lower = bound
        else:
            frame.upper = bound
    return frame


def bound_of(
    producer: Producer, node: Any, boundary: Any, frame: Frame, marker: str, scope: Scope
) -> Bound:
    """One bound of a frame; a RANGE offset goes beside the arguments with its type."""
    offset = boundary.value
    parts = None
    if offset.dtype.is_interval():
        from planc_ibis.producer.temporal import constant_parts

        parts = constant_parts(offset)
        amount: Any = None if parts is None else int(any(parts))
    else:
        while isinstance(offset, ops.Cast):
            offset = offset.arg
        amount = getattr(offset, "value", None)
    if amount is None:
        raise Refused("WindowFunction", "a frame's bound is no constant")
    if amount == 0:
        return current()
    if node.how == "rows":
        return away(int(amount), preceding=boundary.preceding)
    if len(node.order_by) != 1:
        raise Refused("WindowFunction", "a RANGE with offsets has one sort key")
    if parts is not None:
        typed = Typed(literals.interval(*parts), dtypes.INTERVAL)
    else:
        from planc_ibis.producer.relations import key_of

        key = producer.value(key_of(node.order_by[0]), scope)
        typed = producer.cast(producer.literal(amount, dtypes.settled(offset.dtype)), key.dtype)
    frame.offsets.append((marker, typed))
    return away(0, preceding=boundary.preceding)


def called(
    producer: Producer, node: Any, scope: Scope
) -> tuple[list[Call], Callable[[list[Typed]], Typed]]:
    """The calls that a window function needs, and what is made of their results."""
    func = node.func
    if isinstance(func, (ops.First, ops.Last)):
        if func.where is not None:
            raise Refused(type(func).__name__, "it has a condition, and a window")
        name = "first_value" if isinstance(func, ops.First) else "last_value"
        argument = producer.value(func.arg, scope)
        returns = argument.dtype.copy(nullable=True)
        return [Call(f"window:{name}", [argument], returns)], lambda results: results[0]
    if isinstance(func, ops.Reduction):
        calls, finish = aggregates.called(producer, func, scope)
        if any(call.sorts and "approx" not in call.meaning for call in calls):
            raise Refused(type(func).__name__, "it has an order of its own, and a window")
        return calls, finish
    analytic = ANALYTIC.get(type(func).__name__)
    if analytic is None:
        raise Refused(type(func).__name__, "it is no window function of planc's")
    return analytic(producer, func, scope)


def ranking(name: str) -> Callable[..., tuple[list[Call], Callable[[list[Typed]], Typed]]]:
    """A function that counts from 1, where Ibis counts from 0."""

    def translate(
        producer: Producer, func: Any, scope: Scope
    ) -> tuple[list[Call], Callable[[list[Typed]], Typed]]:
        arguments = []
        if isinstance(func, ops.NTile):
            buckets = constant_integer(func.buckets, "NTile", "its number of buckets")
            arguments.append(producer.literal(buckets, dtypes.INT64))
        returns = dtypes.UINT64.copy(nullable=name == "ntile")
        call = Call(f"window:{name}", arguments, returns, frameless=True)
        return [call], lambda results: producer.plus(producer.cast(results[0], dtypes.INT64), -1)

    return translate


def constant_integer(op: Any, name: str, what: str) -> int:
    """The value of an integer literal."""
    if isinstance(op, ops.Literal) and op.value is not None:
        return int(op.value)
    raise Refused(name, f"{what} is no constant")


def share(name: str) -> Callable[..., tuple[list[Call], Callable[[list[Typed]], Typed]]]:
    """A relative rank."""

    def translate(
        producer: Producer, func: Any, scope: Scope
    ) -> tuple[list[Call], Callable[[list[Typed]], Typed]]:
        returns = dtypes.FLOAT64.copy(nullable=False)
        call = Call(f"window:{name}", [], returns, frameless=True)
        return [call], lambda results: results[0]

    return translate


def shifted(name: str) -> Callable[..., tuple[list[Call], Callable[[list[Typed]], Typed]]]:
    """The value some rows away."""

    def translate(
        producer: Producer, func: Any, scope: Scope
    ) -> tuple[list[Call], Callable[[list[Typed]], Typed]]:
        argument = producer.value(func.arg, scope)
        arguments = [argument]
        default = None
        if func.default is not None and getattr(func.default, "value", 0) is not None:
            default = producer.cast(producer.value(func.default, scope), argument.dtype)
            if not default.is_literal:
                raise Refused(type(func).__name__, "its default is no constant")
        offset = 1
        if func.offset is not None:
            if func.offset.dtype.is_interval():
                raise Refused(type(func).__name__, "its offset is an interval")
            offset = constant_integer(func.offset, type(func).__name__, "its offset")
        if offset != 1 or default is not None:
            arguments.append(producer.literal(offset, dtypes.INT64))
        if default is not None:
            arguments.append(default)
        returns = argument.dtype.copy(nullable=True)
        call = Call(f"window:{name}", arguments, returns, frameless=True)
        return [call], lambda results: results[0]

    return translate


def nth(
    producer: Producer, func: Any, scope: Scope
) -> tuple[list[Call], Callable[[list[Typed]], Typed]]:
    """The value of the nth row of the frame, from 0."""
    argument = producer.value(func.arg, scope)
    at = constant_integer(func.nth, "NthValue", "its position") + 1
    arguments = [argument, producer.literal(at, dtypes.INT64)]
    call = Call("window:nth_value", arguments, argument.dtype.copy(nullable=True))
    return [call], lambda results: results[0]


ANALYTIC: dict[str, Callable[..., tuple[list[Call], Callable[[list[Typed]], Typed]]]] = {
    "RowNumber": ranking("row_number"),
    "MinRank": ranking("rank"),
    "DenseRank": ranking("dense_rank"),
    "NTile": ranking("ntile"),
    "PercentRank": share("percent_rank"),
    "CumeDist": share("cume_dist"),
    "Lag": shifted("lag"),
    "Lead": shifted("lead"),
    "NthValue": nth,
}


@value("WindowFunction")
def window(producer: Producer, op: Any, scope: Scope) -> Typed:
    """A window function where no relation could compute it before."""
    raise Refused("WindowFunction", "it stands where a plan has no window functions")


@value("Unnest")
def unnest(producer: Producer, op: Any, scope: Scope) -> Typed:
    """A list expanded where no relation could do it before."""
    raise Refused("Unnest", "it stands where a plan expands no lists")


def sort_field(typed: Typed, *, ascending: bool) -> bytes:
    """A sort key, NULLs last."""
    direction = (
        SortField.SORT_DIRECTION_ASC_NULLS_LAST
        if ascending
        else SortField.SORT_DIRECTION_DESC_NULLS_LAST
    )
    return wire.around(SortField(direction=direction), expr=typed.expr)


def numbered(
    producer: Producer,
    relation: Relation,
    keys: Sequence[int],
    order: bytes | None = None,
) -> Relation:
    """The relation with each row's number among those that are equal in some columns."""
    partitions = [producer.field(at, relation.columns[at][1]) for at in keys]
    call = Call("window:row_number", [], dtypes.UINT64.copy(nullable=False), frameless=True)
    frame = Frame(Window.BOUNDS_TYPE_ROWS, unbounded(), unbounded())
    if order is not None:
        frame = Frame(Window.BOUNDS_TYPE_RANGE, unbounded(), current())
    expr = written(producer, call, frame, partitions, [] if order is None else [order])
    project = algebra_pb2.ProjectRel(common=direct())
    body = wire.around(project, input=relation.rel, expressions=expr)
    wide = Relation(wire.relation(project=body), [*relation.columns, ("number", call.returns)])
    kept = [(name, producer.field(at, dtype)) for at, (name, dtype) in enumerate(relation.columns)]
    number = producer.cast(producer.field(relation.width, call.returns), dtypes.INT64)
    return producer.project(wide, [*kept, ("number", number)])
