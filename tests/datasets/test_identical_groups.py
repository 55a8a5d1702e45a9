"""Groups of identical items, and which one of each group is kept."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets.copies import identical_groups, surplus_copies


@pytest.mark.parametrize(
    "stored",
    [
        np.array([3, 1, 3, 2, 1, 3], dtype=np.uint8).reshape(6, 1, 1, 1).repeat(4, axis=2),
        np.array([3, 1, 3, 2, 1, 3], dtype=np.float32)[:, None] * np.ones(5, np.float32),
        np.array(["c", "a", "c", "b", "a", "c"]),
    ],
    ids=["images", "vectors", "texts"],
)
def test_groups_come_in_the_order_of_their_first_items(stored):
    assert identical_groups(stored, range(6)) == [[0, 2, 5], [1, 4]]
    assert identical_groups(stored, [5, 3, 0]) == [[0, 2]], "positions in rows, not rows"
    assert identical_groups(stored, [3]) == []


def test_turned_copies_of_one_image_are_different_items():
    stored = np.zeros((1, 1, 2, 2), dtype=np.uint8)
    assert identical_groups(stored, [0, 0, 0], [0, 1, 0]) == [[0, 2]]


def test_the_item_of_the_earliest_split_is_kept():
    groups = [[0, 2, 5], [1, 4]]
    assert np.flatnonzero(surplus_copies(groups, np.zeros(6, int))).tolist() == [2, 4, 5]
    rank = np.array([2, 2, 1, 0, 0, 1])
    assert np.flatnonzero(surplus_copies(groups, rank)).tolist() == [0, 1, 5]
