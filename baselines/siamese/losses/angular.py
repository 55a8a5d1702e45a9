"""Angular loss.

Wang, Zhou, Wen, Liu, Lin: Deep Metric Learning with Angular Loss. ICCV 2017: the angle at
the negative of the triangle of anchor, positive and negative should be below alpha.

L = mean over (a, p) of log(1 + sum_n exp(|a - p|^2 - 4 tan^2(alpha) |n - (a + p) / 2|^2)).

Differences: the median |n - (a + p) / 2| is taken from the three sides by Apollonius' theorem, so
that any power of a Euclidean distance will do; the paper drops what is constant for embeddings of
length one (2 - 6 tan^2(alpha), which is zero at 30 degrees), but ours need not have it, so that it
is kept. Sides are measured in the distance's radius; for the cosine they are those on the sphere.
"""

from __future__ import annotations

import math

from torch import Tensor

from baselines.siamese.losses._loss import COSINE_RADIUS, TableLoss
from baselines.siamese.losses._masks import log_one_plus_sum_exp
from baselines.siamese.traits import Needs

PAPER = ("Wang et al. 2017", "wang2017deep")
NEEDS = Needs(
    euclidean=True,
    why="it measures the angle and the median of a triangle of embeddings",
)


class Angular(TableLoss):
    """Narrows the triangle that a positive pair forms with an item of another class."""

    alpha = 45.0  # degrees

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """Scalar >= 0 in nats; see `TableLoss.of_table` for the arguments."""
        radii = d / self.traits.radius
        square = 2 * COSINE_RADIUS * radii.pow(2 / self.traits.power)  # [b, b]; 2 - 2 cos
        t = math.tan(math.radians(self.alpha)) ** 2
        a, p = similar.nonzero(as_tuple=True)
        excess = (1 + t) * square[a, p][:, None] - 2 * t * (square[a] + square[p])  # [ap, b]
        return log_one_plus_sum_exp(excess, different[a]).mean()
