"""Pinned episodes as integers: drawn once per task, the same for every model, hashed.

Nothing here depends on a model, a worker, a library's generator or an earlier draw.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.tasks.draw import Words, below, distinct, shuffled, urn, words
from benchmark.tasks.spec import Task

BLOCK = 1_000
UNKNOWN = -1  # the label of a query that belongs to none of the classes


@dataclass(frozen=True, eq=False)
class Episodes:
    """All episodes of a task.

    Attributes:
        support: int32 [e, n_way, n_shot], item numbers; row w holds the class at position w.
        queries: int32 [e, q], item numbers in random order; none is in the support.
        labels: int16 [e, q], position of each query's class, or `UNKNOWN`.
        groups: int16 [e], index into `group_names` of the group each episode stays inside, or None.
        group_names: the groups that can give an episode.
    """

    support: NDArray[np.int32]
    queries: NDArray[np.int32]
    labels: NDArray[np.int16]
    groups: NDArray[np.int16] | None = None
    group_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.support)

    def first(self, count: int) -> Episodes:
        """The first `count` episodes."""
        return self._of(slice(count))

    def only(self, number: int) -> Episodes:
        """The episode of this number, from 0, alone."""
        return self._of(slice(number, number + 1))

    def _of(self, part: slice) -> Episodes:
        return Episodes(
            self.support[part],
            self.queries[part],
            self.labels[part],
            None if self.groups is None else self.groups[part],
            self.group_names,
        )

    def items(self) -> NDArray[np.int64]:
        """int64 [k]: every item that some episode uses, ascending."""
        most = max(int(self.support.max()), int(self.queries.max()))
        used = np.zeros(most + 1, dtype=np.bool_)
        used[self.support] = True
        used[self.queries] = True
        return np.flatnonzero(used).astype(np.int64)

    def digest(self) -> str:
        """SHA-256 (hex) over support, queries and labels, episode by episode."""
        hasher = hashlib.sha256(f"{list(self.support.shape)}{list(self.queries.shape)}".encode())
        for array in (self.support, self.queries, self.labels):
            hasher.update(np.ascontiguousarray(array, dtype="<i4").tobytes())
        return hasher.hexdigest()


@dataclass(frozen=True, eq=False)
class Pool:
    """The classes an episode draws from, as padded tables.

    Attributes:
        members: int64 [g, m], classes of each group, in data set order, -1 beyond `sizes`.
        sizes: int64 [g], classes in each group.
        names: the groups' names.
        table: int64 [classes, k]: item numbers of each class; with `apart`, column j is the item
            of the j-th value of that group.
        counts: int64 [classes], filled columns of `table`.
    """

    members: NDArray[np.int64]
    sizes: NDArray[np.int64]
    names: tuple[str, ...]
    table: NDArray[np.int64]
    counts: NDArray[np.int64]


def pool_of(
    task: Task, data: DataSet, classes: list[int], left_out: NDArray[np.bool_] | None = None
) -> Pool:
    """The tables that the task draws from, without the items that are `left_out` (bool [n]).

    Raises:
        ValueError: where the data cannot give such episodes.
    """
    kept = np.arange(len(data)) if left_out is None else np.flatnonzero(~left_out)
    order = kept[np.argsort(data.labels[kept], kind="stable")]
    counts = np.bincount(data.labels[kept], minlength=len(data.class_names))
    column = np.arange(len(kept)) - np.repeat(np.cumsum(counts) - counts, counts)
    if task.apart is not None:
        column = data.groups[task.apart].codes[order].astype(np.int64)
    table = np.full((len(counts), int(column.max()) + 1), -1, dtype=np.int64)
    table[data.labels[order], column] = order
    if task.apart is not None and (table[classes] < 0).any():
        raise ValueError(f"some class has no item of some {task.apart}")

    chosen = np.asarray(classes, dtype=np.int64)
    names: tuple[str, ...]
    if task.within is None:
        names, inside = ("all",), [chosen]
    else:
        codes = data.class_groups(task.within)[chosen]
        by_code = {int(code): chosen[codes == code] for code in np.unique(codes)}
        least = max(task.n_way, 2)  # classes: a trial of one may compare two
        large = {code: found for code, found in by_code.items() if len(found) >= least}
        names = tuple(data.groups[task.within].names[code] for code in large)
        inside = list(large.values())
    if not inside or max(len(found) for found in inside) < task.n_way:
        raise ValueError(f"{task.name} needs {task.n_way} classes, there are {len(chosen)}")
    sizes = np.array([len(found) for found in inside], dtype=np.int64)
    members = np.full((len(inside), sizes.max()), -1, dtype=np.int64)
    for row, found in enumerate(inside):
        members[row, : len(found)] = found
    return Pool(members, sizes, names, table, counts)


def draw(
    task: Task, data: DataSet, classes: list[int], left_out: NDArray[np.bool_] | None = None
) -> Episodes:
    """Draws the task's episodes among `classes` of `data`, without the items `left_out` (bool [n]).

    Words of one episode, in order: its group (1), its classes (2 n), the items or the values of
    `apart` (2 k or 2 k n), the classes of its queries where these are uneven (q), the order of the
    queries (q). Classes come first so that which classes an episode asks about depends on the list
    of classes alone.

    Raises:
        ValueError: where the data cannot give such episodes.
    """
    pool = pool_of(task, data, classes, left_out)
    blocks = [
        _draw_block(
            task, pool, words(task.key, start, min(BLOCK, task.episodes - start), task.width)
        )
        for start in range(0, task.episodes, BLOCK)
    ]
    support, queries, labels, groups = (
        np.concatenate(parts) for parts in zip(*blocks, strict=True)
    )
    return Episodes(
        support.astype(np.int32),
        queries.astype(np.int32),
        labels.astype(np.int16),
        groups.astype(np.int16) if task.within else None,
        pool.names if task.within else (),
    )


def _draw_block(task: Task, pool: Pool, random: Words) -> tuple[NDArray[np.int64], ...]:
    """Support [e, n, k], queries [e, q], labels [e, q] and groups [e] from words [e, width]."""
    n_way, per_class = task.n_way, task.per_class
    episodes = len(random)
    group = below(random[:, 0], len(pool.sizes))
    at = 1 + 2 * n_way
    positions = distinct(random[:, 1:at], pool.sizes[group], n_way)
    classes = np.take_along_axis(pool.members[group], positions, axis=1)  # (e, n)
    if task.apart is not None:
        end = at + 2 * per_class
        values = distinct(random[:, at:end], pool.table.shape[1], per_class)
        columns = np.broadcast_to(values[:, None, :], (episodes, n_way, per_class))
    else:
        end = at + 2 * per_class * n_way
        chunk = random[:, at:end].reshape(episodes, n_way, 2 * per_class)
        columns = distinct(chunk, pool.counts[classes], per_class)
    items = pool.table[classes[:, :, None], columns]  # (e, n, k)
    if task.dirichlet is None:
        counts = np.full((episodes, n_way), task.n_query)
    else:
        counts = urn(random[:, end : end + task.queries], n_way, task.dirichlet, task.most)
    labels, place = _classes_in_order(counts, task.queries)
    order = shuffled(
        np.broadcast_to(np.arange(task.queries), (episodes, task.queries)),
        random[:, -task.queries :],
    )
    queries = items[np.arange(episodes)[:, None], labels, task.n_shot + place]
    return (
        items[:, :, : task.n_shot],
        np.take_along_axis(queries, order, axis=1),
        np.take_along_axis(labels, order, axis=1),
        group,
    )


def _classes_in_order(
    counts: NDArray[np.int64], queries: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per query the position of its class, ascending, and its number inside that class.

    `counts` is [e, n], each row of sum `queries`; both results are int64 [e, queries].
    """
    ends = np.cumsum(counts, axis=1)
    position = np.arange(queries)
    labels = (position[None, :, None] >= ends[:, None, :]).sum(axis=2)
    starts = np.take_along_axis(ends - counts, labels, axis=1)
    return labels, position - starts
