"""Ranks over tasks or data sets: means, their bootstrap intervals, and Friedman with Nemenyi.

Rank 1 is the highest score; equal scores share the mean of their ranks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

MIN_DATA_SETS = 6


@dataclass(frozen=True, eq=False)
class RankIntervals:
    """Mean rank of each model over the tasks with its percentile interval; float64 [models]."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float
    replicates: int


@dataclass(frozen=True, eq=False)
class Friedman:
    """Whether the models differ over data sets at all, and how far mean ranks must lie apart.

    Attributes:
        statistic, p: Friedman's chi-square with ties corrected, and its p.
        mean_ranks: float64 [models].
        critical_difference: mean ranks at least this far apart differ (Nemenyi).
        data_sets: number of data sets behind it.
    """

    statistic: float
    p: float
    mean_ranks: NDArray[np.float64]
    critical_difference: float
    data_sets: int


def ranks(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks along the last axis of scores [..., models], 1 for the highest, ties shared."""
    x = np.asarray(scores, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("a score is missing: ranks over a row with holes mean nothing")
    above = (x[..., None, :] > x[..., :, None]).sum(axis=-1)
    equal = (x[..., None, :] == x[..., :, None]).sum(axis=-1)
    result: NDArray[np.float64] = above + (equal + 1) / 2
    return result


def rank_intervals(
    scores: Sequence[NDArray[Any]],
    generator: np.random.Generator,
    *,
    shared_groups: bool = False,
    level: float = 0.95,
    replicates: int = 2_000,
) -> RankIntervals:
    """Bootstrap intervals of mean ranks: which other groups of classes might have come up.

    Groups are drawn with replacement inside each task, all models on the same ones, and the
    models are ranked anew on the means (Goldstein and Spiegelhalter 1996, Journal of the Royal
    Statistical Society A 159).

    Args:
        scores: per task float [models, groups], means over seeds; groups may differ in number.
        generator: draws the groups.
        shared_groups: whether all tasks have the same groups in the same order (alphabets), which
            are then drawn together.
        level: nominal coverage in (0, 1).
        replicates: bootstrap samples.

    Raises:
        ValueError: for scores that do not fit together or are missing.
    """
    tasks = [np.asarray(task, dtype=np.float64) for task in scores]
    if not tasks or len({len(task) for task in tasks}) > 1:
        raise ValueError("every task needs the scores of the same models")
    if shared_groups and len({task.shape[1] for task in tasks}) > 1:
        raise ValueError("shared groups, but the tasks have unequal numbers of them")
    total = np.zeros((replicates, len(tasks[0])))
    drawn: NDArray[np.int64] | None = None
    for task in tasks:
        groups = task.shape[1]
        if drawn is None or not shared_groups:
            drawn = generator.integers(0, groups, size=(replicates, groups))
        total += ranks(task[:, drawn].mean(axis=2).T)
    total /= len(tasks)
    low, high = np.quantile(total, [(1 - level) / 2, (1 + level) / 2], axis=0)
    mean = np.mean([ranks(task.mean(axis=1)) for task in tasks], axis=0)
    return RankIntervals(mean, low, high, level, replicates)


def friedman(scores: NDArray[Any], alpha: float = 0.05) -> Friedman:
    """Friedman's test and Nemenyi's critical difference (Demsar 2006, JMLR 7, section 3.2).

    Args:
        scores: float [data sets, models]; each data set counts once, so two tasks on the same
            classes are one.
        alpha: level of the critical difference.

    Raises:
        ValueError: for fewer than six data sets or three models, or missing scores.
    """
    x = np.asarray(scores, dtype=np.float64)
    data_sets, models = x.shape
    if data_sets < MIN_DATA_SETS or models < 3:
        raise ValueError(
            f"{data_sets} data sets and {models} models: a critical difference needs at least "
            f"{MIN_DATA_SETS} and 3"
        )
    from scipy.stats import studentized_range

    ranked = ranks(x)
    of_model = ranked.mean(axis=0)
    # Variance of the ranks inside the rows, which ties make smaller (Conover 1999, section 5.8).
    spread = float(np.square(ranked - (models + 1) / 2).sum())
    if spread == 0:
        statistic = 0.0
    else:
        between = float(np.square(of_model - (models + 1) / 2).sum())
        statistic = (models - 1) * data_sets**2 * between / spread
    quantile = float(studentized_range.ppf(1 - alpha, models, np.inf))
    critical = quantile * math.sqrt(models * (models + 1) / (12 * data_sets))
    return Friedman(statistic, float(chdtrc(models - 1, statistic)), of_model, critical, data_sets)
