"""Bundles: a plan, and beside it what planc cannot see in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from planc_ibis import memtables
from planc_ibis.refusal import Refused


def emit(
    expr: ir.Expr,
    path: str | Path,
    *,
    params: Mapping[ir.Value, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Writes a table expression as a rule: `NAME.substrait`, and `NAME.toml` beside it.

    `NAME.toml` has the settings given, the SQL that Ibis itself writes, and the types of the
    output. Where a plan cannot say the expression, the bundle has the SQL alone and the reason.
    Raises `Refused` where Ibis writes no SQL either.
    """
    target = Path(path)
    if target.suffix in (".substrait", ".toml", ".sql"):
        target = target.with_name(target.stem)
    table = expr.as_table()
    lines = [f"{name} = {toml(value)}" for name, value in (settings or {}).items()]
    sql = sql_of(table, params)
    plan_file = target.with_name(f"{target.name}.substrait")
    try:
        plan, columns, facts = plan_of(table, params)
    except Refused as refused:
        if sql is None:
            raise
        lines.append(f"refused = {toml(str(refused))}")
        plan_file.unlink(missing_ok=True)
        columns = dict(table.schema().items())
    else:
        if facts:
            lines.append(f"facts = {toml(facts)}")
        plan_file.write_bytes(plan)
    if sql is not None:
        lines += [f"sql = {toml(sql)}", 'dialect = "datafusion"']
    lines += ["", "[schema]"]
    lines += [f"{toml(name)} = {toml(str(dtype))}" for name, dtype in columns.items()]
    bundle = target.with_name(f"{target.name}.toml")
    bundle.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")
    return bundle


def plan_of(
    table: ir.Table, params: Mapping[ir.Value, Any] | None
) -> tuple[bytes, dict[str, dt.DataType], list[str]]:
    """A plan, the types of its output, and what is known of it besides.

    With Ibis 9.5 ibis-substrait writes it, with later versions the producer of this package.
    """
    if int(ibis.__version__.split(".", maxsplit=1)[0]) < 10:
        from planc_ibis import ibis_substrait

        if params:
            raise Refused("params", "ibis-substrait has no parameters")
        plan, facts = ibis_substrait.plan(table)
        return plan, dict(table.schema().items()), facts
    from planc_ibis.producer import produce

    plan, columns = produce(table, params)
    return plan, columns, []


def sql_of(table: ir.Table, params: Mapping[ir.Value, Any] | None) -> str | None:
    """The SQL that Ibis writes for DataFusion, where it does, with the rows of in-memory tables.

    planc knows where this SQL means something else than Ibis does.
    """
    try:
        sql = str(ibis.to_sql(table, dialect="datafusion", params=params or None))
    except Exception:  # Ibis's compilers raise whatever they come across
        return None
    return memtables.with_rows(sql, table)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.DataType):
        value = str(value)
    return json.dumps(str(value), ensure_ascii=False)
