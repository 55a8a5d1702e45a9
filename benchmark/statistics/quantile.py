"""The t quantile of a variance that has two parts, one with very few degrees of freedom.

Three seeds give a variance with two degrees of freedom. Satterthwaite's number for the sum covers
only some 92 % at a nominal 95 % where seeds carry about half of it, and the weighted mean of the
two parts' quantiles (Cochran and Cox 1957, Experimental Designs, section 4.14) up to 97.4 % where
there are only ten groups beside. Here the seeds' weight is their part w of the variance to the
power 4/3: equal to theirs where one part carries all. In 40,000 simulated measurements a case it
covers 94.0 to 96.9 % for one model with 3 or 5 seeds and 10 to 3,000 units. The difference of two
models has a quantile of its own (`difference.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import stdtrit

EXPONENT = 4 / 3


def seed_weight(seed_part: float, unit_part: float) -> float:
    """Weight in [0, 1] of the seeds' quantile, from the two parts of the variance."""
    return 0.0 if seed_part <= 0 else (seed_part / (seed_part + unit_part)) ** EXPONENT


def mixed_quantile(weight: Any, seed_freedom: Any, unit_freedom: Any, alpha: float) -> Any:
    """What |t| exceeds with probability `alpha`, in (0, 1), where nothing differs.

    Numbers or arrays of one shape; a `weight` of 0 leaves the units' quantile as it is.
    """
    of_units = -stdtrit(unit_freedom, alpha / 2)
    of_seeds = -stdtrit(np.maximum(seed_freedom, 1), alpha / 2)
    return weight * of_seeds + (1 - weight) * of_units
