"""The difference of two models' retrieval on the same queries: by query and by class.

Queries pair. By query, the unit is the query, as episodes are elsewhere: other images of these
classes. By class, the unit is the class of the query: a mean over all queries is a ratio of two
sums over classes and is linearised (`retrieval.py`). The gallery stays as it is.
Everything else is the analysis of `paired.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.paired import Paired, compare_units
from benchmark.statistics.retrieval import (
    MEAN_AVERAGE_PRECISION,
    Search,
    of_query_classes,
    per_query,
)
from benchmark.statistics.units import MIN_GROUPS

MEASURES = (MEAN_AVERAGE_PRECISION, "Recall@1")


@dataclass(frozen=True)
class SearchDifference:
    """One measure of both models and its difference, first model minus second.

    Attributes:
        name: one of `MEASURES`.
        a, b: the measure of each seed, in [0, 1].
        by_query, by_class: the difference over queries, and over classes; None where the classes
            are not known or fewer than three.
    """

    name: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    by_query: Paired
    by_class: Paired | None


def compare_searches(
    a: Sequence[Search],
    b: Sequence[Search],
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> tuple[SearchDifference, ...]:
    """The differences of all `MEASURES` of searches, one a seed, that answered the same queries.

    `luck` and `same_networks` are those of `paired.these_images`.

    Raises:
        ValueError: for no searches, and queries or seeds that do not pair.
    """
    if not a or not b:
        raise ValueError("there are no searches")
    for other in (*a, *b):
        if not np.array_equal(a[0].matches, other.matches) or _unlike(a[0].classes, other.classes):
            raise ValueError("searches do not pair: they answered different queries")
    classes = a[0].classes
    found = []
    for name in MEASURES:
        # float64 [seeds, queries]
        one, two = (np.stack([per_query(search)[name] for search in side]) for side in (a, b))
        by_query = compare_units(one, two, "query", level, luck, same_networks)
        by_class = None
        if classes is not None and len(np.unique(classes)) >= MIN_GROUPS:
            by_class = _by_class(one, two, classes, level, luck, same_networks)
        first, second = (tuple(float(v) for v in side.mean(axis=1)) for side in (one, two))
        found.append(SearchDifference(name, first, second, by_query, by_class))
    return tuple(found)


def _by_class(
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    classes: NDArray[np.integer],
    level: float,
    luck: tuple[bool, bool],
    same_networks: bool,
) -> Paired:
    a, b = (of_query_classes(side, classes) for side in (one, two))
    found = compare_units(a, b, "class", level, luck, same_networks)
    _, place = np.unique(classes, return_inverse=True)
    total = np.bincount(place, weights=one.mean(axis=0) - two.mean(axis=0))
    wins, losses = int((total > 1e-12).sum()), int((total < -1e-12).sum())
    return replace(found, wins=wins, losses=losses, ties=found.units - wins - losses)


def _unlike(one: NDArray[np.integer] | None, two: NDArray[np.integer] | None) -> bool:
    if one is None or two is None:
        return one is not two
    return not np.array_equal(one, two)
