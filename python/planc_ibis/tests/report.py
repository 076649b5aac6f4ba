"""Measures the corpus, and writes the table of operations.

python tests/report.py measure --planc target/debug/planc --out ibis-12.json   # in each venv
python tests/report.py write ibis-*.json --out OPERATIONS.md                   # with Ibis 12
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import inspect
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops

import corpus
import outcome
import running
import tables
from planc_ibis.producer import aggregates, registry, windows

# Operations that stand for others and are made by no expression.
ABSTRACT = "a base of others"
WITHIN = {
    "ScalarParameter": "supported with `params`",
    "ScalarUDF": "supported where it is builtin and one of planc's",
    "AggUDF": "supported where it is builtin and one of planc's",
    "JoinLink": "within a join",
    "SortKey": "within a sort",
    "WindowBoundary": "within a window",
    "Alias": "a name",
    "Constant": "a base of others",
    "Impure": "a base of others",
}


def measure(binary: Path, out: Path) -> None:
    """Runs the corpus with the Ibis that is installed."""
    with tempfile.TemporaryDirectory() as folder:
        tables.write(Path(folder))
        engine = running.Planc(binary, Path(folder))
        engine.call("lock")
        connection = running.connect(tables.tables())
        names = corpus.namespace()
        ends = [
            outcome.of(family, text, names, engine, connection) for family, text in corpus.lines()
        ]
    found = {"ibis": ibis.__version__, "ends": [dataclasses.asdict(end) for end in ends]}
    out.write_text(json.dumps(found, indent=1))
    print(ibis.__version__, dict(collections.Counter(end.status for end in ends)))


def operations() -> dict[str, type]:
    """The operations of this Ibis: its concrete classes, each once."""
    found: dict[str, type] = {}
    for name in dir(ops):
        kind = getattr(ops, name)
        if inspect.isclass(kind) and issubclass(kind, ops.Node) and kind.__name__ == name:
            found[name] = kind
    return found


def is_base(kind: type) -> bool:
    """Whether only subclasses of an operation are used."""
    below = [sub for sub in operations().values() if sub is not kind and issubclass(sub, kind)]
    known = {*registry.VALUES, *registry.RELATIONS, *aggregates.REDUCTIONS, *windows.ANALYTIC}
    return inspect.isabstract(kind) or (bool(below) and kind.__name__ not in known)


def status(name: str, kind: type, right: collections.Counter[str], refused: dict[str, str]) -> str:
    """What becomes of an operation."""
    if name in WITHIN:
        return WITHIN[name]
    known = {*registry.VALUES, *registry.RELATIONS, *aggregates.REDUCTIONS, *windows.ANALYTIC}
    if name in registry.REFUSED and not (name in known and right[name]):
        return f"refused: {registry.REFUSED[name]}"
    if name not in known:
        return (
            ABSTRACT if is_base(kind) else f"refused: {refused.get(name, 'it has no translation')}"
        )
    if right[name]:
        return f"supported ({right[name]})"
    return "supported, not in the corpus" if name not in refused else f"refused: {refused[name]}"


def write(files: list[Path], out: Path) -> None:
    """The table, from what was measured."""
    runs = [json.loads(file.read_text()) for file in files]
    runs.sort(key=lambda run: [int(part) for part in run["ibis"].split(".")])
    lines = [
        "# Operations",
        "",
        "Made by `python tests/report.py`; do not edit.",
        "",
        "Each expression of the corpus (`tests/corpus.py`) is written as a plan, run by planc, and",
        "its rows are compared with those of Ibis's own DuckDB backend.",
        "",
        "| Ibis | expressions | DuckDB runs | right | refused | wrong | failed | not comparable |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        ends = [end for end in run["ends"] if end["status"] != "unbuilt"]
        compared = [end for end in ends if end["reference"]]
        count = collections.Counter(end["status"] for end in compared)
        share = 100 * count["right"] / len(compared)
        alone = len(ends) - len(compared)
        lines.append(
            f"| {run['ibis']} | {len(ends)} | {len(compared)} | {count['right']} ({share:.1f} %) "
            f"| {count['refused']} | {count['wrong']} | {count['failed']} | {alone} |"
        )
    last = runs[-1]["ends"]
    right: collections.Counter[str] = collections.Counter()
    refused: dict[str, str] = {}
    for end in last:
        if end["status"] in ("right", "no reference"):
            right.update(end["operations"])
        if end["status"] == "refused":
            name, _, rest = end["detail"].partition(" is refused")
            refused.setdefault(name, rest.partition(": ")[2])
    table = {
        name: status(name, kind, right, refused) for name, kind in sorted(operations().items())
    }
    groups = collections.Counter(text.split(" (")[0].split(":")[0] for text in table.values())
    lines += [
        "",
        f"## The {len(table)} operations of Ibis {runs[-1]['ibis']}",
        "",
        ", ".join(f"{count} {name}" for name, count in groups.most_common()) + ".",
        "The number behind an operation is that of the expressions with it that give right rows.",
        "",
        "| operation | |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {text} |" for name, text in table.items()]
    lines += ["", "## What is refused", "", "| expression | why |", "| --- | --- |"]
    for end in last:
        if end["status"] in ("refused", "wrong") or (
            end["status"] == "failed" and end["reference"]
        ):
            detail = end["detail"].replace("|", "\\|").replace("\n", " ")
            text = end["text"].replace("|", "\\|")
            lines.append(f"| `{text}` | {end['status']}: {detail[:200]} |")
    out.write_text("\n".join(lines) + "\n")


def main() -> int:
    """The command."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("measure")
    run.add_argument("--planc", type=Path, required=True)
    run.add_argument("--out", type=Path, required=True)
    made = commands.add_parser("write")
    made.add_argument("files", type=Path, nargs="+")
    made.add_argument("--out", type=Path, required=True)
    given: Any = parser.parse_args()
    if given.command == "measure":
        measure(given.planc, given.out)
    else:
        write(given.files, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
