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

from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import LOWEST, Loss, mean_over, same_class
from baselines.siamese.traits import Needs

NEEDS = Needs(
    batches=("class-balanced",),
    margin=0.125,  # as `triplet`, which validated it
)


class TripletSemiHard(Loss):
    """Each positive pair pushes away the nearest item of another class that lies beyond it."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in the distance's unit; see `Loss.forward` for the arguments."""
        similar, different = same_class(labels)
        d = distance(embeddings, embeddings)  # [b, b]
        a, p = similar.nonzero(as_tuple=True)
        own = d[a, p]
        beyond = different[a] & (d[a] > own[:, None])  # [ap, b]
        nearest = d[a].masked_fill(~beyond, -LOWEST).amin(dim=1)
        hinge = (own - nearest + self.margin).clamp(min=0)
        return mean_over(hinge, hinge > 0)
