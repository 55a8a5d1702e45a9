"""Euclidean distance.

Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping. CVPR 2006, eq. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.models.distances._distance import Distance
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
    harness="euclidean",
)


class Euclidean(Distance):
    """d(a, b) = sqrt(sum_j (a_j - b_j)^2), in [0, inf), symmetric.

    Differences are taken directly: the expansion |a|^2 + |b|^2 - 2ab loses the digits that tell
    close pairs apart. The gradient between equal embeddings is zero, never NaN.
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
