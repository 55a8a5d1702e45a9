"""Lifted structured loss.

Song, Xiang, Jegelka, Savarese: Deep Metric Learning via Lifted Structured Feature Embedding. CVPR
2016, eq. 4.

L = 1/(2 |P|) sum_{(i, j) in P} max(0, J_ij)^2 with
J_ij = log(sum_n exp(m - d_in) + sum_n exp(m - d_jn)) + d_ij, n over the items of other classes.

Differences: distances are measured in the cosine's terms (`Loss.similarity`) over a temperature,
because the exponential has a unit and the distances have many; for one that depends on the order of
its arguments, P holds both orders of a pair.
"""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.siamese.losses._loss import COSINE_RADIUS, TableLoss
from baselines.siamese.losses._masks import log_sum_exp
from baselines.siamese.traits import Needs

PAPER = ("Song et al. 2016", "song2016deep")
NEEDS = Needs(
    margin=0.1667,  # one in the exponent, as published
    temperature=0.1,  # as `nt_xent`
)


class LiftedStructure(TableLoss):
    """Each positive pair against all negatives of both its items."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0; see `TableLoss.of_table` for the arguments."""
        logits = self.sharpened(d)  # [b, b]
        margin = self.margin * COSINE_RADIUS / self.traits.radius / self.temperature
        i, j = similar.nonzero(as_tuple=True)
        negatives = log_sum_exp(logits, different)
        lifted = torch.logaddexp(negatives[i], negatives[j]) + margin - logits[i, j]
        return 0.5 * lifted.clamp(min=0).square().mean()
