"""Batches: balance, no repeats, and draws keyed by (seed, step)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from baselines.randomness import generator
from baselines.siamese.batches import (
    Batch,
    ClassIndex,
    class_balanced,
    index_classes,
    labelled,
    pairs,
    plain,
    triplets,
)
from benchmark.datasets.data_set import DataSet, Pairs
from benchmark.errors import OneshotError


def check_items(batch: Batch, data: DataSet, turns: int) -> None:
    assert (data.labels[batch.items] * turns + batch.turns == batch.labels).all()


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_class_balanced(data_set: DataSet, grouped: bool, turned: bool) -> None:
    index = index_classes(data_set, 3, grouped, turned)
    for step in range(20):
        batch = class_balanced(index, classes=5, per_class=3, seed=0, step=step)
        check_items(batch, data_set, index.turns)
        own, counts = np.unique(data_set.labels[batch.items], return_counts=True)
        assert len(own) == 5 and (counts == 3).all()
        assert (batch.labels.reshape(5, 3) == batch.labels.reshape(5, 3)[:, :1]).all()
        assert len(np.unique(batch.items)) == 15


def test_classes_come_group_by_group(data_set: DataSet) -> None:
    index = index_classes(data_set, 2, grouped=True, turned=True)
    for step in range(20):
        batch = class_balanced(index, classes=6, per_class=2, seed=0, step=step)
        groups = data_set.labels[batch.items] // 4
        assert sorted(np.unique(groups, return_counts=True)[1]) == [4, 8]
        for group in np.unique(groups):
            assert len(np.unique(batch.turns[groups == group])) == 1


def test_every_class_item_and_turn_is_drawn(data_set: DataSet) -> None:
    index = index_classes(data_set, 2, grouped=True, turned=True)
    batches = [class_balanced(index, 4, 2, seed=0, step=step) for step in range(200)]
    assert len(np.unique(np.concatenate([b.items for b in batches]))) == len(data_set)
    assert len(np.unique(np.concatenate([b.labels for b in batches]))) == 4 * 12


def test_classes_of_different_sizes(draw: Callable[..., DataSet]) -> None:
    data = draw(classes=4, per_class=6)
    data = data.take(np.array([0, 1, 2, 6, 7, 12, 13, 14, 15, 16, 17, 18]))  # 3, 2, 6 and 1 items
    index = index_classes(data, at_least=2, grouped=False, turned=False)
    assert index.sizes.tolist() == [3, 2, 6]
    for step in range(20):
        batch = class_balanced(index, 3, 2, seed=0, step=step)
        check_items(batch, data, 1)
        assert len(np.unique(batch.items)) == 6
        check_items(pairs(index, 8, seed=0, step=step), data, 1)
        check_items(triplets(index, 8, seed=0, step=step), data, 1)


@pytest.mark.parametrize("per_class", [1, 3])
@pytest.mark.parametrize("groups", [1, 9])
@pytest.mark.parametrize("largest", [20, 700])
def test_shortcuts_draw_what_sorting_everything_draws(
    largest: int, groups: int, per_class: int
) -> None:
    random = np.random.default_rng(largest + groups)
    sizes = random.integers(per_class, largest, 50)
    starts, of = np.cumsum(sizes) - sizes, np.sort(random.integers(0, groups, 50))
    index = ClassIndex(np.arange(sizes.sum()), starts, sizes, np.arange(50), of, turns=1)
    for step in range(40):
        draw = generator(7, step, "batch")
        by_group = draw.random(of.max() + 1)[of]
        order = np.lexsort((draw.random(50), by_group))[:12]
        draw.integers(0, 1, of.max() + 1 if groups > 1 else 12)
        keys = draw.random((12, sizes[order].max()))
        rows = [
            np.argsort(k[:size])[:per_class] for k, size in zip(keys, sizes[order], strict=True)
        ]
        expected = (starts[order][:, None] + rows).ravel()
        found = class_balanced(index, 12, per_class, 7, step).items
        assert found.tolist() == expected.tolist()


def test_too_few_items_are_named(data_set: DataSet) -> None:
    with pytest.raises(OneshotError, match="two classes of 9 items"):
        index_classes(data_set, 9, grouped=False, turned=False)


def test_classes_that_are_turned_already_are_not_turned_again(data_set: DataSet) -> None:
    assert index_classes(data_set.with_turns(), 2, grouped=True, turned=True).turns == 1


def test_pairs_are_half_of_one_class(data_set: DataSet) -> None:
    index = index_classes(data_set, 2, grouped=False, turned=True)
    for step in range(20):
        batch = pairs(index, 10, seed=0, step=step)
        check_items(batch, data_set, 4)
        assert batch.chosen is not None and batch.chosen.shape == (10, 2)
        labels, items = batch.labels[batch.chosen], batch.items[batch.chosen]
        assert (labels[:5, 0] == labels[:5, 1]).all()
        assert (labels[5:, 0] // 4 != labels[5:, 1] // 4).all()
        assert (items[:, 0] != items[:, 1]).all()


def test_triplets_are_anchor_positive_negative(data_set: DataSet) -> None:
    index = index_classes(data_set, 2, grouped=False, turned=True)
    for step in range(20):
        batch = triplets(index, 10, seed=0, step=step)
        check_items(batch, data_set, 4)
        assert batch.chosen is not None
        labels, items = batch.labels[batch.chosen], batch.items[batch.chosen]
        assert (labels[:, 0] == labels[:, 1]).all() and (labels[:, 0] != labels[:, 2]).all()
        assert (items[:, 0] != items[:, 1]).all()


@pytest.mark.parametrize("turned", [True, False])
def test_plain_items_are_drawn_alike_and_turned_one_by_one(data_set: DataSet, turned: bool) -> None:
    index = index_classes(data_set, 1, grouped=False, turned=turned)
    batches = [plain(index, 24, seed=0, step=step) for step in range(200)]
    for batch in batches:
        check_items(batch, data_set, index.turns)
        assert len(np.unique(batch.items)) == 24
    counts = np.bincount(np.concatenate([b.items for b in batches]), minlength=len(data_set))
    assert counts.min() > 25 and counts.max() < 80  # 50 each, give or take four deviations
    turns = np.bincount(np.concatenate([b.turns for b in batches]), minlength=4)
    assert (turns > 1_000).all() if turned else turns[1:].sum() == 0


def test_plain_items_of_classes_that_are_left_out_never_come(draw: Callable[..., DataSet]) -> None:
    data = draw(classes=4, per_class=6).take(np.array([0, 1, 2, 6, 12, 13, 18, 19, 20]))
    index = index_classes(data, at_least=2, grouped=False, turned=False)
    drawn = np.concatenate([plain(index, 8, seed=0, step=step).items for step in range(50)])
    assert set(drawn) == {0, 1, 2, 4, 5, 6, 7, 8}
    assert len(plain(index, 20, seed=0, step=0).items) == 20  # more than there are: some twice


@pytest.mark.parametrize("kind", ["class-balanced", "pairs", "triplets", "plain"])
def test_draws_are_keyed_by_seed_and_step(data_set: DataSet, kind: str) -> None:
    index = index_classes(data_set, 2, grouped=True, turned=True)

    def items(seed: int, step: int) -> list[int]:
        if kind == "pairs":
            return pairs(index, 20, seed, step).items.tolist()
        if kind == "plain":
            return plain(index, 20, seed, step).items.tolist()
        if kind == "triplets":
            return triplets(index, 20, seed, step).items.tolist()
        return class_balanced(index, 8, 3, seed, step).items.tolist()

    assert items(1, 5) == items(1, 5)
    assert items(1, 5) != items(1, 6)
    assert items(1, 5) != items(2, 5)


def some_pairs(same: list[int]) -> Pairs:
    left, right = np.array([0, 0, 2, 4, 1]), np.array([1, 2, 5, 6, 6])
    return Pairs(left, right, np.array(same, bool), np.zeros(5, np.int8), ("labelled",))


@pytest.mark.parametrize("turns", [1, 4])
def test_labelled_pairs_are_drawn_as_they_are(turns: int) -> None:
    told, labels = some_pairs([1, 0, 0, 1, 0]), np.array([0, 0, 1, 2, 3, 4, 3])
    drawn = set()
    for step in range(40):
        batch = labelled(told, labels, count=7, turns=turns, seed=0, step=step)
        assert batch.chosen is not None and batch.chosen.tolist() == [
            [2 * n, 2 * n + 1] for n in range(7)
        ]
        sides, turn = batch.items.reshape(-1, 2), batch.turns.reshape(-1, 2)
        same = batch.labels.reshape(-1, 2)
        assert (same[:, 0] == same[:, 1]).tolist() == [True] * 3 + [False] * 4
        assert (turn[:, 0] == turn[:, 1]).all() and turn.max() < turns
        assert (labels[batch.items] * turns + batch.turns == batch.labels).all()
        drawn |= {tuple(pair) for pair in sides.tolist()}
    assert drawn == set(zip(told.left.tolist(), told.right.tolist(), strict=True))


def test_pairs_of_one_label_alone_teach_nothing() -> None:
    with pytest.raises(OneshotError, match="some that are the same and some that are different"):
        labelled(some_pairs([0] * 5), np.arange(7), count=4, turns=1, seed=0, step=0)
