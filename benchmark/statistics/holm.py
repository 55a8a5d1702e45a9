"""Holm's step-down correction: many tests, and still at most one false alarm in twenty families.

Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
Statistics 6. Valid however the tests depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Family:
    """A family of tests.

    Attributes:
        adjusted: float64 [tests], p values that may be held against the level one by one; NaN
            where the test itself gave none.
        rejected: bool [tests], whether the adjusted p is at most `alpha`.
        alpha: level of the whole family.
        tests: how many counted, those without a p left out.
    """

    adjusted: NDArray[np.float64]
    rejected: NDArray[np.bool_]
    alpha: float
    tests: int


def holm(p: NDArray[Any], alpha: float = 0.05) -> Family:
    """Adjusts the p values of a family.

    The k-th smallest of m, counted from zero, is multiplied by m - k, cut at 1, and never smaller
    than the one before it.

    Args:
        p: float [tests] in [0, 1]; NaN for a test that could not be made.
        alpha: level of the family.

    Raises:
        ValueError: for values outside [0, 1].
    """
    values = np.asarray(p, dtype=np.float64)
    there = np.flatnonzero(~np.isnan(values))
    if ((values[there] < 0) | (values[there] > 1)).any():
        raise ValueError("p values must lie between 0 and 1")
    order = there[np.argsort(values[there], kind="stable")]
    stepped = values[order] * (len(order) - np.arange(len(order)))
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return Family(adjusted, adjusted <= alpha, alpha, len(order))
