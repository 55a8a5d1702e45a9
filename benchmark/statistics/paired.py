"""The difference of two models that answered the same units, each with training seeds of its own.

Units (episodes, groups, classes) pair; seeds do not. Accuracy of model m's seed s on unit e is

    x_mse = mu_m + u_e + a_ms + b_me + r_mse

What both models find hard, u_e, drops out. With d_e the difference of the two models' means over
their seeds, E units and S_m seeds (variance components as in Searle, Casella and McCulloch 1992,
Variance Components, section 4.3, for each model's seeds, and the units' differences in pairs),

    Var(d.) = s_d^2 / E + c_A + c_B,    c_m = max(v_m - MS_residual_m / E, 0) / S_m

where s_d^2 is the variance of the d_e and v_m that of the model's seed means; never below
v_A / S_A + v_B / S_B. The t quantile is that of `difference.py`; p is the level at which the
interval just touches zero. With three or five seeds and 10 to 300 units the nominal 95 % covers 94
to 97.1 %, and at most 6 % of comparisons of equal models raise a false alarm.

Two models that answer with the very same trained networks (two heads, or numbers of views, of one
training) share its luck: their seeds pair as the units do, and the analysis is that of the
differences [S, E] against nothing.

With one seed the variance between trainings is unknown. The interval then covers these trained
networks alone, `covers_training` is false, and there is no p: a test that left that variance out
would call two trainings of one method different in 6 to 74 % of comparisons at a nominal 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.difference import DifferenceVariance
from benchmark.statistics.units import MIN_GROUPS, of_classes, of_episodes, of_groups

Unit = Literal["episode", "group", "class", "query", "subject"]


@dataclass(frozen=True)
class Paired:
    """Difference in accuracy, first model minus second, with interval and test.

    Attributes:
        difference: mean difference, in [-1, 1].
        low, high: the interval; NaN with a single unit.
        half_width: half the interval.
        standard_error: of the difference.
        degrees_of_freedom: whose t quantile is the one used at this level.
        p: two-sided, of no difference; NaN with a single unit, and where the seed variance of a
            side is unknown.
        level: the nominal coverage.
        seeds: trained networks of the first and of the second model.
        unit, units: over what the analysis ran, and how many there are.
        wins, ties, losses: units on which the first model's mean over its seeds is above, equal to
            and below that of the second; None for subjects, none of whom has a rate alone.
        covers_training: whether the variance between training seeds is part of the interval.
        variance: its parts; None with a single unit.
        same_networks: whether seeds paired as units do.
    """

    difference: float
    low: float
    high: float
    half_width: float
    standard_error: float
    degrees_of_freedom: float
    p: float
    level: float
    seeds: tuple[int, int]
    unit: Unit
    units: int
    wins: int | None
    ties: int | None
    losses: int | None
    covers_training: bool
    variance: DifferenceVariance | None
    same_networks: bool


def these_images(
    a: NDArray[Any],
    b: NDArray[Any],
    of: int,
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> Paired:
    """The difference on the task's images, over other episodes and training seeds.

    Args:
        a: integers [seeds, episodes], correct answers of the first model.
        b: integers [seeds, episodes] of the second on the same episodes; the number of seeds may
            be another one.
        of: queries in each episode.
        level: nominal coverage in (0, 1).
        luck: whether training can make the seeds of a model differ; a fixed model needs no second.
        same_networks: whether seed for seed both answered with the same trained weights.

    Raises:
        ValueError: for counts that are none, unequal numbers of episodes, and unequal numbers of
            seeds of the same networks.
    """
    return compare_units(
        of_episodes(a, of), of_episodes(b, of), "episode", level, luck, same_networks
    )


def new_classes(
    a: NDArray[Any],
    b: NDArray[Any],
    of: int,
    groups: NDArray[Any],
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> Paired | None:
    """The difference on other classes of the same kind: the unit is the group.

    `groups` are integers [episodes]; the other arguments are those of `these_images`. None with
    fewer than three groups.

    Raises:
        ValueError: as `these_images`, and for groups that do not fit the episodes.
    """
    one, two = of_groups(of_episodes(a, of), groups), of_groups(of_episodes(b, of), groups)
    return (
        None
        if one.shape[1] < MIN_GROUPS
        else compare_units(one, two, "group", level, luck, same_networks)
    )


def new_classes_shared(
    a: NDArray[Any],
    b: NDArray[Any],
    of: int,
    classes: NDArray[Any],
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> Paired | None:
    """The difference on other classes where episodes share them: delete-one-class jackknife.

    `classes` are integers [episodes, n], the classes of each episode; the unit is the class, by
    the pseudo-values of `units.of_classes`. None with fewer than three classes.

    Raises:
        ValueError: as `these_images`, and as `units.of_classes`.
    """
    if np.count_nonzero(np.bincount(np.ravel(classes))) < MIN_GROUPS:
        return None
    one, two = of_episodes(a, of), of_episodes(b, of)
    difference = float(one.mean() - two.mean())
    one, two = of_classes(one, classes), of_classes(two, classes)
    one += difference - (one.mean() - two.mean())
    return compare_units(one, two, "class", level, luck, same_networks)


def compare_units(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    unit: Unit,
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> Paired:
    """The analysis of the module's docstring on accuracies a [S_A, E] and b [S_B, E].

    Raises:
        ValueError: for unequal numbers of units and a level outside (0, 1).
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"units do not pair: shapes {a.shape} and {b.shape}")
    if same_networks and len(a) != len(b):
        raise ValueError(f"seeds do not pair: {len(a)} and {len(b)}")
    if not 0 < level < 1:
        raise ValueError(f"level {level} must lie between 0 and 1")
    units = a.shape[1]
    of_unit = a.mean(axis=0) - b.mean(axis=0)
    # Equal accuracies whose sums were rounded differently are equal.
    of_unit[np.abs(of_unit) < 1e-12] = 0.0
    mean = float(of_unit.mean())
    wins, losses = int((of_unit > 0).sum()), int((of_unit < 0).sum())
    seeds = (len(a), len(b))
    covers = all(count > 1 or not lucky for count, lucky in zip(seeds, luck, strict=True))
    error = freedom = p = half = math.nan
    variance = None
    if units > 1:
        if same_networks:
            a, b = a - b, np.zeros((1, units))
        raw_a, seed_a = seed_parts(a)
        raw_b, seed_b = seed_parts(b)
        of_units = float(of_unit.var(ddof=1)) / units
        variance = DifferenceVariance(
            (seed_a, seed_b), (len(a), len(b)), of_units, units, raw_a + raw_b
        )
        error, freedom = variance.error, variance.degrees_of_freedom(1 - level)
        half = variance.quantile(1 - level) * error
        p = variance.p(mean) if covers else math.nan
    return Paired(
        mean, mean - half, mean + half, half, error, freedom, p, level, seeds, unit, units,
        wins, units - wins - losses, losses, covers, variance,
        same_networks,
    )  # fmt: skip


def seed_parts(x: NDArray[np.float64]) -> tuple[float, float]:
    """Variance of the mean over seeds [S, E] by the seeds: as it shows, and without residuals."""
    seeds, units = x.shape
    if seeds == 1 or bool((x == x[0]).all()):
        return 0.0, 0.0
    of_seed = x.mean(axis=1, keepdims=True)
    variance = float(of_seed.var(ddof=1))
    residual = float(np.square(x - of_seed - x.mean(axis=0) + x.mean()).sum())
    residual /= (seeds - 1) * (units - 1)
    return variance / seeds, max(variance - residual / units, 0.0) / seeds
