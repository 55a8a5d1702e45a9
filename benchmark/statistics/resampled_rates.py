"""A network's rates when subjects are drawn again, for all replicates at once.

A pair of two subjects weighs the product of their multiplicities, a pair inside one subject
(genuine, or an imitation) that subject's own, as if the drawn subjects had been paired anew
(subsets bootstrap; Bolle, Ratha and Pankanti 2004). `by="pair"` draws pairs of two subjects instead
of subjects and leaves the others as they are: what that spreads is the noise of pairs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.subjects import REPLICATES, multiplicities
from benchmark.statistics.verification_scores import OVERALL, VerificationScores

Floats = NDArray[np.float64]
Counts = NDArray[np.integer]
BLOCK = 50  # replicates at once: bounds memory


class Drawn:
    """Some replicates of one network's trials.

    Args:
        network: whose trials; they are sorted once for all blocks by `_sorted`.
        order: per kind its trials, highest first, and how many of them each threshold accepts.
        weights: per kind float32 [t, b], weight of each of its trials, in that order.
    """

    def __init__(
        self,
        network: VerificationScores,
        order: Mapping[str, tuple[Counts, Counts]],
        weights: Mapping[str, NDArray[np.float32]],
    ) -> None:
        self._network, self._order, self._weights = network, order, weights
        self._genuine, *self._impostors = network.kind_names
        self._running: dict[str, Floats] = {}
        for kind, weight in weights.items():
            self._running[kind] = np.zeros((len(weight) + 1, weight.shape[1]))
            np.cumsum(weight, axis=0, out=self._running[kind][1:])
        self._columns = np.arange(self._running[self._genuine].shape[1])

    def eer(self, kind: str = OVERALL) -> Floats:
        """float64 [b]: where FAR = FRR, by bisection for the first threshold with FAR above FRR."""
        against = self._impostors if kind == OVERALL else [kind]
        low, high = self._bisect(lambda at: self._far(against, at) >= 1 - self._tar(at))
        far = self._far(against, low), self._far(against, high)
        gap = [1 - self._tar(at) - f for at, f in zip((low, high), far, strict=True)]
        part = gap[0] / np.where(gap[0] == gap[1], 1, gap[0] - gap[1])
        crossing: Floats = far[0] + part * (far[1] - far[0])
        return crossing

    def tar(self, far: float) -> Floats:
        """float64 [b]: the highest TAR at a FAR of at most `far`, all impostors together."""
        last, _ = self._bisect(lambda at: self._far(self._impostors, at) > far)
        return self._tar(last)

    def roc_auc(self) -> Floats:
        """float64 [b]: weight of impostors below each genuine trial, ties counting half."""
        mine, _ = self._order[self._genuine]
        scores = -self._network.scores[mine]
        above = np.zeros_like(self._weights[self._genuine], dtype=np.float64)
        for kind in self._impostors:
            others = -self._network.scores[self._order[kind][0]]
            for side in ("left", "right"):
                above += self._running[kind][np.searchsorted(others, scores, side)]
        wrong = np.einsum("tb,tb->b", self._weights[self._genuine], above) / 2
        with np.errstate(invalid="ignore"):
            area: Floats = 1 - wrong / (
                self._running[self._genuine][-1] * self._total(self._impostors)
            )
        return area

    def _bisect(self, crossed: Callable[[Counts], NDArray[np.bool_]]) -> tuple[Counts, Counts]:
        """int64 [b] twice: the last threshold before the crossing, and the one after it."""
        low = np.zeros(len(self._columns), dtype=np.int64)
        high = np.full(len(self._columns), len(self._order[self._genuine][1]) - 1)
        while (high - low > 1).any():
            middle = (low + high) // 2
            now = crossed(middle)
            low, high = np.where(now, low, middle), np.where(now, middle, high)
        return low, high

    def _tar(self, at: Counts) -> Floats:
        return self._rate([self._genuine], at)

    def _far(self, kinds: Sequence[str], at: Counts) -> Floats:
        return self._rate(kinds, at)

    def _rate(self, kinds: Sequence[str], at: Counts) -> Floats:
        accepted = np.zeros(len(self._columns))
        for kind in kinds:
            accepted += self._running[kind][self._order[kind][1][at], self._columns]
        with np.errstate(invalid="ignore"):  # no weight at all: NaN, which no quantile counts
            found: Floats = accepted / self._total(kinds)
        return found

    def _total(self, kinds: Sequence[str]) -> Floats:
        total: Floats = np.sum([self._running[kind][-1] for kind in kinds], axis=0)
        return total


Rate = Callable[[Drawn], Floats]


def replicates_of(
    networks: Sequence[VerificationScores],
    rates: Mapping[str, Rate],
    name: str,
    replicates: int = REPLICATES,
    by: Literal["subject", "pair"] = "subject",
) -> dict[str, Floats]:
    """Per rate float64 [networks, b]; NaN with one column where subjects are not known.

    Args:
        networks: seeds share their draws, folds have other people.
        rates: what is wanted of each replicate, by name.
        name: keys the draws.
        replicates: number of draws, b.
        by: what is drawn again.
    """
    found: dict[str, list[Floats]] = {rate: [] for rate in rates}
    drawn: dict[int | None, NDArray[np.float32]] = {}
    for network in networks:
        if network.subjects is None:
            return {rate: np.full((len(networks), 1), np.nan) for rate in rates}
        rows = _by_subject(network.subjects) if by == "subject" else _by_pair(network.subjects)
        if network.fold not in drawn:
            key = name if network.fold is None else f"{name}/{network.fold}"
            key += "" if by == "subject" else "/pairs"
            drawn[network.fold] = multiplicities(key, int(rows.max()) + 1, replicates)
        for rate, values in _resampled(network, rows, drawn[network.fold], rates).items():
            found[rate].append(values)
    return {rate: np.stack(each) for rate, each in found.items()}


def _by_subject(subjects: Counts) -> Counts:
    """int64 [t, 2]: whose multiplicities weigh a trial, counted from 0; -1 where none does."""
    _, compact = np.unique(subjects, return_inverse=True)
    left, right = compact.reshape(subjects.shape).T
    return np.stack([left, np.where(left == right, -1, right)], axis=1)


def _by_pair(subjects: Counts) -> Counts:
    """The same with a number for each two subjects, whichever comes first, in place of theirs."""
    apart = subjects[:, 0] != subjects[:, 1]
    rows = np.full(subjects.shape, -1)
    _, rows[apart, 0] = np.unique(np.sort(subjects[apart], axis=1), axis=0, return_inverse=True)
    return rows


def _resampled(
    network: VerificationScores,
    rows: Counts,
    counts: NDArray[np.float32],
    rates: Mapping[str, Rate],
) -> dict[str, Floats]:
    """Per rate float64 [b]. Everything is sorted once; replicates make running sums of weights."""
    scores = network.scores
    thresholds = np.unique(scores)[::-1]
    order = {}
    for number, kind in enumerate(network.kind_names):
        mine = np.flatnonzero(network.kinds == number)
        mine = mine[np.argsort(-scores[mine], kind="stable")]
        # How many of the kind each threshold accepts; before the first, none.
        accepted = np.searchsorted(-scores[mine], -thresholds, side="right")
        order[kind] = mine, np.concatenate([[0], accepted])
    out: dict[str, list[Floats]] = {rate: [] for rate in rates}
    for start in range(0, len(counts), BLOCK):
        # One row more, of ones, is what -1 finds.
        block = np.vstack([counts[start : start + BLOCK].T, np.ones(len(counts[start:][:BLOCK]))])
        block = np.ascontiguousarray(block, dtype=np.float32)
        weights = {}
        for kind, (mine, _) in order.items():
            weights[kind] = block[rows[mine, 0]] * block[rows[mine, 1]]
        drawn = Drawn(network, order, weights)
        for rate, value in rates.items():
            out[rate].append(value(drawn))
    return {rate: np.concatenate(values) for rate, values in out.items()}
