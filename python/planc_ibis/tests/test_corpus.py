"""The corpus against Ibis's DuckDB backend: every `CORPUS_STRIDE`th expression, or all."""

from __future__ import annotations

import os

import duckdb
import ibis
import pytest

import corpus
import outcome
import running

LATEST = ibis.__version__.startswith("12.")
STRIDE = int(os.environ.get("CORPUS_STRIDE", "20" if LATEST else "60"))


@pytest.mark.parametrize(("family", "text"), corpus.lines()[::STRIDE])
def test_rows_are_right_or_refused(
    family: str, text: str, planc: running.Planc, connection: duckdb.DuckDBPyConnection
) -> None:
    end = outcome.of(family, text, corpus.namespace(), planc, connection)
    assert end.status != "wrong", end.detail
    assert end.status != "failed" or not end.reference, end.detail


def test_operations_are_counted_once() -> None:
    texts = [text for _family, text in corpus.lines()]
    assert len(texts) == len(set(texts))
