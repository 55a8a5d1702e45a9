"""Measures of a search and their intervals."""

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics.retrieval import Search, summarise


def search(seed=0, classes=20, each=15, spread=0.0):
    random = np.random.default_rng(seed)
    number = np.repeat(np.arange(classes), each)
    skill = np.clip(0.5 + np.random.default_rng(9).normal(0, spread, classes)[number], 0.02, 0.98)
    hits = random.binomial(14, skill)
    first = np.where(random.random(len(number)) < skill, 1, random.integers(2, 30, len(number)))
    return Search(first, hits, hits / 14 * 0.9, np.full(len(number), 14), number, seed)


def test_means_over_queries():
    one = search()
    found = summarise([one]).measures
    assert found["Recall@1"].mean == pytest.approx((one.first == 1).mean())
    assert found["Recall@10"].mean == pytest.approx((one.first <= 10).mean())
    assert found["R-precision"].mean == pytest.approx((one.hits / 14).mean())
    assert found["mAP@R"].mean == pytest.approx(one.precision.mean())
    assert found["mAP@R"].groups == 20 and found["mAP@R"].episodes == 300


def test_the_class_is_the_unit():
    alike, unlike = (summarise([search(spread=s)]).measures["mAP@R"] for s in (0.0, 0.3))
    assert unlike.half_width > 3 * alike.half_width
    by_class = search(spread=0.3).precision.reshape(20, 15).mean(axis=1)
    expected = stats.t.interval(0.95, 19, loc=by_class.mean(), scale=stats.sem(by_class))
    assert (unlike.low, unlike.high) == pytest.approx(expected)


def test_seeds_are_averaged_and_missing_classes_leave_no_interval():
    found = summarise([search(0), search(1)])
    assert found.per_seed == tuple(search(n).precision.mean() for n in (0, 1))
    one = search()
    bare = Search(one.first, one.hits, one.precision, one.matches, None)
    assert np.isnan(summarise([bare]).measures["mAP@R"].half_width)
    with pytest.raises(ValueError, match="no networks"):
        summarise([])


@pytest.mark.simulation
@pytest.mark.parametrize("classes", [8, 12, 40])
def test_covers_new_classes_from_eight_on(classes):
    random, covered = np.random.default_rng(classes), []
    for _ in range(600):
        number = np.repeat(np.arange(classes), 15)
        skill = np.clip(0.5 + random.normal(0, 0.1, classes), 0.02, 0.98)[number]
        hits = random.binomial(14, skill)
        one = Search(np.ones_like(hits), hits, hits / 14, np.full(len(hits), 14), number)
        found = summarise([one]).measures["mAP@R"]
        covered.append(found.low <= 0.5 <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.975
