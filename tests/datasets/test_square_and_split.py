"""Squares keep every pixel where they should; splits depend on names alone and share no class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.datasets.split import SPLITS, by_hash, ranked
from benchmark.datasets.square import FITS, crop, fitted, pad


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([None, 7]))
def test_padding_keeps_the_picture_in_the_middle(height, width, fill):
    image = np.arange(height * width, dtype=np.uint8).reshape(1, height, width) + 10
    square = pad(image, fill)
    side = max(height, width)
    assert square.shape == (1, side, side)
    top, left = (side - height) // 2, (side - width) // 2
    assert np.array_equal(square[:, top : top + height, left : left + width], image)
    outside = np.ones((side, side), dtype=bool)
    outside[top : top + height, left : left + width] = False
    if fill is None:
        assert set(square[0][outside]) <= set(image.ravel())
    else:
        assert (square[0][outside] == fill).all()


@given(st.integers(1, 9), st.integers(1, 9))
def test_cropping_takes_the_middle(height, width):
    image = np.arange(height * width, dtype=np.uint8).reshape(1, height, width)
    side = min(height, width)
    middle = crop(image)
    assert middle.shape == (1, side, side)
    assert middle[0, 0, 0] == image[0, (height - side) // 2, (width - side) // 2]


def test_the_ways_to_fit_differ_where_they_should():
    image = np.zeros((1, 8, 16), dtype=np.uint8)
    image[:, :, :4] = 200
    results = {fit: fitted(image, 8, fit) for fit in FITS}
    assert all(result.shape == (1, 8, 8) for result in results.values())
    assert results["crop"].max() == 0, "the bright margin is cut away"
    assert results["stretch"][0, 4, 0] == 200
    assert results["pad"][0, 0, 0] == 200, "edges are repeated"


@given(st.sets(st.text("abc", min_size=1, max_size=5), min_size=6, max_size=60))
def test_every_class_is_in_one_split_and_names_alone_decide(names):
    split = by_hash("x", sorted(names))
    assert set(split) == names
    counts = {part: list(split.values()).count(part) for part in SPLITS}
    assert min(counts.values()) >= 2 and sum(counts.values()) == len(names)
    assert split == by_hash("x", sorted(names, reverse=True))
    if len(names) >= 10:
        assert abs(counts["train"] - 0.6 * len(names)) <= 1.5


def test_fractions_move_the_cuts_and_two_classes_always_stay():
    names = [f"c{i}" for i in range(10)]
    counts = [list(by_hash("x", names, f).values()).count("test") for f in
              ((0.2, 0.2, 0.6), (0.98, 0.01, 0.01), (0.01, 0.01, 0.98))]  # fmt: skip
    assert counts == [6, 2, 6]
    with pytest.raises(ValueError, match="5 classes cannot be split"):
        by_hash("x", names[:5])


def test_the_order_is_pinned():
    assert ranked("x", ["a", "b", "c", "d"]) == ranked("x", ["d", "c", "b", "a"])
    assert ranked("own", ["a", "b", "c", "d"]) == ["c", "d", "a", "b"]
