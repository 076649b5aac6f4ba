"""An expression of the plan with its type, and the scopes that names are looked up in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

NOTHING = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its settled type."""

    # As it is written.
    expr: bytes
    dtype: dt.DataType
    # The Python value, where it is a literal.
    value: Any = NOTHING
    # Which column of the input it is, where it is no more than that.
    ordinal: int | None = None
    # Makes it anew in another type, where that is better than a cast.
    anew: Callable[[dt.DataType], Typed] | None = None

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

    # As it is written.
    rel: bytes
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
    # The names of the only relation's columns, where some were left out.
    names: Sequence[str] = ()

    def ordinal(self, rel: ops.Relation, name: str) -> int | None:
        """The ordinal of a relation's column, where the relation is in this scope."""
        offset = self.offsets.get(rel)
        if offset is None:
            return None
        names: Sequence[str] = self.names or rel.schema.names
        return offset + names.index(name) if name in names else None
