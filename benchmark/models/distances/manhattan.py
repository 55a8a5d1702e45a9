"""Manhattan distance, the L1 "energy" of Chopra et al. 2005.

Chopra, Hadsell, LeCun: Learning a Similarity Metric Discriminatively, with Application to Face
Verification. CVPR 2005, section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.models.distances._distance import Distance
from benchmark.models.distances._traits import Traits

PAPER = ("Chopra et al. 2005", "chopra2005learning")
TRAITS = Traits(
    non_negative=True,
    bounded=False,
    symmetric=True,
    learned=False,
    radius=100.0,  # validation, see recipe.py
    prototypes=True,
)


class Manhattan(Distance):
    """d(a, b) = sum_j |a_j - b_j|, in [0, inf), symmetric."""

    geometry = "manhattan"

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        return torch.cdist(a, b, p=1.0)

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """-sum |q - p|: [b, q, e] and [b, m, e] -> [b, q, m]."""
        return -torch.cdist(queries, others, p=1)

    def pair_similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """-sum |a - b|: [p, e] and [p, e] -> [p]."""
        return -(a - b).abs().sum(dim=-1)
