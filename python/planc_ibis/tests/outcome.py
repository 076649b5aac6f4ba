"""How an expression of the corpus ends: right, wrong, refused, or otherwise."""

from __future__ import annotations

import dataclasses
from typing import Any

import duckdb

import corpus
import running
from planc_ibis.producer import Refused, produce


@dataclasses.dataclass
class Outcome:
    """The end of one expression."""

    family: str
    text: str
    # right, wrong, refused, failed, no reference, unbuilt
    status: str
    detail: str = ""
    # Whether Ibis's DuckDB backend runs it.
    reference: bool = True
    operations: tuple[str, ...] = ()


def of(
    family: str,
    text: str,
    names: dict[str, Any],
    planc: running.Planc,
    connection: duckdb.DuckDBPyConnection,
) -> Outcome:
    """Builds an expression, runs it on both sides, and compares."""
    try:
        expr = corpus.build(text, dict(names))
    except Exception as error:  # this version of Ibis does not have it
        return Outcome(family, text, "unbuilt", first_line(error), reference=False)
    operations = tuple(sorted({type(node).__name__ for node in expr.op().find(object)}))
    try:
        theirs = running.duckdb_rows(expr, connection)
        why = ""
    except Exception as error:  # DuckDB or Ibis's compiler refuses it
        theirs, why = None, first_line(error)
    reference = theirs is not None

    def end(status: str, detail: str = "") -> Outcome:
        return Outcome(family, text, status, detail, reference, operations)

    try:
        plan, _columns = produce(expr)
    except Refused as refused:
        return end("refused", str(refused))
    try:
        ours = planc.run_plan(plan)
    except running.Failed as failed:
        return end("failed", str(failed))
    if theirs is None:
        return end("no reference", why)
    how = running.differs(ours, theirs, ordered=running.is_ordered(expr))
    return end("right") if how is None else end("wrong", how)


def first_line(error: Exception) -> str:
    """What an error says first."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
