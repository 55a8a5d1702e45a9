"""Triplet loss with semi-hard negatives.

Schroff, Kalenichenko, Philbin: FaceNet. CVPR 2015, eq. 3 and section 3.2: a negative is semi-hard
where it lies farther from the anchor than the positive, but not by the margin.

L = mean over (a, p) of d(a, p) - min { d(a, n) : d(a, n) > d(a, p) } + m, where that is positive.

Differences: the distance is not squared unless it is a squared one; each positive pair takes its
hardest semi-hard negative in the batch, of which the paper leaves the choice open; pairs without
one are left out of the mean. pytorch-metric-learning's miner takes all of them instead.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import mean_over, smallest
from baselines.siamese.traits import Needs

PAPER = ("Schroff et al. 2015", "schroff2015facenet")
NEEDS = Needs(
    margin=0.125,  # as `triplet`, which validated it
)


class TripletSemiHard(TableLoss):
    """Each positive pair pushes away the nearest item of another class that lies beyond it."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in the distance's unit; see `TableLoss.of_table` for the arguments."""
        a, p = similar.nonzero(as_tuple=True)
        own = d[a, p]
        beyond = different[a] & (d[a] > own[:, None])  # [ap, b]
        hinge = (own - smallest(d[a], beyond) + self.margin).clamp(min=0)
        return mean_over(hinge, hinge > 0)
