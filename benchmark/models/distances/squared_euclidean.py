"""Squared Euclidean distance.

Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning. NIPS 2017, section 2.4: the
Bregman divergence whose class centres are means.
"""

from __future__ import annotations

from torch import Tensor

from benchmark.models.distances._distance import Distance, minus_squares, squared_distances
from benchmark.models.distances._traits import Traits

PAPER = ("Snell et al. 2017", "snell2017prototypical")
TITLE = "squared Euclidean"
TRAITS = Traits(
    non_negative=True,
    bounded=False,
    symmetric=True,
    learned=False,
    radius=256.0,  # the square of the Euclidean one
    power=2,
    prototypes=True,
)


class SquaredEuclidean(Distance):
    """d(a, b) = sum_j (a_j - b_j)^2, in [0, inf), symmetric."""

    geometry = "squared-euclidean"

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        return squared_distances(a, b)

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in [0, inf)."""
        return (a - b).square().sum(dim=-1)

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """-|q - p|^2 + |q|^2: [b, q, e] and [b, m, e] -> [b, q, m]."""
        return minus_squares(queries, others)
