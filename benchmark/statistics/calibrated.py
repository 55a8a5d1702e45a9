"""What log-odds promise and what is so, with same and different pairs weighing the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Why a scaling that is fitted on validation trials cannot be, or is uncertain.
DOUBTS = {
    "one answer": "all validation trials have the same right answer",
    "constant": "all validation trials have the same similarity",
    "reversed": "same pairs of the validation trials are not more alike than different ones",
    "few": "there are fewer than 20 same or 20 different validation trials",
    "separated": "similarities separate the validation trials perfectly",
}
UNFIT = frozenset({"one answer", "constant", "reversed"})  # of these no scaling can be fitted
BINS = 15  # of equal width (Guo et al. 2017)


def chances(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds as probabilities in [0, 1]."""
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    return probability


def accuracy(log_odds: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Mean of the shares of same and of different pairs told right by the threshold 0.

    Log-odds of exactly 0 tell nothing and count half, so a constant scorer has 0.5.
    """
    right = np.where(same, log_odds > 0, log_odds < 0) + 0.5 * (log_odds == 0)
    return float((right[same].mean() + right[~same].mean()) / 2)


def log_loss(log_odds: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Mean -log probability of the right answer, in nats; log 2 = 0.693 knows nothing."""
    loss = np.logaddexp(0, np.where(same, -log_odds, log_odds))
    return float((loss[same].mean() + loss[~same].mean()) / 2)


def expected_calibration_error(log_odds: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Mean |probability of same - share of same pairs| over 15 bins of that probability."""
    probability = chances(log_odds)
    weight = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    told = np.bincount(place, weights=weight * probability, minlength=BINS)
    so = np.bincount(place, weights=weight * same, minlength=BINS)
    return float(np.abs(told - so).sum())
