"""From an Ibis expression to a Substrait plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
from substrait import algebra_pb2, plan_pb2

from planc_ibis.producer import dtypes, registry, types, wire
from planc_ibis.producer.builder import Builder
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.typed import Relation, Scope, Typed

RelCommon = algebra_pb2.RelCommon
# What stands in the plan's `version.producer`.
PRODUCER = "planc-ibis/0.1"
LARGEST = 64 << 20
# How many calls of Python may lie within each other: some ten for each step of an expression.
DEEPEST = 8_000


class Producer(Builder):
    """Translates one expression."""

    def __init__(self, params: Mapping[ops.Node, Any] | None = None) -> None:
        super().__init__()
        self.params = dict(params or {})
        self.place: list[str] = []
        self.lambdas: list[list[tuple[str, dt.DataType]]] = []

    def plan(self, table: ops.Relation) -> tuple[bytes, dict[str, dt.DataType]]:
        """The plan of a table expression, and the types of its output."""
        relation = self.relation(table, None)
        if len(relation.rel) > LARGEST:
            raise Refused(type(table).__name__, "its plan is larger than 64 MB")
        names: list[str] = []
        for name, dtype in relation.columns:
            names.append(name)
            names.extend(types.names_within(dtype))
        plan = plan_pb2.Plan()
        # The release of the specification that planc reads.
        plan.version.minor_number = 85
        plan.version.producer = PRODUCER
        self.extensions.declare(plan)
        root = wire.around(algebra_pb2.RelRoot(names=names), input=relation.rel)
        root = wire.around(plan_pb2.PlanRel(), root=root)
        return wire.around(plan, relations=root), dict(relation.columns)

    @contextmanager
    def at(self, step: str) -> Iterator[None]:
        """Goes one step down, for the place of a refusal."""
        self.place.append(step)
        try:
            yield
        except Refused as refused:
            refused.place = refused.place or tuple(self.place)
            raise
        except RecursionError:
            raise Refused(step, "it is nested too deeply", tuple(self.place[:8])) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A form of the operation that nobody has thought of: no plan is better than a guess.
            raise Refused(step, f"it is not understood: {error!r}", tuple(self.place)) from error
        finally:
            self.place.pop()

    def relation(self, op: ops.Relation, outer: Scope | None) -> Relation:
        """A relation, within the scope of the query around it."""
        name = type(op).__name__
        translator = registry.RELATIONS.get(name)
        with self.at(name):
            if translator is None:
                raise registry.refusal(name)
            return translator(self, op, outer)

    def value(self, op: ops.Node, scope: Scope) -> Typed:
        """A value over the columns of a scope."""
        known = scope.memo.get(op)
        if known is not None:
            return known
        ordinal = scope.computed.get(op)
        if ordinal is not None:
            return self.field(ordinal, scope.columns[ordinal][1])
        name = type(op).__name__
        if isinstance(op, ops.ScalarUDF):
            name = "ScalarUDF"
        translation = registry.VALUES.get(name)
        with self.at(name):
            if translation is None:
                raise registry.refusal(name)
            typed = translation(self, op, scope)
        if not self.lambdas:
            scope.memo[op] = typed
        return typed

    def values(self, operands: Sequence[ops.Node], scope: Scope) -> list[Typed]:
        """Several values."""
        return [self.value(operand, scope) for operand in operands]

    def as_said(self, typed: Typed, op: ops.Value) -> Typed:
        """A value in the type that Ibis says, but for what that type would lose.

        Ibis gives decimals fewer digits than their arithmetic has, and drops zones.
        """
        wanted = dtypes.settled(op.dtype)
        found = typed.dtype
        if wanted.is_decimal() and (found.is_decimal() or found.is_floating()):
            return typed
        if wanted.is_timestamp() and found.is_timestamp():
            return typed
        return self.cast(typed, wanted)

    # Relations that others are built of.

    def project(self, relation: Relation, outputs: Sequence[tuple[str, Typed]]) -> Relation:
        """Computes columns, and nothing else comes out. Columns as they are, are not computed."""
        columns = [(name, typed.dtype) for name, typed in outputs]
        mapping: list[int] = []
        exprs: list[bytes] = []
        for _, typed in outputs:
            ordinal = typed.ordinal
            if ordinal is None:
                mapping.append(relation.width + len(exprs))
                exprs.append(typed.expr)
            else:
                mapping.append(ordinal)
        if not exprs and mapping == list(range(relation.width)):
            return Relation(relation.rel, columns)
        project = algebra_pb2.ProjectRel(common=emit(mapping))
        body = wire.around(project, input=relation.rel, expressions=exprs)
        return Relation(wire.relation(project=body), columns)

    def extend(self, relation: Relation, outputs: Sequence[tuple[str, Typed]]) -> Relation:
        """Computes columns beside those that there are."""
        if not outputs:
            return relation
        kept = [(name, self.field(at, dtype)) for at, (name, dtype) in enumerate(relation.columns)]
        return self.project(relation, [*kept, *outputs])

    def select(self, relation: Relation, ordinals: Sequence[int]) -> Relation:
        """Some of the columns."""
        outputs = []
        for at in ordinals:
            name, dtype = relation.columns[at]
            outputs.append((name, self.field(at, dtype)))
        return self.project(relation, outputs)

    def filter(self, relation: Relation, condition: Typed) -> Relation:
        """The rows for which a condition is true."""
        rel = algebra_pb2.FilterRel(common=direct())
        body = wire.around(rel, input=relation.rel, condition=condition.expr)
        return Relation(wire.relation(filter=body), relation.columns)

    def distinct(self, relation: Relation) -> Relation:
        """Each row once."""
        keys = [self.field(at, dtype).expr for at, (_, dtype) in enumerate(relation.columns)]
        grouping = algebra_pb2.AggregateRel.Grouping(expression_references=range(relation.width))
        rel = algebra_pb2.AggregateRel(common=direct(), groupings=[grouping])
        body = wire.around(rel, input=relation.rel, grouping_expressions=keys)
        return Relation(wire.relation(aggregate=body), relation.columns)

    def subquery(self, op: ops.Relation, scope: Scope) -> Relation:
        """The relation of a subquery, which may refer to the columns around it."""
        return self.relation(op, scope)


def direct() -> algebra_pb2.RelCommon:
    """All columns come out."""
    return RelCommon(direct=RelCommon.Direct())


def emit(mapping: Sequence[int]) -> algebra_pb2.RelCommon:
    """These columns come out."""
    return RelCommon(emit=RelCommon.Emit(output_mapping=mapping))


def produce(
    expr: ir.Expr, params: Mapping[ir.Value, Any] | None = None
) -> tuple[bytes, dict[str, dt.DataType]]:
    """The plan of an Ibis table expression, as protobuf bytes, and the types of its columns.

    A value expression is taken as a table of one column. Raises `Refused`, which says what
    cannot be said in a plan, and where it stands.
    """
    values = {}
    for param, value in (params or {}).items():
        node = param.op()
        values[node.arg if isinstance(node, ops.Alias) else node] = value
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEEPEST))
    try:
        return Producer(values).plan(expr.as_table().op())
    finally:
        sys.setrecursionlimit(limit)
