"""Units: groups and classes; coverage over ten alphabets and over 20 classes with shared images."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from simulated_episodes import draw_episodes

from benchmark.statistics.intervals import new_classes, new_classes_shared
from benchmark.statistics.units import deletable, of_classes


def test_every_pair_of_classes_once_gives_back_the_classes():
    # Accuracy of an episode is the mean of its classes': pseudo-values are the classes' own.
    own = np.array([0.9, 0.5, 0.7, 0.2, 0.6])
    classes = np.array(list(itertools.combinations(range(5), 2)))
    assert of_classes(own[classes].mean(axis=1)[None], classes)[0] == pytest.approx(own)


def test_one_class_an_episode_is_the_t_interval_over_classes():
    counts = np.array([[2, 9, 4, 7, 1]])
    found = new_classes_shared(counts, 10, np.arange(5)[:, None])
    expected = stats.t.interval(0.95, 4, loc=0.46, scale=stats.sem(counts[0] / 10))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.groups == 5


def test_a_class_counts_once_in_an_episode():
    x, once = np.array([[0.2, 0.5, 0.9, 0.4]]), np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    assert of_classes(x, np.hstack([once, once[:, :1]])) == pytest.approx(of_classes(x, once))


def test_refuses_a_class_that_is_everywhere():
    classes = np.array([[0, 1], [0, 2], [0, 3]])
    assert not deletable(classes)
    assert deletable(np.array([[0, 1], [1, 2], [2, 3]]))
    assert not deletable(np.array([[0, 1], [1, 0]])), "two classes are no sample of classes"
    with pytest.raises(ValueError, match="every episode"):
        of_classes(np.array([[0.1, 0.2, 0.3]]), classes)
    with pytest.raises(ValueError, match="shape"):
        of_classes(np.array([[0.1, 0.2, 0.3]]), classes[:2])


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("luck", [0.01, 0.03])
def test_covers_new_alphabets_when_there_are_ten(seeds, luck):
    random = np.random.default_rng(6)
    trials, groups = 2_000, np.repeat(np.arange(10), 6)
    inside = 0
    for _ in range(trials):
        chance = 0.7 + random.normal(0, luck, (seeds, 1)) + random.normal(0, 0.08, 10)[groups]
        chance = chance + random.normal(0, 0.02, (seeds, 10))[:, groups]
        found = new_classes(random.binomial(60, np.clip(chance, 0, 1)), 60, groups)
        inside += found.low <= 0.7 <= found.high
    assert 0.93 <= inside / trials <= 0.97


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("luck", [0.0, 0.01])
def test_covers_new_classes_when_episodes_share_twenty(seeds, luck):
    """20 classes and their 30 images each come up anew in every trial; 5 classes an episode."""
    random = np.random.default_rng(8)
    trials, episodes, of = 800, 1_000, 25
    classes, shown = draw_episodes(random, episodes)
    inside = 0
    for _ in range(trials):
        of_image = 0.6 + random.normal(0, 0.1, (20, 1)) + random.normal(0, 0.1, (20, 30))
        chance = shown @ of_image.ravel() + random.normal(0, luck, (seeds, 1))
        noise = random.normal(0, 0.09, (seeds, episodes))
        counts = np.rint(of * np.clip(chance + noise, 0, 1)).astype(int)
        found = new_classes_shared(counts, of, classes)
        inside += found.low <= 0.6 <= found.high
    assert 0.93 <= inside / trials <= 0.97


def test_two_classes_are_too_few():
    assert new_classes_shared(np.array([[1, 2, 3]]), 5, np.array([[0], [7], [7]])) is None
