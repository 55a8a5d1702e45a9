"""Learned bilinear similarity.

Chechik, Sharma, Shalit, Bengio: Large Scale Online Learning of Image Similarity Through Ranking.
JMLR 11, 2010 (OASIS): S(a, b) = a^T W b; the similarity of two images, W not symmetric.

Differences: W is learned together with the network by its loss. As in OASIS it starts as the
identity, the inner product. W has e^2 weights: 16.8 million for Koch's 4096 features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.models.distances._distance import Distance, inner
from benchmark.models.distances._traits import Traits

PAPER = ("Chechik et al. 2010", "chechik2010large")
TRAITS = Traits(
    non_negative=False,
    bounded=False,
    symmetric=False,
    learned=True,
    radius=128.0,  # that of the inner product, as which it starts
)


class Bilinear(Distance):
    """d(a, b) = -a^T W b with learned W [e, e], any number; a is the anchor or support."""

    def __init__(self, embedding: int) -> None:
        super().__init__(embedding)
        self.weight = nn.Parameter(torch.eye(embedding))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in (-inf, inf)."""
        return -inner(inner(a, self.weight.T), b)

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in (-inf, inf)."""
        return -(inner(a, self.weight.T) * b).sum(dim=-1)
