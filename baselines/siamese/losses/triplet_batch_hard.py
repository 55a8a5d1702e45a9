"""Triplet loss, batch-hard.

Hermans, Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification. arXiv
1703.07737, 2017, eq. 5: every item as an anchor with its farthest positive and nearest negative.

L = mean over a of max(0, max_p d(a, p) - min_n d(a, n) + m).

Differences: none; the mean instead of the sum, as in the authors' code.
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


class TripletBatchHard(Loss):
    """The farthest item of an anchor's class nearer than the nearest of any other class."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in the distance's unit; see `Loss.forward` for the arguments."""
        similar, different = same_class(labels)
        d = distance(embeddings, embeddings)  # [b, b]
        farthest = d.masked_fill(~similar, LOWEST).amax(dim=1)
        nearest = d.masked_fill(~different, -LOWEST).amin(dim=1)
        hinge = (farthest - nearest + self.margin).clamp(min=0)
        return mean_over(hinge, similar.any(dim=1) & different.any(dim=1))
