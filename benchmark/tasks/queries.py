"""Pinned retrieval as integers: every item of the split queries all others.

Queries stand in a pinned random order, so that the first so many are a fair sample of all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.tasks.draw import words
from benchmark.tasks.spec import Task


@dataclass(frozen=True, eq=False)
class Queries:
    """A gallery and the queries in it.

    Attributes:
        gallery: int32 [n], item numbers, class after class.
        sizes: int32 [c], items of each class.
        queries: int32 [q], rows of the gallery that query all its other rows; items without a
            match (the only ones of their class) query nothing but stay in the gallery.
    """

    gallery: NDArray[np.int32]
    sizes: NDArray[np.int32]
    queries: NDArray[np.int32]

    group_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.queries)

    def first(self, count: int) -> Queries:
        """The first `count` queries on the whole gallery."""
        return Queries(self.gallery, self.sizes, self.queries[:count])

    def items(self) -> NDArray[np.int64]:
        """int64 [n]: the gallery's items, ascending."""
        return np.sort(self.gallery).astype(np.int64)

    def digest(self) -> str:
        """SHA-256 (hex) over gallery, sizes of its classes and queries."""
        hasher = hashlib.sha256(f"queries{len(self.gallery)}, {len(self.queries)}".encode())
        for array in (self.gallery, self.sizes, self.queries):
            hasher.update(np.ascontiguousarray(array, dtype="<i4").tobytes())
        return hasher.hexdigest()


def draw_queries(task: Task, data: DataSet, classes: list[int]) -> Queries:
    """The items of `classes` as a gallery, in the order of classes and items, and their queries.

    Raises:
        ValueError: if no class has two items.
    """
    items = np.concatenate([np.flatnonzero(data.labels == c) for c in classes])
    sizes = np.array([int((data.labels == c).sum()) for c in classes], dtype=np.int32)
    queries = order_of(task, tuple(int(size) for size in sizes))
    if not len(queries):
        raise ValueError("no class has two items")
    return Queries(items.astype(np.int32), sizes, queries.astype(np.int32))


def order_of(task: Task, sizes: tuple[int, ...]) -> NDArray[np.int64]:
    """int64 [q]: rows of the gallery in the order in which they query; needs no data."""
    size = np.repeat(np.asarray(sizes, dtype=np.int64), sizes)
    order = np.argsort(words(task.key, 0, len(size), 1)[:, 0], kind="stable")
    kept: NDArray[np.int64] = order[size[order] > 1]
    return kept


def classes_of_queries(
    task: Task, sizes: tuple[int, ...], count: int | None = None
) -> NDArray[np.int64]:
    """int64 [q]: the class of each of the first `count` queries, from the sizes alone."""
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    found: NDArray[np.int64] = numbers[order_of(task, sizes)[:count]]
    return found
