"""Rank intervals: by hand through all paired tests and Holm; coverage; unknown seed variance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmark.statistics.holm import holm
from benchmark.statistics.paired import compare_units, seed_parts
from benchmark.statistics.rank_intervals import TaskEvidence, rank_intervals


def evidence(units, known=None):
    """Of float64 [seeds, units] of each model."""
    means = np.stack([each.mean(axis=0) for each in units])
    parts = np.array([seed_parts(each) for each in units])
    seeds = np.array([len(each) for each in units])
    known = np.ones(len(units), bool) if known is None else np.array(known)
    size, count = means.shape
    by_units = np.array([[(a - b).var(ddof=1) / count for b in means] for a in means])
    ones = np.ones((size, size))
    return TaskEvidence(
        means.mean(axis=1)[:, None] - means.mean(axis=1), by_units,
        (parts[:, 1][:, None] * ones, parts[:, 1] * ones),
        ((seeds[:, None] * ones).astype(int), (seeds * ones).astype(int)),
        parts[:, 0][:, None] + parts[:, 0], count - 1, known[:, None] & known,
    )  # fmt: skip


def models(draw, levels, seeds=3, units=12):
    random = np.random.default_rng(draw)
    shared = random.normal(0, 0.1, units)
    return [
        level + shared + random.normal(0, 0.01, (seeds, 1)) + random.normal(0, 0.02, (seeds, units))
        for level in levels
    ]


@pytest.mark.parametrize("draw", range(5))
def test_ranks_are_those_left_open_by_all_paired_tests_with_holm(draw):
    units = models(draw, [0.5, 0.52, 0.6, 0.61, 0.9])
    low, high = rank_intervals([evidence(units)])
    pairs = list(itertools.combinations(range(5), 2))
    tests = [compare_units(units[a], units[b], "group") for a, b in pairs]
    rejected = holm(np.array([test.p for test in tests])).rejected
    better, worse = np.zeros(5, int), np.zeros(5, int)
    for (a, b), test, significant in zip(pairs, tests, rejected, strict=True):
        if significant:
            first, last = (a, b) if test.difference > 0 else (b, a)
            better[last] += 1
            worse[first] += 1
    assert low.tolist() == (1 + better).tolist() and high.tolist() == (5 - worse).tolist()
    assert (low[4], high[4]) == (1, 1) and high[0] == 5


def test_a_model_with_an_unknown_seed_variance_can_have_any_rank_and_bounds_no_other():
    units = models(0, [0.2, 0.5, 0.9])
    low, high = rank_intervals([evidence(units, [True, True, False])])
    assert low.tolist() == [2, 1, 1] and high.tolist() == [3, 2, 3]


def test_equal_models_share_all_ranks_and_two_tasks_are_one_mean():
    units = models(1, [0.5, 0.5, 0.5])
    same = [units[0], units[0], units[0]]
    assert [each.tolist() for each in rank_intervals([evidence(same)])] == [[1] * 3, [3] * 3]
    up, down = models(2, [0.5, 0.7]), models(3, [0.7, 0.5])
    assert [each.tolist() for each in rank_intervals([evidence(up)])] == [[2, 1], [2, 1]]
    both = rank_intervals([evidence(up), evidence(down)])
    assert [each.tolist() for each in both] == [[1, 1], [2, 2]]
    with pytest.raises(ValueError, match="no tasks"):
        rank_intervals([])


@pytest.mark.simulation
def test_false_claims_are_rare():
    wrong = 0
    for draw in range(150):
        low, high = rank_intervals([evidence(models(draw, [0.5] * 5))])
        wrong += bool((low > 1).any() or (high < 5).any())
    assert wrong / 150 <= 0.09, "5 % and two standard errors"
