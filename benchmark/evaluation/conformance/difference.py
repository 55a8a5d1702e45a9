"""Whether two answers are the same but for rounding, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# A hidden dependence moves scores by tenths of their spread. Rounding after hundreds of steps of an
# iterative head has been seen at 0.3 %, where an untrained network's scores hardly differ.
OF_SPREAD, OF_SIZE = 1e-2, 1e-5


@dataclass(frozen=True)
class Difference:
    """The largest difference between two answers.

    Attributes:
        largest: in the unit of the answers; infinite where one of them is not finite.
        allowed: what rounding may do.
        spread: standard deviation of the answers.
    """

    largest: float
    allowed: float
    spread: float

    @property
    def same(self) -> bool:
        """Whether rounding explains it."""
        return self.largest <= self.allowed

    def __str__(self) -> str:
        if self.largest == float("inf"):
            return "one of the two answers is not finite"
        share = f", {100 * self.largest / self.spread:.3g} % of their spread" if self.spread else ""
        return f"the largest difference is {self.largest:.3g}{share}"


def between(expected: Tensor, found: Tensor, spread: float | None = None) -> Difference:
    """Compares two answers of one shape.

    Args:
        expected: what was answered first.
        found: what should be the same.
        spread: standard deviation of more answers of this kind, where these are few.
    """
    expected, found = expected.double(), found.double()
    if spread is None:
        spread = float(expected.std(correction=0)) if expected.numel() else 0.0
    allowed = OF_SPREAD * spread + OF_SIZE * float(expected.abs().max())
    largest = float((expected - found).abs().max())
    if not (torch.isfinite(expected).all() and torch.isfinite(found).all()):
        largest = float("inf")
    return Difference(largest, allowed, spread)
