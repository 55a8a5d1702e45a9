"""Euclidean distance.

Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping. CVPR 2006, eq. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.models.distances._distance import Distance, minus_squares
from benchmark.models.distances._traits import Traits

PAPER = ("Hadsell et al. 2006", "hadsell2006dimensionality")
TITLE = "Euclidean"
TRAITS = Traits(
    non_negative=True,
    bounded=False,
    symmetric=True,
    learned=False,
    radius=16.0,  # validation, see recipe.py
    power=1,
    prototypes=True,
)


class Euclidean(Distance):
    """d(a, b) = sqrt(sum_j (a_j - b_j)^2), in [0, inf), symmetric.

    Differences are taken directly: the expansion |a|^2 + |b|^2 - 2ab loses the digits that tell
    close pairs apart. The gradient between equal embeddings is zero, never NaN.
    """

    geometry = "euclidean"

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """-|q - p|^2 + |q|^2: [b, q, e] and [b, m, e] -> [b, q, m]; the order of the distances."""
        return minus_squares(queries, others)

    def pair_similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """-|a - b|: [p, e] and [p, e] -> [p]."""
        similarity: Tensor = -(a - b).norm(dim=-1)
        return similarity
