"""Neighbourhood components analysis.

Goldberger, Roweis, Hinton, Salakhutdinov: Neighbourhood Components Analysis. NIPS 2004, in
its second form: the log-probability that a stochastic nearest neighbour of an item has its class.

L = mean over i of -log(sum_{j of i's class} exp(-d_ij / t) / sum_{k != i} exp(-d_ik / t)).

Differences: neighbours come from the batch, not from all data; any distance, measured by
`Loss.similarity` over a temperature, where the paper learns the scale of a squared Euclidean one.
"""

from __future__ import annotations

from torch import Tensor

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import log_sum_exp, mean_over
from baselines.siamese.traits import Needs

TITLE = "NCA"
PAPER = ("Goldberger et al. 2004", "goldberger2004neighbourhood")
NEEDS = Needs(
    temperature=0.1,  # as `nt_xent`
)


class Nca(TableLoss):
    """Some item of the class as the nearest neighbour, no matter which."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in nats; see `TableLoss.of_table` for the arguments."""
        logits = self.sharpened(d)  # [b, b]
        nats = log_sum_exp(logits, similar | different) - log_sum_exp(logits, similar)
        return mean_over(nats, similar.any(dim=1))
