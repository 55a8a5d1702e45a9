"""A retrieval's numbers from its ranks: Recall@k, mAP@R, R-precision, with intervals by class.

Recall@k is the share of queries with a match among the first k (Jegou et al. 2011). With R matches,
R-precision is the share of matches among the first R, and mAP@R the mean over queries of
1/R sum_{i=1..R} precision at i where the i-th is a match (Musgrave et al. 2020, section 3.1).

The unit of the interval is the class of the queries, and the gallery stays as it is: it says what
other classes of the same kind would give in a gallery like this one. A mean over all queries is a
ratio of two sums over classes, so class c of C, with q_c of all Q queries that sum to t_c, stands
for

    m + (C / Q) (t_c - q_c m),      m = sum_c t_c / Q

(the ratio's linearisation; Cochran 1977, Sampling Techniques, section 6.4), whose mean is m, and
which is the class's own mean where classes have equally many queries. The interval is that of
`intervals.py` over these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.intervals import Interval, of_units, without_interval
from benchmark.statistics.units import MIN_GROUPS

LEVEL = 0.95
RECALL_AT = (1, 5, 10)
MEAN_AVERAGE_PRECISION, R_PRECISION = "mAP@R", "R-precision"
NAMES = (MEAN_AVERAGE_PRECISION, *(f"Recall@{k}" for k in RECALL_AT), R_PRECISION)


@dataclass(frozen=True, eq=False)
class Search:
    """What the queries of one network found.

    Attributes:
        first: int [q], rank of the first match, from 1.
        hits: int [q], matches among the first R.
        precision: float64 [q] in [0, 1], average precision at R.
        matches: int [q], R.
        classes: int [q], or None where they are not known.
        seed: of the network.
    """

    first: NDArray[np.integer]
    hits: NDArray[np.integer]
    precision: NDArray[np.float64]
    matches: NDArray[np.integer]
    classes: NDArray[np.integer] | None
    seed: int = 0


@dataclass(frozen=True)
class Retrieval:
    """The networks of one recipe on one task: each measure of `NAMES` with its interval.

    `per_seed` holds mAP@R of each seed, and `units` float64 [seeds, classes] that of each class,
    None where classes are not known or fewer than three.
    """

    measures: dict[str, Interval]
    per_seed: tuple[float, ...]
    units: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)


def per_query(search: Search) -> dict[str, NDArray[np.float64]]:
    """Each measure of each query, float64 [q] in [0, 1], whose mean is the measure."""
    found = {f"Recall@{k}": (search.first <= k).astype(np.float64) for k in RECALL_AT}
    found[R_PRECISION] = search.hits / search.matches
    found[MEAN_AVERAGE_PRECISION] = search.precision
    return found


def summarise(searches: Sequence[Search]) -> Retrieval:
    """The numbers of networks that answered the same queries.

    Raises:
        ValueError: for no networks.
    """
    if not searches:
        raise ValueError("there are no networks")
    first = searches[0]
    each = [per_query(search) for search in searches]
    measures, by_class = {}, None
    for measure in NAMES:
        values = np.stack([found[measure] for found in each])  # float64 [seeds, queries]
        questions = values.shape[1]
        if first.classes is None or len(np.unique(first.classes)) < MIN_GROUPS:
            measures[measure] = without_interval(values.mean(axis=1), questions)
        else:
            units = of_query_classes(values, first.classes)
            by_class = units if measure == MEAN_AVERAGE_PRECISION else by_class
            measures[measure] = of_units(units, LEVEL, questions, units.shape[1])
    per_seed = tuple(float(found[MEAN_AVERAGE_PRECISION].mean()) for found in each)
    return Retrieval(measures, per_seed, by_class)


def of_query_classes(
    values: NDArray[np.float64], classes: NDArray[np.integer]
) -> NDArray[np.float64]:
    """float64 [seeds, classes] from [seeds, queries]; see the module's docstring."""
    _, place = np.unique(classes, return_inverse=True)
    sizes = np.bincount(place)
    sums = np.stack([np.bincount(place, weights=row) for row in values])
    mean = values.mean(axis=1, keepdims=True)
    linear: NDArray[np.float64] = mean + len(sizes) / len(place) * (sums - sizes * mean)
    return linear
