"""Random expressions over random tables: what planc gives is what Ibis's DuckDB backend gives.

python tests/fuzz.py --planc target/debug/planc --count 1000 --seed 1
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import random
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

import running
import tables
from planc_ibis import Refused

SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        ("i", pa.int64()),
        ("j", pa.int32()),
        ("f", pa.float64()),
        ("c", pa.decimal128(12, 2)),
        ("s", pa.string()),
        ("b", pa.bool_()),
        ("d", pa.date32()),
        ("ts", pa.timestamp("us")),
    ]
)
OTHER = pa.schema(
    [("k", pa.int64()), ("g", pa.string()), ("v", pa.float64()), ("day", pa.date32())]
)
WORDS = ["", "a", "ab", "Abc", "bcd", "é", "x y", "100%", "zz"]


def random_table(rng: random.Random, schema: pa.Schema, rows: int) -> pa.Table:
    """Values in a small range, so that they meet; NULLs at random."""

    def value(name: str, kind: pa.DataType, at: int) -> Any:
        if name == "id":
            return at
        if rng.random() < 0.2:
            return None
        if pa.types.is_integer(kind):
            return rng.randint(-6, 9)
        if pa.types.is_floating(kind):
            return rng.randint(-16, 24) / 8
        if pa.types.is_decimal(kind):
            return decimal.Decimal(rng.randint(-500, 900)) / 100
        if pa.types.is_boolean(kind):
            return rng.random() < 0.5
        if pa.types.is_date(kind):
            return dt.date(2023, 12, 25) + dt.timedelta(days=rng.randint(0, 70))
        if pa.types.is_timestamp(kind):
            start = dt.datetime(2023, 12, 25, 21, 10)
            return start + dt.timedelta(
                minutes=rng.randint(0, 90_000), microseconds=rng.choice([0, 7])
            )
        return rng.choice(WORDS)

    data = [{f.name: value(f.name, f.type, at) for f in schema} for at in range(rows)]
    return pa.Table.from_pylist(data, schema=schema)


class Generator:
    """Makes random table expressions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def columns(self, t: ir.Table, kind: Callable[[Any], bool]) -> list[Any]:
        """The columns of a kind."""
        return [t[name] for name, dtype in t.schema().items() if kind(dtype)]

    def value(self, t: ir.Table, kind: str, depth: int) -> Any:
        """A value of a kind, so deep at most."""
        maker = getattr(self, f"_{kind}")
        found = maker(t, depth)
        return found

    def leaf(self, t: ir.Table, kinds: Callable[[Any], bool], literal: Callable[[], Any]) -> Any:
        """A column, or a literal."""
        columns = self.columns(t, kinds)
        if columns and self.rng.random() < 0.85:
            return self.rng.choice(columns)
        return ibis.literal(literal())

    def _integer(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            return self.leaf(t, lambda d: d.is_integer(), lambda: rng.randint(-5, 9))
        deeper = depth - 1
        integer = lambda: self._integer(t, deeper)  # noqa: E731
        return rng.choice(
            [
                lambda: integer() + integer(),
                lambda: integer() - integer(),
                lambda: integer() * rng.randint(-3, 3),
                lambda: integer() // rng.choice([2, 3, -4]),
                lambda: integer() % rng.choice([2, 3, 7]),
                lambda: -integer(),
                lambda: integer().abs(),
                lambda: self._text(t, deeper).length(),
                lambda: self._text(t, deeper).find(rng.choice(["a", "b", ""])),
                lambda: self._date(t, deeper).month(),
                lambda: self._date(t, deeper).day_of_week.index() + 1,
                lambda: self._stamp(t, deeper).hour(),
                lambda: self._date(t, deeper).delta(
                    ibis.date("2024-01-15"), unit=rng.choice(["day", "month"])
                ),
                lambda: self._boolean(t, deeper).ifelse(integer(), integer()),
                lambda: ibis.coalesce(integer(), integer(), 1),
                lambda: integer().nullif(integer()),
                lambda: ibis.greatest(integer(), integer()),
                lambda: integer().clip(-3, 5),
                lambda: self._float(t, deeper).round().cast("int64"),
                lambda: integer() & rng.randint(0, 7),
                lambda: self._boolean(t, deeper).cast("int64"),
                lambda: self._float(t, deeper).floor(),
            ]
        )()

    def _float(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            return self.leaf(t, lambda d: d.is_floating(), lambda: rng.randint(-8, 12) / 4)
        deeper = depth - 1
        number = lambda: self._float(t, deeper)  # noqa: E731
        return rng.choice(
            [
                lambda: number() + number(),
                lambda: number() - self._integer(t, deeper),
                lambda: number() * number(),
                lambda: self._integer(t, deeper) / rng.choice([2, 4, 8]),
                lambda: number() / rng.choice([2.0, 0.5]),
                lambda: number().abs(),
                lambda: number().round(1),
                lambda: self._integer(t, deeper).cast("float64"),
                lambda: self._decimal(t, deeper).cast("float64"),
                lambda: ibis.coalesce(number(), 0.5),
                lambda: ibis.least(number(), self._integer(t, deeper)),
                lambda: self._boolean(t, deeper).ifelse(number(), number()),
                lambda: ibis.cases((self._boolean(t, deeper), number()), else_=number()),
            ]
        )()

    def _decimal(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            columns = self.columns(t, lambda d: d.is_decimal() and (d.precision or 0) <= 12)
            if columns:
                return rng.choice(columns)
            return ibis.literal(decimal.Decimal(rng.randint(-300, 300)) / 100, "decimal(12, 2)")
        deeper = depth - 1
        return rng.choice(
            [
                lambda: self._decimal(t, deeper) + self._decimal(t, 0),
                lambda: self._decimal(t, deeper) - rng.randint(1, 5),
                lambda: self._decimal(t, 0) * self._decimal(t, 0),
                lambda: -self._decimal(t, deeper),
                lambda: self._decimal(t, deeper).abs(),
                lambda: self._decimal(t, 0).round(1),
            ]
        )()

    def _text(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            return self.leaf(t, lambda d: d.is_string(), lambda: rng.choice(WORDS))
        deeper = depth - 1
        text = lambda: self._text(t, deeper)  # noqa: E731
        return rng.choice(
            [
                lambda: text().upper(),
                lambda: text().lower(),
                lambda: text().reverse(),
                lambda: text() + text(),
                lambda: text().substr(rng.randint(0, 3), rng.randint(0, 3)),
                lambda: text()[rng.randint(0, 1) : rng.randint(1, 4)],
                lambda: text().replace("a", "qq"),
                lambda: text().strip(),
                lambda: text().left(2),
                lambda: text().right(1),
                lambda: text().lpad(5, "*"),
                lambda: text().re_replace("[a-c]", "<"),
                lambda: text().capitalize(),
                lambda: self._boolean(t, deeper).ifelse(text(), "no"),
                lambda: text().fill_null("?"),
                lambda: self._integer(t, deeper).cast("string"),
                lambda: self._date(t, deeper).strftime("%Y-%m"),
            ]
        )()

    def _date(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            day = lambda: dt.date(2024, 1, rng.randint(1, 28))  # noqa: E731
            return self.leaf(t, lambda d: d.is_date(), day)
        deeper = depth - 1
        return rng.choice(
            [
                lambda: self._stamp(t, deeper).date(),
                lambda: self._date(t, deeper).truncate(rng.choice(["M", "W", "Y", "Q"])),
                lambda: self._date(t, deeper).fill_null(ibis.date("2024-02-29")),
            ]
        )()

    def _stamp(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            moment = lambda: dt.datetime(2024, 2, rng.randint(1, 28), 3, 4, 5)  # noqa: E731
            return self.leaf(t, lambda d: d.is_timestamp(), moment)
        deeper = depth - 1
        return rng.choice(
            [
                lambda: self._stamp(t, deeper) + ibis.interval(hours=rng.randint(1, 50)),
                lambda: self._stamp(t, deeper) - ibis.interval(days=rng.randint(1, 50)),
                lambda: self._stamp(t, deeper) + ibis.interval(months=1),
                lambda: self._stamp(t, deeper).truncate(rng.choice(["D", "h", "M", "W"])),
                lambda: self._date(t, deeper).cast("timestamp"),
            ]
        )()

    def _boolean(self, t: ir.Table, depth: int) -> Any:
        rng = self.rng
        if depth <= 0:
            return self.leaf(t, lambda d: d.is_boolean(), lambda: rng.random() < 0.5)
        deeper = depth - 1
        kind = rng.choice(["integer", "float", "decimal", "text", "date", "stamp"])
        one = lambda: self.value(t, kind, deeper)  # noqa: E731
        return rng.choice(
            [
                lambda: one() == one(),
                lambda: one() != one(),
                lambda: one() < one(),
                lambda: one() >= one(),
                lambda: one().isnull(),
                lambda: one().identical_to(one()),
                lambda: self._boolean(t, deeper) & self._boolean(t, deeper),
                lambda: self._boolean(t, deeper) | self._boolean(t, deeper),
                lambda: ~self._boolean(t, deeper),
                lambda: self._integer(t, deeper).isin(
                    [1, 3, None] if rng.random() < 0.2 else [1, 3]
                ),
                lambda: self._integer(t, deeper).between(-2, self._integer(t, deeper)),
                lambda: self._decimal(t, deeper) > rng.randint(-3, 3),
                lambda: self._text(t, deeper).like("%b%"),
                lambda: self._text(t, deeper).contains("a"),
                lambda: self._text(t, deeper).startswith("a"),
            ]
        )()

    def reduction(self, t: ir.Table) -> Any:
        """A value of a group."""
        rng = self.rng
        where = self._boolean(t, 1) if rng.random() < 0.3 else None
        return rng.choice(
            [
                lambda: t.count() if where is None else t.count(where=where),
                lambda: self._integer(t, 1).sum(where=where),
                lambda: self._float(t, 1).sum(where=where),
                lambda: self._decimal(t, 0).sum(where=where),
                lambda: self._integer(t, 1).mean(where=where),
                lambda: self._text(t, 1).min(where=where),
                lambda: self._date(t, 1).max(where=where),
                lambda: self._integer(t, 1).nunique(where=where),
                lambda: self._float(t, 1).max(where=where) - self._float(t, 0).min(),
                lambda: self._boolean(t, 1).any(where=where),
                lambda: self._float(t, 0).median(where=where),
                lambda: self._integer(t, 0).std(where=where),
                lambda: self._float(t, 0).quantile(0.3, where=where),
            ]
        )()

    def window(self, t: ir.Table) -> Any:
        """A window function over rows in a total order."""
        rng = self.rng
        by = {"group_by": rng.choice([t.s, t.b, t.j])} if rng.random() < 0.6 else {}
        order = rng.choice([t.id, t.id.desc()])
        return rng.choice(
            [
                lambda: ibis.row_number().over(order_by=order, **by),
                lambda: ibis.rank().over(order_by=rng.choice([t.i, t.j, t.s]), **by),
                lambda: ibis.dense_rank().over(order_by=t.i.desc(), **by),
                lambda: t.i.lag(rng.randint(1, 2)).over(order_by=order, **by),
                lambda: t.s.lead().over(order_by=order, **by),
                lambda: t.i.sum().over(
                    order_by=order, rows=(-rng.randint(0, 3), rng.randint(0, 2)), **by
                ),
                lambda: t.f.mean().over(order_by=order, rows=(None, 0), **by),
                lambda: t.f.max().over(**by),
                lambda: t.i.first().over(order_by=order, **by),
                lambda: t.i.count().over(order_by=t.j, range=(-1, 1), **by),
                lambda: ibis.ntile(3).over(order_by=order, **by),
            ]
        )()

    def kinds(self) -> str:
        """A kind of values."""
        return self.rng.choice(["integer", "float", "decimal", "text", "date", "stamp", "boolean"])

    def table(self, t: ir.Table, r: ir.Table) -> ir.Table:
        """A random table expression."""
        rng = self.rng
        base = t
        for _round in range(rng.randint(0, 2)):
            step = rng.choice(["filter", "mutate", "window", "semi", "inside"])
            if step == "filter":
                base = base.filter(self._boolean(base, 2))
            elif step == "mutate":
                base = base.mutate(**{f"x{rng.randint(0, 2)}": self.value(base, self.kinds(), 2)})
            elif step == "window":
                base = base.mutate(w=self.window(base))
            elif step == "semi":
                how = rng.choice(["semi", "anti"])
                base = base.join(r, [base.i == r.k], how=how)
            else:
                other = r.filter(r.v > rng.randint(-2, 2)).k
                base = base.filter(rng.choice([base.i.isin(other), base.i.notin(other)]))
        end = rng.choice(
            ["select", "group", "join", "sort", "union", "distinct", "total", "correlated"]
        )
        if end == "select":
            return base.select(
                base.id, **{f"y{n}": self.value(base, self.kinds(), 3) for n in range(3)}
            )
        if end == "group":
            keys = {
                f"k{n}": self.value(base, rng.choice(["integer", "text", "boolean"]), 1)
                for n in range(rng.randint(1, 2))
            }
            return base.group_by(**keys).agg(**{f"m{n}": self.reduction(base) for n in range(2)})
        if end == "join":
            how = rng.choice(["inner", "left", "right", "outer"])
            on = [base.i == r.k] if rng.random() < 0.7 else [base.s == r.g, base.f > r.v]
            joined = base.join(r, on, how=how)
            return joined.select("id", "s", "k", "g", z=joined.f + joined.v)
        if end == "sort":
            few = base.select("id", "i", "f", "s", "d")
            key = few[rng.choice(["i", "f", "s", "d"])]
            key = rng.choice([key.asc, key.desc])(nulls_first=rng.random() < 0.5)
            return few.order_by(key, "id").limit(rng.randint(1, 9), offset=rng.randint(0, 4))
        if end == "union":
            left, right = base.select("i", "s"), r.select(i=r.k, s=r.g)
            return rng.choice(
                [
                    lambda: left.union(right, distinct=rng.random() < 0.5),
                    lambda: left.intersect(right, distinct=rng.random() < 0.5),
                    lambda: left.difference(right, distinct=rng.random() < 0.5),
                ]
            )()
        if end == "distinct":
            return base.select("j", "b", k=self._integer(base, 1)).distinct()
        if end == "correlated":
            inner = r.filter(r.k == base.i)
            return base.filter(
                rng.choice(
                    [
                        (r.k == base.i).any,
                        lambda: ~((r.k == base.i) & (r.v > base.f)).any(),
                        lambda: base.f < inner.v.max().as_scalar(),
                    ]
                )()
            ).select("id", "i")
        return base.agg(**{f"m{n}": self.reduction(base) for n in range(3)})


def run(planc: Path, seeds: range, folder: Path) -> collections.Counter[str]:
    """Compares for each seed; prints what is wrong, and counts how it ended."""
    counts: collections.Counter[str] = collections.Counter()
    engine: running.Planc | None = None
    for seed in seeds:
        rng = random.Random(seed)
        if engine is None or seed % 25 == 0:
            given = {
                "t": random_table(rng, SCHEMA, rng.choice([0, 1, 12, 30])),
                "r": random_table(rng, OTHER, rng.choice([0, 5, 20])),
            }
            tables.write(folder, given)
            engine = running.Planc(planc, folder)
            engine.call("lock")
            connection = running.connect(given)
        t, r = (
            ibis.table(ibis.Schema.from_pyarrow(table.schema), name=name)
            for name, table in given.items()
        )
        outcome, detail, expr = one(Generator(random.Random(seed)), t, r, engine, connection)
        counts[outcome] += 1
        if outcome in ("wrong", "failed", "crashed"):
            print(f"seed {seed} {outcome}: {detail}\n{expr}\n", file=sys.stderr)
    return counts


def one(
    generator: Generator, t: ir.Table, r: ir.Table, engine: Any, connection: Any
) -> tuple[str, str, Any]:
    """How one random expression ends."""
    from planc_ibis.producer import produce

    try:
        expr = generator.table(t, r)
    except Exception as error:  # what Ibis itself refuses
        return "unbuilt", str(error), None
    try:
        theirs = running.duckdb_rows(expr, connection)
    except Exception as error:  # DuckDB fails: an overflow, say
        return "no reference", str(error), expr
    try:
        plan, _columns = produce(expr)
    except Refused as refused:
        return "refused", str(refused), expr
    except Exception as error:  # never meant to be
        return "crashed", repr(error), expr
    try:
        ours = engine.run_plan(plan)
    except running.Failed as failed:
        return "failed", str(failed), expr
    how = running.differs(ours, theirs, ordered=running.is_ordered(expr))
    return ("right", "", expr) if how is None else ("wrong", how, expr)


def main() -> int:
    """The command."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planc", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(given.seed, given.seed + given.count)
        counts = run(given.planc, seeds, Path(folder))
    print(dict(counts))
    return int(any(counts[bad] for bad in ("wrong", "crashed")))


if __name__ == "__main__":
    sys.exit(main())
