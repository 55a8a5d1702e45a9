"""A verification's numbers from its log-odds: per kind of impostor, network by network.

Scores of different networks or folds are never pooled: each has its own ROC, and means are over
networks. The interval of the EER resamples subjects; a pair of two subjects weighs the product of
their multiplicities, a pair inside one subject (genuine, or an imitation) that subject's own, as if
the drawn subjects had been paired anew (subsets bootstrap; Bolle, Ratha and Pankanti 2004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics import calibrated, roc
from benchmark.statistics.intervals import Interval
from benchmark.statistics.subjects import interval, multiplicities

Floats = NDArray[np.float64]
Running = tuple[Floats, NDArray[np.integer]]  # sums of weights [b, n + 1], accepted [thresholds]
BLOCK = 50  # replicates at once: bounds memory
OVERALL = "overall"


@dataclass(frozen=True, eq=False)
class Network:
    """The answers of one trained network to the trials of its fold.

    Attributes:
        log_odds: float64 [t].
        same: bool [t].
        kinds: int [t], index into `kind_names`.
        kind_names: "genuine", then the kinds of impostors.
        subjects: int [t, 2], or None where they are not known.
        seed, fold: of the network; networks of one seed are averaged over their folds.
        calibrated: whether 0 is the validation threshold.
    """

    log_odds: NDArray[np.float64]
    same: NDArray[np.bool_]
    kinds: NDArray[np.integer]
    kind_names: tuple[str, ...]
    subjects: NDArray[np.integer] | None
    seed: int = 0
    fold: int | None = None
    calibrated: bool = True

    @property
    def constant(self) -> bool:
        """Whether all trials got one score: the model tells nothing apart."""
        return bool((self.log_odds == self.log_odds[0]).all())


@dataclass(frozen=True)
class Measures:
    """What one network reached, or a mean over networks; `None` where it cannot be said.

    Rates lie in [0, 1]; `tar` belongs to `roc.FARS`; `min_dcf` is relative to the better blind
    answer; `log_loss` is in nats. The last three need calibrated log-odds.
    """

    eer: float
    roc_auc: float
    average_precision: float
    tar: tuple[float | None, ...]
    min_dcf: float
    accuracy: float | None
    ece: float | None
    log_loss: float | None
    same: int
    different: int


@dataclass(frozen=True)
class Verification:
    """The networks of one recipe on one task.

    Attributes:
        measures: by "overall" (all impostors together) and each kind of impostor.
        eer: the equal error rate with its interval, by the same names.
        seed_eer: overall, of each seed.
        reasons: why a rate is missing.
        constant: whether some network gave every trial the same score.
    """

    measures: dict[str, Measures]
    eer: dict[str, Interval]
    seed_eer: tuple[float, ...]
    reasons: tuple[str, ...]
    constant: bool


def summarise(networks: Sequence[Network], name: str) -> Verification:
    """The numbers of networks that answered the same task; `name` keys the resampling.

    Raises:
        ValueError: for no networks, or trials of one answer alone.
    """
    if not networks:
        raise ValueError("there are no networks")
    names = (OVERALL, *networks[0].kind_names[1:])
    each = {kind: [measure(network, kind) for network in networks] for kind in names}
    seeds = sorted({network.seed for network in networks})
    replicates = _replicates(networks, names, name)
    intervals: dict[str, Interval] = {}
    per_seed_overall: tuple[float, ...] = ()
    for kind in names:
        per_seed = _per_seed(networks, each[kind], seeds)
        questions = each[kind][0].same + each[kind][0].different
        subjects = _subjects(networks[0])
        intervals[kind] = interval(per_seed, replicates[kind], questions, subjects)
        if kind == OVERALL:
            per_seed_overall = per_seed
    told = each[OVERALL][0]
    reasons = tuple(
        roc.too_few(far, told.different)
        for far, rate in zip(roc.FARS, told.tar, strict=True)
        if rate is None
    )
    return Verification(
        {kind: _mean(found) for kind, found in each.items()},
        intervals,
        per_seed_overall,
        reasons,
        any(network.constant for network in networks),
    )


def _per_seed(
    networks: Sequence[Network], found: list[Measures], seeds: list[int]
) -> tuple[float, ...]:
    """The EER of each seed, a mean over its folds."""
    by_seed: dict[int, list[float]] = defaultdict(list)
    for network, told in zip(networks, found, strict=True):
        by_seed[network.seed].append(told.eer)
    return tuple(float(np.mean(by_seed[seed])) for seed in seeds)


def measure(network: Network, kind: str = OVERALL) -> Measures:
    """One network's numbers, on all trials or on genuine ones against one kind of impostor."""
    chosen = _chosen(network, kind)
    odds, same = network.log_odds[chosen], network.same[chosen]
    curve = roc.roc(odds, same)
    calm = network.calibrated
    return Measures(
        roc.equal_error_rate(curve),
        roc.area(curve),
        roc.average_precision(curve),
        tuple(roc.tar_at(curve, far) for far in roc.FARS),
        roc.min_dcf(curve),
        calibrated.accuracy(odds, same) if calm else None,
        calibrated.expected_calibration_error(odds, same) if calm else None,
        calibrated.log_loss(odds, same) if calm else None,
        int(same.sum()),
        int((~same).sum()),
    )


def _chosen(network: Network, kind: str) -> NDArray[np.bool_]:
    if kind == OVERALL:
        return np.ones(len(network.same), dtype=bool)
    chosen: NDArray[np.bool_] = network.same | (network.kinds == network.kind_names.index(kind))
    return chosen


def _subjects(network: Network) -> int:
    return 0 if network.subjects is None else len(np.unique(network.subjects))


def _mean(found: list[Measures]) -> Measures:
    """Field by field; None where any network has none."""
    values = {}
    for field in fields(Measures):
        each = [getattr(one, field.name) for one in found]
        if field.name in ("same", "different"):
            values[field.name] = each[0]
        elif field.name == "tar":
            values["tar"] = tuple(_average(rates) for rates in zip(*each, strict=True))
        else:
            values[field.name] = _average(each)
    return Measures(**values)


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _replicates(
    networks: Sequence[Network], names: tuple[str, ...], name: str
) -> dict[str, NDArray[np.float64]]:
    """Per kind float64 [b]: the mean EER over networks when subjects are drawn again."""
    by_kind: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    drawn: dict[int | None, NDArray[np.float32]] = {}
    for network in networks:
        if network.subjects is None:
            return dict.fromkeys(names, np.array([np.nan]))
        _, compact = np.unique(network.subjects, return_inverse=True)
        pairs = compact.reshape(network.subjects.shape)
        if network.fold not in drawn:  # seeds share their draws, folds have other people
            key = name if network.fold is None else f"{name}/{network.fold}"
            drawn[network.fold] = multiplicities(key, int(pairs.max()) + 1)
        found = _resampled(network, pairs, drawn[network.fold], names)
        for kind in names:
            by_kind[kind].append(found[kind])
    return {kind: np.mean(by_kind[kind], axis=0) for kind in names}


def _resampled(
    network: Network,
    pairs: NDArray[np.integer],
    counts: NDArray[np.float32],
    names: tuple[str, ...],
) -> dict[str, NDArray[np.float64]]:
    """Per kind float64 [b]: the network's EER in each replicate.

    Everything is sorted once. Of a replicate only running sums of weights are made, and the
    crossing of FAR and FRR is found by bisection over the thresholds.
    """
    thresholds = np.unique(network.log_odds)[::-1]
    parts = {}
    for number, kind in enumerate(network.kind_names):
        mine = np.flatnonzero(network.kinds == number)
        mine = mine[np.argsort(-network.log_odds[mine], kind="stable")]
        # How many of the kind each threshold accepts; before the first, none.
        accepted = np.searchsorted(-network.log_odds[mine], -thresholds, side="right")
        parts[kind] = mine, np.concatenate([[0], accepted]).astype(np.int64)
    out: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for start in range(0, len(counts), BLOCK):
        block = counts[start : start + BLOCK]
        sums: dict[str, Running] = {}
        for kind, (mine, accepted) in parts.items():
            left, right = pairs[mine, 0], pairs[mine, 1]
            weights = block[:, left] * np.where(left == right, 1, block[:, right])
            running = np.zeros((len(block), len(mine) + 1))
            np.cumsum(weights, axis=1, out=running[:, 1:])
            sums[kind] = running, accepted
        impostors = [kind for kind in parts if kind != network.kind_names[0]]
        for kind in names:
            against = impostors if kind == OVERALL else [kind]
            genuine = [sums[network.kind_names[0]]]
            out[kind].append(_crossing(genuine, [sums[k] for k in against], len(thresholds)))
    return {kind: np.concatenate(found) for kind, found in out.items()}


def _crossing(same: list[Running], different: list[Running], thresholds: int) -> Floats:
    """float64 [b]: the EER by bisection for the first threshold with FAR at or above FRR."""
    rows = np.arange(len(same[0][0]))

    def rate(sums: list[Running], at: NDArray[np.int64]) -> Floats:
        with np.errstate(invalid="ignore"):  # no weight at all: NaN, which no quantile counts
            accepted = np.sum([s[rows, a[at]] for s, a in sums], axis=0)
            found: Floats = accepted / np.sum([s[:, -1] for s, _ in sums], axis=0)
        return found

    low, high = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), thresholds)
    while (high - low > 1).any():
        middle = (low + high) // 2
        crossed = rate(different, middle) >= 1 - rate(same, middle)
        low, high = np.where(crossed, low, middle), np.where(crossed, middle, high)
    far = rate(different, low), rate(different, high)
    gap = [1 - rate(same, at) - f for at, f in zip((low, high), far, strict=True)]
    part = gap[0] / np.where(gap[0] == gap[1], 1, gap[0] - gap[1])
    crossing: Floats = far[0] + part * (far[1] - far[0])
    return crossing
