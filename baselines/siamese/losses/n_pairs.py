"""Multi-class N-pair loss.

Sohn: Improved Deep Metric Learning with Multi-class N-pair Loss Objective. NIPS 2016, one
pair (x_i, x_i+) of each class, and the positives of all other classes as negatives.

L = 1/N sum_i log(1 + sum_{j != i} exp(f_i.f_j+ - f_i.f_i+)).

Differences: the inner product is replaced by `Loss.similarity` of any distance over a temperature,
because the inner products of unbounded embeddings leave the softmax no doubt; for the same reason
the paper punishes long embeddings, which is not done here. The pair is the first two items of each
class in the batch.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.siamese.losses._loss import Loss
from baselines.siamese.losses._masks import nth_of_class
from baselines.siamese.traits import Needs
from benchmark.models.distances._distance import Distance

PAPER = ("Sohn 2016", "sohn2016improved")
NEEDS = Needs(
    temperature=0.1,  # as `nt_xent`
)


class NPairs(Loss):
    """A softmax over classes, each represented by one positive."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        anchors, positives = (embeddings[nth_of_class(labels, n)] for n in (0, 1))
        logits = self.sharpened(distance(anchors, positives))  # [n, n]
        return functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))
