"""What a threshold on scores can do: ROC, EER, areas, rates at a fixed rate of false accepts.

FAR (false accept rate) is the share of different pairs taken for the same, TAR (true accept rate)
the share of same pairs that are, FRR = 1 - TAR. A threshold accepts scores at or above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FARS = (0.1, 0.01, 0.001)
LEAST = 30  # false accepts that a rate needs behind it (the "rule of 30", Doddington et al. 2000)
# NIST 2016 Speaker Recognition Evaluation Plan, first operating point: C_miss = C_fa = 1.
TARGET_PRIOR = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Roc:
    """The ROC from the strictest threshold (nothing accepted) to the laxest, ties moving together.

    Attributes:
        far, tar: float64 [k + 1], from 0 to 1.
        accepted_same, accepted_different: int64 [k + 1] the counts behind them.
    """

    far: Floats
    tar: Floats
    accepted_same: NDArray[np.int64]
    accepted_different: NDArray[np.int64]


def roc(scores: NDArray[np.number], same: NDArray[np.bool_]) -> Roc:
    """The ROC of scores [t] with right answers `same` [t].

    Raises:
        ValueError: where one of the two answers does not occur.
    """
    if same.all() or not same.any():
        raise ValueError("a ROC needs pairs that are the same and pairs that are not")
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=np.inf))
    hits = np.concatenate([[0], np.cumsum(same[order])[ends]])
    false = np.concatenate([[0], np.cumsum(~same[order])[ends]])
    return Roc(false / false[-1], hits / hits[-1], hits, false)


def equal_error_rate(curve: Roc) -> float:
    """Where FAR = FRR, by straight lines between the points of the ROC."""
    gap = (1 - curve.tar) - curve.far  # falls from 1 to -1
    after = int(np.argmax(gap <= 0))
    before = after - 1
    part = gap[before] / (gap[before] - gap[after])
    return float(curve.far[before] + part * (curve.far[after] - curve.far[before]))


def area(curve: Roc) -> float:
    """Area under the ROC: a same pair scores higher than a different one, ties counting half."""
    return float(np.trapezoid(curve.tar, curve.far))


def average_precision(curve: Roc) -> float:
    """Sum of precision times the gain in TAR; depends on how many pairs are the same."""
    accepted = curve.accepted_same + curve.accepted_different
    precision = curve.accepted_same[1:] / np.maximum(accepted[1:], 1)
    return float((np.diff(curve.tar) * precision).sum())


def tar_at(curve: Roc, far: float) -> float | None:
    """The highest TAR at a FAR of at most `far`; None with fewer than 30 / far different pairs."""
    if curve.accepted_different[-1] < LEAST / far:
        return None
    return float(curve.tar[np.searchsorted(curve.far, far, side="right") - 1])


def too_few(far: float, different: int) -> str:
    """Why there is no TAR at this FAR."""
    return f"TAR at FAR {far:g} needs {LEAST / far:,.0f} different pairs, there are {different:,}"


def min_dcf(curve: Roc) -> float:
    """The least detection cost of any threshold, over that of the better blind answer."""
    cost = TARGET_PRIOR * (1 - curve.tar) + (1 - TARGET_PRIOR) * curve.far
    return float(cost.min() / min(TARGET_PRIOR, 1 - TARGET_PRIOR))
