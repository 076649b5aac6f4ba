"""Runs plans with planc and expressions with Ibis's DuckDB backend, and compares the rows."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
from pyarrow import ipc

Row = tuple[Any, ...]
# The places that an average of decimals has at least: four more than the decimals.
AVERAGE = -6


class Failed(Exception):
    """planc did not run a plan, and why."""


class Planc:
    """planc on a project."""

    def __init__(self, binary: Path, project: Path) -> None:
        self.binary = binary
        self.project = project

    def call(self, *arguments: str) -> str:
        """Runs planc and gives its output."""
        command = [str(self.binary), *arguments, "--project", str(self.project)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise Failed((done.stderr + done.stdout).strip())
        return done.stdout

    def run_plan(self, plan: bytes) -> pa.Table:
        """The rows of a plan."""
        (self.project / "rules" / "plan.substrait").write_bytes(plan)
        return self.rows("plan")

    def rows(self, rule: str) -> pa.Table:
        """The rows of a rule."""
        with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
            self.call("run", rule, "--format", "arrow", "--output", file.name)
            with ipc.open_stream(file.name) as reader:
                return reader.read_all()


def duckdb_rows(expr: ir.Table, connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The raw rows of Ibis's DuckDB backend, without Ibis's casts."""
    register(expr, connection)
    result = connection.execute(ibis.to_sql(expr, dialect="duckdb"))
    found = [column[0] for column in result.description]
    if len(found) != len(expr.columns):
        raise ValueError(f"Ibis's SQL gives the columns {found}")
    return result.fetchall()


def register(expr: ir.Table, connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the in-memory tables of an expression known."""
    for table in expr.op().find(ops.InMemoryTable):
        connection.register(table.name, table.data.to_pyarrow(table.schema))


def connect(given: dict[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """A DuckDB with tables, in UTC."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, table in given.items():
        connection.register(f"{name}_arrow", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_arrow")
    return connection


def plain(value: Any) -> Any:
    """A value in one form for both engines."""
    if isinstance(value, pa.MonthDayNano):
        days = value.months * 30 + value.days
        return dt.timedelta(days=days, microseconds=value.nanoseconds / 1000)
    if hasattr(value, "to_pydatetime"):
        # Nanoseconds come as pandas' timestamps.
        value = value.to_pydatetime(warn=False)
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.timezone.utc)
        return value.replace(tzinfo=None, microsecond=value.microsecond)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        pairs = value and all(isinstance(item, tuple) and len(item) == 2 for item in value)
        if pairs and isinstance(value, list):
            return {key: plain(item) for key, item in value}
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if hasattr(value, "hex") and hasattr(value, "int") and not isinstance(value, int | float):
        return str(value)
    return value


def key(value: Any) -> Any:
    """Sorts rows alike on both sides, whatever the last digits of their numbers are."""
    if value is None:
        return (0, "")
    if isinstance(value, bool):
        return (1, float(value))
    if isinstance(value, int | float | decimal.Decimal):
        number = float(value)
        if math.isnan(number):
            return (2, "")
        return (1, float(f"{number:.5g}") if math.isfinite(number) else number)
    if isinstance(value, dict):
        return (3, sorted((str(k), key(v)) for k, v in value.items()))
    if isinstance(value, list):
        return (4, [key(item) for item in value])
    return (5, str(value))


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same, numbers within what their types can hold."""
    numbers = (int, float, decimal.Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        if isinstance(one, float) or isinstance(other, float):
            a, b = float(one), float(other)
            if math.isnan(a) or math.isnan(b):
                return math.isnan(a) and math.isnan(b)
            slack = 1e-9
            for number in (one, other):
                exponent = number.as_tuple().exponent if isinstance(number, decimal.Decimal) else 0
                if isinstance(exponent, int) and exponent <= AVERAGE:
                    # An average of decimals has so many digits, and no more.
                    slack = max(slack, 10.0**exponent)
            return math.isclose(a, b, rel_tol=1e-9, abs_tol=slack if slack > 1e-9 else 1e-12)
        return one == other
    if isinstance(one, dt.timedelta) and isinstance(other, int):
        # DuckDB's difference of dates is a number of days.
        return one == dt.timedelta(days=other)
    if one in ([], {}) and other in ([], {}):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)


def differs(ours: pa.Table, theirs: Sequence[Row], *, ordered: bool) -> str | None:
    """How the rows differ, or nothing."""
    columns = [column.to_pylist() for column in ours.columns]
    mine = [[plain(value) for value in row] for row in zip(*columns, strict=True)]
    if not columns:
        mine = [[] for _ in range(ours.num_rows)]
    yours = [[plain(value) for value in row] for row in theirs]
    if len(mine) != len(yours):
        return f"{len(mine)} rows and not {len(yours)}"
    if not ordered:
        mine.sort(key=key)
        yours.sort(key=key)
    for at, (one, other) in enumerate(zip(mine, yours, strict=True)):
        if not equal(one, other):
            return f"row {at}: {one} and not {other}"
    return None


def is_ordered(expr: ir.Table) -> bool:
    """Whether the order of an expression's rows is said."""
    op = expr.op()
    while isinstance(op, ops.Project | ops.DropColumns | ops.Limit) and not isinstance(
        op, ops.Sort
    ):
        op = op.parent
    return isinstance(op, ops.Sort)
