"""The pinned draws: the stream's first words are known, prefixes are prefixes, draws are fair."""

import numpy as np
import pytest
from scipy.stats import betabinom

from benchmark.tasks.draw import below, distinct, heads, shuffled, urn, words

PINNED_WORDS = ["0x689658c3999de2d5", "0x7644efb8993b42fa", "0x31e163eb4d50904c"]


def test_the_stream_is_pinned_for_ever():
    assert [hex(int(word)) for word in words("pinned", 0, 1, 3)[0]] == PINNED_WORDS


@pytest.mark.parametrize("width", [1, 4, 7, 300])
def test_each_episode_stands_alone(width):
    whole = words("task", 0, 50, width)
    assert np.array_equal(words("task", 17, 5, width), whole[17:22])
    assert np.array_equal(words("task", 0, 10, width), whole[:10])
    assert not np.array_equal(words("other", 0, 50, width), whole)


def test_below_reaches_every_number_about_equally():
    numbers = below(words("below", 0, 20_000, 1)[:, 0], 7)
    counts = np.bincount(numbers, minlength=7)
    assert counts.sum() == 20_000
    # 5 standard deviations of a binomial with p = 1/7
    assert np.abs(counts - 20_000 / 7).max() < 5 * np.sqrt(20_000 * 6 / 49)


def test_distinct_numbers_are_distinct_and_every_set_is_possible():
    drawn = distinct(words("distinct", 0, 6_000, 6), 4, 3)
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    orders = {tuple(row) for row in drawn.tolist()}
    assert len(orders) == 24, "4 choose 3 sets in 6 orders each"
    counts = np.bincount(drawn[:, 0], minlength=4)
    assert np.abs(counts - 1_500).max() < 200, "no number is favoured at the first position"


def test_distinct_takes_a_bound_for_each_row():
    bounds = np.array([3, 50, 3, 50])
    drawn = distinct(words("rows", 0, 4, 6), bounds, 3)
    assert sorted(drawn[0]) == [0, 1, 2]
    assert (drawn < bounds[:, None]).all()


def test_distinct_refuses_more_than_there_are():
    with pytest.raises(ValueError, match="cannot draw 3 distinct numbers below 2"):
        distinct(words("few", 0, 1, 6), 2, 3)


def test_shuffled_keeps_the_values():
    values = np.broadcast_to(np.arange(9), (100, 9))
    mixed = shuffled(values, words("mix", 0, 100, 9))
    assert np.array_equal(np.sort(mixed, axis=1), values)
    assert not np.array_equal(mixed, values)


def test_the_urn_is_a_dirichlet_multinomial():
    ways, concentration, draws = 4, 2, 12
    counts = urn(words("urn", 0, 40_000, draws), ways, concentration, most=draws)
    assert (counts.sum(axis=1) == draws).all()
    total = concentration * ways
    for k in range(ways):  # each class's counts are beta-binomial
        wanted = betabinom(draws, concentration, total - concentration)
        seen = np.bincount(counts[:, k], minlength=draws + 1) / len(counts)
        assert np.abs(seen - wanted.pmf(np.arange(draws + 1))).max() < 0.01


def test_no_class_leaves_the_urn_more_often_than_it_may():
    counts = urn(words("urn", 0, 2_000, 30), 5, 2, most=7)
    assert counts.max() == 7 and (counts.sum(axis=1) == 30).all()


@pytest.mark.parametrize(("width", "wanted"), [(10, 3), (186, 1), (999, 1), (1_301, 11)])
def test_heads_are_the_first_words_of_each_episode(width, wanted):
    assert (heads("key", 50, width, wanted) == words("key", 0, 50, width)[:, :wanted]).all()
