"""A retrieval's numbers from its ranks: Recall@k, mAP@R, R-precision, with classes resampled.

Recall@k is the share of queries with a match among the first k (Jegou et al. 2011). With R matches,
R-precision is the share of matches among the first R, and mAP@R the mean over queries of
1/R sum_{i=1..R} precision at i where the i-th is a match (Musgrave et al. 2020, section 3.1).

The interval draws the classes of the queries again and leaves the gallery as it is: it says what
other classes of the same kind would give in a gallery like this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.intervals import Interval
from benchmark.statistics.subjects import interval, multiplicities

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

    `per_seed` holds mAP@R of each seed.
    """

    measures: dict[str, Interval]
    per_seed: tuple[float, ...]


def per_query(search: Search) -> dict[str, NDArray[np.float64]]:
    """Each measure of each query, float64 [q] in [0, 1], whose mean is the measure."""
    found = {f"Recall@{k}": (search.first <= k).astype(np.float64) for k in RECALL_AT}
    found[R_PRECISION] = search.hits / search.matches
    found[MEAN_AVERAGE_PRECISION] = search.precision
    return found


def summarise(searches: Sequence[Search], name: str) -> Retrieval:
    """The numbers of networks that answered the same queries; `name` keys the resampling.

    Raises:
        ValueError: for no networks.
    """
    if not searches:
        raise ValueError("there are no networks")
    first = searches[0]
    each = [per_query(search) for search in searches]
    classes, place = None, None
    if first.classes is not None:
        classes, place = np.unique(first.classes, return_inverse=True)
    measures = {}
    for measure in NAMES:
        values = np.mean([found[measure] for found in each], axis=0)  # mean over seeds
        replicates = np.array([np.nan])
        if classes is not None and place is not None:
            drawn = multiplicities(name, len(classes)).astype(np.float64)
            sums = np.bincount(place, weights=values)
            replicates = (drawn @ sums) / (drawn @ np.bincount(place))
        of_seeds = [float(found[measure].mean()) for found in each]
        subjects = 0 if classes is None else len(classes)
        measures[measure] = interval(of_seeds, replicates, len(first.first), subjects)
    per_seed = tuple(float(found[MEAN_AVERAGE_PRECISION].mean()) for found in each)
    return Retrieval(measures, per_seed)
