"""The equal error rate when subjects are drawn again, for all replicates at once.

A pair of two subjects weighs the product of their multiplicities, a pair inside one subject
(genuine, or an imitation) that subject's own, as if the drawn subjects had been paired anew
(subsets bootstrap; Bolle, Ratha and Pankanti 2004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.network import OVERALL, Network
from benchmark.statistics.subjects import multiplicities

Floats = NDArray[np.float64]
Running = tuple[Floats, NDArray[np.integer]]  # sums of weights [b, n + 1], accepted [thresholds]
BLOCK = 50  # replicates at once: bounds memory


def replicates_of(
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
