"""An expression of the plan with its type, and the scopes that names are looked up in."""

from __future__ import annotations

import dataclasses
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from substrait import algebra_pb2

NOTHING = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its settled type."""

    expr: algebra_pb2.Expression
    dtype: dt.DataType
    # The Python value, where it is a literal.
    value: Any = NOTHING

    @property
    def is_literal(self) -> bool:
        """Whether it is a value that is not NULL."""
        return self.value is not NOTHING and self.value is not None

    @property
    def nullable(self) -> bool:
        """Whether it can be NULL."""
        return bool(self.dtype.nullable)


Columns = list[tuple[str, dt.DataType]]


@dataclasses.dataclass(slots=True)
class Relation:
    """A relation of the plan and its columns."""

    rel: algebra_pb2.Rel
    columns: Columns

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.columns)


@dataclasses.dataclass
class Scope:
    """The columns that an expression can refer to."""

    columns: Columns
    # Where the columns of each Ibis relation begin.
    offsets: dict[ops.Relation, int]
    outer: Scope | None = None
    # Operations that a relation below has computed: their ordinals.
    computed: dict[ops.Node, int] = dataclasses.field(default_factory=dict)
    memo: dict[ops.Node, Typed] = dataclasses.field(default_factory=dict)

    def ordinal(self, rel: ops.Relation, name: str) -> int | None:
        """The ordinal of a relation's column, where the relation is in this scope."""
        offset = self.offsets.get(rel)
        if offset is None:
            return None
        names: tuple[str, ...] = rel.schema.names
        return offset + names.index(name)
