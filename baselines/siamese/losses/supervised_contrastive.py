"""Supervised contrastive loss.

Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan: Supervised Contrastive
Learning. NeurIPS 2020, eq. 2 (L_out).

L = mean over i of -1/|P(i)| sum_{p in P(i)} log(exp(s_ip / t) / sum_{a != i} exp(s_ia / t)).

Differences: s is `Loss.similarity` of any distance, the cosine for the cosine distance; the mean
over anchors instead of their sum, as in the authors' code.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import Loss, log_sum_exp, mean_over, same_class
from baselines.siamese.traits import Needs

NEEDS = Needs(
    batches=("class-balanced",),
)


class SupervisedContrastive(Loss):
    """Each positive of an anchor against all other items of the batch."""

    temperature = 0.1  # as published

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        similar, different = same_class(labels)
        logits = self.similarity(distance(embeddings, embeddings)) / self.temperature  # [b, b]
        nats = log_sum_exp(logits, similar | different)[:, None] - logits
        per_anchor = (nats * similar).sum(dim=1) / similar.sum(dim=1).clamp(min=1)
        return mean_over(per_anchor, similar.any(dim=1))
