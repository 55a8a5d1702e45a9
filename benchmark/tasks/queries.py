"""Pinned retrieval as integers: every item of the split queries all others, or some query others.

Queries stand in a pinned random order, so that the first so many are a fair sample of all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet, Groups
from benchmark.tasks.draw import words
from benchmark.tasks.spec import Task

ROLE = "role"  # the group that marks queries and gallery in a user's own data


@dataclass(frozen=True, eq=False)
class Queries:
    """A gallery and the queries in it.

    Attributes:
        gallery: int32 [n], item numbers, class after class.
        sizes: int32 [c], items of each class.
        queries: int32 [q], rows of the gallery that query all its other rows; items without a
            match (the only ones of their class) query nothing but stay in the gallery.
        found: bool [n], the rows that can be found; None for all. Rows that only query are none.
    """

    gallery: NDArray[np.int32]
    sizes: NDArray[np.int32]
    queries: NDArray[np.int32]

    group_names: tuple[str, ...] = ()
    found: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.queries)

    def first(self, count: int) -> Queries:
        """The first `count` queries on the whole gallery."""
        return replace(self, queries=self.queries[:count])

    def items(self) -> NDArray[np.int64]:
        """int64 [n]: the gallery's items, ascending."""
        return np.sort(self.gallery).astype(np.int64)

    def digest(self) -> str:
        """SHA-256 (hex) over gallery, sizes of its classes and queries."""
        hasher = hashlib.sha256(f"queries{len(self.gallery)}, {len(self.queries)}".encode())
        marks = () if self.found is None else (self.found,)
        for array in (self.gallery, self.sizes, self.queries, *marks):
            hasher.update(np.ascontiguousarray(array, dtype="<i4").tobytes())
        return hasher.hexdigest()


def draw_queries(
    task: Task, data: DataSet, classes: list[int], left_out: NDArray[np.bool_] | None = None
) -> Queries:
    """The items of `classes` as a gallery, in the order of classes and items, and their queries.

    Items `left_out` (bool [n]) are in neither. Where the data have a group "role", the test items
    that it marks as queries look for those that it marks as gallery.

    Raises:
        ValueError: if no query has a match.
    """
    used = np.ones(len(data), dtype=bool) if left_out is None else ~left_out
    items = np.concatenate([np.flatnonzero((data.labels == c) & used) for c in classes])
    sizes = np.array([int(((data.labels == c) & used).sum()) for c in classes], dtype=np.int32)
    queries = order_of(task, tuple(int(size) for size in sizes))
    found = None
    if task.distinct and task.split == "test" and ROLE in data.groups:
        asks, found = (each[items] for each in roles_of(data.groups[ROLE]))
        number = np.repeat(np.arange(len(sizes)), sizes)
        matches = np.bincount(number[found], minlength=len(sizes))[number] - found
        queries = queries[asks[queries] & (matches[queries] > 0)]
    if not len(queries):
        raise ValueError("no class has two items" if found is None else "no query has a match")
    return Queries(items.astype(np.int32), sizes, queries.astype(np.int32), found=found)


def roles_of(roles: Groups) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which items query, and which can be found; an item without a mark does both."""
    names = np.array(roles.names)[roles.codes]
    neither = names == "neither"
    return (names != "gallery") & ~neither, (names != "query") & ~neither


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
