"""Contrastive loss.

Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping. CVPR 2006, eq. 4:
L = (1 - Y) 1/2 D^2 + Y 1/2 max(0, m - D)^2 with Y = 1 for a dissimilar pair.

Differences: none in the formula. From a class-balanced batch all pairs are used, similar and
different ones weighted equally: the expectation of a draw of as many similar as different pairs; a
distance that is not symmetric counts in both orders.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import PairLoss
from baselines.siamese.traits import Needs

PAPER = ("Hadsell et al. 2006", "hadsell2006dimensionality")
NEEDS = Needs(
    batches=("class-balanced", "pairs"),
    non_negative=True,
    margin=1.0,
    minable=True,
    why="it squares the distance of similar pairs, so that a negative one would be pushed up",
)


class Contrastive(PairLoss):
    """Pulls similar pairs together and pushes different ones out to the margin."""

    def of_pairs(self, d: Tensor, different: Tensor) -> Tensor:
        """Distances [...] and bool [...] (the paper's Y) -> losses [...]."""
        y = different.to(d.dtype)
        return (1 - y) * 0.5 * d.square() + y * 0.5 * (self.margin - d).clamp(min=0).square()
