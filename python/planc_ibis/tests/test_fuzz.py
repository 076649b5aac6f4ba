"""Random expressions: none is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import ibis

import fuzz

LATEST = ibis.__version__.startswith("12.")
COUNT = int(os.environ.get("FUZZ_COUNT", "50" if LATEST else "10"))


def test_random_expressions(binary: Path, tmp_path: Path) -> None:
    counts = fuzz.run(binary, range(COUNT), tmp_path)
    assert not counts["wrong"] and not counts["crashed"] and not counts["failed"], counts
    assert counts["right"] > COUNT / 2
