"""The two lanes of a bundle over the corpus: what planc does with ibis-substrait's plans (Ibis 9.5)
and with Ibis's own SQL, and whether the rows are those of DuckDB.

    python tests/lanes.py make ../../tests/ibis            the rules that the Rust tests compile
    python tests/lanes.py table --planc planc --lane sql   a table in Markdown
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow.parquet as pq

import corpus
import running
import tables
import tpch_queries
from planc_ibis import Refused
from planc_ibis.bundle import sql_of, toml

SUBSTRAIT = "substrait"
SQL = "sql"
BARE = "bare"


@dataclass
class Outcome:
    """What became of one expression."""

    family: str
    text: str
    state: str = "not emitted"
    """`not emitted`, `refused`, `not run`, `right`, `wrong`, `not compared`."""
    codes: list[str] = field(default_factory=list)
    why: str = ""
    repaired: bool = False
    other_types: bool = False
    digest: str | None = None


def expressions() -> dict[str, tuple[str, str, ir.Table]]:
    """The corpus by names, as far as this Ibis can build it."""
    names = corpus.namespace()
    counts: collections.Counter[str] = collections.Counter()
    found = {}
    for family, text in corpus.lines():
        counts[family] += 1
        name = f"{family.replace(' ', '_')}_{counts[family]:03}"
        try:
            found[name] = (family, text, corpus.build(text, names))
        except Exception:  # what this version of Ibis lacks
            continue
    return found


def bundle(expr: ir.Table, lane: str, target: Path, *, output: bool) -> str | None:
    """Writes a rule that has one lane only; or says why there is none."""
    lines = []
    if output:
        lines.append(f"output = {{ parquet = {toml(f'out/{target.name}.parquet')} }}")
    if lane == SQL:
        sql = sql_of(expr, None)
        if sql is None:
            return "Ibis writes no SQL"
        lines.append(f"sql = {toml(sql)}")
    else:
        from planc_ibis import ibis_substrait

        write: Callable[[ir.Table], tuple[bytes, list[str]]] = (
            ibis_substrait.bare if lane == BARE else ibis_substrait.plan
        )
        try:
            plan, facts = write(expr)
        except Refused as refused:
            return str(refused)
        if facts:
            lines.append(f"facts = {toml(facts)}")
        target.with_suffix(".substrait").write_bytes(plan)
    lines.append("\n[schema]")
    lines += [f"{toml(name)} = {toml(str(dtype))}" for name, dtype in expr.schema().items()]
    target.with_suffix(".toml").write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")
    return None


def write_project(folder: Path, lane: str, *, output: bool = True) -> dict[str, Outcome]:
    """A project with a rule for each expression of the corpus."""
    tables.write(folder)
    config = (folder / "planc.toml").read_text()
    start = config.index("rules = [")
    config = config[:start] + config[config.index("\n", start) + 1 :]
    (folder / "planc.toml").write_text(config)
    outcomes = {}
    for name, (family, text, expr) in expressions().items():
        outcome = outcomes[name] = Outcome(family, text)
        why = bundle(expr, lane, folder / "rules" / name, output=output)
        if why is not None:
            outcome.why = why
        else:
            outcome.state = "not run"
    return outcomes


def compile_all(planc: Path, folder: Path, outcomes: dict[str, Outcome]) -> None:
    """What planc says of every rule."""
    command = [str(planc), "compile", "--json", "--cache", "off", "--project", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    for raw in done.stdout.splitlines():
        line = json.loads(raw)
        outcome = outcomes.get(line.get("rule", ""))
        if outcome is None:
            continue
        found = line["diagnostics"]
        errors = [finding for finding in found if finding["severity"] == "error"]
        outcome.repaired = any(finding["code"] == "P0510" for finding in found)
        outcome.other_types = any(finding["code"] == "P0514" for finding in found)
        outcome.digest = line["digest"]
        if not line["digest"]:
            outcome.state = "refused"
            outcome.codes = [finding["code"] for finding in errors]
            outcome.why = errors[0]["message"] if errors else "no finding"


def compare_all(
    planc: Path,
    folder: Path,
    outcomes: dict[str, Outcome],
    given: dict[str, ir.Table],
    connection: Any,
) -> None:
    """Runs every rule, and compares the rows with those of Ibis's DuckDB backend."""
    (folder / "out").mkdir(exist_ok=True)
    command = [str(planc), "run", "--all", "--write", "--project", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    said = {line.split(":", 1)[0]: line for line in (done.stdout + done.stderr).splitlines()}
    for name, expr in given.items():
        outcome = outcomes[name]
        if outcome.state == "refused":
            # What Ibis's own engine cannot run either is no measure.
            try:
                running.duckdb_rows(expr, connection)
            except Exception:
                outcome.state = "not compared"
        if outcome.state != "not run":
            continue
        file = folder / "out" / f"{name}.parquet"
        if not file.exists():
            outcome.why = said.get(f"rules/{name}.substrait", said.get(f"rules/{name}.toml", ""))
            continue
        try:
            theirs = running.duckdb_rows(expr, connection)
        except Exception as error:  # DuckDB cannot run it
            outcome.state, outcome.why = "not compared", str(error)
            continue
        ours = pq.read_table(file)
        difference = running.differs(ours, theirs, ordered=running.is_ordered(expr))
        outcome.state = "wrong" if difference else "right"
        outcome.why = difference or ""


def measured(planc: Path, lane: str, folder: Path) -> dict[str, Outcome]:
    """The outcomes of one lane."""
    outcomes = write_project(folder, lane)
    lock = [str(planc), "lock", "--project", str(folder)]
    subprocess.run(lock, check=True, capture_output=True)
    compile_all(planc, folder, outcomes)
    given = {name: expr for name, (_family, _text, expr) in expressions().items()}
    compare_all(planc, folder, outcomes, given, running.connect(tables.tables()))
    return outcomes


COLUMNS = ["not emitted", "refused", "not run", "not compared", "wrong", "right"]


def markdown(outcomes: dict[str, Outcome]) -> str:
    """The outcomes by family, and the codes of what was refused."""
    lines = [
        "| family | expressions | " + " | ".join(COLUMNS) + " | repaired | other types |",
        "| --- |" + " ---: |" * (len(COLUMNS) + 3),
    ]
    families = list(dict.fromkeys(outcome.family for outcome in outcomes.values()))
    for family in [*families, None]:
        group = [o for o in outcomes.values() if family is None or o.family == family]
        states = collections.Counter(outcome.state for outcome in group)
        cells = [str(len(group)), *(str(states[state]) for state in COLUMNS)]
        cells.append(str(sum(outcome.repaired for outcome in group)))
        cells.append(str(sum(outcome.other_types for outcome in group)))
        lines.append(f"| {family or '**all**'} | " + " | ".join(cells) + " |")
    codes = collections.Counter(o.codes[0] for o in outcomes.values() if o.codes)
    lines += ["", "| refused with | expressions |", "| --- | ---: |"]
    lines += [f"| {code} | {count} |" for code, count in sorted(codes.items())]
    return "\n".join(lines)


def made(outcomes: dict[str, Outcome]) -> str:
    """One JSON object a line: what the Rust tests expect of a rule."""
    lines = []
    for name, outcome in sorted(outcomes.items()):
        if outcome.state != "not emitted":
            line: dict[str, Any] = {"rule": name, "expression": outcome.text}
            line |= {"digest": outcome.digest, "codes": sorted(set(outcome.codes))}
            lines.append(json.dumps(line, ensure_ascii=False))
    return "\n".join(lines) + "\n"


def special(folder: Path, outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """The SQL that planc changes or refuses; the rest is left out."""
    kept = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome.repaired or outcome.state == "refused"
    }
    for name in outcomes.keys() - kept.keys():
        (folder / "rules" / f"{name}.toml").unlink(missing_ok=True)
    return kept


def write_tpch(folder: Path) -> None:
    """The plans of TPC-H 1 to 22, with nulls where Ibis has them."""
    from planc_ibis import ibis_substrait

    def last(node: Any, kwargs: dict[str, Any] | None) -> Any:
        node = node.__recreate__(kwargs) if kwargs else node
        if isinstance(node, ops.SortKey) and node.nulls_first:
            return node.copy(nulls_first=False)
        return node

    folder.mkdir(parents=True, exist_ok=True)
    for name, query in tpch_queries.QUERIES.items():
        expr = query().op().replace(last).to_expr()
        try:
            plan, facts = ibis_substrait.plan(expr)
        except Refused:
            # What the producer writes by itself, and planc refuses.
            plan, facts = ibis_substrait.bare(ibis_substrait.projected(expr.op()).to_expr())
        (folder / f"{name}.substrait").write_bytes(plan)
        (folder / f"{name}.toml").write_text(f"facts = {toml(facts)}\n", encoding="utf-8")


def main() -> int:
    """The command."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["make", "table"])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--planc", type=Path, default=Path("planc"))
    parser.add_argument("--lane", choices=[SUBSTRAIT, SQL, BARE], default=SUBSTRAIT)
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        if given.what == "make":
            outcomes = write_project(folder, given.lane, output=False)
            if given.lane == SUBSTRAIT:
                write_tpch(folder / "tpch")
            lock = [str(given.planc), "lock", "--project", str(folder)]
            subprocess.run(lock, check=True, capture_output=True)
            compile_all(given.planc, folder, outcomes)
            if given.lane == SQL:
                outcomes = special(folder, outcomes)
            (folder / "expected.jsonl").write_text(made(outcomes), encoding="utf-8")
            return 0
        outcomes = measured(given.planc, given.lane, folder)
    if given.verbose:
        for name, outcome in outcomes.items():
            if outcome.state not in ("right", "not emitted"):
                codes = ",".join(outcome.codes)
                print(name, outcome.state, codes, outcome.text, "|", outcome.why, file=sys.stderr)
    print(f"Ibis {ibis.__version__}, {given.lane} lane:\n\n{markdown(outcomes)}")
    return int(any(outcome.state == "wrong" for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
