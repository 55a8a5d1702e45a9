"""The sign-flip test: is a paired difference more than the luck of which units came up?

Where the two models are alike on new units, each unit's difference is as likely to have the other
sign (Fisher 1935, The Design of Experiments, section 21). Nothing is assumed of the differences'
distribution but symmetry. The test speaks of the trained networks as they are: a seed that trained
well shifts all units at once, and flipping signs cannot see that. Use it beside the test of
`paired`, never in its place where training is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_EXACT = 20  # units; half a million sums
DRAWS = 9_999
BLOCK = 512


@dataclass(frozen=True)
class SignFlip:
    """Two-sided p of no difference.

    Attributes:
        p: share of the sign patterns whose sum is as far from zero as the observed one, at least
            1 / patterns.
        patterns: sign patterns looked at, the observed one among them.
        exact: whether these are all there are.
    """

    p: float
    patterns: int
    exact: bool


def sign_flip(
    differences: NDArray[Any], generator: np.random.Generator, draws: int = DRAWS
) -> SignFlip:
    """Tests that paired differences [units] are symmetric about zero.

    All 2^units patterns where there are at most 20 units, else `draws` random ones and the
    observed one (Phipson and Smyth 2010: p is never zero).

    Args:
        differences: float [units], first model minus second, one value a unit.
        generator: draws the patterns where there are too many to look at all.
        draws: number of drawn patterns.

    Raises:
        ValueError: for an array that is not [units].
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"differences have shape {values.shape}, expected [units]")
    # Sums of the same numbers in another order differ in the last digits.
    bound = abs(values.sum()) - 1e-9 * np.abs(values).sum()
    if len(values) <= MOST_EXACT:
        sums = values[:1]  # a pattern and its opposite count alike: the first sign stays
        for value in values[1:]:
            sums = np.concatenate([sums + value, sums - value])
        hits = int((np.abs(sums) >= bound).sum())
        return SignFlip(hits / len(sums), 2 * len(sums), True)
    hits = 0
    for first in range(0, draws, BLOCK):
        count = min(BLOCK, draws - first)
        bits = np.frombuffer(generator.bytes(count * -(-len(values) // 8)), dtype=np.uint8)
        flips = np.unpackbits(bits.reshape(count, -1), axis=1, count=len(values))
        sums = values.sum() - 2 * (flips @ values)
        hits += int((np.abs(sums) >= bound).sum())
    return SignFlip((1 + hits) / (1 + draws), 1 + draws, False)
