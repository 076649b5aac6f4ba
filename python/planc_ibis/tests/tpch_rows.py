"""TPC-H in Ibis on the demo's data: rows against DuckDB and the SQL rules, digests, and times.

python tests/tpch_rows.py --planc target/debug/planc
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pyarrow as pa

import running
import test_tpch
import tpch_queries
from planc_ibis import produce


def reference(name: str, expr: ir.Table, connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """The rows of Ibis's DuckDB backend; of the SQL query where Ibis writes what DuckDB refuses."""
    try:
        return running.duckdb_rows(expr, connection)
    except duckdb.Error:
        text = (test_tpch.ROOT / "tests" / "tpch" / f"{name}.sql").read_text()
        return connection.execute(text).fetchall()


def main() -> int:
    """Prints a line for each query."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planc", type=Path, required=True)
    binary = parser.parse_args().planc.resolve()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        engine = running.Planc(binary, project)
        engine.call("init", "--demo", str(project))
        for rule in (project / "rules").rglob("*.sql"):
            rule.unlink()
        config = (project / "planc.toml").read_text()
        config = config.replace('"rules/**/*.sql"', '"rules/**/*.sql", "rules/**/*.substrait"')
        (project / "planc.toml").write_text(config)
        test_tpch.write_rules(project)
        for name in tpch_queries.SCHEMAS:
            (project / "rules" / f"all_{name}.sql").write_text(f"select * from {name}")
        given: dict[str, pa.Table] = {
            name: engine.rows(f"all_{name}") for name in tpch_queries.SCHEMAS
        }
        connection = running.connect(given)
        lines = [json.loads(line) for line in engine.call("compile", "--json").splitlines()]
        digests = {line["rule"]: line["digest"] for line in lines if "rule" in line}
        wrong = 0
        for name, query in tpch_queries.QUERIES.items():
            expr = query()
            rounds = []
            for _round in range(9):
                start = time.process_time()
                produce(expr)
                rounds.append(1000 * (time.process_time() - start))
            same = digests[f"sql.{name}"] == digests[f"ibis.{name}"]
            ours = engine.rows(f"ibis.{name}")
            ordered = running.is_ordered(expr)
            how = running.differs(ours, reference(name, expr, connection), ordered=False)
            sql = engine.rows(f"sql.{name}").to_pylist()
            beside = running.differs(ours, [tuple(row.values()) for row in sql], ordered=ordered)
            wrong += how is not None or beside is not None
            print(
                f"{name} {'same digest' if same else 'other digest'}; {ours.num_rows} rows;",
                f"DuckDB: {how or 'equal'}; SQL rule: {beside or 'equal'};",
                f"{statistics.median(rounds):.1f} ms",
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
