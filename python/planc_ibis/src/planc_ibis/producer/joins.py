"""Chains of joins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis.expr.operations as ops
from substrait import algebra_pb2

from planc_ibis.producer import dtypes, windows, wire
from planc_ibis.producer.producer import Producer, direct
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import relation
from planc_ibis.producer.relations import computed, operands
from planc_ibis.producer.typed import Columns, Relation, Scope, Typed

JoinRel = algebra_pb2.JoinRel
KINDS = {
    "inner": JoinRel.JOIN_TYPE_INNER,
    "left": JoinRel.JOIN_TYPE_LEFT,
    "right": JoinRel.JOIN_TYPE_RIGHT,
    "outer": JoinRel.JOIN_TYPE_OUTER,
    "semi": JoinRel.JOIN_TYPE_LEFT_SEMI,
    "anti": JoinRel.JOIN_TYPE_LEFT_ANTI,
}
REFUSED = {
    "any_inner": "which of several partners a row gets is not determined",
    "any_left": "which of several partners a row gets is not determined",
    "positional": "the rows of a table have no positions",
}
SWAPPED = {
    ops.Equals: "Eq",
    ops.IdenticalTo: "IsNotDistinctFrom",
}


@relation("JoinChain")
def chain(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Joins from left to right, and the columns that come out of them."""
    left = producer.relation(op.first, outer)
    offsets: dict[ops.Relation, int] = {op.first: 0}
    for link in op.rest:
        with producer.at(f"{link.how} join"):
            left = joined(producer, left, offsets, link, outer)
    scope = Scope(left.columns, offsets, outer)
    return computed(producer, left, scope, op.values)


def joined(
    producer: Producer,
    left: Relation,
    offsets: dict[ops.Relation, int],
    link: Any,
    outer: Scope | None,
) -> Relation:
    """One more table joined; where its columns come out, their offset is noted."""
    how = link.how
    if how in REFUSED:
        raise Refused(f"{how} join", REFUSED[how])
    right = producer.relation(link.table, outer)
    both = left.columns + right.columns
    scope = Scope(both, {**offsets, link.table: left.width}, outer)
    if how == "asof":
        return asof(producer, left, right, scope, offsets, link)
    conditions = list(predicates(producer, link.predicates, scope, left.width))
    if how in ("semi", "anti"):
        columns = left.columns
    else:
        offsets[link.table] = left.width
        columns = widened(left.columns, how in ("right", "outer")) + widened(
            right.columns, how in ("left", "outer")
        )
    if not conditions and how in ("inner", "cross"):
        cross = algebra_pb2.CrossRel(common=direct())
        body = wire.around(cross, left=left.rel, right=right.rel)
        return Relation(wire.relation(cross=body), columns)
    if how == "cross":
        raise Refused("cross join", "it has a condition")
    return Relation(join(left, right, producer.all_of(conditions), how), columns)


def join(left: Relation, right: Relation, condition: Typed, how: str) -> bytes:
    """A join's relation."""
    body = wire.around(
        JoinRel(common=direct(), type=KINDS[how]),
        left=left.rel,
        right=right.rel,
        expression=condition.expr,
    )
    return wire.relation(join=body)


def widened(columns: Columns, nullable: bool) -> Columns:
    """The columns of a side, nullable where the join can lack a partner there."""
    if not nullable:
        return columns
    return [(name, dtype.copy(nullable=True)) for name, dtype in columns]


def predicates(producer: Producer, given: Any, scope: Scope, width: int) -> Iterator[Typed]:
    """The conjuncts of a condition. Equalities come first, the left side's value to the left."""
    parts = [part for predicate in given for part in operands(predicate, ops.And)]
    if any(windows.needs_hoisting(part) for part in parts):
        raise Refused("a join's condition", "it has a window function or expands a list")
    parts.sort(key=lambda part: type(part) not in SWAPPED)
    for part in parts:
        if isinstance(part, ops.Literal) and part.value is True:
            continue
        comparison = SWAPPED.get(type(part))
        if comparison is None:
            yield producer.value(part, scope)
            continue
        one, two = producer.values((part.left, part.right), scope)
        if sides_of(part.left, scope, width) == {True} and sides_of(part.right, scope, width) == {
            False
        }:
            one, two = two, one
        yield producer.compare(comparison, one, two)


def sides_of(op: ops.Value, scope: Scope, width: int) -> set[bool]:
    """Which sides of a join an expression reads: true for the right one."""
    return {scope.offsets.get(rel, 0) >= width for rel in op.relations}


def asof(
    producer: Producer,
    left: Relation,
    right: Relation,
    scope: Scope,
    offsets: dict[ops.Relation, int],
    link: Any,
) -> Relation:
    """For each left row the nearest right row in one direction, or none.

    Each left row is numbered, and of its partners the nearest is kept. Equally near partners are
    told apart by nothing, so each is an answer.
    """
    bound, others = None, []
    for part in (part for predicate in link.predicates for part in operands(predicate, ops.And)):
        nearness = (ops.GreaterEqual, ops.Greater, ops.LessEqual, ops.Less)
        if isinstance(part, nearness) and bound is None:
            bound = part
        else:
            others.append(part)
    if bound is None:
        raise Refused("asof join", "it has no inequality")
    flipped = sides_of(bound.left, scope, left.width) == {True}
    by = bound.left if flipped else bound.right
    if sides_of(by, scope, left.width) != {True}:
        raise Refused("asof join", "its inequality does not compare the two sides")
    upwards = isinstance(bound, (ops.GreaterEqual, ops.Greater)) is not flipped
    counted = windows.numbered(producer, left, ())
    shift = {table: at for table, at in scope.offsets.items() if table is not link.table}
    both = counted.columns + right.columns
    wide = Scope(both, {**shift, link.table: counted.width}, scope.outer)
    conditions = [
        *predicates(producer, others, wide, counted.width),
        producer.value(bound, wide),
    ]
    # A left row without a partner stays, once, with NULLs on the right.
    both = counted.columns + widened(right.columns, True)
    pairs = Relation(join(counted, right, producer.all_of(conditions), "left"), both)
    near = producer.value(by, Scope(both, wide.offsets, scope.outer))
    order = windows.sort_field(near, ascending=not upwards)
    best = windows.numbered(producer, pairs, (counted.width - 1,), order=order)
    place = producer.field(best.width - 1, dtypes.INT64)
    first = producer.compare("Eq", place, producer.literal(1, dtypes.INT64))
    chosen = producer.filter(best, first)
    kept = [*range(left.width), *range(counted.width, counted.width + right.width)]
    offsets[link.table] = left.width
    return producer.select(chosen, kept)
