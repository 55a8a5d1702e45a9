"""Learned Mahalanobis distance of low rank.

Weinberger, Saul: Distance Metric Learning for Large Margin Nearest Neighbor Classification. JMLR
10, 2009: |L(a - b)|, whose square is (a - b)^T M (a - b) with M = L^T L.

Differences: L has at most RANK rows and is learned together with the network by its loss. It starts
as the identity, or, for wider embeddings, as a random projection that keeps squared distances in
expectation (Johnson, Lindenstrauss 1984): training begins with a Euclidean distance.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.models.distances._distance import Distance, inner
from benchmark.models.distances._traits import Traits

PAPER = ("Weinberger and Saul 2009", "weinberger2009distance")
TRAITS = Traits(
    non_negative=True,
    bounded=False,
    symmetric=True,
    learned=True,
    radius=16.0,  # the Euclidean one, as which it starts
    power=1,
)
RANK = 64


class Mahalanobis(Distance):
    """d(a, b) = |L(a - b)| with learned L [r, e], in [0, inf), symmetric.

    The gradient where L(a - b) is zero is zero, never NaN.
    """

    def __init__(self, embedding: int) -> None:
        super().__init__(embedding)
        drawn = torch.randn(RANK, embedding, generator=torch.Generator().manual_seed(0))
        start = torch.eye(embedding) if embedding <= RANK else drawn / RANK**0.5
        self.map = nn.Parameter(start)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        a, b = inner(a, self.map), inner(b, self.map)  # [..., n, r] and [..., m, r]
        return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
