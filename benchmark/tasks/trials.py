"""Pinned verification trials as integers: are these items, one or several, and the probe the same?

Trials are laid out kind after kind, so which are genuine is known from the task alone; which
classes a trial compares depends on the sizes of the groups alone. Neither needs the data.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.tasks.draw import Words, below, distinct, words
from benchmark.tasks.episodes import pool_of
from benchmark.tasks.spec import Task, TrialKind

GROUPS, CLASSES = slice(0, 4), slice(4, 8)  # the first words of a trial; then those of its items
FORGED = "forged"


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of trials without their items.

    Attributes:
        same: bool [t], the right answers.
        kinds: int8 [t], index into `kind_names`.
        kind_names: the kinds, "genuine" first.
        subjects: int32 [t, 2], number of the class of the references and of the probe among all
            classes of the task's groups; an imitation has the class that it imitates.
    """

    same: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    kind_names: tuple[str, ...]
    subjects: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Trials:
    """All trials of a task.

    Attributes:
        references: int32 [t, k], item numbers.
        probes: int32 [t], item numbers; none is among its references.
        labels: what is known without the items.
        group_names: the groups that can give a trial.
        sizes: classes in each of them.
        of_kind: how many trials of each kind there are.
    """

    references: NDArray[np.int32]
    probes: NDArray[np.int32]
    labels: Labels
    group_names: tuple[str, ...]
    sizes: tuple[int, ...]
    of_kind: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.probes)

    def first(self, count: int) -> Trials:
        """The first trials of each kind, in all `count`: a prefix in which no kind is missing."""
        if count >= len(self):
            return self
        shares = share(self.of_kind, count)
        starts = np.cumsum((0, *self.of_kind[:-1]))
        kept = [np.arange(a, a + n) for a, n in zip(starts, shares, strict=True)]
        return self.take(np.concatenate(kept).astype(np.int64))

    def take(self, kept: NDArray[np.int64]) -> Trials:
        """The trials of these numbers (int64 [k], ascending), in this order."""
        told = self.labels
        labels = Labels(
            told.same[kept], told.kinds[kept], told.kind_names, told.subjects[kept]
        )  # fmt: skip
        of_kind = np.bincount(labels.kinds, minlength=len(self.of_kind)).tolist()
        return Trials(
            self.references[kept], self.probes[kept], labels, self.group_names, self.sizes,
            tuple(of_kind),
        )  # fmt: skip

    def distinct_pairs(self) -> dict[str, int]:
        """How many different trials there are of each kind, whichever side an item is on."""
        sides = np.sort(np.concatenate([self.references, self.probes[:, None]], axis=1), axis=1)
        return {
            name: len(np.unique(sides[self.labels.kinds == number], axis=0))
            for number, name in enumerate(self.labels.kind_names)
        }

    def items(self) -> NDArray[np.int64]:
        """int64 [k]: every item that some trial uses, ascending."""
        return np.unique(np.concatenate([self.references.ravel(), self.probes])).astype(np.int64)

    def digest(self) -> str:
        """SHA-256 (hex) over references, probes, right answers and kinds."""
        hasher = hashlib.sha256(f"trials{list(self.references.shape)}".encode())
        for array in (self.references, self.probes, self.labels.same, self.labels.kinds):
            hasher.update(np.ascontiguousarray(array, dtype="<i4").tobytes())
        return hasher.hexdigest()


def share(of_kind: tuple[int, ...], count: int) -> tuple[int, ...]:
    """How many trials of each kind a prefix of `count` holds: one at least, else its share.

    What is left over goes to the first kinds, what is too much comes from the largest.

    Raises:
        ValueError: for a prefix that is shorter than the number of kinds.
    """
    if count < len(of_kind):
        raise ValueError(f"{count} trials cannot hold {len(of_kind)} kinds")
    total = sum(of_kind)
    shares = [max(1, count * number // total) for number in of_kind]
    for position in range(count - sum(shares)):
        shares[position] += 1
    while sum(shares) > count:
        shares[shares.index(max(shares))] -= 1
    return tuple(shares)


def labels_of(task: Task, sizes: tuple[int, ...], count: int | None = None) -> Labels:
    """The labels of the task's first `count` trials from the sizes of its groups, without data."""
    of_kind = tuple(kind.trials for kind in task.kinds)
    shares = of_kind if count is None or count >= task.episodes else share(of_kind, count)
    subjects = [
        _numbers(_places(kind, sizes, _words(task, kind, number)), sizes)
        for kind, number in zip(task.kinds, shares, strict=True)
    ]
    kinds = np.repeat(np.arange(len(shares)), shares)
    same = np.array([kind.same for kind in task.kinds])[kinds]
    names = tuple(kind.name for kind in task.kinds)
    return Labels(same, kinds.astype(np.int8), names, np.concatenate(subjects).astype(np.int32))


def draw_trials(
    task: Task, data: DataSet, classes: list[int], left_out: NDArray[np.bool_] | None = None
) -> Trials:
    """Draws the task's trials among `classes` of `data`, without the items `left_out` (bool [n]).

    Words of one trial, in order: its groups (4), its classes (4), its items (2 k + 3). With `apart`
    the items of a trial, whatever its kind, are of different values of that group.

    Raises:
        ValueError: where the data cannot give such trials.
    """
    genuine = data if task.imitations is None else data.take(_marked(task, data, forged=False))
    back = np.arange(len(data)) if task.imitations is None else _marked(task, data, forged=False)
    pool = pool_of(task, genuine, classes, None if left_out is None else left_out[back])
    table = np.where(pool.table >= 0, back[pool.table], -1)
    sizes = tuple(int(size) for size in pool.sizes)
    references, probes = [], []
    for kind in task.kinds:
        random = _words(task, kind, kind.trials)
        group, position = _places(kind, sizes, random)
        left, right = (pool.members[group[:, side], position[:, side]] for side in (0, 1))
        rest = random[:, CLASSES.stop :]
        if kind.name == "skilled":
            forged, counts = _table(data, _marked(task, data, forged=True))
            references.append(table[left[:, None], distinct(rest, pool.counts[left], task.n_shot)])
            probes.append(forged[left, below(rest[:, -1], _some(counts[left], kind))])
            continue
        if task.apart is not None:
            columns = distinct(rest, table.shape[1], task.n_shot + 1)
        elif kind.same:
            columns = distinct(rest, pool.counts[left], task.n_shot + 1)
        else:
            other = below(rest[:, -1], pool.counts[right])
            columns = np.c_[distinct(rest, pool.counts[left], task.n_shot), other]
        references.append(table[left[:, None], columns[:, :-1]])
        probes.append(table[right, columns[:, -1]])
    return Trials(
        np.concatenate(references).astype(np.int32),
        np.concatenate(probes).astype(np.int32),
        labels_of(task, sizes),
        pool.names,
        sizes,
        tuple(kind.trials for kind in task.kinds),
    )


def listed_trials(task: Task, data: DataSet, classes: list[int]) -> Trials:
    """The labelled pairs of the task's list among `classes`, those that are the same first.

    Raises:
        ValueError: where there is no such list, or it has other numbers of pairs than the task.
    """
    if data.pairs is None or task.listed is None:
        raise ValueError("it has no labelled pairs")
    listed, chosen = data.pairs.of(task.listed), np.asarray(classes)
    inside = np.isin(data.labels[listed.left], chosen) & np.isin(data.labels[listed.right], chosen)
    pairs = listed.take(inside)
    pairs = pairs.take(np.argsort(~pairs.same, kind="stable"))
    held = int(pairs.same.sum()), int((~pairs.same).sum())
    of_kind = tuple(kind.trials for kind in task.kinds)
    if held != of_kind:
        raise ValueError(
            f"its list '{task.listed}' has {held[0]} same and {held[1]} different pairs in this "
            f"split, expected {of_kind[0]} and {of_kind[1]}"
        )
    number = np.full(len(data.class_names), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    subjects = np.stack([number[data.labels[side]] for side in (pairs.left, pairs.right)], axis=1)
    labels = Labels(
        pairs.same,
        np.repeat(np.arange(2), of_kind).astype(np.int8),
        tuple(kind.name for kind in task.kinds),
        subjects.astype(np.int32),
    )
    return Trials(
        pairs.left[:, None].astype(np.int32),
        pairs.right.astype(np.int32),
        labels,
        (task.listed,),
        (len(classes),),
        of_kind,
    )


def _words(task: Task, kind: TrialKind, count: int) -> Words:
    """uint64 [count, width]: each kind has a stream of its own, so its prefixes are prefixes."""
    width = CLASSES.stop + 2 * (task.n_shot + 1) + 1
    return words(f"{task.key}/{kind.name}", 0, count, width)


def _places(
    kind: TrialKind, sizes: tuple[int, ...], random: Words
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups [t, 2] of the two sides and the position [t, 2] of their classes inside them."""
    size, first = np.asarray(sizes, dtype=np.int64), random[:, GROUPS.start]
    if kind.name == "across":
        group = distinct(random[:, GROUPS], len(size), 2)
        return group, below(random[:, CLASSES][:, :2], size[group])
    group = np.repeat(below(first, len(size))[:, None], 2, axis=1)
    if kind.name in ("within", "random"):
        return group, distinct(random[:, CLASSES], size[group[:, 0]], 2)
    one = below(random[:, CLASSES.start], size[group[:, 0]])
    return group, np.repeat(one[:, None], 2, axis=1)


def _numbers(
    places: tuple[NDArray[np.int64], NDArray[np.int64]], sizes: tuple[int, ...]
) -> NDArray[np.int64]:
    """int64 [t, 2]: classes counted through all groups."""
    group, position = places
    numbers: NDArray[np.int64] = np.cumsum((0, *sizes[:-1]))[group] + position
    return numbers


def _marked(task: Task, data: DataSet, forged: bool) -> NDArray[np.int64]:
    """Items that are imitations, or those that are not."""
    assert task.imitations is not None
    group = data.groups[task.imitations]
    return np.flatnonzero((group.codes == group.names.index(FORGED)) == forged)


def _table(
    data: DataSet, items: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Items of each class, -1 beyond their number, and that number."""
    labels = data.labels[items]
    counts = np.bincount(labels, minlength=len(data.class_names))
    order = np.argsort(labels, kind="stable")
    table = np.full((len(counts), max(1, int(counts.max(initial=0)))), -1, dtype=np.int64)
    column = np.arange(len(items)) - np.repeat(np.cumsum(counts) - counts, counts)
    table[labels[order], column] = items[order]
    return table, counts


def _some(counts: NDArray[np.int64], kind: TrialKind) -> NDArray[np.int64]:
    if (counts < 1).any():
        raise ValueError(f"some class has no item for {kind.name} trials")
    return counts
