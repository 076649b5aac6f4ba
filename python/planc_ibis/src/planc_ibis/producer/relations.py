"""Relations but for joins and aggregates."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from substrait import algebra_pb2

from planc_ibis.producer import dtypes, types, windows, wire
from planc_ibis.producer.nested import constant
from planc_ibis.producer.producer import Producer, direct
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import relation, value
from planc_ibis.producer.typed import Columns, Relation, Scope, Typed

SortField = algebra_pb2.SortField
DIRECTIONS = {
    (True, True): SortField.SORT_DIRECTION_ASC_NULLS_FIRST,
    (True, False): SortField.SORT_DIRECTION_ASC_NULLS_LAST,
    (False, True): SortField.SORT_DIRECTION_DESC_NULLS_FIRST,
    (False, False): SortField.SORT_DIRECTION_DESC_NULLS_LAST,
}


def settled(schema: ibis.Schema) -> Columns:
    """A schema's columns in the types of a plan."""
    columns = []
    for name, dtype in schema.items():
        try:
            columns.append((name, dtypes.settled(dtype)))
        except Refused as refused:
            reason = f"{refused.reason}; select the other columns right behind the table"
            raise Refused(f"the column `{name}` ({dtype})", reason) from None
    return columns


def selected(
    producer: Producer, op: Any, values: Sequence[ops.Value], outer: Scope | None
) -> tuple[Relation, Scope]:
    """The parent of a relation that computes all its columns anew: only what it reads is read."""
    if not isinstance(op.parent, ops.UnboundTable | ops.DatabaseTable):
        return below(producer, op, outer)
    used = {
        field.name for value in values for field in value.find(ops.Field) if field.rel == op.parent
    }
    parts = {name: dtype for name, dtype in op.parent.schema.items() if name in used}
    if not parts or all(is_settled(dtype) for dtype in op.parent.schema.types):
        return below(producer, op, outer)
    with producer.at(type(op.parent).__name__):
        parent = read_table(producer, op.parent, settled(ibis.schema(parts)))
    return parent, Scope(parent.columns, {op.parent: 0}, outer, names=tuple(parts))


def is_settled(dtype: dt.DataType) -> bool:
    """Whether planc has a type."""
    try:
        dtypes.settled(dtype)
    except Refused:
        return False
    return True


def below(producer: Producer, op: Any, outer: Scope | None) -> tuple[Relation, Scope]:
    """The parent of a relation, and the scope over its columns."""
    parent = producer.relation(op.parent, outer)
    return parent, Scope(parent.columns, {op.parent: 0}, outer)


@relation("UnboundTable", "DatabaseTable")
def table(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """A table, by the name that planc's catalog has it under."""
    return read_table(producer, op, settled(op.schema))


def read_table(producer: Producer, op: Any, columns: Columns) -> Relation:
    """Some columns of a table."""
    names = [part for part in (op.namespace.catalog, op.namespace.database, op.name) if part]
    source = getattr(op, "source", None)
    if source is not None and names[:-1] == default_namespace(source)[-len(names[:-1]) :]:
        names = names[-1:]
    read = algebra_pb2.ReadRel(
        common=direct(),
        base_schema=types.named_struct(columns, producer.extensions),
        named_table=algebra_pb2.ReadRel.NamedTable(names=names),
    )
    return Relation(wire.around(algebra_pb2.Rel(read=read)), columns)


def default_namespace(source: Any) -> list[str]:
    """The catalog and database in which a backend looks a bare name up."""
    try:
        return [source.current_catalog, source.current_database]
    except Exception:  # a backend without one of them
        return []


@relation("InMemoryTable")
def memory(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """A table of values, which the plan holds."""
    columns = settled(op.schema)
    rows = op.data.to_pyarrow(op.schema).to_pylist()
    values = [[row[name] for name, _ in columns] for row in rows]
    return literal_rows(producer, columns, values)


def literal_rows(producer: Producer, columns: Columns, rows: Sequence[Sequence[Any]]) -> Relation:
    """A relation of values. Without columns, each row is an empty one."""
    read = algebra_pb2.ReadRel(
        common=direct(), base_schema=types.named_struct(columns, producer.extensions)
    )
    expressions = []
    for row in rows:
        pairs = zip(row, columns, strict=True)
        fields = [constant(producer, item, dtype).expr for item, (_, dtype) in pairs]
        expressions.append(wire.around(algebra_pb2.Expression.Nested.Struct(), fields=fields))
    table = wire.around(algebra_pb2.ReadRel.VirtualTable(), expressions=expressions)
    body = wire.around(read, virtual_table=table)
    return Relation(wire.relation(read=body), columns)


@relation("DummyTable")
def dummy(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """One row of computed values."""
    row = literal_rows(producer, [], [[]])
    return computed(producer, row, Scope([], {}, outer), op.values)


@relation("SelfReference", "JoinReference", "AliasedRelation")
def reference(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """A relation under another name."""
    return producer.relation(op.parent, outer)


@relation("View")
def view(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """A relation under another name."""
    return producer.relation(op.child, outer)


@relation("Project")
def project(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Computed columns."""
    parent, scope = selected(producer, op, list(op.values.values()), outer)
    return computed(producer, parent, scope, op.values)


def computed(
    producer: Producer, parent: Relation, scope: Scope, values: Mapping[str, ops.Value]
) -> Relation:
    """Columns over a scope, the windows and expanded lists in them first."""
    parent, scope = windows.hoisted(producer, parent, scope, list(values.values()))
    outputs = []
    for name, op in values.items():
        with producer.at(f"`{name}`"):
            outputs.append((name, producer.value(op, scope)))
    return producer.project(parent, outputs)


@relation("DropColumns")
def drop(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """All columns but some."""
    parent, scope = selected(producer, op, list(op.values.values()), outer)
    return computed(producer, parent, scope, op.values)


@relation("Filter")
def filter_(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """The rows that meet all predicates."""
    parent, scope = below(producer, op, outer)
    return filtered(producer, parent, scope, op.predicates)


def filtered(
    producer: Producer, parent: Relation, scope: Scope, predicates: Sequence[ops.Value]
) -> Relation:
    """The rows of a relation that meet predicates, which may have windows."""
    width = parent.width
    parent, scope = windows.hoisted(producer, parent, scope, list(predicates))
    kept = producer.filter(parent, producer.all_of(conjuncts(producer, predicates, scope)))
    return producer.select(kept, range(width))


def conjuncts(producer: Producer, predicates: Sequence[ops.Value], scope: Scope) -> Iterator[Typed]:
    """The operands of all ANDs in predicates, once each."""
    seen = set()
    for predicate in predicates:
        for part in operands(predicate, ops.And):
            if part not in seen:
                seen.add(part)
                yield producer.value(part, scope)


def operands(op: ops.Node, kind: type[Any]) -> Iterator[ops.Node]:
    """The operands of a chain of one operation, from left to right."""
    stack: list[Any] = [op]
    while stack:
        node: Any = stack.pop()
        if isinstance(node, kind):
            stack += [node.right, node.left]
        else:
            yield node


@relation("Sort")
def sort(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Sorted rows. A sort of sorted rows keeps the older order among equals."""
    keys = list(op.keys)
    offsets = {op.parent: 0}
    source = op.parent
    while isinstance(source, ops.Sort):
        keys += source.keys
        source = source.parent
        offsets[source] = 0
    parent = producer.relation(source, outer)
    scope = Scope(parent.columns, offsets, outer)
    width = parent.width
    parent, scope = windows.hoisted(producer, parent, scope, [key_of(key) for key in keys])
    fields = sorts(producer, keys, scope)
    by = {key_of(key).name for key in keys if isinstance(key_of(key), ops.Field)}
    for name, key in inherited(source):
        at = source.schema.names.index(name)
        if name not in by:
            typed = producer.field(at, scope.columns[at][1])
            direction = DIRECTIONS[key.ascending, key.nulls_first]
            fields.append(wire.around(SortField(direction=direction), expr=typed.expr))
    if not fields:
        return producer.select(parent, range(width))
    rel = algebra_pb2.SortRel(common=direct())
    body = wire.around(rel, input=parent.rel, sorts=fields)
    return producer.select(Relation(wire.relation(sort=body), parent.columns), range(width))


def inherited(op: Any) -> list[tuple[str, Any]]:
    """The columns that a relation is sorted by already, as far as they come out of it."""
    if isinstance(op, ops.Sort):
        found: list[tuple[str, Any]] = []
        for key in op.keys:
            if not isinstance(key_of(key), ops.Field):
                return found
            found.append((key_of(key).name, key))
        return [*found, *(pair for pair in inherited(op.parent) if pair[0] not in dict(found))]
    if isinstance(op, ops.Filter | ops.Limit):
        return inherited(op.parent)
    if isinstance(op, ops.Project | ops.DropColumns):
        names = {
            value.name: name for name, value in op.values.items() if isinstance(value, ops.Field)
        }
        kept: list[tuple[str, Any]] = []
        for name, key in inherited(op.parent):
            if name not in names:
                return kept
            kept.append((names[name], key))
        return kept
    return []


def key_of(key: Any) -> ops.Value:
    """What a sort key sorts by."""
    found: ops.Value = key.arg if hasattr(key, "arg") else key.expr
    return found


def sorts(producer: Producer, keys: Sequence[Any], scope: Scope) -> list[bytes]:
    """Sort keys, each with its direction and where NULLs stand."""
    fields = []
    seen = set()
    for key in keys:
        by = key_of(key)
        if isinstance(by, ops.Literal) or by in seen:
            continue
        seen.add(by)
        direction = DIRECTIONS[key.ascending, key.nulls_first]
        key_expr = producer.value(by, scope).expr
        fields.append(wire.around(SortField(direction=direction), expr=key_expr))
    return fields


@relation("Limit")
def limit(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Some rows from a place on."""
    parent = producer.relation(op.parent, outer)
    parts: dict[str, bytes] = {"input": parent.rel}
    count, offset = number(op.n), number(op.offset)
    if offset:
        parts["offset_expr"] = producer.literal(offset, dtypes.INT64).expr
    if count is not None:
        parts["count_expr"] = producer.literal(count, dtypes.INT64).expr
    body = wire.around(algebra_pb2.FetchRel(common=direct()), **parts)
    return Relation(wire.relation(fetch=body), parent.columns)


def number(value: Any) -> int | None:
    """A constant number of rows."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, ops.Literal):
        return None if value.value is None else int(value.value)
    raise Refused("Limit", "the number of rows is no constant")


@relation("Distinct")
def distinct(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Each row once."""
    return producer.distinct(producer.relation(op.parent, outer))


@relation("FillNull")
def fill_null(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Values in place of NULLs."""
    parent, scope = below(producer, op, outer)
    given = op.replacements
    outputs = []
    for at, (name, dtype) in enumerate(parent.columns):
        column = producer.field(at, dtype)
        other = given.get(name) if isinstance(given, Mapping) else given
        if other is not None and dtype.nullable:
            node = other if isinstance(other, ops.Node) else ibis.literal(other).op()
            column = producer.coalesce((column, producer.value(node, scope)), dtype)
        outputs.append((name, column))
    return producer.project(parent, outputs)


@relation("DropNull")
def drop_null(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """Rows without NULLs, or with a value at least."""
    parent, scope = below(producer, op, outer)
    if op.subset is None:
        columns = [producer.field(at, dtype) for at, (_, dtype) in enumerate(parent.columns)]
    else:
        columns = producer.values(op.subset, scope)
    present = [producer.is_not_null(column) for column in columns]
    if op.how == "any":
        return producer.filter(parent, producer.all_of(present)) if present else parent
    return producer.filter(parent, producer.any_of(present))


@relation("Union")
def union(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """The rows of both."""
    left, right = sides(producer, op, outer)
    rel = algebra_pb2.SetRel(common=direct(), op=algebra_pb2.SetRel.SET_OP_UNION_ALL)
    body = wire.around(rel, inputs=[left.rel, right.rel])
    columns = [
        (name, dtype.copy(nullable=dtype.nullable or other.nullable))
        for (name, dtype), (_, other) in zip(left.columns, right.columns, strict=True)
    ]
    both = Relation(wire.relation(set=body), columns)
    return producer.distinct(both) if op.distinct else both


@relation("Intersection", "Difference")
def within(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """The rows that are in both, or in the left one only. Rows with NULLs can be equal."""
    kept = isinstance(op, ops.Intersection)
    left, right = sides(producer, op, outer)
    names = [name for name, _ in left.columns]
    if op.distinct:
        left = producer.distinct(left)
    else:
        # The nth of equal rows has a partner where there are n of them on the other side.
        left = windows.numbered(producer, left, range(left.width))
        right = windows.numbered(producer, right, range(right.width))
    pairs = []
    for at, ((_, dtype), (_, other)) in enumerate(zip(left.columns, right.columns, strict=True)):
        one, two = producer.field(at, dtype), producer.field(left.width + at, other)
        pairs.append(producer.compare("IsNotDistinctFrom", one, two))
    kind = algebra_pb2.JoinRel
    join = algebra_pb2.JoinRel(
        common=direct(),
        type=kind.JOIN_TYPE_LEFT_SEMI if kept else kind.JOIN_TYPE_LEFT_ANTI,
    )
    condition = producer.all_of(pairs).expr
    body = wire.around(join, left=left.rel, right=right.rel, expression=condition)
    return producer.select(Relation(wire.relation(join=body), left.columns), range(len(names)))


def sides(producer: Producer, op: Any, outer: Scope | None) -> tuple[Relation, Relation]:
    """Both inputs of a set operation, their columns in the same types."""
    left = producer.relation(op.left, outer)
    right = producer.relation(op.right, outer)
    ones, others = [], []
    pairs = zip(left.columns, right.columns, strict=True)
    for at, ((name, dtype), (_, other)) in enumerate(pairs):
        common = dtypes.unified(dtype, other)
        ones.append((name, producer.cast(producer.field(at, dtype), common)))
        others.append((name, producer.cast(producer.field(at, other), common)))
    return producer.project(left, ones), producer.project(right, others)


@relation("TableUnnest")
def table_unnest(producer: Producer, op: Any, outer: Scope | None) -> Relation:
    """A row for each item of a list."""
    parent, scope = below(producer, op, outer)
    names = [name for name, _ in parent.columns]
    lists = [producer.value(op.column, scope)]
    if op.offset is not None:
        lists.append(windows.positions(producer, lists[0]))
    wide = windows.unnested(producer, parent, lists, keep_empty=op.keep_empty)
    width = parent.width
    outputs = {name: at for at, name in enumerate(names)}
    outputs[op.column_name] = width
    if op.offset is not None:
        outputs[op.offset] = width + 1
    chosen = producer.select(wide, list(outputs.values()))
    columns = [(name, dtype) for name, (_, dtype) in zip(outputs, chosen.columns, strict=True)]
    return Relation(chosen.rel, columns)


@value("Field")
def field(producer: Producer, op: Any, scope: Scope) -> Typed:
    """A column of this relation, or of one around it."""
    around: Scope | None = scope
    steps = 0
    while around is not None:
        ordinal = around.ordinal(op.rel, op.name)
        if ordinal is not None:
            return producer.field(ordinal, around.columns[ordinal][1], steps)
        around = around.outer
        steps += 1
    raise Refused("Field", f"`{op.name}` belongs to a relation that is not in reach")


@value("ExistsSubquery")
def exists(producer: Producer, op: Any, scope: Scope) -> Typed:
    """Whether a subquery has rows."""
    inner = producer.subquery(op.rel, scope)
    sub = algebra_pb2.Expression.Subquery
    exist = sub.SetPredicate(predicate_op=sub.SetPredicate.PREDICATE_OP_EXISTS)
    predicate = wire.around(exist, tuples=inner.rel)
    expr = wire.expression(subquery=wire.around(sub(), set_predicate=predicate))
    return Typed(expr, dtypes.BOOLEAN.copy(nullable=False))


@value("InSubquery")
def in_subquery(producer: Producer, op: Any, scope: Scope) -> Typed:
    """Whether a value is among those of a subquery."""
    inner = producer.subquery(op.rel, scope)
    needle = producer.value(op.needle, scope)
    found = producer.field(0, inner.columns[0][1])
    common = producer.common((needle, found))
    inner = producer.project(inner, [(inner.columns[0][0], producer.cast(found, common))])
    sub = algebra_pb2.Expression.Subquery
    needles = producer.cast(needle, common).expr
    predicate = wire.around(sub.InPredicate(), needles=needles, haystack=inner.rel)
    expr = wire.expression(subquery=wire.around(sub(), in_predicate=predicate))
    return Typed(expr, dtypes.BOOLEAN)


@value("ScalarSubquery")
def scalar_subquery(producer: Producer, op: Any, scope: Scope) -> Typed:
    """The only value of a subquery. A cast of it goes inside."""
    inner = producer.subquery(op.rel, scope)
    name, dtype = inner.columns[0]

    def cast(to: dt.DataType) -> Typed:
        found = producer.cast(producer.field(0, dtype), to)
        return the_value(producer.project(inner, [(name, found)]))

    return dataclasses.replace(the_value(inner), anew=cast)


def the_value(inner: Relation) -> Typed:
    """A subquery's only value."""
    sub = algebra_pb2.Expression.Subquery
    scalar = wire.around(sub.Scalar(), input=inner.rel)
    expr = wire.expression(subquery=wire.around(sub(), scalar=scalar))
    dtype: dt.DataType = inner.columns[0][1]
    return Typed(expr, dtype.copy(nullable=True))
