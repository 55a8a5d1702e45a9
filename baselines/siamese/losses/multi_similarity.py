"""Multi-similarity loss.

Wang, Han, Huang, Dong, Scott: Multi-Similarity Loss with General Pair Weighting for Deep Metric
Learning. CVPR 2019, eq. 15 on the pairs that eq. 11 and 12 select.

L = mean over i of 1/A log(1 + sum_p exp(-A (s_ip - T))) + 1/B log(1 + sum_n exp(B (s_in - T))).

Differences: s is `Loss.similarity` of any distance, the cosine for the cosine distance.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import LOWEST, Loss, log_sum_exp, same_class
from baselines.siamese.traits import Needs

NEEDS = Needs(
    batches=("class-balanced",),
)


class MultiSimilarity(Loss):
    """Pulls and pushes pairs by how they compare with each other and with a threshold."""

    pull, push, threshold = 2.0, 50.0, 0.5  # A, B and T of the authors' code
    epsilon = 0.1  # slack of the selection, of the authors' code

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0; see `Loss.forward` for the arguments."""
        similar, different = same_class(labels)
        s = self.similarity(distance(embeddings, embeddings))  # [b, b]
        least_positive = s.masked_fill(~similar, -LOWEST).amin(dim=1, keepdim=True)
        best_negative = s.masked_fill(~different, LOWEST).amax(dim=1, keepdim=True)
        positives = similar & (s - self.epsilon < best_negative)
        negatives = different & (s + self.epsilon > least_positive)
        over = s - self.threshold
        pull = functional.softplus(log_sum_exp(-self.pull * over, positives)) / self.pull
        push = functional.softplus(log_sum_exp(self.push * over, negatives)) / self.push
        return (pull + push).mean()
