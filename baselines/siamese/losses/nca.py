"""Neighbourhood components analysis.

Goldberger, Roweis, Hinton, Salakhutdinov: Neighbourhood Components Analysis. NIPS 2004, in
its second form: the log-probability that a stochastic nearest neighbour of an item has its class.

L = mean over i of -log(sum_{j of i's class} exp(-d_ij / t) / sum_{k != i} exp(-d_ik / t)).

Differences: neighbours come from the batch, not from all data; any distance, measured by
`Loss.similarity` over a temperature, where the paper learns the scale of a squared Euclidean one.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import Loss, log_sum_exp, mean_over, same_class
from baselines.siamese.traits import Needs

NEEDS = Needs(
    batches=("class-balanced",),
)


class Nca(Loss):
    """Some item of the class as the nearest neighbour, no matter which."""

    temperature = 0.1  # as `nt_xent`

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        similar, different = same_class(labels)
        logits = self.similarity(distance(embeddings, embeddings)) / self.temperature  # [b, b]
        nats = log_sum_exp(logits, similar | different) - log_sum_exp(logits, similar)
        return mean_over(nats, similar.any(dim=1))
