"""Random expressions through one lane of a bundle: what planc gives is what Ibis's DuckDB backend
gives.

    python tests/lane_fuzz.py --planc target/debug/planc --lane sql --count 1000 --seed 1
"""

from __future__ import annotations

import argparse
import collections
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

import fuzz
import lanes
import running
import tables

# As many rules share their tables and one run.
BATCH = 25


class Generator(fuzz.Generator):
    """More of what engines do in their own way."""

    def _integer(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.7:
            return super()._integer(t, depth)
        deeper = depth - 1
        pattern = rng.choice(["b+", "[a-c]", "(a)?b", r"\w", r"\d+", "^a", "z$"])
        return rng.choice(
            [
                lambda: self._float(t, deeper).cast("int64"),
                lambda: (self._integer(t, deeper) * 0.5).cast("int64"),
                lambda: self._decimal(t, deeper).cast("int64"),
                lambda: self._float(t, deeper).round(1).cast("int32"),
                lambda: self._text(t, deeper).re_search(pattern).cast("int64"),
                lambda: self._stamp(t, deeper).millisecond().cast("int64"),
                lambda: self._stamp(t, deeper).microsecond().cast("int64"),
                lambda: self._stamp(t, deeper).epoch_seconds().cast("int64"),
                lambda: self._text(t, deeper).find_in_set(["a", "ab", ""]).cast("int64"),
                lambda: self._text(t, deeper).split("b").length().cast("int64"),
                lambda: ibis.array([self._integer(t, 0), 1, 2]).index(self._integer(t, 0)),
                lambda: self._integer(t, deeper) ^ rng.randint(0, 5),
                lambda: ibis.map({"a": 1, "b": 2}).get(self._text(t, 0), 5).cast("int64"),
            ]
        )()

    def _float(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.8:
            return super()._float(t, depth)
        deeper = depth - 1
        return rng.choice(
            [
                lambda: self._float(t, deeper).sqrt(),
                lambda: self._integer(t, deeper).sqrt(),
                lambda: self._float(t, deeper).sign(),
                lambda: self._decimal(t, deeper) * 0.5,
            ]
        )()

    def _text(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.7:
            return super()._text(t, depth)
        deeper = depth - 1
        group = rng.choice([0, 1, 2])
        return rng.choice(
            [
                lambda: self._text(t, deeper).re_extract(
                    rng.choice(["(a)(b)", "(a)?(b)", "(.)(c|y)", r"(\w)(\s)"]), group
                ),
                lambda: self._text(t, deeper).re_replace("(a)(b)", r"\2\1"),
                lambda: self._text(t, deeper).re_replace("b*", "$1"),
                lambda: self._text(t, deeper).re_replace(r"\w", "_"),
                lambda: self._stamp(t, deeper).cast("string"),
                lambda: self._stamp(t, deeper).date().cast("string"),
                lambda: self._stamp(t, deeper).strftime(
                    rng.choice(["%f", "%j %U %w", "%H:%M:%S", "%y %b %p"])
                ),
                lambda: self._text(t, deeper).split("b")[rng.randint(-1, 1)],
                lambda: self._text(t, deeper).split("a").sort()[0],
                lambda: self._text(t, deeper).split("a").join("-"),
            ]
        )()

    def _boolean(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.8:
            return super()._boolean(t, depth)
        deeper = depth - 1
        return rng.choice(
            [
                lambda: self._float(t, deeper).isnan(),
                lambda: self._float(t, deeper).isinf(),
                lambda: self._float(t, deeper).isnan() & self._boolean(t, deeper),
                lambda: self._boolean(t, deeper) & self._float(t, deeper).isnan(),
                lambda: self._boolean(t, deeper) ^ self._boolean(t, deeper),
                lambda: self._text(t, deeper).re_search("a|^$"),
            ]
        )()


def batch(planc: Path, lane: str, seeds: range, folder: Path) -> collections.Counter[str]:
    """Compares the expressions of some seeds over the tables of the first."""
    rng = random.Random(seeds.start)
    given = {
        "t": fuzz.random_table(rng, fuzz.SCHEMA, rng.choice([1, 12, 30, 30])),
        "r": fuzz.random_table(rng, fuzz.OTHER, rng.choice([0, 5, 20])),
    }
    tables.write(folder, given)
    config = folder / "planc.toml"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("rules")]
    config.write_text("\n".join(lines) + "\n")
    subprocess.run([str(planc), "lock", "--project", str(folder)], check=True, capture_output=True)
    connection = running.connect(given)
    t, r = (
        ibis.table(ibis.Schema.from_pyarrow(table.schema), name=name)
        for name, table in given.items()
    )
    outcomes: dict[str, lanes.Outcome] = {}
    expressions: dict[str, ir.Table] = {}
    states: collections.Counter[str] = collections.Counter()
    for seed in seeds:
        name = f"seed_{seed}"
        try:
            expr = Generator(random.Random(seed)).table(t, r)
        except Exception:  # what Ibis itself refuses
            states["unbuilt"] += 1
            continue
        outcome = outcomes[name] = lanes.Outcome("", str(expr))
        why = lanes.bundle(expr, lane, folder / "rules" / name, output=True)
        if why is None:
            outcome.state = "not run"
            expressions[name] = expr
    lanes.compile_all(planc, folder, outcomes)
    lanes.compare_all(planc, folder, outcomes, expressions, connection)
    for name, outcome in outcomes.items():
        states[outcome.state] += 1
        if outcome.state in ("wrong", "not run"):
            print(f"{name} {outcome.state}: {outcome.why}\n{outcome.text}\n", file=sys.stderr)
        if outcome.state == "refused":
            states[f"  {outcome.codes[0]}: {outcome.why[:90]}"] += 1
    return states


def main() -> int:
    """The command."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planc", type=Path, required=True)
    parser.add_argument("--lane", choices=[lanes.SUBSTRAIT, lanes.SQL, lanes.BARE], required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    states: collections.Counter[str] = collections.Counter()
    end = given.seed + given.count
    for start in range(given.seed, end, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            seeds = range(start, min(start + BATCH, end))
            states += batch(given.planc, given.lane, seeds, Path(folder))
    for state, count in sorted(states.items()):
        print(f"{count:6} {state}")
    return int(states["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
