"""Normalised temperature-scaled cross-entropy (NT-Xent), the loss of SimCLR.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual
Representations. ICML 2020, eq. 1.

L = mean over positive pairs (i, j) of -log(exp(s_ij / t) / (exp(s_ij / t) + sum_n exp(s_in / t))),
n over the items of other classes.

Differences: a positive is another item of the class, not another view of one image; of a third item
of the class, which SimCLR has not, a pair knows nothing (`supervised_contrastive` has it in its
denominator). s is `Loss.similarity` of any distance, the cosine for the cosine distance.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.siamese.losses._loss import TableLoss
from baselines.siamese.losses._masks import log_sum_exp
from baselines.siamese.traits import Needs

TITLE = "NT-Xent"
PAPER = ("Chen et al. 2020", "chen2020simple")
NEEDS = Needs(
    temperature=0.1,  # as published
)


class NtXent(TableLoss):
    """Each positive pair against all items of other classes."""

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in nats; see `TableLoss.of_table` for the arguments."""
        logits = self.sharpened(d)  # [b, b]
        i, j = similar.nonzero(as_tuple=True)
        return functional.softplus(log_sum_exp(logits, different)[i] - logits[i, j]).mean()
