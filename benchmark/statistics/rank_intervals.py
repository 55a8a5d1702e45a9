"""Which ranks a model can have: intervals for the ranks of all models of one table at once.

Every two models are compared by the paired test of `paired.py` (for rates `paired_rates.py`), with
Holm's correction over all pairs. The lowest rank of a model is 1 plus the number of models that are
significantly better, the highest the number of models less those that are significantly worse. With
a probability of 95 % or more all true ranks lie in these intervals together (Mogstad, Romano,
Shaikh and Wilhelm 2024, Inference for ranks, Review of Economic Studies 91; Al Mohamad, Goeman and
van Zwet 2022, Simultaneous confidence intervals for ranks, Biometrics 78).

A table ranks by the mean over its tasks. Tasks share classes, seeds and models, so the standard
deviation of a mean over T tasks is at most the mean of the T standard deviations, whatever their
dependence: two models differ where the mean difference is larger than the mean of the tasks' half
widths. Pairs with an unknown seed variance are never called different.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.difference import mixture
from benchmark.statistics.quantile import mixed_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class TaskEvidence:
    """What every two of N models answered on one task; matrices are [N, N], row minus column.

    Attributes:
        difference: of the two models, positive where the row is better; in [-1, 1].
        by_units: variance of the difference by units (groups, classes, subjects, episodes).
        by_seeds: the same by the training seeds of the row and of the column.
        seeds: numbers of training seeds of the row and of the column.
        least: below which the whole variance is not taken to be.
        freedom: degrees of freedom of the units.
        known: whether the seed variance of both is known.
    """

    difference: Floats
    by_units: Floats
    by_seeds: tuple[Floats, Floats]
    seeds: tuple[Integers, Integers]
    least: Floats
    freedom: int
    known: NDArray[np.bool_]


def rank_intervals(
    tasks: Sequence[TaskEvidence], alpha: float = 0.05
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lowest and the highest rank of each model, int64 [N], counted from 1.

    Args:
        tasks: those of the table, one or more, of the same models.
        alpha: how often any of the intervals may miss.

    Raises:
        ValueError: there is no task.
    """
    if not tasks:
        raise ValueError("there are no tasks")
    models = len(tasks[0].difference)
    pairs = np.array(list(itertools.combinations(range(models), 2)), dtype=np.int64).reshape(-1, 2)
    known = np.all([task.known[pairs[:, 0], pairs[:, 1]] for task in tasks], axis=0)
    row, column = pairs[known].T
    difference = np.mean([task.difference[row, column] for task in tasks], axis=0)
    rejected = np.zeros(len(row), dtype=bool)
    while len(row):  # Holm's steps, all that share a level at once
        left = len(row) - int(rejected.sum())
        if not left:
            break
        half = np.mean([_half_widths(task, row, column, alpha / left) for task in tasks], axis=0)
        further = np.abs(difference) > half
        if further.sum() <= rejected.sum():
            break
        rejected = further
    better = np.where(difference > 0, row, column)[rejected]
    worse = np.where(difference > 0, column, row)[rejected]
    low = 1 + np.bincount(worse, minlength=models)
    high = models - np.bincount(better, minlength=models)
    return low.astype(np.int64), high.astype(np.int64)


def _half_widths(task: TaskEvidence, row: Integers, column: Integers, alpha: float) -> Floats:
    """Half of the interval of level 1 - alpha of each pair."""
    a, b = (part[row, column] for part in task.by_seeds)
    seeds = task.seeds[0][row, column], task.seeds[1][row, column]
    units = task.by_units[row, column]
    weight, freedom = mixture(a, b, units, seeds)
    error = np.sqrt(np.maximum(a + b + units, task.least[row, column]))
    half: Floats = mixed_quantile(weight, freedom, task.freedom, alpha) * error
    return half
