"""Prototypical loss inside a class-balanced batch.

Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning. NIPS 2017, eq. 2: the first item
of each class is its support, all others are queries.

L = mean over queries of -log softmax(-d(c, q) / t) at the query's class, c over the supports.

Differences: one shot, as the suite's tasks (`baselines.episodic.prototypical` has more); any
distance, the support as its first argument, measured by `Loss.similarity` over a temperature.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.siamese.losses._loss import Loss
from baselines.siamese.losses._masks import nth_of_class
from baselines.siamese.traits import Needs
from benchmark.models.distances._distance import Distance

PAPER = ("Snell et al. 2017", "snell2017prototypical")
NEEDS = Needs(
    temperature=0.0375,  # that of `baselines.episodic.prototypical` for 64 coordinates
)


class Prototypical(Loss):
    """Classifies the items of a batch by the nearest support, one a class."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        support = nth_of_class(labels, 0)
        match = labels[:, None] == labels[support][None, :]  # [b, n_way]
        queries = match.any(dim=1)
        queries[support] = False
        d = distance(embeddings[support], embeddings[queries])  # [n_way, q]
        return functional.cross_entropy(self.sharpened(d).T, match[queries].int().argmax(dim=1))
