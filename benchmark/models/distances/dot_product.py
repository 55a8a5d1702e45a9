"""The negated inner product.

Sohn: Improved Deep Metric Learning with Multi-class N-pair Loss Objective. NIPS 2016, section 3,
compares two embeddings by f(x)^T f(y).
"""

from __future__ import annotations

from torch import Tensor

from benchmark.models.distances._distance import Distance, inner, products
from benchmark.models.distances._traits import Traits

PAPER = ("Sohn 2016", "sohn2016improved")
TRAITS = Traits(
    non_negative=False,
    bounded=False,
    symmetric=True,
    learned=False,
    # |a - b| = 16, the Euclidean radius, is a fall of ab by 128 between embeddings of one length.
    radius=128.0,
    prototypes=True,
)


class DotProduct(Distance):
    """d(a, b) = -sum_j a_j b_j, any number, symmetric; d(a, a) = -|a|^2 is not zero."""

    geometry = "dot-product"

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in (-inf, inf)."""
        return -inner(a, b)

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in (-inf, inf)."""
        return -(a * b).sum(dim=-1)

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """<q, p>: [b, q, e] and [b, m, e] -> [b, q, m]."""
        return products(queries, others)
