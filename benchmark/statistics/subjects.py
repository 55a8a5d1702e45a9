"""Resampling whole subjects (classes, people): the variance of a rate, and its interval.

Intervals are t intervals with the bootstrap's standard error, not its percentiles: of 8 subjects
those miss the truth in 14.5 % of measurements at a nominal 5 %. The drawn subjects vary about their
own mean: n / (n - 1) makes up for it where trials have one subject, n (n - 1) / (n - 2)^2 where
they have two, since those that a subject is paired with take part in the mean; n / (n - 2) lies
between. The draw weighs a pair by both its subjects, so noise that belongs to one pair counts three
times (Owen 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1). How much that noise is,
a second draw of pairs instead of subjects shows; twice its variance is taken off, never more than
two thirds of the whole.

Training seeds are a part of their own: with v the variance of S seeds and r what of it is seeds and
subjects together, by the replicates, max(v - r, 0) / S is added. The t quantile is that of
`quantile.py`, and the interval is formed on the logit scale, which keeps it inside [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtridf

from benchmark.statistics.intervals import Interval
from benchmark.statistics.quantile import mixed_quantile, seed_weight
from benchmark.statistics.units import MIN_GROUPS
from benchmark.tasks.draw import below, words

REPLICATES = 500
LEVEL = 0.95
Floats = NDArray[np.float64]


def multiplicities(name: str, subjects: int, replicates: int = REPLICATES) -> NDArray[np.float32]:
    """float32 [replicates, subjects]: how often each subject is drawn; the same on every machine.

    `name` keys the draw, so that tasks are resampled independently.
    """
    drawn = below(words(f"oneshot-benchmark/bootstrap/{name}", 0, replicates, subjects), subjects)
    flat = drawn + subjects * np.arange(replicates)[:, None]
    counts = np.bincount(flat.ravel(), minlength=replicates * subjects)
    return counts.reshape(replicates, subjects).astype(np.float32)


def subject_variance(replicates: Floats, subjects: Sequence[int]) -> float:
    """The variance by subjects of a mean over folds.

    Args:
        replicates: float64 [2, folds, b]; first those of drawn subjects, then those of drawn pairs.
        subjects: number of subjects of each fold, three or more.
    """
    factor = np.array([count / (count - 2) for count in subjects]) / len(subjects) ** 2
    by_subject, by_pair = (factor * np.nanvar(replicates, axis=2, ddof=1)).sum(axis=1)
    return float(max(by_subject - 2 * by_pair, by_subject / 3))


def seed_variance(
    values: Floats, replicates: Floats, subjects: Sequence[int]
) -> tuple[float, float]:
    """Variance of the mean over seeds by the seeds: as it shows, and without subjects.

    Args:
        values: float64 [seeds, folds], the rates.
        replicates: float64 [2, seeds, folds, b].
        subjects: number of subjects of each fold.
    """
    seeds = len(values)
    if seeds == 1 or bool((values == values[0]).all()):
        return 0.0, 0.0
    variance = float(values.mean(axis=1).var(ddof=1))
    residual = sum(
        subject_variance(replicates[:, seed] - replicates.mean(axis=1), subjects)
        for seed in range(seeds)
    ) / (seeds - 1)
    return variance / seeds, max(variance - residual, 0.0) / seeds


def interval(
    values: Floats,
    replicates: Floats,
    questions: int,
    subjects: Sequence[int],
    centre: float | None = None,
) -> Interval:
    """A rate's mean over seeds and folds with its 95 % interval for other subjects and seeds.

    Args:
        values: float64 [seeds, folds], the rate of each network, in [0, 1].
        replicates: float64 [2, seeds, folds, b], its replicates with subjects drawn and with pairs
            drawn; NaN where a replicate has no trial of one answer, or subjects are not known.
        questions: trials behind the mean.
        subjects: number of subjects of each fold.
        centre: the mean where some seeds have more folds than all of them share.
    """
    mean, seeds = float(values.mean()) if centre is None else centre, len(values)
    of_seed = values.mean(axis=1)
    same = seeds > 1 and bool((of_seed == of_seed[0]).all())
    total = sum(subjects)
    if min(subjects) < MIN_GROUPS or bool(np.isnan(replicates).all(axis=-1).any()):
        nan = math.nan
        return Interval(mean, nan, nan, nan, nan, LEVEL, seeds, questions, total, same)
    by_subjects = subject_variance(replicates.mean(axis=1), subjects)
    raw, by_seeds = seed_variance(values, replicates, subjects)
    freedom = total - len(subjects)  # each fold has a mean of its own
    # What seeds and subjects share is known only roughly, so the weight of the seeds' quantile lies
    # half way between their variance with it and without.
    weight = seed_weight((raw + by_seeds) / 2, by_subjects)
    quantile = float(mixed_quantile(weight, seeds - 1, freedom, 1 - LEVEL))
    error = math.sqrt(max(by_subjects + by_seeds, raw))
    low, high = on_logits(mean, quantile * error)
    return Interval(
        mean, low, high, (high - low) / 2, float(stdtridf((1 + LEVEL) / 2, quantile)), LEVEL,
        seeds, questions, total, same,
    )  # fmt: skip


def on_logits(mean: float, half: float) -> tuple[float, float]:
    """The interval mean +- half carried over to the logit scale and back: inside (0, 1).

    Near 0 and 1, where the spread of a rate shrinks, it reaches further away from the border.
    """
    if not 0 < mean < 1:
        return mean, mean
    wide = half / (mean * (1 - mean))
    return float(expit(logit(mean) - wide)), float(expit(logit(mean) + wide))
