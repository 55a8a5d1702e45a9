"""Resampling whole subjects (classes, people), and what training luck adds to the interval.

Percentile bootstrap over subjects (Efron and Tibshirani 1993, chapters 13 and 17), the same draws
for all networks, so that the interval is that of their mean. Training seeds are too few to be
resampled: the half width t s / sqrt(S) of the mean over S seeds (Student's t with S - 1 degrees of
freedom) is added in quadrature on either side. Since s also holds what seeds and subjects have in
common, this errs on the wide side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from benchmark.statistics.intervals import Interval
from benchmark.tasks.draw import below, words

REPLICATES = 500
LEVEL = 0.95


def multiplicities(name: str, subjects: int, replicates: int = REPLICATES) -> NDArray[np.float32]:
    """float32 [replicates, subjects]: how often each subject is drawn; the same on every machine.

    `name` keys the draw, so that tasks are resampled independently.
    """
    drawn = below(words(f"oneshot-benchmark/bootstrap/{name}", 0, replicates, subjects), subjects)
    flat = drawn + subjects * np.arange(replicates)[:, None]
    counts = np.bincount(flat.ravel(), minlength=replicates * subjects)
    return counts.reshape(replicates, subjects).astype(np.float32)


def interval(
    per_seed: Sequence[float], replicates: NDArray[np.floating], questions: int, subjects: int
) -> Interval:
    """The mean over seeds in [0, 1] with its 95 % interval for other subjects and seeds.

    Args:
        per_seed: the measure of each seed, a mean over its folds.
        replicates: float [b], the mean over seeds in each replicate; NaN where a replicate has no
            trial of one answer.
        questions: trials or queries behind the mean.
        subjects: number of subjects resampled.
    """
    mean, seeds = float(np.mean(per_seed)), len(per_seed)
    same = seeds > 1 and len(set(per_seed)) == 1
    luck = 0.0
    if seeds > 1:
        t = float(stdtrit(seeds - 1, (1 + LEVEL) / 2))
        luck = t * float(np.std(per_seed, ddof=1)) / math.sqrt(seeds)
    if subjects < 2 or np.isnan(replicates).all():
        nan = math.nan
        return Interval(mean, nan, nan, nan, nan, LEVEL, seeds, questions, subjects, same)
    lower, upper = np.nanquantile(replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    down, up = max(mean - float(lower), 0.0), max(float(upper) - mean, 0.0)
    low, high = mean - math.hypot(down, luck), mean + math.hypot(up, luck)
    half = (high - low) / 2
    return Interval(
        mean, max(low, 0.0), min(high, 1.0), half, math.nan, LEVEL, seeds, questions, subjects, same
    )
