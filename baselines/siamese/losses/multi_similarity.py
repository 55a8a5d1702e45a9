"""Multi-similarity loss.

Wang, Han, Huang, Dong, Scott: Multi-Similarity Loss with General Pair Weighting for Deep Metric
Learning. CVPR 2019, eq. 15 on the pairs that eq. 11 and 12 select.

L = mean over i of 1/A log(1 + sum_p exp(-A (s_ip - T))) + 1/B log(1 + sum_n exp(B (s_in - T))).

Differences: s is `Loss.similarity` of any distance, the cosine for the cosine distance.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import largest, log_one_plus_sum_exp, smallest
from baselines.siamese.traits import Needs

PAPER = ("Wang et al. 2019", "wang2019multi")
NEEDS = Needs(
    temperature=1 / 50,  # 1 / B of the authors' code
)


class MultiSimilarity(TableLoss):
    """Pulls and pushes pairs by how they compare with each other and with a threshold."""

    pull, threshold = 2.0, 0.5  # A and T of the authors' code
    epsilon = 0.1  # slack of the selection, of the authors' code

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0; see `TableLoss.of_table` for the arguments."""
        s = self.similarity(d)  # [b, b]
        least_positive = smallest(s, similar)[:, None]
        best_negative = largest(s, different)[:, None]
        positives = similar & (s - self.epsilon < best_negative)
        negatives = different & (s + self.epsilon > least_positive)
        over, b = s - self.threshold, 1 / self.temperature
        pull = log_one_plus_sum_exp(-self.pull * over, positives) / self.pull
        push = log_one_plus_sum_exp(b * over, negatives) / b
        return (pull + push).mean()
