"""Koch's learned head: the log-odds of one class from a learned weighted L1 distance.

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition. ICML Deep
Learning Workshop 2015, section 3.1: p = sigmoid(sum_j alpha_j |a_j - b_j|).

Differences: a bias is added, without which equal embeddings have p = 1/2 at best; the sign is
turned (weight = -alpha), so that like every distance here it grows with dissimilarity; the weights
start at one positive constant, so that training begins with a plain L1 distance.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.siamese.distances._distance import Distance
from baselines.siamese.traits import Traits

TRAITS = Traits(
    non_negative=False,
    bounded=False,
    symmetric=True,
    learned=True,
    logit=True,
    margin=1.0,  # one natural unit of log-odds
)


class WeightedL1(Distance):
    """d(a, b) = sum_j w_j |a_j - b_j| - bias = -logit(p), in (-inf, inf), symmetric."""

    def __init__(self, embedding: int) -> None:
        super().__init__(embedding)
        # The sum over e coordinates of a fresh backbone then starts near one, whatever e.
        self.weight = nn.Parameter(torch.full((embedding,), 1 / embedding))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in (-inf, inf)."""
        # w|a - b| = |wa - wb| where w > 0: two plain L1 distances need no [n, m, e] array.
        plus, minus = self.weight.relu(), (-self.weight).relu()
        return (
            torch.cdist(a * plus, b * plus, p=1.0)
            - torch.cdist(a * minus, b * minus, p=1.0)
            - self.bias
        )

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in (-inf, inf)."""
        return (a - b).abs() @ self.weight - self.bias
