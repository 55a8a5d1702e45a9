"""Supervised contrastive loss.

Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan: Supervised Contrastive
Learning. NeurIPS 2020, eq. 2 (L_out).

L = mean over i of -1/|P(i)| sum_{p in P(i)} log(exp(s_ip / t) / sum_{a != i} exp(s_ia / t)).

Differences: s is `Loss.similarity` of any distance, the cosine for the cosine distance; the mean
over anchors instead of their sum, as in the authors' code.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import log_sum_exp, mean_over
from baselines.siamese.traits import Needs

PAPER = ("Khosla et al. 2020", "khosla2020supervised")
NEEDS = Needs(
    temperature=0.1,  # as published
)


class SupervisedContrastive(TableLoss):
    """Each positive of an anchor against all other items of the batch."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in nats; see `TableLoss.of_table` for the arguments."""
        logits = self.sharpened(d)  # [b, b]
        nats = log_sum_exp(logits, similar | different)[:, None] - logits
        return mean_over(mean_over(nats, similar, dim=1), similar.any(dim=1))
