"""Lets the tests here import the synthetic records beside them; reads the committed ones once."""

import sys
from pathlib import Path

import pytest

from benchmark.records import store
from benchmark.records.schema import Record

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def committed() -> list[Record]:
    """All committed records."""
    return store.load(Path(__file__).parents[2] / "results")
