"""Paired retrieval: queries and classes by hand, unequal classes, coverage over classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.paired_searches import MEASURES, compare_searches
from benchmark.statistics.retrieval import Search

SIZES = (5, 20, 11, 8, 16, 12)
FIXED = (False, False)  # neither side trains


def search(random, sizes=SIZES, skill=0.5, spread=0.0, seed=0):
    number = np.repeat(np.arange(len(sizes)), sizes)
    suits = np.clip(skill + random.normal(0, spread, len(sizes))[number], 0.02, 0.98)
    hits = random.binomial(10, suits)
    first = np.where(random.random(len(number)) < suits, 1, 7)
    return Search(first, hits, hits / 10, np.full(len(number), 10), number, seed)


def both(draw=0, **more):
    random = np.random.default_rng(draw)
    return search(random, skill=0.6, **more), search(random, skill=0.5, **more)


def test_by_query_it_is_the_paired_t_test():
    a, b = both()
    found = compare_searches([a], [b], luck=FIXED)
    assert [each.name for each in found] == list(MEASURES) == ["mAP@R", "Recall@1"]
    for each, one, two in ((found[0], a.precision, b.precision),
                           (found[1], a.first == 1, b.first == 1)):  # fmt: skip
        expected = stats.ttest_rel(one.astype(float), two.astype(float))
        assert each.by_query.p == pytest.approx(expected.pvalue)
        assert each.by_query.difference == pytest.approx(one.mean() - two.mean())
        assert each.a == (one.mean(),) and each.by_query.units == sum(SIZES)


def test_by_class_it_is_the_ratios_linearisation_and_wins_are_the_classes_own():
    a, b = both(spread=0.15)
    (found, _) = compare_searches([a], [b])
    apart, sizes = a.precision - b.precision, np.array(SIZES)
    totals = np.bincount(a.classes, weights=apart)
    mean = apart.mean()
    # Cochran (1977), equation 6.9, without a finite population.
    variance = np.square(totals - mean * sizes).sum() / 5 / 6 / sizes.mean() ** 2
    assert found.by_class.difference == pytest.approx(mean)
    assert found.by_class.standard_error == pytest.approx(np.sqrt(variance))
    assert found.by_class.half_width == pytest.approx(stats.t.ppf(0.975, 5) * np.sqrt(variance))
    assert (found.by_class.wins, found.by_class.losses) == (
        (totals > 0).sum(), (totals < 0).sum(),
    )  # fmt: skip
    assert found.by_class.unit == "class" and found.by_query.unit == "query"


def test_of_equal_classes_each_stands_for_its_mean():
    a, b = both(sizes=(10,) * 8, spread=0.2)
    (found, _) = compare_searches([a], [b])
    means = (a.precision - b.precision).reshape(8, 10).mean(axis=1)
    assert found.by_class.standard_error == pytest.approx(means.std(ddof=1) / np.sqrt(8))


def test_seeds_count_as_elsewhere_and_classes_may_be_unknown():
    a, b = both()
    other = replace(both(1)[0], seed=1)
    (found, _) = compare_searches([a, other], [b])
    assert found.by_query.seeds == (2, 1) and not found.by_query.covers_training
    assert found.a == (a.precision.mean(), other.precision.mean())
    assert np.isnan(found.by_query.p), "one side has one seed"
    (bare, _) = compare_searches([replace(a, classes=None)], [replace(b, classes=None)], luck=FIXED)
    (whole, _) = compare_searches([a], [b], luck=FIXED)
    assert bare.by_class is None and bare.by_query.p == whole.by_query.p


def test_refuses_what_does_not_pair():
    a, b = both()
    for wrong in (replace(b, matches=b.matches + 1), replace(b, classes=b.classes[::-1])):
        with pytest.raises(ValueError, match="different queries"):
            compare_searches([a], [wrong])
    with pytest.raises(ValueError, match="no searches"):
        compare_searches([], [b])


@pytest.mark.simulation
def test_covers_over_classes_where_queries_alone_do_not():
    random = np.random.default_rng(11)
    by_class, by_query = [], []
    for _ in range(400):
        one, two = (search(random, (15,) * 20, 0.5, 0.12) for _ in range(2))
        (found, _) = compare_searches([one], [two])
        assert found.by_class is not None
        by_class.append(found.by_class.low <= 0 <= found.by_class.high)
        by_query.append(found.by_query.low <= 0 <= found.by_query.high)
    assert 0.92 <= np.mean(by_class) <= 0.98
    assert np.mean(by_query) < 0.75
