"""Circle loss.

Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei: Circle Loss: A Unified Perspective of Pair Similarity
Optimization. CVPR 2020.

L = mean over i of log(1 + sum_n exp(g w_n (s_n - m)) sum_p exp(-g w_p (s_p - 1 + m))), with weights
w_p = max(0, 1 + m - s_p) and w_n = max(0, s_n + m) that no gradient flows through.

Differences: s is `Loss.similarity` of any bounded distance, the cosine for the cosine distance.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import log_sum_exp, mean_over
from baselines.siamese.traits import Needs

PAPER = ("Sun et al. 2020", "sun2020circle")
NEEDS = Needs(
    non_negative=True,
    bounded=True,
    temperature=1 / 80,  # 1 / g, as published for image retrieval
    why="it weighs a pair by how far its similarity lies from the largest and the smallest one",
)


class Circle(TableLoss):
    """Pulls and pushes each pair the harder the farther it is from its optimum."""

    relaxation = 0.4  # m, as published for image retrieval

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in nats; see `TableLoss.of_table` for the arguments."""
        s = self.similarity(d)  # [b, b]
        m, g = self.relaxation, 1 / self.temperature
        w_p, w_n = (1 + m - s).clamp(min=0).detach(), (s + m).clamp(min=0).detach()
        positive = log_sum_exp(-g * w_p * (s - 1 + m), similar)
        negative = log_sum_exp(g * w_n * (s - m), different)
        has_both = similar.any(dim=1) & different.any(dim=1)
        return mean_over(functional.softplus(positive + negative), has_both)
