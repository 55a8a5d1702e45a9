"""Triplet loss, batch-hard.

Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification. arXiv
1703.07737, 2017, eq. 5: every item as an anchor with its farthest positive and nearest negative.

L = mean over a of max(0, max_p d(a, p) - min_n d(a, n) + m).

Differences: none; the mean instead of the sum, as in the authors' code.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import largest, mean_over, smallest
from baselines.siamese.traits import Needs

PAPER = ("Hermans et al. 2017", "hermans2017defense")
NEEDS = Needs(
    margin=0.125,  # as `triplet`, which validated it
)


class TripletBatchHard(TableLoss):
    """The farthest item of an anchor's class nearer than the nearest of any other class."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in the distance's unit; see `TableLoss.of_table` for the arguments."""
        gap = largest(d, similar) - smallest(d, different)  # [b]
        hinge = (gap + self.margin).clamp(min=0)
        return mean_over(hinge, similar.any(dim=1) & different.any(dim=1))
