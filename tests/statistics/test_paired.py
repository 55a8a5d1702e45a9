"""Paired differences: hand-computed cases, agreement with scipy, coverage and false alarms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from simulated_episodes import draw_episodes
from simulated_grid import grid

from benchmark.statistics.difference import STEEP, TRUST, DifferenceVariance
from benchmark.statistics.paired import (
    compare_units,
    new_classes,
    new_classes_shared,
    these_images,
)

TRIALS = 4_000


def test_one_seed_each_is_the_paired_t_test():
    a, b = np.array([[3, 9, 4, 7, 7, 1]]), np.array([[2, 9, 1, 5, 8, 0]])
    found = these_images(a, b, of=10, luck=(False, False))
    expected = stats.ttest_rel(a[0] / 10, b[0] / 10)
    assert found.p == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.wins, found.ties, found.losses) == (4, 1, 1)
    assert found.covers_training, "fixed models"


@pytest.mark.parametrize(("seeds", "tested"), [((1, 1), False), ((1, 3), False), ((2, 3), True)])
@pytest.mark.parametrize("same_networks", [False, True])
def test_a_trained_side_with_one_seed_has_an_interval_and_no_p(seeds, tested, same_networks):
    random = np.random.default_rng(1)
    if same_networks:
        seeds = (min(seeds), min(seeds))
    a, b = (random.normal(0.5, 0.1, (count, 12)) for count in seeds)
    found = compare_units(a, b, "group", same_networks=same_networks)
    assert found.half_width > 0 and np.isnan(found.p) == (not tested)
    if not same_networks:  # a fixed model needs no second seed
        fixed = compare_units(a, b, "group", luck=(seeds[0] > 1, seeds[1] > 1))
        assert 0 < fixed.p <= 1 and fixed.covers_training


def test_two_seeds_by_hand():
    # A [[.2, .6], [.4, 1.0]], B [[.3, .3]]: d = .0, .5; s_d^2 / 2 = .125 / 2 = .0625. A's seed
    # means are .4 and .7, v_A = .045, MS_residual = 4 * .05^2 = .01: c_A = (.045 - .005) / 2 = .02.
    found = compare_units(np.array([[0.2, 0.6], [0.4, 1.0]]), np.array([[0.3, 0.3]]), "episode")
    assert found.difference == pytest.approx(0.25)
    assert found.standard_error == pytest.approx(math.sqrt(0.0825))
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 1) * math.sqrt(0.0825))


def test_luck_in_training_alone_is_welchs_test_with_fewer_degrees_of_freedom():
    # Every unit alike: only the seeds' means differ, and the test is that of two samples.
    a, b = np.array([0.70, 0.74, 0.72, 0.79]), np.array([0.60, 0.69, 0.68])
    found = compare_units(np.repeat(a[:, None], 8, 1), np.repeat(b[:, None], 8, 1), "group")
    expected = stats.ttest_ind(a, b, equal_var=False)
    freedom = 2 + TRUST * (expected.df - 2)
    assert found.standard_error == pytest.approx(found.difference / expected.statistic)
    assert found.degrees_of_freedom == pytest.approx(freedom)
    assert found.p == pytest.approx(2 * stats.t.sf(expected.statistic, freedom), rel=1e-6)


def test_the_quantile_lies_between_that_of_the_seeds_and_that_of_the_units():
    # Luck 0.0003 of each side of 3 and 5 seeds: Welch's number 0.0006^2 / (0.0003^2 (1/2 + 1/4)) =
    # 16/3. Units 0.0004 of 10: w = 0.6, weight 0.6^s / (0.6^s + 0.4).
    variance = DifferenceVariance((0.0003, 0.0003), (3, 5), 0.0004, 10)
    seeds, units = stats.t.isf(0.025, 2 + TRUST * (16 / 3 - 2)), stats.t.isf(0.025, 9)
    raised = 0.6**STEEP
    expected = (raised * seeds + 0.4 * units) / (raised + 0.4)
    assert variance.quantile(0.05) == pytest.approx(expected)
    assert stats.t.isf(0.025, variance.degrees_of_freedom(0.05)) == pytest.approx(expected)
    assert variance.error == pytest.approx(math.sqrt(0.001))
    fixed = DifferenceVariance((0.0003, 0.0), (3, 1), 0.0, 10)
    assert fixed.quantile(0.05) == pytest.approx(stats.t.isf(0.025, 2))


def test_p_is_the_level_at_which_the_interval_touches_zero():
    random = np.random.default_rng(3)
    a = 0.7 + random.normal(0, 0.02, (3, 1)) + random.normal(0, 0.03, (3, 10))
    b = 0.66 + random.normal(0, 0.02, (4, 1)) + random.normal(0, 0.03, (4, 10))
    found = compare_units(a, b, "group")
    assert 0.001 < found.p < 0.5
    touching = compare_units(a, b, "group", level=1 - found.p)
    assert touching.low == pytest.approx(0, abs=1e-6)
    swapped = compare_units(b, a, "group")
    assert (swapped.difference, swapped.p) == pytest.approx((-found.difference, found.p))


def test_equal_models_do_not_differ():
    a = np.array([[3, 9, 4, 7]])
    found = these_images(a, a, of=10, luck=(False, False))
    assert (found.difference, found.half_width, found.p, found.ties) == (0, 0, 1, 4)


def test_groups_are_weighed_alike_and_three_are_needed():
    a, b, groups = (
        np.array([[9, 9, 9, 2, 5]]),
        np.array([[8, 8, 8, 0, 6]]),
        np.array([0, 0, 0, 1, 2]),
    )
    found = new_classes(a, b, 10, groups)
    assert found.difference == pytest.approx((0.1 + 0.2 - 0.1) / 3)
    assert (found.unit, found.units, found.wins, found.losses) == ("group", 3, 2, 1)
    assert new_classes(a, b, 10, np.array([0, 0, 0, 1, 1])) is None


@pytest.mark.simulation
def test_the_same_networks_share_their_luck():
    """Two heads on the same three trainings: their luck is large, and of both."""
    random = np.random.default_rng(23)
    trials, units = 3_000, 10
    luck = 0.05 * random.standard_normal((trials, 3, 1))
    a, b = (
        luck
        + 0.004 * random.standard_normal((trials, 3, 1))  # how a head takes to a network
        + 0.02 * random.standard_normal((trials, 1, units))
        for _ in range(2)
    )
    paired = [compare_units(x, y, "group", same_networks=True) for x, y in zip(a, b, strict=True)]
    apart = [compare_units(x, y, "group") for x, y in zip(a, b, strict=True)]
    assert 0.93 <= np.mean([one.low <= 0 <= one.high for one in paired]) <= 0.97
    assert np.mean([one.p <= 0.05 for one in paired]) <= 0.06
    widths = [np.median([one.half_width for one in found]) for found in (paired, apart)]
    assert widths[0] < widths[1] / 3
    assert paired[0].difference == apart[0].difference and paired[0].same_networks


def test_the_same_networks_by_hand():
    # Differences [[.1, .2], [.1, .4]]: unit means .1, .3; the rest is that of one sample.
    a, b = np.array([[0.5, 0.7], [0.3, 0.9]]), np.array([[0.4, 0.5], [0.2, 0.5]])
    found = compare_units(a, b, "group", same_networks=True)
    alone = compare_units(a - b, np.zeros((1, 2)), "group", luck=(True, False))
    assert (found.half_width, found.p) == pytest.approx((alone.half_width, alone.p))
    with pytest.raises(ValueError, match="seeds do not pair"):
        compare_units(a, b[:1], "group", same_networks=True)


def test_refuses_what_does_not_pair():
    with pytest.raises(ValueError, match="do not pair"):
        these_images(np.array([[1, 2]]), np.array([[1, 2, 3]]), 5)
    with pytest.raises(ValueError, match="level"):
        these_images(np.array([[1, 2]]), np.array([[1, 2]]), 5, level=1.5)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("seeds", "drawn"),
    grid([(3, 3), (5, 5), (3, 5)], [(10, 0.0), (10, 0.012), (20, 0.05), (200, 0.003)]),
)
def test_covers_and_seldom_alarms_for_the_same_method_with_other_seeds(seeds, drawn):
    """Both models have the same mean and luck; units also favour one or the other by chance."""
    random = np.random.default_rng(11)
    units, luck = drawn
    own, rest = 0.03, 0.02
    sides = [
        luck * random.standard_normal((TRIALS, count, 1))
        + own * random.standard_normal((TRIALS, 1, units))
        + rest * random.standard_normal((TRIALS, count, units))
        for count in seeds
    ]
    found = [compare_units(a, b, "group") for a, b in zip(*sides, strict=True)]
    covered = sum(one.low <= 0 <= one.high for one in found) / TRIALS
    assert 0.93 <= covered <= 0.975
    assert sum(one.p <= 0.05 for one in found) / TRIALS <= 0.06


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("seeds", "times", "spread"), grid([(3, 3), (3, 5), (5, 3)], [3, 5], [0.0, 0.02])
)
def test_seldom_alarms_where_one_models_luck_is_many_times_the_others(seeds, times, spread):
    random = np.random.default_rng(17)
    trials, units = 4_000, 20
    own = spread * random.standard_normal((trials, 1, units))
    a = 0.01 * times * random.standard_normal((trials, seeds[0], 1)) + own
    b = 0.01 * random.standard_normal((trials, seeds[1], 1)) + np.zeros((1, 1, units))
    alarms = [compare_units(x, y, "group").p <= 0.05 for x, y in zip(a, b, strict=True)]
    assert np.mean(alarms) <= 0.06 + 2 * math.sqrt(0.06 * 0.94 / trials)


@pytest.mark.simulation
def test_a_test_without_the_seed_variance_rejects_far_too_often_and_more_seeds_fix_it():
    random = np.random.default_rng(2)
    sides = [
        random.normal(0, 0.03, (TRIALS, 5, 1)) + random.normal(0, 0.02, (TRIALS, 5, 10))
        for _ in range(2)
    ]
    # What one seed would give if it were taken for the whole method.
    alone = [
        compare_units(a[:1], b[:1], "group", luck=(False, False))
        for a, b in zip(*sides, strict=True)
    ]
    several = [compare_units(a, b, "group") for a, b in zip(*sides, strict=True)]
    assert sum(one.p <= 0.05 for one in alone) / TRIALS > 0.3
    assert sum(one.p <= 0.05 for one in several) / TRIALS <= 0.06


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("of_class", [0.06, 0.12])
def test_differences_over_new_classes_that_episodes_share(seeds, of_class):
    """20 of infinitely many classes, 5 in each episode, 30 images a class shared by episodes."""
    random = np.random.default_rng(4)
    trials, episodes, of = 600, 1_000, 25
    classes, shown = draw_episodes(random, episodes)
    inside = alarms = 0
    for _ in range(trials):
        both = random.normal(0, 0.1, (20, 1)) + random.normal(0, 0.1, (20, 30))
        counts = []
        for _model in range(2):
            mine = random.normal(0, of_class / 2, (20, 1)) + random.normal(0, 0.03, (20, 30))
            chance = shown @ (0.6 + both + mine).ravel() + random.normal(0, 0.01, (seeds, 1))
            noise = random.normal(0, 0.09, (seeds, episodes))
            counts.append(np.rint(of * np.clip(chance + noise, 0, 1)).astype(int))
        found = new_classes_shared(*counts, of, classes)
        inside += found.low <= 0 <= found.high
        alarms += found.p <= 0.05
    assert 0.93 <= inside / trials <= 0.97
    assert alarms / trials <= 0.06
