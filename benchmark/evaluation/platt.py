"""Platt scaling: scores of any scale become log-odds of "same" (Platt 1999).

Same and different weigh the same in the fit, whatever their numbers, so that log-odds 0 is the
threshold at which a pair is as likely of either. The targets are Platt's own, (n + 1) / (n + 2) and
1 / (n + 2), which keep the fit finite where scores part the two perfectly.

Differences from the paper: a slope of 0 or less is no scaling, since higher scores mean more alike
by the protocol. Newton's method with halved steps as in Lin, Lin and Weng (2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.protocols.verification.outcome import Doubt

MOST = 10**9  # thousandths: keeps an outlier within what JSON readers take for whole numbers
STEPS, HALVINGS, CLOSE = 50, 20, 1e-10
FEWEST = 20  # trials of either answer: ten for each of two parameters (Peduzzi et al. 1996)
CONSTANT = 1e-12  # deviation relative to the greatest score below which it is rounding
LARGE = 2.0**300  # scores beyond it, or below its inverse, are brought to unit size first


@dataclass(frozen=True)
class Platt:
    """log-odds = slope * score + offset.

    Attributes:
        slope: at least 0; 0 where there is no scaling.
        offset: the log-odds of a score of 0.
        calibrated: False where nothing could be fitted, and scores are at best brought to mean 0
            and deviation 1.
        doubt: why it could not, or why the fit is uncertain; see `calibrated.DOUBTS`.
    """

    slope: float
    offset: float
    calibrated: bool = True
    doubt: Doubt | None = None

    def thousandths(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """int64 [t]: log-odds of scores [t] in thousandths."""
        if self.slope == 0:  # whatever the scores are
            return np.full(len(scores), round(1000 * self.offset), dtype=np.int64)
        odds = np.clip(1000 * (self.slope * scores + self.offset), -MOST, MOST)
        return np.rint(odds).astype(np.int64)


def fit(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> Platt:
    """The scaling of scores [t] with right answers `same` [t]; uncalibrated where none fits."""
    same_count, count = int(same.sum()), len(same)
    if not 0 < same_count < count:
        return Platt(0.0, 0.0, calibrated=False, doubt="one answer")
    factor = _to_unit_size(scores)
    if factor != 1:
        found = fit(scores * factor, same)
        return replace(found, slope=found.slope * factor)
    centre, spread = float(scores.mean()), float(scores.std())
    if spread <= CONSTANT * float(np.abs(scores).max()):
        return Platt(0.0, 0.0, calibrated=False, doubt="constant")
    x = (scores - centre) / spread
    different = count - same_count
    target = np.where(same, (same_count + 1) / (same_count + 2), 1 / (different + 2))
    weight = np.where(same, 0.5 / same_count, 0.5 / different)
    slope, offset = _newton(x, target, weight)
    if slope <= 0:
        return Platt(0.0, 0.0, calibrated=False, doubt="reversed")
    doubt: Doubt | None = None
    if scores[same].min() > scores[~same].max():
        doubt = "separated"
    elif min(same_count, different) < FEWEST:
        doubt = "few"
    return Platt(slope / spread, offset - slope * centre / spread, doubt=doubt)


def standardised(scores: NDArray[np.float64], doubt: Doubt | None = None) -> Platt:
    """What replaces the scaling where nothing can be fitted: mean 0, deviation 1."""
    factor = _to_unit_size(scores)
    if factor != 1:
        found = standardised(scores * factor, doubt)
        return replace(found, slope=found.slope * factor)
    spread = float(scores.std())
    if spread == 0:
        return Platt(0.0, 0.0, calibrated=False, doubt=doubt)
    return Platt(1 / spread, -float(scores.mean()) / spread, calibrated=False, doubt=doubt)


def order(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """int64 [t]: ranks of scores [t] from 0, equal scores alike."""
    ranks: NDArray[np.int64] = np.unique(scores, return_inverse=True)[1]
    return ranks


def _to_unit_size(scores: NDArray[np.float64]) -> float:
    """The power of two that brings extreme scores to unit size; 1 for usual ones."""
    largest = float(np.abs(scores).max())
    if largest == 0 or 1 / LARGE <= largest <= LARGE:
        return 1.0
    return 2.0 ** min(-math.frexp(largest)[1], 1000)


def _newton(
    x: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope and offset that minimise the weighted cross-entropy, which is convex."""
    beta = np.zeros(2)
    design = np.stack([x, np.ones_like(x)])
    loss = _loss(beta, design, target, weight)
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-np.clip(beta @ design, -500, 500)))
        gradient = design @ (weight * (probability - target))
        curvature = (design * (weight * probability * (1 - probability))) @ design.T
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), gradient)
        for _ in range(HALVINGS):
            moved = beta - step
            new = _loss(moved, design, target, weight)
            if new <= loss:
                break
            step = step / 2
        else:
            break
        close = loss - new < CLOSE
        beta, loss = moved, new
        if close:
            break
    return float(beta[0]), float(beta[1])


def _loss(
    beta: NDArray[np.float64],
    design: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    z = beta @ design
    # log(1 + exp(z)) - target z, without overflow
    return float((weight * (np.logaddexp(0, z) - target * z)).sum())
