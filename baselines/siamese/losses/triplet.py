"""Triplet loss, batch-all without the easy ones.

Schroff, Kalenichenko, Philbin: FaceNet. CVPR 2015, eq. 1-2, for the hinge on a triplet; Hermans,
Beyer, Leibe: In Defense of the Triplet Loss for Person Re-Identification. arXiv 1703.07737, 2017,
section 2, for "batch all" averaged over the triplets with positive loss ("BA != 0").

L = mean over (a, p, n) with d(a, p) - d(a, n) + m > 0 of d(a, p) - d(a, n) + m.

Differences: the distance is not squared (Hermans et al. found that better than FaceNet's squares).
For triplets drawn at random the mean goes over all of them, easy ones as zeros, as in FaceNet.
pytorch-metric-learning's `TripletMarginLoss` has the same formula; the tests compare with it.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import Loss
from baselines.siamese.losses._masks import highest, same_class
from baselines.siamese.traits import Needs
from benchmark.models.distances._distance import Distance

PAPER = ("Hermans et al. 2017", "hermans2017defense")
NEEDS = Needs(
    batches=("class-balanced", "triplets"),
    margin=0.125,  # between two distances, not a distance itself; validation
    minable=True,
)


class Triplet(Loss):
    """Each item nearer to its own class than to any other, by the margin."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0: the mean over triplets; see `Loss.forward` for the arguments."""
        if chosen is not None:
            anchor, positive, negative = (embeddings[index] for index in chosen.unbind(1))
            gap = distance.pairs(anchor, positive) - distance.pairs(anchor, negative)
            return highest((gap + self.margin).clamp(min=0), self.hardest).mean()
        similar, different = same_class(labels)
        d = distance(embeddings, embeddings)  # [b, b]
        a, p = similar.nonzero(as_tuple=True)  # every anchor with every positive
        hinge = (d[a, p][:, None] - d[a] + self.margin).clamp(min=0) * different[a]  # [ap, b]
        if self.hardest < 1:
            hinge = highest(hinge[different[a]], self.hardest)
        loss: Tensor = hinge.sum() / (hinge > 0).sum().clamp(min=1)
        return loss
