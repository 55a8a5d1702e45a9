"""Sign flips, Holm and power, against scipy and statsmodels and in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from simulated_grid import grid
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from benchmark.statistics.difference import DifferenceVariance
from benchmark.statistics.holm import holm
from benchmark.statistics.intervals import these_images
from benchmark.statistics.paired import compare_units
from benchmark.statistics.power import (
    Components,
    components,
    equivalence,
    power,
    seeds_needed,
    smallest_detectable,
    units_needed,
)
from benchmark.statistics.sign_flip import sign_flip


def permuted(values, **settings):
    return stats.permutation_test(
        (values,), np.mean, permutation_type="samples", vectorized=False, **settings
    ).pvalue


@pytest.mark.parametrize("units", [3, 8, 10])
def test_exact_sign_flips_are_scipys_permutation_test(units):
    random = np.random.default_rng(units)
    values = np.round(random.normal(0.5, 1, units), 1)
    found = sign_flip(values, random)
    assert found.exact and found.patterns == 2**units
    assert found.p == pytest.approx(permuted(values, n_resamples=math.inf))


def test_twenty_units_are_exact_and_more_are_drawn_alike():
    random = np.random.default_rng(1)
    twenty = random.normal(0.4, 1, 20)
    exact, t = sign_flip(twenty, random), stats.ttest_1samp(twenty, 0).pvalue
    assert exact.exact and exact.p == pytest.approx(t, abs=0.01)
    drawn = sign_flip(np.append(twenty, 0.0), np.random.default_rng(5))
    assert not drawn.exact and drawn.patterns == 10_000
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p / 10_000))
    assert sign_flip(np.append(twenty, 0.0), np.random.default_rng(5)) == drawn
    assert sign_flip(np.ones(40), random, draws=99).p == 0.01, "never zero"
    with pytest.raises(ValueError, match="shape"):
        sign_flip(np.zeros((2, 2)), random)


@pytest.mark.simulation
def test_sign_flips_seldom_alarm_where_nothing_differs():
    random = np.random.default_rng(9)
    alarms = [sign_flip(x, random).p <= 0.05 for x in random.laplace(size=(2_000, 10))]
    assert np.mean(alarms) <= 0.06


def test_holm_is_statsmodels():
    p = np.random.default_rng(0).beta(0.4, 3, size=12)
    for values in (p, np.append(p, p[:3]), p[:1]):
        rejected, adjusted, *_ = multipletests(values, method="holm")
        assert holm(values).adjusted == pytest.approx(adjusted)
        assert (holm(values).rejected == rejected).all()


def test_holm_leaves_out_what_has_no_p():
    found = holm(np.array([0.01, np.nan, 0.04]))
    assert found.tests == 2 and math.isnan(found.adjusted[1])
    assert found.adjusted[[0, 2]] == pytest.approx([0.02, 0.04])
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(np.array([1.2]))


@pytest.mark.simulation
def test_holm_controls_the_family():
    """Eight of ten null hypotheses hold and their tests depend on each other."""
    random = np.random.default_rng(3)
    trials, tests = 4_000, 10
    z = 0.6 * random.standard_normal((trials, 1)) + 0.8 * random.standard_normal((trials, tests))
    p = 2 * stats.norm.sf(np.abs(z + np.array([0.0] * 8 + [2.5] * 2)))
    any_false = [holm(row).rejected[:8].any() for row in p]
    assert np.mean(any_false) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)
    assert (p[:, :8] <= 0.05).any(axis=1).mean() > 0.15, "without it the family alarms"


def of_units(spread, units):
    return DifferenceVariance((0.0, 0.0), (1, 1), spread**2 / units, units)


def test_power_is_statsmodels():
    for units, effect in ((10, 0.9), (20, 0.5), (300, 0.1)):
        expected = TTestPower().power(effect, units, 0.05)
        assert power(effect, of_units(1, units)) == pytest.approx(expected, abs=1e-6)
        wanted = TTestPower().solve_power(nobs=units, alpha=0.05, power=0.8)
        assert smallest_detectable(of_units(1, units)) == pytest.approx(wanted, rel=1e-4)
    assert smallest_detectable(of_units(0, 3)) == 0


@pytest.mark.simulation
@pytest.mark.parametrize(("units", "difference"), [(10, 0.03), (20, 0.02)])
def test_power_is_how_often_the_difference_is_found(units, difference):
    random = np.random.default_rng(5)
    trials, spread, fixed = 2_500, 0.03, (False, False)
    a = difference + random.normal(0, spread, (trials, 1, units))
    found = np.mean(
        [compare_units(x, np.zeros((1, units)), "group", luck=fixed).p <= 0.05 for x in a]
    )
    expected = power(difference, of_units(spread, units))
    assert found == pytest.approx(expected, abs=3 * math.sqrt(0.25 / trials))


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("seeds", "luck", "spread"),
    grid([(3, 3), (5, 5), (3, 5)], [(0.02, 0.02), (0.03, 0.01), (0.02, 0.0)], [0.0, 0.03]),
)
def test_power_with_luck_in_training_is_how_often_the_difference_is_found(seeds, luck, spread):
    random = np.random.default_rng(7)
    trials, units = 4_000, 10
    own = spread * random.standard_normal((trials, 1, units))
    variance = DifferenceVariance(
        (luck[0] ** 2 / seeds[0], luck[1] ** 2 / seeds[1]), seeds, spread**2 / units, units
    )
    difference = smallest_detectable(variance)
    assert power(difference, variance) == pytest.approx(0.8, abs=1e-6)
    a = difference + luck[0] * random.standard_normal((trials, seeds[0], 1)) + own
    b = luck[1] * random.standard_normal((trials, seeds[1], 1)) + np.zeros((1, 1, units))
    found = np.mean([compare_units(x, y, "group").p <= 0.05 for x, y in zip(a, b, strict=True)])
    assert found == pytest.approx(0.8, abs=3 * math.sqrt(0.16 / trials))


def test_episodes_and_seeds_needed_for_a_precision():
    parts = Components(seed=0.0001, unit=0.01, residual=0.002)
    episodes = units_needed(parts, 5, 0.02)
    assert parts.half_width(5, episodes) <= 0.02 < parts.half_width(5, episodes - 1)
    assert units_needed(parts, 3, 0.02) is None, "three seeds alone leave more than that"
    seeds = seeds_needed(parts, 1_000, 0.01)
    assert parts.half_width(seeds, 1_000) <= 0.01 < parts.half_width(seeds - 1, 1_000)
    assert seeds_needed(parts, 10, 0.001) is None


def test_components_foretell_the_interval():
    random = np.random.default_rng(2)
    chance = 0.6 + random.normal(0, 0.01, (5, 1)) + random.normal(0, 0.1, (1, 400))
    counts = random.binomial(75, chance)
    found = components(counts / 75)
    assert found.half_width(5, 400) == pytest.approx(these_images(counts, 75).half_width, rel=1e-6)
    assert 1 / 3 < found.seed / 0.01**2 < 3, "five seeds tell a variance no better than so"
    assert found.unit == pytest.approx(0.01, rel=0.2)
    single = components(counts[:1] / 75)
    assert single.half_width(1, 400) == pytest.approx(these_images(counts[:1], 75).half_width)


@pytest.mark.parametrize("bound", [0.005, 0.01, 0.03])
def test_equivalence_is_statsmodels(bound):
    values = np.random.default_rng(4).normal(0.002, 0.02, 20)
    found = equivalence(values.mean(), stats.sem(values), 19, bound)
    expected, *_ = DescrStatsW(values).ttost_mean(-bound, bound)
    assert found.p == pytest.approx(expected)
    assert found.equivalent == (expected <= 0.05) == (-bound < found.low and found.high < bound)
    with pytest.raises(ValueError, match="positive"):
        equivalence(0, 1, 3, 0)
