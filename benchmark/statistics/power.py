"""How small a difference shows, how many episodes a precision needs, and when two are as good.

All on the t distribution of an estimate with a standard error and degrees of freedom, as
`Interval` and `Paired` give them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import nctdtr, ndtr, stdtr, stdtrit

from benchmark.statistics.difference import DifferenceVariance
from benchmark.statistics.quantile import mixed_quantile, seed_weight


@dataclass(frozen=True)
class Components:
    """Variances of a two-way analysis of accuracies [seeds, units] (or of a difference's).

    `seed` and `unit` are between seeds and between units, `residual` what is left; none below 0.
    """

    seed: float
    unit: float
    residual: float

    def variance(self, seeds: int, units: int) -> float:
        """Of the mean over so many seeds and units."""
        return self.seed / seeds + self.unit / units + self.residual / (seeds * units)

    def half_width(self, seeds: int, units: int, level: float = 0.95) -> float:
        """Half of the interval that `intervals` would show on average, in accuracy.

        With one seed, as there, luck in training is left out.
        """
        if units < 2:
            return math.inf
        rest = (self.unit + self.residual / seeds) / units
        seed = self.seed / seeds if seeds > 1 else 0.0
        weight = seed_weight(seed, rest)
        quantile = mixed_quantile(weight, seeds - 1, units - 1, 1 - level)
        return float(quantile) * math.sqrt(rest + seed)


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests. `p` is the larger of the two; `low`, `high` the interval they imply."""

    equivalent: bool
    p: float
    low: float
    high: float
    bound: float
    alpha: float


def components(accuracy: NDArray[Any]) -> Components:
    """Variance components of accuracies [seeds, units] (Searle et al. 1992, section 4.3).

    With one seed the seeds' component is unknown and given as 0, and `residual` is inside `unit`.

    Raises:
        ValueError: for fewer than two units.
    """
    x = np.asarray(accuracy, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2:
        raise ValueError(f"accuracy has shape {x.shape}, expected [seeds, 2 or more units]")
    seeds, units = x.shape
    if seeds == 1:
        return Components(0.0, float(x.var(ddof=1)), 0.0)
    of_seed, of_unit = x.mean(axis=1, keepdims=True), x.mean(axis=0)
    residual = float(np.square(x - of_seed - of_unit + x.mean()).sum())
    residual /= (seeds - 1) * (units - 1)
    return Components(
        max(float(of_seed.var(ddof=1)) - residual / units, 0.0),
        max(float(of_unit.var(ddof=1)) - residual / seeds, 0.0),
        residual,
    )


def power(difference: float, variance: DifferenceVariance, level: float = 0.95) -> float:
    """Probability that a true difference is found at level 1 - `level`, two-sided.

    By the noncentral t distribution where units alone vary (Cohen 1988, Statistical Power Analysis,
    chapter 2), else by quadrature over what the estimated parts of the variance can be.
    """
    if variance.error == 0:
        return float(difference != 0)
    if not any(variance.luck):
        freedom = variance.count - 1
        quantile, shift = _quantile(freedom, level), abs(difference) / variance.error
        return float(1 - nctdtr(freedom, shift, quantile) + nctdtr(freedom, shift, -quantile))
    return _found(difference, variance.error, variance.half_widths(1 - level))


def smallest_detectable(
    variance: DifferenceVariance, level: float = 0.95, wanted: float = 0.8
) -> float:
    """The true difference that is found with probability `wanted`, in accuracy; 0 without error."""
    error = variance.error
    if error == 0:
        return 0.0
    widths = variance.half_widths(1 - level) if any(variance.luck) else None

    def found(times: float) -> float:
        if widths is None:
            return power(times * error, variance, level)
        return _found(times * error, error, widths)

    low, high = 0.0, 2.0
    while found(high) < wanted:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        if found(middle) < wanted:
            low = middle
        else:
            high = middle
    return high * error


def _found(difference: float, error: float, half_widths: NDArray[np.float64]) -> float:
    """How often |estimate| exceeds its half width, which does not depend on it."""
    above, below = (abs(difference) - half_widths) / error, (-abs(difference) - half_widths) / error
    return float((ndtr(above) + ndtr(below)).mean())


def units_needed(
    parts: Components, seeds: int, half_width: float, level: float = 0.95, most: int = 10_000_000
) -> int | None:
    """Fewest units (episodes, groups) for an interval of this half width with so many seeds.

    None where even `most` do not suffice: then more seeds are needed.
    """
    if parts.half_width(seeds, most, level) > half_width:
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        if parts.half_width(seeds, middle, level) <= half_width:
            high = middle
        else:
            low = middle
    return high


def seeds_needed(
    parts: Components, units: int, half_width: float, level: float = 0.95, most: int = 1_000
) -> int | None:
    """Fewest seeds, two or more, for an interval of this half width with so many units, or None."""
    for seeds in range(2, most + 1):
        if parts.half_width(seeds, units, level) <= half_width:
            return seeds
    return None


def equivalence(
    difference: float, standard_error: float, freedom: float, bound: float, alpha: float = 0.05
) -> Equivalence:
    """Whether a difference lies within `bound` of zero: two one-sided t tests at `alpha`.

    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15. Equivalent exactly where
    the interval of level 1 - 2 `alpha` lies inside the bound.

    Raises:
        ValueError: for a bound that is not positive.
    """
    if bound <= 0:
        raise ValueError(f"bound {bound} must be positive")
    if standard_error == 0:
        inside = abs(difference) < bound
        return Equivalence(inside, float(not inside), difference, difference, bound, alpha)
    worst = float(stdtr(freedom, (abs(difference) - bound) / standard_error))
    half = _quantile(freedom, 1 - 2 * alpha) * standard_error
    return Equivalence(worst <= alpha, worst, difference - half, difference + half, bound, alpha)


def _quantile(freedom: float, level: float) -> float:
    return float(stdtrit(freedom, (1 + level) / 2))
