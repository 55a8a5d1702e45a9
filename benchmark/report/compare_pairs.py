"""Two models on the same pinned trials of a verification, or the same queries of a retrieval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import LogOdds, Ranks, Record
from benchmark.report import outcomes
from benchmark.report.comparison import LEVEL, Beside
from benchmark.statistics.intervals import Interval
from benchmark.statistics.paired_rates import compare_networks
from benchmark.statistics.paired_searches import compare_searches
from benchmark.statistics.retrieval import MEAN_AVERAGE_PRECISION, Search, summarise
from benchmark.statistics.verification_scores import VerificationScores

Luck = tuple[bool, bool]


@dataclass(frozen=True)
class Answered:
    """What both models answered of one task.

    Attributes:
        measures: the one that ranks first.
        alone: that one's interval of each model.
        seed_values: that one of each seed, for each model, and `seeds` which these are.
        questions, longest: common trials (of all folds) or queries, and those of the longer side.
        folds: compared, and in all.
    """

    measures: tuple[Beside, ...]
    alone: tuple[Interval, Interval]
    seed_values: tuple[tuple[float, ...], tuple[float, ...]]
    seeds: tuple[tuple[int, ...], tuple[int, ...]]
    questions: int
    longest: int
    folds: tuple[int, int] = (1, 1)


def verification(
    one: Sequence[Record], two: Sequence[Record], luck: Luck, same: bool, current: bool
) -> Answered | None:
    """The paired rates; None where nothing tells which trials are the same, or no fold is common.

    Args:
        one: records of the first model that ended well, any number of seeds and folds.
        two: of the second.
        luck: whether training could make the seeds of each differ.
        same: whether seed for seed both answered with the same trained weights.
        current: whether the suite's pins are those of the records' task version.
    """
    sides = [_networks(records, current) for records in (one, two)]
    if not all(sides):
        return None
    every = {network.fold for side in sides for network in side}
    sides = _complete(sides, every)
    folds = {network.fold for network in sides[0]}
    if not folds:
        return None
    longest = _trials(sides, max)
    sides = _common(sides)
    name = one[0].task.name
    found = compare_networks(sides[0], sides[1], name, LEVEL, luck, same)
    measures = tuple(
        Beside(rate.name, float(np.mean(rate.a)), float(np.mean(rate.b)), None, rate.paired)
        for rate in found.rates
    )
    seeds = [tuple(sorted({network.seed for network in side})) for side in sides]
    eer = found.rates[0]
    return Answered(
        measures, found.eer, (eer.a, eer.b), (seeds[0], seeds[1]), _trials(sides, min), longest,
        (len(folds), len(every)),
    )  # fmt: skip


def retrieval(
    one: Sequence[Record], two: Sequence[Record], luck: Luck, same: bool, current: bool
) -> Answered:
    """The paired measures of two retrievals, on their common queries; see `verification`."""
    sides = [_searches(records, current) for records in (one, two)]
    lengths = [len(search.first) for side in sides for search in side]
    sides = [[_first(search, min(lengths)) for search in side] for side in sides]
    found = compare_searches(sides[0], sides[1], LEVEL, luck, same)
    measures = tuple(
        Beside(
            each.name, float(np.mean(each.a)), float(np.mean(each.b)), each.by_query, each.by_class
        )
        for each in found
    )
    alone = [summarise(side).measures[MEAN_AVERAGE_PRECISION] for side in sides]
    seeds = [tuple(search.seed for search in side) for side in sides]
    return Answered(
        measures, (alone[0], alone[1]), (found[0].a, found[0].b), (seeds[0], seeds[1]),
        min(lengths), max(lengths),
    )  # fmt: skip


def _networks(records: Sequence[Record], current: bool) -> list[VerificationScores]:
    found = [
        outcomes.network(record.task.name, record.outcome, record.seed, record.fold)
        for record in records
        if isinstance(record.outcome, LogOdds) and (current or record.outcome.labels)
    ]
    return [network for network in found if network is not None]


def _complete(
    sides: list[list[VerificationScores]], every: set[int | None]
) -> list[list[VerificationScores]]:
    """Seeds that have every fold; where a side has none, the folds that all seeds have."""
    whole = []
    for side in sides:
        folds = _folds(side)
        whole.append([network for network in side if folds[network.seed] == every])
    if all(whole):
        return whole
    shared = set.intersection(*(found for side in sides for found in _folds(side).values()))
    return [[network for network in side if network.fold in shared] for side in sides]


def _folds(side: Sequence[VerificationScores]) -> dict[int, set[int | None]]:
    folds: dict[int, set[int | None]] = defaultdict(set)
    for network in side:
        folds[network.seed].add(network.fold)
    return folds


def _common(sides: list[list[VerificationScores]]) -> list[list[VerificationScores]]:
    """Of each fold and kind the trials that all networks have answered: a prefix of each."""
    least: dict[int | None, NDArray[np.int64]] = {}
    for network in (network for side in sides for network in side):
        counts = np.bincount(network.kinds, minlength=len(network.kind_names))
        least[network.fold] = np.minimum(least.get(network.fold, counts), counts)
    return [[_cut(network, least[network.fold]) for network in side] for side in sides]


def _cut(network: VerificationScores, least: NDArray[np.int64]) -> VerificationScores:
    kept = np.concatenate(
        [np.flatnonzero(network.kinds == kind)[:count] for kind, count in enumerate(least)]
    )
    if len(kept) == len(network.same):
        return network
    return replace(
        network,
        log_odds=network.log_odds[kept],
        order=None if network.order is None else network.order[kept],
        same=network.same[kept],
        kinds=network.kinds[kept],
        subjects=None if network.subjects is None else network.subjects[kept],
    )


def _trials(sides: list[list[VerificationScores]], which: Callable[[list[int]], int]) -> int:
    """Trials of all folds."""
    lengths: dict[int | None, list[int]] = defaultdict(list)
    for network in (network for side in sides for network in side):
        lengths[network.fold].append(len(network.same))
    return sum(which(found) for found in lengths.values())


def _searches(records: Sequence[Record], current: bool) -> list[Search]:
    found = [
        outcomes.search(record.task.name, record.outcome, record.seed)
        for record in records
        if isinstance(record.outcome, Ranks)
    ]
    return found if current else [replace(search, classes=None) for search in found]


def _first(search: Search, count: int) -> Search:
    if len(search.first) == count:
        return search
    return Search(
        search.first[:count], search.hits[:count], search.precision[:count],
        search.matches[:count], None if search.classes is None else search.classes[:count],
        search.seed,
    )  # fmt: skip
