"""`planc-ibis MODULE.py --out DIR`: every table expression of a module as a rule."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

import ibis.expr.operations as ops
import ibis.expr.types as ir

from planc_ibis.bundle import emit
from planc_ibis.refusal import Refused

PHYSICAL = (ops.UnboundTable, ops.DatabaseTable, ops.InMemoryTable)


def main(arguments: list[str] | None = None) -> int:
    """Writes the rules; exit code 1 where one cannot be written."""
    parser = argparse.ArgumentParser(prog="planc-ibis", description=__doc__)
    parser.add_argument("module", type=Path, help="a Python file that makes table expressions")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the rules")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for name, value in runpy.run_path(str(given.module)).items():
        if not isinstance(value, ir.Table) or name.startswith("_"):
            continue
        if isinstance(value.op(), PHYSICAL):
            continue
        try:
            print(emit(value, given.out / name))
        except Refused as refused:
            failed = True
            print(f"{name}: {refused}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
