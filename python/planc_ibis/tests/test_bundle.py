"""Bundles as planc takes them: the plan's lane, with the types that the bundle says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import running
import tables

RULES = """
import ibis
from ibis import _

t = ibis.table({"id": "!int64", "i64": "int64", "dec": "decimal(15, 2)", "word": "string",
                "ts": "timestamp", "f64": "float64"}, name="t")
n = ibis.table({"id": "!int64", "arr": "array<int64>", "st": "struct<x: int64, y: string>"}, name="n")
sums = t.group_by("word").agg(total=_.i64.sum(), mean=_.dec.mean(), product=(t.dec * t.dec).sum())
ranks = t.select("id", rank=ibis.row_number().over(order_by=t.id), day=t.ts.truncate("D"))
nested = n.select("id", first=n.arr[0], x=n.st.x, made=ibis.struct({"a": n.id}))
"""


def test_a_module_becomes_rules(binary: Path, tmp_path: Path) -> None:
    tables.write(tmp_path)
    module = tmp_path / "rules.py"
    module.write_text(RULES)
    source = Path(__file__).parent.parent / "src"
    subprocess.run(
        [sys.executable, "-m", "planc_ibis.command", str(module), "--out", str(tmp_path / "rules")],
        check=True,
        env={"PYTHONPATH": str(source)},
    )
    engine = running.Planc(binary, tmp_path)
    engine.call("lock")
    report = engine.call("check", "--output-format", "concise")
    assert "P0514" not in report, report
    for rule in ("sums", "ranks", "nested"):
        assert engine.rows(rule).num_rows > 0
