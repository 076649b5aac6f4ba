"""TPC-H in Ibis: the digests of the SQL rules, and what emitting takes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import running
import tpch_queries
from planc_ibis import produce
from planc_ibis.bundle import toml

ROOT = Path(__file__).resolve().parents[3]
ARROW = {"int64": "BIGINT", "int32": "INT", "string": "VARCHAR", "date": "DATE"}
# `/` is float in Ibis and stays decimal in SQL.
OTHER = {"q08"}


def ddl(name: str, schema: dict[str, str]) -> str:
    """A table as SQL declares it."""
    columns = []
    for column, text in schema.items():
        kind = text.lstrip("!")
        columns.append(f"{column} {ARROW.get(kind, kind.upper())} NOT NULL")
    return f"CREATE TABLE {name} ({', '.join(columns)});\n"


def project(folder: Path) -> None:
    """A project with the SQL rules and the plans of the same questions."""
    lines = ['[project]\nname = "tpch"\nrules = ["rules/**/*.sql", "rules/**/*.substrait"]\n']
    (folder / "schemas").mkdir()
    for name, schema in tpch_queries.SCHEMAS.items():
        (folder / "schemas" / f"{name}.sql").write_text(ddl(name, schema))
        lines.append(f"[sources.{name}]\nddl = {toml(f'schemas/{name}.sql')}\n")
    (folder / "planc.toml").write_text("\n".join(lines))
    write_rules(folder)


def write_rules(folder: Path) -> None:
    """The queries as `sql.q01` … and `ibis.q01` …."""
    (folder / "rules" / "sql").mkdir(parents=True)
    (folder / "rules" / "ibis").mkdir()
    for name, query in tpch_queries.QUERIES.items():
        text = (ROOT / "tests" / "tpch" / f"{name}.sql").read_text()
        (folder / "rules" / "sql" / f"{name}.sql").write_text(text)
        plan, _columns = produce(query())
        (folder / "rules" / "ibis" / f"{name}.substrait").write_bytes(plan)


def test_digests_are_those_of_the_sql_rules(binary: Path, tmp_path: Path) -> None:
    project(tmp_path)
    engine = running.Planc(binary, tmp_path)
    engine.call("lock")
    lines = [json.loads(line) for line in engine.call("compile", "--json").splitlines()]
    digests = {line["rule"]: line["digest"] for line in lines if "rule" in line}
    differ = {
        name
        for name in tpch_queries.QUERIES
        if digests[f"sql.{name}"] != digests[f"ibis.{name}"] or digests[f"ibis.{name}"] is None
    }
    assert differ == OTHER


def test_emitting_is_quick() -> None:
    """The quickest of a few rounds: what the work takes, whatever else the machine does."""
    for name, query in tpch_queries.QUERIES.items():
        expr = query()
        rounds = []
        for _round in range(5):
            start = time.perf_counter()
            produce(expr)
            rounds.append(time.perf_counter() - start)
        assert min(rounds) < 0.020, f"{name}: {min(rounds):.4f} s"
