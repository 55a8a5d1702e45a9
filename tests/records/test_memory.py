"""Thousands of records fit into memory: what one holds is its answers, a byte or two each."""

import tracemalloc

import numpy as np
import pytest

from benchmark.records import store
from benchmark.records.schema import Counts
from tests.records.test_records import make

EPISODES, MEBIBYTE = 10_000, 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty records of 10,000 episodes."""
    results = tmp_path_factory.mktemp("results")
    random = np.random.default_rng(0)
    for seed in range(60):
        counts = random.integers(0, 401, EPISODES).tolist()
        store.write(
            results, make([0] * EPISODES, seed=seed, outcome=Counts(of=400, correct=counts))
        )
    return results


def test_a_loaded_record_takes_little_more_than_its_answers(folder):
    store.load(folder)  # the pins of tasks are read once
    tracemalloc.start()
    records = store.load(folder)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    answers = 2 * EPISODES  # up to 400 correct answers take two bytes
    assert held / len(records) < answers + 8_000
    assert peak - held < MEBIBYTE, "one record at a time is read"
