"""Small tables of every type, with NULLs, duplicates and corners, for all tests."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
ITEM = pa.list_(pa.int64())

SCHEMAS = {
    "t": pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("i8", pa.int8()),
            ("i16", pa.int16()),
            ("i32", pa.int32()),
            ("i64", pa.int64()),
            ("f32", pa.float32()),
            ("f64", pa.float64()),
            ("dec", pa.decimal128(15, 2)),
            ("dec4", pa.decimal128(10, 4)),
            ("b", pa.bool_()),
            ("s", pa.string()),
            ("word", pa.string()),
            ("d", pa.date32()),
            ("ts", pa.timestamp("us")),
            ("tz", pa.timestamp("us", tz="UTC")),
            ("tm", pa.time64("us")),
            ("bin", pa.binary()),
        ]
    ),
    "r": pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("tid", pa.int64()),
            ("g", pa.string()),
            ("v", pa.float64()),
            ("n", pa.int32()),
            ("day", pa.date32()),
        ]
    ),
    "n": pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("arr", ITEM),
            ("arr2", ITEM),
            ("words", pa.list_(pa.string())),
            ("flags", pa.list_(pa.bool_())),
            ("ints", pa.list_(pa.int32())),
            ("floats", pa.list_(pa.float64())),
            ("deep", pa.list_(ITEM)),
            ("st", pa.struct([("x", pa.int64()), ("y", pa.string())])),
            ("m", pa.map_(pa.string(), pa.int64())),
        ]
    ),
}

WORDS = ["apple", "Banana", "", None, "çédille", "apple pie", "100%_sure", "a.b,c", " pad\t", "ZZ"]


def _date(day: int) -> dt.date:
    return dt.date(2020, 1, 30) + dt.timedelta(days=day)


def _rows_t() -> list[dict[str, Any]]:
    rows = []
    for at in range(24):
        null = at % 7 == 3
        stamp = dt.datetime(2020, 2, 28, 22, 30, 15, 123456) + dt.timedelta(
            days=at * 5 - 30, hours=at * 7, microseconds=at * 1001
        )
        rows.append(
            {
                "id": at,
                "i8": None if null else at - 10,
                "i16": None if at % 5 == 4 else at * 3 - 20,
                "i32": None if at % 6 == 5 else at % 5,
                "i64": None if null else (at % 4) * 100 - 150,
                "f32": None if at % 8 == 7 else at / 4 - 2,
                "f64": None if at % 9 == 8 else (at * 37 % 23) / 8 - 1,
                "dec": None if at % 6 == 2 else D(at * 1234 % 997) / 100 - 3,
                "dec4": None if at % 5 == 1 else D(at * 7919 % 10007) / 10000,
                "b": [True, False, None][at % 3],
                "s": WORDS[at % len(WORDS)],
                "word": ["ant", "bee", "cat", "ant", None][at % 5],
                "d": None if at % 7 == 6 else _date(at * 11 % 40),
                "ts": None if at % 8 == 5 else stamp,
                "tz": None if at % 8 == 5 else stamp.replace(tzinfo=dt.timezone.utc),
                "tm": None if at % 8 == 6 else stamp.time(),
                "bin": None if null else bytes([at, 255 - at]),
            }
        )
    return rows


def _rows_r() -> list[dict[str, Any]]:
    rows = []
    for at in range(30):
        rows.append(
            {
                "id": at,
                "tid": None if at % 10 == 9 else at * 5 % 17,
                "g": ["x", "y", "z", None][at % 4],
                "v": None if at % 11 == 10 else (at * 29 % 31) / 4,
                "n": None if at % 7 == 2 else at % 6,
                "day": _date(at % 13),
            }
        )
    return rows


def _rows_n() -> list[dict[str, Any]]:
    lists = [[3, 1, 2], [], None, [5, None, 5], [7], [-1, 0, 1, 2, 9]]
    others = [[2, 3], [1], [4], None, [7, 8], [0, -1]]
    words = [["b", "a"], ["x"], None, ["q", None, "r"], [], ["one", "two"]]
    flags = [[True, False], [True], None, [False, None], [], [None]]
    return [
        {
            "id": at,
            "arr": lists[at],
            "arr2": others[at],
            "words": words[at],
            "flags": flags[at],
            "ints": lists[at],
            "floats": None if lists[at] is None else [x if x is None else x / 2 for x in lists[at]],
            "deep": [[[1], [2, 3]], [], None, [[4], []], [[5, None]], [[6]]][at],
            "st": None if at == 3 else {"x": None if at == 4 else at, "y": f"s{at % 2}"},
            "m": [[("a", 1), ("b", 2)], [], None, [("a", None)], [("c", 3)], [("b", 9)]][at],
        }
        for at in range(6)
    ]


def tables() -> dict[str, pa.Table]:
    """The tables by name."""
    rows = {"t": _rows_t(), "r": _rows_r(), "n": _rows_n()}
    return {name: pa.Table.from_pylist(rows[name], schema=SCHEMAS[name]) for name in SCHEMAS}


def write(folder: Path, given: dict[str, pa.Table] | None = None) -> None:
    """The tables as Parquet files, and a planc project that reads them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    lines = ['[project]\nname = "tests"\nrules = ["rules/**/*.sql", "rules/**/*.substrait"]\n']
    for name, table in (given or tables()).items():
        pq.write_table(table, folder / "data" / f"{name}.parquet")
        lines.append(f'[sources.{name}]\nparquet = "data/{name}.parquet"\n')
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "planc.toml").write_text("\n".join(lines))
