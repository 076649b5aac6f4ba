"""In-memory tables in SQL: their rows, as a query before the others."""

from __future__ import annotations

import re
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

# The most values that are written out.
MOST_VALUES = 10_000
# What DataFusion reads from text without loss.
NAMES = {
    dt.Int8: "Int8",
    dt.Int16: "Int16",
    dt.Int32: "Int32",
    dt.Int64: "Int64",
    dt.UInt8: "UInt8",
    dt.UInt16: "UInt16",
    dt.UInt32: "UInt32",
    dt.UInt64: "UInt64",
    dt.Float32: "Float32",
    dt.Float64: "Float64",
    dt.Boolean: "Boolean",
    dt.String: "Utf8",
    dt.Date: "Date32",
}


def with_rows(sql: str, table: ir.Table) -> str | None:
    """The SQL of an expression with the rows of its in-memory tables, or None for what SQL does
    not say."""
    memtables = sorted(table.op().find(ops.InMemoryTable), key=lambda op: sql.find(op.name))
    taken = {op.name for op in table.op().find(ops.UnboundTable)}
    queries = []
    count = 0
    for op in memtables:
        while (name := f"memtable_{count}") in taken:
            count += 1
        count += 1
        query = rows(op)
        if query is None:
            return None
        sql = sql.replace(f'"{op.name}"', f'"{name}"')
        queries.append(f'"{name}" AS (\n  {query}\n)')
    if not queries:
        return sql
    rest = re.sub(r"^\s*WITH\s+", "", sql)
    between = ", " if rest != sql else "\n"
    return f"WITH {', '.join(queries)}{between}{rest}"


def rows(op: Any) -> str | None:
    """A query that gives the rows of an in-memory table."""
    schema = op.schema
    types = [arrow_type(dtype) for dtype in schema.types]
    if None in types or not types:
        return None
    columns = [column.to_pylist() for column in op.data.to_pyarrow(schema).columns]
    if len(columns) * len(columns[0]) > MOST_VALUES:
        return None
    selected = ", ".join(
        f"ARROW_CAST(column{at}, '{kind}') AS {quoted(name)}"
        for at, (name, kind) in enumerate(zip(schema.names, types, strict=True), start=1)
    )
    if not columns[0]:
        nulls = ", ".join(["NULL"] * len(columns))
        return f"SELECT {selected} FROM (VALUES ({nulls})) WHERE FALSE"
    lines = ", ".join(f"({', '.join(map(text, row))})" for row in zip(*columns, strict=True))
    return f"SELECT {selected} FROM (VALUES {lines})"


def arrow_type(dtype: dt.DataType) -> str | None:
    """What DataFusion calls a type."""
    if isinstance(dtype, dt.Decimal) and dtype.precision is not None and dtype.precision <= 38:
        return f"Decimal128({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, dt.Timestamp) and dtype.timezone is None:
        return "Timestamp(Microsecond, None)"
    return NAMES.get(type(dtype))


def text(item: Any) -> str:
    """A value as a text that reads back as it was."""
    if item is None:
        return "NULL"
    if isinstance(item, bool):
        return f"'{str(item).lower()}'"
    return "'" + str(item).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name, exactly."""
    return '"' + name.replace('"', '""') + '"'
