"""The intervals: hand-computed cases, agreement with scipy, and coverage in simulation.

The simulation draws with a fixed generator, so that its verdict never flickers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.intervals import new_classes, these_images


def test_two_by_two_by_hand() -> None:
    # Accuracies [[0.2, 0.6], [0.4, 1.0]]: mean 0.55, seed means 0.4 and 0.7, episode means 0.3 and
    # 0.8. MS_seed = 2 * 2 * 0.15^2 = 0.09, MS_episode = 2 * 2 * 0.25^2 = 0.25, and the residuals
    # are +-0.05: MS_residual = 4 * 0.05^2 = 0.01. Var = (0.25 + 0.09 - 0.01) / 4 = 0.0825.
    found = these_images(np.array([[2, 6], [4, 10]]), of=10)
    assert found.mean == pytest.approx(0.55)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 1) * math.sqrt(0.0825))
    assert found.degrees_of_freedom == pytest.approx(1)
    assert (found.low, found.high) == (0.0, 1.0)


def test_mixed_quantile_by_hand() -> None:
    # [[1, 5, 6], [3, 5, 7]] of 10: seed means 0.4 and 0.5, episode means 0.2, 0.5, 0.65, mean 0.45.
    # MS_seed = 3 * (0.05^2 + 0.05^2) / 1 = 0.015; MS_episode = 2 * (0.0625 + 0.0025 + 0.04) / 2
    # = 0.105; residuals -0.05, 0.05, 0 and their opposites: 0.01 / 2 = 0.005.
    found = these_images(np.array([[1, 5, 6], [3, 5, 7]]), of=10)
    weight = (0.01 / (0.01 + 0.105)) ** (4 / 3)
    quantile = weight * stats.t.ppf(0.975, 1) + (1 - weight) * stats.t.ppf(0.975, 2)
    assert found.half_width == pytest.approx(quantile * math.sqrt(0.115 / 6))
    assert 1 < found.degrees_of_freedom < 2
    assert stats.t.ppf(0.975, found.degrees_of_freedom) == pytest.approx(quantile)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_one_seed_is_the_t_interval_over_episodes(level: float) -> None:
    counts = np.array([[3, 9, 4, 7, 7, 1]])
    found = these_images(counts, of=10, level=level)
    expected = stats.t.interval(level, 5, loc=0.51666667, scale=stats.sem(counts[0] / 10))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.degrees_of_freedom == 5
    assert not found.covers_training


def test_equal_seeds_are_one_seed_and_flagged() -> None:
    row = np.array([[3, 9, 4, 7, 7, 1]])
    one, three = these_images(row, of=10), these_images(np.repeat(row, 3, axis=0), of=10)
    assert three.deterministic and not one.deterministic
    assert three.half_width == pytest.approx(one.half_width)
    assert three.degrees_of_freedom == one.degrees_of_freedom


def test_never_narrower_than_either_factor_alone() -> None:
    random = np.random.default_rng(5)
    for _ in range(200):
        counts = random.integers(0, 11, size=(3, 12))
        found = these_images(counts, of=10)
        episodes = stats.sem(counts.mean(axis=0) / 10) * stats.t.ppf(0.975, 11)
        seeds = stats.sem(counts.mean(axis=1) / 10) * stats.t.ppf(0.975, found.degrees_of_freedom)
        assert found.half_width >= max(episodes, seeds) - 1e-9


def test_all_right_has_no_width_and_one_episode_no_interval() -> None:
    perfect = these_images(np.full((3, 20), 20), of=20)
    assert (perfect.mean, perfect.half_width) == (1.0, 0.0)
    single = these_images(np.array([[4]]), of=5)
    assert single.mean == 0.8
    assert math.isnan(single.half_width) and math.isnan(single.low)


def test_new_classes_with_one_seed_is_the_t_interval_over_group_means() -> None:
    counts, groups = np.array([[2, 4, 6, 8, 10, 1]]), np.array([7, 7, 3, 3, 3, 9])
    found = new_classes(counts, of=10, groups=groups)
    assert found is not None
    means = [0.3, 0.8, 0.1]
    expected = stats.t.interval(0.95, 2, loc=np.mean(means), scale=stats.sem(means))
    assert found.mean == pytest.approx(0.4)
    assert found.half_width == pytest.approx((expected[1] - expected[0]) / 2)
    assert (found.groups, found.episodes) == (3, 6)


def test_new_classes_needs_three_groups() -> None:
    assert new_classes(np.array([[2, 4, 6]]), of=10, groups=np.array([0, 0, 1])) is None


def test_new_classes_grows_with_training_luck() -> None:
    groups = np.repeat(np.arange(10), 5)
    base = np.random.default_rng(3).integers(4, 7, size=50)
    same, lucky = np.stack([base] * 3), np.stack([base - 3, base, base + 3])
    steady, shaky = new_classes(same, 10, groups), new_classes(lucky, 10, groups)
    assert steady is not None and shaky is not None
    assert shaky.half_width > 2 * steady.half_width


@pytest.mark.parametrize(
    ("counts", "of"),
    [([1, 2], 5), ([[]], 5), ([[6]], 5), ([[-1]], 5), ([[0]], 0)],
)
def test_refuses_what_are_no_counts(counts: list[object], of: int) -> None:
    with pytest.raises(ValueError, match=r"correct|shape"):
        these_images(np.array(counts), of)
    with pytest.raises(ValueError, match="groups"):
        new_classes(np.array([[1, 2]]), 5, np.array([1]))


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("luck", [0.0, 0.01, 0.04])
def test_covers_what_it_says(seeds: int, luck: float) -> None:
    """With training luck none, like that of the episodes, and far above it."""
    random = np.random.default_rng(1)
    trials, episodes, truth = 2_000, 300, 0.7
    inside = 0
    for _ in range(trials):
        chance = truth + random.normal(0, luck, (seeds, 1)) + random.normal(0, 0.08, (1, episodes))
        found = these_images(random.binomial(75, np.clip(chance, 0, 1)), of=75)
        inside += found.low <= truth <= found.high
    assert 0.93 <= inside / trials <= 0.97
