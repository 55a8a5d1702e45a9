"""Platt scaling: scores of any scale become log-odds of "same" (Platt 1999).

Same and different weigh the same in the fit, whatever their numbers, so that log-odds 0 is the
threshold at which a pair is as likely of either. The targets are Platt's own, (n + 1) / (n + 2) and
1 / (n + 2), which keep the fit finite where scores part the two perfectly.

Differences from the paper: the slope is not allowed below 0 (higher scores mean more alike, by the
protocol); where the best fit has none above it, nothing is known and all log-odds are 0. Newton's
method with halved steps as in Lin, Lin and Weng (2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 10**9  # thousandths: keeps an outlier within what JSON readers take for whole numbers
STEPS, HALVINGS, CLOSE = 50, 20, 1e-10


@dataclass(frozen=True)
class Platt:
    """log-odds = slope * score + offset.

    Attributes:
        slope: at least 0; 0 where the validation scores do not tell same from different.
        offset: the log-odds of a score of 0.
        calibrated: False where there was nothing to fit on and scores are only brought to mean 0
            and deviation 1.
    """

    slope: float
    offset: float
    calibrated: bool = True

    def thousandths(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """int64 [t]: log-odds of scores [t] in thousandths."""
        odds = np.clip(1000 * (self.slope * scores + self.offset), -MOST, MOST)
        return np.rint(odds).astype(np.int64)


def fit(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> Platt:
    """The scaling of scores [t] whose right answers are `same` [t].

    Raises:
        ValueError: where one of the two answers does not occur.
    """
    same_count, count = int(same.sum()), len(same)
    if not 0 < same_count < count:
        raise ValueError("Platt scaling needs pairs that are the same and pairs that are not")
    centre, spread = float(scores.mean()), float(scores.std())
    if spread <= 1e-12 * max(1.0, abs(centre)):
        return Platt(0.0, 0.0)  # constant
    x = (scores - centre) / spread
    different = count - same_count
    target = np.where(same, (same_count + 1) / (same_count + 2), 1 / (different + 2))
    weight = np.where(same, 0.5 / same_count, 0.5 / different)
    slope, offset = _newton(x, target, weight)
    if slope <= 0:
        return Platt(0.0, 0.0)
    return Platt(slope / spread, offset - slope * centre / spread)


def standardised(scores: NDArray[np.float64]) -> Platt:
    """What stands for the scaling where nothing can be fitted: mean 0, deviation 1."""
    spread = float(scores.std())
    if spread == 0:
        return Platt(0.0, 0.0, calibrated=False)
    return Platt(1 / spread, -float(scores.mean()) / spread, calibrated=False)


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
