"""Intervals for a mean accuracy: one for these images and training seeds, one for new classes.

Both are a two-way random effects analysis without replication (Searle, Casella and McCulloch 1992,
Variance Components, section 4.3; Brennan 2001, Generalizability Theory, chapter 2). Accuracy x_se
of seed s on unit e (an episode, or a group of classes) is mu + a_s + b_e + r_se. With S seeds and
E units, all seeds answering the same units,

    MS_seed     = E  sum_s (x_s. - x..)^2 / (S - 1)
    MS_unit     = S  sum_e (x_.e - x..)^2 / (E - 1)
    MS_residual = sum_se (x_se - x_s. - x_.e + x..)^2 / ((S - 1) (E - 1))
    Var(x..)    = (MS_unit + MS_seed - MS_residual) / (E S)

never taken below MS_unit / (E S) or MS_seed / (E S), the variances with one factor alone, to which
it falls when the other factor's component is estimated as negative.

Differences from the textbook: the t quantile is not that of Satterthwaite's degrees of freedom but
that of `quantile.py`, which says why. It covers 94 to 97 % with three or five seeds. The degrees of
freedom reported are those whose t quantile is the one used. Two seeds are too few for any such
interval where training luck dominates; it then covers some 90 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtridf

from benchmark.statistics.quantile import mixed_quantile, seed_weight
from benchmark.statistics.units import MIN_GROUPS, of_classes, of_episodes, of_groups


@dataclass(frozen=True)
class Interval:
    """A mean accuracy in [0, 1] with a two-sided interval.

    Attributes:
        mean: mean over seeds and units, in [0, 1].
        low, high: the interval, cut at 0 and 1; NaN where a single unit leaves nothing to estimate.
        half_width: half the uncut interval, in accuracy.
        degrees_of_freedom: of the t quantile behind the half width; NaN with a single unit.
        level: the nominal coverage, such as 0.95.
        seeds: number of trained models; with 1 the interval does not cover training luck.
        episodes: number of episodes behind the mean.
        groups: number of groups (or classes) where they are the unit, else None.
        deterministic: whether two or more seeds gave the same counts throughout.
    """

    mean: float
    low: float
    high: float
    half_width: float
    degrees_of_freedom: float
    level: float
    seeds: int
    episodes: int
    groups: int | None = None
    deterministic: bool = False

    @property
    def covers_training(self) -> bool:
        """Whether the spread between training seeds is part of the interval."""
        return self.seeds > 1


def these_images(correct: NDArray[Any], of: int, level: float = 0.95) -> Interval:
    """Interval for the accuracy on the task's images, over other episodes and training seeds.

    Args:
        correct: integers [seeds, episodes], correct answers; every seed answered the same episodes.
        of: queries in each episode.
        level: nominal coverage in (0, 1).

    Raises:
        ValueError: for an array that is not [seeds, episodes], counts outside 0..of or a level
            outside (0, 1).
    """
    accuracy = of_episodes(correct, of)
    return of_units(accuracy, level, episodes=accuracy.shape[1], groups=None)


def new_classes(
    correct: NDArray[Any], of: int, groups: NDArray[Any], level: float = 0.95
) -> Interval | None:
    """Interval for the accuracy on other classes of the same kind, and other training seeds.

    The unit is the group (alphabet, run, ...): each seed's episodes are averaged inside each group
    and the two-way analysis runs over these means [seeds, groups]. With one seed, or seeds that
    agree, it is the t interval over group means. Each group weighs the same, so the centre differs
    from the plain mean where groups have unequal numbers of episodes.

    Args:
        correct: integers [seeds, episodes].
        of: queries in each episode.
        groups: integers [episodes], the group of each episode.
        level: nominal coverage in (0, 1).

    Returns:
        The interval, or None with fewer than three groups: too few to speak of new ones.

    Raises:
        ValueError: as `these_images`, and for groups that do not fit the episodes.
    """
    accuracy = of_episodes(correct, of)
    means = of_groups(accuracy, groups)
    if means.shape[1] < MIN_GROUPS:
        return None
    return of_units(means, level, episodes=accuracy.shape[1], groups=means.shape[1])


def new_classes_shared(
    correct: NDArray[Any], of: int, classes: NDArray[Any], level: float = 0.95
) -> Interval | None:
    """Interval for the accuracy on other classes where episodes share classes: the jackknife.

    The unit is the class, by the pseudo-values of `units.of_classes`, over which the two-way
    analysis runs as it does over groups; the t quantile has one degree of freedom fewer than there
    are classes (Tukey 1958). The centre is the plain mean over episodes.

    Args:
        correct: integers [seeds, episodes].
        of: queries in each episode.
        classes: integers [episodes, n], the classes that each episode holds.
        level: nominal coverage in (0, 1).

    Returns:
        The interval, or None with fewer than three classes.

    Raises:
        ValueError: as `these_images`, and as `units.of_classes`.
    """
    accuracy = of_episodes(correct, of)
    if np.count_nonzero(np.bincount(np.ravel(classes))) < MIN_GROUPS:
        return None
    pseudo = of_classes(accuracy, classes)
    pseudo += accuracy.mean() - pseudo.mean()
    return of_units(pseudo, level, episodes=accuracy.shape[1], groups=pseudo.shape[1])


def without_interval(of_seed: NDArray[np.float64], questions: int) -> Interval:
    """The mean of what each seed reached, float64 [seeds], where no unit can be told."""
    nan = math.nan
    same = len(of_seed) > 1 and bool((of_seed == of_seed[0]).all())
    return Interval(
        float(of_seed.mean()), nan, nan, nan, nan, 0.95, len(of_seed), questions, 0, same
    )


def of_units(x: NDArray[np.float64], level: float, episodes: int, groups: int | None) -> Interval:
    """The analysis of the module's docstring on x [seeds, units]."""
    if not 0 < level < 1:
        raise ValueError(f"level {level} must lie between 0 and 1")
    seeds, units = x.shape
    mean = float(x.mean())
    same = seeds > 1 and bool((x == x[0]).all())
    if units == 1:
        nothing = math.nan
        return Interval(
            mean, nothing, nothing, nothing, nothing, level, seeds, episodes, groups, same
        )
    of_unit = x.mean(axis=0)
    ms_unit = seeds * float(np.square(of_unit - mean).sum()) / (units - 1)
    ms_seed = ms_residual = 0.0
    if seeds > 1 and not same:
        of_seed = x.mean(axis=1, keepdims=True)
        ms_seed = units * float(np.square(of_seed - mean).sum()) / (seeds - 1)
        residual = np.square(x - of_seed - of_unit + mean).sum()
        ms_residual = float(residual) / ((seeds - 1) * (units - 1))
    variance = max(ms_unit + ms_seed - ms_residual, ms_unit, ms_seed) / (seeds * units)
    weight = seed_weight(max(ms_seed - ms_residual, 0.0), ms_unit)
    quantile = float(mixed_quantile(weight, seeds - 1, units - 1, 1 - level))
    freedom = float(stdtridf((1 + level) / 2, quantile)) if weight else float(units - 1)
    half = quantile * math.sqrt(variance)
    low, high = max(mean - half, 0.0), min(mean + half, 1.0)
    return Interval(mean, low, high, half, freedom, level, seeds, episodes, groups, same)
