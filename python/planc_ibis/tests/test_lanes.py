"""Both lanes of a bundle: no wrong rows, and nothing refused without a code.

With Ibis 9.5 the plans of ibis-substrait are made anew, and those that the Rust tests read must be
the same. With later versions the SQL that Ibis gives is what is compiled.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import ibis
import pytest

import lanes
from planc_ibis.bundle import sql_of

OLD = int(ibis.__version__.split(".", maxsplit=1)[0]) < 10
LANE = lanes.SUBSTRAIT if OLD else lanes.SQL
REPOSITORY = Path(__file__).parents[3]


def planc() -> Path:
    """The planc to test with; without one there is nothing to test."""
    found = os.environ.get("PLANC") or shutil.which("planc")
    if not found:
        pytest.skip("there is no planc: name it in PLANC")
    return Path(found)


def test_no_rows_are_wrong(tmp_path: Path) -> None:
    outcomes = lanes.measured(planc(), LANE, tmp_path)
    wrong = {name: f"{o.text}: {o.why}" for name, o in outcomes.items() if o.state == "wrong"}
    assert not wrong
    unsaid = [name for name, o in outcomes.items() if o.state == "refused" and not o.codes]
    assert not unsaid
    emitted = [o for o in outcomes.values() if o.state != "not emitted"]
    right = [o for o in emitted if o.state == "right"]
    compared = [o for o in emitted if o.state != "not compared"]
    assert len(emitted) >= 200
    assert len(right) >= (0.85 if OLD else 0.95) * len(compared)


@pytest.mark.skipif(not OLD, reason="ibis-substrait writes plans with Ibis 9.5")
def test_the_committed_plans_are_those_that_are_made(tmp_path: Path) -> None:
    lanes.write_project(tmp_path, lanes.SUBSTRAIT, output=False)
    committed = REPOSITORY / "tests" / "ibis" / "rules"
    made = {path.name: path.read_bytes() for path in (tmp_path / "rules").iterdir()}
    known = {path.name: path.read_bytes() for path in committed.iterdir()}
    assert made.keys() == known.keys()
    assert [name for name in made if made[name] != known[name]] == []
    lanes.write_tpch(tmp_path / "tpch")
    for path in sorted((tmp_path / "tpch").iterdir()):
        known_plan = REPOSITORY / "tests" / "ibis" / "tpch" / path.name
        assert path.read_bytes() == known_plan.read_bytes(), path.name


@pytest.mark.skipif(not ibis.__version__.startswith("12."), reason="Ibis 12 made the SQL")
def test_the_committed_sql_is_what_ibis_writes(tmp_path: Path) -> None:
    lanes.write_project(tmp_path, lanes.SQL, output=False)
    committed = REPOSITORY / "tests" / "ibis" / "sql" / "rules"
    for path in sorted(committed.iterdir()):
        assert (tmp_path / "rules" / path.name).read_bytes() == path.read_bytes(), path.name


def test_rows_of_memtables_stand_in_the_sql() -> None:
    rows = {"a": [1, None], "b": ["it's", "y"]}
    sql = sql_of(ibis.memtable(rows, schema={"a": "int64", "b": "string"}), None)
    assert sql is not None
    assert sql.startswith('WITH "memtable_0" AS (')
    assert "(VALUES ('1', 'it''s'), (NULL, 'y'))" in sql
    nested = ibis.memtable({"a": [[1]]}, schema={"a": "array<int64>"})
    assert sql_of(nested, None) is None
