"""Verification trials without repetition: as many different pairs of items as the classes have.

Every class, or pair of classes, gives as many trials as the others until it has no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.tasks.draw import below, words
from benchmark.tasks.spec import Task
from benchmark.tasks.trials import FORGED, Labels, Trials

Ints = NDArray[np.int64]


def possible(genuine: Sequence[int], forged: Sequence[int] = ()) -> dict[str, int]:
    """How many different pairs of each kind there are.

    Args:
        genuine: items of each class.
        forged: imitations of each class.
    """
    total = sum(genuine)
    same = sum(n * (n - 1) // 2 for n in genuine)
    skilled = sum(n * f for n, f in zip(genuine, forged, strict=False))
    return {"genuine": same, "random": total * (total - 1) // 2 - same, "skilled": skilled}


def draw_distinct(
    task: Task, data: DataSet, classes: list[int], left_out: NDArray[np.bool_] | None = None
) -> Trials:
    """Draws the task's trials among `classes` of `data`, without the items `left_out` (bool [n]).

    Raises:
        ValueError: if there are fewer pairs of some kind than the task has.
    """
    used = np.ones(len(data), dtype=bool) if left_out is None else ~left_out
    forged = np.zeros(len(data), dtype=bool)
    if task.imitations is not None:
        group = data.groups[task.imitations]
        forged = group.codes == group.names.index(FORGED)
    own = [np.flatnonzero((data.labels == c) & used & ~forged) for c in classes]
    imitated = [np.flatnonzero((data.labels == c) & used & forged) for c in classes]
    sizes = np.array([len(items) for items in own], dtype=np.int64)
    skilled = np.array([len(items) for items in imitated], dtype=np.int64)
    there = possible(sizes.tolist(), skilled.tolist())
    left, right, subjects = [], [], []
    for kind in task.kinds:
        if kind.trials > there[kind.name]:
            raise ValueError(f"it has {there[kind.name]:,} different {kind.name} pairs")
        key = f"{task.key}/distinct/{kind.name}"
        if kind.name == "random":
            first, second, place = _of_two(key, sizes, kind.trials)
            i, j = np.divmod(place, sizes[second])
            pair = _items(own, first, i), _items(own, second, j)
        elif kind.name == "skilled":
            first, place = _of_one(key, sizes * skilled, kind.trials)
            second = first
            i, j = np.divmod(place, skilled[first])
            pair = _items(own, first, i), _items(imitated, first, j)
        else:
            first, place = _of_one(key, sizes * (sizes - 1) // 2, kind.trials)
            second = first
            i, j = _triangle(place)
            pair = _items(own, first, i), _items(own, first, j)
        # Which side an item stands on must not depend on its class or place.
        swap = (words(f"{key}/sides", 0, kind.trials, 1)[:, 0] >> np.uint64(63)).astype(bool)
        swap &= kind.name != "skilled"  # the genuine item is the reference
        left.append(np.where(swap, pair[1], pair[0]))
        right.append(np.where(swap, pair[0], pair[1]))
        sides = np.where(swap, second, first), np.where(swap, first, second)
        subjects.append(np.stack(sides, axis=1))
    of_kind = tuple(kind.trials for kind in task.kinds)
    kinds = np.repeat(np.arange(len(of_kind)), of_kind).astype(np.int8)
    labels = Labels(
        kinds == 0,
        kinds,
        tuple(kind.name for kind in task.kinds),
        np.concatenate(subjects).astype(np.int32),
    )
    return Trials(
        np.concatenate(left).astype(np.int32)[:, None],
        np.concatenate(right).astype(np.int32),
        labels,
        ("all",),
        (len(classes),),
        of_kind,
    )


def _items(of_class: list[NDArray[np.int64]], chosen: Ints, place: Ints) -> Ints:
    """The item at `place` of each chosen class."""
    starts = np.cumsum([0, *map(len, of_class[:-1])])
    every: Ints = np.concatenate(of_class)[starts[chosen] + place]
    return every


def _of_one(key: str, capacity: Ints, count: int) -> tuple[Ints, Ints]:
    """Units [count] and different places [count] below their capacity, in random order."""
    quota = _shares(key, capacity, count)
    unit = np.repeat(np.arange(len(capacity)), quota)
    place = _places(key, unit, capacity, quota)
    order = np.argsort(words(f"{key}/order", 0, count, 1)[:, 0], kind="stable")
    return unit[order], place[order]


def _of_two(key: str, sizes: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    """Two classes [count] each, the first before the second, and places of a pair of items."""
    pairs = len(sizes) * (len(sizes) - 1) // 2
    if pairs > max(count, 1 << 20):  # too many to be listed: one trial of each of some
        held: dict[int, None] = {}
        at = 0
        while len(held) < count:
            drawn = below(words(f"{key}/classes", at, 2 * count, 1)[:, 0], pairs)
            low, high = _triangle(drawn)
            good = (sizes[low] > 0) & (sizes[high] > 0)
            held |= dict.fromkeys(drawn[good].tolist())
            at += 2 * count
        low, high = _triangle(np.array(list(held)[:count], dtype=np.int64))
        unit, place = _of_one(key, sizes[low] * sizes[high], count)
    else:
        low, high = _triangle(np.arange(pairs))
        unit, place = _of_one(key, sizes[low] * sizes[high], count)
    return low[unit], high[unit], place


def _triangle(number: Ints) -> tuple[Ints, Ints]:
    """The pair i < j of each number in the order (0, 1), (0, 2), (1, 2), (0, 3), ..."""
    j = ((1 + np.sqrt(1 + 8 * number.astype(np.float64))) / 2).astype(np.int64)
    j -= j * (j - 1) // 2 > number  # where the root was rounded up
    j += j * (j + 1) // 2 <= number
    return number - j * (j - 1) // 2, j


def _shares(key: str, capacity: Ints, count: int) -> Ints:
    """How many of `count` each unit gives: as many as the others, up to its capacity."""
    low, high = 0, int(capacity.max(initial=0))
    while low < high:  # the highest level that does not give too many
        level = (low + high + 1) // 2
        low, high = (
            (level, high) if np.minimum(capacity, level).sum() <= count else (low, level - 1)
        )
    quota: Ints = np.minimum(capacity, low)
    more = np.flatnonzero(capacity > low)
    order = np.argsort(words(f"{key}/units", 0, len(capacity), 1)[:, 0][more], kind="stable")
    quota[more[order[: count - int(quota.sum())]]] += 1
    return quota


def _places(key: str, unit: Ints, capacity: Ints, quota: Ints) -> Ints:
    """Different numbers below the capacity of each unit, `quota` of them."""
    out = np.empty(len(unit), dtype=np.int64)
    dense = quota > capacity // 4  # listed and shuffled; drawn until all differ else
    listed = np.flatnonzero(dense & (quota > 0))
    if len(listed):
        held = capacity[listed]
        of = np.repeat(listed, held)
        number = np.arange(int(held.sum())) - np.repeat(np.cumsum(held) - held, held)
        random = words(f"{key}/listed", 0, len(of), 1)[:, 0]
        order = np.lexsort((random, of))
        rank = np.arange(len(of)) - np.repeat(np.cumsum(held) - held, held)
        out[dense[unit]] = number[order][rank < quota[of]]
    waiting, at = np.flatnonzero(~dense[unit]), 0
    taken = np.empty(0, dtype=np.int64)
    offset = np.cumsum(capacity) - capacity
    while len(waiting):
        drawn = below(words(f"{key}/drawn", at, len(waiting), 1)[:, 0], capacity[unit[waiting]])
        at += len(waiting)
        code = offset[unit[waiting]] + drawn
        first = np.zeros(len(code), dtype=bool)
        first[np.unique(code, return_index=True)[1]] = True
        good = first & ~np.isin(code, taken)
        out[waiting[good]] = drawn[good]
        taken = np.concatenate([taken, code[good]])
        waiting = waiting[~good]
    return out
