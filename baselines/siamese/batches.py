"""Which items make up a batch: index arithmetic, each draw keyed by (seed, step), no state.

"class-balanced" (the default, the same for every loss): P classes x K items, after Hermans, Beyer,
Leibe: In Defense of the Triplet Loss, arXiv 1703.07737, 2017, section 2. "pairs" and "triplets" are
the classic random draws (Hadsell et al. 2006; Schroff et al. 2015 without mining), or, where
somebody labelled pairs, those pairs themselves. "plain" items are what a classifier of all training
classes learns from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.randomness import generator
from benchmark.datasets.data_set import DataSet, Pairs
from benchmark.errors import OneshotError

Ints = NDArray[np.int64]
WIDE = 256  # from here on it is quicker not to sort a whole row for its smallest


@dataclass(frozen=True, eq=False)
class Batch:
    """One batch as positions in the training split.

    Attributes:
        items: int64 [b].
        labels: int64 [b]; a class under another quarter turn is another label.
        turns: int64 [b], anticlockwise quarter turns of each item.
        chosen: int64 [p, 2] pairs or [t, 3] triplets of positions in the batch, or None for all.
    """

    items: Ints
    labels: Ints
    turns: Ints
    chosen: Ints | None = None


@dataclass(frozen=True, eq=False)
class ClassIndex:
    """The items of each class, laid end to end.

    Attributes:
        items: int64 [n], sorted by class.
        starts: int64 [c], where each class begins in `items`.
        sizes: int64 [c].
        labels: int64 [c], the label of each class.
        groups: int64 [c], the group of each class (all zero where there are none).
        turns: how many quarter turns of a class count as classes of their own: 1 or 4.
    """

    items: Ints
    starts: Ints
    sizes: Ints
    labels: Ints
    groups: Ints
    turns: int


def index_classes(data: DataSet, at_least: int, grouped: bool, turned: bool) -> ClassIndex:
    """The classes of a training split that have enough items.

    Args:
        data: the training split.
        at_least: classes with fewer items than this are left out.
        grouped: whether classes come from one group after another, where the data has groups that
            hold whole classes (alphabets, but not drawers).
        turned: whether quarter turns are classes of their own; never where the data set has turned
            its classes already, as Vinyals' split of Omniglot does.

    Raises:
        OneshotError: fewer than two classes are left.
    """
    sizes = np.bincount(data.labels, minlength=len(data.class_names))
    kept = np.flatnonzero(sizes >= at_least)
    if len(kept) < 2:
        raise OneshotError(
            f"Training needs two classes of {at_least} items or more; {data.name} has {len(kept)}.",
            "Try --set per_class=2, or gather more items per class.",
        )
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    groups = _whole_class_groups(data) if grouped else np.zeros(len(sizes), dtype=np.int64)
    return ClassIndex(
        items=np.argsort(data.labels, kind="stable"),
        starts=starts[kept],
        sizes=sizes[kept],
        labels=kept,
        groups=groups[kept],
        turns=4 if turned and data.turns is None else 1,
    )


def class_balanced(index: ClassIndex, classes: int, per_class: int, seed: int, step: int) -> Batch:
    """`classes` different classes, `per_class` different items of each, class after class.

    Classes come group by group, groups in random order, until there are enough; a group is turned
    as a whole, so that a turned alphabet is a new alphabet. All classes where there are too few.
    """
    draw = generator(seed, step, "batch")
    by_group = draw.random(index.groups.max() + 1)[index.groups]
    at_random = draw.random(len(index.labels))
    enough = min(classes, len(by_group)) - 1
    last = np.partition(by_group, enough)[enough]
    among = np.flatnonzero(by_group <= last)  # the first groups that hold enough, nothing else
    order = among[np.lexsort((at_random[among], by_group[among]))[:classes]]
    if index.groups.min() < index.groups.max():
        turns = draw.integers(0, index.turns, index.groups.max() + 1)[index.groups[order]]
    else:
        turns = draw.integers(0, index.turns, len(order))
    sizes = index.sizes[order]
    keys = draw.random((len(order), int(sizes.max())))
    keys[np.arange(keys.shape[1]) >= sizes[:, None]] = 2.0  # beyond a class: sorted to the end
    positions = _smallest(keys, per_class)
    items = index.items[index.starts[order][:, None] + positions].ravel()
    labels = index.labels[order] * index.turns + turns
    return Batch(items, np.repeat(labels, per_class), np.repeat(turns, per_class))


def _smallest(keys: NDArray[np.float64], count: int) -> Ints:
    """Where each row's `count` smallest keys stand, the smallest first."""
    if keys.shape[1] <= max(count, WIDE):
        return keys.argsort(axis=1)[:, :count]
    some = np.argpartition(keys, count - 1, axis=1)[:, :count]
    return np.take_along_axis(some, np.take_along_axis(keys, some, 1).argsort(axis=1), 1)


def plain(index: ClassIndex, count: int, seed: int, step: int) -> Batch:
    """`count` different items drawn at random, whatever their class, each under a turn of its own.

    Items are drawn with replacement where there are fewer than `count`.
    """
    draw = generator(seed, step, "batch")
    ends = np.cumsum(index.sizes)
    at = draw.choice(ends[-1], count, replace=ends[-1] < count)
    own = np.searchsorted(ends, at, side="right")
    turns = draw.integers(0, index.turns, count)
    items = index.items[index.starts[own] + at - (ends - index.sizes)[own]]
    return Batch(items, index.labels[own] * index.turns + turns, turns)


def pairs(index: ClassIndex, count: int, seed: int, step: int) -> Batch:
    """`count` pairs drawn at random: the first half of one class, the others of two classes."""
    draw = generator(seed, step, "batch")
    first = draw.integers(0, len(index.labels), count)
    turn = draw.integers(0, index.turns, (2, count))
    same = np.arange(count) < count // 2
    second = np.where(same, first, _another(first, len(index.labels), draw))
    turn[1] = np.where(same, turn[0], turn[1])
    at = draw.random((2, count))
    a = (at[0] * index.sizes[first]).astype(np.int64)
    b = (at[1] * index.sizes[second]).astype(np.int64)
    b = np.where(same, _another(a, index.sizes[first], draw), b)
    return _assemble(index, np.stack([first, second], 1), np.stack([a, b], 1), turn.T)


def labelled(pairs: Pairs, labels: Ints, count: int, turns: int, seed: int, step: int) -> Batch:
    """`count` of the labelled pairs drawn at random: half of them the same, then the different.

    Args:
        pairs: those of the training split, of either label.
        labels: int64 [n], class of each item; two items of a different pair have two.
        count: of pairs.
        turns: how many quarter turns there are; both items of a pair are turned alike.
        seed: keys the draw.
        step: keys the draw.

    Raises:
        OneshotError: the split lacks pairs of one label.
    """
    draw = generator(seed, step, "batch")
    of_label = [np.flatnonzero(pairs.same == same) for same in (True, False)]
    if not all(map(len, of_label)):
        raise OneshotError(
            "Training on pairs needs some that are the same and some that are different.",
            "Try --set batches=class-balanced, or label more pairs.",
        )
    counts = count // 2, count - count // 2
    chosen = np.concatenate(
        [own[draw.integers(0, len(own), k)] for own, k in zip(of_label, counts, strict=True)]
    )
    items = np.stack([pairs.left[chosen], pairs.right[chosen]], axis=1)
    turn = np.repeat(draw.integers(0, turns, count), 2)
    return Batch(
        items.ravel(),
        labels[items.ravel()] * turns + turn,
        turn,
        np.arange(2 * count).reshape(-1, 2),
    )


def triplets(index: ClassIndex, count: int, seed: int, step: int) -> Batch:
    """`count` triplets drawn at random: anchor, another item of its class, one of another class."""
    draw = generator(seed, step, "batch")
    own = draw.integers(0, len(index.labels), count)
    other = _another(own, len(index.labels), draw)
    turn = draw.integers(0, index.turns, (2, count))
    at = draw.random((2, count))
    a = (at[0] * index.sizes[own]).astype(np.int64)
    p = _another(a, index.sizes[own], draw)
    n = (at[1] * index.sizes[other]).astype(np.int64)
    turns = np.stack([turn[0], turn[0], turn[1]], 1)
    return _assemble(index, np.stack([own, own, other], 1), np.stack([a, p, n], 1), turns)


def _another(this: Ints, count: Ints | int, draw: np.random.Generator) -> Ints:
    """A number in [0, count) other than `this`, uniformly; element by element."""
    step = 1 + (draw.random(len(this)) * (np.asarray(count) - 1)).astype(np.int64)
    other: Ints = (this + step) % count
    return other


def _assemble(index: ClassIndex, classes: Ints, positions: Ints, turns: Ints) -> Batch:
    """[t, k] class, position in it and turn of each member of each tuple -> a batch of t * k."""
    items = index.items[index.starts[classes] + positions]
    labels = index.labels[classes] * index.turns + turns
    chosen = np.arange(classes.size).reshape(classes.shape)
    return Batch(items.ravel(), labels.ravel(), turns.ravel(), chosen)


def _whole_class_groups(data: DataSet) -> Ints:
    """int64 [classes]: the first grouping whose groups hold whole classes, else all zero."""
    for name in sorted(data.groups):
        groups = data.class_groups(name)
        if len(groups) and groups.min() >= 0 and len(np.unique(groups)) > 1:
            return groups.astype(np.int64)
    return np.zeros(len(data.class_names), dtype=np.int64)
