"""Ranks, effects and calibration against scipy, scikit-posthocs and statsmodels."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from benchmark.statistics.effects import crossed_block, main_effects
from benchmark.statistics.ranks import friedman, rank_intervals, ranks


def test_ranks_are_scipys_with_ties_shared():
    scores = np.random.default_rng(0).integers(0, 4, (9, 5))
    assert (ranks(scores) == stats.rankdata(-scores, axis=1)).all()
    with pytest.raises(ValueError, match="holes"):
        ranks(np.array([0.1, np.nan]))


def test_friedman_and_nemenyi_are_those_of_scipy_and_scikit_posthocs():
    scores = np.round(np.random.default_rng(1).normal([0.6, 0.62, 0.66, 0.7], 0.04, (8, 4)), 2)
    found = friedman(scores)
    expected = stats.friedmanchisquare(*scores.T)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    pairwise = scikit_posthocs.posthoc_nemenyi_friedman(scores).to_numpy()
    for i, j in itertools.combinations(range(4), 2):
        apart = abs(found.mean_ranks[i] - found.mean_ranks[j])
        assert (apart >= found.critical_difference) == (pairwise[i, j] <= 0.05)
    # Demsar (2006), table 5: q is 2.569 for four models, so 2.569 sqrt(4 * 5 / (6 * 8)).
    assert found.critical_difference == pytest.approx(2.569 * math.sqrt(20 / 48), abs=1e-3)


def test_no_critical_difference_from_five_data_sets():
    with pytest.raises(ValueError, match="at least 6"):
        friedman(np.random.default_rng(0).random((5, 4)))


def test_rank_intervals_are_narrow_where_the_order_is_clear():
    random = np.random.default_rng(2)
    clear = [np.array([[0.9], [0.5], [0.1]]) + random.normal(0, 0.02, (3, 12)) for _ in range(2)]
    found = rank_intervals(clear, random)
    assert found.mean.tolist() == found.low.tolist() == found.high.tolist() == [1, 2, 3]
    close = [np.full((2, 1), 0.5) + random.normal(0, 0.1, (2, 12))]
    found = rank_intervals(close, random)
    assert (found.low[0], found.high[0]) == (1, 2)
    share = rank_intervals([close[0], close[0]], np.random.default_rng(3), shared_groups=True)
    alone = rank_intervals([close[0]], np.random.default_rng(3))
    assert (share.low == alone.low).all() and (share.high == alone.high).all()
    with pytest.raises(ValueError, match="same models"):
        rank_intervals([np.ones((2, 3)), np.ones((3, 3))], random)


def grid(holes=()):
    """A distance x loss grid with a planted effect of each."""
    random = np.random.default_rng(6)
    cells = [
        c for c in itertools.product(("l1", "l2", "cos"), ("bce", "triplet")) if c not in holes
    ]
    planted = {"l1": -0.02, "l2": 0.0, "cos": 0.02, "bce": -0.03, "triplet": 0.03}
    y = np.array([0.7 + sum(planted[part] for part in c) for c in cells])
    factors = {"distance": [c[0] for c in cells], "loss": [c[1] for c in cells]}
    return y + random.normal(0, 0.004, len(y)), factors, planted


def test_in_a_crossed_block_an_effect_is_a_mean_minus_the_mean():
    y, factors, _ = grid()
    found = main_effects(y, factors)
    for factor, levels in factors.items():
        for level, effect in found.of(factor).items():
            mine = y[np.array(levels) == level]
            assert effect.effect == pytest.approx(mine.mean() - y.mean())
    assert found.mean == pytest.approx(y.mean()) and not found.missing


def test_effects_with_holes_are_statsmodels():
    y, factors, planted = grid(holes=[("cos", "bce")])
    found = main_effects(y, factors, impossible=[("cos", "bce")])
    fit = smf.ols("y ~ C(distance, Sum) + C(loss, Sum)", pd.DataFrame({"y": y, **factors})).fit()
    names = sorted(set(factors["distance"]))
    for number, name in enumerate(names[:-1]):
        expected = fit.conf_int().iloc[1 + number]
        effect = found.of("distance")[name]
        assert (effect.low, effect.high) == pytest.approx((expected[0], expected[1]))
    for effect in found.effects:
        assert effect.low < planted[effect.level] < effect.high
    assert not found.missing and main_effects(y, factors).missing == (("cos", "bce"),)


@pytest.mark.parametrize("holes", [[], [("cos", "bce")]])
def test_tests_of_factors_are_statsmodels_of_type_three(holes):
    y, factors, _ = grid(holes=holes)
    found = main_effects(y, factors, impossible=holes)
    fit = smf.ols("y ~ C(distance, Sum) + C(loss, Sum)", pd.DataFrame({"y": y, **factors})).fit()
    table = anova_lm(fit, typ=3)
    for test in found.tests:
        row = table.loc[f"C({test.factor}, Sum)"]
        assert (test.f, test.p) == pytest.approx((row["F"], row["PR(>F)"]))
        assert (test.between, test.within) == (row["df"], fit.df_resid)
        assert test.share == pytest.approx(row["sum_sq"] / fit.centered_tss)
    assert [test.factor for test in found.tests] == ["distance", "loss"]
    assert found.rest == pytest.approx(fit.ssr / fit.centered_tss)
    assert not main_effects(np.stack([y, y + 0.1, y], axis=1), factors, holes).tests


def test_no_test_where_no_cell_is_to_spare():
    factors = {"distance": ["l1", "l1", "l2"], "loss": ["a", "b", "a"]}
    found = main_effects(np.array([0.1, 0.2, 0.4]), factors)
    assert not found.tests and math.isnan(found.rest)


def test_effects_over_groups_pair_the_cells():
    y, factors, _ = grid()
    random = np.random.default_rng(7)
    groups = y[:, None] + random.normal(0, 0.1, (1, 10)) + random.normal(0, 0.01, (6, 10))
    found = main_effects(groups, factors)
    bce = groups[[level == "bce" for level in factors["loss"]]].mean(axis=0)
    values = bce - groups.mean(axis=0)
    expected = stats.t.interval(0.95, 9, loc=values.mean(), scale=stats.sem(values))
    effect = found.of("loss")["bce"]
    assert (effect.low, effect.high) == pytest.approx(expected) and found.over == "groups"


def test_refuses_effects_that_the_cells_cannot_tell_apart():
    factors = {"distance": ["l1", "l1", "l2", "l2"], "loss": ["a", "a", "b", "b"]}
    with pytest.raises(ValueError, match="distance and loss"):
        main_effects(np.arange(4.0), factors | {"backbone": ["x", "y", "x", "y"]})
    with pytest.raises(ValueError, match="impossible"):
        main_effects(np.arange(4.0), factors, impossible=[("l1", "a")])
    with pytest.raises(ValueError, match="missing"):
        main_effects(np.array([1, 2, np.nan, 4]), factors)


def _largest_by_hand(cells):
    best = 0
    levels = [sorted({cell[n] for cell in cells}) for n in range(3)]
    subsets = [
        [c for size in range(1, len(each) + 1) for c in itertools.combinations(each, size)]
        for each in levels
    ]
    for block in itertools.product(*subsets):
        if sum(len(part) > 1 for part in block) > 1 and set(itertools.product(*block)) <= cells:
            best = max(best, math.prod(map(len, block)))
    return best


@pytest.mark.parametrize("draw", range(12))
def test_the_crossed_block_is_the_largest_of_all(draw):
    random = np.random.default_rng(draw)
    cells = {
        c for c in itertools.product("ab", "pqrs", "wxyz") if random.random() < 0.45 + 0.04 * draw
    }
    found = crossed_block(sorted(cells))
    size = math.prod(map(len, found)) if found else 0
    assert size == _largest_by_hand(cells) and set(itertools.product(*found)) <= cells | {()}
    assert found == crossed_block(sorted(cells)), "the same block every time"


def test_a_row_and_a_column_of_cells_cross_nothing():
    assert crossed_block([("a", "p"), ("a", "q"), ("b", "p")]) == ()
    assert crossed_block([("a", "p"), ("a", "q"), ("b", "p"), ("b", "q"), ("c", "q")]) == (
        ("a", "b"), ("p", "q"),
    )  # fmt: skip
    assert crossed_block([]) == ()
