"""What stands on a map of embeddings: which items, and the classes or groups that they are of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.report.figures.tiles import short
from benchmark.tasks.episodes import UNKNOWN, Episodes
from benchmark.tasks.loading import LoadedTask


@dataclass(frozen=True, eq=False)
class Points:
    """What is on a map.

    Attributes:
        vectors: float64 [n, e].
        groups: int64 [n], index into `names`: the class or the alphabet of each item.
        names: of the groups.
        support: bool [n], items that stand for their class in an episode, which is then drawn with
            letters; None for a map of a split.
        wrong: bool [n], queries that the model takes for another class, or None.
    """

    vectors: NDArray[np.float64]
    groups: NDArray[np.int64]
    names: tuple[str, ...]
    support: NDArray[np.bool_] | None = None
    wrong: NDArray[np.bool_] | None = None


def episode_items(loaded: LoadedTask, number: int) -> NDArray[np.int64]:
    """int64 [n]: the items of an episode, its supports class after class and then its queries."""
    assert isinstance(loaded.episodes, Episodes)
    support, queries = loaded.episodes.support[number], loaded.episodes.queries[number]
    return np.concatenate([support.ravel(), queries]).astype(np.int64)


def of_episode(
    loaded: LoadedTask,
    number: int,
    vectors: NDArray[np.float64],
    classes: NDArray[np.int64] | None = None,
) -> Points:
    """The points of an episode.

    Args:
        loaded: the task.
        number: of the episode.
        vectors: float64 [n, e] of `episode_items`.
        classes: int64 [q], the position of the class that each query was taken for.
    """
    assert isinstance(loaded.episodes, Episodes)
    support, truth = loaded.episodes.support[number], loaded.episodes.labels[number]
    n_way, n_shot = support.shape
    names = [loaded.data.class_names[loaded.data.labels[row[0]]] for row in support]
    boxed = np.zeros(len(vectors), dtype=bool)
    boxed[: n_way * n_shot] = True
    wrong, unknown = None, truth == UNKNOWN
    if classes is not None:
        missed = (classes != truth) & ~unknown
        wrong = np.concatenate([np.zeros(n_way * n_shot, dtype=bool), missed])
    if unknown.any():
        names.append("none of these")
    shown = np.where(unknown, n_way, truth)
    groups = np.concatenate([np.repeat(np.arange(n_way), n_shot), shown])
    return Points(vectors, groups.astype(np.int64), tuple(map(short, names)), boxed, wrong)


def split_items(loaded: LoadedTask, most: int) -> tuple[NDArray[np.int64], int]:
    """int64 [n]: items of the split, up to `most` evenly spread; and how many there are in all."""
    items = loaded.episodes.items()
    chosen = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(np.int64)
    return items[chosen], len(items)


def of_split(
    loaded: LoadedTask, items: NDArray[np.int64], vectors: NDArray[np.float64]
) -> tuple[Points, str]:
    """The points of a split's items, and what their groups are: "alphabet" or "class"."""
    kind = loaded.task.within or ("alphabet" if "alphabet" in loaded.data.groups else "class")
    if kind == "class":
        codes, names = loaded.data.labels[items], loaded.data.class_names
    else:
        group = loaded.data.groups[kind]
        codes, names = group.codes[items].astype(np.int64), group.names
    present, groups = np.unique(codes, return_inverse=True)
    told = tuple(short(names[code], 24) for code in present)
    return Points(vectors, groups.astype(np.int64), told), kind
