"""Plans of Ibis 9.5, by ibis-substrait 4.0.1, and what that producer does not write.

planc puts right what the producer writes wrongly. What the producer loses cannot be put right
from the plan, but it can be seen here, in the expression. So joins get a projection that says
their columns, literals are written in UTC, and the other facts stand beside the plan.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import time
from collections.abc import Iterator
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from planc_ibis.refusal import Refused


def plan(table: ir.Table) -> tuple[bytes, list[str]]:
    """The plan of an expression, and the facts that planc cannot see in it.

    Raises `Refused` where the producer has no plan, or one that would ask another question.
    """
    from ibis_substrait.compiler.core import SubstraitCompiler

    op = table.op()
    check(op)
    known = facts()
    try:
        with utc():
            message = SubstraitCompiler().compile(projected(op).to_expr())
    except Exception as error:  # the producer raises whatever it comes across
        raise Refused(type(error).__name__, str(error)) from error
    return message.SerializeToString(deterministic=True), known


def bare(table: ir.Table) -> tuple[bytes, list[str]]:
    """The plan as the producer writes it by itself, and no facts."""
    from ibis_substrait.compiler.core import SubstraitCompiler

    try:
        message = SubstraitCompiler().compile(table)
    except Exception as error:  # the producer raises whatever it comes across
        raise Refused(type(error).__name__, str(error)) from error
    return message.SerializeToString(deterministic=True), []


def check(op: Any) -> None:
    """Raises `Refused` where two expressions would give one plan."""
    for key in op.find(ops.SortKey):
        if getattr(key, "nulls_first", False):
            raise Refused("ibis-substrait", "sorts with nulls first are written like others")
    for window in op.find(ops.WindowFunction):
        bounds = window.start is not None or window.end is not None
        if bounds and window.how != "rows":
            raise Refused("ibis-substrait", "frames of values are written like frames of rows")
        if isinstance(window.func, ops.CountDistinct | ops.CountDistinctStar):
            raise Refused("ibis-substrait", "distinct counts over windows are written like others")
        if getattr(window.func, "how", "sample") == "pop":
            raise Refused(
                "ibis-substrait", "deviations of populations over windows are written like others"
            )
        if getattr(window.func, "where", None) is not None:
            raise Refused("ibis-substrait", "conditions of aggregates are not written")
    for operation in op.find((ops.Intersection, ops.Difference)):
        if not operation.distinct:
            raise Refused(
                "ibis-substrait", "set operations with repeated rows are written like others"
            )
    for reduction in op.find(ops.Reduction):
        if getattr(reduction, "where", None) is not None:
            raise Refused("ibis-substrait", "conditions of aggregates are not written")
    for binary in op.find(ops.Binary):
        if not isinstance(binary, ops.Comparison) and narrowing([binary.left, binary.right]):
            raise Refused("ibis-substrait", "an operand is cast to fewer digits")
    for coalesce in op.find(ops.Coalesce):
        if narrowing(list(coalesce.arg)):
            raise Refused("ibis-substrait", "an operand is cast to fewer digits")
    for access in op.find(ops.StructField):
        if not isinstance(access.arg, ops.Field | ops.StructField):
            raise Refused("ibis-substrait", "the struct whose field is taken is not written")
    for chain in op.find(ops.JoinChain):
        for link in chain.rest:
            if any(predicate.find(SUBQUERIES) for predicate in link.predicates):
                raise Refused("ibis-substrait", "subqueries in joins lose their columns")
    if any(correlated(query.rel) for query in op.find(SUBQUERIES)):
        raise Refused("ibis-substrait", "what a subquery refers to around it is not written")


def narrowing(operands: list[Any]) -> bool:
    """Whether the producer would cast one of the operands to another's fewer digits."""
    types = [operand.dtype for operand in operands if not isinstance(operand, ops.Literal)]
    decimals = [dtype for dtype in types if dtype.is_decimal()]
    scales = {dtype.scale for dtype in decimals}
    return len(scales) > 1 or bool(decimals) and any(dtype.is_floating() for dtype in types)


def facts() -> list[str]:
    """What holds for an expression that passed `check`."""
    return [
        "distinct-sets",
        "nulls-last",
        "own-casts",
        "plain-counts",
        "rows-frames",
        "sample-spread",
        "uncorrelated",
        "utc-literals",
    ]


SUBQUERIES = (ops.ScalarSubquery, ops.InSubquery, ops.ExistsSubquery)


def correlated(relation: Any) -> bool:
    """Whether something in a relation refers to a relation outside of it."""
    inside: set[Any] = set()
    seen: set[Any] = set()
    open_: list[Any] = [relation]
    while open_:
        node = open_.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, ops.JoinChain):
            below = [node.first, *(link.table for link in node.rest)]
        elif isinstance(node, ops.Set):
            below = [node.left, node.right]
        else:
            parent = getattr(node, "parent", None)
            below = [parent] if isinstance(parent, ops.Relation) else []
        open_ += below
        # A view computes nothing: what refers to its table means the table outside.
        if not isinstance(node, ops.Reference):
            inside.update(below)
    nested = [query.rel for query in relation.find(SUBQUERIES)]
    for field in relation.find(ops.Field):
        if field.rel in inside:
            continue
        around = [rel for rel in nested if field in rel.find(ops.Field)]
        # Of a subquery within: it must be at home there.
        if not around or all(correlated(rel) for rel in around):
            return True
    return False


def projected(op: Any) -> Any:
    """The expression in a form that the producer writes whole.

    Every join has a projection above it, which says its columns. What is computed from
    aggregates stands above the aggregation. Dates are added up.
    """

    def replace(node: Any, kwargs: dict[str, Any] | None) -> Any:
        if kwargs:
            node = node.__recreate__(kwargs)
        if isinstance(node, ops.JoinChain) and node.rest:
            return above_join(node)
        if isinstance(node, ops.Aggregate):
            return above_aggregate(node)
        if isinstance(node, ops.DateAdd | ops.DateSub):
            return summed(node)
        if isinstance(node, ops.Coalesce):
            return first_of(node)
        if isinstance(node, ops.Limit):
            return limited(node)
        return node

    return op.replace(replace)


def first_of(node: Any) -> Any:
    """COALESCE as conditions: the producer drops its arguments."""
    *first, last = [
        arg
        if arg.dtype.copy(nullable=True) == node.dtype.copy(nullable=True)
        else ops.Cast(arg, to=node.dtype)
        for arg in node.arg
    ]
    for arg in reversed(first):
        last = ops.IfElse(ops.NotNull(arg), arg, last)
    return last


def limited(node: Any) -> Any:
    """A limit that the producer does not write like another one."""
    if isinstance(node.n, int) and node.n == 0:
        return ops.Filter(node.parent, [ops.Literal(False, dtype="bool")])
    if node.n is None:
        return ops.Limit(node.parent, n=(1 << 63) - 1, offset=node.offset)
    return node


def without_views(node: Any) -> Any:
    """A join of tables instead of their views, whose columns the producer loses."""
    instead = {
        link.table: ops.JoinReference(link.table.parent, identifier=at + 1_000)
        for at, link in enumerate(node.rest)
        if isinstance(link.table, ops.SelfReference)
    }
    if not instead:
        return node
    fields = {
        ops.Field(view, name): ops.Field(table, name)
        for view, table in instead.items()
        for name in view.schema.names
    }
    rest = [
        link.copy(
            table=instead.get(link.table, link.table),
            predicates=[put(predicate, fields) for predicate in link.predicates],
        )
        for link in node.rest
    ]
    values = {name: put(value, fields) for name, value in node.values.items()}
    return node.copy(rest=tuple(rest), values=values)


def above_join(node: Any) -> Any:
    """A projection of a join's columns, over the join with all of them."""
    node = without_views(node)
    tables = [node.first]
    for link in node.rest:
        # The rows of these sides are not in the result.
        if link.how not in ("semi", "anti"):
            tables.append(link.table)
    fields = [ops.Field(table, name) for table in tables for name in table.schema.names]
    columns = {f"column_{at}": field for at, field in enumerate(fields)}
    whole = node.copy(values=columns)
    named = {field: ops.Field(whole, name) for name, field in columns.items()}
    return ops.Project(whole, {name: put(value, named) for name, value in node.values.items()})


def above_aggregate(node: Any) -> Any:
    """A projection of what is computed from aggregates, over the aggregation."""
    if all(isinstance(metric, ops.Reduction) for metric in node.metrics.values()):
        return node
    found: dict[Any, str] = {}
    for metric in node.metrics.values():
        for reduction in metric.find(ops.Reduction, filter=ops.Value):
            found.setdefault(reduction, f"measure_{len(found)}")
    metrics = {name: reduction for reduction, name in found.items()}
    if not metrics or set(metrics) & set(node.groups):
        return node
    whole = ops.Aggregate(node.parent, groups=node.groups, metrics=metrics)
    named = {reduction: ops.Field(whole, name) for reduction, name in found.items()}
    values: dict[str, Any] = {name: ops.Field(whole, name) for name in node.groups}
    values |= {name: put(metric, named) for name, metric in node.metrics.items()}
    return ops.Project(whole, values)


def put(value: Any, instead: dict[Any, Any]) -> Any:
    """The value with some of its parts replaced, the outermost first."""
    if value in instead:
        return instead[value]

    def replace(node: Any, kwargs: dict[str, Any] | None) -> Any:
        if node in instead:
            return instead[node]
        return node.__recreate__(kwargs) if kwargs else node

    return value.replace(replace, filter=ops.Value)


def summed(node: Any) -> Any:
    """A date that is literally there and an interval, as the date that they make."""
    date, interval = node.left, node.right
    if not (isinstance(date, ops.Literal) and isinstance(interval, ops.Literal)):
        return node
    sign = 1 if isinstance(node, ops.DateAdd) else -1
    count = sign * interval.value
    unit = interval.dtype.unit.short
    if unit in ("Y", "M", "Q"):
        months = count * {"Y": 12, "Q": 3, "M": 1}[unit] + date.value.year * 12
        months += date.value.month - 1
        if date.value.day > 28:
            return node
        value = date.value.replace(year=months // 12, month=months % 12 + 1)
    elif unit in ("D", "W"):
        value = date.value + datetime.timedelta(days=count * (7 if unit == "W" else 1))
    else:
        return node
    return ops.Literal(value, dtype=date.dtype)


@contextlib.contextmanager
def utc() -> Iterator[None]:
    """UTC as the machine's time zone: the producer writes timestamps in it."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
