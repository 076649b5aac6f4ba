"""What tests that run planc have in common: the binary that `PLANC` names, and a project."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

import running
import tables


@pytest.fixture(scope="session")
def binary() -> Path:
    """The planc under test."""
    path = os.environ.get("PLANC")
    if path is None:
        pytest.skip("PLANC names no planc binary")
    return Path(path).resolve()


@pytest.fixture(scope="session")
def planc(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> running.Planc:
    """planc on a project with the small tables."""
    folder = tmp_path_factory.mktemp("project")
    tables.write(folder)
    engine = running.Planc(binary, folder)
    engine.call("lock")
    return engine


@pytest.fixture(scope="session")
def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB with the same tables."""
    return running.connect(tables.tables())
